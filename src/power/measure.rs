//! The measurement: every row of the catalogue as an implementation, method by method.

use super::bench::Bench;
use super::result::{Options, Power};
use crate::case::Method;
use crate::claims::Claim;
use crate::error::{Error, Result};
use crate::faults::{Edit, Fault, catalogue, variants};

/// Measures the power of `claims`.
///
/// # Errors
/// When the threads cannot be started or a claim draws an instance out of range.
pub fn run(claims: &[Claim], options: &Options) -> Result<Power> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(options.jobs.unwrap_or(0))
        .build()
        .map_err(|e| Error::usage(format!("cannot start the threads: {e}")))?;
    pool.install(|| {
        let mut power = Power {
            schema: 1,
            seed: options.seed,
            faults: Vec::new(),
            variants: Vec::new(),
            unseen: Vec::new(),
            sizes: Vec::new(),
        };
        for (_, method) in Method::NAMES {
            let bench = Bench::new(claims, method, options);
            let (faults, variants) = (catalogue(), variants());
            let all = faults.iter().chain(&variants);
            let unseen = all.filter(|f| bench.does_not_see(f));
            let named = |f: &Fault| (f.name.to_string(), method.name().to_string());
            power.unseen.extend(unseen.map(named));
            if bench.is_empty() {
                continue;
            }
            power.faults.extend(bench.named(&faults, true)?);
            power.variants.extend(bench.named(&variants, false)?);
            // What is drawn is an entry of a matrix that a deterministic method carries.
            if options.random > 0 && !method.is_stochastic() && !bench.jobs.is_empty() {
                power.sizes.extend(bench.sizes(options.random)?);
            }
        }
        let order = |name: &str| catalogue().iter().position(|f| f.name == name);
        power.faults.sort_by_key(|f| order(&f.fault));
        Ok(power)
    })
}

/// Is every named fault caught in every method it can occur in? Returns those that are not, as
/// (fault, method); and the correct variants that failed. Stops looking at a fault as soon as it is
/// caught.
///
/// # Errors
/// When a claim draws an instance out of range.
pub fn uncaught(claims: &[Claim], options: &Options) -> Result<Vec<(String, String)>> {
    let mut out = Vec::new();
    for (_, method) in Method::NAMES {
        let bench = Bench::new(claims, method, options);
        let faults: Vec<Fault> = catalogue()
            .into_iter()
            .filter(|f| f.methods.contains(&method))
            .collect();
        if bench.is_empty() {
            continue;
        }
        for (shows, jobs) in bench.places() {
            let faults: Vec<&Fault> = faults.iter().filter(|f| f.shows() == shows).collect();
            let edits: Vec<&[Edit]> = faults.iter().map(|f| f.edits).collect();
            for (f, caught) in faults.iter().zip(bench.detect(jobs, &edits, true)?) {
                if !caught.overall {
                    out.push((f.name.to_string(), method.name().to_string()));
                }
            }
        }
    }
    Ok(out)
}

//! The power of the protocol: the fault catalogue as implementations in other processes, judged by
//! what `subject` sends and named from what comes back.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use rayon::prelude::*;

use super::result::{FaultPower, LOOKS_RIGHT, Options, Power, UNKNOWN};
use crate::case::{Factory, Implementation, Method};
use crate::checks::Ruling;
use crate::claims::{Claim, Diagnosis};
use crate::error::{Error, Result};
use crate::faults::{Edit, Fault, Simulated, catalogue, variants};
use crate::runner::{Conformance, Conformed};
use crate::subject::Local;
use crate::wire::Server;

/// An implementation of every method with the same departures.
struct Planted<'e>(&'e [Edit]);

impl Factory for Planted<'_> {
    fn make(&self, method: Method) -> Result<Box<dyn Implementation + '_>> {
        Ok(Box::new(Simulated::new(method, self.0)))
    }
}

/// Measures what `subject` catches of the catalogue, by the claims of `rates/subject`.
///
/// # Errors
/// When the threads cannot be started.
pub fn of_protocol(claims: &[Claim], options: &Options) -> Result<Power> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(options.jobs.unwrap_or(0))
        .build()
        .map_err(|e| Error::usage(format!("cannot start the threads: {e}")))?;
    let methods: Vec<Method> = Method::NAMES
        .iter()
        .map(|n| n.1)
        .filter(|m| claims.iter().any(|c| c.method == *m && !c.hypergradient))
        .collect();
    let pairs = |rows: Vec<Fault>| -> Vec<(Fault, Method)> {
        let each = rows.iter().flat_map(|f| {
            let fits = |m: &&Method| f.methods.contains(m) || solver_makes(f, **m);
            methods.iter().filter(fits).map(move |m| (*f, *m))
        });
        each.collect()
    };
    let measured = |rows: Vec<Fault>| -> Result<Vec<FaultPower>> {
        pairs(rows)
            .par_iter()
            .map(|(fault, method)| one(claims, options, fault, *method))
            .collect()
    };
    pool.install(|| {
        Ok(Power {
            schema: 1,
            seed: options.seed,
            faults: measured(catalogue())?,
            variants: measured(variants())?,
            unseen: Vec::new(),
            sizes: Vec::new(),
        })
    })
}

/// A solver makes the mistakes of AID-FP.
fn solver_makes(fault: &Fault, method: Method) -> bool {
    method == Method::IMPLICIT && fault.methods.contains(&Method::AID_FP)
}

/// One fault in one method.
fn one(claims: &[Claim], options: &Options, fault: &Fault, method: Method) -> Result<FaultPower> {
    let own = claims.iter();
    let own: Vec<Claim> = own
        .filter(|c| c.method == method && !c.hypergradient)
        .cloned()
        .collect();
    let names: Vec<String> = own.iter().map(|c| c.name.clone()).collect();
    let conformed = conformed(own, options, fault.edits)?;
    let failing: Vec<_> = { conformed.verdicts.iter() }
        .filter(|v| v.status == Ruling::Fail)
        .collect();
    let first = failing.first();
    let mut before: Vec<&str> = Vec::new();
    for v in &conformed.verdicts {
        let id = v.instance.id.as_str();
        if !before.contains(&id) {
            before.push(id);
        }
        if first.is_some_and(|f| f.id == v.id) {
            break;
        }
    }
    let named = { failing.iter() }.filter_map(|v| v.diagnosis.as_ref());
    let (named, confidence) = best(named);
    Ok(FaultPower {
        fault: fault.name.into(),
        about: fault.about.into(),
        method: method.name().into(),
        caught: first.is_some() || conformed.given_up.is_some(),
        by: first.map(|f| format!("{}/{}", f.claim, f.check)),
        after: before.len(),
        named,
        confidence,
        claims: names
            .into_iter()
            .map(|claim| super::result::ClaimPower {
                failed: failing.iter().filter(|v| v.claim == claim).count(),
                judged: conformed.verdicts.iter().filter(|v| v.claim == claim).count(),
                claim,
            })
            .collect(),
    })
}

/// The most confident name of all failing verdicts.
fn best<'d>(all: impl Iterator<Item = &'d Diagnosis>) -> (String, f64) {
    let mut out = (String::new(), 0.0);
    for diagnosis in all {
        match diagnosis {
            Diagnosis::Names(names) => {
                let confidence = names.iter().map(|n| n.confidence).fold(0.0, f64::max);
                if confidence > out.1 {
                    let joined: Vec<&str> = names.iter().map(|n| n.fault.as_str()).collect();
                    out = (joined.join(" or "), confidence);
                }
            }
            Diagnosis::Unknown if out.0.is_empty() => out.0 = UNKNOWN.into(),
            Diagnosis::LooksRight if out.0.is_empty() => out.0 = LOOKS_RIGHT.into(),
            Diagnosis::Unknown | Diagnosis::LooksRight => {}
        }
    }
    out
}

/// What `subject` says of an implementation with these departures.
fn conformed(claims: Vec<Claim>, options: &Options, edits: &[Edit]) -> Result<Conformed> {
    let plan = Conformance {
        claims,
        profile: options.profile,
        seed: options.seed,
        patience: Duration::from_secs(1),
        strict: true,
        only: Vec::new(),
    };
    let planted = Planted(edits);
    let launch = Local::new(|| Server::new(&planted, "planted", ""));
    let stop = AtomicBool::new(false);
    plan.run(&launch, &stop, &mut |_, _| {}, &mut |_| Ok(()))
}

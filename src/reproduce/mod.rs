//! The experiments of Section 7: what they run, and what is said of them.
//!
//! Owns the problems of the paper's figures at its sizes, their runs against exact ground truth,
//! the medians and spreads over seeds, and the paper's qualitative statements as verdicts. Work is
//! cut into jobs that a journal remembers, so that an interrupted reproduction goes on where it was
//! and ends in the same bytes. Must not know the command line.
#![forbid(unsafe_code)]

mod experiment;
mod figure_1;
mod figure_2_elastic_net;
mod figure_2_poisoning;
mod images;
mod problem;
mod registry;
mod stochastic;
mod summary;

pub use experiment::{Experiment, Findings, Job, Measured, Scale, Statement};
pub use registry::experiment;
pub use summary::{json, markdown};

use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::files::{Journal, Tenant};

/// Runs what the journal has not yet, in parallel, and returns everything in order of the jobs.
///
/// # Errors
/// A job that fails; an interrupt, after the jobs under way; a journal that cannot be written.
pub fn run(
    experiment: &dyn Experiment,
    journal: &Journal,
    jobs: Option<usize>,
    stop: &AtomicBool,
    progress: &(dyn Fn(usize) + Sync),
) -> Result<Vec<Measured>> {
    let all = experiment.jobs();
    let known = journal.entries::<Measured>()?;
    let done = std::sync::atomic::AtomicUsize::new(known.len());
    progress(known.len());
    // More threads than cores would only wait for each other.
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(jobs.unwrap_or(cores).min(cores))
        .build()
        .map_err(|e| Error::usage(format!("cannot start the threads: {e}")))?;
    let one = |job: &Job| -> Result<Measured> {
        if let Some(found) = known.iter().find(|m| m.job == *job) {
            return Ok(found.clone());
        }
        if stop.load(Ordering::Relaxed) {
            return Err(Error::interrupted("jobs are left"));
        }
        // A problem that cannot be run is left out of the medians, and said.
        let measured = experiment
            .run(job)
            .unwrap_or_else(|e| Measured::failed(job, e.to_string()));
        journal.append(&measured)?;
        progress(done.fetch_add(1, Ordering::Relaxed) + 1);
        Ok(measured)
    };
    // As many as there are, not up to the first error: what is under way is finished.
    let results: Vec<Result<Measured>> = pool.install(|| {
        if experiment.parallel_inside() {
            all.iter().map(one).collect()
        } else {
            all.par_iter().with_max_len(1).map(one).collect()
        }
    });
    results.into_iter().collect()
}

/// Refuses results of which none can be used.
///
/// # Errors
/// Where no problem could be run: why the first one could not.
pub fn check_usable(results: &[Measured]) -> Result<()> {
    match results.first().and_then(|first| first.failed.as_ref()) {
        Some(why) if results.iter().all(|m| m.failed.is_some()) => {
            Err(Error::input(format!("no problem could be run: {why}")))
        }
        _ => Ok(()),
    }
}

/// What of a directory a reproduction of this experiment may replace.
pub fn tenant(name: &str) -> Tenant {
    Tenant {
        noun: format!("reproduction of {name}"),
        proof: ("experiment.json", |v, noun| {
            let name = v["experiment"].as_str();
            name.is_some_and(|name| noun == format!("reproduction of {name}"))
        }),
        wrote: |name, noun| {
            let figure = name.strip_suffix(".svg");
            figure.is_some_and(|name| noun == format!("reproduction of {name}"))
                || ["experiment.json", "summary.md"].contains(&name)
        },
    }
}

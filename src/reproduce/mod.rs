//! The experiments of Section 7: what they run, and what is said of them.
//!
//! Owns the problems of the paper's figures at its sizes, their runs against exact ground truth, the
//! medians and spreads over seeds, and the paper's qualitative statements as verdicts. Work is cut
//! into jobs that a journal remembers, so that an interrupted reproduction goes on where it was and
//! ends in the same bytes. Must not know the command line.

mod experiment;
mod figure_1;
mod figure_2;
mod journal;
mod problem;
mod registry;
mod summary;

pub use experiment::{Experiment, Findings, Job, Measured, Scale, Statement};
pub use journal::Journal;
pub use registry::experiment;
pub use summary::{json, markdown};

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use crate::error::{Error, Result};

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
    let known = journal.finished()?;
    let done = std::sync::atomic::AtomicUsize::new(known.len());
    progress(known.len());
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(jobs.unwrap_or(0))
        .build()
        .map_err(|e| Error::usage(format!("cannot start the threads: {e}")))?;
    let one = |job: &Job| -> Result<Measured> {
        if let Some(found) = known.iter().find(|m| m.job == *job) {
            return Ok(found.clone());
        }
        if stop.load(Ordering::Relaxed) {
            return Err(Error::interrupted("jobs are left"));
        }
        let measured = experiment.run(job)?;
        journal.write(&measured)?;
        progress(done.fetch_add(1, Ordering::Relaxed) + 1);
        Ok(measured)
    };
    // As many as there are, not up to the first error: what is under way is finished.
    let results: Vec<Result<Measured>> =
        pool.install(|| all.par_iter().with_max_len(1).map(one).collect());
    results.into_iter().collect()
}

/// Whether a directory holds nothing but what a reproduction writes.
pub fn is_ours(dir: &Path) -> bool {
    let names = ["experiment.json", "summary.md", "index.html"];
    let ours = |entry: std::io::Result<std::fs::DirEntry>| {
        entry.is_ok_and(|e| {
            let name = e.file_name();
            let svg = Path::new(&name).extension().is_some_and(|x| x == "svg");
            svg || names.iter().any(|n| name == **n)
        })
    };
    std::fs::read_dir(dir).is_ok_and(|mut entries| entries.all(ours))
}

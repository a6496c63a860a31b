//! Composes the stages: seeds, parallelism, shrinking, naming, progress, resuming. The only place
//! that does.
//!
//! A run is a list of jobs in a fixed order, one per (claim, family, index); each has a seed of its
//! own derived from the run's seed and its names, so that neither the number of threads nor
//! sharding nor an interruption changes a byte of its verdicts. Implementations come from a
//! factory: ours, a faulty one, a stranger's.
#![forbid(unsafe_code)]

#[cfg(test)]
mod failing_tests;
mod naming;
mod plan;
#[cfg(test)]
mod redraw_tests;
mod replay;
mod shrink;

pub use naming::{Pool, floor, name, name_of};
pub use plan::{Output, Plan, Progress};
pub use replay::replay;
pub use shrink::shrink;

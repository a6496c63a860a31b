//! From a claim, an instance and an implementation to verdicts.
//!
//! Owns the conduct of an examination: the requests of all checks are collected, each distinct one
//! is run once (those of pass 1 after all of pass 0, on the same object), and the checks judge what
//! comes back. What the status of a run means is decided here, once. Must not know how
//! implementations are made, nor what a check looks at.
#![forbid(unsafe_code)]

mod answered;
#[cfg(test)]
mod hypergradient_tests;
#[cfg(test)]
mod kink_tests;
mod outcome;
mod replicates;
mod rulings;
#[cfg(test)]
mod stochastic_tests;
#[cfg(test)]
mod tests;

pub use answered::answered;
pub use rulings::{Judged, Judging, judge, runs};

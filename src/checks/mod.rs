//! The checks: each asks for the runs it needs and judges what comes back. A check is a file and a
//! line in the registry.
//!
//! Owns the keys of each check in a claim, what a pass of it would have caught, its requests and
//! its judgement. Pure: never calls an implementation, reads no clock, writes no file.
#![forbid(unsafe_code)]

mod adversary;
mod agreement;
mod bilevel_constant;
#[cfg(test)]
mod bilevel_tests;
mod bound;
mod check;
mod closing_remark;
mod conservative;
mod constant;
mod curve;
mod data;
mod entry;
mod exact_trajectory;
mod finding;
mod gap;
mod identification;
mod inclusion;
mod joint_limit;
mod kappa;
mod keys;
mod kink_modulus;
mod lemma_b1;
mod lemma_d2;
mod lemma_d3;
mod lemma_e2;
mod limit;
mod limit_constant;
mod local_rate;
mod modulus;
mod moments;
mod one_sided;
mod ordering;
mod path_integral;
mod pieces;
mod plane;
mod plateau;
mod race;
mod rational_runs;
mod registry;
mod sampled_bound;
mod selections;
mod set_bound;
mod set_distance;
mod sid_plateau;
mod simulated;
mod simulation;
mod slacks;
mod solve;
mod tail;
mod termination;
#[cfg(test)]
mod tests;
mod theorem_5_4;
mod theorem_5_5;
mod tight;
mod worst;

pub use check::{
    Check, Context, Fold, Inner, Needs, Place, Replicate, Replicates, Sampling, undecided_exactly,
};
pub use data::{Curve, Data, Fit, Moments, Plot, Points, Race, Series, Slack};
pub use entry::{Entry, For};
pub use finding::{Finding, Reason, Ruling, Unit, part};
pub use keys::Keys;
pub use registry::{REGISTRY, drawings, find};

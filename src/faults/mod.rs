//! The fault catalogue: wrong implementations, and correct ones that differ in what is allowed.
//!
//! Owns departures from a correct method as composable data ([`Edit`]), the method that carries
//! them out ([`Simulated`]), the named faults and correct variants, faults drawn at random, and the
//! naming of a failing trajectory by comparison with simulated ones. Must not know claims or
//! verdicts.
#![forbid(unsafe_code)]

mod bench;
mod catalogue;
mod conjugate;
mod course;
mod diagnosis;
mod edit;
mod factors;
mod faulty;
mod fit;
mod mistake;
mod outer;
mod random;
mod recursion;
mod rules;
mod sampling;
mod simulated;

pub use bench::Observation;
pub use catalogue::{Fault, Fit, Shows, catalogue, variants};
pub use diagnosis::diagnose;
pub use edit::{AtTies, Beta, Block, Change, Edit, Other, OuterMistake, Slopes, When};
pub use mistake::Mistake;
pub use random::random_fault;
pub use sampling::sampling;
pub use simulated::Simulated;

#[cfg(test)]
mod tests;

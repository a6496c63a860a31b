//! Recorded rates against new ones.
//!
//! Owns what of a run is recorded (a value per decided instance, and estimates of each family with
//! their intervals), the files that carry it, and the comparison of a run with them. Must not know
//! how anything was measured, nor how a comparison looks.
//!
//! On the same instances (same claim, profile and seed) what is deterministic is compared to
//! rounding. On other instances, and where an implementation draws its own samples, samples are
//! compared by ranks, families as strata, all tests together at one false-alarm probability.
#![forbid(unsafe_code)]

mod change;
mod compare;
mod coverage;
mod estimate;
mod file;
mod sample;
mod test;

pub use change::{Change, Significance, Standing};
pub use compare::{Comparison, compare};
pub use estimate::Estimated;
pub use file::{Baseline, Baselines, DIRECTORY, Samples};
pub use sample::{Decided, Measured, Origin, Quantity, Sample, Series};

#[cfg(test)]
mod tests;

//! Numbers in, estimates out: regressions, intervals, diagnostics and tests
//! with a proven false-alarm rate.
//!
//! Owns the statistics of the crate. Must not know claims, methods, maps or
//! instances: everything here takes plain numbers and returns plain data. Raw
//! samples stay with the caller; an estimate never replaces them.

pub mod diagnostics;
pub mod estimate;
pub mod ledger;
pub mod regression;
pub mod sequential;
mod summation;
pub mod two_sided;

pub use diagnostics::{Diagnostics, diagnose};
pub use estimate::{Estimate, Interval};
pub use ledger::Ledger;
pub use regression::{Fit, Intercept};
pub use sequential::MeanAtMost;
pub use two_sided::{Known, TwoSided, Verdict};

#[cfg(test)]
mod false_alarms;
#[cfg(test)]
mod hostile;

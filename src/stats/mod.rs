//! Numbers in, estimates out: lines, intervals and tests with a proven false-alarm rate.
//!
//! Owns the statistics of the crate. Must not know claims, methods, maps or
//! instances: everything here takes plain numbers and returns plain data. Raw
//! samples stay with the caller; an estimate never replaces them.
#![forbid(unsafe_code)]

pub mod estimate;
pub mod ledger;
pub mod ranks;
pub mod regression;
pub mod sequential;
pub mod two_sided;

pub use estimate::{Estimate, Interval};
pub use ledger::equal_share;
pub use regression::{Line, line};
pub use sequential::MeanAtMost;
pub use two_sided::{Known, TwoSided, Verdict};

#[cfg(test)]
mod false_alarms;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod recorded;

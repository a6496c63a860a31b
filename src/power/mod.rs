//! The power of the claims: which faults are caught, by which check, after how many instances, how
//! named.
//!
//! Composes faults, claims and instances as the runner does; owns no mathematics. Deterministic:
//! seeds come from names, and results are collected in job order whatever the number of threads.
#![forbid(unsafe_code)]

mod bench;
mod measure;
mod protocol;
mod result;
mod text;

pub use measure::{run, uncaught};
pub use protocol::of_protocol;
pub use result::{ClaimPower, FaultPower, Options, Power, SizePower};

#[cfg(test)]
mod tests;

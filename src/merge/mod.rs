//! Shards → one run.
//!
//! Owns what shards must agree in, and the order of the lines of a run. The lines are copied as
//! they stand, one at a time, so that millions of them need no memory. Must not know what a verdict
//! says.
#![forbid(unsafe_code)]

mod agreement;
mod lines;

pub use agreement::Shards;

#[cfg(test)]
mod tests;

//! Numbers as they stand in files and messages.
//!
//! Owns their form: shortest decimals that round-trip, NaN and the infinities as the strings "NaN",
//! "Infinity" and "-Infinity", matrices as lists of rows. Modules for serde's `with`. Must not know
//! what the numbers mean.

pub mod float;
pub mod floats;

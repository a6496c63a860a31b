//! Planted faults: operators on a correct method, to show what the claims catch.
//!
//! Owns faulty and correct variants of the methods. Must not know claims or verdicts.

pub mod stochastic;

//! ratecert
#![warn(missing_docs)]
// `!(a <= b)` is meant: a NaN must fail every comparison.
#![allow(clippy::neg_cmp_op_on_partial_ord)]
// Formulas that run over several arrays at once read best with their index.
#![allow(clippy::needless_range_loop)]
#[cfg(feature = "claims")]
pub mod claims;
pub mod error;
#[cfg(feature = "instances")]
pub mod faults;
#[cfg(feature = "instances")]
pub mod instances;
pub mod linalg;
pub mod maps;
pub mod methods;
#[cfg(feature = "claims")]
pub mod runner;
pub mod sets;
#[cfg(feature = "instances")]
pub mod stats;
pub mod theory;
pub mod tol;
pub mod trajectory;
pub mod truth;
pub use error::{Error, Result};

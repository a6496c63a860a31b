//! ratecert
#![warn(missing_docs)]
#[cfg(feature = "claims")]
pub mod claims;
pub mod error;
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

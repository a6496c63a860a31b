//! Linear algebra below the domain: products, norms, direct solves, double-double, random numbers.
//!
//! Owns numerical kernels on top of nalgebra storage. Must not know a word of
//! the domain: no maps, no Jacobians, no theorems.

pub mod dd;
pub(crate) mod eft;
pub mod eigen;
pub mod norm;
pub mod product;
pub mod random;
pub mod solve;
#[cfg(test)]
pub(crate) mod stream;

pub use dd::Dd;

use nalgebra::{DMatrix, DVector};

/// Dense real matrix.
pub type Matrix = DMatrix<f64>;
/// Dense real column vector.
pub type Vector = DVector<f64>;

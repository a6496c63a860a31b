//! Linear algebra below the domain: products, norms, direct solves, double-double, random numbers.
//!
//! Owns numerical kernels on top of nalgebra storage. Must not know a word of
//! the domain: no maps, no Jacobians, no theorems.
//!
//! ```
//! use ratecert::linalg::{Dd, Matrix};
//!
//! assert_eq!(Matrix::identity(2, 2).trace(), 2.0);
//! // Twice the digits: 2⁻⁸⁰ is not lost beside 1.
//! let tiny = Dd::from(2f64.powi(-80));
//! assert_eq!((Dd::from(1.0) + tiny - Dd::from(1.0)).hi(), 2f64.powi(-80));
//! ```

#[doc(hidden)]
pub mod dd;
pub(crate) mod eft;
#[doc(hidden)]
pub mod eigen;
pub(crate) mod gram;
#[doc(hidden)]
pub mod norm;
pub(crate) mod plain;
mod prefetch;
#[doc(hidden)]
pub mod product;
#[doc(hidden)]
pub mod random;
#[doc(hidden)]
pub mod rows;
#[doc(hidden)]
pub mod softmax;
#[doc(hidden)]
pub mod solve;
#[cfg(test)]
pub(crate) mod stream;
pub(crate) mod strips;

pub use dd::Dd;

use nalgebra::{DMatrix, DVector};

/// Dense real matrix in binary64, column by column.
pub type Matrix = DMatrix<f64>;
/// Dense real column vector in binary64.
pub type Vector = DVector<f64>;

//! Outer objectives E(w, λ) of bilevel problems, f(λ) = E(w(λ), λ) (Section 6 of the paper).
//!
//! Owns their values and gradients in plain arithmetic. Must not know fixed-point maps or methods.
//!
//! ```
//! use ratecert::linalg::{Matrix, Vector};
//! use ratecert::objectives::{LeastSquares, Objective};
//!
//! let x = Matrix::from_row_slice(2, 1, &[1.0, 2.0]);
//! let y = Vector::from_column_slice(&[1.0, 0.0]);
//! let hold_out = Objective::LeastSquares(LeastSquares { x, y, ridge: 0.5 });
//! // (1² + 4²)/4 + ½·½·2², and Xᵀ(Xw - y)/2.
//! assert_eq!(hold_out.value(&[2.0], &[2.0]), 5.25);
//! assert_eq!(hold_out.gradient_w(&[2.0], &[2.0]), [4.5]);
//! assert_eq!(hold_out.gradient_lambda(&[2.0], &[2.0]), [1.0]);
//! ```

mod least_squares;

pub use least_squares::LeastSquares;

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::linalg::Dd;
use crate::numerals::tagged::by_tag;
use crate::tol::Roundoff;

/// An outer objective E(w, λ).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Objective {
    /// ‖Xw - y‖²/(2n) + ½·ridge·‖λ‖², usually on hold-out rows.
    LeastSquares(LeastSquares),
}

by_tag!(Objective, "kind");

impl Objective {
    /// Refuses data that do not fit d = dim w, or are not finite.
    pub fn check(&self, d: usize) -> Result<()> {
        match self {
            Self::LeastSquares(o) => o.check(d),
        }
    }

    /// E(w, λ).
    pub fn value(&self, w: &[f64], lambda: &[f64]) -> f64 {
        match self {
            Self::LeastSquares(o) => o.value(w, lambda),
        }
    }

    /// ∇₁E(w, λ), d numbers.
    pub fn gradient_w(&self, w: &[f64], lambda: &[f64]) -> Vec<f64> {
        match self {
            Self::LeastSquares(o) => o.gradient_w(w, lambda),
        }
    }

    /// ∇₁E and ∇₂E at w in double-double.
    pub fn gradients_exactly(&self, w: &[Dd], lambda: &[f64]) -> [Vec<Dd>; 2] {
        match self {
            Self::LeastSquares(o) => o.gradients_exactly(w, lambda),
        }
    }

    /// Lipschitz constants of ∇₁E and ∇₂E in w.
    pub fn lipschitz(&self) -> [f64; 2] {
        match self {
            Self::LeastSquares(o) => o.lipschitz(),
        }
    }

    /// What one evaluation of ∇₁E and ∇₂E with unit roundoff u loses at most, at points of these
    /// norms.
    pub fn rounding(&self, w_norm: f64, lambda_norm: f64, u: Roundoff) -> [f64; 2] {
        match self {
            Self::LeastSquares(o) => o.rounding(w_norm, lambda_norm, u),
        }
    }

    /// ∇₂E(w, λ), m numbers.
    pub fn gradient_lambda(&self, w: &[f64], lambda: &[f64]) -> Vec<f64> {
        match self {
            Self::LeastSquares(o) => o.gradient_lambda(w, lambda),
        }
    }
}

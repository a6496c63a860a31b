//! Outer objectives E(w, λ) of bilevel problems, f(λ) = E(w(λ), λ) (Section 6 of the paper).
//!
//! Owns their values and gradients in plain arithmetic. Must not know fixed-point maps or methods.

mod least_squares;

pub use least_squares::LeastSquares;

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::numerals::tagged::by_tag;

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

    /// ∇₂E(w, λ), m numbers.
    pub fn gradient_lambda(&self, w: &[f64], lambda: &[f64]) -> Vec<f64> {
        match self {
            Self::LeastSquares(o) => o.gradient_lambda(w, lambda),
        }
    }
}

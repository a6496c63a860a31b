//! Outer objectives E(w, λ) of bilevel problems, f(λ) = E(w(λ), λ) (Section 6 of the paper).
//!
//! Owns their values and gradients in plain and in double-double arithmetic, over all rows or a
//! minibatch, what evaluating them loses, and Lemma E.2's constants. Must not know fixed-point maps
//! or methods.
//!
//! ```
//! use ratecert::linalg::{Matrix, Vector};
//! use ratecert::objectives::{HoldOut, Objective};
//!
//! let x = Matrix::from_row_slice(2, 1, &[1.0, 2.0]);
//! let y = Vector::from_column_slice(&[1.0, 0.0]);
//! let hold_out = Objective::LeastSquares(HoldOut::new(x, y, 0.5));
//! // (1² + 4²)/4 + ½·½·2², Xᵀ(Xw - y)/2 and ½·2.
//! assert_eq!(hold_out.value(&[2.0], &[2.0]), 5.25);
//! assert_eq!(hold_out.gradient_w(&[2.0], &[2.0]), [4.5]);
//! assert_eq!(hold_out.gradient_lambda(&[2.0], &[2.0]), [1.0]);
//! ```
#![forbid(unsafe_code)]

mod classes;
mod hold_out;
mod kind;
mod moduli;
mod rows;

pub use classes::Classes;
pub use hold_out::HoldOut;
pub use kind::ObjectiveKind;
pub use moduli::GradientModuli;
pub use rows::Rows;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::linalg::Dd;
use crate::numerals::tagged::by_tag;
use crate::tol::Roundoff;
use hold_out::Loss;

/// An outer objective E(w, λ): the mean of a loss over rows, usually held out, and a ridge in λ.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Objective {
    /// Half the mean square, ‖Xw + Zλ - y‖²/(2n) + ½·ridge·‖λ‖².
    LeastSquares(HoldOut),
    /// The logistic loss, n⁻¹Σ log(1 + e^(-yᵢsᵢ)) + ½·ridge·‖λ‖² with s = Xw + Zλ and y = ±1.
    Logistic(HoldOut),
    /// The mean absolute error, ‖Xw + Zλ - y‖₁/n + ½·ridge·‖λ‖², piecewise affine in w.
    Absolute(HoldOut),
    /// The cross-entropy of the softmax of linear scores, see [`Classes`].
    CrossEntropy(Classes),
}

by_tag!(Objective, "kind");

/// What a row of [`Objective::part`] needs.
enum Part<'o> {
    Scores(Loss, &'o HoldOut),
    Classes(&'o Classes),
}

impl Objective {
    fn part(&self) -> Part<'_> {
        match self {
            Self::LeastSquares(o) => Part::Scores(Loss::Squares, o),
            Self::Logistic(o) => Part::Scores(Loss::Logistic, o),
            Self::Absolute(o) => Part::Scores(Loss::Absolute, o),
            Self::CrossEntropy(o) => Part::Classes(o),
        }
    }

    /// Refuses data that do not fit d = dim w and m = dim λ, or are not finite.
    ///
    /// # Errors
    /// Names the field: sides that do not fit, entries that are not finite or out of range, labels
    /// other than ±1 for the logistic loss, classes that there are not, a negative ridge.
    pub fn check(&self, d: usize, m: usize) -> Result<()> {
        match self.part() {
            Part::Scores(loss, o) => o.check(loss, d, m),
            Part::Classes(o) => o.check(d),
        }
    }

    /// Number of rows, the samples that minibatches are drawn from.
    pub fn rows(&self) -> usize {
        match self.part() {
            Part::Scores(_, o) => o.y.len(),
            Part::Classes(o) => o.labels.len(),
        }
    }

    /// Refuses minibatches of rows that there are not.
    ///
    /// # Errors
    /// An index that is no row; the error says which, and at which place.
    pub fn check_rows(&self, rows: &[usize]) -> Result<()> {
        let n = self.rows();
        match rows.iter().position(|i| *i >= n) {
            Some(k) => Err(Error::input(format!(
                "sample {} of {n}, at place {k}",
                rows[k]
            ))),
            None => Ok(()),
        }
    }

    /// E(w, λ) for w (d) and λ (m), the mean over all rows with the ridge.
    pub fn value(&self, w: &[f64], lambda: &[f64]) -> f64 {
        match self.part() {
            Part::Scores(loss, o) => o.value(loss, w, lambda),
            Part::Classes(o) => o.value(w, lambda),
        }
    }

    /// ∇₁E(w, λ) (d numbers) and ∇₂E(w, λ) (m numbers), or those of the mean over a minibatch.
    ///
    /// # Panics
    /// For w, λ or rows that [`Objective::check`] or [`Objective::check_rows`] refuse; a mean over
    /// no row is NaN.
    pub fn gradients(&self, w: &[f64], lambda: &[f64], rows: Rows<'_>) -> [Vec<f64>; 2] {
        match self.part() {
            Part::Scores(loss, o) => o.gradients(loss, w, lambda, rows),
            Part::Classes(o) => o.gradients(w, lambda, rows),
        }
    }

    /// ∇₁E(w, λ), d numbers, over all rows.
    pub fn gradient_w(&self, w: &[f64], lambda: &[f64]) -> Vec<f64> {
        let [by_w, _] = self.gradients(w, lambda, Rows::All);
        by_w
    }

    /// ∇₂E(w, λ), m numbers, over all rows; the ridge is in it.
    pub fn gradient_lambda(&self, w: &[f64], lambda: &[f64]) -> Vec<f64> {
        let [_, by_lambda] = self.gradients(w, lambda, Rows::All);
        by_lambda
    }

    /// ∇₁E(w, λ) (d) and ∇₂E(w, λ) (m) in double-double, at a w that is given in it.
    pub fn gradients_exactly(&self, w: &[Dd], lambda: &[f64], rows: Rows<'_>) -> [Vec<Dd>; 2] {
        match self.part() {
            Part::Scores(loss, o) => o.gradients_exactly(loss, w, lambda, rows),
            Part::Classes(o) => o.gradients_exactly(w, lambda, rows),
        }
    }

    /// Lemma E.2's constants at a w (d) that is known to within the Euclidean distance `error`.
    pub fn moduli(&self, w: &[f64], lambda: &[f64], error: f64) -> GradientModuli {
        match self.part() {
            Part::Scores(loss, o) => o.moduli(loss, w, lambda, error),
            Part::Classes(o) => o.moduli(),
        }
    }

    /// Bounds of the Euclidean norms of what one evaluation of ∇₁E and ∇₂E is off at `at` = (w, λ):
    /// `moved` is how far the point of the evaluation may be from w, and its unit roundoff u.
    pub fn lost(&self, at: (&[f64], &[f64]), moved: (f64, Roundoff), rows: Rows<'_>) -> [f64; 2] {
        match self.part() {
            Part::Scores(loss, o) => o.lost(loss, at, moved, rows),
            Part::Classes(o) => o.lost(at, moved, rows),
        }
    }

    /// The same with other rows, if it has scores.
    #[cfg(feature = "claims")]
    #[must_use]
    pub(crate) fn with_rows(&self, other: HoldOut) -> Option<Self> {
        match self {
            Self::LeastSquares(_) => Some(Self::LeastSquares(other)),
            Self::Logistic(_) => Some(Self::Logistic(other)),
            Self::Absolute(_) => Some(Self::Absolute(other)),
            Self::CrossEntropy(_) => None,
        }
    }

    /// The weight of ½‖λ‖².
    #[cfg(feature = "claims")]
    pub(crate) fn ridge(&self) -> f64 {
        match self.part() {
            Part::Scores(_, o) => o.ridge,
            Part::Classes(o) => o.ridge,
        }
    }
}

#[cfg(test)]
mod tests;

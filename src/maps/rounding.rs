//! What one floating-point evaluation of a map can lose, for any order of summation and for either
//! form of a product (theory, section 9). Linear bounds in ‖w‖, so that no product is spent on
//! them.

use crate::tol::{DD_UNIT, Roundoff};

/// Rounding bounds at one λ, in an arithmetic with unit roundoff u. [s, k] stands for s·‖w‖ + k,
/// [r, s, k] for r·‖w‖² + s·‖w‖ + k.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Rounding {
    /// The unit roundoff u of the arithmetic.
    pub u: Roundoff,
    /// [s, k] of ‖fl(Φ(w, λ)) - Φ(w, λ)‖ (Euclidean).
    pub value: [f64; 2],
    /// [s, k] of ‖fl(∂₁Φ·x) - ∂₁Φ·x‖ per ‖x‖, and the same for ∂₁Φᵀ; the rounding of the slopes
    /// included.
    pub push_w: [f64; 2],
    /// [r, s, k] of ‖fl(∂₂Φ) - ∂₂Φ‖_F, and the same for ∂₂Φᵀy per ‖y‖.
    pub push_lambda: [f64; 3],
    /// [s, k] of the rounding of the input z_i of every unit (and the comparison with its kink).
    pub units: Vec<[f64; 2]>,
}

impl Rounding {
    /// The bound at ‖w‖ = `w_norm`, from the coefficients, highest first.
    pub fn at<const N: usize>(coefficients: [f64; N], w_norm: f64) -> f64 {
        coefficients.iter().fold(0.0, |sum, c| sum * w_norm + c)
    }

    /// What ∂₁Φ, formed column by column (d of them), and ∂₂Φ lose in double-double, ‖·‖_F:
    /// DD_UNIT/u of what these bounds in binary64 say, four times that for formulas as they are
    /// written.
    pub(crate) fn formed_in_dd(&self, d: usize, w_norm: f64) -> [f64; 2] {
        let parts = [
            (d as f64).sqrt() * Self::at(self.push_w, w_norm),
            Self::at(self.push_lambda, w_norm),
        ];
        parts.map(|p| 4.0 * p * (DD_UNIT / self.u.value()))
    }

    /// One forward-mode step: ‖fl(∂₁D + ∂₂) - (∂₁D + ∂₂)‖_F for ‖D‖_F = `d_norm`.
    pub fn forward_step(&self, w_norm: f64, d_norm: f64) -> f64 {
        let (p1, p2) = (
            Self::at(self.push_w, w_norm),
            Self::at(self.push_lambda, w_norm),
        );
        // The final addition rounds once more; its operands are at most ‖D‖ and ‖∂₂‖ with the
        // latter below ‖∂₁D + ∂₂‖ + ‖D‖, already counted by one more term in every γ.
        p1 * d_norm + p2 + self.u.value() * d_norm
    }
}

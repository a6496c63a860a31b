//! The limit of AID at a given w: J_w = (I-∂₁Φ(w))⁻¹∂₂Φ(w) by a direct solve, certified by its
//! residual.

use super::ambiguous_units::AmbiguousUnits;
use super::fixed_point::kappa;
use super::ground::Truth;
use super::reference::Scalar;
use crate::linalg::norm::spectral_upper;
use crate::linalg::solve::solve;
use crate::linalg::{Dd, Matrix, Vector};
use crate::maps::{Rounding, Tie};
use crate::tol::{DD_UNIT, gamma};

/// The limit of AID-FP and AID-CG at one point w: J_w = (I-∂₁Φ(w, λ))⁻¹∂₂Φ(w, λ).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AidLimit {
    /// Ĵ = (I-P)⁻¹∂₂Φ, solved directly (d×m).
    pub j: Matrix,
    /// ‖Ĵ - J_w‖_F ≤ error, since ‖(I-P)⁻¹‖ ≤ κ.
    pub error: f64,
    /// P = ∂₁Φ(w), rounded (d×d).
    pub p: Matrix,
    /// ‖∂₂Φ(w)‖ (spectral), rounded up.
    pub d2: f64,
    /// What the rounding of ∂₁Φ and ∂₂Φ by the implementation under test can move the limit by:
    /// κ(δP‖J‖ + δB), Frobenius norms.
    pub forming: f64,
    /// The point w (d).
    pub w: Vector,
    /// The weight in \[0, 1\] at ties.
    pub weight: f64,
    /// A unit of w lies within rounding of its kink.
    pub doubt: bool,
}

/// Solves at w (d) with this weight in \[0, 1\] at ties; `None` where the system is singular or
/// double-double arithmetic lacks a function of the map.
pub fn aid_limit(truth: &Truth, w: &Vector, weight: f64) -> Option<AidLimit> {
    let (d, m) = truth.naive.dims();
    let exact: Vec<Dd> = w.iter().map(|v| Dd::exactly(*v)).collect();
    let point = truth.naive.at(&exact, &mut Tie::Weight(weight))?;
    let columns = truth.naive.jacobian_w(&point);
    let p = Matrix::from_fn(d, d, |i, j| columns[j][i].hi());
    let rhs: Vec<Vec<Dd>> = (0..m).map(|j| truth.naive.column(&point, j)).collect();
    let d2 = Matrix::from_fn(d, m, |i, j| rhs[j][i].hi());
    let solution = solve(&(Matrix::identity(d, d) - &p), &d2)?;
    let j = solution.x;
    let kappa = kappa(truth.constants.q);
    // The system was rounded to binary64 once.
    let rounded = gamma(2) * ((1.0 + p.norm()) * j.norm() + d2.norm())
        + (d + 8) as f64 * DD_UNIT * (1.0 + p.norm()) * j.norm();
    let w_norm = w.norm();
    let forming = kappa
        * (Rounding::at(truth.judged.push_w, w_norm) * j.norm()
            + Rounding::at(truth.judged.push_lambda, w_norm));
    Some(AidLimit {
        error: kappa * (solution.residual + rounded),
        d2: spectral_upper(&d2),
        j,
        p,
        forming,
        w: w.clone(),
        weight,
        doubt: !AmbiguousUnits::at(truth, &point, w_norm, 0.0).is_none(),
    })
}

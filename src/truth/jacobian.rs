//! J = (I-∂₁Φ)⁻¹∂₂Φ at w(λ) by a direct solve, with an error bound that needs no growth factor.

use crate::linalg::solve::solve;
use crate::linalg::{Dd, Matrix};
use crate::maps::{Constants, Tie};
use crate::tol::{DD_UNIT, gamma};

use super::fixed_point::{FixedPoint, kappa};
use super::reference::{Naive, Scalar};

/// The implicit derivative at a point where it is one matrix.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ImplicitJacobian {
    /// Ĵ (d×m).
    pub j: Matrix,
    /// ‖Ĵ - J‖_F ≤ error: κ(‖Ĵ-PĴ-D_2‖_F + (L_1‖Ĵ‖+L_2)‖ŵ-w(λ)‖), since ‖(I-P)⁻¹‖ ≤ κ (theory,
    /// section 9).
    pub error: f64,
    /// P = ∂₁Φ(ŵ, λ), rounded (d×d).
    pub p: Matrix,
    /// ‖P - ∂₁Φ(ŵ, λ)‖_F of that rounding.
    pub p_lost: f64,
    /// ∂₂Φ(ŵ, λ), rounded (d×m).
    pub d2: Matrix,
}

/// Solves on the piece active at ŵ; `None` if the system is singular. The caller has checked that
/// no unit can be at a kink.
pub fn implicit_jacobian(
    naive: &Naive<Dd>,
    at: &FixedPoint,
    constants: &Constants,
) -> Option<ImplicitJacobian> {
    let (d, m) = naive.dims();
    let w: Vec<Dd> = at.w.iter().map(|v| Dd::exactly(*v)).collect();
    let point = naive.at(&w, &mut Tie::Weight(1.0))?;
    let columns = naive.jacobian_w(&point);
    let p = Matrix::from_fn(d, d, |i, j| columns[j][i].hi());
    let lost: f64 = columns.iter().flatten().map(|v| v.lo() * v.lo()).sum();
    let p_lost = lost.sqrt() * (1.0 + gamma(d * d + 4));
    let rhs: Vec<Vec<Dd>> = (0..m).map(|j| naive.column(&point, j)).collect();
    let d2 = Matrix::from_fn(d, m, |i, j| rhs[j][i].hi());
    let system = Matrix::identity(d, d) - &p;
    let mut j = solve(&system, &d2)?.x;
    // The system itself was rounded; refine against the double-double one.
    let residual = |j: &Matrix| {
        Matrix::from_fn(d, m, |_, _| 0.0).map_with_location(|i, k, _: f64| {
            let mut r = rhs[k][i] - Dd::from(j[(i, k)]);
            for (l, column) in columns.iter().enumerate() {
                r += column[i] * Dd::from(j[(l, k)]);
            }
            r.hi()
        })
    };
    let mut r = residual(&j);
    for _ in 0..2 {
        let candidate = &j + solve(&system, &r)?.x;
        let next = residual(&candidate);
        if !(next.norm() < r.norm()) {
            break;
        }
        (j, r) = (candidate, next);
    }
    let dd_lost = (d + 8) as f64 * DD_UNIT * (j.norm() * (1.0 + p.norm()) + d2.norm());
    let moved =
        (constants.l1 * j.norm() + constants.l2_at(at.w.norm()) * (m as f64).sqrt()) * at.error;
    let error = kappa(constants.q) * (r.norm() * (1.0 + gamma(d * m + 4)) + dd_lost + moved);
    Some(ImplicitJacobian {
        j,
        error,
        p,
        p_lost,
        d2,
    })
}

//! J = (I-∂₁Φ)⁻¹∂₂Φ at w(λ) by a direct solve, with an error bound that needs no growth factor.

use crate::linalg::product::norm2;
use crate::linalg::solve::Factored;
use crate::linalg::{Dd, Matrix};
use crate::maps::{Constants, Rounding, Tie};
use crate::tol::{DD_UNIT, gamma};

use super::fixed_point::{FixedPoint, kappa};
use super::reference::{Naive, Scalar};

/// The implicit derivative at a point where it is one matrix.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ImplicitJacobian {
    /// Ĵ (d×m), the implicit derivative rounded to binary64.
    pub j: Matrix,
    /// ‖Ĵ - J‖_F ≤ error. With the correction Δ that rounding took off Ĵ, and P, D_2 at ŵ with its
    /// own rest: ‖Δ‖_F + κ(‖Ĵ+Δ-P(Ĵ+Δ)-D_2‖_F + (L_1‖Ĵ‖+L_2)·rest_error), since ‖(I-P)⁻¹‖ ≤ κ
    /// (theory, section 9), and κ times what forming P, D_2 and this residual in double-double
    /// loses.
    pub error: f64,
    /// P = ∂₁Φ at ŵ and its rest, rounded (d×d).
    pub p: Matrix,
    /// What that rounding lost, in the Frobenius norm.
    pub p_lost: f64,
    /// ∂₂Φ there, rounded (d×m).
    pub d2: Matrix,
}

/// Solves on the piece active at ŵ; `None` if the system is singular. The caller has checked that
/// no unit can be at a kink.
pub fn implicit_jacobian(
    naive: &Naive<Dd>,
    at: &FixedPoint,
    constants: &Constants,
    rounding: &Rounding,
) -> Option<ImplicitJacobian> {
    let (d, m) = naive.dims();
    let w: Vec<Dd> =
        at.w.iter()
            .zip(at.rest.iter())
            .map(|(v, r)| Dd::exactly(*v) + Dd::exactly(*r))
            .collect();
    let point = naive.at(&w, &mut Tie::Weight(1.0))?;
    let columns = naive.jacobian_w(&point);
    let p = Matrix::from_fn(d, d, |i, j| columns[j][i].hi());
    let lost: f64 = columns.iter().flatten().map(|v| v.lo() * v.lo()).sum();
    let p_lost = lost.sqrt() * (1.0 + gamma(d * d + 4));
    let rhs: Vec<Vec<Dd>> = (0..m).map(|j| naive.column(&point, j)).collect();
    let d2 = Matrix::from_fn(d, m, |i, j| rhs[j][i].hi());
    let system = Matrix::identity(d, d) - &p;
    let system = Factored::new(system)?;
    // The system itself was rounded; refined against the double-double one.
    let residual = |j: &Matrix, rest: &Matrix| {
        let mut out = Matrix::zeros(d, m);
        for (k, mut out) in out.column_iter_mut().enumerate() {
            let pairs = j.column(k).into_iter().zip(rest.column(k));
            let own: Vec<Dd> = pairs.map(|(v, r)| Dd::from(*v) + Dd::from(*r)).collect();
            let mut sums: Vec<Dd> = rhs[k].iter().zip(&own).map(|(b, v)| *b - *v).collect();
            // A mask leaves most entries of either 0.
            let kept = columns.iter().zip(&own).filter(|(_, v)| **v != Dd::ZERO);
            for (column, v) in kept {
                for (sum, p) in sums.iter_mut().zip(column).filter(|(_, p)| **p != Dd::ZERO) {
                    *sum += *p * *v;
                }
            }
            out.iter_mut().zip(&sums).for_each(|(o, s)| *o = s.hi());
        }
        out
    };
    let mut rest = Matrix::zeros(d, m);
    let (j, mut r) = system.refined(&d2, |j| residual(j, &rest))?;
    let further = system.plain(&r)?;
    let next = residual(&j, &further);
    if norm2(next.as_slice()) < norm2(r.as_slice()) {
        (rest, r) = (further, next);
    }
    let up = 1.0 + gamma(d * m + 4);
    let [p_formed, d2_formed] = rounding.formed_in_dd(d, at.w.norm());
    let dd_lost = (d + 8) as f64 * DD_UNIT * (j.norm() * (1.0 + p.norm()) + d2.norm())
        + p_formed * j.norm()
        + d2_formed;
    let moved = (constants.l1 * j.norm() + constants.l2_at(at.w.norm()) * (m as f64).sqrt())
        * at.rest_error;
    let error = norm2(rest.as_slice()) * up
        + kappa(constants.q) * (norm2(r.as_slice()) * up + dd_lost + moved);
    Some(ImplicitJacobian {
        j,
        error,
        p,
        p_lost,
        d2,
    })
}

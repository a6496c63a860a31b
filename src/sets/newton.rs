//! Newton equations of the barrier method.
//!
//! Owns the domains of the parameters, and the factorisation, scaling and simplex constraint of the
//! equations. Must not know where gradient and Hessian come from.

use nalgebra::{Cholesky, DMatrix, DVector, Dyn};

use crate::tol::UNIT;

/// Where θ may be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Domain {
    /// |θ_i| ≤ 1.
    Cube,
    /// θ_i ≥ 0, Σ θ_i = 1.
    Simplex,
}

/// Cholesky factors of a Hessian scaled to unit diagonal, and the constraint Σ Δθ_i = 0 of the
/// simplex.
pub(super) struct Factor {
    scale: DVector<f64>,
    chol: Cholesky<f64, Dyn>,
    /// θ and H⁻¹c over cᵀH⁻¹c for the constraint cᵀ(Δt, Δθ) = 0.
    constraint: Option<(DVector<f64>, DVector<f64>)>,
}

impl Factor {
    /// `None` where `h` (lower triangle) is not positive definite to rounding.
    ///
    /// On the simplex H may be changed by any multiple of ccᵀ: enough of it makes the direction
    /// that is forbidden anyway as stiff as the others, where it would be lost to rounding.
    pub fn new(mut h: DMatrix<f64>, domain: Domain, theta: &[f64]) -> Option<Self> {
        if domain == Domain::Simplex {
            let k = theta.len();
            let stiff: f64 = (0..k).map(|i| theta[i] * h[(i + 1, i + 1)]).sum();
            h.view_mut((1, 1), (k, k)).add_scalar_mut(stiff);
        }
        let scale = h.diagonal().map(|v| 1.0 / v.sqrt());
        if !scale.iter().all(|s| s.is_finite() && *s > 0.0) {
            return None;
        }
        let n = h.nrows();
        for i in 0..n {
            for j in 0..=i {
                h[(i, j)] *= scale[i] * scale[j];
            }
        }
        // Affinely dependent vertices leave directions with nothing but the domain's curvature,
        // which rounding may turn negative; there a shift by that rounding changes only steps that
        // do not matter.
        let chol = Cholesky::new(h.clone()).or_else(|| {
            for i in 0..n {
                h[(i, i)] += 16.0 * n as f64 * UNIT;
            }
            Cholesky::new(h)
        })?;
        let mut factor = Self {
            chol,
            scale,
            constraint: None,
        };
        if domain == Domain::Simplex {
            let x = factor.solve(DVector::from_fn(n, |i, _| if i == 0 { 0.0 } else { 1.0 }));
            let total = x.rows(1, n - 1).sum();
            factor.constraint = Some((DVector::from_column_slice(theta), x / total));
        }
        Some(factor)
    }

    /// The Newton equations; for the simplex with a multiplier, whose estimate Σ θ_i rhs_i is taken
    /// out first because it would cost all digits of a small step.
    pub fn solve(&self, mut rhs: DVector<f64>) -> DVector<f64> {
        if let Some((theta, _)) = &self.constraint {
            let multiplier = theta.dot(&rhs.rows(1, theta.len()));
            rhs.rows_mut(1, theta.len()).add_scalar_mut(-multiplier);
        }
        rhs.component_mul_assign(&self.scale);
        self.chol.solve_mut(&mut rhs);
        rhs.component_mul_assign(&self.scale);
        if let Some((_, c)) = &self.constraint {
            let total = rhs.rows(1, rhs.len() - 1).sum();
            rhs.axpy(-total, c, 1.0);
        }
        rhs
    }
}

/// Newton direction and squared decrement.
pub(super) fn newton(
    g: &DVector<f64>,
    h: DMatrix<f64>,
    domain: Domain,
    theta: &[f64],
) -> Option<(DVector<f64>, f64)> {
    let step = Factor::new(h, domain, theta)?.solve(-g);
    let decrement = -step.dot(g);
    (decrement.is_finite() && decrement >= 0.0).then_some((step, decrement))
}

//! Implicit differentiation by a direct solve: v solves (I - ∂₁Φ(w, λ)ᵀ)v = y, the estimate is
//! ∂₂Φ(w, λ)ᵀv. What solvers that hide their iterations compute.

use super::watch::{FLOAT_BYTES, not_for, trouble};
use crate::case::{Answer, At, Case, Cost, Implementation, Status};
use crate::linalg::Matrix;
use crate::maps::Tie;
use crate::tol::{OWN_SOLVER_STEPS, UNIT};

/// Implicit differentiation by a direct solve: one LU decomposition of I - ∂₁Φᵀ (d×d) at the given
/// w, or at the fixed point that is found from the given start. Its estimate ∂₂Φᵀ(I - ∂₁Φᵀ)⁻¹y (m)
/// is the limit of AID-FP and AID-CG.
#[derive(Clone, Debug, Default)]
pub struct Implicit {
    /// Weight in \[0, 1\] given to a unit exactly at its kink.
    pub tie: f64,
}

impl Implementation for Implicit {
    fn run(&mut self, case: &Case<'_>) -> Answer {
        let mut cost = Cost::default();
        let w = match case.at {
            At::Start(w0) => fixed_point(case, w0, &mut cost),
            _ => case.w().to_vec(),
        };
        let Some(y) = case.target.seed(&w, case.lambda) else {
            return not_for("reverse mode", "a cotangent or an objective for its target");
        };
        let dims = case.map.dims();
        let (mut lin, mut ws) = (case.map.linearization(), case.map.workspace());
        case.map
            .linearize(&w, case.lambda, &mut Tie::Weight(self.tie), &mut lin);
        cost.map_evaluations += 1;
        cost.jacobian_products += dims.w;
        cost.bytes_held = 2 * dims.w * dims.w * FLOAT_BYTES;
        let system = Matrix::identity(dims.w, dims.w) - case.map.jacobian_w(&lin).transpose();
        let rhs = Matrix::from_column_slice(dims.w, 1, &y);
        let Some(v) = system.lu().solve(&rhs) else {
            return Answer::failed("I - ∂₁Φᵀ is singular");
        };
        let mut estimate = Matrix::zeros(dims.lambda, 1);
        let entries = estimate.as_mut_slice();
        case.map.vjp_lambda(&lin, v.as_slice(), entries, &mut ws);
        case.target.complete(&w, case.lambda, entries);
        let status = trouble(0, estimate.as_slice());
        Answer {
            estimates: match status {
                // One estimate, whatever the steps: it is the limit.
                None => vec![estimate; case.steps.len()],
                Some(_) => Vec::new(),
            },
            cost,
            status: status.unwrap_or(Status::Completed),
        }
    }
}

/// Iterates Φ until the residual is at the level of rounding, or no longer falls.
fn fixed_point(case: &Case<'_>, start: &[f64], cost: &mut Cost) -> Vec<f64> {
    let mut w = start.to_vec();
    let mut best = f64::INFINITY;
    let mut idle = 0;
    while idle < 2 && cost.map_evaluations < OWN_SOLVER_STEPS {
        let next = case.phi(&w);
        cost.map_evaluations += 1;
        let squares = w.iter().zip(&next).map(|(a, b)| (a - b).powi(2));
        let residual = squares.sum::<f64>().sqrt();
        let size = next.iter().map(|v| v * v).sum::<f64>().sqrt();
        w = next;
        idle = if residual < best { 0 } else { idle + 1 };
        best = best.min(residual);
        if residual <= UNIT * size {
            break;
        }
    }
    w
}

//! Approximate implicit differentiation by fixed-point iteration, equation (14), at a given w:
//! D^0 = 0, D^{k+1} = ∂₁Φ(w, λ)D^k + ∂₂Φ(w, λ).
//!
//! Behind a mask (elastic nets) the reverse mode runs on the support alone: nothing else of v is
//! read.

use super::watch::{FLOAT_BYTES, not_for, trouble};
use crate::case::{Answer, Case, Cost, Implementation, Status, Target};
use crate::linalg::Matrix;
use crate::maps::Tie;

/// AID-FP, equation (14), in reverse mode at a given w: v_0 = 0, v_{k+1} = ∂₁Φᵀv_k + y, estimate
/// ∂₂Φᵀv_k (m). One product a step; needs w only.
#[derive(Clone, Debug, Default)]
pub struct AidFp {
    /// Weight in \[0, 1\] given to a unit exactly at its kink.
    pub tie: f64,
}

/// AID-FP, equation (14), in forward mode at a given w: D^0 = 0, D^{k+1} = ∂₁Φ D^k + ∂₂Φ (d×m).
#[derive(Clone, Debug, Default)]
pub struct AidFpForward {
    /// Weight in \[0, 1\] given to a unit exactly at its kink.
    pub tie: f64,
}

impl Implementation for AidFp {
    fn run(&mut self, case: &Case<'_>) -> Answer {
        let Some(y) = case.target.seed(case.w(), case.lambda) else {
            return not_for("reverse mode", "a cotangent or an objective for its target");
        };
        let dims = case.map.dims();
        let (mut lin, mut ws) = (case.map.linearization(), case.map.workspace());
        case.map
            .linearize_in(case.w(), case.lambda, &mut Tie::Weight(self.tie), &mut lin);
        // Worth its setting up where it is used more than once.
        let compact = match case.horizon() {
            0 | 1 => None,
            _ => case.map.on_support(&lin),
        };
        let y: Vec<f64> = match &compact {
            Some(on) => on.support.iter().map(|i| y[*i]).collect(),
            None => y.into_owned(),
        };
        let held = compact.as_ref().map_or(0, |on| on.step.held());
        let mut full = vec![0.0; dims.w];
        let (mut v, mut next) = (vec![0.0; y.len()], vec![0.0; y.len()]);
        let mut out = Vec::with_capacity(case.steps.len());
        let mut cost = Cost {
            map_evaluations: 1,
            bytes_held: (dims.w + 2 * y.len() + held) * FLOAT_BYTES,
            ..Cost::default()
        };
        let mut status = Status::Completed;
        let mut wanted = case.steps.iter().copied().peekable();
        for k in 0..=case.horizon() {
            if wanted.next_if_eq(&k).is_some() {
                let mut estimate = Matrix::zeros(dims.lambda, 1);
                let entries = estimate.as_mut_slice();
                let seen = match &compact {
                    Some(on) => {
                        let pairs = on.support.iter().zip(&v);
                        pairs.for_each(|(i, v)| full[*i] = *v);
                        &full
                    }
                    None => &v,
                };
                case.map.vjp_lambda(&lin, seen, entries, &mut ws);
                case.target.complete(case.w(), case.lambda, entries);
                if let Some(s) = trouble(k, estimate.as_slice()) {
                    status = s;
                    break;
                }
                out.push(estimate);
            }
            if wanted.peek().is_none() {
                break;
            }
            match &compact {
                Some(on) => on.step.times(1.0, &v, 0.0, &mut next),
                None => case.map.vjp_w(&lin, &v, &mut next, &mut ws),
            }
            next.iter_mut().zip(&y).for_each(|(n, y)| *n += y);
            std::mem::swap(&mut v, &mut next);
            cost.jacobian_products += 1;
            if let Some(s) = trouble(k + 1, &v) {
                status = s;
                break;
            }
        }
        Answer {
            estimates: out,
            cost,
            status,
        }
    }
}

impl Implementation for AidFpForward {
    fn run(&mut self, case: &Case<'_>) -> Answer {
        if case.target != Target::Jacobian {
            return not_for("forward mode", "the Jacobian for its target");
        }
        let dims = case.map.dims();
        let (mut lin, mut ws) = (case.map.linearization(), case.map.workspace());
        case.map
            .linearize_in(case.w(), case.lambda, &mut Tie::Weight(self.tie), &mut lin);
        let mut d = Matrix::zeros(dims.w, dims.lambda);
        let mut next = d.clone();
        let mut out = Vec::with_capacity(case.steps.len());
        let held = (2 * dims.lambda + 1) * dims.w * FLOAT_BYTES;
        let mut cost = Cost {
            map_evaluations: 1,
            bytes_held: held,
            ..Cost::default()
        };
        let mut status = Status::Completed;
        let mut wanted = case.steps.iter().copied().peekable();
        for k in 0..=case.horizon() {
            if wanted.next_if_eq(&k).is_some() {
                out.push(d.clone());
            }
            if wanted.peek().is_none() {
                break;
            }
            case.map.push_forward(&lin, &d, &mut next, &mut ws);
            std::mem::swap(&mut d, &mut next);
            cost.jacobian_products += dims.lambda;
            if let Some(s) = trouble(k + 1, d.as_slice()) {
                status = s;
                break;
            }
        }
        Answer {
            estimates: out,
            cost,
            status,
        }
    }
}

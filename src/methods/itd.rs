//! Iterative differentiation, equation (13):
//! w_{t+1} = Φ(w_t, λ), D_{t+1} = ∂₁Φ(w_t, λ)D_t + ∂₂Φ(w_t, λ), D_0 = 0.

use super::watch::{FLOAT_BYTES, not_for, trouble};
use crate::case::{Answer, Case, Cost, Implementation, Status, Target, Trouble};
use crate::linalg::Matrix;
use crate::maps::{Linearization, Map, Tie};

/// ITD, equation (13), in forward mode: carries D_t (d×m), D_0 = 0. O(t·m) products, memory
/// independent of t.
#[derive(Clone, Debug)]
pub struct ItdForward {
    /// Weight in \[0, 1\] given to a unit exactly at its kink.
    pub tie: f64,
}

/// ITD, equation (13), in reverse mode over the stored trajectory: D_tᵀy (m) with O(t) products and
/// O(t·d) memory. Where derivatives are the same everywhere no point is needed, and none is
/// computed.
#[derive(Clone, Debug)]
pub struct ItdReverse {
    /// Weight in \[0, 1\] given to a unit exactly at its kink.
    pub tie: f64,
}

/// ITD, equation (13), in reverse mode that stores every ⌈√t⌉-th iterate and recomputes the
/// segments between: O(√t·d) memory for one more forward pass.
#[derive(Clone, Debug)]
pub struct ItdCheckpointed {
    /// Weight in \[0, 1\] given to a unit exactly at its kink.
    pub tie: f64,
}

macro_rules! tie_zero {
    ($($name:ident),+) => { $(impl Default for $name { fn default() -> Self { Self { tie: 0.0 } } })+ };
}
tie_zero!(ItdForward, ItdReverse, ItdCheckpointed);

impl Implementation for ItdForward {
    fn run(&mut self, case: &Case<'_>) -> Answer {
        if case.target != Target::Jacobian {
            return not_for("forward mode", "the Jacobian for its target");
        }
        let dims = case.map.dims();
        let (mut lin, mut ws) = (case.map.linearization(), case.map.workspace());
        let mut w = case.w().to_vec();
        let mut d = Matrix::zeros(dims.w, dims.lambda);
        let mut next = d.clone();
        let mut out = Vec::with_capacity(case.steps.len());
        let mut cost = Cost {
            bytes_held: (2 * dims.w * dims.lambda + 2 * dims.w) * FLOAT_BYTES,
            ..Cost::default()
        };
        let mut status = Status::Completed;
        let mut wanted = case.steps.iter().copied().peekable();
        for t in 0..=case.horizon() {
            if wanted.next_if_eq(&t).is_some() {
                out.push(d.clone());
            }
            if wanted.peek().is_none() {
                break;
            }
            case.map
                .linearize_in(&w, case.lambda, &mut Tie::Weight(self.tie), &mut lin);
            case.map.push_forward(&lin, &d, &mut next, &mut ws);
            std::mem::swap(&mut d, &mut next);
            match case.path().and_then(|path| path.get(t + 1)) {
                Some(given) => w.copy_from_slice(given),
                None => w.copy_from_slice(&lin.value),
            }
            cost.map_evaluations += 1;
            cost.jacobian_products += dims.lambda;
            if let Some(s) = trouble(t + 1, &w).or_else(|| trouble(t + 1, d.as_slice())) {
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

impl Implementation for ItdReverse {
    fn run(&mut self, case: &Case<'_>) -> Answer {
        let d = case.map.dims().w;
        let mut pass = Pass::new(case, self.tie);
        let constant = case.map.structure().has_constant_derivatives();
        if constant && matches!(case.target, Target::Cotangent(_)) {
            return pass.without_points(case);
        }
        let mut stored = vec![case.w().to_vec()];
        if case.path().is_none()
            && let Some(status) = pass.forward(&mut stored, case.horizon(), 0)
        {
            return pass.stopped(status);
        }
        // On a trajectory of its own every point is Φ of the one before.
        let own = case.path().is_none();
        let stored = case.path().unwrap_or(&stored);
        pass.cost.bytes_held = (stored.len() + 3) * d * FLOAT_BYTES;
        let mut out = Vec::with_capacity(case.steps.len());
        for &t in case.steps {
            // A path may end one point before its last step: then w_t follows from it.
            let end = match stored.get(t) {
                Some(w) => w.clone(),
                None if t > 0 && t == stored.len() => case.phi(&stored[t - 1]),
                None => return path_ends_early(t, stored.len()),
            };
            let Some(mut adjoint) = Adjoint::new(case, &end) else {
                return wants_a_target();
            };
            pass.backward(&stored[..t], own, Some(&end), &mut adjoint);
            out.push(adjoint.estimate(case, &end));
        }
        Answer {
            estimates: out,
            cost: pass.cost,
            status: Status::Completed,
        }
    }
}

impl Implementation for ItdCheckpointed {
    fn run(&mut self, case: &Case<'_>) -> Answer {
        let d = case.map.dims().w;
        let mut pass = Pass::new(case, self.tie);
        let mut out = Vec::with_capacity(case.steps.len());
        if case.path().is_some() {
            // The points are stored already: there is nothing to recompute.
            return ItdReverse { tie: self.tie }.run(case);
        }
        for &t in case.steps {
            let segment = (t as f64).sqrt().ceil().max(1.0) as usize;
            // Forward: keep w_0, w_s, w_2s, ...
            let mut checkpoints = vec![case.w().to_vec()];
            let mut start = 0;
            while start + segment < t {
                let mut stretch = vec![checkpoints[checkpoints.len() - 1].clone()];
                if let Some(status) = pass.forward(&mut stretch, segment, start) {
                    return pass.stopped(status);
                }
                checkpoints.extend(stretch.pop());
                start += segment;
            }
            // Backward: recompute one segment at a time. Only a hypergradient needs w_t itself,
            // from which its adjoint starts.
            let mut last = vec![checkpoints[checkpoints.len() - 1].clone()];
            if matches!(case.target, Target::Hypergradient(_))
                && let Some(status) = pass.forward(&mut last, t - start, start)
            {
                return pass.stopped(status);
            }
            let w_t = &last[last.len() - 1];
            let Some(mut adjoint) = Adjoint::new(case, w_t) else {
                return wants_a_target();
            };
            let mut after = (last.len() == t - start + 1).then(|| w_t.clone());
            let mut end = t;
            while let Some(checkpoint) = checkpoints.pop() {
                let begin = checkpoints.len() * segment;
                let mut stretch = vec![checkpoint];
                if let Some(status) =
                    pass.forward(&mut stretch, (end - begin).saturating_sub(1), begin)
                {
                    return pass.stopped(status);
                }
                let held = (checkpoints.len() + stretch.len() + 3) * d * FLOAT_BYTES;
                pass.cost.bytes_held = pass.cost.bytes_held.max(held);
                let points = &stretch[..(end - begin).min(stretch.len())];
                pass.backward(points, true, after.as_deref(), &mut adjoint);
                (end, after) = (begin, stretch.into_iter().next());
            }
            out.push(adjoint.estimate(case, w_t));
        }
        Answer {
            estimates: out,
            cost: pass.cost,
            status: Status::Completed,
        }
    }
}

/// Buffers of the reverse modes.
struct Pass<'a> {
    map: &'a Map,
    lambda: &'a [f64],
    tie: f64,
    lin: Linearization<'a>,
    ws: crate::maps::Workspace,
    next: Vec<f64>,
    by_lambda: Vec<f64>,
    cost: Cost,
}

/// p = (∂₁Φ(w_{s+1})⋯∂₁Φ(w_{t-1}))ᵀy and u = Σ ∂₂Φ(w_s)ᵀp so far.
struct Adjoint {
    p: Vec<f64>,
    u: Vec<f64>,
}

impl Adjoint {
    /// At w_t, from where the adjoint runs backwards; `None` where the target is D itself.
    fn new(case: &Case<'_>, w_t: &[f64]) -> Option<Self> {
        Some(Self {
            p: case.target.seed(w_t, case.lambda)?.into_owned(),
            u: vec![0.0; case.lambda.len()],
        })
    }

    fn estimate(self, case: &Case<'_>, w_t: &[f64]) -> Matrix {
        let mut u = self.u;
        case.target.complete(w_t, case.lambda, &mut u);
        Matrix::from_vec(u.len(), 1, u)
    }
}

fn path_ends_early(t: usize, points: usize) -> Answer {
    let why = format!("step {t} of a path of {points} points");
    Answer::without(Status::Failed {
        trouble: Trouble::Input,
        why,
    })
}

fn wants_a_target() -> Answer {
    not_for("reverse mode", "a cotangent or an objective for its target")
}

impl<'a> Pass<'a> {
    fn new(case: &Case<'a>, tie: f64) -> Self {
        let dims = case.map.dims();
        Self {
            map: case.map,
            lambda: case.lambda,
            tie,
            lin: case.map.linearization(),
            ws: case.map.workspace(),
            next: vec![0.0; dims.w],
            by_lambda: vec![0.0; dims.lambda],
            cost: Cost::default(),
        }
    }

    /// Appends `steps` iterates to `stored`; the first is number `from`.
    fn forward(&mut self, stored: &mut Vec<Vec<f64>>, steps: usize, from: usize) -> Option<Status> {
        for s in 0..steps {
            let w = &stored[stored.len() - 1];
            self.map
                .linearize_in(w, self.lambda, &mut Tie::Weight(self.tie), &mut self.lin);
            self.cost.map_evaluations += 1;
            if let Some(status) = trouble(from + s + 1, &self.lin.value) {
                return Some(status);
            }
            stored.push(self.lin.value.clone());
        }
        None
    }

    /// The adjoint recursion from the last of these points to the first. On a trajectory of its own
    /// (`own`) Φ of a point is the next one, and of the last one `after`, where that is known.
    fn backward(
        &mut self,
        points: &[Vec<f64>],
        own: bool,
        after: Option<&[f64]>,
        adjoint: &mut Adjoint,
    ) {
        let mut value = after;
        for w in points.iter().rev() {
            match value.filter(|_| own && self.tie == 0.0) {
                Some(value) => {
                    let lin = &mut self.lin;
                    let product = self.map.reselect_in(w, value, self.lambda, lin);
                    self.cost.map_evaluations += usize::from(product);
                }
                None => {
                    let tie = &mut Tie::Weight(self.tie);
                    self.map.linearize_in(w, self.lambda, tie, &mut self.lin);
                    self.cost.map_evaluations += 1;
                }
            }
            value = Some(w);
            self.step_back(adjoint);
        }
    }

    /// D_tᵀy where derivatives are the same at every point: one sweep, which needs none of them.
    fn without_points(mut self, case: &Case<'_>) -> Answer {
        let Some(mut adjoint) = Adjoint::new(case, case.w()) else {
            return wants_a_target();
        };
        let tie = &mut Tie::Weight(self.tie);
        self.map
            .linearize_in(case.w(), self.lambda, tie, &mut self.lin);
        self.cost.map_evaluations += 1;
        self.cost.bytes_held = 3 * adjoint.p.len() * FLOAT_BYTES;
        let mut estimates = Vec::with_capacity(case.steps.len());
        let mut status = Status::Completed;
        let mut wanted = case.steps.iter().copied().peekable();
        for t in 0..=case.horizon() {
            if wanted.next_if_eq(&t).is_some() {
                estimates.push(Matrix::from_column_slice(adjoint.u.len(), 1, &adjoint.u));
            }
            if wanted.peek().is_none() {
                break;
            }
            self.step_back(&mut adjoint);
            if let Some(s) = trouble(t + 1, &adjoint.u) {
                status = s;
                break;
            }
        }
        Answer {
            estimates,
            cost: self.cost,
            status,
        }
    }

    /// One step of the adjoint recursion at the point of the linearisation.
    fn step_back(&mut self, adjoint: &mut Adjoint) {
        self.map
            .vjp_lambda(&self.lin, &adjoint.p, &mut self.by_lambda, &mut self.ws);
        adjoint
            .u
            .iter_mut()
            .zip(&self.by_lambda)
            .for_each(|(u, v)| *u += v);
        self.map
            .vjp_w(&self.lin, &adjoint.p, &mut self.next, &mut self.ws);
        std::mem::swap(&mut adjoint.p, &mut self.next);
        self.cost.jacobian_products += 1;
    }

    fn stopped(&self, status: Status) -> Answer {
        Answer {
            estimates: Vec::new(),
            cost: self.cost,
            status,
        }
    }
}

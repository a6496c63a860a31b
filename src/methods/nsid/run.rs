//! The iterations of NSID and SID.
//!
//! Owns one run and the loop over replicates. An outcome such as divergence is a [`Status`]; only
//! wrong inputs are errors.

use super::source::{Batches, IndexSource};
use super::step_size::StepSize;
use crate::error::{Error, Result};
use crate::maps::composite::{Composite, Gamma, Sample};
use crate::tol::NSID_DIVERGED;

/// What is to be estimated: an element of D_impᵀ y at λ, from an approximate fixed point w.
#[derive(Clone, Copy, Debug)]
pub struct Problem<'a> {
    /// Φ = G∘E T̂.
    pub map: &'a Composite,
    /// λ (m).
    pub lambda: &'a [f64],
    /// w (d).
    pub w: &'a [f64],
    /// The cotangent y (d).
    pub y: &'a [f64],
    /// Mask entries exactly at a kink take this value in \[0, 1\].
    pub tie: f64,
}

/// Which estimator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Algorithms 1 and 3: Γ at w̄, once.
    Nsid,
    /// Grazzi et al. (2023): NSID with G := identity and T̂ := G∘T̂; biased when G is nonlinear.
    Sid,
}

/// How long and with which steps; the samples come separately.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// η_i.
    pub steps: StepSize,
    /// Samples per minibatch of ξ⁽²⁾.
    pub batch: usize,
    /// The numbers of updates k after which the estimate is recorded, strictly increasing; the
    /// last one ends the run.
    pub record: Vec<usize>,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// All recorded steps were reached.
    Finished,
    /// ‖v‖ passed the divergence threshold after this many updates; later records are missing.
    Diverged {
        /// Updates done.
        step: usize,
    },
    /// A number stopped being finite after this many updates; later records are missing.
    NonFinite {
        /// Updates done.
        step: usize,
    },
}

/// What a run cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Costs {
    /// Single-sample evaluations of T̂.
    pub evaluations: usize,
    /// Single-sample products with ∂₁T̂ᵀ.
    pub products: usize,
}

/// The estimates of one replicate.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// The recorded k that were reached.
    pub steps: Vec<usize>,
    /// r after each of them (m-vectors).
    pub estimates: Vec<Vec<f64>>,
    /// v after each of them (d-vectors).
    pub states: Vec<Vec<f64>>,
    /// How it ended.
    pub status: Status,
    /// What it cost.
    pub costs: Costs,
}

/// Buffers of a run, reused over replicates.
#[derive(Clone, Debug)]
pub struct Workspace {
    gamma: Gamma,
    batch: Vec<usize>,
    u: Vec<f64>,
    v: Vec<f64>,
    gv: Vec<f64>,
    product: Vec<f64>,
}

impl Workspace {
    /// Buffers for this map.
    pub fn new(map: &Composite) -> Self {
        let d = map.dim();
        let zero = || vec![0.0; d];
        Self {
            gamma: map.outer().gamma(d),
            batch: Vec::new(),
            u: zero(),
            v: zero(),
            gv: zero(),
            product: zero(),
        }
    }
}

impl Workspace {
    /// d of the maps these buffers fit.
    pub fn dim(&self) -> usize {
        self.v.len()
    }
}

/// One run of NSID or SID.
///
/// `inner` holds the J minibatches ξ⁽¹⁾, `samples` delivers ξ⁽²⁾. From v_0 = 0,
/// v_{i+1} = (1-η_i)v_i + η_i(P_iᵀv_i + y), with P_iᵀ = ∂₁T̂(w, λ, ξ⁽²⁾_i)ᵀΓ₁ᵀ (SID: Γ₁ at T̂(w, λ, ξ⁽²⁾_i));
/// r = (J⁻¹Σ_j ∂₂T̂(w, λ, ξ⁽¹⁾_j)ᵀΓ₁ᵀ + Γ₂ᵀ)v_k (SID: Γ at T̂(w, λ, ξ⁽¹⁾_j), inside the mean).
/// One step costs one product with a minibatch (SID: and one evaluation), O(|b| d).
pub fn run(
    method: Method,
    problem: &Problem<'_>,
    plan: &Plan,
    inner: &Batches,
    samples: &mut impl IndexSource,
    ws: &mut Workspace,
) -> Result<Run> {
    check(problem, plan)?;
    let Problem {
        map,
        lambda,
        w,
        y,
        tie,
    } = *problem;
    if inner.is_empty() {
        return Err(
            Error::input("at least one inner minibatch is needed (J ≥ 1)")
                .in_field("inner_samples"),
        );
    }
    map.check_batch(inner.flat())
        .map_err(|e| e.in_field("inner_samples"))?;
    let (t, g) = (map.inner(), map.outer());
    let mut costs = Costs::default();
    if method == Method::Nsid {
        // Equal minibatches: the mean of their means is the mean over all their samples.
        t.apply(w, lambda, Sample::Batch(inner.flat()), &mut ws.u);
        costs.evaluations += inner.flat().len();
        g.linearize(&ws.u, lambda, tie, &mut ws.gamma);
    }
    ws.batch.clear();
    ws.batch.resize(plan.batch, 0);
    ws.v.fill(0.0);
    let (mut steps, mut estimates, mut states) = (Vec::new(), Vec::new(), Vec::new());
    let mut status = Status::Finished;
    let last = plan.record.last().copied().unwrap_or(0);
    let limit = NSID_DIVERGED * largest(y).max(1.0);
    let mut wanted = plan.record.iter().copied().peekable();
    for i in 0..=last {
        if wanted.next_if_eq(&i).is_some() {
            let r = estimate(method, problem, inner, ws, &mut costs);
            if !r.iter().all(|x| x.is_finite()) {
                status = Status::NonFinite { step: i };
                break;
            }
            steps.push(i);
            estimates.push(r);
            states.push(ws.v.clone());
        }
        if i == last {
            break;
        }
        samples.fill(&mut ws.batch)?;
        map.check_batch(&ws.batch)
            .map_err(|e| e.in_field(format!("samples[{i}]")))?;
        let sample = Sample::Batch(&ws.batch);
        if method == Method::Sid {
            t.apply(w, lambda, sample, &mut ws.u);
            costs.evaluations += plan.batch;
            g.linearize(&ws.u, lambda, tie, &mut ws.gamma);
        }
        g.d1(&ws.gamma, &ws.v, true, &mut ws.gv);
        t.d1_tr(w, lambda, sample, &ws.gv, &mut ws.product);
        costs.products += plan.batch;
        let eta = plan.steps.at(i);
        for (v, (p, y)) in ws.v.iter_mut().zip(ws.product.iter().zip(y)) {
            *v = (1.0 - eta) * *v + eta * (p + y);
        }
        if let Some(end) = broken(&ws.v, limit, i + 1) {
            status = end;
            break;
        }
    }
    Ok(Run {
        steps,
        estimates,
        states,
        status,
        costs,
    })
}

/// Many replicates of one problem, in order, with shared buffers; `sources(id)` gives the J inner
/// minibatches and the source of ξ⁽²⁾ of replicate `id`.
///
/// A replicate's result depends on its own samples only, so any split of the ids over calls or
/// threads gives the same runs. Serial: the caller parallelises.
pub fn run_replicates<S: IndexSource>(
    method: Method,
    problem: &Problem<'_>,
    plan: &Plan,
    ids: std::ops::Range<u64>,
    mut sources: impl FnMut(u64) -> Result<(Batches, S)>,
) -> Result<Vec<Run>> {
    let mut ws = Workspace::new(problem.map);
    ids.map(|id| {
        let (inner, mut samples) = sources(id)?;
        run(method, problem, plan, &inner, &mut samples, &mut ws)
    })
    .collect()
}

/// r at the current v.
fn estimate(
    method: Method,
    problem: &Problem<'_>,
    inner: &Batches,
    ws: &mut Workspace,
    costs: &mut Costs,
) -> Vec<f64> {
    let Problem {
        map,
        lambda,
        w,
        tie,
        ..
    } = *problem;
    let (t, g) = (map.inner(), map.outer());
    let mut r = vec![0.0; map.params()];
    match method {
        Method::Nsid => {
            g.d1(&ws.gamma, &ws.v, true, &mut ws.gv);
            t.add_d2_tr(w, Sample::Batch(inner.flat()), &ws.gv, &mut r);
            g.add_d2_tr(&ws.gamma, &ws.v, &mut r);
        }
        Method::Sid => {
            for batch in inner.iter() {
                let sample = Sample::Batch(batch);
                t.apply(w, lambda, sample, &mut ws.u);
                costs.evaluations += batch.len();
                g.linearize(&ws.u, lambda, tie, &mut ws.gamma);
                g.d1(&ws.gamma, &ws.v, true, &mut ws.gv);
                t.add_d2_tr(w, sample, &ws.gv, &mut r);
                g.add_d2_tr(&ws.gamma, &ws.v, &mut r);
            }
            r.iter_mut().for_each(|x| *x /= inner.len() as f64);
        }
    }
    r
}

/// How the iteration must end if `v` is no longer usable.
pub(super) fn broken(v: &[f64], limit: f64, step: usize) -> Option<Status> {
    if !v.iter().all(|x| x.is_finite()) {
        Some(Status::NonFinite { step })
    } else if largest(v) > limit {
        Some(Status::Diverged { step })
    } else {
        None
    }
}

fn largest(v: &[f64]) -> f64 {
    v.iter().fold(0.0, |m: f64, x| m.max(x.abs()))
}

fn check(problem: &Problem<'_>, plan: &Plan) -> Result<()> {
    problem.map.check(problem.w, problem.lambda, problem.y)?;
    if !(0.0..=1.0).contains(&problem.tie) {
        return Err(
            Error::input(format!("must lie in [0, 1], got {}", problem.tie)).in_field("tie"),
        );
    }
    if plan.batch == 0 {
        return Err(Error::input("a minibatch must not be empty").in_field("batch"));
    }
    if plan.record.windows(2).any(|p| p[0] >= p[1]) {
        return Err(Error::input("must be strictly increasing").in_field("steps"));
    }
    plan.steps.check(plan.record.last().copied().unwrap_or(0))
}

//! NSID and SID: stochastic estimates of D_impᵀy from an approximate fixed point w (Algorithms 1
//! and 3), or of a hypergradient (NSID-Bilevel, Algorithm 2): then y is the mean of ∇₁Ê over the
//! minibatches ζ, and the mean of ∇₂Ê over the same is added.
//!
//! From v_0 = 0, v_{i+1} = (1-η_i)v_i + η_i(P_iᵀv_i + y) with P_iᵀ = ∂₁T̂(w, λ, ξ⁽²⁾_i)ᵀΓ₁ᵀ; the
//! estimate after k updates is r = (J⁻¹Σ_j ∂₂T̂(w, λ, ξ⁽¹⁾_j)ᵀΓ₁ᵀ + Γ₂ᵀ)v_k.
//! NSID takes Γ at w̄ = J⁻¹Σ_j T̂(w, λ, ξ⁽¹⁾_j), once. SID takes it at T̂ of the minibatch in use,
//! inside the means: NSID with G := identity and T̂ := G∘T̂, biased where G is nonlinear.
//!
//! One update costs one product with a minibatch (SID: and one evaluation), O(|b|d); behind a mask
//! v matters on its support alone, and a long run reads nothing else of the rows.

use super::watch::not_for;
use crate::case::{Answer, Batches, Case, Cost, Implementation, Samples, Status};
use crate::error::{Error, Result};
use crate::linalg::Matrix;
use crate::maps::composite::{Composite, Gamma, Kept, Sample};
use crate::tol::NSID_DIVERGED;

/// NSID (Algorithms 1 and 3) at a given w, for y (d) and given minibatches and steps: Γ once, at
/// w̄, the mean of T̂(w, λ, ξ⁽¹⁾_j) over j; v_0 = 0, v_{i+1} = (1-η_i)v_i + η_i(∂₁T̂(w, λ,
/// ξ⁽²⁾_i)ᵀΓ₁ᵀv_i + y); the estimate after k steps is (∂₂T̂ᵀΓ₁ᵀ + Γ₂ᵀ)v_k (m), ∂₂T̂ being the mean
/// over ξ⁽¹⁾.
#[derive(Debug, Default)]
pub struct Nsid {
    /// Mask entries exactly at a kink take this value in \[0, 1\].
    pub tie: f64,
    buffers: Option<Buffers>,
}

/// SID (Grazzi et al. 2023): NSID with G := identity and T̂ := G∘T̂, which takes Γ at T̂ of every
/// minibatch. Biased where G is not affine.
#[derive(Debug, Default)]
pub struct Sid {
    /// Mask entries exactly at a kink take this value in \[0, 1\].
    pub tie: f64,
    buffers: Option<Buffers>,
}

impl Implementation for Nsid {
    fn run(&mut self, case: &Case<'_>) -> Answer {
        run(Outer::Once, self.tie, &mut self.buffers, case)
    }
}

impl Implementation for Sid {
    fn run(&mut self, case: &Case<'_>) -> Answer {
        run(Outer::PerMinibatch, self.tie, &mut self.buffers, case)
    }
}

/// Where Γ is taken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outer {
    Once,
    PerMinibatch,
}

/// Buffers of a run, kept from one call to the next.
#[derive(Debug)]
struct Buffers {
    gamma: Gamma,
    u: Vec<f64>,
    v: Vec<f64>,
    gv: Vec<f64>,
    product: Vec<f64>,
}

impl Buffers {
    fn new(map: &Composite) -> Self {
        let d = map.dim();
        let zero = || vec![0.0; d];
        Self {
            gamma: map.outer().gamma(d),
            u: zero(),
            v: zero(),
            gv: zero(),
            product: zero(),
        }
    }

    /// Whether they were made for a map of this dimension.
    fn fit(&self, map: &Composite) -> bool {
        self.v.len() == map.dim()
    }
}

/// One problem, with what is given.
struct Run<'a> {
    map: &'a Composite,
    lambda: &'a [f64],
    w: &'a [f64],
    samples: Samples<'a>,
    outer: Outer,
    tie: f64,
    cost: Cost,
}

fn run(outer: Outer, tie: f64, kept: &mut Option<Buffers>, case: &Case<'_>) -> Answer {
    let (Some(samples), Some(map)) = (case.samples, case.map.samples()) else {
        return not_for(
            "a stochastic method",
            "a map that is reached through samples",
        );
    };
    if let Err(why) = check(map, samples, tie, case) {
        return Answer::failed(why.to_string());
    }
    let Some([y, direct]) = case.outer(case.w()) else {
        let wanted = "a cotangent or an objective for its target";
        return not_for("a stochastic method", wanted);
    };
    let mut buffers = kept
        .take()
        .filter(|b| b.fit(map))
        .unwrap_or_else(|| Buffers::new(map));
    let run = Run {
        map,
        lambda: case.lambda,
        w: case.w(),
        samples,
        outer,
        tie,
        cost: Cost::default(),
    };
    let answer = run.updates([&y, &direct], case.steps, &mut buffers);
    *kept = Some(buffers);
    answer
}

fn check(map: &Composite, samples: Samples<'_>, tie: f64, case: &Case<'_>) -> Result<()> {
    case.validate()?;
    if !(0.0..=1.0).contains(&tie) {
        return Err(Error::input("must be within [0, 1]").in_field("tie"));
    }
    let in_range = |batches: &Batches, field: &str| match batches.flat() {
        [] => Ok(()),
        flat => map.check_batch(flat).map_err(|e| e.in_field(field)),
    };
    in_range(samples.inner, "inner_samples")?;
    in_range(samples.linear, "samples")?;
    let fine = |v: &f64| *v >= 0.0 && v.is_finite();
    match samples.eta.iter().position(|v| !fine(v)) {
        Some(i) => {
            Err(Error::input("must be nonnegative and finite").in_field(format!("step_sizes[{i}]")))
        }
        None => Ok(()),
    }
}

impl Run<'_> {
    fn updates(mut self, [y, direct]: [&[f64]; 2], steps: &[usize], at: &mut Buffers) -> Answer {
        if self.outer == Outer::Once {
            // Minibatches of equal length: the mean of their means is the mean over all their
            // samples.
            self.gamma(self.samples.inner.flat(), at);
        }
        let last = steps.last().copied().unwrap_or(0);
        let samples = last * self.samples.linear.size();
        let mask = match self.outer {
            Outer::Once => self.map.outer().mask(&at.gamma),
            Outer::PerMinibatch => None,
        };
        let point = (self.w, self.lambda);
        let mut inner = Kept::new(self.map.inner(), point, mask, samples);
        at.v.fill(0.0);
        let limit = NSID_DIVERGED * largest(y).max(1.0);
        let mut wanted = steps.iter().copied().peekable();
        let mut linear = self.samples.linear.iter();
        let (mut estimates, mut status) = (Vec::with_capacity(steps.len()), Status::Completed);
        for i in 0..=last {
            if wanted.next_if_eq(&i).is_some() {
                let mut r = self.estimate(at);
                r.iter_mut().zip(direct).for_each(|(r, g)| *r += g);
                if !r.iter().all(|x| x.is_finite()) {
                    status = Status::NotANumber { step: i };
                    break;
                }
                estimates.push(Matrix::from_vec(r.len(), 1, r));
            }
            let Some(batch) = linear.next().filter(|_| i < last) else {
                break;
            };
            if self.outer == Outer::PerMinibatch {
                self.gamma(batch, at);
            }
            let g = self.map.outer();
            g.d1(&at.gamma, &at.v, true, &mut at.gv);
            inner.d1_tr(batch, &at.gv, &mut at.product);
            self.cost.jacobian_products += batch.len();
            let eta = self.samples.eta[i];
            for (v, (p, y)) in at.v.iter_mut().zip(at.product.iter().zip(y)) {
                *v = (1.0 - eta) * *v + eta * (p + y);
            }
            if let Some(end) = broken(&at.v, limit, i + 1) {
                status = end;
                break;
            }
        }
        Answer {
            estimates,
            cost: self.cost,
            status,
        }
    }

    /// Γ at the mean of T̂ over these samples.
    fn gamma(&mut self, samples: &[usize], at: &mut Buffers) {
        let sample = Sample::Batch(samples);
        self.map
            .inner()
            .apply(self.w, self.lambda, sample, &mut at.u);
        self.map
            .outer()
            .linearize(&at.u, self.lambda, self.tie, &mut at.gamma);
        self.cost.map_evaluations += samples.len();
    }

    /// r at the current v.
    fn estimate(&mut self, at: &mut Buffers) -> Vec<f64> {
        let mut r = vec![0.0; self.map.params()];
        let inner = self.samples.inner;
        match self.outer {
            Outer::Once => self.read(inner.flat(), at, &mut r),
            Outer::PerMinibatch => {
                for batch in inner.iter() {
                    self.gamma(batch, at);
                    self.read(batch, at, &mut r);
                }
                r.iter_mut().for_each(|x| *x /= inner.len() as f64);
            }
        }
        r
    }

    /// r ← r + ∂₂T̂ᵀΓ₁ᵀv + Γ₂ᵀv.
    fn read(&self, samples: &[usize], at: &mut Buffers, r: &mut [f64]) {
        let (t, g) = (self.map.inner(), self.map.outer());
        g.d1(&at.gamma, &at.v, true, &mut at.gv);
        let sample = Sample::Batch(samples);
        t.add_d2_tr(self.w, self.lambda, sample, &at.gv, r);
        g.add_d2_tr(&at.gamma, &at.v, r);
    }
}

/// How the iteration must end if `v` is no longer usable.
fn broken(v: &[f64], limit: f64, step: usize) -> Option<Status> {
    // Without branches: nearly always there is nothing to see.
    let fine = |x: &f64| x.abs() <= limit.min(f64::MAX);
    if v.iter().fold(true, |all, x| all & fine(x)) {
        return None;
    }
    Some(if v.iter().all(|x| x.is_finite()) {
        Status::Diverged { step }
    } else {
        Status::NotANumber { step }
    })
}

fn largest(v: &[f64]) -> f64 {
    v.iter().fold(0.0, |m: f64, x| m.max(x.abs()))
}

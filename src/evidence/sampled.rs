//! The stochastic side: what Section 5 needs of an instance that is reached through samples.

use std::rc::Rc;

use super::inner_law::InnerLaw;
use super::kept::Kept;
use super::request::Request;
use super::sequence::{Given, Schedule, Sequence};
use super::setting::Setting;
use crate::case::{Algorithm, Batches, Iid, Method, Role};
use crate::error::{Error, Result};
use crate::instances::{Instance, Random, Sizes, mix};
use crate::linalg::product::norm2;
use crate::linalg::{Dd, Vector};
use crate::maps::composite::{Composite, Gamma, Sample};
use crate::objectives::{Objective, Rows};
use crate::theory::{LemmaD3, Rate, Unmet};
use crate::truth::expectation::{Recursion, SidLimit, sid_limit};
use crate::truth::reference::{self as exactly, ExactRun};

/// An instance as samples reach it: w is the instance's own point, y its cotangent.
#[derive(Clone, Copy)]
pub struct Sampled<'e> {
    /// Φ = G∘E T̂.
    pub map: &'e Composite,
    /// J and the sizes of minibatches.
    pub sizes: Sizes,
    /// λ (m).
    pub lambda: &'e [f64],
    /// w (d).
    pub w: &'e [f64],
    /// y (d).
    pub y: &'e [f64],
    /// E, where hypergradients are wanted; y is then ∇₁E at w.
    pub objective: Option<&'e Objective>,
    /// Certified upper bound of ‖D_{T,1}‖sup.
    pub q: f64,
    /// SID instead of NSID.
    pub sid: bool,
    /// Seed of the instance.
    pub seed: u64,
    instance: &'e Instance,
    horizon: usize,
    kept: &'e Kept,
}

/// The result that holds under hypotheses, or an input error that says which is not met: that an
/// instance cannot meet one is a reason, not a fault of the caller.
///
/// # Errors
/// The hypothesis that fails.
pub fn met<T>(outcome: std::result::Result<T, Unmet>) -> Result<T> {
    outcome.map_err(|e| Error::input(format!("hypothesis not met: {e}")))
}

fn bits(w: &[f64]) -> Vec<u64> {
    w.iter().map(|v| v.to_bits()).collect()
}

impl<'e> Sampled<'e> {
    pub(super) fn new(
        instance: &'e Instance,
        (method, objective, horizon): (Method, Option<&'e Objective>, usize),
        kept: &'e Kept,
    ) -> Result<Self> {
        let (Some(map), Some(sizes)) = (instance.map.samples(), instance.samples) else {
            let text = "the map is not reached through samples";
            return Err(Error::input(text).in_field("problem"));
        };
        Ok(Self {
            map,
            sizes,
            lambda: &instance.lambda,
            w: &instance.start,
            y: match objective {
                Some(objective) => {
                    kept.seed(|| objective.gradient_w(&instance.start, &instance.lambda))
                }
                None => &instance.cotangent,
            },
            objective,
            q: map.q(&instance.lambda),
            sid: method.algorithm == Algorithm::Sid,
            seed: instance.seed,
            instance,
            horizon,
            kept,
        })
    }

    /// w(λ) and its certified error.
    ///
    /// # Errors
    /// When it is not known.
    pub fn solution(&self) -> Result<(&'e [f64], f64)> {
        let found = &self
            .kept
            .exact(self.instance, self.horizon)?
            .truth
            .fixed_point;
        Ok((found.w.as_slice(), found.error))
    }

    /// The distance of a unit of G from its kink at w(λ), where that is within what is known of
    /// w(λ).
    pub(super) fn kink_at_solution(&self) -> Option<f64> {
        let Ok((w, error)) = self.solution() else {
            return Some(f64::NAN);
        };
        let (mut u, mut out) = (vec![0.0; w.len()], vec![0.0; w.len()]);
        self.map.apply(w, self.lambda, &mut u, &mut out);
        let r = self.map.kink_distance(&u, self.lambda);
        (r <= 2.0 * error).then_some(r)
    }

    /// Lemma D.3 for the minibatches of the instance, with Assumption 5.2's constants at its w.
    pub fn lemma_d3(&self) -> LemmaD3 {
        self.lemma_d3_at(self.w)
    }

    /// The same at another w.
    pub fn lemma_d3_at(&self, w: &[f64]) -> LemmaD3 {
        let variance = self.map.variance(w, self.lambda, self.sizes.batch);
        LemmaD3 {
            q: self.q,
            sigma1: variance.sigma1,
            y_norm: norm2(self.y),
        }
    }

    /// Lemma D.3's steps and σ(k) for the minibatches of the instance.
    ///
    /// # Errors
    /// The hypothesis of the lemma that fails.
    pub fn rate(&self) -> Result<Rate> {
        met(self.lemma_d3().rate(1.0, 1.0))
    }

    /// r* = D_impᵀy at another w than w(λ), or the hypergradient there: what NSID estimates.
    ///
    /// # Errors
    /// When the linear system is singular.
    pub fn limit_at(&self, w: &[f64]) -> Result<Rc<Vector>> {
        let make = || Ok(self.setting().reference(w)?.r);
        self.kept.limits.try_get(bits(w), make)
    }

    /// The exact moments of v_k at w, given Γ.
    ///
    /// # Errors
    /// Shapes that do not fit.
    pub fn recursion(&self, w: &[f64], gamma: &Gamma) -> Result<Recursion> {
        self.setting().recursion(w, gamma, self.sizes.inner as f64)
    }

    /// What recursions need of it.
    pub fn setting(&self) -> Setting<'e> {
        Setting {
            map: self.map,
            sizes: self.sizes,
            lambda: self.lambda,
            y: self.y,
            objective: self.objective,
        }
    }

    /// Γ₁ at T(w, λ) and at the w̄ of one draw of ξ⁽¹⁾: Lemma D.3 holds for every one.
    ///
    /// # Errors
    /// When there is nothing to draw from.
    pub fn gammas(&self) -> Result<Vec<Gamma>> {
        let mut out = vec![self.map.mean_gamma(self.w, self.lambda, 0.0)];
        let population = self.map.inner().population();
        let mut source = Iid::new(mix(&[self.seed, 3]), 0, Role::Inner, population);
        let inner = Batches::draw(&mut source, self.sizes.inner, self.sizes.inner_batch)?;
        let mut u = vec![0.0; self.map.dim()];
        let sample = Sample::Batch(inner.flat());
        self.map.inner().apply(self.w, self.lambda, sample, &mut u);
        let mut gamma = self.map.outer().gamma(self.map.dim());
        self.map.outer().linearize(&u, self.lambda, 0.0, &mut gamma);
        if !out.contains(&gamma) {
            out.push(gamma);
        }
        Ok(out)
    }

    /// The whole law of w̄ at w with J minibatches; `None` where it has too many outcomes to
    /// enumerate.
    ///
    /// # Errors
    /// Shapes that do not fit.
    pub fn law(&self, w: &[f64], j: usize) -> Result<Option<Rc<InnerLaw>>> {
        let make = || InnerLaw::new(&self.setting(), w, j);
        self.kept.laws.try_find((bits(w), j), make)
    }

    /// Where SID goes at w with the minibatches of the instance.
    ///
    /// # Errors
    /// When there are too many minibatches to enumerate, or its linear system is singular.
    pub fn sid_limit_at(&self, w: &[f64]) -> Result<SidLimit> {
        let sizes = (self.sizes.batch, self.sizes.inner_batch);
        sid_limit(self.map, w, self.lambda, self.y, 0.0, sizes.0, sizes.1)
    }

    /// A point at this distance from w(λ), always in the same random direction; for d = 1, where
    /// the extremal instance of the theory lives, upwards.
    ///
    /// # Errors
    /// Those of [`Sampled::solution`].
    pub fn away_from_solution(&self, distance: f64) -> Result<Vec<f64>> {
        let (star, _) = self.solution()?;
        if let [w] = star {
            return Ok(vec![w + distance]);
        }
        let v = Random::new(mix(&[self.seed, 4])).normals(star.len());
        let unit = &v / v.norm();
        let pairs = star.iter().zip(unit.iter());
        Ok(pairs.map(|(w, u)| w + distance * u).collect())
    }

    /// The indices and step sizes of a sequence, for runs of `last` updates.
    pub(super) fn given(&self, sequence: Sequence, last: usize) -> Result<Rc<Given>> {
        if let (Schedule::Explicit, Some(given)) = (sequence.schedule, &self.kept.explicit) {
            return Ok(Rc::clone(given));
        }
        let make = || {
            let (rate, n) = (self.rate()?, self.map.inner().population());
            Given::draw(
                self.instance,
                self.sizes,
                (n, self.objective.map(Objective::rows)),
                sequence,
                last,
                (&rate, self.kept.u),
            )
        };
        self.kept.given.try_get((sequence, last), make)
    }

    /// The recursion with the indices of a request, exactly.
    pub(super) fn recursion_given(&self, request: &Request) -> Option<ExactRun> {
        let last = request.steps.last().copied().unwrap_or(0);
        let given = self.given(request.sequence?, last).ok()?;
        let of_objective = |objective: &Objective| {
            let rows = given
                .objective
                .as_ref()
                .map_or(Rows::All, |b| Rows::Of(b.flat()));
            let w: Vec<Dd> = self.w.iter().map(|v| Dd::from(*v)).collect();
            let gradients = objective.gradients_exactly(&w, self.lambda, rows);
            let at = (self.w, self.lambda);
            (gradients, objective.lost(at, (0.0, self.kept.u), rows))
        };
        let outer = self.objective.map(of_objective);
        let run = exactly::Given {
            map: self.map,
            lambda: self.lambda,
            w: self.w,
            seed: exactly::Seed::new(self.y, outer),
            inner: given.inner.iter().collect(),
            samples: given.linear.iter().collect(),
            eta: &given.eta,
            steps: &request.steps,
            sid: self.sid,
            u: self.kept.u,
        };
        Some(run.run())
    }
}

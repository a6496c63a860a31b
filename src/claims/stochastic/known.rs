//! Everything known exactly about an instance at w(λ): what `generate` writes and `explain` shows.

use super::met;
use crate::error::{Error, Result};
use crate::instances::StochasticInstance;
use crate::linalg::Vector;
use crate::linalg::product::norm2;
use crate::maps::composite::Variance;
use crate::theory::{LemmaD3, Rate, Theorem54};
use crate::truth::expectation::{
    Recursion, Reference, Solution, lyapunov, reference, sid_limit, solution,
};

/// Ground truth of an instance at w(λ); nothing is sampled.
#[derive(Debug)]
pub struct Known {
    /// Certified upper bound of ‖D_{T,1}‖sup.
    pub q: f64,
    /// w(λ) with its certified error.
    pub solution: Solution,
    /// v̂ and D_impᵀy.
    pub star: Reference,
    /// s² and σ₂' of one inner minibatch.
    pub variance: Variance,
    /// σ₁' of one minibatch of the linear system.
    pub linear_sigma1: f64,
    /// Lemma D.3 with its default steps.
    pub lemma: LemmaD3,
    /// c/(γ+k) of these steps.
    pub rate: Rate,
    /// Theorem 5.4's constants.
    pub theorem: Theorem54,
    /// tr Σ, the limit of (γ+k) E‖v_k - v̂‖²; `None` where there is none.
    pub limit: Option<f64>,
    /// Where SID's mean goes (m); `None` where its mean iteration is not stable, or has too many minibatches to enumerate.
    pub sid: Option<Vector>,
    /// The exact moments of v_k with Γ at T(w(λ), λ).
    pub recursion: Recursion,
}

impl Known {
    /// # Errors
    /// Where w(λ) is not certified or Lemma D.3 has no steps.
    pub fn of(i: &StochasticInstance) -> Result<Self> {
        let (map, lambda, y) = (&i.map, &i.lambda[..], &i.cotangent[..]);
        let q = map.q(lambda);
        let solution = solution(map, lambda).ok_or_else(|| {
            Error::input(format!("no ground truth: q = {q} is not below 1")).in_field("problem")
        })?;
        let w = &solution.w[..];
        let star = reference(map, w, lambda, y, 0.0)?;
        let variance = map.variance(w, lambda, i.inner_batch);
        let linear_sigma1 = map.variance(w, lambda, i.batch).sigma1;
        let lemma = LemmaD3 {
            q,
            sigma1: linear_sigma1,
            y_norm: norm2(y),
        };
        let rate = met(lemma.rate(1.0, 1.0))?;
        let theorem = Theorem54::new(map, w, lambda, y, &variance);
        let gamma = map.mean_gamma(w, lambda, 0.0);
        let mut recursion = Recursion::nsid(map, w, lambda, &gamma, y, i.batch)?;
        let limit = lyapunov(&mut recursion, rate.beta).map(|l| l.trace);
        let sid = sid_limit(map, w, lambda, y, 0.0, i.batch, i.inner_batch)
            .ok()
            .filter(|s| s.stable)
            .map(|s| s.r);
        Ok(Self {
            q,
            star,
            variance,
            linear_sigma1,
            lemma,
            rate,
            theorem,
            limit,
            sid,
            recursion,
            solution,
        })
    }
}

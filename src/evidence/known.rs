//! Everything known exactly about an instance at w(λ): what `generate` writes and `explain` shows.

use super::mean_square::MeanSquare;
use super::sampled::met;
use super::whole::Evidence;
use crate::error::Result;
use crate::linalg::Vector;
use crate::maps::composite::Variance;
use crate::theory::{LemmaD3, Rate, Theorem54};
use crate::truth::expectation::{Recursion, Reference, lyapunov};

/// Ground truth of an instance at w(λ); nothing is sampled.
#[derive(Debug)]
pub struct Known {
    /// Certified upper bound of ‖D_{T,1}‖sup.
    pub q: f64,
    /// w(λ), d numbers.
    pub w: Vec<f64>,
    /// Its certified error, in the Euclidean norm.
    pub w_error: f64,
    /// v̂ (d) and r* = D_impᵀy (m), or ∇f, which the latter is at y = ∇₁E(w(λ), λ) with ∇₂E added.
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
    /// Where SID's mean goes (m); `None` where its mean iteration is not stable, or has too many
    /// minibatches to enumerate.
    pub sid: Option<Vector>,
    /// The exact moments of v_k with Γ at T(w(λ), λ).
    pub recursion: Recursion,
}

impl Known {
    /// What is known at w(λ) of an instance that is reached through samples.
    ///
    /// # Errors
    /// Where w(λ) is not certified or Lemma D.3 has no steps.
    pub fn of(e: &Evidence<'_>) -> Result<Self> {
        let s = e.sampled()?;
        let (map, lambda, sizes) = (s.map, s.lambda, s.sizes);
        let (w, w_error) = s.solution()?;
        let star = s.setting().reference(w)?;
        let bounds = MeanSquare::over(&s, &[w.to_vec()])?;
        let variance = map.variance(w, lambda, sizes.inner_batch);
        let lemma = LemmaD3 {
            y_norm: bounds.y_norm(sizes.inner),
            ..s.lemma_d3_at(w)
        };
        let rate = met(lemma.rate(1.0, 1.0))?;
        let theorem = bounds.lower;
        let gamma = map.mean_gamma(w, lambda, 0.0);
        let mut recursion = s.recursion(w, &gamma)?;
        let limit = lyapunov(&mut recursion, rate.beta).map(|l| l.trace);
        // SID gives no hypergradients.
        let sid = match s.objective {
            Some(_) => None,
            None => s.sid_limit_at(w).ok().filter(|s| s.stable).map(|s| s.r),
        };
        Ok(Self {
            q: s.q,
            star,
            variance,
            linear_sigma1: lemma.sigma1,
            lemma,
            rate,
            theorem,
            limit,
            sid,
            recursion,
            w: w.to_vec(),
            w_error,
        })
    }
}

//! Theorems 5.4 and E.6 at a w: what bounds the mean square error of NSID, with a cotangent or with
//! a sampled objective.

use super::sampled::{Sampled, met};
use crate::error::{Error, Result};
use crate::linalg::product::norm2;
use crate::maps::composite::Variance;
use crate::theory::{LemmaD3, Rate, Theorem54, TheoremE6};
use crate::tol::{VARIANCE_ROUNDINGS, gamma};

/// The theorem for one or several w.
#[derive(Clone, Copy, Debug)]
pub struct MeanSquare {
    /// Theorem 5.4.
    pub lower: Theorem54,
    /// Theorem E.6, where an objective is sampled.
    pub outer: Option<TheoremE6>,
    /// Lemma D.3 but for ‖y‖.
    lemma: LemmaD3,
}

impl MeanSquare {
    /// Constants that hold at every one of these w.
    ///
    /// # Errors
    /// When w(λ) is not known, or there is no w.
    pub fn over(s: &Sampled<'_>, points: &[Vec<f64>]) -> Result<Self> {
        if points.is_empty() {
            return Err(Error::input("no w to take constants at"));
        }
        let (star, star_error) = s.solution()?;
        let mut inner = Variance::default();
        let (mut sigma1, mut gradient, mut sigma) = (0.0f64, 0.0f64, [0.0f64; 2]);
        for w in points {
            let v = s.map.variance(w, s.lambda, s.sizes.inner_batch);
            inner.s2 = inner.s2.max(v.s2);
            inner.sigma2 = inner.sigma2.max(v.sigma2);
            sigma1 = sigma1.max(s.map.variance(w, s.lambda, s.sizes.batch).sigma1);
            // One minibatch ζ.
            if let Some(source) = s.setting().source(w, 1.0)? {
                gradient = gradient.max(norm2(source.y.as_slice()));
                let variances = source.variances();
                let rounded = variances.map(|v| v * (1.0 + gamma(VARIANCE_ROUNDINGS)));
                sigma = [sigma[0].max(rounded[0]), sigma[1].max(rounded[1])];
            }
        }
        let lower = Theorem54::new(s.map, star, s.lambda, s.y, &inner);
        met(lower.check())?;
        let outer = s.objective.map(|objective| {
            let moduli = objective.moduli(star, s.lambda, star_error);
            TheoremE6::new(lower, &moduli, gradient, sigma)
        });
        let lemma = LemmaD3 {
            q: s.q,
            sigma1,
            y_norm: norm2(s.y),
        };
        Ok(Self {
            lower,
            outer,
            lemma,
        })
    }

    /// Without any noise: what an error of w alone does.
    #[must_use]
    pub fn noiseless(&self) -> Self {
        let lower = Theorem54 {
            s2: 0.0,
            sigma2: 0.0,
            ..self.lower
        };
        let outer = self.outer.map(|outer| TheoremE6 {
            lower,
            sigma: [0.0; 2],
            ..outer
        });
        Self {
            lower,
            outer,
            ..*self
        }
    }

    /// ‖y‖, or its root mean square over J minibatches ζ.
    pub fn y_norm(&self, j: usize) -> f64 {
        self.outer
            .map_or(self.lower.y_norm, |outer| outer.y_norm(j))
    }

    /// Lemma D.3's steps, which no y changes, and its σ(k) for J minibatches.
    ///
    /// # Errors
    /// When it has none.
    pub fn rate(&self, j: usize) -> Result<Rate> {
        let y_norm = self.y_norm(j);
        met(LemmaD3 {
            y_norm,
            ..self.lemma
        }
        .rate(1.0, 1.0))
    }

    /// The bound of sqrt(E‖·‖²) for ρ ≥ E‖w-w(λ)‖², J minibatches, σ(k) ≥ E‖v_k-v̂‖².
    ///
    /// # Errors
    /// The hypothesis that does not hold.
    pub fn bound(&self, rho: f64, j: usize, sigma_k: f64) -> Result<f64> {
        met(match &self.outer {
            Some(outer) => outer.bound(rho, j, sigma_k),
            None => self.lower.bound(rho, j, sigma_k),
        })
    }
}

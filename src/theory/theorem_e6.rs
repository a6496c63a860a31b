//! Theorem E.6: mean square error of NSID-Bilevel (Algorithm 2), with an explicit constant.
//!
//! Problem: f(λ) = E(w(λ), λ), E the mean of Ê(·, ·, ζ), under Assumptions 5.1, 5.2, E.1, E.4, E.5.
//! Method: y = J⁻¹Σ_j ∇₁Ê(w, λ, ζ_j), r of NSID (Algorithm 1) for this y, g = r + J⁻¹Σ_j ∇₂Ê(w, λ,
//! ζ_j); the ζ_j are independent of everything else.
//! Metric: sqrt(E Δ(g, D_fᵀ)²). Kind: upper bound. With Var ∇_jÊ ≤ σ_{E,j}, Y² = ‖∇₁E(w, λ)‖² +
//! σ_{E,1}/J, B = (b_T + b_G)/(1-q):
//!   \[Theorem 5.4 with ‖y‖ = Y\] + B sqrt(σ_{E,1}/J + C_{E,1}²ρ) + sqrt(σ_{E,2}/J + C_{E,2}²ρ),
//! because r is a selection applied to y, whose second moment is Y² and which is unbiased for
//! ∇₁E(w, λ). For a random w, Y² is the supremum over the w in use; E‖y‖² would be false.
//! Reference: Grazzi, Pontil, Salzo (ICML 2024), Theorem E.6, constants restored by Minkowski's
//! inequality in L².

use super::hypothesis::Hypothesis;
use super::lemma_d2::Unmet;
use super::section_5::Section5;
use super::theorem::{Row, Table, Theorem};
use super::theorem_5_4::Theorem54;
use crate::objectives::GradientModuli;

/// The data of Theorem E.6 that do not depend on how long anything runs; all upper bounds, in
/// Euclidean norms.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct TheoremE6 {
    /// Theorem 5.4's constants; its ‖y‖ is not looked at.
    pub lower: Theorem54,
    /// ‖∇₁E(w, λ)‖ over the w in use.
    pub gradient: f64,
    /// σ_{E,1}, σ_{E,2}: E‖∇_jÊ - ∇_jE‖² of one minibatch ζ, over the w in use.
    pub sigma: [f64; 2],
    /// C_{E,1}, C_{E,2} at w(λ): L_{E,j} + M_{E,j}/R_E of Lemma E.2.
    pub c: [f64; 2],
}

impl TheoremE6 {
    /// Theorem 5.4's constants with the moduli of ∇E at w(λ), a bound of ‖∇₁E(w, λ)‖ and the
    /// variances of its two gradients.
    pub fn new(lower: Theorem54, outer: &GradientModuli, gradient: f64, sigma: [f64; 2]) -> Self {
        Self {
            lower,
            gradient,
            sigma,
            c: [1, 2].map(|j| outer.c(j, f64::INFINITY)),
        }
    }

    /// Y = sqrt(‖∇₁E‖² + σ_{E,1}/J), what Lemma D.3 is to be asked for.
    pub fn y_norm(&self, j: usize) -> f64 {
        (self.gradient * self.gradient + self.sigma[0] / j as f64).sqrt()
    }

    /// The bound of sqrt(E Δ(g, D_fᵀ)²) for ρ ≥ E‖w-w(λ)‖² (`rho`), J minibatches (`j`), σ(k) ≥
    /// E‖v_k-v̂‖² for ‖y‖ = Y (`sigma_k`): Theorem 5.4's for ‖y‖ = Y, and B sqrt(σ_{E,1}/J +
    /// C_{E,1}²ρ) + sqrt(σ_{E,2}/J + C_{E,2}²ρ) with B = (b_T + b_G)/(1-q).
    ///
    /// # Errors
    /// The first hypothesis that fails: a constant of the objective that is not finite and
    /// nonnegative, or those of [`Theorem54::bound`].
    pub fn bound(&self, rho: f64, j: usize, sigma_k: f64) -> Result<f64, Unmet> {
        self.check_objective()?;
        let lower = Theorem54 {
            y_norm: self.y_norm(j),
            ..self.lower
        };
        let first = lower.bound(rho, j, sigma_k)?;
        Ok(first + self.outer(rho, j as f64))
    }

    /// The hypotheses on the objective alone.
    pub(super) fn check_objective(&self) -> Result<(), Unmet> {
        for (name, v) in [
            ("‖∇₁E‖ is finite", self.gradient),
            ("σ_{E,1} is finite", self.sigma[0]),
            ("σ_{E,2} is finite", self.sigma[1]),
            ("C_{E,1} is finite (R_E > 0)", self.c[0]),
            ("C_{E,2} is finite (R_E > 0)", self.c[1]),
        ] {
            if !(v >= 0.0 && v.is_finite()) {
                return Err(Unmet::new(name, v));
            }
        }
        Ok(())
    }

    /// B sqrt(σ_{E,1}/J + C_{E,1}²ρ) + sqrt(σ_{E,2}/J + C_{E,2}²ρ).
    pub(super) fn outer(&self, rho: f64, j: f64) -> f64 {
        let [first, second] =
            [0, 1].map(|i| (self.sigma[i] / j + self.c[i] * self.c[i] * rho).sqrt());
        (self.lower.bt + self.lower.bg) / (1.0 - self.lower.q) * first + second
    }
}

/// The theorem beside those of Section 5.
#[derive(Clone, Debug)]
pub struct BilevelSection {
    /// Section 5 for ‖y‖ = Y.
    pub lower: Section5,
    /// The theorem.
    pub theorem: TheoremE6,
    /// (k, E‖g - ∇f‖²), exact; NaN where w̄ has too many outcomes.
    pub moments: Vec<(usize, f64)>,
}

impl Theorem for BilevelSection {
    fn name(&self) -> &'static str {
        "Theorem E.6"
    }

    fn statement(&self) -> &'static str {
        "g = r + J⁻¹Σ∇₂Ê(w, ζ_j), r of NSID for y = J⁻¹Σ∇₁Ê(w, ζ_j): sqrt(E Δ(g, D_f)²) ≤ [Theorem 5.4 with ‖y‖² = ‖∇₁E(w)‖² + σ_E1/J] \
         + (b_T2 + b_G2)/(1-q)·sqrt(σ_E1/J + C_E1²ρ) + sqrt(σ_E2/J + C_E2²ρ)"
    }

    fn hypotheses(&self) -> &'static [Hypothesis] {
        &[Hypothesis::PiecewiseSmooth, Hypothesis::Contraction]
    }

    fn constants(&self) -> Vec<Row> {
        let t = &self.theorem;
        let mut rows = self.lower.constants();
        rows.extend([
            Row::number("‖∇₁E‖", t.gradient, "at (w(λ), λ)"),
            Row::pair(
                "σ_E1, σ_E2",
                t.sigma,
                "E‖∇_jÊ - ∇_jE‖² of a minibatch ζ at w(λ)",
            ),
            Row::pair("C_E1, C_E2", t.c, "moduli of ∇E at w(λ)"),
            Row::number("Y", t.y_norm(self.lower.inner), "sqrt(‖∇₁E‖² + σ_E1/J)"),
        ]);
        rows
    }

    fn table(&self) -> Table {
        let j = self.lower.inner;
        let row = |(k, mse): &(usize, f64)| {
            let bound = self.theorem.bound(0.0, j, self.lower.rate.at(*k));
            (*k, vec![mse.sqrt(), bound.unwrap_or(f64::NAN)])
        };
        Table {
            title: format!("At w = w(λ) with J = {j} minibatches; the error is exact"),
            columns: vec!["k", "sqrt(E‖g - ∇f‖²)", "Theorem E.6"],
            rows: self.moments.iter().map(row).collect(),
        }
    }
}

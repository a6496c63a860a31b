//! Theorem E.3: linear rates of BITD and BAID-FP, bilevel ITD and AID-FP.
//!
//! Problem: f(λ) = E(w(λ), λ), w(λ) = Φ(w(λ), λ) under Assumption 3.1, E under Assumption E.1 (its
//! gradients are continuous selections of Lipschitz maps, or selections of them as for Φ).
//! Method: g_t = D_tᵀ∇₁E(w_t, λ) + ∇₂E(w_t, λ) with the D_t of ITD (13) or AID-FP (14).
//! Metric: Δ(g_t, D_fᵀ), D_f = {Xᵀ∇₁E(w(λ), λ) + ∇₂E(w(λ), λ) : X ∈ D_fix}; ‖g_t - ∇f‖ where D_fix
//! is one matrix. Kind: upper bound. Reference: Grazzi, Pontil, Salzo (ICML 2024), Theorem E.3 with
//! its proof, constants explicit.
//!
//! From g_t - g = (D_t - X)ᵀ∇₁E(w_t) + Xᵀ(∇₁E(w_t) - ∇₁E(w(λ))) + ∇₂E(w_t) - ∇₂E(w(λ)):
//!   Δ(g_t, ·) ≤ ‖∇₁E(w_t)‖ Δ_t + (B C_{E,1}(e_t) + C_{E,2}(e_t)) e_t,
//! Δ_t ≥ Δ(D_t, D_fix) from Theorem 4.1 at the same level, C_{E,j} of Lemma E.2. PAPER puts qᵗe_0
//! for e_t and ‖∇₁E(w(λ))‖ + C_{E,1}(qᵗe_0) qᵗe_0 for ‖∇₁E(w_t)‖, TRAJECTORY what is measured,
//! SHARP ‖D_fix‖sup for B and the refined moduli besides.

use super::hypothesis::Hypothesis;
use super::theorem::{Row, Table, Theorem};
use super::theorem_4_1::{Level, OnRun, Theorem41};
use crate::objectives::GradientModuli;

/// Theorem E.3 on one instance: a bound of Δ(g_t, D_fᵀ) (Euclidean) for the hypergradients g_t of
/// BITD and BAID-FP.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct TheoremE3<'t> {
    /// Theorem 4.1 on it.
    pub lower: &'t Theorem41,
    /// Lemma E.2's constants at w(λ).
    pub outer: &'t GradientModuli,
    /// An upper bound of ‖∇₁E(w(λ), λ)‖ (Euclidean).
    pub gradient: f64,
}

impl TheoremE3<'_> {
    /// The bound ‖∇₁E(w_t)‖ Δ_t + (B C_{E,1}(e_t) + C_{E,2}(e_t)) e_t at t and a level, from
    /// Theorem 4.1's Δ_t = `delta` at the same level, with (‖∇₁E(w_t)‖, e_t) = `(seed, e)` as they
    /// are on the run (PAPER looks at neither).
    pub fn bound(&self, level: Level, delta: f64, t: usize, (seed, e): (f64, f64)) -> f64 {
        let linear = |e: f64| [1, 2].map(|j| of(self.outer.c(j, e), e));
        let (seed, b, [first, second]) = match level {
            Level::Paper => {
                let moved = linear(self.lower.distance(t));
                (self.gradient + moved[0], self.lower.b, moved)
            }
            Level::Trajectory => (seed, self.lower.b, linear(e)),
            Level::Sharp => {
                let moved = [1, 2].map(|j| self.outer.omega(j, e));
                (seed, self.lower.d_fix_sup, moved)
            }
        };
        seed * delta + b * first + second
    }
}

/// C·e, 0 at e = 0 however large C.
fn of(c: f64, e: f64) -> f64 {
    if e == 0.0 { 0.0 } else { c * e }
}

/// The theorem beside the iterates of one run.
#[derive(Clone, Debug)]
pub struct BilevelRun {
    /// Theorem 4.1 on the run.
    pub lower: OnRun,
    /// Lemma E.2's constants at w(λ).
    pub outer: GradientModuli,
    /// An upper bound of ‖∇₁E(w(λ), λ)‖ (Euclidean).
    pub gradient: f64,
    /// A few t, with the bound at every level and e_t there.
    pub bounds: Vec<(usize, Vec<f64>)>,
}

impl Theorem for BilevelRun {
    fn name(&self) -> &'static str {
        "Theorem E.3"
    }

    fn statement(&self) -> &'static str {
        "g_t = D_tᵀ∇₁E(w_t) + ∇₂E(w_t): Δ(g_t, D_f) ≤ ‖∇₁E(w_t)‖ Δ(D_t, D_fix) + (B C_E1(e_t) + C_E2(e_t)) e_t, \
         Δ(D_t, D_fix) as in Theorem 4.1, C_Ej(e) = L_Ej + (M_Ej/R_E)·1{e ≥ R_E} (Lemma E.2)"
    }

    fn hypotheses(&self) -> &'static [Hypothesis] {
        &[Hypothesis::PiecewiseSmooth, Hypothesis::Contraction]
    }

    fn constants(&self) -> Vec<Row> {
        let mut rows = self.lower.constants();
        let o = &self.outer;
        rows.extend([
            Row::number("‖∇₁E‖", self.gradient, "at (w(λ), λ)"),
            Row::pair(
                "L_E1, L_E2",
                o.l,
                "Lipschitz constants of ∇E in w, on its pieces",
            ),
            Row::pair(
                "M_E1, M_E2",
                o.m,
                "upper bounds of the largest jump to another piece",
            ),
            Row::number(
                "R_E",
                o.r,
                "distance of w(λ) to the nearest other piece of E",
            ),
        ]);
        rows
    }

    fn table(&self) -> Table {
        Table {
            title: "Bound of Theorem E.3 for ‖g_t - ∇f‖".into(),
            columns: vec!["t", "paper", "trajectory", "sharp", "e_t"],
            rows: self.bounds.clone(),
        }
    }
}

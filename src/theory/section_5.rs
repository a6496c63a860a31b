//! Section 5 on one instance: Lemma D.3 for the linear system, Theorem 5.4 for the whole estimate.
//!
//! Problem: r of NSID at w(λ) with J inner minibatches, k updates with the steps of Lemma D.3.
//! Metric: E‖v_k - v̂‖² and sqrt(E Δ(r, D_impᵀy)²). Kind: upper bounds. Reference: Grazzi, Pontil,
//! Salzo (ICML 2024), Lemma D.3 and Theorem 5.4, constants explicit.

use super::hypothesis::Hypothesis;
use super::lemma_d2::Rate;
use super::lemma_d3::LemmaD3;
use super::theorem::{Row, Table, Theorem};
use super::theorem_5_4::Theorem54;

/// The bounds of Section 5 beside exact moments.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Section5 {
    /// Lemma D.3's data.
    pub lemma: LemmaD3,
    /// Its default steps.
    pub rate: Rate,
    /// Theorem 5.4's constants.
    pub theorem: Theorem54,
    /// J, the number of inner minibatches.
    pub inner: usize,
    /// (k, E‖v_k - v̂‖²), exact.
    pub moments: Vec<(usize, f64)>,
}

impl Theorem for Section5 {
    fn name(&self) -> &'static str {
        "Theorem 5.4"
    }

    fn statement(&self) -> &'static str {
        "Lemma D.3: E‖v_k - v̂‖² ≤ σ(k) = c/(γ+k) with η_i = β/(γ+i); Theorem 5.4: sqrt(E Δ(r, D_impᵀy)²) ≤ V sqrt(σ₂'/J) \
         + (b_T2 + C_T2 √ρ + b_G2 + C_G2 U) sqrt(σ(k)) + (b_T2 + b_G2)‖y‖/(1-q)² [C_T1 √ρ + q C_G1 U] \
         + ‖y‖/(1-q) [C_T2 √ρ + b_T2 C_G1 U + C_G2 U], U = sqrt(s²/J + q²ρ), V = ‖y‖/(1-q) + sqrt(σ(k))"
    }

    fn hypotheses(&self) -> &'static [Hypothesis] {
        &[Hypothesis::PiecewiseSmooth, Hypothesis::Contraction]
    }

    fn constants(&self) -> Vec<Row> {
        let (process, t) = (self.lemma.process(), &self.theorem);
        vec![
            Row::number("q", t.q, "certified upper bound of ‖D_T,1‖sup"),
            Row::number("κ", 1.0 / (1.0 - t.q), "1/(1-q)"),
            Row::number("s²", t.s2, "E‖T̂ - T‖² of an inner minibatch at w(λ)"),
            Row::number(
                "σ₁'",
                self.lemma.sigma1,
                "λ_max(E[ΔΔᵀ]), Δ = ∂₁T̂ - ∂₁T of a minibatch",
            ),
            Row::number("σ₂'", t.sigma2, "E‖∂₂T̂ - ∂₂T‖² of an inner minibatch"),
            Row::number("σ̂₁", process.sigma1_hat, "2σ₁'‖y‖²/(1-q)²"),
            Row::number("σ̂₂", process.sigma2_hat, "2σ₁'/(1-q)²"),
            Row::number("β", self.rate.beta, "2/(1-q²)"),
            Row::number("γ", self.rate.gamma, "β(1+σ̂₂)"),
            Row::number("c", self.rate.c, "Lemma D.3: E‖v_k - v̂‖² ≤ c/(γ+k)"),
            Row::pair("C_T1, C_T2", [t.ct1, t.ct2], "moduli of T at w(λ)"),
            Row::pair("C_G1, C_G2", [t.cg1, t.cg2], "moduli of G at T(w(λ))"),
            Row::pair("b_T2, b_G2", [t.bt, t.bg], "‖D_T,2‖sup, ‖D_G,2‖sup there"),
        ]
    }

    fn table(&self) -> Table {
        let row = |(k, error): &(usize, f64)| {
            let sigma = self.rate.at(*k);
            let theorem = self.theorem.bound(0.0, self.inner, sigma);
            let numbers = vec![
                self.rate.step(*k),
                *error,
                sigma,
                (self.rate.gamma + *k as f64) * error,
                theorem.unwrap_or(f64::NAN),
            ];
            (*k, numbers)
        };
        Table {
            title: format!(
                "At w = w(λ) with J = {} inner minibatches; E‖v_k - v̂‖² is exact, the others bound it or what follows from it",
                self.inner
            ),
            columns: vec![
                "k",
                "η_k",
                "E‖v_k - v̂‖²",
                "Lemma D.3",
                "(γ+k)·E‖·‖²",
                "Theorem 5.4",
            ],
            rows: self.moments.iter().map(row).collect(),
        }
    }
}

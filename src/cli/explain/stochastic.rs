//! The constants of Section 5 on one instance, and its bounds beside exact expectations at a few k.

use super::{float, row};
use crate::claims::Claim;
use crate::claims::stochastic::{Known, broken};
use crate::error::Result;
use crate::instances::StochasticInstance;

/// Numbers of updates at which bounds are shown.
const UPDATES: [usize; 7] = [0, 1, 10, 100, 1000, 10_000, 100_000];

pub(super) fn explain(claim: &Claim, i: &StochasticInstance) -> Result<String> {
    let mut lines = vec!["\nHypotheses".to_string()];
    for h in &claim.hypotheses {
        let state = broken(*h, i).map_or("holds".into(), |why| format!("NO: {why}"));
        lines.push(format!("  {:18} {} [{state}]", h.name(), h.statement()));
    }
    let mut known = Known::of(i)?;
    lines.extend(constants(i, &known));
    let rate = known.rate;
    lines.push(format!(
        "\nAt w = w(λ) with J = {} inner minibatches; the second column is exact, the others bound it or what follows from it",
        i.inner
    ));
    lines.push(format!(
        "  {:>6} {:>12} {:>14} {:>14} {:>14} {:>16}",
        "k", "η_k", "E‖v_k - v̂‖²", "Lemma D.3", "(γ+k)·E‖·‖²", "Theorem 5.4"
    ));
    let mut at = known.recursion.start();
    for k in UPDATES {
        while at.i < k {
            let eta = rate.step(at.i);
            known.recursion.step(&mut at, eta);
        }
        let error = at.mse();
        let theorem = known.theorem.bound(0.0, i.inner, rate.at(k));
        lines.push(format!(
            "  {k:>6} {:>12.4e} {error:>14.4e} {:>14.4e} {:>14.4e} {:>16}",
            rate.step(k),
            rate.at(k),
            (rate.gamma + k as f64) * error,
            theorem.map_or_else(|why| why.to_string(), |b| format!("{b:.4e}"))
        ));
    }
    Ok(lines.join("\n") + "\n")
}

fn constants(i: &StochasticInstance, known: &Known) -> Vec<String> {
    let (process, t) = (known.lemma.process(), &known.theorem);
    let limit = known.limit.map_or("none".into(), float);
    let bias = known
        .sid
        .as_ref()
        .map_or("none".into(), |r| float((r - &known.star.r).norm_squared()));
    let pair = |a: f64, b: f64| format!("{a:.3e} {b:.3e}");
    vec![
        format!(
            "\nConstants on {} (d = {}, m = {}, {} samples, |b| = {}, seed {})",
            i.spec.kind.name(),
            i.map.dim(),
            i.map.params(),
            i.map.inner().population(),
            i.batch,
            i.seed
        ),
        row(
            "q",
            format!("{:.9}", known.q),
            "certified upper bound of ‖D_T,1‖sup",
        ),
        row("κ", float(1.0 / (1.0 - known.q)), "1/(1-q)"),
        row(
            "s²",
            float(known.variance.s2),
            "E‖T̂ - T‖² of an inner minibatch at w(λ)",
        ),
        row(
            "σ₁'",
            float(known.linear_sigma1),
            "λ_max(E[ΔΔᵀ]), Δ = ∂₁T̂ - ∂₁T of a minibatch",
        ),
        row(
            "σ₂'",
            float(known.variance.sigma2),
            "E‖∂₂T̂ - ∂₂T‖² of an inner minibatch",
        ),
        row("σ̂₁", float(process.sigma1_hat), "2σ₁'‖y‖²/(1-q)²"),
        row("σ̂₂", float(process.sigma2_hat), "2σ₁'/(1-q)²"),
        row("β", float(known.rate.beta), "2/(1-q²)"),
        row("γ", float(known.rate.gamma), "β(1+σ̂₂)"),
        row("c", float(known.rate.c), "Lemma D.3: E‖v_k - v̂‖² ≤ c/(γ+k)"),
        row("tr Σ", limit, "limit of (γ+k) E‖v_k - v̂‖², exact"),
        row("C_T1, C_T2", pair(t.ct1, t.ct2), "moduli of T at w(λ)"),
        row("C_G1, C_G2", pair(t.cg1, t.cg2), "moduli of G at T(w(λ))"),
        row(
            "b_T2, b_G2",
            pair(t.bt, t.bg),
            "‖D_T,2‖sup, ‖D_G,2‖sup there",
        ),
        row("f*", float(known.solution.error), "certified error of w(λ)"),
        row("bias", bias, "SID's squared bias ‖r_SID - r*‖², exact"),
    ]
}

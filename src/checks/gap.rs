//! Corollaries of Theorem 4.1 about its two bounds: the gap that opens as R → 0, and the rates against κ.
//!
//! With k = t and t ≥ τ AID-FP's bound has lost M/R while ITD's keeps min(t,τ)M/R: ITD/AID-FP ≥
//! q^{t-1}e_0 τ (BM_1+M_2)/R over AID-FP's bound, which does not depend on R. Both halves are checked: AID-FP's bound beyond τ is the
//! same for every R, that without other pieces included; and τ, which `kept` uses, is the least t with qᵗe_0 < R by its definition.

use super::{Check, Exact, Finding};
use crate::claims::verdict::{Plot, Points};
use crate::maps::Moduli;
use crate::theory::Theorem41;
use crate::tol::bound_room;

/// Halvings of R looked at.
const HALVINGS: i32 = 20;

/// The theorem on the same instance with the margin R·2⁻ʲ.
fn shrunk(exact: &Exact, j: i32) -> Theorem41 {
    let th = &exact.theorem;
    let moduli = Moduli {
        r: th.moduli.r * 2f64.powi(-j),
        ..th.moduli.clone()
    };
    Theorem41::new(th.q, &moduli, th.e0, None)
}

pub(super) fn judge(check: &Check, exact: &Exact) -> Finding {
    let th = &exact.theorem;
    let jump = th.b * th.moduli.m[0] + th.moduli.m[1];
    if th.moduli.r.is_infinite() || jump == 0.0 || th.e0 == 0.0 {
        return Finding::inconclusive("no other piece in reach: R = ∞ or M = 0");
    }
    // One t beyond every τ considered, so that only R changes.
    let t = shrunk(exact, HALVINGS).tau + 1;
    let power = th.q.powi(t as i32 - 1);
    if !(power * th.e0 * jump > f64::MIN_POSITIVE * 1e20) {
        return Finding::inconclusive(format!(
            "qᵗ underflows at the t = {t} beyond which only R matters"
        ));
    }
    let mut worst = (f64::INFINITY, f64::NAN, f64::NAN, 0);
    let mut last = 0.0;
    let (mut grows, mut loses, mut first) = (true, true, true);
    let alone = Theorem41::new(
        th.q,
        &Moduli {
            r: f64::INFINITY,
            ..th.moduli.clone()
        },
        th.e0,
        None,
    )
    .paper_aid(t, t);
    for j in 0..=HALVINGS {
        let now = shrunk(exact, j);
        let (itd, aid) = (now.paper_itd(t), now.paper_aid(t, t));
        loses &= (aid / alone - 1.0).abs() <= bound_room(t) - 1.0;
        first &= is_first(&now);
        // min(t,τ)(BM_1+M_2)/R q^{t-1} e_0 of ITD, nothing of it in AID-FP.
        let kept = power * th.e0 * now.tau.min(t) as f64 * jump / now.moduli.r;
        let predicted = kept / aid;
        let gap = itd / aid;
        grows &= gap * bound_room(t) >= last;
        last = gap;
        if predicted > 0.0 && gap / predicted < worst.0 {
            worst = (gap / predicted, gap, predicted, j);
        }
    }
    let (ratio, gap, predicted, j) = worst;
    if ratio.is_infinite() {
        return Finding::inconclusive("τ = 0 for every margin considered");
    }
    let holds = grows
        && loses
        && first
        && ratio * bound_room(t) >= 1.0 / check.slack.max(f64::MIN_POSITIVE);
    let detail = format!(
        "ITD/AID-FP at t = {t} grows to {last:.3e} while R falls by 2^{HALVINGS}; closest to min(t,τ)M/R at R·2^-{j}: {gap:.3e} against {predicted:.3e}; AID-FP's bound beyond τ independent of R: {loses}; τ the first step with qᵗe_0 < R: {first}"
    );
    Finding {
        plot: Some(picture(exact, jump)),
        ..Finding::decided(holds, gap, predicted, ratio, detail)
    }
}

/// The bounds with margins from 1e-1 to 1e-9 in place of the instance's, at one t beyond every τ.
fn picture(exact: &Exact, jump: f64) -> Plot {
    let th = &exact.theorem;
    let margins: Vec<f64> = (2..=18)
        .map(|h| libm::pow(10.0, -f64::from(h) / 2.0))
        .collect();
    let at = |r: f64| {
        let moduli = Moduli {
            r,
            ..th.moduli.clone()
        };
        Theorem41::new(th.q, &moduli, th.e0, None)
    };
    let t = at(margins[margins.len() - 1]).tau + 1;
    let curve = |name: &str, value: &dyn Fn(&Theorem41) -> f64| {
        Points::new(name, margins.iter().map(|r| (*r, value(&at(*r)))))
    };
    let aid = |now: &Theorem41| now.paper_aid(t, t);
    let kept = |now: &Theorem41| {
        th.q.powi(t as i32 - 1) * th.e0 * now.tau.min(t) as f64 * jump / now.moduli.r
    };
    Plot::new(
        "margin",
        format!("q = {:.2}, t = {t}", th.q),
        vec![
            curve("ITD's bound / AID-FP's", &|now| now.paper_itd(t) / aid(now)),
            curve("the part of min(t,τ)(BM₁+M₂)/R", &|now| {
                kept(now) / aid(now)
            }),
            curve("(BM₁+M₂)/R", &|now| jump / now.moduli.r),
        ],
    )
}

/// τ is the least t with qᵗe_0 < R, by powers instead of the loop; within rounding of equality either neighbour is right.
fn is_first(th: &Theorem41) -> bool {
    let at = |t: usize| th.q.powi(t as i32) * th.e0;
    let room = bound_room(2 * th.tau);
    let below = at(th.tau) < th.moduli.r * room;
    let above = th.tau == 0 || at(th.tau - 1) * room >= th.moduli.r;
    below && above
}

/// Both bounds against κ: AID-FP ≤ (B + κC(0⁺)e_0)·e^{-t/κ}, and ITD ≤ (B + t·C'e_0/q)·e^{-t/κ}, since qᵗ = (1-1/κ)ᵗ ≤ e^{-t/κ};
/// and neither decays faster than qᵗ: log(bound)/t → log q.
pub(super) fn rates(check: &Check, exact: &Exact) -> Finding {
    let th = &exact.theorem;
    let kappa = 1.0 / (1.0 - th.q);
    let (smooth, jump) = (th.smooth_part(), th.jump_part());
    let mut worst = (f64::NEG_INFINITY, f64::NAN, f64::NAN, 0, "");
    for t in 1..=check.steps {
        let decay = (-(t as f64) / kappa).exp();
        let aid = (th.b + kappa * (smooth + jump) * th.e0) * decay;
        let itd = (th.b + t as f64 * (smooth + jump) * th.e0 / th.q) * decay;
        for (bound, value, name) in [
            (aid, th.paper_aid(t, t), "AID-FP"),
            (itd, th.paper_itd(t), "ITD"),
        ] {
            let ratio = if value == 0.0 { 0.0 } else { value / bound };
            if !(ratio <= worst.0) {
                worst = (ratio, value, bound, t, name);
            }
        }
    }
    let (ratio, value, bound, t, name) = worst;
    // Two-sided: the logarithmic slope over the last half is log q, up to log(t) for ITD's factor t.
    let (half, end) = (check.steps / 2, check.steps);
    let slope = |f: &dyn Fn(usize) -> f64| (f(end) / f(half)).ln() / (end - half) as f64;
    let log_q = th.q.ln();
    let factor_t = (end as f64 / half.max(1) as f64).ln() / (end - half) as f64;
    let jump_room = if th.tau > half {
        jump_slack(th, half, end)
    } else {
        0.0
    };
    let zero = th.paper_aid(end, end) == 0.0 || th.paper_aid(half, half) == 0.0;
    let slopes = if zero {
        [log_q, log_q]
    } else {
        [slope(&|t| th.paper_aid(t, t)), slope(&|t| th.paper_itd(t))]
    };
    let room = 1e3 * f64::EPSILON;
    // AID-FP's geometric sum (1-q^k)/(1-q) still grows a little.
    let sum = |t: usize| 1.0 - th.q.powi(t as i32);
    let growth = (sum(end) / sum(half)).ln() / (end - half) as f64;
    let lower = slopes[0] <= log_q + growth + room && slopes[1] <= log_q + factor_t + room;
    let upper = slopes[0] >= log_q - jump_room - room && slopes[1] >= log_q - room;
    let holds = ratio <= check.slack * bound_room(2 * t) && lower && upper;
    let detail = format!(
        "closest to its κ form: {name} at t = {t}, {value:e} against {bound:e}; log-slopes {:.6} (AID-FP) and {:.6} (ITD) against log q = {log_q:.6}",
        slopes[0], slopes[1]
    );
    Finding::decided(holds, value, bound, bound / value, detail)
}

/// How far AID-FP's bound may fall between two steps because it loses M/R at τ, per step.
fn jump_slack(th: &Theorem41, half: usize, end: usize) -> f64 {
    let with = th.paper_aid(half, half);
    let without = th.q.powi(half as i32) * th.b;
    (with / without).ln().abs() / (end - half) as f64
}

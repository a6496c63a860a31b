//! A corollary of Theorem 4.1 about its two bounds: their rates against κ.
//!
//! AID-FP ≤ (B + κC(0⁺)e_0)·e^{-t/κ}, and ITD ≤ (B + t·C'e_0/q)·e^{-t/κ}, since qᵗ = (1-1/κ)ᵗ ≤
//! e^{-t/κ}; and neither decays faster than qᵗ: log(bound)/t → log q.

use super::check::{Check, Context, Needs};
use super::entry::{Entry, For};
use super::finding::{Finding, Reason, Unit, is_worse, part};
use crate::error::Result;
use crate::evidence::Run;
use crate::theory::Theorem41;
use crate::tol::{CLEAR_OF_UNDERFLOW, SLOPE_ROOM, bound_room};

pub(super) const ENTRY: Entry = Entry {
    name: "kappa",
    about: "both a priori bounds against κ, two-sidedly",
    fits: For::Deterministic,
    parse: |_| Ok(Box::new(Kappa)),
};

/// Both PAPER bounds against κ, two-sidedly.
#[derive(Debug)]
struct Kappa;

impl Check for Kappa {
    fn label(&self) -> &'static str {
        "kappa"
    }

    fn catches(&self, _: f64) -> String {
        "A wrong power of q, or a factor t where there is none.".into()
    }

    fn needs(&self) -> Needs {
        Needs::Nothing
    }

    fn judge(&self, c: Context<'_>, _: &[&Run]) -> Result<Finding> {
        let th = c.e.exact()?.theorem();
        let kappa = 1.0 / (1.0 - th.q);
        let (smooth, jump) = (th.smooth_part(), th.jump_part());
        let mut worst = (f64::NEG_INFINITY, f64::NAN, f64::NAN, 0, "");
        for t in 1..=c.steps {
            let decay = (-(t as f64) / kappa).exp();
            let aid = (th.b + kappa * (smooth + jump) * th.e0) * decay;
            let itd = (th.b + t as f64 * (smooth + jump) * th.e0 / th.q) * decay;
            for (bound, value, name) in [
                (aid, th.paper_aid(t, t), "AID-FP"),
                (itd, th.paper_itd(t), "ITD"),
            ] {
                let ratio = part(value, bound);
                if is_worse(ratio, worst.0) {
                    worst = (ratio, value, bound, t, name);
                }
            }
        }
        let (ratio, value, bound, t, name) = worst;
        // Two-sided: the logarithmic slope over the last half is log q, up to log(t) for ITD's
        // factor t.
        let (half, end) = (c.steps / 2, c.steps);
        if half == 0 {
            let text = "a slope takes two steps";
            return Ok(Finding::undecided(Reason::TooFewPoints, text));
        }
        let slope = |f: &dyn Fn(usize) -> f64| (f(end) / f(half)).ln() / (end - half) as f64;
        let log_q = th.q.ln();
        let factor_t = (end as f64 / half.max(1) as f64).ln() / (end - half) as f64;
        let jump_room = if th.tau > half {
            jump_slack(th, half, end)
        } else {
            0.0
        };
        let ends = [half, end].map(|t| th.paper_aid(t, t).min(th.paper_itd(t)));
        let zero = ends.into_iter().any(|bound| bound < CLEAR_OF_UNDERFLOW);
        let slopes = if zero {
            [log_q, log_q]
        } else {
            [slope(&|t| th.paper_aid(t, t)), slope(&|t| th.paper_itd(t))]
        };
        let room = SLOPE_ROOM;
        // AID-FP's geometric sum (1-q^k)/(1-q) still grows a little.
        let sum = |t: usize| 1.0 - th.q.powi(t as i32);
        let growth = (sum(end) / sum(half)).ln() / (end - half) as f64;
        let lower = slopes[0] <= log_q + growth + room && slopes[1] <= log_q + factor_t + room;
        let upper = slopes[0] >= log_q - jump_room - room && slopes[1] >= log_q - room;
        let by_ratio = ratio <= c.slack * bound_room(2 * t);
        let holds = by_ratio && lower && upper;
        let detail = format!(
            "closest to its κ form: {name} at t = {t}, {value:.3e} against {bound:.3e}; log-slopes {:.6} (AID-FP) and {:.6} (ITD) against log q = {log_q:.6}",
            slopes[0], slopes[1]
        );
        if by_ratio && !holds {
            let least = [log_q - jump_room, log_q];
            let most = [log_q + growth, log_q + factor_t];
            let off = |j: usize| (slopes[j] - most[j]).max(least[j] - slopes[j]);
            let j = usize::from(!(off(0) >= off(1)));
            let detail = format!(
                "the log-slope of the {} bound is {:.6}, not in [{:.6}, {:.6}]; {detail}",
                ["AID-FP", "ITD"][j],
                slopes[j],
                least[j],
                most[j]
            );
            let finding = Finding::below(false, Unit::Tolerance, off(j), room, detail);
            return Ok(finding.at_step(end));
        }
        Ok(Finding::below(holds, Unit::Bound, value, bound, detail).at_step(t))
    }
}

/// How far AID-FP's bound may fall between two steps because it loses M/R at τ, per step.
fn jump_slack(th: &Theorem41, half: usize, end: usize) -> f64 {
    let with = th.paper_aid(half, half);
    let without = th.q.powi(half as i32) * th.b;
    (with / without).ln().abs() / (end - half) as f64
}

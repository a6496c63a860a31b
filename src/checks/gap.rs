//! A corollary of Theorem 4.1 about its two bounds: the gap that opens as R → 0.
//!
//! With k = t and t ≥ τ AID-FP's bound has lost M/R while ITD's keeps min(t,τ)M/R: ITD/AID-FP ≥
//! q^{t-1}e_0 τ (BM_1+M_2)/R over AID-FP's bound, which does not depend on R. Both halves are
//! checked: AID-FP's bound beyond τ is the same for every R, that without other pieces included;
//! and τ, which `kept` uses, is the least t with qᵗe_0 < R by its definition.

use super::check::{Check, Context, Needs};
use super::data::{Data, Plot, Points};
use super::entry::{Entry, For};
use super::finding::{Finding, Reason, Unit};
use crate::error::Result;
use crate::evidence::{Exact, Run};
use crate::maps::Moduli;
use crate::theory::Theorem41;
use crate::tol::{CLEAR_OF_UNDERFLOW, bound_room};

pub(super) const ENTRY: Entry = Entry {
    name: "gap",
    about: "ITD's a priori bound over AID-FP's grows like min(t,τ)M/R as R → 0",
    fits: For::Deterministic,
    parse: |_| Ok(Box::new(Gap)),
};

/// ITD's PAPER bound over AID-FP's grows at least like min(t,τ)M/R as R → 0.
#[derive(Debug)]
struct Gap;

/// Halvings of R looked at.
const HALVINGS: i32 = 20;

/// The theorem on the same instance with the margin R·2⁻ʲ.
fn shrunk(exact: &Exact, j: i32) -> Theorem41 {
    let th = exact.theorem();
    let moduli = Moduli {
        r: th.moduli.r * 2f64.powi(-j),
        ..th.moduli.clone()
    };
    Theorem41::new(th.q, &moduli, th.e0, None)
}

impl Check for Gap {
    fn label(&self) -> &'static str {
        "gap"
    }

    fn redraws(&self) -> bool {
        true
    }

    fn catches(&self, _: f64) -> String {
        "A bound whose dependence on R is not M/R, or a τ that is off.".into()
    }

    fn needs(&self) -> Needs {
        Needs::Nothing
    }

    fn judge(&self, c: Context<'_>, _: &[&Run]) -> Result<Finding> {
        let exact = c.e.exact()?;
        let th = exact.theorem();
        let jump = th.b * th.moduli.m[0] + th.moduli.m[1];
        if th.moduli.r.is_infinite() || jump == 0.0 || th.e0 == 0.0 {
            return Ok(Finding::undecided(
                Reason::NothingToSee,
                "no other piece in reach: R = ∞ or M = 0",
            ));
        }
        // One t beyond every τ considered, so that only R changes.
        let t = shrunk(exact, HALVINGS).tau + 1;
        let power = th.q.powi(t as i32 - 1);
        if !(power * th.e0 * jump > CLEAR_OF_UNDERFLOW) {
            return Ok(Finding::undecided(
                Reason::NothingToSee,
                format!("qᵗ underflows at the t = {t} beyond which only R matters"),
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
            return Ok(Finding::undecided(
                Reason::NothingToSee,
                "τ = 0 for every margin considered",
            ));
        }
        let holds = grows
            && loses
            && first
            && ratio * bound_room(t) >= 1.0 / c.slack.max(f64::MIN_POSITIVE);
        let detail = format!(
            "ITD/AID-FP at t = {t} grows to {last:.3e} while R falls by 2^{HALVINGS}; closest to min(t,τ)M/R at R·2^-{j}: {gap:.3e} against {predicted:.3e}; AID-FP's bound beyond τ independent of R: {loses}; τ the first step with qᵗe_0 < R: {first}"
        );
        let finding = Finding::decided(holds, Unit::Excess, [gap, predicted, ratio], detail);
        let plot = c.draw.then(|| Data::Plot(picture(exact, jump)));
        Ok(finding.with(plot))
    }
}

/// The bounds with margins from 1e-1 to 1e-9 in place of the instance's, at one t beyond every τ.
fn picture(exact: &Exact, jump: f64) -> Plot {
    let th = exact.theorem();
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

/// τ is the least t with qᵗe_0 < R, by powers instead of the loop; within rounding of equality
/// either neighbour is right.
fn is_first(th: &Theorem41) -> bool {
    let at = |t: usize| th.q.powi(t as i32) * th.e0;
    let room = bound_room(2 * th.tau);
    let below = at(th.tau) < th.moduli.r * room;
    let above = th.tau == 0 || at(th.tau - 1) * room >= th.moduli.r;
    below && above
}

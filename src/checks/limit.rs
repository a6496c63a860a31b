//! The error reaches the rounding floor against J: an exact limit, not a small number.
//!
//! The horizon is where the exact tail (or, on smooth pieces, the PAPER bound) has fallen below the
//! floor. Where that takes too many steps, the limit is reached through the exact tail recursion:
//! the last estimate must equal J plus the exact tail error, and the tail is shown to reach the
//! floor.

use super::check::{Check, Context};
use super::entry::{Entry, For};
use super::finding::{Finding, Reason, Unit, coarse};
use crate::case::{Method, Target};
use crate::error::Result;
use crate::evidence::{Evidence, Exact, Request, Run, Where, itd_floor};
use crate::tol::{LIMIT_TAIL_STEPS, LIMIT_WORK};
use crate::truth::Tail;

pub(super) const ENTRY: Entry = Entry {
    name: "limit",
    about: "the error reaches the rounding floor against J from a direct solve",
    fits: For::StepByStep,
    parse: |_| Ok(Box::new(Limit)),
};

/// The error reaches the rounding floor against J.
#[derive(Debug)]
struct Limit;

/// How the limit is going to be seen.
struct Plan {
    at: Where,
    /// Steps at which the exact error is below the level.
    steps: Option<usize>,
    /// Steps actually run.
    run: usize,
    /// Whether these are steps of the exact sequence. Before it is within R of w(λ) a later iterate
    /// may leave the piece for a while, and the tail is a forecast.
    certain: bool,
}

/// Below this the exact error no longer matters: a tenth of the floor at the end of the exact run.
fn level(exact: &Exact, method: Method) -> f64 {
    let last = exact.run().d.len() - 1;
    0.1 * (itd_floor(exact, method, last) + exact.jacobian_error())
}

fn plan(e: &Evidence<'_>, exact: &Exact) -> Plan {
    let (method, level) = (e.method, level(exact, e.method));
    let run = exact.run();
    let last = run.d.len() - 1;
    let dims = exact.truth.map.dims();
    let columns = if method.is_reverse() { 1 } else { dims.lambda };
    let work = (dims.w + dims.units) * dims.w.max(1) * (columns + 1);
    let affordable = (LIMIT_WORK / work.max(1)).max(last);
    // A hypergradient sees w_t too; what the exact run does not tell of it, q does.
    let sees_w = matches!(e.target, Target::Hypergradient(_));
    let left = |t: usize| exact.theorem().q.powi(t as i32) * exact.theorem().e0;
    let w_left = |t: usize| !sees_w || run.e.get(t).copied().unwrap_or_else(|| left(t)) <= level;
    let (at, steps) = if method.is_aid() {
        // D^k - J = -P^k J at w(λ).
        let steps = exact.truth.jacobian.as_ref().and_then(|j| {
            if j.j.norm() <= level {
                return Some(1);
            }
            let none = exact.truth.w() * 0.0;
            Tail::frozen(&exact.truth)?.steps_to(&none, &-&j.j, level, LIMIT_TAIL_STEPS)
        });
        (Where::Solution, steps)
    } else if run.error.last().is_some_and(|e| e.norm() <= level) && w_left(last) {
        (Where::Start, Some(last))
    } else if exact.path().is_some() {
        // A given path ends where it ends.
        (Where::Start, None)
    } else if let (Some(tail), Some(e), false) = (exact.tail(), run.error.last(), sees_w) {
        let delta = &run.w[last] - exact.truth.w();
        let identified = run.identified.is_some();
        let more = if identified {
            tail.steps_to(&delta, e, level, LIMIT_TAIL_STEPS)
        } else {
            None
        };
        (Where::Start, more.map(|s| last + s))
    } else {
        let mut t = last.max(1);
        while t < LIMIT_TAIL_STEPS && !(exact.theorem().paper_itd(t) <= level && w_left(t)) {
            t *= 2;
        }
        (Where::Start, (t < LIMIT_TAIL_STEPS).then_some(t))
    };
    let taken = steps
        .filter(|s| *s <= affordable)
        .unwrap_or(if method.is_aid() {
            last.min(affordable)
        } else {
            last
        });
    let within = run.e.last().is_some_and(|e| *e < exact.truth.moduli().r);
    Plan {
        at,
        steps,
        run: taken,
        certain: at == Where::Solution || taken <= last || within || exact.tail().is_none(),
    }
}

/// Where a limit is seen, in words.
fn place_of(at: Where) -> &'static str {
    match at {
        Where::Start => "from w_0",
        _ => "at w(λ)",
    }
}

impl Check for Limit {
    fn label(&self) -> &'static str {
        "limit"
    }

    fn redraws(&self) -> bool {
        true
    }

    fn catches(&self, _: f64) -> String {
        "A wrong limit: any deviation from J beyond the rounding floor (quoted in each verdict)."
            .into()
    }

    fn knows(&self, _: Target<'_>) -> bool {
        true
    }

    fn requests(&self, c: Context<'_>) -> Result<Vec<Request>> {
        let plan = plan(c.e, c.e.exact()?);
        Ok(vec![Request::new(plan.at, vec![plan.run])])
    }

    fn judge(&self, c: Context<'_>, runs: &[&Run]) -> Result<Finding> {
        let exact = c.e.exact()?;
        if exact.jacobian().is_none() {
            return Ok(Finding::of_a_set());
        }
        let plan = plan(c.e, exact);
        let last = runs.last().and_then(|run| run.comparisons(c.e).last());
        let Some(one) = last else {
            return Ok(Finding::undecided(
                Reason::NothingToSee,
                "no estimate to compare",
            ));
        };
        if runs.iter().any(|run| run.request.at != plan.at) || one.k < plan.run {
            let text = format!(
                "the limit is seen {} after {} steps",
                place_of(plan.at),
                plan.run
            );
            return Ok(Finding::undecided(Reason::NothingToSee, text));
        }
        // At w(λ) binary64 cannot flip what has one derivative; arithmetic of fewer digits can.
        if !one.comparable {
            let place = match plan.at {
                Where::Start => format!("t = {}", exact.run().doubt_from.unwrap_or(0)),
                _ => "w(λ)".into(),
            };
            let text = format!(
                "a unit is within rounding of its kink at {place}: exact comparison stops there"
            );
            return Ok(Finding::undecided(Reason::AmbiguousUnits, text));
        }
        let Some(needed) = plan.steps else {
            return Ok(Finding::undecided(
                Reason::NotSettled,
                "the exact tail does not reach the floor within the steps considered",
            ));
        };
        let blame = runs.len() - 1;
        let floor = c.slack * one.floor + c.e.limit_error(exact);
        if plan.run < needed {
            // Through the tail: the estimate must be the exact one, whose tail reaches the floor.
            let Some(deviation) = one.deviation else {
                return Ok(Finding::undecided(
                    Reason::TooLarge,
                    format!("the limit needs {needed} steps; too many to run"),
                ));
            };
            let detail = format!(
                "through the exact tail recursion: deviates from it by {deviation:.3e} at step {}, and it reaches the floor after {needed} steps",
                one.k
            );
            let holds = deviation <= floor;
            let finding = Finding::below(holds, Unit::Floor, deviation, floor, detail);
            return Ok(finding.at_step(one.k).blaming(blame));
        }
        // What is left of the errors of D and of w, below the level each, as far as it is seen.
        let allowed = floor + c.e.carried(exact, level(exact, c.e.method));
        let holds = one.error <= allowed;
        if !(holds || plan.certain || one.error.is_nan()) {
            let text = "not within R of w(λ) after the steps of the exact run: the number of steps is a forecast";
            return Ok(Finding::undecided(Reason::NotSettled, text));
        }
        if let (true, Some(finding)) = (holds, coarse(allowed / c.e.limit_size(exact))) {
            return Ok(finding);
        }
        let detail = if holds {
            let resolved = match allowed / c.e.limit_size(exact) {
                relative if relative.is_finite() => {
                    format!("; a relative error of {relative:.1e} in the limit would have failed")
                }
                _ => String::new(),
            };
            format!("reached the rounding floor after {} steps{resolved}", one.k)
        } else {
            format!(
                "after {} steps the error against J is {:.3e}, rounding floor {floor:.3e}; the exact recursion has reached it",
                one.k, one.error
            )
        };
        let finding = Finding::below(holds, Unit::Floor, one.error, allowed, detail);
        Ok(finding.at_step(one.k).blaming(blame))
    }
}

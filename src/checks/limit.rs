//! The error reaches the rounding floor against J: an exact limit, not a small number.
//!
//! The horizon is where the exact tail (or, on smooth pieces, the PAPER bound) has fallen below the
//! floor. Where that takes too many steps, the limit is reached through the exact tail recursion:
//! the last estimate must equal J plus the exact tail error, and the tail is shown to reach the floor.

use super::{Check, Comparison, Exact, Finding, Method};
use crate::claims::evidence::{At, Request};
use crate::tol::{LIMIT_TAIL_STEPS, LIMIT_WORK};
use crate::truth::Tail;

/// How the limit is going to be seen.
pub(super) struct Plan {
    at: At,
    /// Steps at which the exact error is below the level.
    pub(super) steps: Option<usize>,
    /// Steps actually run.
    run: usize,
}

impl Plan {
    pub(super) fn requests(&self) -> Vec<Request> {
        vec![Request {
            at: self.at,
            steps: vec![self.run],
        }]
    }
}

/// Below this the exact error no longer matters: a tenth of the floor at the end of the exact run.
fn level(exact: &Exact, method: Method) -> f64 {
    let last = exact.run.d.len() - 1;
    0.1 * (exact.itd_floor(method, last) + exact.jacobian_error())
}

pub(super) fn plan(exact: &Exact, method: Method) -> Plan {
    let level = level(exact, method);
    let last = exact.run.d.len() - 1;
    let dims = exact.truth.map.dims();
    let columns = if method.is_reverse() { 1 } else { dims.lambda };
    let work = (dims.w + dims.units) * dims.w.max(1) * (columns + 1);
    let affordable = (LIMIT_WORK / work.max(1)).max(last);
    let (at, steps) = if method.is_aid() {
        // D^k - J = -P^k J at w(λ).
        let steps = exact.truth.jacobian.as_ref().and_then(|j| {
            if j.j.norm() <= level {
                return Some(1);
            }
            let none = exact.truth.w() * 0.0;
            Tail::frozen(&exact.truth)?
                .steps_to(&none, &-&j.j, level, LIMIT_TAIL_STEPS)
                .map(|s| s.0)
        });
        (At::Solution, steps)
    } else if exact.run.error.last().is_some_and(|e| e.norm() <= level) {
        (At::Start, Some(last))
    } else if let (Some(tail), Some(e)) = (&exact.tail, exact.run.error.last()) {
        let delta = &exact.run.w[last] - exact.truth.w();
        let identified = exact.run.identified.is_some();
        let more = if identified {
            tail.steps_to(&delta, e, level, LIMIT_TAIL_STEPS)
        } else {
            None
        };
        (At::Start, more.map(|s| last + s.0))
    } else {
        let mut t = last.max(1);
        while t < LIMIT_TAIL_STEPS && exact.theorem.paper_itd(t) > level {
            t *= 2;
        }
        (At::Start, (t < LIMIT_TAIL_STEPS).then_some(t))
    };
    let run = steps
        .filter(|s| *s <= affordable)
        .unwrap_or(if method.is_aid() {
            last.min(affordable)
        } else {
            last
        });
    Plan { at, steps, run }
}

pub(super) fn judge(check: &Check, exact: &Exact, method: Method, seen: &[Comparison]) -> Finding {
    let plan = plan(exact, method);
    let Some(c) = seen.last() else {
        return Finding::inconclusive("no estimate to compare");
    };
    // At the solution nothing can flip; along the iteration a doubt ends exact comparison.
    if !c.comparable && plan.at == At::Start {
        return Finding::inconclusive(format!(
            "a unit is within rounding of its kink at t = {}: exact comparison stops there",
            exact.run.doubt_from.unwrap_or(0)
        ));
    }
    let Some(needed) = plan.steps else {
        return Finding::inconclusive(
            "the exact tail does not reach the floor within the steps considered",
        );
    };
    let size = exact
        .truth
        .jacobian
        .as_ref()
        .map_or(f64::NAN, |j| j.j.norm());
    let floor = check.slack * c.floor + exact.jacobian_error();
    if plan.run < needed {
        // Through the tail: the estimate must be the exact one, whose tail reaches the floor.
        let Some(deviation) = c.deviation else {
            return Finding::inconclusive(format!(
                "the limit needs {needed} steps; too many to run"
            ));
        };
        let detail = format!(
            "through the exact tail recursion: deviates from it by {deviation:e} at step {}, and it reaches the floor after {needed} steps",
            c.k
        );
        return Finding::decided(
            deviation <= floor,
            deviation,
            floor,
            floor / deviation,
            detail,
        );
    }
    let allowed = floor + level(exact, method);
    if !(c.error <= allowed) {
        let detail = format!(
            "after {} steps the error against J is {:e}, rounding floor {floor:e}; the exact recursion has reached it",
            c.k, c.error
        );
        return Finding::decided(false, c.error, allowed, allowed / c.error, detail);
    }
    let detail = format!(
        "reached the rounding floor after {} steps; a relative error of {:.1e} in the limit would have failed",
        c.k,
        allowed / size
    );
    Finding::decided(true, c.error, allowed, allowed / c.error, detail)
}

//! error ≤ slack·bound·(1 + 1e-12 + tu) + floors, at every step seen.

use super::check::{Check, Context};
use super::entry::{Entry, For};
use super::finding::{Finding, Reason, Unit, is_worse, part};
use crate::case::{Method, Target};
use crate::error::Result;
use crate::evidence::{Comparison, Request, Run};
use crate::theory::Level;
use crate::tol::{CLEAR_OF_FLOOR, bound_room};

pub(super) const ENTRY: Entry = Entry {
    name: "bound",
    about: "the error stays below the theorem's bound at every step (`level`)",
    fits: For::StepByStep,
    parse: |keys| {
        Ok(Box::new(Bound {
            level: keys.level()?,
        }))
    },
};

/// The error stays below the bound at a level.
#[derive(Debug)]
pub(super) struct Bound {
    pub(super) level: Level,
}

impl Check for Bound {
    fn label(&self) -> &'static str {
        "bound"
    }

    fn name(&self) -> String {
        format!("bound-{}", self.level.name())
    }

    fn catches(&self, slack: f64) -> String {
        let level = self.level.name();
        if slack == 1.0 {
            format!("An error above the {level} bound at any step, beyond rounding.")
        } else {
            format!("An error above {slack} times the {level} bound at any step, beyond rounding.")
        }
    }

    fn level(&self) -> Option<Level> {
        Some(self.level)
    }

    fn knows(&self, _: Target<'_>) -> bool {
        true
    }

    fn requests(&self, c: Context<'_>) -> Result<Vec<Request>> {
        Ok(Request::along(c.e.exact()?.last(), c.e.method, c.steps))
    }

    fn judge(&self, c: Context<'_>, runs: &[&Run]) -> Result<Finding> {
        let exact = c.e.exact()?;
        if exact.jacobian().is_none() {
            return Ok(Finding::of_a_set());
        }
        if self.level == Level::Paper && exact.path().is_some() {
            let text = "the a priori bound is about w_{t+1} = Φ(w_t), and the points are given";
            return Ok(Finding::not_applicable(Reason::Hypothesis, text));
        }
        // The comparison with its place among the runs, furthest beyond what is allowed.
        let mut worst: Option<(f64, usize, &Comparison, [f64; 2])> = None;
        let mut tightest: Option<(f64, &Comparison, f64)> = None;
        let mut any = false;
        for (n, run) in runs.iter().enumerate() {
            for one in run.comparisons(c.e) {
                any = true;
                if !(one.floor + one.band).is_finite() {
                    continue;
                }
                let bound = c.slack * c.e.bound(exact, self.level, one.t, one.k);
                let floor = one.floor + one.band + c.e.limit_error(exact);
                let allowed = bound * bound_room(one.k.max(one.t)) + floor;
                let ratio = part(one.error, allowed);
                if is_worse(ratio, worst.map_or(f64::NEG_INFINITY, |w| w.0)) {
                    worst = Some((ratio, n, one, [bound, floor]));
                }
                // Where rounding matters the ratio says nothing about the method.
                let room = bound / one.error;
                let closer = room < tightest.map_or(f64::INFINITY, |t| t.0);
                if closer && one.error > CLEAR_OF_FLOOR * floor {
                    tightest = Some((room, one, bound));
                }
            }
        }
        let Some((ratio, run, one, [bound, floor])) = worst else {
            return Ok(if !any {
                Finding::undecided(Reason::NothingToSee, "no estimate to compare")
            } else {
                Finding::undecided(
                    Reason::AmbiguousUnits,
                    "a selection is in doubt from the first step on, and what others can give is not enclosed",
                )
            });
        };
        if !(ratio <= 1.0) {
            let detail = format!(
                "{}: error {:.3e} exceeds the {} bound {bound:.3e} (floor {:.3e}); q = {}, τ = {}",
                place(c.e.method, one.t, one.k),
                one.error,
                self.level.name(),
                floor,
                exact.theorem().q,
                exact.theorem().tau
            );
            let finding = Finding::below(false, Unit::Bound, one.error, bound, detail);
            return Ok(finding.at_step(one.k).blaming(run));
        }
        let Some((slack, one, bound)) = tightest else {
            let detail = "every error is at the rounding floor, where nothing above it can hide";
            let finding = Finding::below(true, Unit::Floor, one.error, floor, detail);
            return Ok(finding.at_step(one.k));
        };
        let detail = format!(
            "tightest {}; an error {slack:.4} times larger there would have failed",
            place(c.e.method, one.t, one.k)
        );
        let finding = Finding::below(true, Unit::Bound, one.error, bound, detail);
        Ok(finding.at_step(one.k))
    }
}

/// "at t = 5" or "at w_5, k = 9".
pub(super) fn place(method: Method, t: usize, k: usize) -> String {
    if method.is_aid() {
        format!("at w_{t}, k = {k}")
    } else {
        format!("at t = {t}")
    }
}

//! On Φ = λQw + c the PAPER bound is an equality at every step: checked from both sides.

use super::bound::place;
use super::check::{Check, Context};
use super::entry::{Entry, For};
use super::finding::{Finding, Reason, Unit, is_worse};
use crate::error::Result;
use crate::evidence::{Request, Run};
use crate::theory::Level;
use crate::tol::bound_room;

pub(super) const ENTRY: Entry = Entry {
    name: "tight",
    about: "the a priori bound is attained at every step (tight family)",
    fits: For::StepByStep,
    parse: |_| Ok(Box::new(Tight)),
};

/// The PAPER bound is attained at every step.
#[derive(Debug)]
struct Tight;

impl Check for Tight {
    fn label(&self) -> &'static str {
        "tight"
    }

    fn catches(&self, _: f64) -> String {
        "Any slack or excess at any step where the bound is an equality.".into()
    }

    fn requests(&self, c: Context<'_>) -> Result<Vec<Request>> {
        Ok(Request::along(c.e.exact()?.last(), c.e.method, c.steps))
    }

    fn judge(&self, c: Context<'_>, runs: &[&Run]) -> Result<Finding> {
        let exact = c.e.exact()?;
        if exact.jacobian().is_none() {
            return Ok(Finding::of_a_set());
        }
        let method = c.e.method;
        let mut worst = (-1.0, f64::NAN, f64::NAN, 0, 0, 0);
        for (n, run) in runs.iter().enumerate() {
            for one in run.comparisons(c.e).iter().filter(|one| one.comparable) {
                let bound = exact.bound(Level::Paper, method.is_aid(), one.t, one.k);
                let floor = one.floor + c.e.limit_error(exact);
                // q is certified upwards by δ: qᵗ may exceed the true power by tδ/|λ| relatively,
                // 1/(1-q) by κδ.
                let lambda = exact.truth.lambda[0].abs();
                let delta = exact.theorem().q - lambda;
                let powers = (one.t + one.k + 1) as f64 * delta / lambda;
                let room = c.slack
                    + (bound_room(one.t + one.k) - 1.0)
                    + 2.0 * (powers + exact.truth.kappa() * delta);
                let gap = (one.error - bound).abs() / (bound * room + floor);
                if is_worse(gap, worst.0) {
                    worst = (gap, one.error, bound, one.t, one.k, n);
                }
            }
        }
        let (gap, error, bound, t, k, n) = worst;
        if gap < 0.0 {
            return Ok(Finding::undecided(
                Reason::NothingToSee,
                "no estimate to compare",
            ));
        }
        let relative = error / bound - 1.0;
        let place = place(method, t, k);
        let holds = gap <= 1.0;
        let detail = if holds {
            format!("attained at every step, furthest {place} by a relative {relative:.1e}")
        } else {
            format!(
                "{place}: error {error:.3e} differs from the bound {bound:.3e} by a relative {relative:.3e}, where equality holds"
            )
        };
        let finding = Finding::decided(holds, Unit::Bound, [error, bound, c.slack], detail)
            .headroom(1.0 / gap)
            .attained()
            .at_step(k);
        Ok(finding.blaming(n))
    }
}

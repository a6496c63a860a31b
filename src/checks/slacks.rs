//! How loose the bounds of Theorem 4.1 are at the last step whose exact error stands clear of
//! rounding: a drawing.

use super::check::{Check, Context, Needs};
use super::data::{Data, Slack};
use super::finding::{Finding, Reason};
use crate::error::Result;
use crate::evidence::{Exact, Run, Where};
use crate::linalg::norm::spectral_upper;
use crate::theory::Level;
use crate::tol::{CLEAR_OF_FLOOR, RATE_ABOVE_FLOOR};

/// Records the slack of the bounds at these levels, up to `steps` steps.
#[derive(Debug)]
pub(super) struct Slacks {
    pub(super) levels: Vec<Level>,
    pub(super) steps: usize,
}

impl Slacks {
    /// The last step with an error of ITD clear of rounding, the error of the method there, and
    /// whether that stands clear of rounding as well.
    fn last_clear(&self, exact: &Exact, aid: bool) -> Option<(usize, f64, bool)> {
        let run = exact.run();
        let clear = |t: &usize| {
            let floor = run.floor.d[*t] + exact.jacobian_error();
            run.error[*t].norm() > RATE_ABOVE_FLOOR * floor
        };
        let last = run.error.len().min(self.steps + 1);
        let t = (0..last).take_while(clear).last()?;
        let (error, clear) = if aid {
            let run = exact.aid(Where::Iterate(t), t)?;
            let error = run.error.get(t).map(spectral_upper)?;
            let floor = run.floor.d.get(t)? + exact.jacobian_error();
            (error, error > CLEAR_OF_FLOOR * floor)
        } else {
            (spectral_upper(&run.error[t]), true)
        };
        (error > 0.0).then_some((t, error, clear))
    }
}

impl Check for Slacks {
    fn label(&self) -> &'static str {
        "slacks"
    }

    fn catches(&self, _: f64) -> String {
        String::new()
    }

    fn needs(&self) -> Needs {
        Needs::Nothing
    }

    fn judge(&self, c: Context<'_>, _: &[&Run]) -> Result<Finding> {
        let exact = c.e.exact()?;
        let nothing = Finding::undecided(Reason::NothingToSee, "");
        let aid = c.e.method.is_aid();
        let Some((step, error, clear)) = self.last_clear(exact, aid) else {
            return Ok(nothing);
        };
        let th = exact.theorem();
        let one = |level: &Level| {
            Data::Slack(Slack {
                level: level.name().into(),
                q: th.q,
                r: th.moduli.r,
                step,
                slack: exact.bound(*level, aid, step, step) / error,
                clear,
            })
        };
        Ok(nothing.with(self.levels.iter().map(one)))
    }
}

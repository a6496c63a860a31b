//! ITD at t against AID-FP at w_t with k = t, exactly, a little beyond τ: a drawing.

use super::check::{Check, Context, Needs};
use super::data::{self, Data};
use super::finding::{Finding, Reason};
use crate::error::Result;
use crate::evidence::{Run, Where};
use crate::linalg::norm::spectral_upper;
use crate::tol::TAU_LIMIT;

/// Draws AID-FP against ITD.
#[derive(Debug)]
pub(super) struct Race;

impl Check for Race {
    fn label(&self) -> &'static str {
        "race"
    }

    fn catches(&self, _: f64) -> String {
        String::new()
    }

    fn needs(&self) -> Needs {
        Needs::Nothing
    }

    fn judge(&self, c: Context<'_>, _: &[&Run]) -> Result<Finding> {
        let exact = c.e.exact()?;
        let (th, run) = (exact.theorem(), exact.run());
        let last = (2 * th.tau.min(run.w.len()) + 20).min(run.error.len().saturating_sub(1));
        let aid = |t: usize| {
            let aid = exact.aid(Where::Iterate(t), t)?;
            aid.error.get(t).map(spectral_upper)
        };
        let aid_floor = |t: usize| {
            let aid = exact.aid(Where::Iterate(t), t)?;
            Some(aid.floor.d.get(t)? + exact.jacobian_error())
        };
        let itd_floor = run.floor.d.iter().take(last + 1);
        let race = data::Race {
            q: th.q,
            r: th.moduli.r,
            tau: (th.tau < TAU_LIMIT).then_some(th.tau),
            identified: run.identified,
            itd: run
                .error
                .iter()
                .take(last + 1)
                .map(spectral_upper)
                .collect(),
            aid: (0..=last).map(|t| aid(t).unwrap_or(f64::NAN)).collect(),
            itd_bound: (0..=last).map(|t| th.paper_itd(t)).collect(),
            aid_bound: (0..=last).map(|t| th.paper_aid(t, t)).collect(),
            itd_floor: itd_floor
                .map(|f| shown(f + exact.jacobian_error()))
                .collect(),
            aid_floor: (0..=last)
                .map(|t| aid_floor(t).map_or(f64::NAN, shown))
                .collect(),
        };
        Ok(Finding::undecided(Reason::NothingToSee, "").with([Data::Race(race)]))
    }
}

/// A floor to the digits that a drawing shows: records are kept, and read by people.
fn shown(floor: f64) -> f64 {
    format!("{floor:.2e}").parse().unwrap_or(floor)
}

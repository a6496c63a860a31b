//! Error and bounds against t, AID-FP with k = t: a drawing.

use super::check::{Check, Context};
use super::data::{self, Data};
use super::finding::{Finding, Reason};
use crate::case::Target;
use crate::error::Result;
use crate::evidence::{Exact, Request, Run, Where};
use crate::theory::Level;
use crate::tol::TAU_LIMIT;

/// Points of a curve of AID at most.
const POINTS: usize = 60;

/// Draws the error of a method beside the bounds of Theorem 4.1.
#[derive(Debug)]
pub(super) struct Curve;

/// The steps drawn.
fn steps(exact: &Exact, aid: bool) -> Vec<usize> {
    let last = exact.last();
    let stride = if aid { last.div_ceil(POINTS).max(1) } else { 1 };
    (0..=last).step_by(stride).collect()
}

impl Check for Curve {
    fn label(&self) -> &'static str {
        "curve"
    }

    fn catches(&self, _: f64) -> String {
        String::new()
    }

    fn knows(&self, _: Target<'_>) -> bool {
        true
    }

    fn requests(&self, c: Context<'_>) -> Result<Vec<Request>> {
        let exact = c.e.exact()?;
        if exact.jacobian().is_none() {
            return Ok(Vec::new());
        }
        let aid = c.e.method.is_aid();
        let steps = steps(exact, aid);
        Ok(if aid {
            let one = |t| Request::new(Where::Iterate(t), vec![t]);
            steps.into_iter().map(one).collect()
        } else {
            vec![Request::new(Where::Start, steps)]
        })
    }

    fn judge(&self, c: Context<'_>, runs: &[&Run]) -> Result<Finding> {
        let exact = c.e.exact()?;
        let nothing = Finding::undecided(Reason::NothingToSee, "");
        // Without a single J there is no error to draw.
        if exact.jacobian().is_none() {
            return Ok(nothing);
        }
        let aid = c.e.method.is_aid();
        let (th, steps) = (exact.theorem(), steps(exact, aid));
        let all = || runs.iter().flat_map(|run| run.comparisons(c.e));
        let bounds = |level| {
            steps
                .iter()
                .map(|&t| c.e.bound(exact, level, t, t))
                .collect()
        };
        let curve = data::Curve {
            q: th.q,
            rho: exact.rho().map_or(f64::NAN, |rho| rho.middle()),
            rho_radius: exact.rho().map_or(f64::NAN, |rho| rho.radius()),
            tau: (th.tau < TAU_LIMIT).then_some(th.tau),
            identified: exact.run().identified,
            error: all().map(|one| one.error).collect(),
            floor: all()
                .map(|one| one.floor + c.e.limit_error(exact))
                .collect(),
            paper: bounds(Level::Paper),
            trajectory: bounds(Level::Trajectory),
            sharp: bounds(Level::Sharp),
            steps,
        };
        if curve.error.len() != curve.steps.len() {
            return Ok(nothing);
        }
        Ok(nothing.with([Data::Curve(curve)]))
    }
}

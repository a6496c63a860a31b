//! A solver of the linear system is at the limit of AID at the given w, to its declared tolerance
//! or to rounding; where it finds w(λ) itself, at J.

use super::check::{Check, Context};
use super::entry::{Entry, For};
use super::finding::{Finding, Reason, Unit, coarse, is_worse, part, resolved};
use crate::case::{Method, Target};
use crate::error::Result;
use crate::evidence::{Request, Run, Where};

pub(super) const ENTRY: Entry = Entry {
    name: "solve",
    about: "a solver is at the limit of AID, to its declared tolerance or to rounding",
    fits: For::These(&[Method::IMPLICIT]),
    parse: |_| Ok(Box::new(Solve)),
};

/// A solver is at the limit of AID.
#[derive(Debug)]
struct Solve;

impl Check for Solve {
    fn label(&self) -> &'static str {
        "solve"
    }

    fn catches(&self, _: f64) -> String {
        "A wrong system, selection or solve: any deviation from the direct solve beyond its declared tolerance or floor (quoted in each verdict).".into()
    }

    fn knows(&self, _: Target<'_>) -> bool {
        true
    }

    fn requests(&self, c: Context<'_>) -> Result<Vec<Request>> {
        let last = c.e.exact()?.last();
        let places = [
            Where::Iterate(0),
            Where::Iterate(2.min(last)),
            Where::Iterate(last),
            Where::Solution,
        ];
        let each = places.map(|at| Request::new(at, vec![0]));
        // Twice: nothing else looks at what is kept between calls.
        Ok(Request::twice(each.into()))
    }

    fn judge(&self, c: Context<'_>, runs: &[&Run]) -> Result<Finding> {
        c.e.exact()?;
        let mut worst = (f64::NEG_INFINITY, f64::NAN, f64::NAN, Where::Start, 0);
        let mut resolution = f64::INFINITY;
        let mut rounding = f64::INFINITY;
        for (n, run) in runs.iter().enumerate() {
            for one in run.comparisons(c.e) {
                let Some(deviation) = one.deviation.filter(|_| (one.floor + one.band).is_finite())
                else {
                    continue;
                };
                let floor = c.slack * one.floor + one.band;
                let ratio = part(deviation, floor);
                if is_worse(ratio, worst.0) {
                    worst = (ratio, deviation, floor, one.at, n);
                }
                if one.size > 0.0 {
                    resolution = resolution.min(floor / one.size);
                    rounding = rounding.min(c.slack * one.floor / one.size);
                }
            }
        }
        let (ratio, deviation, floor, at, n) = worst;
        if ratio == f64::NEG_INFINITY {
            return Ok(Finding::undecided(
                Reason::AmbiguousUnits,
                "every point is within rounding of a kink, or no finite floor is known there",
            ));
        }
        let holds = ratio <= 1.0;
        // What is declared may be as coarse as it likes.
        let declared = c.e.declared.linear > 0.0 || c.e.declared.solver > 0.0;
        if let (true, false, Some(finding)) = (holds, declared, coarse(rounding)) {
            return Ok(finding);
        }
        let place = match at {
            Where::Start => "at its own w".to_string(),
            Where::Iterate(t) => format!("at w_{t}"),
            _ => "at w(λ)".to_string(),
        };
        let floor_name = if declared {
            "declared tolerance and floor"
        } else {
            "floor"
        };
        let detail = if holds {
            let seen = resolved(resolution);
            format!("at the limit of AID, furthest {place}{seen}")
        } else {
            format!("{place}: {deviation:.3e} from the direct solve, {floor_name} {floor:.3e}")
        };
        let finding = Finding::below(holds, Unit::Floor, deviation, floor, detail);
        Ok(finding.blaming(n))
    }
}

//! Conjugate gradients end after as many steps as the system has unknowns, at the limit of AID at
//! the given w.
//!
//! Judged at k = dimension only, where κ ≤ 100 (floors: [`crate::evidence::CgSystem`]).

use super::check::{Check, Context};
use super::entry::{Entry, For};
use super::finding::{Finding, Reason, Unit, coarse, is_worse, part, resolved};
use crate::case::{Method, Target};
use crate::error::Result;
use crate::evidence::{Exact, Request, Run, Where};
use crate::tol::CG_KAPPA;

pub(super) const ENTRY: Entry = Entry {
    name: "termination",
    about: "conjugate gradients are at the limit after as many steps as unknowns",
    fits: For::These(&[Method::AID_CG]),
    parse: |_| Ok(Box::new(Termination)),
};

/// Conjugate gradients are at the limit of AID after as many steps as their system has unknowns.
#[derive(Debug)]
struct Termination;

/// Why nothing is claimed where κ is too large, if so.
pub(super) fn ill_conditioned(exact: &Exact) -> Option<Finding> {
    let kappa = exact.truth.kappa();
    (kappa > CG_KAPPA).then(|| {
        Finding::undecided(
            Reason::IllConditioned,
            format!(
                "κ = {kappa:.1} > {CG_KAPPA}: finite termination is not claimed in floating point"
            ),
        )
    })
}

impl Check for Termination {
    fn label(&self) -> &'static str {
        "termination"
    }

    fn catches(&self, _: f64) -> String {
        "A wrong system, selection or recursion: any deviation from the direct solve beyond its floor (quoted in each verdict).".into()
    }

    fn knows(&self, _: Target<'_>) -> bool {
        true
    }

    fn requests(&self, c: Context<'_>) -> Result<Vec<Request>> {
        let exact = c.e.exact()?;
        if ill_conditioned(exact).is_some() {
            return Ok(Vec::new());
        }
        // w_0, an early and a late iterate, and the solution.
        let last = exact.last();
        let early = Where::Iterate(2.min(last));
        let places = [
            Where::Iterate(0),
            early,
            Where::Iterate(last),
            Where::Solution,
        ];
        let one = |at: Where| {
            let system = c.e.conjugate_gradients(at)?;
            Some(Request::new(at, vec![system.dimension]))
        };
        // Twice: nothing else looks at what is kept between calls.
        Ok(Request::twice(places.into_iter().filter_map(one).collect()))
    }

    fn judge(&self, c: Context<'_>, runs: &[&Run]) -> Result<Finding> {
        if let Some(finding) = ill_conditioned(c.e.exact()?) {
            return Ok(finding);
        }
        let mut worst = (f64::NEG_INFINITY, f64::NAN, f64::NAN, Where::Start, 0, 0);
        let mut resolution = f64::INFINITY;
        for (n, run) in runs.iter().enumerate() {
            for one in run.comparisons(c.e).iter().filter(|one| one.comparable) {
                let Some(deviation) = one.deviation.filter(|_| one.floor.is_finite()) else {
                    continue;
                };
                let floor = c.slack * one.floor;
                let ratio = part(deviation, floor);
                if is_worse(ratio, worst.0) {
                    worst = (ratio, deviation, floor, one.at, one.k, n);
                }
                if one.size > 0.0 {
                    resolution = resolution.min(floor / one.size);
                }
            }
        }
        let (ratio, deviation, floor, at, k, n) = worst;
        if ratio == f64::NEG_INFINITY {
            return Ok(Finding::undecided(
                Reason::AmbiguousUnits,
                "every point is within rounding of a kink, or no finite floor is known there",
            ));
        }
        let holds = ratio <= 1.0;
        if let (true, Some(finding)) = (holds, coarse(resolution)) {
            return Ok(finding);
        }
        let place = at.place(k);
        let detail = if holds {
            let seen = resolved(resolution);
            format!("at the limit after as many steps as unknowns, furthest {place}{seen}")
        } else {
            format!("{place}: {deviation:.3e} from the direct solve, floor {floor:.3e}")
        };
        let finding = Finding::below(holds, Unit::Floor, deviation, floor, detail);
        Ok(finding.at_step(k).blaming(n))
    }
}

//! Binary64 and rationals come to the same verdict at every level, and see the same kinks.

use super::check::{Check, Context};
use super::entry::{Entry, For};
use super::finding::{Finding, Reason, Unit};
use super::rational_runs::{MOST_DIM, bounds, drift, in_rationals, no_run, start};
use crate::case::Method;
use crate::error::Result;
use crate::evidence::{Exact, Request, Run, Where};
use crate::linalg::Matrix;
use crate::tol::{DISTANCE_GAP, KINK_GAP, bound_room};
use crate::truth::kinks::{
    Kinks, NearestElement, Observed, RationalRun, Selection, Set, rational_run,
};

pub(super) const ENTRY: Entry = Entry {
    name: "agreement",
    about: "ITD in binary64 and in rationals comes to the same verdicts",
    fits: For::These(&[Method::ITD]),
    parse: |_| Ok(Box::new(Agreement)),
};

/// Rationals and binary64 come to the same verdicts.
#[derive(Debug)]
struct Agreement;

impl Check for Agreement {
    fn label(&self) -> &'static str {
        "agreement"
    }

    fn catches(&self, _: f64) -> String {
        "A verdict that rounding changes.".into()
    }

    fn requests(&self, c: Context<'_>) -> Result<Vec<Request>> {
        let steps = steps(c.e.exact()?, c);
        Ok(vec![Request::new(Where::Start, (0..=steps).collect())])
    }

    fn judge(&self, c: Context<'_>, runs: &[&Run]) -> Result<Finding> {
        let (exact, kinks) = match in_rationals(c, MOST_DIM)? {
            Ok(known) => known,
            Err(finding) => return Ok(finding),
        };
        if exact.path().is_some() {
            let text = "the exact run follows Φ, not given points";
            return Ok(Finding::undecided(Reason::NothingToSee, text));
        }
        let steps = steps(exact, c);
        let whole = |run: &&Run| run.request.steps.iter().copied().eq(0..=steps);
        let Some(n) = runs.iter().position(whole) else {
            let text = "an element of D_fix can only be followed through every step";
            return Ok(Finding::undecided(Reason::NothingToSee, text));
        };
        let Some(run) = rational_run(kinks, &start(exact), steps, Selection::Fixed(0.0)) else {
            return Ok(no_run());
        };
        let floats = &runs[n].answer.estimates;
        let Some((decisions, unequal)) = compare(exact, kinks, &run, floats) else {
            let text = "the first element of D_fix could not be solved for";
            return Ok(Finding::undecided(Reason::Error, text));
        };
        let same_kinks = exact.truth.moduli().kinks == kinks.active;
        let refutation = |d: &Matrix| {
            kinks
                .hull_gap(Set::Imp, Observed::Whole, d)
                .map(|g| g.0 > KINK_GAP)
        };
        let refuted = [
            floats.last().and_then(refutation),
            run.d.last().and_then(|d| refutation(&d.0)),
        ];
        // Within rounding of the kink the two may take different sides; only then may the last
        // decision differ.
        let side_in_doubt = exact.run().doubt_from.is_some_and(|t| t < steps);
        let same_refutation = refuted[0] == refuted[1] || side_in_doubt;
        let holds = same_kinks && unequal == 0 && same_refutation;
        let detail = format!(
            "{decisions} decisions of the bounds, {unequal} of them different; the same kinks: {same_kinks}; the same answer to the closing remark: {same_refutation}"
        );
        let numbers = [unequal as f64, 0.0, f64::NAN];
        let finding = Finding::decided(holds, Unit::Exact, numbers, detail);
        Ok(if holds { finding } else { finding.blaming(n) })
    }
}

/// The last step looked at.
fn steps(exact: &Exact, c: Context<'_>) -> usize {
    c.steps.min(exact.last())
}

/// For each level at each step: does the certified excess stay below the bound? The number of these
/// decisions, and that of those in which the estimates and the exact run differ. `None` where the
/// first element of D_fix is not found.
fn compare(
    exact: &Exact,
    kinks: &Kinks,
    run: &RationalRun,
    floats: &[Matrix],
) -> Option<(usize, usize)> {
    let mut element = NearestElement::start(kinks)?;
    let all = bounds(exact, &run.e);
    let (mut decisions, mut unequal) = (0, 0);
    for (t, d) in floats.iter().enumerate() {
        let measured = if t == 0 {
            element.distance(d)
        } else {
            element.follow(d)
        };
        let floor = exact.run().floor.d[t] + 2.0 * element.rounding() + drift(exact, t);
        for bound in &all {
            let room = bound_room(t) * (1.0 + DISTANCE_GAP * t as f64);
            let in_binary = measured <= bound[t] * room + floor;
            let in_rationals = run.excess[t] <= bound[t] * bound_room(t);
            decisions += 1;
            unequal += usize::from(in_binary != in_rationals);
        }
    }
    Some((decisions, unequal))
}

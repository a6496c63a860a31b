//! Every estimate equals the recursion in double-double arithmetic, to the rounding floor. With
//! indices and step sizes given, nothing is random in NSID and SID either.

use super::check::{Check, Context};
use super::entry::{Entry, For};
use super::finding::{Finding, Reason, Unit, coarse, is_worse, part, resolved};
use crate::case::Target;
use crate::error::Result;
use crate::evidence::{Request, Run, Sequence, Where};

pub(super) const ENTRY: Entry = Entry {
    name: "exact-trajectory",
    about: "every estimate equals the exact recursion, to a derived rounding floor",
    fits: For::Any,
    parse: |_| Ok(Box::new(ExactTrajectory)),
};

/// Sequences of indices that NSID and SID are given: with Lemma D.3's steps, with constant ones,
/// with uneven ones.
const SEQUENCES: u64 = 3;

/// Numbers of updates looked at on the way to the last one.
const UPDATES: [usize; 7] = [0, 1, 2, 5, 10, 20, 40];

/// Every estimate equals the exact recursion.
#[derive(Debug)]
struct ExactTrajectory;

impl Check for ExactTrajectory {
    fn label(&self) -> &'static str {
        "exact-trajectory"
    }

    fn catches(&self, _: f64) -> String {
        "Any deviation from the exact recursion (with the given indices and steps, where there are some) at any step beyond the rounding floor (quoted in each verdict).".into()
    }

    fn knows(&self, _: Target<'_>) -> bool {
        true
    }

    fn requests(&self, c: Context<'_>) -> Result<Vec<Request>> {
        if !c.e.method.is_stochastic() {
            // Twice: an implementation that keeps state between calls is right the first time only.
            let once = Request::along(c.e.exact()?.last(), c.e.method, c.steps);
            return Ok(Request::twice(once));
        }
        let last = c.steps;
        let mut steps: Vec<usize> = UPDATES.into_iter().filter(|k| *k < last).collect();
        steps.push(last);
        let one = |number| Request {
            sequence: Some(Sequence::numbered(number)),
            ..Request::new(Where::Own, steps.clone())
        };
        Ok((0..SEQUENCES).map(one).collect())
    }

    fn judge(&self, c: Context<'_>, runs: &[&Run]) -> Result<Finding> {
        let mut worst = (f64::NEG_INFINITY, f64::NAN, f64::NAN, Where::Start, 0, 0);
        let (mut resolution, mut rounding) = (f64::INFINITY, f64::INFINITY);
        let (mut compared, mut enclosed, mut left_out) = (0, 0, 0);
        let mut reaches_a_selection = false;
        for (n, run) in runs.iter().enumerate() {
            for one in run.comparisons(c.e) {
                let Some(deviation) = one.deviation.filter(|_| (one.floor + one.band).is_finite())
                else {
                    left_out += 1;
                    continue;
                };
                compared += 1;
                enclosed += usize::from(!one.comparable);
                let floor = c.slack * one.floor + one.band;
                // At step 0 both are exactly zero and so is the floor.
                let ratio = part(deviation, floor);
                if is_worse(ratio, worst.0) {
                    worst = (ratio, deviation, floor, one.at, one.k, n);
                    // Another selection at a unit in doubt is allowed, and may be the farthest one.
                    reaches_a_selection = one.band > c.slack * one.floor;
                }
                // At step 0 a hypergradient is ∇₂E alone, which tells nothing of the method.
                let telling = one.k > 0 || !matches!(c.e.target, Target::Hypergradient(_));
                if one.size > 0.0 && telling {
                    resolution = resolution.min(floor / one.size);
                    rounding = rounding.min(c.slack * one.floor / one.size);
                }
            }
        }
        let stopped = stopped(c, enclosed, left_out);
        // At k = 0 every estimate is 0: that alone says nothing.
        let nothing_else = c.e.method.is_stochastic() && left_out > 0 && worst.4 == 0;
        if compared == 0 || nothing_else {
            return Ok(Finding::undecided(
                Reason::AmbiguousUnits,
                format!("nothing to compare{stopped}"),
            ));
        }
        let (ratio, deviation, floor, at, k, run) = worst;
        let place = at.place(k);
        let holds = ratio <= 1.0;
        if let (true, Some(finding)) = (holds, coarse(rounding)) {
            return Ok(finding);
        }
        let detail = if holds {
            let seen = resolved(resolution);
            format!("{compared} estimates, worst {place}{seen}{stopped}")
        } else {
            format!(
                "{place}: deviates from the exact recursion by {deviation:.3e}, floor {floor:.3e}{stopped}"
            )
        };
        let finding = Finding::below(holds, Unit::Floor, deviation, floor, detail).at_step(k);
        let finding = match holds && reaches_a_selection {
            true => finding.attained(),
            false => finding,
        };
        Ok(finding.blaming(run))
    }
}

/// Where exact comparison ends, in words.
fn stopped(c: Context<'_>, enclosed: usize, left_out: usize) -> String {
    if c.e.method.is_stochastic() {
        return if left_out > 0 {
            format!("; {left_out} estimates come after a unit of G within rounding of its kink")
        } else {
            String::new()
        };
    }
    let from = c.e.exact().ok().and_then(|exact| exact.run().doubt_from);
    match from {
        Some(t) if enclosed > 0 => format!(
            "; from t = {t} on, where a unit is within rounding of its kink, in the set of what all selections there can give"
        ),
        Some(t) => format!(
            "; exact comparison stops at t = {t}, where a unit is within rounding of its kink"
        ),
        None => String::new(),
    }
}

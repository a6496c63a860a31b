//! Theorem 4.1 in rationals with fixed, random and adversarial selections at ties.

use super::check::{Check, Context, Needs};
use super::data::{Data, Plot, Points};
use super::entry::{Entry, For};
use super::finding::{Finding, Reason, Unit, is_worse};
use super::plane::hull;
use super::rational_runs::{Excess, MOST_DIM, in_rationals, no_run, start, worst};
use crate::error::Result;
use crate::evidence::Run;
use crate::linalg::Matrix;
use crate::tol::bound_room;
use crate::truth::kinks::{Kinks, Observed, RationalRun, Selection, rational_run};

/// Steps of a run from w(λ) itself, where every step meets every tie.
const STEPS_AT_SOLUTION: usize = 8;

pub(super) const ENTRY: Entry = Entry {
    name: "selections",
    about: "Theorem 4.1 in rationals with fixed, random and adversarial selections at ties",
    fits: For::Deterministic,
    parse: |_| Ok(Box::new(Selections)),
};

/// The theorem holds in rationals, whatever is selected at ties.
#[derive(Debug)]
struct Selections;

impl Check for Selections {
    fn label(&self) -> &'static str {
        "selections"
    }

    fn catches(&self, _: f64) -> String {
        "A selection at ties for which the theorem, or the shadow argument, fails.".into()
    }

    fn needs(&self) -> Needs {
        Needs::Nothing
    }

    fn judge(&self, c: Context<'_>, _: &[&Run]) -> Result<Finding> {
        let (exact, kinks) = match in_rationals(c, MOST_DIM)? {
            Ok(known) => known,
            Err(finding) => return Ok(finding),
        };
        let w0 = start(exact);
        let mut top: Option<(Excess, String)> = None;
        let mut ties = 0;
        let from = [
            ("w_0", &w0, c.steps),
            ("w(λ)", &kinks.w, c.steps.min(STEPS_AT_SOLUTION)),
        ];
        for (name, start, steps) in from {
            for selection in selections(exact.seed) {
                let Some(run) = rational_run(kinks, start, steps, selection) else {
                    return Ok(no_run());
                };
                ties += run.ties;
                let here = worst(exact, &run);
                let what = format!(
                    "{} from {name}, {} bound at t = {}",
                    selection.describe(),
                    here.level.name(),
                    here.step
                );
                if !(here.ratio <= 1.0) {
                    return Ok(beyond(kinks, &run, &here, &what));
                }
                if is_worse(
                    here.ratio,
                    top.as_ref().map_or(f64::NEG_INFINITY, |t| t.0.ratio),
                ) {
                    top = Some((here, what));
                }
            }
        }
        let Some((top, what)) = top else {
            return Ok(no_run());
        };
        let detail = format!("{ties} ties decided in rationals; closest {what}");
        let finding = Finding::below(true, Unit::Bound, top.excess, top.bound, detail);
        let plot = if c.draw { picture(kinks) } else { None };
        Ok(finding.at_step(top.step).with(plot.map(Data::Plot)))
    }
}

fn selections(seed: u64) -> [Selection; 5] {
    [
        Selection::Fixed(0.0),
        Selection::Fixed(0.5),
        Selection::Fixed(1.0),
        Selection::Random(seed),
        Selection::Adversarial,
    ]
}

/// The verdict of a run whose own element of D_fix is further away than the bound: the distance to
/// D_fix may still be smaller.
fn beyond(kinks: &Kinks, run: &RationalRun, here: &Excess, what: &str) -> Finding {
    let (d, lost) = &run.d[here.step];
    let most = here.bound * bound_room(here.step) + lost;
    let lower = kinks
        .outside_fix(Observed::Whole, d, most)
        .map_or(0.0, |o| o.lower);
    let detail = format!(
        "{what}: its element of D_fix is {:.3e} away, bound {:.3e}",
        here.excess, here.bound
    );
    if here.ratio.is_nan() {
        let numbers = [here.excess, here.bound, f64::NAN];
        return Finding::decided(false, Unit::Bound, numbers, detail).at_step(here.step);
    }
    if lower > most {
        return Finding::below(false, Unit::Bound, lower, here.bound, detail).at_step(here.step);
    }
    Finding::undecided(Reason::NoSeparation, detail)
}

/// conv D_fix, D_imp, D_joint and walks where they lie in a plane: d = 1, two parameters, one kink.
fn picture(kinks: &Kinks) -> Option<Plot> {
    const LINES: usize = 12;
    const STEPS: usize = 24;
    const THINNEST: f64 = 0.1;
    let shape = (kinks.w.len(), kinks.form.right_lambda.ncols());
    if (shape, kinks.count()) != ((1, 2), 1) {
        return None;
    }
    let [lo, hi] = kinks.form.range;
    let slope = |n: usize, of: usize| lo + (hi - lo) * n as f64 / of as f64;
    let point = |d: &Matrix| (d[(0, 0)], d[(0, 1)]);
    let element = |s: f64, s2: f64| kinks.element(&[s], &[s2]).map(|e| point(&e.0));
    // Where little but the unit on its kink moves with λ, the set is a segment to the eye.
    let (from, a, b) = (element(lo, lo)?, element(hi, lo)?, element(lo, hi)?);
    let (a, b) = ((a.0 - from.0, a.1 - from.1), (b.0 - from.0, b.1 - from.1));
    if (a.0 * b.1 - a.1 * b.0).abs() <= THINNEST * (a.0.hypot(a.1) * b.0.hypot(b.1)) {
        return None;
    }
    // The image of the boundary of the square of slopes.
    let side = |n: usize| slope(n, LINES);
    let sides = [
        (0..LINES).map(|n| (side(n), lo)).collect::<Vec<_>>(),
        (0..LINES).map(|n| (hi, side(n))).collect(),
        (0..LINES).map(|n| (side(LINES - n), hi)).collect(),
        (0..=LINES).map(|n| (lo, side(LINES - n))).collect(),
    ];
    let outline: Option<Vec<_>> = sides.iter().flatten().map(|s| element(s.0, s.1)).collect();
    let joint: Option<Vec<_>> = (0..=4 * LINES)
        .map(|n| element(slope(n, 4 * LINES), slope(n, 4 * LINES)))
        .collect();
    let run = rational_run(kinks, &kinks.w, STEPS, Selection::Random(1))?;
    let itd = run.d.iter().map(|(d, _)| point(d));
    let mut d = Matrix::zeros(1, 2);
    let middle = slope(1, 2);
    let aid: Vec<_> = (0..=STEPS)
        .map(|_| {
            let at = point(&d);
            d = kinks.step(&[middle], &[middle], &d);
            at
        })
        .collect();
    Some(Plot::new(
        "implicit-set",
        format!("q = {:.2}", kinks.q),
        vec![
            Points::new("D_fix", fixed(kinks, element(lo, lo)?)),
            Points::new("D_imp", outline?),
            Points::new("D_joint", joint?),
            Points::new("ITD, random selections", itd),
            Points::new("AID-FP, joint middle slope", aid),
        ],
    ))
}

/// The convex hull of D_fix, which is the limit of H = conv ∪ A(s)H + B(s') from an element on: A
/// and B are affine in the slopes, so that their ends are enough.
fn fixed(kinks: &Kinks, from: (f64, f64)) -> Vec<(f64, f64)> {
    /// Each step shortens what is missing by q.
    const ROUNDS: usize = 60;
    let ends = kinks.form.range;
    let mut around = vec![from];
    for _ in 0..ROUNDS {
        let mut next = Vec::new();
        for (x, y) in &around {
            let at = Matrix::from_row_slice(1, 2, &[*x, *y]);
            for (s, s2) in ends.iter().flat_map(|s| ends.map(|s2| (*s, s2))) {
                let to = kinks.step(&[s], &[s2], &at);
                next.push((to[(0, 0)], to[(0, 1)]));
            }
        }
        around = hull(&next);
    }
    around.extend(around.first().copied());
    around
}

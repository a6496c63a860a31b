//! Theorem 4.1 with the excess to D_fix, for a method of which nothing is known but its estimates.
//!
//! Measured is the distance to an element of D_fix that obeys the theorem's recursion whatever is
//! selected, or of Dᵀy to the image of an element that is looked for. Allowed is that recursion
//! with the floors in it: e_t + f^w_t stands for e_t, and in forward mode the rounding of one step
//! is added at every step.

use super::check::{Check, Context};
use super::data::{Data, Plot, Points};
use super::entry::{Entry, For};
use super::finding::{Finding, Reason, Unit};
use super::pieces::units_at_kinks;
use super::rational_runs::{blurred, not_solved};
use super::set_distance::{DistanceToFix, observed};
use crate::case::Method;
use crate::error::Result;
use crate::evidence::{Exact, Request, Run, Where, growing};
use crate::linalg::Matrix;
use crate::maps::Rounding;
use crate::theory::Level;
use crate::tol::{DISTANCE_GAP, bound_room};
use crate::truth::kinks::{Kinks, Observed};
use crate::truth::reference::Scalar;

/// The v of AID's reverse mode is no product of steps: only its limit is known to be of a set.
const METHODS: &[Method] = &[
    Method::ITD,
    Method::ITD_REVERSE,
    Method::ITD_CHECKPOINTED,
    Method::AID_FP_FORWARD,
];

pub(super) const ENTRY: Entry = Entry {
    name: "set-bound",
    about: "the excess to D_fix stays below the theorem's bound at every step (`level`)",
    fits: For::These(METHODS),
    parse: |keys| {
        Ok(Box::new(SetBound {
            level: keys.level()?,
        }))
    },
};

/// The excess to D_fix stays below the bound at a level, whatever is selected at ties.
#[derive(Debug)]
struct SetBound {
    level: Level,
}

impl Check for SetBound {
    fn label(&self) -> &'static str {
        "set-bound"
    }

    fn name(&self) -> String {
        format!("set-bound-{}", self.level.name())
    }

    fn catches(&self, _: f64) -> String {
        "A step that leaves D_Φ by more than the bound forgives: a slope outside its range at a kink, a wrong product, a wrong piece.".into()
    }

    fn requests(&self, c: Context<'_>) -> Result<Vec<Request>> {
        let steps = c.steps.min(c.e.exact()?.run().w.len() - 1);
        if c.e.method.is_aid() {
            let mut at = Vec::new();
            for t in [0, 1, steps / 4, steps / 2, steps] {
                if !at.contains(&t) {
                    at.push(t);
                }
            }
            let each = |t| Request::new(Where::Iterate(t), (0..=steps).collect());
            return Ok(at.into_iter().map(each).collect());
        }
        // Each step of reverse mode is a pass of its own.
        let steps = if c.e.method.is_reverse() {
            growing(steps)
        } else {
            (0..=steps).collect()
        };
        Ok(vec![Request::new(Where::Start, steps)])
    }

    fn judge(&self, c: Context<'_>, runs: &[&Run]) -> Result<Finding> {
        let exact = c.e.exact()?;
        let Some(kinks) = c.e.kinks()? else {
            return Ok(not_solved());
        };
        if let Some(unit) = c.e.blurred_unit()? {
            return Ok(blurred(unit));
        }
        let setting = Setting {
            exact,
            kinks,
            observed: observed(c.e, exact),
            level: self.level,
            slack: c.slack,
        };
        let mut seen = Seen::default();
        // A failure anywhere counts for more than what is not decided elsewhere.
        let mut open: Option<Finding> = None;
        for (n, run) in runs.iter().enumerate() {
            match setting.follow(run, &mut seen) {
                Some(finding) if finding.ruling.is_decided() => return Ok(finding.blaming(n)),
                Some(finding) => drop(open.get_or_insert(finding)),
                None => {}
            }
        }
        if let Some(finding) = open {
            return Ok(finding);
        }
        if seen.compared == 0 {
            let text = format!("{} gave nothing to compare", c.e.method.name());
            return Ok(Finding::undecided(Reason::NothingToSee, text));
        }
        let drawn = c.draw && self.level == Level::Trajectory;
        let plot = drawn.then(|| seen.plot(c.e.method, exact.theorem().q, kinks.count()));
        Ok(seen.finding(kinks.count()).with(plot.map(Data::Plot)))
    }
}

/// What all runs of a judgement share.
struct Setting<'a> {
    exact: &'a Exact,
    kinks: &'a Kinks,
    observed: Observed<'a>,
    level: Level,
    slack: f64,
}

/// One estimate with its measured distance and what is allowed.
struct Measured<'a> {
    k: usize,
    estimate: &'a Matrix,
    /// "at w_5, k = 9".
    place: String,
    distance: f64,
    /// The part of the distance that is rounding.
    rounding: f64,
    /// The theorem's bound with the floors of w in it, times the slack.
    bound: f64,
    /// The distance up to which the estimate is within the bound.
    most: f64,
}

impl Setting<'_> {
    /// Goes through the estimates of a run. A finding where one of them is proven outside, or
    /// nothing can be said.
    fn follow(&self, run: &Run, seen: &mut Seen) -> Option<Finding> {
        seen.course.clear();
        let steps = &run.request.steps;
        let all: Vec<(usize, &Matrix)> = steps.iter().copied().zip(&run.answer.estimates).collect();
        let whole = matches!(self.observed, Observed::Whole);
        if whole && all.iter().enumerate().any(|(n, (k, _))| n != *k) {
            let text = "an element of D_fix can only be followed through every step";
            return Some(Finding::undecided(Reason::NothingToSee, text));
        }
        let last = all.last().map_or(0, |c| c.0);
        let Some(mut distance) = DistanceToFix::new(self.exact, self.kinks, self.observed, last)
        else {
            let text = "the first element of D_fix could not be solved for";
            return Some(Finding::undecided(Reason::Error, text));
        };
        let mut recursion = Recursion::start(self.exact, self.level, run.request.at);
        let (mut open, mut next) = (None, 0);
        for (n, (k, estimate)) in all.iter().enumerate() {
            while next < *k {
                recursion.advance(next, None);
                next += 1;
            }
            let bound = self.slack * recursion.allowed;
            let room = bound_room(*k) * (1.0 + DISTANCE_GAP * *k as f64);
            let (measured, rounding) = if self.kinks.fits(self.observed, estimate) {
                distance.measure(*k, estimate, bound * room)
            } else {
                (f64::NAN, 0.0)
            };
            let one = Measured {
                k: *k,
                estimate,
                place: run.request.at.place(*k),
                distance: measured,
                rounding,
                bound,
                most: bound * room + rounding,
            };
            if !(one.distance <= one.most) {
                // The smaller the bound, the easier to separate: what stays open here may be
                // proven at the last step.
                let search = open.is_none() || n + 1 == all.len();
                match self.beyond(&one, search) {
                    Beyond::Proven(finding) => return Some(finding),
                    Beyond::Open(why) => open = Some(why),
                    Beyond::NotSearched => {}
                }
            }
            seen.see(one);
            if whole {
                recursion.advance(*k, Some(estimate));
                next = k + 1;
            }
        }
        open.map(|why| Finding::undecided(Reason::NoSeparation, why))
    }

    /// What is known of an estimate whose nearest element found is too far away. `search`: a
    /// separating direction is looked for even where the ball around D_fix shows nothing.
    fn beyond(&self, one: &Measured<'_>, search: bool) -> Beyond {
        let fail = |numbers, detail: String| {
            let finding = Finding::decided(false, Unit::Bound, numbers, detail);
            Beyond::Proven(finding.at_step(one.k))
        };
        let Measured { place, bound, .. } = one;
        if one.distance.is_nan() {
            let detail = format!("{place}: the estimate is not finite or not of the right shape");
            return fail([one.distance, *bound, f64::NAN], detail);
        }
        // Seen without a search, and decisive where the data are rounded.
        let ball = self.kinks.outside_ball(self.observed, one.estimate);
        let gross = ball.filter(|lower| *lower > one.most);
        if gross.is_none() && !search {
            return Beyond::NotSearched;
        }
        let outside = self
            .kinks
            .outside_fix(self.observed, one.estimate, one.most);
        let proven = outside.as_ref().filter(|o| o.lower > one.most);
        let (lower, from) = match (proven, gross) {
            (Some(o), _) => (
                o.lower,
                format!(
                    "D_fix, bound {bound:.3e}; proven in rationals by the separating direction {:?} with ⟨Y, D⟩ - h(Y) ≥ {:.3e}",
                    o.direction.as_slice(),
                    o.gap.to_f64()
                ),
            ),
            (None, Some(lower)) => (
                lower,
                format!(
                    "a ball that holds D_fix, bound {bound:.3e}; certified with outward rounding"
                ),
            ),
            (None, None) => {
                return Beyond::Open(format!(
                    "{place}: the nearest element found is {:.3e} away, bound {bound:.3e}, and no separation is proven (lower bound {:.3e})",
                    one.distance,
                    outside.map_or(0.0, |o| o.lower)
                ));
            }
        };
        let detail = format!("{place}: at least {lower:.3e} from {from}");
        fail([lower, *bound, bound / lower], detail)
    }
}

/// What is known of an estimate that no element found is near enough to.
enum Beyond {
    /// It is outside, or no estimate at all.
    Proven(Finding),
    /// Neither an element near enough nor a separation was found, in words.
    Open(String),
    /// Nothing was looked for.
    NotSearched,
}

/// What was seen of all runs so far.
#[derive(Default)]
struct Seen {
    compared: usize,
    /// (bound/distance, distance, bound, k, place) of the estimate nearest to its bound, of those
    /// whose distance stands clear of rounding.
    tightest: Option<(f64, f64, f64, usize, String)>,
    /// The largest part of what is allowed that any estimate takes.
    largest_part: f64,
    /// (step, distance, bound, rounding) of the last run.
    course: Vec<[f64; 4]>,
}

impl Seen {
    fn see(&mut self, one: Measured<'_>) {
        self.compared += 1;
        self.course
            .push([one.k as f64, one.distance, one.bound, one.rounding]);
        if !(one.distance <= one.most) {
            return;
        }
        if one.distance > 0.0 {
            self.largest_part = self.largest_part.max(one.distance / one.most);
        }
        let room = one.bound / one.distance;
        let closer = room < self.tightest.as_ref().map_or(f64::INFINITY, |t| t.0);
        if one.distance > 2.0 * one.rounding && closer {
            self.tightest = Some((room, one.distance, one.bound, one.k, one.place));
        }
    }

    /// That all estimates are within the bound.
    fn finding(self, kinks: usize) -> Finding {
        let kind = if kinks == 0 {
            "no unit at its kink at w(λ)".to_string()
        } else {
            format!("{} at w(λ)", units_at_kinks(kinks))
        };
        let compared = self.compared;
        let Some((slack, measured, bound, k, place)) = self.tightest else {
            let detail =
                format!("{kind}; {compared} estimates within rounding of elements of D_fix");
            let finding = Finding::decided(true, Unit::Floor, [0.0, 0.0, f64::NAN], detail);
            return finding.headroom(1.0 / self.largest_part);
        };
        let detail = format!(
            "{kind}; {compared} estimates have an element of D_fix within the bound; tightest {place}"
        );
        Finding::decided(true, Unit::Bound, [measured, bound, slack], detail).at_step(k)
    }

    fn plot(&self, method: Method, q: f64, kinks: usize) -> Plot {
        let curve =
            |name: &str, of: usize| Points::new(name, self.course.iter().map(|c| (c[0], c[of])));
        Plot::new(
            "excess",
            format!("{}, q = {q:.2}, {kinks} kinks", method.name()),
            vec![
                curve("distance to an element of D_fix", 1),
                curve("Theorem 4.1's recursion", 2),
                curve("rounding", 3),
            ],
        )
    }
}

/// The bound at one step of a run, with the floors of w in it:
/// Δ_{k+1} ≤ qΔ_k + (B·C_1(e) + C_2(e))e, or with ω_j where the level is sharp.
struct Recursion<'a> {
    exact: &'a Exact,
    level: Level,
    at: Where,
    allowed: f64,
}

impl<'a> Recursion<'a> {
    fn start(exact: &'a Exact, level: Level, at: Where) -> Self {
        let allowed = if level == Level::Sharp {
            exact.theorem().d_fix_sup
        } else {
            exact.theorem().b
        };
        Self {
            exact,
            level,
            at,
            allowed,
        }
    }

    /// From step k on to the next; `estimate` is what forward mode had there, whose step loses by
    /// rounding.
    fn advance(&mut self, k: usize, estimate: Option<&Matrix>) {
        let (exact, th) = (self.exact, self.exact.theorem());
        let floors = &exact.run().floor.w;
        let (e, w_norm, t) = match self.at {
            Where::Iterate(t) => {
                let w = exact.iterate(t).norm();
                (2.0 * exact.truth.roundoff().value() * w, w, t)
            }
            _ => (floors[k.min(floors.len() - 1)], exact.iterate(k).norm(), k),
        };
        let distance = match self.level {
            Level::Paper => th.q.powi(t as i32) * th.e0 * bound_room(t),
            _ => exact.distance(t),
        } + e;
        let moved = if self.level == Level::Sharp {
            th.d_fix_sup * th.moduli.omega(1, distance) + th.moduli.omega(2, distance)
        } else {
            (th.b * th.moduli.c(1, distance) + th.moduli.c(2, distance)) * distance
        };
        let w_norm = w_norm + e;
        let rounding = &exact.truth.judged;
        let lost = estimate.map_or(0.0, |d| {
            rounding.forward_step(w_norm, d.norm())
                + rounding.u.value() * Rounding::at(rounding.push_lambda, w_norm)
        });
        self.allowed = th.q * self.allowed + moved + lost;
    }
}

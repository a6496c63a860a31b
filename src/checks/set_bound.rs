//! Theorem 4.1 with the excess to D_fix, for a method of which nothing is known but its estimates.
//!
//! Measured is the distance to a shadow element of D_fix, which obeys the theorem's recursion for any selection, or of Dᵀy to the image of an
//! element that is looked for; allowed is that recursion with the floors in it: e_t + f^w_t for e_t, and in forward mode the rounding of one step
//! added at every step.

use super::{At, Check, Comparison, Exact, Finding, Level, Method, estimates, image};
use crate::claims::evidence::reverse_floor;
use crate::claims::verdict::{Plot, Points};
use crate::linalg::{Matrix, Vector};
use crate::maps::{Rounding, Tie};
use crate::tol::{DISTANCE_GAP, UNIT, bound_room};
use crate::truth::kinks::{Image, Kinks, Shadow};

/// An upper bound of the distance of an estimate to D_fix (to its image), and how much of it is rounding.
enum Follower<'a> {
    /// Step by step, forward mode.
    Shadow(Shadow<'a>),
    /// Each estimate on its own, reverse mode.
    Products {
        kinks: &'a Kinks,
        y: &'a Vector,
        /// What rounding may have moved an estimate by.
        floor: f64,
        /// Where the search starts: the slopes at w_0, w_1, ... of the units at their kink at w(λ).
        starts: Vec<Vec<Vec<f64>>>,
    },
}

impl Follower<'_> {
    /// (measured, rounding) for an estimate that fits; `bound` is what the theorem allows.
    fn measure(&mut self, k: usize, estimate: &Matrix, bound: f64) -> (f64, f64) {
        match self {
            Self::Shadow(shadow) => {
                let measured = if k == 0 {
                    shadow.distance(estimate)
                } else {
                    shadow.follow(estimate)
                };
                (measured, 2.0 * shadow.rounding())
            }
            Self::Products {
                kinks,
                y,
                floor,
                starts,
            } => {
                let latest_first = |s: &Vec<Vec<f64>>| s[..k].iter().rev().cloned().collect();
                let starts: Vec<Vec<Vec<f64>>> = starts.iter().map(latest_first).collect();
                kinks
                    .near_product(y, estimate, &starts, bound + *floor)
                    .map_or((f64::INFINITY, *floor), |p| {
                        (p.distance, 2.0 * p.rounding + *floor)
                    })
            }
        }
    }
}

impl<'a> Follower<'a> {
    fn products(exact: &Exact, kinks: &'a Kinks, y: &'a Vector, steps: usize) -> Self {
        let run = &exact.run;
        let (w_norm, away) = (0..run.w.len()).fold((0.0f64, 0.0f64), |(w, e), t| {
            let off = run.floor.w[t];
            (w.max(run.w[t].norm() + off), e.max(run.e[t] + off))
        });
        let map = &exact.truth.map;
        let mut lin = map.linearization();
        let [lo, hi] = kinks.form.range;
        // In binary64, since that decides on which side of a kink an iterate falls; or on it from where rounding may decide.
        let mut points = vec![run.w[0].clone()];
        for t in 1..steps {
            points.push(match &exact.path {
                Some(path) => Vector::from_column_slice(&path[t]),
                None => map.apply(points[t - 1].as_slice(), &exact.truth.lambda),
            });
        }
        let mut starts = Vec::new();
        for tied_from in std::iter::once(usize::MAX).chain(run.doubt_from) {
            for weight in [0.0, 1.0, 0.5] {
                let slopes = |(t, w): (usize, &Vector)| {
                    if t >= tied_from {
                        return vec![lo + weight * (hi - lo); kinks.count()];
                    }
                    let tie = &mut Tie::Weight(weight);
                    map.linearize(w.as_slice(), &exact.truth.lambda, tie, &mut lin);
                    let active = kinks.active.iter();
                    active.map(|&i| lin.slope[i].clamp(lo, hi)).collect()
                };
                starts.push(points[..steps].iter().enumerate().map(slopes).collect());
            }
        }
        Self::Products {
            kinks,
            y,
            floor: reverse_floor(&exact.truth, (w_norm, away), steps),
            starts,
        }
    }
}

/// The bound at one step of a run, with the floors of w in it.
struct Recursion<'a> {
    exact: &'a Exact,
    level: Level,
    at: At,
    allowed: f64,
}

impl<'a> Recursion<'a> {
    fn start(exact: &'a Exact, level: Level, at: At) -> Self {
        let allowed = if level == Level::Sharp {
            exact.theorem.d_fix_sup
        } else {
            exact.theorem.b
        };
        Self {
            exact,
            level,
            at,
            allowed,
        }
    }

    /// From step k on to the next; `estimate` is what forward mode had there, whose step loses by rounding.
    fn advance(&mut self, k: usize, estimate: Option<&Matrix>) {
        let (exact, th) = (self.exact, &self.exact.theorem);
        let run = &exact.run;
        let (e, w_norm, t) = match self.at {
            At::Iterate(t) => {
                let w = run.w[t].norm();
                (2.0 * UNIT * w, w, t)
            }
            _ => (
                run.floor.w[k.min(run.floor.w.len() - 1)],
                run.w[k.min(run.w.len() - 1)].norm(),
                k,
            ),
        };
        let distance = match self.level {
            Level::Paper => th.q.powi(t as i32) * th.e0 * bound_room(t),
            _ => run.e[t.min(run.e.len() - 1)],
        } + e;
        let moved = if self.level == Level::Sharp {
            th.d_fix_sup * th.moduli.omega(1, distance) + th.moduli.omega(2, distance)
        } else {
            (th.b * th.moduli.c(1, distance) + th.moduli.c(2, distance)) * distance
        };
        let w_norm = w_norm + e;
        let rounding = &exact.truth.rounding;
        let lost = estimate.map_or(0.0, |d| {
            rounding.forward_step(w_norm, d.norm())
                + UNIT * Rounding::at(rounding.push_lambda, w_norm)
        });
        self.allowed = th.q * self.allowed + moved + lost;
    }
}

pub(super) fn judge(
    check: &Check,
    level: Level,
    exact: &Exact,
    kinks: &Kinks,
    method: Method,
    seen: &[Comparison],
) -> Finding {
    let image = image(exact, method);
    let mut tightest = (f64::INFINITY, f64::NAN, f64::NAN, String::new());
    let mut compared = 0;
    // (step, distance, bound, rounding) from the last place.
    let mut course: Vec<[f64; 4]> = Vec::new();
    let mut places: Vec<At> = Vec::new();
    for c in seen {
        if !places.contains(&c.at) {
            places.push(c.at);
        }
    }
    for at in places {
        course.clear();
        let all = estimates(seen, at);
        let follower = match image {
            Image::Whole => {
                if all.iter().enumerate().any(|(n, (k, _))| n != *k) {
                    return Finding::inconclusive("a shadow needs every step");
                }
                Shadow::start(kinks).map(Follower::Shadow)
            }
            Image::Cotangent(y) => {
                let steps = all.last().map_or(0, |c| c.0);
                Some(Follower::products(exact, kinks, y, steps))
            }
        };
        let Some(mut follower) = follower else {
            return Finding::inconclusive("the shadow's first element could not be solved for");
        };
        let mut recursion = Recursion::start(exact, level, at);
        let (mut open, mut next) = (None, 0);
        let count = all.len();
        for (n, (k, d)) in all.into_iter().enumerate() {
            while next < k {
                recursion.advance(next, None);
                next += 1;
            }
            let bound = check.slack * recursion.allowed;
            let room = bound_room(k) * (1.0 + DISTANCE_GAP * k as f64);
            let (measured, rounding) = if kinks.fits(image, d) {
                follower.measure(k, d, bound * room)
            } else {
                (f64::NAN, 0.0)
            };
            let most = bound * room + rounding;
            let place = match at {
                At::Iterate(t) => format!("at w_{t}, k = {k}"),
                _ => format!("at t = {k}"),
            };
            if !(measured <= most) {
                if measured.is_nan() {
                    let detail =
                        format!("{place}: the estimate is not finite or not of the right shape");
                    return Finding::decided(false, measured, bound, f64::NAN, detail);
                }
                // Seen without a search, and decisive where the data are rounded.
                let gross = kinks.outside_ball(image, d).filter(|lower| *lower > most);
                // The smaller the bound, the easier to separate: what stays open here may be proven at the last step.
                if gross.is_some() || open.is_none() || n + 1 == count {
                    let outside = kinks.outside_fix(image, d, most);
                    let proven = outside.as_ref().filter(|o| o.lower > most);
                    let why = match (proven, gross) {
                        (Some(o), _) => Some((
                            o.lower,
                            format!(
                                "D_fix, bound {bound:e}; proven in rationals by the separating direction {:?} with ⟨Y, D⟩ - h(Y) ≥ {:e}",
                                o.direction.as_slice(),
                                crate::truth::reference::Scalar::to_f64(&o.gap)
                            ),
                        )),
                        (None, Some(lower)) => Some((
                            lower,
                            format!(
                                "a ball that holds D_fix, bound {bound:e}; certified with outward rounding"
                            ),
                        )),
                        (None, None) => None,
                    };
                    if let Some((lower, from)) = why {
                        let detail = format!("{place}: at least {lower:e} from {from}");
                        return Finding::decided(false, lower, bound, bound / lower, detail);
                    }
                    open = Some(format!(
                        "{place}: the nearest element found is {measured:e} away, bound {bound:e}, and no separation is proven (lower bound {:e})",
                        outside.map_or(0.0, |o| o.lower)
                    ));
                }
            }
            compared += 1;
            course.push([k as f64, measured, bound, rounding]);
            if measured <= most && measured > 2.0 * rounding && bound / measured < tightest.0 {
                tightest = (bound / measured, measured, bound, place);
            }
            if matches!(image, Image::Whole) {
                recursion.advance(k, Some(d));
                next = k + 1;
            }
        }
        if let Some(why) = open {
            return Finding::inconclusive(why);
        }
    }
    if compared == 0 {
        return Finding::inconclusive(format!("{} gave nothing to compare", method.name()));
    }
    let kind = if kinks.count() == 0 {
        "no unit at its kink at w(λ)".to_string()
    } else {
        format!("{} units at their kink at w(λ)", kinks.count())
    };
    let curve = |name: &str, of: usize| Points::new(name, course.iter().map(|c| (c[0], c[of])));
    let plot = Plot::new(
        "excess",
        format!(
            "{}, q = {:.2}, {} kinks",
            method.name(),
            exact.theorem.q,
            kinks.count()
        ),
        vec![
            curve("distance to an element of D_fix", 1),
            curve("Theorem 4.1's recursion", 2),
            curve("rounding", 3),
        ],
    );
    let (slack, measured, bound, place) = tightest;
    let finding = if slack.is_infinite() {
        Finding::decided(
            true,
            0.0,
            0.0,
            f64::NAN,
            format!("{kind}; {compared} estimates within rounding of elements of D_fix"),
        )
    } else {
        Finding::decided(
            true,
            measured,
            bound,
            slack,
            format!(
                "{kind}; {compared} estimates have an element of D_fix within the bound; tightest {place}"
            ),
        )
    };
    Finding {
        plot: (level == Level::Trajectory).then_some(plot),
        ..finding
    }
}

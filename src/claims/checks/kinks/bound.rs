//! Theorem 4.1 with the excess to D_fix, for a method of which nothing is known but its estimates.
//!
//! Measured is the distance to a shadow element of D_fix, which obeys the theorem's recursion for any selection; allowed is that
//! recursion with the floors in it: e_t + f^w_t for e_t, and the rounding of one step added at every step.

use super::{At, Check, Comparison, Exact, Finding, Level, Method, estimates};
use crate::claims::verdict::{Plot, Points};
use crate::maps::Rounding;
use crate::tol::{DISTANCE_GAP, UNIT, bound_room};
use crate::truth::kinks::{Kinks, Shadow};

pub(super) fn judge(
    check: &Check,
    level: Level,
    exact: &Exact,
    kinks: &Kinks,
    method: Method,
    seen: &[Comparison],
) -> Finding {
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
        let Some(mut shadow) = Shadow::start(kinks) else {
            return Finding::inconclusive("the shadow's first element could not be solved for");
        };
        let mut allowed = if level == Level::Sharp {
            exact.theorem.d_fix_sup
        } else {
            exact.theorem.b
        };
        let all = estimates(seen, at);
        let count = all.len();
        let mut open = None;
        for (n, (k, d)) in all.into_iter().enumerate() {
            if n != k {
                return Finding::inconclusive("a shadow needs every step");
            }
            let measured = if k == 0 {
                shadow.distance(d)
            } else {
                shadow.follow(d)
            };
            let bound = check.slack * allowed;
            let room = bound_room(k) * (1.0 + DISTANCE_GAP * k as f64);
            let most = bound * room + 2.0 * shadow.rounding();
            let place = match at {
                At::Iterate(t) => format!("at w_{t}, k = {k}"),
                _ => format!("at t = {k}"),
            };
            if !(measured <= most) {
                if measured.is_nan() {
                    let detail =
                        format!("{place}: the estimate is not a finite matrix of the right shape");
                    return Finding::decided(false, measured, bound, f64::NAN, detail);
                }
                // A gross violation needs no rationals, and has none where the data are rounded.
                if let Some(lower) = kinks.outside_ball(d).filter(|lower| *lower > most) {
                    return Finding::decided(
                        false,
                        lower,
                        bound,
                        bound / lower,
                        format!(
                            "{place}: at least {lower:e} from a ball that holds D_fix, bound {bound:e}; certified with outward rounding"
                        ),
                    );
                }
                // The smaller the bound, the easier to separate: what stays open here may be proven at the last step.
                if open.is_none() || n + 1 == count {
                    let outside = kinks.outside_fix(d, most);
                    if let Some(o) = outside.as_ref().filter(|o| o.lower > most) {
                        return Finding::decided(
                            false,
                            o.lower,
                            bound,
                            bound / o.lower,
                            format!(
                                "{place}: at least {:e} from D_fix, bound {bound:e}; proven in rationals by the separating direction {:?} with ⟨Y, D⟩ - h(Y) ≥ {:e}",
                                o.lower,
                                o.direction.as_slice(),
                                crate::truth::reference::Scalar::to_f64(&o.gap)
                            ),
                        );
                    }
                    open = Some(format!(
                        "{place}: the shadow is {measured:e} away, bound {bound:e}, and no separation is proven (lower bound {:e})",
                        outside.map_or(0.0, |o| o.lower)
                    ));
                }
            }
            compared += 1;
            course.push([k as f64, measured, bound, shadow.rounding()]);
            if measured <= most
                && measured > 4.0 * shadow.rounding()
                && bound / measured < tightest.0
            {
                tightest = (bound / measured, measured, bound, place);
            }
            // One step of the recursion.
            let (e, w_norm, t) = match at {
                At::Iterate(t) => {
                    let w = exact.run.w[t].norm();
                    (2.0 * UNIT * w, w, t)
                }
                _ => (
                    exact.run.floor.w[k.min(exact.run.floor.w.len() - 1)],
                    { exact.run.w[k.min(exact.run.w.len() - 1)].norm() },
                    k,
                ),
            };
            let distance = match level {
                Level::Paper => exact.theorem.q.powi(t as i32) * exact.theorem.e0 * bound_room(t),
                _ => exact.run.e[t.min(exact.run.e.len() - 1)],
            } + e;
            let th = &exact.theorem;
            let moved = if level == Level::Sharp {
                th.d_fix_sup * th.moduli.omega(1, distance) + th.moduli.omega(2, distance)
            } else {
                (th.b * th.moduli.c(1, distance) + th.moduli.c(2, distance)) * distance
            };
            let w_norm = w_norm + e;
            let lost = exact.truth.rounding.forward_step(w_norm, d.norm())
                + UNIT * Rounding::at(exact.truth.rounding.push_lambda, w_norm);
            allowed = th.q * allowed + moved + lost;
        }
        if let Some(why) = open {
            return Finding::inconclusive(why);
        }
    }
    if compared == 0 {
        return Finding::inconclusive(format!("{} gave no matrices to compare", method.name()));
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
            curve("distance to a shadow in D_fix", 1),
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

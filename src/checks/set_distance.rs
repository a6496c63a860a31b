//! How far an estimate is from D_fix at most, for a method of which nothing else is known.
//!
//! The distance is that to one element of D_fix. In forward mode the element is followed step by
//! step; in reverse mode, where only Dᵀy is seen, each estimate comes from a pass of its own, and
//! an element whose image is near is looked for anew.

use crate::evidence::{Evidence, Exact, reverse_floor};
use crate::linalg::{Matrix, Vector};
use crate::maps::Tie;
use crate::truth::kinks::{Kinks, NearestElement, Observed};

/// What the estimates of the method show of an element of a set: all of it, or its image Xᵀy.
pub(super) fn observed<'e>(e: &'e Evidence<'_>, exact: &'e Exact) -> Observed<'e> {
    if e.method.is_reverse() {
        Observed::Cotangent(&exact.cotangent)
    } else {
        Observed::Whole
    }
}

/// An upper bound of the distance of an estimate to D_fix, or of Dᵀy to its image.
pub(super) enum DistanceToFix<'a> {
    /// Forward mode: to an element that follows the estimates step by step.
    Followed(NearestElement<'a>),
    /// Reverse mode: to an element that is looked for with each estimate.
    Searched(Search<'a>),
}

impl<'a> DistanceToFix<'a> {
    /// For estimates of up to `steps` steps; `None` where the first element cannot be solved for.
    pub(super) fn new(
        exact: &Exact,
        kinks: &'a Kinks,
        observed: Observed<'a>,
        steps: usize,
    ) -> Option<Self> {
        match observed {
            Observed::Whole => NearestElement::start(kinks).map(Self::Followed),
            Observed::Cotangent(y) => Some(Self::Searched(Search::new(exact, kinks, y, steps))),
        }
    }

    /// The distance of the estimate after k steps, which must be of the right shape, and how much
    /// of it is rounding. `enough` is what the theorem allows: no nearer element is looked for.
    pub(super) fn measure(&mut self, k: usize, estimate: &Matrix, enough: f64) -> (f64, f64) {
        match self {
            Self::Followed(element) => {
                let measured = if k == 0 {
                    element.distance(estimate)
                } else {
                    element.follow(estimate)
                };
                (measured, 2.0 * element.rounding())
            }
            Self::Searched(search) => search.measure(k, estimate, enough),
        }
    }
}

/// Where elements with an image near Dᵀy are looked for.
pub(super) struct Search<'a> {
    kinks: &'a Kinks,
    y: &'a Vector,
    /// What rounding may have moved an estimate by.
    floor: f64,
    /// Where the search starts: for some ways to select, the slopes at w_0, w_1, ... of the units
    /// that are at their kink at w(λ).
    starts: Vec<Vec<Vec<f64>>>,
}

impl<'a> Search<'a> {
    fn new(exact: &Exact, kinks: &'a Kinks, y: &'a Vector, steps: usize) -> Self {
        let run = exact.run();
        let (w_norm, away) = (0..run.w.len()).fold((0.0f64, 0.0f64), |(w, e), t| {
            let off = run.floor.w[t];
            (w.max(run.w[t].norm() + off), e.max(run.e[t] + off))
        });
        let map = &exact.truth.map;
        let mut lin = map.linearization();
        let [lo, hi] = kinks.form.range;
        let points = visited(exact, steps);
        let mut starts = Vec::new();
        // From the step on at which rounding may decide the side, every unit may also be on its
        // kink.
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
        Self {
            kinks,
            y,
            floor: reverse_floor(&exact.truth, (w_norm, away), steps),
            starts,
        }
    }

    fn measure(&self, k: usize, estimate: &Matrix, enough: f64) -> (f64, f64) {
        // The adjoint recursion meets the last step first.
        let latest_first = |s: &Vec<Vec<f64>>| s[..k].iter().rev().cloned().collect();
        let starts: Vec<Vec<Vec<f64>>> = self.starts.iter().map(latest_first).collect();
        let found = self
            .kinks
            .near_product(self.y, estimate, &starts, enough + self.floor);
        found.map_or((f64::INFINITY, self.floor), |p| {
            (p.distance, 2.0 * p.rounding + self.floor)
        })
    }
}

/// w_0, ..., w_{steps-1} as an implementation in binary64 meets them, since that decides on which
/// side of a kink an iterate falls.
fn visited(exact: &Exact, steps: usize) -> Vec<Vector> {
    let mut points = vec![exact.iterate(0).clone()];
    for t in 1..steps {
        points.push(match exact.path().and_then(|path| path.get(t)) {
            Some(given) => Vector::from_column_slice(given),
            None => {
                let before = points[t - 1].as_slice();
                exact.truth.map.apply(before, &exact.truth.lambda)
            }
        });
    }
    points
}

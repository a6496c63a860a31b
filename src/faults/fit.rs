//! The parameter of a fault (a tolerance, a cap, a width, an offset), found from what was observed.
//!
//! The deviation of the simulation along that observed grows or falls with the parameter and equals
//! it where the parameter is right. A grid in the logarithm finds where it crosses; there it is
//! bisected, by the secant every other time. Tolerances and caps are right on whole intervals,
//! which the same search meets.

use super::bench::{Bench, Score};
use super::catalogue::Fit;
use crate::tol::{DIAGNOSIS_CUT, DIAGNOSIS_FIT};

/// Points of the grid per factor of ten, and at least.
const GRID: (f64, usize) = (1.0, 9);
/// A range of whole numbers up to this long is tried out.
const TRIED: f64 = 64.0;
/// Steps of the bisection, and halvings of its interval after which it is given up where nothing
/// was better than before by a tenth: near the right parameter what is left falls with the interval.
const STEPS: usize = 60;
const IDLE: usize = 12;
/// Confidence at which the search ends; half is the most where rounding is part of the explanation.
const ENOUGH: f64 = 0.4;

/// The score with the best parameter; `None` where the parameter makes no difference.
pub(super) fn fitted(bench: &Bench<'_>, fit: &Fit) -> Option<Score> {
    let search = Search { bench, fit };
    let [lo, hi] = fit.range.map(f64::ln);
    let middle = [lo, 0.5 * (lo + hi), hi].map(|x| search.at(x));
    let no_change = |s: &Score| (s.along + 1.0).abs() <= DIAGNOSIS_FIT;
    if middle.iter().all(no_change) {
        return None;
    }
    if fit.whole && fit.range[1] - fit.range[0] <= TRIED {
        let whole = fit.range[0] as usize..=fit.range[1] as usize;
        return best(whole.map(|n| search.at((n as f64).ln())));
    }
    let count = ((hi - lo) / std::f64::consts::LN_10 * GRID.0).ceil() as usize;
    let count = count.max(GRID.1);
    let place = |i: usize| lo + (hi - lo) * i as f64 / count as f64;
    let grid: Vec<(f64, Score)> = (0..=count)
        .map(|i| (place(i), search.at(place(i))))
        .collect();
    let mut found = best(grid.iter().map(|g| g.1));
    for pair in grid.windows(2) {
        let ends = [(pair[0].0, pair[0].1.along), (pair[1].0, pair[1].1.along)];
        if ends[0].1 * ends[1].1 <= 0.0 {
            found = best(found.into_iter().chain(search.bisect(ends)));
        }
        if found.is_some_and(|s| s.confidence() >= ENOUGH) {
            break;
        }
    }
    found
}

fn best(scores: impl Iterator<Item = Score>) -> Option<Score> {
    let order = |a: &Score, b: &Score| {
        let surer = a.confidence().total_cmp(&b.confidence());
        surer.then(b.left.total_cmp(&a.left))
    };
    scores.max_by(order)
}

struct Search<'s, 'a> {
    bench: &'s Bench<'a>,
    fit: &'s Fit,
}

impl Search<'_, '_> {
    /// The score at the logarithm of the parameter.
    fn at(&self, x: f64) -> Score {
        let value = x.exp();
        let value = if self.fit.whole { value.round() } else { value };
        self.bench.score(&(self.fit.make)(value), DIAGNOSIS_CUT)
    }

    /// The best between two ends at which the simulation departs too little and too much.
    fn bisect(&self, [mut a, mut b]: [(f64, f64); 2]) -> Option<Score> {
        let mut found: Option<Score> = None;
        let (mut least, mut idle) = (f64::INFINITY, 0);
        for step in 0..STEPS {
            let secant = a.0 - a.1 * (b.0 - a.0) / (b.1 - a.1);
            let by_secant = step % 2 == 0 && secant > a.0 && secant < b.0;
            let x = if by_secant { secant } else { 0.5 * (a.0 + b.0) };
            let apart = if self.fit.whole {
                b.0.exp() - a.0.exp() > 0.5
            } else {
                a.0 < x && x < b.0
            };
            if !apart {
                break;
            }
            let score = self.at(x);
            found = best(found.into_iter().chain([score]));
            if (score.left <= DIAGNOSIS_FIT && score.confidence() >= ENOUGH) || score.along.is_nan()
            {
                break;
            }
            if score.along * a.1 > 0.0 {
                a = (x, score.along);
            } else {
                b = (x, score.along);
            }
            if score.left < 0.9 * least {
                (least, idle) = (score.left, 0);
            } else if !by_secant {
                idle += 1;
            }
            if idle == IDLE {
                break;
            }
        }
        found
    }
}

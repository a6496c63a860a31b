//! Interpolation at Chebyshev points: integrals, tails and slopes, with what they cannot see.
//!
//! Owns the coefficients and the choice of a length at which an interpolated slope counts (theory,
//! section 10, item 3). Must not know what is interpolated.

use std::f64::consts::PI;

use super::caller::Asked;
use crate::tol::SERVED_SLOPE_SHARE;

/// Largest half length of a level; each next one is an eighth of it.
const LONGEST: f64 = 0.5;
/// Levels, asked in groups of one message each.
const GROUPS: [std::ops::Range<i32>; 3] = [0..3, 3..7, 7..14];
/// Coefficients that have to be at the level of noise.
const TAIL: usize = 4;

/// The points cos(πk/n), k = 0..n, and the transform that belongs to them.
pub(super) struct Chebyshev {
    n: usize,
    /// From -1 to 1.
    pub(super) nodes: Vec<f64>,
    cosines: Vec<f64>,
}

impl Chebyshev {
    /// With n + 1 points, both ends included; n even.
    pub(super) fn new(n: usize) -> Self {
        let cosine = |k: usize| match k % (2 * n) {
            0 => 1.0,
            k if 2 * k == n || 2 * k == 3 * n => 0.0,
            k if k == n => -1.0,
            k => libm::cos(PI * k as f64 / n as f64),
        };
        let cosines: Vec<f64> = (0..2 * n).map(cosine).collect();
        let nodes = (0..=n).map(|k| cosines[n - k]).collect();
        Self { n, nodes, cosines }
    }

    /// c_0, .., c_n of Σ c_k T_k through values at the nodes, in their order.
    pub(super) fn coefficients(&self, values: &[f64]) -> Vec<f64> {
        let n = self.n;
        let ends = |k: usize| if k == 0 || k == n { 0.5 } else { 1.0 };
        (0..=n)
            .map(|j| {
                let term = |k: usize| ends(k) * values[n - k] * self.cosines[j * k % (2 * n)];
                2.0 / n as f64 * ends(j) * (0..=n).map(term).sum::<f64>()
            })
            .collect()
    }
}

/// ∫ over [-1, 1] of Σ c_k T_k (Clenshaw and Curtis 1960).
pub(super) fn integral(c: &[f64]) -> f64 {
    c.iter()
        .enumerate()
        .step_by(2)
        .map(|(k, c)| 2.0 * c / (1.0 - (k * k) as f64))
        .sum()
}

/// The largest of the last `count` coefficients.
pub(super) fn tail(c: &[f64], count: usize) -> f64 {
    c[c.len() - count..].iter().fold(0.0, |m, c| m.max(c.abs()))
}

/// The derivative of Σ c_k T_k at 0: T_k'(0) = k sin(kπ/2).
fn slope(c: &[f64]) -> f64 {
    let signed = |(k, c): (usize, &f64)| {
        if k % 4 == 1 {
            k as f64 * c
        } else {
            -(k as f64) * c
        }
    };
    c.iter().enumerate().skip(1).step_by(2).map(signed).sum()
}

/// A derivative at 0 with what it may be off by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slope {
    pub(super) value: f64,
    pub(super) error: f64,
}

/// The derivatives at 0 of all components of t ↦ F(t) on [-1/2, 1/2]; `None` where no level is free
/// of kinks and curvature. A level counts for component i when its last four coefficients are at
/// most 4ε_i and est_i = 2n²·max(tail_i, ε_i)/h is a small part of the slopes: n² is what a centred
/// kink of undetected size can do.
pub(super) fn slopes(
    n: usize,
    epsilon: &[f64],
    scale: &[f64],
    mut values: impl FnMut(&[f64]) -> Asked<Vec<Vec<f64>>>,
) -> Asked<Vec<Option<Slope>>> {
    let chebyshev = Chebyshev::new(n);
    let width = epsilon.len();
    let mut out: Vec<Option<Slope>> = vec![None; width];
    for group in GROUPS {
        let lengths: Vec<f64> = group.map(|j| LONGEST * 0.125f64.powi(j)).collect();
        let at: Vec<f64> = lengths
            .iter()
            .flat_map(|h| chebyshev.nodes.iter().map(move |x| h * x))
            .collect();
        let answers = values(&at)?;
        for (h, level) in lengths.iter().zip(answers.chunks(n + 1)) {
            let found: Vec<Slope> = (0..width)
                .map(|i| {
                    let run: Vec<f64> = level.iter().map(|v| v[i]).collect();
                    let c = chebyshev.coefficients(&run);
                    let tail = tail(&c, TAIL);
                    let error = if tail <= 4.0 * epsilon[i] {
                        2.0 * (n * n) as f64 * tail.max(epsilon[i]) / h
                    } else {
                        f64::INFINITY
                    };
                    Slope {
                        value: slope(&c) / h,
                        error,
                    }
                })
                .collect();
            // Slopes of components with a kink inside are no measure.
            let smooth = found.iter().zip(scale).filter(|(f, _)| f.error.is_finite());
            let largest = smooth.fold(0.0f64, |m, (f, s)| m.max(f.value.abs() / s));
            for (i, f) in found.into_iter().enumerate() {
                let share = SERVED_SLOPE_SHARE * f.value.abs().max(scale[i] * largest);
                if out[i].is_none() && f.error <= share {
                    out[i] = Some(f);
                }
            }
        }
        if out.iter().all(Option::is_some) {
            break;
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integrals_and_slopes_of_polynomials_are_exact() {
        let chebyshev = Chebyshev::new(16);
        let f = |x: f64| 3.0 - x + 5.0 * x.powi(7) + x.powi(12);
        let values: Vec<f64> = chebyshev.nodes.iter().map(|x| f(*x)).collect();
        let c = chebyshev.coefficients(&values);
        assert!((integral(&c) - (6.0 + 2.0 / 13.0)).abs() < 1e-14);
        assert!((slope(&c) + 1.0).abs() < 1e-13 && tail(&c, 4) < 1e-15);
        assert_eq!(
            (chebyshev.nodes[0], chebyshev.nodes[8], chebyshev.nodes[16]),
            (-1.0, 0.0, 1.0)
        );
    }

    #[test]
    fn a_kink_off_the_centre_asks_for_shorter_lengths_and_one_at_it_gives_nothing() {
        let found = slopes(12, &[1e-15; 2], &[1.0; 2], |at| {
            Ok(at
                .iter()
                .map(|t| vec![2.0 * t.exp() + (t - 0.01).abs(), t.abs()])
                .collect())
        })
        .unwrap();
        let first = found[0].unwrap();
        assert!(
            (first.value - 1.0).abs() <= first.error && first.error < 1e-9,
            "{first:?}"
        );
        assert!(found[1].is_none());
    }
}

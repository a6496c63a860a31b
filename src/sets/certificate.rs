//! Certificates of a distance to a convex set.
//!
//! Owns what proves a bound of inf over b in B of ‖a - b‖ for a hull or a box B: from above the
//! norm at a feasible b; from below any matrix Y through weak duality,
//!     inf ≥ (⟨Y, a⟩ - max over B of ⟨Y, b⟩) / ‖Y‖_*.
//! Both are evaluated with outward rounding, so that they hold however far a search came. Must not
//! know how b and Y are found.

use nalgebra::DMatrix;

use super::diagonal_box::DiagonalBox;
use super::rounding::{Sum, add_up, collect, norm_upper, nuclear_upper};
use crate::tol::DISTANCE_FLOOR;

/// A convex target in the form the search works on.
#[derive(Clone, Copy)]
pub(super) enum Convex<'a> {
    Hull(&'a [DMatrix<f64>]),
    Box(&'a DiagonalBox),
}

/// The distance of `a` to `target`, to be enclosed.
pub(super) struct Problem<'a> {
    pub a: &'a DMatrix<f64>,
    pub target: Convex<'a>,
}

impl Problem<'_> {
    /// Size of the data, for the floor under which all is rounding.
    pub fn size(&self) -> f64 {
        let of_target = match self.target {
            Convex::Hull(v) => v.iter().map(|v| v.norm()).fold(0.0, f64::max),
            Convex::Box(b) => b.offset().norm(),
        };
        self.a.norm().max(of_target)
    }

    /// Whether the bounds are within `relative_gap` of each other, or their difference is rounding.
    pub fn closed(&self, best: &Best, relative_gap: f64) -> bool {
        let gap = best.upper - best.lower.max(0.0);
        gap <= (relative_gap * best.upper).max(4.0 * DISTANCE_FLOOR * self.size())
    }

    /// The element at `weights`, rounded.
    pub fn element(&self, weights: &[f64]) -> DMatrix<f64> {
        match self.target {
            Convex::Hull(vertices) => {
                let total: f64 = weights.iter().sum();
                let mut point = DMatrix::zeros(self.a.nrows(), self.a.ncols());
                for (v, &w) in vertices.iter().zip(weights).filter(|(_, w)| **w != 0.0) {
                    point.zip_apply(v, |p, v| *p += w / total * v);
                }
                point
            }
            Convex::Box(b) => b.element(weights).0,
        }
    }

    /// ‖a - b‖ at the feasible b of these weights, rounded up. Weights of a hull need not add up to
    /// one: b = Σ w_j b_j / W and a - b = Σ w_j (a - b_j) / W.
    pub fn upper(&self, weights: &[f64]) -> f64 {
        let (rows, cols) = self.a.shape();
        match self.target {
            Convex::Hull(vertices) => {
                let used: Vec<usize> = (0..weights.len()).filter(|&j| weights[j] != 0.0).collect();
                let mut total = Sum::default();
                used.iter().for_each(|&j| total.add(weights[j]));
                let (x, error) = collect(rows, cols, |i, j| {
                    let mut sum = Sum::default();
                    for &l in &used {
                        sum.add_product(weights[l], self.a[(i, j)]);
                        sum.add_product(-weights[l], vertices[l][(i, j)]);
                    }
                    sum
                });
                let norm = add_up(norm_upper(&x), error);
                let total = total.lower();
                if norm == 0.0 || total == 1.0 {
                    norm
                } else {
                    (norm / total).next_up()
                }
            }
            Convex::Box(b) => {
                let (x, error) = collect(rows, cols, |i, j| {
                    let mut sum = Sum::default();
                    sum.add(self.a[(i, j)]);
                    sum.add(-b.offset()[(i, j)]);
                    for (l, &s) in weights.iter().enumerate() {
                        sum.add_triple(-s, b.left()[(i, l)], b.right()[(l, j)]);
                    }
                    sum
                });
                add_up(norm_upper(&x), error)
            }
        }
    }

    /// min over B of ⟨Y, a - b⟩ / ‖Y‖_*, rounded down; not positive where Y separates nothing.
    pub fn lower(&self, y: &DMatrix<f64>) -> f64 {
        if !y.iter().all(|v| v.is_finite()) {
            return 0.0;
        }
        let least = match self.target {
            Convex::Hull(vertices) => {
                let mut least = f64::INFINITY;
                for v in vertices {
                    let mut sum = Sum::default();
                    for ((y, a), v) in y.iter().zip(self.a.iter()).zip(v.iter()) {
                        sum.add_product(*y, *a);
                        sum.add_product(-*y, *v);
                    }
                    let lower = sum.lower();
                    // Overflow: nothing is known, which `min` would forget.
                    if lower.is_nan() {
                        return 0.0;
                    }
                    least = least.min(lower);
                }
                least
            }
            Convex::Box(b) => {
                let mut sum = Sum::default();
                for ((y, a), c) in y.iter().zip(self.a.iter()).zip(b.offset().iter()) {
                    sum.add_product(*y, *a);
                    sum.add_product(-*y, *c);
                }
                b.add_support(y, -1.0, &mut sum);
                sum.lower()
            }
        };
        if least > 0.0 {
            (least / nuclear_upper(y)).next_down()
        } else {
            0.0
        }
    }
}

/// Puts the free entries back into their intervals.
pub(super) fn clamp(s: &mut [f64], set: &DiagonalBox) {
    for (i, s) in s.iter_mut().enumerate() {
        *s = s.clamp(set.lo()[i], set.hi()[i]);
    }
}

/// The best certificates so far.
pub(super) struct Best {
    pub upper: f64,
    pub weights: Vec<f64>,
    pub lower: f64,
    pub separator: DMatrix<f64>,
    /// The dual of the last restricted problem; empty before the first.
    pub last_dual: DMatrix<f64>,
}

impl Best {
    pub fn new((rows, cols): (usize, usize)) -> Self {
        Self {
            upper: f64::INFINITY,
            weights: Vec::new(),
            lower: 0.0,
            separator: DMatrix::zeros(rows, cols),
            last_dual: DMatrix::zeros(0, 0),
        }
    }

    pub fn offer_point(&mut self, upper: f64, weights: Vec<f64>) {
        if upper < self.upper || self.weights.is_empty() {
            self.upper = if upper.is_nan() { f64::INFINITY } else { upper };
            self.weights = weights;
        }
    }

    pub fn offer_separator(&mut self, lower: f64, separator: DMatrix<f64>) {
        if lower > self.lower {
            self.lower = lower;
            self.separator = separator;
        }
    }
}

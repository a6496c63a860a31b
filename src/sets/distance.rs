//! Distance of a matrix to a set, with certificates.
//!
//! Owns inf over b in B of ‖a - b‖ and its proof: from above the norm at a feasible b;
//! from below, for convex B, any matrix Y through weak duality,
//!     inf ≥ (⟨Y, a⟩ - max over B of ⟨Y, b⟩) / ‖Y‖_*.
//! Both are evaluated with outward rounding, so that the enclosure holds however
//! far the search came. Must not know where the sets come from.

use nalgebra::{DMatrix, DVector};

use super::diagonal_box::{DiagonalBox, add_triple};
use super::nearest::{Combination, Corner, nearest};
use super::points::finite;
use super::rounding::{Sum, add_up, collect, euclidean_upper, mul_up, norm_at_most};
use super::{Effort, Enclosure, SetRef, norm_lower, norm_upper, nuclear_upper, same_shape};
use crate::error::Result;
use crate::tol::{DISTANCE_FLOOR, UNIT, gamma};

/// The Euclidean nearest point is only a first guess for the operator norm.
const FIRST_GUESS_STEPS: usize = 30;

/// Where a set comes closest to a matrix.
#[derive(Clone, Debug, PartialEq)]
pub struct Nearest {
    /// Certified enclosure of the distance to the exact set.
    pub distance: Enclosure,
    /// The element found: convex weights of the vertices of a hull, the free entries of a
    /// box, or 1 at one of the points.
    pub weights: Vec<f64>,
    /// That element (to rounding); its distance attains the upper bound.
    pub point: DMatrix<f64>,
    /// Y of the lower bound (not normalised); zero where the bound is trivial or the set not convex.
    pub separator: DMatrix<f64>,
}

/// Distance of `a` to `target`: operator norm, Euclidean for single columns.
///
/// Errors: shapes differ, `a` not finite.
pub fn distance<'a>(
    a: &DMatrix<f64>,
    target: impl Into<SetRef<'a>>,
    effort: &Effort,
) -> Result<Nearest> {
    let target = target.into();
    same_shape("the matrix", a.shape(), target.shape())?;
    finite(a)?;
    Ok(approach(a, target, effort, -1.0))
}

/// The same for checked input; the search stops where the upper bound is at most `cutoff`.
pub(super) fn approach(a: &DMatrix<f64>, target: SetRef, effort: &Effort, cutoff: f64) -> Nearest {
    let mut found = match target {
        SetRef::Points(p) => match p.members() {
            [only] => at_most(a, only, cutoff).unwrap_or_else(|| among(a, p.members())),
            members => among(a, members),
        },
        SetRef::Hull(h) => match h.vertices() {
            [only] => among(a, std::slice::from_ref(only)),
            vertices => match vertices.iter().position(|v| v == a) {
                Some(i) => exact(a, unit(vertices.len(), i)),
                None => Search {
                    a,
                    target: Convex::Hull(vertices),
                    effort,
                    cutoff,
                }
                .run(),
            },
        },
        SetRef::Box(b) => Search {
            a,
            target: Convex::Box(b),
            effort,
            cutoff,
        }
        .run(),
    };
    found.distance = found.distance.loosened(target.rounding());
    found
}

fn unit(n: usize, i: usize) -> Vec<f64> {
    let mut w = vec![0.0; n];
    w[i] = 1.0;
    w
}

fn exact(a: &DMatrix<f64>, weights: Vec<f64>) -> Nearest {
    let (rows, cols) = a.shape();
    Nearest {
        distance: Enclosure::ZERO,
        weights,
        point: a.clone(),
        separator: DMatrix::zeros(rows, cols),
    }
}

/// A single target that is certainly not further than `cutoff`, at a tenth of the price of the distance.
fn at_most(a: &DMatrix<f64>, only: &DMatrix<f64>, cutoff: f64) -> Option<Nearest> {
    if cutoff.is_infinite() || a.nrows().min(a.ncols()) <= 1 {
        return None;
    }
    let difference = a - only;
    // The subtraction lost at most u of each entry.
    let lost = mul_up(2.0 * UNIT, euclidean_upper(difference.as_slice()));
    let settled = norm_at_most(&difference, (cutoff - lost).next_down());
    settled.then(|| Nearest {
        distance: Enclosure::nonnegative(0.0, cutoff),
        weights: vec![1.0],
        point: only.clone(),
        separator: DMatrix::zeros(a.nrows(), a.ncols()),
    })
}

/// Enclosure of ‖a - b‖.
pub(super) fn gap(a: &DMatrix<f64>, b: &DMatrix<f64>) -> Enclosure {
    let (x, error) = collect(a.nrows(), a.ncols(), |i, j| {
        let mut sum = Sum::default();
        sum.add(a[(i, j)]);
        sum.add(-b[(i, j)]);
        sum
    });
    Enclosure::nonnegative(norm_lower(&x), norm_upper(&x)).loosened(error)
}

/// Nearest of finitely many members.
fn among(a: &DMatrix<f64>, members: &[DMatrix<f64>]) -> Nearest {
    let mut best = (Enclosure::new(f64::INFINITY, f64::INFINITY), 0);
    for (i, b) in members.iter().enumerate() {
        let here = gap(a, b);
        let index = if here.upper < best.0.upper { i } else { best.1 };
        best = (best.0.min(here), index);
    }
    let (rows, cols) = a.shape();
    Nearest {
        distance: best.0,
        weights: unit(members.len(), best.1),
        point: members[best.1].clone(),
        separator: DMatrix::zeros(rows, cols),
    }
}

/// A convex target in the form the search works on.
#[derive(Clone, Copy)]
pub(super) enum Convex<'a> {
    Hull(&'a [DMatrix<f64>]),
    Box(&'a DiagonalBox),
}

pub(super) struct Search<'a> {
    pub a: &'a DMatrix<f64>,
    pub target: Convex<'a>,
    pub effort: &'a Effort,
    pub cutoff: f64,
}

impl Search<'_> {
    fn run(&self) -> Nearest {
        let column = self.a.nrows().min(self.a.ncols()) <= 1;
        let steps = if column {
            self.effort.steps
        } else {
            self.effort.steps.min(FIRST_GUESS_STEPS)
        };
        let guess = self.euclidean(steps);
        let mut best = Best::new(self.a.shape());
        let weights = self.weights_of(&guess);
        best.offer_point(self.upper(&weights), weights);
        let (rows, cols) = self.a.shape();
        let y = DMatrix::from_column_slice(rows, cols, guess.point.as_slice());
        if column || best.upper <= self.cutoff || self.closed(&best) {
            best.offer_separator(self.lower(&y), y);
        } else {
            match self.target {
                Convex::Hull(v) => self.hull(v, &guess, &mut best),
                Convex::Box(b) => self.cube(b, &mut best),
            }
            if best.lower <= 0.0 {
                best.offer_separator(self.lower(&y), y);
            }
        }
        Nearest {
            distance: Enclosure::nonnegative(best.lower, best.upper),
            point: self.element(&best.weights),
            weights: best.weights,
            separator: best.separator,
        }
    }

    /// Size of the data, for the floor under which all is rounding.
    pub fn size(&self) -> f64 {
        let of_target = match self.target {
            Convex::Hull(v) => v.iter().map(|v| v.norm()).fold(0.0, f64::max),
            Convex::Box(b) => b.offset().norm(),
        };
        self.a.norm().max(of_target)
    }

    pub fn closed(&self, best: &Best) -> bool {
        let gap = best.upper - best.lower.max(0.0);
        gap <= (self.effort.relative_gap * best.upper).max(4.0 * DISTANCE_FLOOR * self.size())
    }

    /// Frobenius-nearest element, by Wolfe's method on a - B.
    fn euclidean(&self, steps: usize) -> Combination {
        match self.target {
            Convex::Hull(vertices) => {
                let differences: Vec<DVector<f64>> = vertices
                    .iter()
                    .map(|v| DVector::from_column_slice((self.a - v).as_slice()))
                    .collect();
                let shortest = (0..vertices.len())
                    .min_by(|&i, &j| {
                        differences[i]
                            .norm_squared()
                            .total_cmp(&differences[j].norm_squared())
                    })
                    .unwrap_or(0);
                let start = differences[shortest].clone();
                let mut first = true;
                nearest(
                    &start,
                    |x| {
                        let mut best = (f64::INFINITY, shortest);
                        if !std::mem::take(&mut first) {
                            for (j, q) in differences.iter().enumerate() {
                                let value = x.dot(q);
                                if value < best.0 {
                                    best = (value, j);
                                }
                            }
                        }
                        (Corner::Vertex(best.1), differences[best.1].clone())
                    },
                    steps,
                )
            }
            Convex::Box(set) => {
                let (rows, cols) = self.a.shape();
                let base = self.a - set.offset();
                let mid: Vec<f64> = set
                    .lo()
                    .iter()
                    .zip(set.hi())
                    .map(|(l, h)| 0.5 * l + 0.5 * h)
                    .collect();
                let at = |s: &[f64]| {
                    let mut scaled = set.right().clone();
                    for (mut row, &s) in scaled.row_iter_mut().zip(s) {
                        row *= s;
                    }
                    let mut x = base.clone();
                    x.gemm(-1.0, set.left(), &scaled, 1.0);
                    DVector::from_column_slice(x.as_slice())
                };
                nearest(
                    &at(&mid),
                    |x| {
                        let x = DMatrix::from_column_slice(rows, cols, x.as_slice());
                        let lx = set.left().tr_mul(&x);
                        // ⟨x, -s_i G_i⟩ is least at hi_i where ⟨x, G_i⟩ > 0.
                        let s: Vec<f64> = (0..set.free_count())
                            .map(|i| {
                                let g: f64 = lx
                                    .row(i)
                                    .iter()
                                    .zip(set.right().row(i).iter())
                                    .map(|(a, b)| a * b)
                                    .sum();
                                if g > 0.0 { set.hi()[i] } else { set.lo()[i] }
                            })
                            .collect();
                        let q = at(&s);
                        (Corner::Entries(s), q)
                    },
                    steps,
                )
            }
        }
    }

    fn weights_of(&self, combination: &Combination) -> Vec<f64> {
        let mut weights = match self.target {
            Convex::Hull(v) => vec![0.0; v.len()],
            Convex::Box(b) => vec![0.0; b.free_count()],
        };
        for (corner, &w) in combination.corners.iter().zip(&combination.weights) {
            match corner {
                Corner::Vertex(i) => weights[*i] += w,
                Corner::Entries(s) => weights.iter_mut().zip(s).for_each(|(x, s)| *x += w * s),
            }
        }
        if let Convex::Box(b) = self.target {
            clamp(&mut weights, b);
        }
        weights
    }

    /// The element at `weights`, rounded.
    fn element(&self, weights: &[f64]) -> DMatrix<f64> {
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

    /// ‖a - b‖ at the feasible b of these weights, rounded up. Weights of a hull need not add up to one:
    /// b = Σ w_j b_j / W and a - b = Σ w_j (a - b_j) / W.
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
                        add_triple(&mut sum, -s, b.left()[(i, l)], b.right()[(l, j)]);
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
    fn new((rows, cols): (usize, usize)) -> Self {
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

/// Bound of ‖Σ s_i l_i r_iᵀ‖ over |s_i| ≤ h_i: the least of ‖L√h‖‖√hR‖ and Σ h_i‖l_i‖‖r_i‖.
pub(super) fn radius(left: &DMatrix<f64>, right: &DMatrix<f64>, half: &[f64]) -> f64 {
    let mut split = (left.clone(), right.clone());
    let mut one_by_one = 0.0;
    for (i, &h) in half.iter().enumerate() {
        let root = h.sqrt().next_up();
        split.0.column_mut(i).apply(|v| *v *= root);
        split.1.row_mut(i).apply(|v| *v *= root);
        let (l, r) = (
            left.columns(i, 1).into_owned(),
            right.rows(i, 1).into_owned(),
        );
        one_by_one = add_up(
            one_by_one,
            mul_up(h, mul_up(norm_upper(&l), norm_upper(&r))),
        );
    }
    // The entries of the scaled factors lost at most u each, relatively.
    let both = mul_up(norm_upper(&split.0), norm_upper(&split.1));
    let slack = mul_up(
        euclidean_upper(split.0.as_slice()),
        euclidean_upper(split.1.as_slice()),
    ) * gamma(8);
    add_up(both, slack.next_up()).min(one_by_one)
}

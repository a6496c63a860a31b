//! Lower bounds of the distance to D_fix: conv D_fix through its set iteration, in rationals.
//!
//! The support function h(Y) = sup over D_fix of ⟨Y, X⟩ obeys h(Y) = max over s' of ⟨Y, LS'R_2⟩ + max over s of h((LSR_1)ᵀY), both
//! maxima at vertices (h is convex). Sequences of vertices are opened best first; what an open branch can still
//! add is at most ⟨Z, X_c⟩ + ρ‖Z‖_*, where D_fix lies within ρ of X_c: for any X_c, ρ = κ sup‖A X_c + B - X_c‖. Everything that decides
//! is rational (‖·‖_* is rounded up): a violation reported from here is proven.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::super::reference::{Columns, Rational, Scalar};
use super::{Kinks, rounded};
use crate::linalg::Matrix;
use crate::sets::{Effort, Points, distance, norm_upper, nuclear_upper};
use crate::tol::{BOUND_ROOM, EXACT_NEWTON_DIM, KINK_GAP, gamma};

/// Most kinks whose 2^k branches are followed.
const MAX_KINKS: usize = 4;
/// Branches opened for one direction.
const OPENED: usize = 300;
/// Directions tried.
const DIRECTIONS: usize = 6;

/// A certified lower bound of the distance to D_fix.
#[derive(Clone, Debug)]
pub struct Outside {
    /// dist(x, D_fix) ≥ lower.
    pub lower: f64,
    /// Y of the proof: ⟨Y, x⟩ - h(Y) = `gap` in rationals, lower = gap/‖Y‖_*.
    pub direction: Matrix,
    /// ⟨Y, x⟩ - (an upper bound of h(Y)), exactly.
    pub gap: Rational,
}

struct Exact {
    left: Vec<Vec<Rational>>,
    right_w: Vec<Vec<Rational>>,
    right_lambda: Vec<Vec<Rational>>,
    slope: Vec<Rational>,
    range: [Rational; 2],
}

struct Branch {
    bound: f64,
    value: Rational,
    so_far: Rational,
    z: Columns<Rational>,
    path: Vec<[usize; 2]>,
}

impl PartialEq for Branch {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for Branch {}
impl PartialOrd for Branch {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Branch {
    fn cmp(&self, other: &Self) -> Ordering {
        self.bound.total_cmp(&other.bound)
    }
}

impl Kinks {
    /// A lower bound of the distance of `x` to D_fix, proven in rationals; the search ends once it exceeds `enough`. `None` where that is out of reach: more than 4 kinks,
    /// large dimensions, rounded data.
    pub fn outside_fix(&self, x: &Matrix, enough: f64) -> Option<Outside> {
        let (d, k) = (self.w.len(), self.count());
        if k > MAX_KINKS || d > EXACT_NEWTON_DIM || self.form.lost != [0.0; 3] {
            return None;
        }
        if x.shape() != (d, self.form.right_lambda.ncols()) || x.iter().any(|v| !v.is_finite()) {
            return None;
        }
        let exact = self.exact_form();
        let [lo, hi] = self.form.range;
        let middle = vec![0.5 * (lo + hi); k];
        let centre = self.element(&middle, &middle)?.0;
        let radius = self.radius(&centre, &middle);
        let mut members = vec![centre.clone()];
        for code in 0..1usize << k {
            members.push(self.element(&self.corner(code), &self.corner(code))?.0);
        }
        let mut best: Option<Outside> = None;
        for _ in 0..DIRECTIONS {
            let hull = Points::new(members.clone()).ok()?.into_hull();
            let near = distance(x, &hull, &Effort::default()).ok()?;
            let y = near.separator;
            let size = nuclear_upper(&y);
            if !(size > 0.0) || near.distance.upper <= 0.0 {
                break;
            }
            let at = inner(&y, x);
            let target = at.to_f64() - enough * size * (1.0 + KINK_GAP);
            let (top, path) = exact.support(self, &y, &centre, radius, target)?;
            let gap = at - top;
            let lower = gap.to_f64() / size * (1.0 - BOUND_ROOM);
            if best.as_ref().is_none_or(|b| lower > b.lower) {
                best = Some(Outside {
                    lower: lower.max(0.0),
                    direction: y,
                    gap,
                });
            }
            if best.as_ref().is_some_and(|b| {
                b.lower > enough || near.distance.upper - b.lower <= KINK_GAP * near.distance.upper
            }) {
                break;
            }
            let mut vertex = centre.clone();
            for [a, b] in path.iter().rev() {
                let (s, s2) = (self.slopes(&self.corner(*a)), self.slopes(&self.corner(*b)));
                vertex = self.product(&s, &self.form.right_w) * vertex
                    + self.product(&s2, &self.form.right_lambda);
            }
            if members.contains(&vertex) {
                break;
            }
            members.push(vertex);
        }
        best
    }

    /// ρ: D_fix lies within ρ of `centre`.
    pub fn radius(&self, centre: &Matrix, middle: &[f64]) -> f64 {
        let f = &self.form;
        let s = self.slopes(middle);
        let residual =
            self.product(&s, &f.right_w) * centre + self.product(&s, &f.right_lambda) - centre;
        let pushed = &f.right_w * centre;
        let half = 0.5 * (f.range[1] - f.range[0]).abs();
        let moved: f64 = self
            .active
            .iter()
            .map(|&i| {
                half * f.left.column(i).norm()
                    * (pushed.row(i).norm() + f.right_lambda.row(i).norm())
            })
            .sum();
        self.kappa()
            * (norm_upper(&residual)
                + self.step_lost(centre)
                + moved * (1.0 + gamma(4 * centre.len() + 16)))
    }

    fn exact_form(&self) -> Exact {
        let rows = |m: &Matrix| {
            m.row_iter()
                .map(|r| r.iter().map(|v| Rational::exactly(*v)).collect())
                .collect()
        };
        Exact {
            left: rows(&self.form.left),
            right_w: rows(&self.form.right_w),
            right_lambda: rows(&self.form.right_lambda),
            slope: self
                .form
                .slope
                .iter()
                .map(|v| Rational::exactly(*v))
                .collect(),
            range: [
                Rational::exactly(self.form.range[0]),
                Rational::exactly(self.form.range[1]),
            ],
        }
    }
}

impl Exact {
    /// An upper bound of h(Y), refined until it is below `target`, and the sequence of vertices that comes closest.
    fn support(
        &self,
        kinks: &Kinks,
        y: &Matrix,
        centre: &Matrix,
        radius: f64,
        target: f64,
    ) -> Option<(Rational, Vec<[usize; 2]>)> {
        let d = centre.nrows();
        let centre: Columns<Rational> = columns(centre);
        let branch = |so_far: Rational, z: Columns<Rational>, path: Vec<[usize; 2]>| {
            let value = &so_far + dot(&z, &centre);
            let (size, _) = rounded(&z, d);
            let rest = nuclear_upper(&size) * (1.0 + BOUND_ROOM) * radius;
            let bound = (value.to_f64() + rest).next_up().next_up();
            Branch {
                bound,
                value,
                so_far,
                z,
                path,
            }
        };
        let start = branch(Rational::exactly(0.0), columns(y), Vec::new());
        let mut best = (start.value.clone(), Vec::new());
        let mut heap = BinaryHeap::from([start]);
        for _ in 0..OPENED {
            let top = heap.pop()?;
            let room = top.bound - best.0.to_f64();
            if top.bound < target || room <= KINK_GAP * KINK_GAP * (1.0 + top.bound.abs()) {
                heap.push(top);
                break;
            }
            let (added, second) = self.of_lambda(kinks, &top.z);
            let so_far = &top.so_far + added;
            for code in 0..1usize << kinks.count() {
                let z = self.pull(kinks, &top.z, code);
                let mut path = top.path.clone();
                path.push([code, second]);
                let child = branch(so_far.clone(), z, path);
                if child.value > best.0 {
                    best = (child.value.clone(), child.path.clone());
                }
                heap.push(child);
            }
        }
        let bound = Rational::exactly(heap.peek()?.bound);
        Some((bound, best.1))
    }

    fn slope(&self, kinks: &Kinks, unit: usize, code: usize) -> &Rational {
        match kinks.active.iter().position(|a| *a == unit) {
            Some(n) => &self.range[code >> n & 1],
            None => &self.slope[unit],
        }
    }

    /// (Lᵀz)_i for unit i and column j.
    fn back(&self, z: &Columns<Rational>, unit: usize, j: usize) -> Rational {
        let mut sum = Rational::exactly(0.0);
        for (row, v) in self.left.iter().zip(&z[j]) {
            if !row[unit].vanishes() {
                sum += &row[unit] * v;
            }
        }
        sum
    }

    /// max over s' of ⟨Z, LS'R_2⟩ and the vertex.
    fn of_lambda(&self, kinks: &Kinks, z: &Columns<Rational>) -> (Rational, usize) {
        let (mut total, mut code) = (Rational::exactly(0.0), 0);
        for unit in 0..self.slope.len() {
            let mut g = Rational::exactly(0.0);
            for j in 0..z.len() {
                g += self.back(z, unit, j) * &self.right_lambda[unit][j];
            }
            match kinks.active.iter().position(|a| *a == unit) {
                None => total += g * &self.slope[unit],
                Some(n) => {
                    let (low, high) = (&g * &self.range[0], &g * &self.range[1]);
                    if high > low {
                        code |= 1 << n;
                        total += high;
                    } else {
                        total += low;
                    }
                }
            }
        }
        (total, code)
    }

    /// (LSR_1)ᵀZ.
    fn pull(&self, kinks: &Kinks, z: &Columns<Rational>, code: usize) -> Columns<Rational> {
        (0..z.len())
            .map(|j| {
                let mut out = vec![Rational::exactly(0.0); z[j].len()];
                for unit in 0..self.slope.len() {
                    let g = self.slope(kinks, unit, code) * self.back(z, unit, j);
                    if g.vanishes() {
                        continue;
                    }
                    for (o, r) in out.iter_mut().zip(&self.right_w[unit]) {
                        *o += &g * r;
                    }
                }
                out
            })
            .collect()
    }
}

fn columns(m: &Matrix) -> Columns<Rational> {
    m.column_iter()
        .map(|c| c.iter().map(|v| Rational::exactly(*v)).collect())
        .collect()
}

fn dot(a: &Columns<Rational>, b: &Columns<Rational>) -> Rational {
    a.iter()
        .flatten()
        .zip(b.iter().flatten())
        .fold(Rational::exactly(0.0), |s, (x, y)| s + x * y)
}

fn inner(y: &Matrix, x: &Matrix) -> Rational {
    dot(&columns(y), &columns(x))
}

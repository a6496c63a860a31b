//! The excess Δ(A, B) = sup over a in A of inf over b in B of ‖a - b‖ (Definition 2.3), and ‖A‖sup.
//!
//! Owns the supremum. Where B is convex, the distance to B is a convex function and its supremum
//! over a hull or a box is at a vertex: vertices are visited, those that
//! cannot exceed the best are skipped, and boxes are searched by branch and bound, because the
//! distance is 1-Lipschitz. Where B is not convex the supremum may lie inside:
//! there simplices are bisected until the work runs out. Must not know how
//! distances are found.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use nalgebra::DMatrix;

use super::diagonal_box::MAX_ENUMERATED;
use super::distance::{approach, gap, radius};
use super::rounding::{add_up, euclidean_upper, mul_up, norm_at_most};
use super::{DiagonalBox, Effort, Enclosure, Points, SetRef, same_shape};
use crate::error::Result;
use crate::tol::UNIT;

/// A certified excess.
#[derive(Clone, Debug, PartialEq)]
pub struct Excess {
    /// Enclosure of Δ(A, B) for the exact sets.
    pub bounds: Enclosure,
    /// The element of A (to rounding) at which the lower bound holds.
    pub worst: DMatrix<f64>,
    /// Points of A at which a distance was evaluated.
    pub evaluations: usize,
}

/// Δ(`source`, `target`): operator norm, Euclidean for sets of single columns. Not symmetric.
///
/// Exact to `effort.relative_gap` for: a finite or hull source, or a box of at most about 12 free
/// entries, with a convex target; two finite sets. Otherwise the bounds are as wide as the work done
/// leaves them. For a source AB of products give the products of vertices
/// ([`Points::product`]): with a convex target that is exact for AB, and for conv(AB).
///
/// Errors: shapes differ.
pub fn excess<'a, 'b>(
    source: impl Into<SetRef<'a>>,
    target: impl Into<SetRef<'b>>,
    effort: &Effort,
) -> Result<Excess> {
    let (source, target) = (source.into(), target.into());
    same_shape("the source", source.shape(), target.shape())?;
    let mut search = Search::new(source.shape(), target, effort);
    match (source, target) {
        (SetRef::Points(a), _) => search.members(a.members()),
        (SetRef::Hull(a), _) if target.is_convex() => search.members(a.vertices()),
        (SetRef::Box(a), _) if target.is_convex() => search.corners(a),
        (SetRef::Hull(a), SetRef::Points(b)) => search.inside(a.vertices(), b),
        (SetRef::Box(a), SetRef::Points(b)) => {
            if a.free_count() <= MAX_ENUMERATED {
                let hull = a.vertices()?;
                search.inside(hull.vertices(), b);
                // The set is within this of the hull of its rounded vertices.
                search.best = search.best.loosened(hull.points().rounding());
            } else {
                search.ball(a);
            }
        }
        // Hulls and boxes are convex targets, dealt with above.
        (_, SetRef::Hull(_) | SetRef::Box(_)) => search.best.upper = f64::INFINITY,
    }
    Ok(Excess {
        bounds: search.best.loosened(source.rounding()),
        worst: search.worst,
        evaluations: search.evaluations,
    })
}

/// ‖A‖sup = sup over a in A of ‖a‖ (the excess over {0}).
pub fn sup_norm<'a>(set: impl Into<SetRef<'a>>, effort: &Effort) -> Result<Enclosure> {
    let set = set.into();
    let (rows, cols) = set.shape();
    let zero = Points::single(DMatrix::zeros(rows, cols))?;
    Ok(excess(set, &zero, effort)?.bounds)
}

struct Search<'a> {
    target: SetRef<'a>,
    effort: &'a Effort,
    best: Enclosure,
    worst: DMatrix<f64>,
    evaluations: usize,
}

impl<'a> Search<'a> {
    fn new((rows, cols): (usize, usize), target: SetRef<'a>, effort: &'a Effort) -> Self {
        Self {
            target,
            effort,
            best: Enclosure {
                lower: 0.0,
                upper: 0.0,
            },
            worst: DMatrix::zeros(rows, cols),
            evaluations: 0,
        }
    }

    /// A distance that does not beat this changes nothing.
    fn enough(&self) -> f64 {
        if self.best.lower > 0.0 {
            self.best.lower * (1.0 + self.effort.relative_gap)
        } else {
            -1.0
        }
    }

    /// Takes in the distance at `a`, which is within `error` of a member of the source.
    fn visit(&mut self, a: &DMatrix<f64>, error: f64) {
        self.evaluations += 1;
        let cutoff = self.enough() - error;
        let here = approach(a, self.target, self.effort, cutoff)
            .distance
            .loosened(error);
        if here.lower > self.best.lower || self.evaluations == 1 {
            self.worst.copy_from(a);
        }
        self.best = self.best.max(here);
    }

    fn members(&mut self, members: &[DMatrix<f64>]) {
        for (i, a) in members.iter().enumerate() {
            if i > 0 && i >= self.effort.evaluations {
                // The rest is bounded through the worst so far: d(a') ≤ d(a) + ‖a' - a‖.
                let reach = members[i..]
                    .iter()
                    .map(|rest| gap(rest, &self.worst).upper)
                    .fold(0.0, f64::max);
                self.best.upper = add_up(self.best.upper, reach);
                break;
            }
            self.visit(a, 0.0);
        }
    }

    /// Branch and bound over the corners of a box; the target is convex.
    fn corners(&mut self, set: &DiagonalBox) {
        let only = match self.target {
            SetRef::Points(p) => p.members().first(),
            _ => None,
        };
        if only.is_some_and(|b| b.amax() == 0.0) && set.scales_its_own_rows() {
            // XᵀX = C'ᵀC' + Σ s_i² l_i² r_iᵀr_i grows with every |s_i|.
            let s: Vec<f64> = set
                .lo()
                .iter()
                .zip(set.hi())
                .map(|(l, h)| if l.abs() > h.abs() { *l } else { *h })
                .collect();
            let (a, error) = set.element(&s);
            return self.visit(&a, error);
        }
        let k = set.free_count();
        let order = by_influence(set);
        let left = set.left().select_columns(&order);
        let right = set.right().select_rows(&order);
        let half = half_widths(set);
        let half: Vec<f64> = order.iter().map(|&i| half[i]).collect();
        // Radius around the centre with the entries from `depth` on still free.
        let radii: Vec<f64> = (0..=k)
            .map(|depth| {
                let rest = k - depth;
                let (l, r) = (
                    left.columns(depth, rest).into_owned(),
                    right.rows(depth, rest).into_owned(),
                );
                radius(&l, &r, &half[depth..])
            })
            .collect();
        let mut s = middle(set);
        let mid = s.clone();
        let (centre, error) = set.element(&s);
        let at_centre = approach(&centre, self.target, self.effort, f64::INFINITY)
            .distance
            .loosened(error);
        self.evaluations += 1;
        self.worst.copy_from(&centre);
        self.best = Enclosure::nonnegative(at_centre.lower, 0.0f64.max(at_centre.lower));
        // A node: the entries fixed so far (in `order`) and a bound of the distance over its corners.
        let mut stack: Vec<(Vec<f64>, f64)> = vec![(Vec::new(), add_up(at_centre.upper, radii[0]))];
        while let Some((fixed, bound)) = stack.pop() {
            let depth = fixed.len();
            if bound <= self.enough() || self.evaluations >= self.effort.evaluations {
                self.best.upper = self.best.upper.max(bound);
                continue;
            }
            for (i, &entry) in order.iter().enumerate() {
                s[entry] = fixed.get(i).copied().unwrap_or(mid[entry]);
            }
            if depth == k {
                let (a, error) = set.element(&s);
                self.visit(&a, error);
                continue;
            }
            let entry = order[depth];
            let mut children: Vec<(Vec<f64>, f64, f64)> = [set.lo()[entry], set.hi()[entry]]
                .into_iter()
                .map(|value| {
                    let mut child = fixed.clone();
                    child.push(value);
                    s[entry] = value;
                    let (promise, bound) = if depth + 1 == k {
                        (0.0, bound)
                    } else {
                        self.bound(set, &s, radii[depth + 1], bound, only)
                    };
                    (child, bound, promise)
                })
                .collect();
            // The more promising child is visited first.
            children.sort_by(|x, y| x.2.total_cmp(&y.2));
            stack.extend(children.into_iter().map(|c| (c.0, c.1)));
        }
    }

    /// How far the node around `s` seems to reach, and a bound of that: from the first upper bound of the distance of its
    /// centre, or, for a single target, from a proof that it cannot matter.
    fn bound(
        &mut self,
        set: &DiagonalBox,
        s: &[f64],
        radius: f64,
        parent: f64,
        only: Option<&DMatrix<f64>>,
    ) -> (f64, f64) {
        self.evaluations += 1;
        let (centre, error) = set.element(s);
        let reach = add_up(radius, error);
        if let Some(b) = only {
            let difference = &centre - b;
            // The subtraction lost at most u of each entry.
            let lost = mul_up(2.0 * UNIT, euclidean_upper(difference.as_slice()));
            let enough = self.enough();
            let room = (enough - add_up(reach, lost)).next_down();
            let settled = room > 0.0 && norm_at_most(&difference, room);
            return (
                difference.norm(),
                if settled { parent.min(enough) } else { parent },
            );
        }
        // An infinite cutoff: the first upper bound will do.
        let there = approach(&centre, self.target, self.effort, f64::INFINITY)
            .distance
            .upper;
        let bound = add_up(there, reach).min(parent);
        (bound, bound)
    }

    /// Centre and radius: all that is said of a box beyond the budget.
    fn ball(&mut self, set: &DiagonalBox) {
        let half = half_widths(set);
        let (centre, error) = set.element(&middle(set));
        let there = approach(&centre, self.target, self.effort, -1.0)
            .distance
            .loosened(error);
        self.evaluations += 1;
        if there.lower >= self.best.lower {
            self.worst.copy_from(&centre);
        }
        let upper = add_up(there.upper, radius(set.left(), set.right(), &half));
        self.best = Enclosure::nonnegative(self.best.lower.max(there.lower), upper);
    }

    /// Supremum over a hull of the distance to finitely many points, by bisection of simplices (the hull is
    /// the image of the simplex of weights): on a simplex with corners v_j it is at most min_i max_j ‖v_j - b_i‖.
    fn inside(&mut self, vertices: &[DMatrix<f64>], target: &Points) {
        let corners: Vec<Vertex> = vertices
            .iter()
            .map(|v| Vertex::new(v.clone(), 0.0, target.members()))
            .collect();
        self.evaluations += corners.len();
        for corner in &corners {
            self.take(corner);
        }
        let mut heap = BinaryHeap::from([Simplex::new(corners)]);
        while let Some(worst) = heap.pop() {
            let resolved = worst.bound <= self.best.lower * (1.0 + self.effort.relative_gap);
            let Some((i, j)) = worst.longest_edge() else {
                self.best.upper = self.best.upper.max(worst.bound);
                continue;
            };
            if resolved || self.evaluations >= self.effort.evaluations {
                // The heap gives the largest bound first.
                self.best.upper = self.best.upper.max(worst.bound);
                break;
            }
            self.evaluations += 1;
            let (p, q) = (&worst.corners[i], &worst.corners[j]);
            let middle = (&p.at + &q.at) * 0.5;
            let lost = mul_up(UNIT, euclidean_upper(middle.as_slice()));
            let middle = Vertex::new(middle, add_up(p.error.max(q.error), lost), target.members());
            self.take(&middle);
            for replaced in [i, j] {
                let mut corners = worst.corners.clone();
                corners[replaced] = middle.clone();
                heap.push(Simplex::new(corners));
            }
        }
        self.best = self.best.loosened(target.rounding());
    }

    fn take(&mut self, corner: &Vertex) {
        let lower = corner
            .gaps
            .iter()
            .map(|g| g.lower)
            .fold(f64::INFINITY, f64::min);
        if lower > self.best.lower || self.worst.amax() == 0.0 {
            self.worst.copy_from(&corner.at);
            self.best.lower = self.best.lower.max(lower);
        }
    }
}

fn middle(set: &DiagonalBox) -> Vec<f64> {
    set.lo()
        .iter()
        .zip(set.hi())
        .map(|(l, h)| 0.5 * l + 0.5 * h)
        .collect()
}

/// Half widths of the intervals, rounded up, with room for the rounding of their middles.
fn half_widths(set: &DiagonalBox) -> Vec<f64> {
    let of = |(l, h): (&f64, &f64)| {
        add_up(
            (0.5 * h - 0.5 * l).next_up(),
            2.0 * UNIT * l.abs().max(h.abs()),
        )
    };
    set.lo().iter().zip(set.hi()).map(of).collect()
}

/// Free entries, those that move the elements most first.
fn by_influence(set: &DiagonalBox) -> Vec<usize> {
    let influence: Vec<f64> = (0..set.free_count())
        .map(|i| {
            (set.hi()[i] - set.lo()[i]) * set.left().column(i).norm() * set.right().row(i).norm()
        })
        .collect();
    let mut order: Vec<usize> = (0..influence.len()).collect();
    order.sort_by(|&i, &j| influence[j].total_cmp(&influence[i]).then(i.cmp(&j)));
    order
}

/// A corner of a simplex, and its distances to every point of the target.
#[derive(Clone)]
struct Vertex {
    at: DMatrix<f64>,
    error: f64,
    gaps: Vec<Enclosure>,
}

impl Vertex {
    fn new(at: DMatrix<f64>, error: f64, target: &[DMatrix<f64>]) -> Self {
        let gaps = target.iter().map(|b| gap(&at, b).loosened(error)).collect();
        Self { at, error, gaps }
    }
}

struct Simplex {
    corners: Vec<Vertex>,
    bound: f64,
}

impl Simplex {
    fn new(corners: Vec<Vertex>) -> Self {
        let points = corners.first().map_or(0, |c| c.gaps.len());
        let bound = (0..points)
            .map(|i| corners.iter().map(|c| c.gaps[i].upper).fold(0.0, f64::max))
            .fold(f64::INFINITY, f64::min);
        Self { corners, bound }
    }

    /// The longest edge (Frobenius norm), first of equals; `None` for a single point.
    fn longest_edge(&self) -> Option<(usize, usize)> {
        let mut best = (0.0, None);
        for j in 1..self.corners.len() {
            for i in 0..j {
                let length = (&self.corners[i].at - &self.corners[j].at).norm_squared();
                if length > best.0 {
                    best = (length, Some((i, j)));
                }
            }
        }
        best.1
    }
}

impl Ord for Simplex {
    fn cmp(&self, other: &Self) -> Ordering {
        self.bound.total_cmp(&other.bound)
    }
}

impl PartialOrd for Simplex {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Simplex {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Simplex {}

//! Distance of a matrix to a set, with certificates.
//!
//! Owns inf over b in B of ‖a - b‖: finite sets member by member; hulls and boxes from a Euclidean
//! first guess, which is exact for single columns, to the operator norm. Must not know where the
//! sets come from.

use nalgebra::{DMatrix, DVector};

use super::certificate::{Best, Convex, Problem, clamp};
use super::diagonal_box::DiagonalBox;
use super::effort::Effort;
use super::jacobi::{Svd, svd};
use super::nearest::{Combination, Corner, nearest};
use super::operator::Search;
use super::points::{Hull, Points};
use super::rounding::{Enclosure, Sum, collect, norm_lower, norm_upper};
use super::shape::{finite, same_shape};
use crate::error::Result;

/// The Euclidean nearest point is only a first guess for the operator norm.
const FIRST_GUESS_STEPS: usize = 30;

/// A set by reference: the target of a [`distance`] or an excess.
#[derive(Clone, Copy, Debug)]
pub enum SetRef<'a> {
    /// A finite set.
    Points(&'a Points),
    /// The convex hull of a finite set.
    Hull(&'a Hull),
    /// The image of a box of diagonal matrices.
    Box(&'a DiagonalBox),
}

impl<'a> From<&'a Points> for SetRef<'a> {
    fn from(set: &'a Points) -> Self {
        SetRef::Points(set)
    }
}

impl<'a> From<&'a Hull> for SetRef<'a> {
    fn from(set: &'a Hull) -> Self {
        SetRef::Hull(set)
    }
}

impl<'a> From<&'a DiagonalBox> for SetRef<'a> {
    fn from(set: &'a DiagonalBox) -> Self {
        SetRef::Box(set)
    }
}

impl SetRef<'_> {
    /// (rows, columns) of the elements.
    pub fn shape(&self) -> (usize, usize) {
        match self {
            SetRef::Points(p) => p.shape(),
            SetRef::Hull(h) => h.points().shape(),
            SetRef::Box(b) => b.shape(),
        }
    }

    /// Radius of rounding of the stored set (Frobenius norm).
    pub fn rounding(&self) -> f64 {
        match self {
            SetRef::Points(p) => p.rounding(),
            SetRef::Hull(h) => h.points().rounding(),
            SetRef::Box(b) => b.rounding(),
        }
    }
}

/// Where a set comes closest to a matrix.
#[derive(Clone, Debug, PartialEq)]
pub struct Nearest {
    /// Certified enclosure of the distance to the exact set, in the operator norm (Euclidean for
    /// single columns).
    pub distance: Enclosure,
    /// The element found: convex weights of the vertices of a hull, the free entries of a
    /// box, or 1 at one of the points.
    pub weights: Vec<f64>,
    /// That element (to rounding); its distance attains the upper bound.
    pub point: DMatrix<f64>,
    /// Y of the lower bound (not normalised), of the shape of the elements: ⟨Y, a - b⟩/‖Y‖_* for
    /// every b in the set, ‖·‖_* being the nuclear norm; zero where the bound is trivial, and for a
    /// finite set.
    pub separator: DMatrix<f64>,
}

/// The distance inf over b in `target` of ‖a - b‖: operator norm, Euclidean for single columns.
///
/// # Errors
/// Shapes that differ, or an `a` with an entry that is not finite.
pub fn distance<'a>(
    a: &DMatrix<f64>,
    target: impl Into<SetRef<'a>>,
    effort: &Effort,
) -> Result<Nearest> {
    let target = target.into();
    same_shape("the matrix", a.shape(), target.shape())?;
    finite(a)?;
    let convex = |target| search(Problem { a, target }, effort);
    let mut found = match target {
        SetRef::Points(p) => among(a, p.members()),
        SetRef::Hull(h) => match h.vertices() {
            [only] => Nearest {
                separator: towards(a, h.vertices()),
                ..among(a, std::slice::from_ref(only))
            },
            vertices => match vertices.iter().position(|v| v == a) {
                Some(i) => exact(a, unit(vertices.len(), i)),
                None => convex(Convex::Hull(vertices)),
            },
        },
        SetRef::Box(b) => convex(Convex::Box(b)),
    };
    found.distance = found.distance.loosened(target.rounding());
    Ok(found)
}

/// Y with ⟨Y, a - b⟩ = ‖a - b‖‖Y‖_* (to rounding) for the one vertex b: a multiple of a - b where
/// that is a single column or row, else the product of its leading singular vectors. Zero where it
/// proves nothing.
fn towards(a: &DMatrix<f64>, vertices: &[DMatrix<f64>]) -> DMatrix<f64> {
    // Halves, and a largest entry of one, so that nothing overflows.
    let x = a * 0.5 - &vertices[0] * 0.5;
    let x = &x / x.amax();
    let y = if x.nrows().min(x.ncols()) <= 1 {
        x
    } else {
        let Svd { u, sigma, v } = svd(&x);
        let leading = (1..sigma.len()).fold(0, |i, j| if sigma[j] > sigma[i] { j } else { i });
        u.column(leading) * v.column(leading).transpose()
    };
    let target = Convex::Hull(vertices);
    if (Problem { a, target }).lower(&y) > 0.0 {
        y
    } else {
        DMatrix::zeros(a.nrows(), a.ncols())
    }
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

/// Enclosure of ‖a - b‖.
fn gap(a: &DMatrix<f64>, b: &DMatrix<f64>) -> Enclosure {
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

/// The search of a convex set: the Euclidean nearest element, then the operator norm.
fn search(problem: Problem<'_>, effort: &Effort) -> Nearest {
    let (rows, cols) = problem.a.shape();
    let column = rows.min(cols) <= 1;
    let steps = if column {
        effort.steps
    } else {
        effort.steps.min(FIRST_GUESS_STEPS)
    };
    let guess = euclidean(&problem, steps);
    let mut best = Best::new((rows, cols));
    let weights = weights_of(problem.target, &guess);
    best.offer_point(problem.upper(&weights), weights);
    let y = DMatrix::from_column_slice(rows, cols, guess.point.as_slice());
    let search = Search { problem, effort };
    if column || search.closed(&best) {
        best.offer_separator(search.problem.lower(&y), y);
    } else {
        match search.problem.target {
            Convex::Hull(v) => search.hull(v, &guess, &mut best),
            Convex::Box(b) => search.cube(b, &mut best),
        }
        if best.lower <= 0.0 {
            best.offer_separator(search.problem.lower(&y), y);
        }
    }
    Nearest {
        distance: Enclosure::nonnegative(best.lower, best.upper),
        point: search.problem.element(&best.weights),
        weights: best.weights,
        separator: best.separator,
    }
}

/// Frobenius-nearest element, by Wolfe's method on a - B.
fn euclidean(problem: &Problem<'_>, steps: usize) -> Combination {
    let a = problem.a;
    match problem.target {
        Convex::Hull(vertices) => {
            let differences: Vec<DVector<f64>> = vertices
                .iter()
                .map(|v| DVector::from_column_slice((a - v).as_slice()))
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
            let (rows, cols) = a.shape();
            let base = a - set.offset();
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

/// The parameters of a combination of corners in `target`.
fn weights_of(target: Convex<'_>, combination: &Combination) -> Vec<f64> {
    let mut weights = match target {
        Convex::Hull(v) => vec![0.0; v.len()],
        Convex::Box(b) => vec![0.0; b.free_count()],
    };
    for (corner, &w) in combination.corners.iter().zip(&combination.weights) {
        match corner {
            Corner::Vertex(i) => weights[*i] += w,
            Corner::Entries(s) => weights.iter_mut().zip(s).for_each(|(x, s)| *x += w * s),
        }
    }
    if let Convex::Box(b) = target {
        clamp(&mut weights, b);
    }
    weights
}

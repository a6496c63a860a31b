//! The exact course of ITD and AID-FP on an instance, with floors and the steps where exact
//! comparison stops.

use crate::linalg::product::norm2;
use crate::linalg::{Dd, Matrix, Vector};
use crate::maps::Tie;
use crate::tol::BOUND_ROOM;

use super::ambiguous_units::AmbiguousUnits;
use super::floor::{AidFloor, Floor};
use super::ground::Truth;
use super::reference::{self, Columns, Itd, Scalar};

/// ITD from w_0 for t = 0..=T, equation (13) with D_0 = 0 and weight 0 at ties, evaluated in
/// double-double and rounded once.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ItdRun {
    /// w_t (T+1 vectors of d), rounded to the arithmetic of the implementation under test.
    pub w: Vec<Vector>,
    /// Upper bounds of e_t = ‖w_t - w(λ)‖ (Euclidean).
    pub e: Vec<f64>,
    /// The same for w_t rounded to what an implementation is given, the point that AID is given.
    pub e_given: Vec<f64>,
    /// D_t (T+1 matrices d×m).
    pub d: Vec<Matrix>,
    /// E_t = D_t - J (d×m), formed before rounding; empty where J is a set.
    pub error: Vec<Matrix>,
    /// Rounding floors of an implementation (theory, section 9).
    pub floor: Floor,
    /// First t at which binary64 may select another piece at w_t than the exact iterate: D_s is
    /// comparable exactly for s ≤ t only, and to within `band[s]` after it.
    pub doubt_from: Option<usize>,
    /// How far from D_t (Frobenius) selections at units in doubt can lead; infinite where that is
    /// not enclosed.
    pub band: Vec<f64>,
    /// First t from which on every w_t of the run lies on the piece of w(λ); `None` if the last
    /// one does not, and where w(λ) lies on a kink, for several pieces meet there. 0 for maps
    /// without kinks.
    pub identified: Option<usize>,
}

/// AID-FP at a fixed w for k = 0..=K, equation (14) with weight 0 at ties, evaluated in
/// double-double and rounded once.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AidRun {
    /// The point w (d).
    pub w: Vector,
    /// D^k (K+1 matrices d×m).
    pub d: Vec<Matrix>,
    /// D^k - J (d×m); empty where J is a set.
    pub error: Vec<Matrix>,
    /// Rounding floors of an implementation (theory, section 9).
    pub floor: AidFloor,
    /// A unit of w lies within rounding of its kink: another selection is possible.
    pub doubt: bool,
    /// How far from D^k (Frobenius), or from (D^k)ᵀy per ‖y‖ in reverse mode, selections at such
    /// units can lead.
    pub band: Vec<[f64; 2]>,
}

/// The iterates of ITD alone, in the same numbers as those of an [`ItdRun`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Iterates {
    /// w_t (T+1 vectors of d).
    pub w: Vec<Vector>,
    /// Upper bounds of ‖w_t - w(λ)‖.
    pub e: Vec<f64>,
    /// The same for w_t rounded to what an implementation is given.
    pub e_given: Vec<f64>,
}

/// The iterates from w_0 (d), or the given ones, for t = 0..=T = `steps`.
pub fn iterates(truth: &Truth, w0: &[f64], path: Option<&[Vec<f64>]>, steps: usize) -> Iterates {
    let mut w: Vec<Dd> = w0.iter().map(|v| Dd::exactly(*v)).collect();
    let mut out = Iterates {
        w: Vec::with_capacity(steps + 1),
        e: Vec::with_capacity(steps + 1),
        e_given: Vec::with_capacity(steps + 1),
    };
    for t in 0..=steps {
        let rounded = truth.given(&vector(&w));
        out.e.push(distance(truth, &w));
        let given: Vec<Dd> = rounded.iter().map(|v| Dd::exactly(*v)).collect();
        out.e_given.push(distance(truth, &given));
        out.w.push(rounded);
        if let Some(next) = path.and_then(|path| path.get(t + 1)) {
            w = next.iter().map(|v| Dd::exactly(*v)).collect();
        } else if t < steps {
            let Some(point) = truth.naive.at(&w, &mut Tie::Weight(0.0)) else {
                break;
            };
            w = point.value;
        }
    }
    out
}

/// Runs ITD exactly from w_0 (d, finite) for `steps` steps.
///
/// ```
/// use ratecert::linalg::{Matrix, Vector};
/// use ratecert::maps::{Affine, Map};
/// use ratecert::truth::{Truth, itd_run};
///
/// // Φ(w, λ) = w/2 + λ: D_t = 2(1 - 2⁻ᵗ), so that the error halves with every step.
/// let one = |v: f64| Matrix::from_element(1, 1, v);
/// let map = Map::new(Affine { a: one(0.5), b: one(1.0), c: Vector::zeros(1) })?;
/// let truth = Truth::solve(&map, &[1.0]).expect("a contraction");
/// let run = itd_run(&truth, &[0.0], 10);
/// assert_eq!(run.d[10][(0, 0)], 2.0 - 2f64.powi(-9));
/// assert!((run.error[10].norm() / run.error[9].norm() - 0.5).abs() < 1e-12);
/// # Ok::<(), ratecert::Error>(())
/// ```
pub fn itd_run(truth: &Truth, w0: &[f64], steps: usize) -> ItdRun {
    run_along(truth, w0, None, steps)
}

/// The same recursion of D along given points (d each, finite), which are exact: `path[0]` is w_0,
/// and there is one for every step.
///
/// # Panics
/// When `path` is empty.
pub fn itd_run_along(truth: &Truth, path: &[Vec<f64>]) -> ItdRun {
    run_along(truth, &path[0], Some(path), path.len() - 1)
}

fn run_along(truth: &Truth, w0: &[f64], path: Option<&[Vec<f64>]>, steps: usize) -> ItdRun {
    let (d, m) = truth.naive.dims();
    let mut state = Itd::start(&truth.naive, w0);
    let mut run = ItdRun {
        w: Vec::with_capacity(steps + 1),
        e: Vec::with_capacity(steps + 1),
        e_given: Vec::with_capacity(steps + 1),
        d: Vec::with_capacity(steps + 1),
        error: Vec::new(),
        floor: Floor::start(),
        doubt_from: None,
        band: vec![0.0],
        identified: None,
    };
    let star = piece_at_solution(truth);
    for t in 0..=steps {
        let (w, d_columns) = (state.w.clone(), state.d.clone());
        let rounded = truth.given(&vector(&w));
        let w_norm = rounded.norm();
        run.e.push(distance(truth, &w));
        let given: Vec<Dd> = rounded.iter().map(|v| Dd::exactly(*v)).collect();
        run.e_given.push(distance(truth, &given));
        if let Some(j) = &truth.jacobian {
            run.error.push(difference(&d_columns, &j.j));
        }
        let d_t = matrix(&d_columns, d);
        let d_norm = d_t.norm();
        run.w.push(rounded);
        run.d.push(d_t);
        let Some(point) = state.step(&mut Tie::Weight(0.0)) else {
            break;
        };
        if let Some(next) = path.and_then(|path| path.get(t + 1)) {
            state.w = next.iter().map(|v| Dd::exactly(*v)).collect();
        }
        let doubt = AmbiguousUnits::at(truth, &point, w_norm, run.floor.w[t]);
        if !doubt.is_none() {
            run.doubt_from = run.doubt_from.or(Some(t));
        }
        let band = run.band[t];
        let on_piece = star.as_ref().is_some_and(|s| *s == point.piece());
        run.identified = if on_piece {
            run.identified.or(Some(t))
        } else {
            None
        };
        if t < steps {
            let d2_norm = (0..m)
                .map(|j| norm_sq(&truth.naive.column(&point, j)))
                .sum::<f64>()
                .sqrt();
            run.floor.push(
                &truth.constants,
                &truth.judged,
                m,
                w_norm,
                d_norm + known(band),
                d2_norm,
            );
            let mut next = truth.constants.q * band * (1.0 + BOUND_ROOM);
            if !doubt.is_none() {
                next += doubt.of_w(truth, &d_columns) + doubt.of_lambda(truth);
            }
            run.band.push(next);
            if path.is_some() {
                // Given points carry no error of their own.
                run.floor.w[t + 1] = 0.0;
            }
        }
    }
    run
}

/// Runs AID-FP exactly at w (d) for `steps` steps; `None` where double-double arithmetic lacks a
/// function of the map.
pub fn aid_run(truth: &Truth, w: &Vector, steps: usize) -> Option<AidRun> {
    let (d, m) = truth.naive.dims();
    let exact: Vec<Dd> = w.iter().map(|v| Dd::exactly(*v)).collect();
    let point = truth.naive.at(&exact, &mut Tie::Weight(0.0))?;
    let w_norm = w.norm();
    let d2_norm = (0..m)
        .map(|j| norm_sq(&truth.naive.column(&point, j)))
        .sum::<f64>()
        .sqrt();
    let doubt = AmbiguousUnits::at(truth, &point, w_norm, 0.0);
    let mut band = SelectionRadius::new(truth, &doubt, d2_norm);
    let (mut ds, mut error) = (Vec::with_capacity(steps + 1), Vec::new());
    reference::aid_fp(&truth.naive, &point, steps, |_, columns| {
        if let Some(j) = &truth.jacobian {
            error.push(difference(columns, &j.j));
        }
        ds.push(matrix(columns, d));
        band.push(truth, &doubt, columns);
    });
    let sizes = ds.iter().zip(&band.values);
    let norms: Vec<f64> = sizes
        .map(|(m, b): (&Matrix, _)| m.norm() + known(b[0]))
        .collect();
    let d2_most = d2_norm + known(band.by_lambda);
    Some(AidRun {
        w: w.clone(),
        d: ds,
        error,
        floor: AidFloor::new(&truth.constants, &truth.judged, w_norm, d2_most, &norms),
        doubt: !doubt.is_none(),
        band: band.values,
    })
}

/// A band where it is finite; where it is not, nothing is compared.
fn known(band: f64) -> f64 {
    if band.is_finite() { band } else { 0.0 }
}

/// How far selections at ambiguous units can carry AID-FP at one point. In forward mode the radius
/// after k steps obeys r_{k+1} = q r_k + the jump of a step at D^k; in reverse mode it is that of
/// v_{k+1} = ∂₁ᵀv_k + y with ‖v_k‖ ≤ κ, and then of u = ∂₂ᵀv.
struct SelectionRadius {
    values: Vec<[f64; 2]>,
    next: [f64; 2],
    /// Jumps of ∂₁Φ and ∂₂Φ themselves, and ‖∂₂Φ‖_F.
    by_w: f64,
    by_lambda: f64,
    second: f64,
}

impl SelectionRadius {
    fn new(truth: &Truth, doubt: &AmbiguousUnits, d2_norm: f64) -> Self {
        let d = truth.w().len();
        let mut out = Self {
            values: Vec::new(),
            next: [0.0; 2],
            by_w: 0.0,
            by_lambda: 0.0,
            second: d2_norm,
        };
        if !doubt.is_none() {
            let identity: Columns<Dd> = (0..d)
                .map(|j| {
                    (0..d)
                        .map(|i| Dd::exactly(f64::from(u8::from(i == j))))
                        .collect()
                })
                .collect();
            out.by_w = doubt.of_w(truth, &identity);
            out.by_lambda = doubt.of_lambda(truth);
        }
        out
    }

    fn push(&mut self, truth: &Truth, doubt: &AmbiguousUnits, columns: &Columns<Dd>) {
        let (q, kappa) = (truth.constants.q, truth.kappa());
        let [forward, v] = self.next;
        let reverse = (self.second + self.by_lambda) * v + self.by_lambda * kappa;
        let none = doubt.is_none();
        self.values
            .push(if none { [0.0; 2] } else { [forward, reverse] });
        if !none {
            let room = 1.0 + BOUND_ROOM;
            self.next = [
                q * forward * room + doubt.of_w(truth, columns) + self.by_lambda,
                (q * v + self.by_w * kappa) * room,
            ];
        }
    }
}

/// The piece active at ŵ, empty for maps without kinks; `None` where w(λ) is on no single piece.
fn piece_at_solution(truth: &Truth) -> Option<Vec<f64>> {
    if !truth.moduli().kinks.is_empty() {
        return None;
    }
    let w: Vec<Dd> = truth.w().iter().map(|v| Dd::exactly(*v)).collect();
    Some(truth.naive.at(&w, &mut Tie::Weight(0.0))?.piece())
}

/// ‖w - w(λ)‖, at most this.
fn distance(truth: &Truth, w: &[Dd]) -> f64 {
    let at = &truth.fixed_point;
    let diff: Vec<f64> = w
        .iter()
        .zip(at.w.iter().zip(at.rest.iter()))
        .map(|(a, (b, rest))| (*a - (Dd::from(*b) + Dd::from(*rest))).hi())
        .collect();
    norm2(&diff) * (1.0 + crate::tol::gamma(diff.len() + 4)) + at.rest_error
}

fn norm_sq(v: &[Dd]) -> f64 {
    v.iter().map(|x| x.hi() * x.hi()).sum()
}

fn vector(v: &[Dd]) -> Vector {
    Vector::from_iterator(v.len(), v.iter().map(|x| x.hi()))
}

fn matrix(columns: &Columns<Dd>, d: usize) -> Matrix {
    Matrix::from_fn(d, columns.len(), |i, j| columns[j][i].hi())
}

fn difference(columns: &Columns<Dd>, j: &Matrix) -> Matrix {
    Matrix::from_fn(j.nrows(), j.ncols(), |i, k| {
        (columns[k][i] - Dd::from(j[(i, k)])).hi()
    })
}

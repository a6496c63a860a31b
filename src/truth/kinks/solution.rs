//! w(λ) in rationals with the units at their kink, and the derivatives there.

use super::super::fixed_point::kappa;
use super::super::ground::Truth;
use super::super::reference::{Naive, Rational, Scalar, solve};
use super::observed::Observed;
use crate::linalg::Matrix;
use crate::maps::{Tie, Units};
use crate::tol::{EXACT_NEWTON_DIM, EXACT_NEWTON_STEPS, UNIT, gamma};

/// The exact solution of one piecewise-affine (Φ, λ) and the selections possible there.
pub struct Kinks {
    /// Φ in rationals.
    pub naive: Naive<Rational>,
    /// w(λ), exactly (d).
    pub w: Vec<Rational>,
    /// Units exactly at their kink.
    pub active: Vec<usize>,
    /// ∂_jΦ = L S R_j, rounded to binary64.
    pub form: Form,
    /// q, a certified bound of ‖D_{Φ,1}‖sup.
    pub q: f64,
}

/// ∂_jΦ = L S R_j at w(λ) in binary64.
#[derive(Clone, Debug)]
pub struct Form {
    /// L, d×h.
    pub left: Matrix,
    /// R_1, h×d.
    pub right_w: Matrix,
    /// R_2, h×m.
    pub right_lambda: Matrix,
    /// The slope of every unit, the lower one where it is at its kink.
    pub slope: Vec<f64>,
    /// The range of the slope of a unit at its kink.
    pub range: [f64; 2],
    /// ‖·‖_F of what rounding took from L, R_1, R_2 (zero for short dyadic data).
    pub lost: [f64; 3],
}

impl Kinks {
    /// Finds w(λ) in rationals, starting from the certified ŵ; `None` for maps that are not
    /// piecewise affine or where the exact solution is out of reach.
    pub fn solve(truth: &Truth) -> Option<Self> {
        let naive: Naive<Rational> = Naive::new(truth.map.problem(), &truth.lambda);
        let w = exact_fixed_point(&naive, truth.w().as_slice())?;
        let point = naive.at(&w, &mut Tie::Weight(0.0))?;
        let active: Vec<usize> = (0..point.margin.len())
            .filter(|&i| point.margin[i].vanishes())
            .collect();
        let slope: Vec<f64> = point.slope.iter().map(Scalar::to_f64).collect();
        let h = slope.len();
        let mut lost = [0.0; 3];
        let Units::Slopes { lo, hi } = truth.map.structure().units else {
            return None;
        };
        let (left, right_w, right_lambda) = match truth.map.factors() {
            Some(f) => (f.left.clone(), f.right_w.clone(), f.right_lambda.clone()),
            None => {
                // With all slopes 1, ∂_jΦ is R_j itself.
                let mut open = naive.at(&w, &mut Tie::Weight(1.0))?;
                open.slope.fill(Rational::exactly(1.0));
                let by_w = naive.jacobian_w(&open);
                let m = truth.lambda.len();
                let by_lambda: Vec<Vec<Rational>> =
                    (0..m).map(|j| naive.column(&open, j)).collect();
                let (r1, e1) = rounded(&by_w, h);
                let (r2, e2) = rounded(&by_lambda, h);
                lost = [0.0, e1, e2];
                (Matrix::identity(h, h), r1, r2)
            }
        };
        let range = [lo, hi];
        Some(Self {
            naive,
            w,
            active,
            form: Form {
                left,
                right_w,
                right_lambda,
                slope,
                range,
                lost,
            },
            q: truth.constants.q,
        })
    }

    /// k, the number of units at their kink.
    pub fn count(&self) -> usize {
        self.active.len()
    }

    /// Whether `shown` can be an estimate of an element, or of its image: it is finite and of the
    /// right shape.
    pub fn fits(&self, observed: Observed, shown: &Matrix) -> bool {
        observed.fits(shown, self.shape())
    }

    /// (d, m).
    pub(super) fn shape(&self) -> (usize, usize) {
        (self.form.left.nrows(), self.form.right_lambda.ncols())
    }

    /// κ = 1/(1-q), a bound of ‖(I-A)⁻¹‖ for every A in D_{Φ,1}.
    pub fn kappa(&self) -> f64 {
        kappa(self.q)
    }

    /// All slopes, with those of the active units replaced.
    pub(super) fn slopes(&self, at_kinks: &[f64]) -> Vec<f64> {
        let mut s = self.form.slope.clone();
        for (i, v) in self.active.iter().zip(at_kinks) {
            s[*i] = *v;
        }
        s
    }

    /// L S R for R = R_1 (`by_lambda` false) or R_2.
    pub(super) fn product(&self, slopes: &[f64], right: &Matrix) -> Matrix {
        let mut scaled = right.clone();
        for (mut row, s) in scaled.row_iter_mut().zip(slopes) {
            row *= *s;
        }
        &self.form.left * scaled
    }

    /// The element (I - LSR_1)⁻¹LS'R_2 of D_imp (of D_joint for s' = s) with slopes s, s' at the
    /// kinks, and a bound of its error in ‖·‖_F: κ times the residual, evaluated with its rounding.
    pub fn element(&self, s: &[f64], s2: &[f64]) -> Option<(Matrix, f64)> {
        let p = self.product(&self.slopes(s), &self.form.right_w);
        let q = self.product(&self.slopes(s2), &self.form.right_lambda);
        let d = p.nrows();
        let x = (Matrix::identity(d, d) - &p).lu().solve(&q)?;
        let residual = &p * &x + &q - &x;
        let error =
            self.kappa() * (residual.norm() * (1.0 + gamma(x.len() + 4)) + self.step_lost(&x));
        Some((x, error))
    }

    /// What evaluating LSR_1·X + LS'R_2 - X can lose in ‖·‖_F, with the rounding of L, R_1 and R_2.
    pub(crate) fn step_lost(&self, x: &Matrix) -> f64 {
        let f = &self.form;
        let (h, d) = f.right_w.shape();
        let top = f
            .slope
            .iter()
            .chain(&f.range)
            .fold(0.0f64, |m, v| m.max(v.abs()));
        let (l, r1, r2, xn) = (
            f.left.norm() * top,
            f.right_w.norm(),
            f.right_lambda.norm(),
            x.norm(),
        );
        let rounding = gamma(h + d + 8) * (l * (r1 * xn + r2) + xn);
        let data = l * (f.lost[1] * xn + f.lost[2]);
        (rounding + data) * (1.0 + gamma(x.len() + h * d + 16))
    }

    /// An upper bound of the operator norm ‖X‖ of a rational matrix by columns.
    pub fn norm_of(columns: &[Vec<Rational>]) -> f64 {
        let d = columns.first().map_or(0, Vec::len);
        let (m, lost) = rounded(columns, d);
        if m.amax() == 0.0 {
            return lost;
        }
        crate::sets::norm_upper(&m) + lost
    }
}

/// A rational matrix of `rows` rows by columns, rounded to binary64, and ‖·‖_F of what that lost.
pub fn rounded(columns: &[Vec<Rational>], rows: usize) -> (Matrix, f64) {
    let mut lost = 0.0f64;
    let m = Matrix::from_fn(rows, columns.len(), |i, j| {
        let x = columns[j][i].to_f64();
        if Rational::exactly(x) != columns[j][i] {
            // Conversion is within one ulp.
            lost = lost.hypot(4.0 * UNIT * x.abs() + f64::MIN_POSITIVE);
        }
        x
    });
    (m, lost * (1.0 + gamma(rows * columns.len() + 4)))
}

/// w(λ) exactly: the short dyadic point nearest to ŵ where that solves, else Newton's method on the
/// pieces in rationals.
pub(super) fn exact_fixed_point(naive: &Naive<Rational>, guess: &[f64]) -> Option<Vec<Rational>> {
    let short = |v: f64| Rational::exactly((v * (1u64 << 36) as f64).round() / (1u64 << 36) as f64);
    let mut w: Vec<Rational> = guess.iter().map(|v| short(*v)).collect();
    for step in 0..EXACT_NEWTON_STEPS {
        let p = naive.at(&w, &mut Tie::Weight(1.0))?;
        let residual: Vec<Rational> = p.value.iter().zip(&w).map(|(v, w)| v - w).collect();
        if residual.iter().all(Scalar::vanishes) {
            return Some(w);
        }
        if w.len() > EXACT_NEWTON_DIM {
            return None;
        }
        // The guess fixes the piece, and a short starting point keeps the numbers small.
        if step > 0 && step + 1 == EXACT_NEWTON_STEPS {
            return None;
        }
        let d = w.len();
        let mut system = naive.jacobian_w(&p);
        for (j, column) in system.iter_mut().enumerate() {
            for (i, v) in column.iter_mut().enumerate() {
                let unit = Rational::exactly(f64::from(u8::from(i == j)));
                *v = unit - v.clone();
            }
        }
        let delta = solve(&system, &vec![residual])?;
        for i in 0..d {
            w[i] = &w[i] + &delta[0][i];
        }
    }
    None
}

//! The forward-backward step of the elastic net (theory, section 8).
//!
//! With H = XᵀX/n, b = Xᵀy/n, A = (1-ηλ₂)I - ηH and z = Aw + ηb: Φ = soft(z, ηλ₁),
//! ∂₁Φ = SA, ∂₂Φ = [-ηS sign(z), -ηSw], S = diag(1{|z_i| > ηλ₁}). Products use the Gram matrix
//! where it is the cheaper of the two forms, O(min(nd, d²)) each.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::at_point::at_point;
use super::constants::{Constants, Dims};
use super::data::Data;
use super::linearization::{Linearization, Tie, Workspace};
use super::moduli::{Moduli, rows_norm, staircase};
use super::products::{Certified, OnSupport, Products};
use super::rounding::Rounding;
use super::shapes::regression;
use super::structure::{Gradient, Role, Second, Structure, Units};
use crate::error::Result;
use crate::linalg::gram::gram;
use crate::linalg::norm::{largest_eigenvalue_upper, spectral_upper, symmetric_range};
use crate::linalg::product::{Packed, abs, dot, gemm_few, gemm_few_tr, gemv, gemv_tr};
use crate::linalg::{Matrix, Vector};
use crate::numerals::numbers;
use crate::tol::{Roundoff, UNIT, gamma};

/// The elastic net: the forward-backward step for min (1/2n)‖Xw-y‖² + (λ₂/2)‖w‖² + λ₁‖w‖₁ with
/// constant step η, λ = (λ₁, λ₂), λ₁ > 0, λ₂ ≥ 0: Φ(w, λ) = soft(w - η(Xᵀ(Xw-y)/n + λ₂w), ηλ₁).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ElasticNet {
    /// X, n×d.
    #[serde(rename = "X", with = "numbers")]
    pub x: Matrix,
    /// y, n.
    #[serde(with = "numbers")]
    pub y: Vector,
    /// η > 0, constant in λ.
    #[serde(with = "numbers")]
    pub step: f64,
}

impl Data for ElasticNet {
    fn dim(&self) -> usize {
        self.x.ncols()
    }

    fn validate(&self) -> Result<()> {
        regression(&self.x, &self.y, self.step)
    }

    fn prepare(&self) -> Arc<dyn Certified> {
        Arc::new(ElasticNetMap::new(self))
    }

    fn with_step(&self, times: f64) -> Option<Self> {
        Some(Self {
            step: self.step * times,
            ..self.clone()
        })
    }
}

struct ElasticNetMap {
    structure: Structure,
    form: Form,
    /// Norms of the rows of |X|ᵀ|X|/n, and a bound of its operator norm.
    h_abs_rows: Vec<f64>,
    h_abs_norm: f64,
    /// Xᵀy/n and |X|ᵀ|y|/n.
    b: Vector,
    b_abs: Vector,
    n: usize,
    d: usize,
    step: f64,
    /// Certified enclosure [μ, L] of the spectrum of H.
    spectrum: (f64, f64),
}

/// H as a product with a vector.
enum Form {
    /// H itself (d×d), where d ≤ 2n.
    Gram(Packed),
    /// X (n×d) with the factor 1/n.
    Data(Matrix, f64),
}

impl Form {
    /// H itself where it is given.
    fn new(x: &Matrix, h: Option<&Matrix>) -> Self {
        match h {
            Some(h) => Self::Gram(Packed::new(h)),
            None => Self::Data(x.clone(), 1.0 / x.nrows() as f64),
        }
    }

    /// out ← beta·out + alpha·H·v for every column. Iterates, masked cotangents and the columns of
    /// D have the support of the solution, or nearly so: nothing else of H is read.
    fn multiply(&self, alpha: f64, v: &Matrix, beta: f64, out: &mut Matrix, ws: &mut Workspace) {
        match self {
            Self::Gram(h) => h.times_few_nonzero(alpha, v, beta, out, &mut ws.entries),
            Self::Data(x, scale) => {
                let inner = ws.matrix.shaped(x.nrows(), v.ncols());
                gemm_few(1.0, x, v, 0.0, inner);
                gemm_few_tr(alpha * scale, x, inner, beta, out);
            }
        }
    }

    fn multiply_vector(
        &self,
        alpha: f64,
        v: &[f64],
        beta: f64,
        out: &mut [f64],
        ws: &mut Workspace,
    ) {
        match self {
            Self::Gram(h) => h.times_nonzero(alpha, v, beta, out, &mut ws.entries),
            Self::Data(x, scale) => {
                let inner = ws.vector(x.nrows());
                gemv(1.0, x, v, 0.0, inner);
                gemv_tr(alpha * scale, x, inner, beta, out);
            }
        }
    }
}

impl ElasticNetMap {
    fn new(ElasticNet { x, y, step }: &ElasticNet) -> Self {
        let (n, d) = x.shape();
        let b = x.tr_mul(y) / n as f64;
        let magnitude = abs(x);
        let b_abs = magnitude.tr_mul(&y.abs()) / n as f64;
        // ‖row_i‖ ≤ ‖|x_i|‖‖|X|‖ and ‖|X|ᵀ|X|‖ = ‖|X|‖², without forming a d×d matrix.
        let top = spectral_upper(&magnitude);
        let h_abs_norm = top * top / n as f64;
        let h_abs_rows = x.column_iter().map(|c| c.norm() * top / n as f64).collect();
        // Eigenvalues of the smaller Gram matrix; forming it lost γ_{max(n,d)}‖X‖_F²/n.
        let lost = gamma(n.max(d) + 3) * x.norm_squared() / n as f64;
        let h = (d <= 2 * n).then(|| gram(x) / n as f64);
        let spectrum = match &h {
            Some(h) if d <= n => {
                let (lo, hi) = symmetric_range(h);
                ((lo - lost).max(0.0), hi + lost)
            }
            _ => (
                0.0,
                largest_eigenvalue_upper(&(gram(&x.transpose()) / n as f64)) + lost,
            ),
        };
        Self {
            form: Form::new(x, h.as_ref()),
            h_abs_rows,
            h_abs_norm,
            b,
            b_abs,
            n,
            d,
            step: *step,
            spectrum,
            structure: Structure {
                units: Units::Slopes { lo: 0.0, hi: 1.0 },
                lambda: vec![Role::Threshold, Role::Ridge],
                affine_in: vec![true, false],
                second: Second::Point,
                symmetric: Some((0..d).collect()),
                gradient: Some(Gradient {
                    step: *step,
                    rows: n,
                }),
                ..Structure::affine(2)
            },
        }
    }

    /// A = (1-ηλ₂)I - ηH as a matrix (d×d).
    fn a_matrix(&self, lambda: &[f64]) -> Matrix {
        let mut a = match &self.form {
            Form::Gram(h) => Matrix::from_fn(self.d, self.d, |i, j| h.at(i, j) * -self.step),
            Form::Data(x, scale) => x.tr_mul(x) * (-self.step * scale),
        };
        for i in 0..self.d {
            a[(i, i)] += 1.0 - self.step * lambda[1];
        }
        a
    }

    /// Bound of the entrywise rounding of `a_matrix` in every row, as a Euclidean norm.
    fn a_rounding(&self) -> f64 {
        gamma(self.n + 6) * (1.0 + self.step * self.spectrum.1 * (self.d as f64).sqrt())
    }
}

impl Products for ElasticNetMap {
    fn dims(&self) -> Dims {
        Dims {
            w: self.d,
            lambda: 2,
            units: self.d,
        }
    }

    fn evaluate(&self, w: &[f64], lambda: &[f64], tie: &mut Tie<'_>, lin: &mut Linearization) {
        let (eta, threshold) = (self.step, self.step * lambda[0]);
        let mut ws = std::mem::take(&mut lin.workspace);
        self.form.multiply_vector(1.0, w, 0.0, &mut lin.z, &mut ws);
        lin.workspace = ws;
        for ((z, w), b) in lin.z.iter_mut().zip(w).zip(self.b.iter()) {
            *z = w - eta * (*z - b + lambda[1] * w);
        }
        lin.soften(threshold, tie);
    }

    fn reselect(&self, value: &[f64], lin: &mut Linearization) -> bool {
        // Active where the value is not 0, and z has its sign: all that the products read.
        for ((z, slope), v) in lin.z.iter_mut().zip(&mut lin.slope).zip(value) {
            (*z, *slope) = (*v, if *v == 0.0 { 0.0 } else { 1.0 });
        }
        true
    }

    fn jvp_w(&self, lin: &Linearization, x: &Matrix, out: &mut Matrix, ws: &mut Workspace) {
        self.form.multiply(-self.step, x, 0.0, out, ws);
        let keep = 1.0 - self.step * lin.lambda[1];
        let columns = out.as_mut_slice().chunks_exact_mut(self.d);
        for (out, x) in columns.zip(x.as_slice().chunks_exact(self.d)) {
            for ((o, v), s) in out.iter_mut().zip(x).zip(&lin.slope) {
                *o = s * (*o + keep * v);
            }
        }
    }

    fn vjp_w(&self, lin: &Linearization, y: &[f64], out: &mut [f64], ws: &mut Workspace) {
        // (SA)ᵀy = A(Sy), A symmetric.
        let mut masked = std::mem::take(&mut ws.masked);
        masked.clear();
        masked.extend(y.iter().zip(&lin.slope).map(|(v, s)| v * s));
        self.form.multiply_vector(-self.step, &masked, 0.0, out, ws);
        let keep = 1.0 - self.step * lin.lambda[1];
        out.iter_mut()
            .zip(&masked)
            .for_each(|(o, v)| *o += keep * v);
        ws.masked = masked;
    }

    fn on_support(&self, lin: &Linearization) -> Option<OnSupport> {
        let Form::Gram(h) = &self.form else {
            return None;
        };
        if !lin.slope.iter().all(|s| *s == 0.0 || *s == 1.0) {
            return None;
        }
        let support: Vec<usize> = (0..self.d).filter(|i| lin.slope[*i] == 1.0).collect();
        let keep = 1.0 - self.step * lin.lambda[1];
        let step = Packed::from_fn(support.len(), support.len(), |i, j| {
            let own = if i == j { keep } else { 0.0 };
            own - self.step * h.at(support[i], support[j])
        });
        Some(OnSupport { support, step })
    }

    fn add_jvp_lambda(&self, lin: &Linearization, x: &Matrix, out: &mut Matrix, _: &mut Workspace) {
        for (k, mut column) in out.column_iter_mut().enumerate() {
            let (x1, x2) = (x[(0, k)], x[(1, k)]);
            for (i, o) in column.iter_mut().enumerate() {
                *o -= self.step * lin.slope[i] * (lin.z[i].signum() * x1 + lin.w[i] * x2);
            }
        }
    }

    fn push_forward(&self, lin: &Linearization, d: &Matrix, out: &mut Matrix, ws: &mut Workspace) {
        self.jvp_w(lin, d, out, ws);
        let (first, second) = out.as_mut_slice().split_at_mut(self.d);
        for ((o, slope), z) in first.iter_mut().zip(&lin.slope).zip(&lin.z) {
            *o -= self.step * slope * z.signum();
        }
        for ((o, slope), w) in second.iter_mut().zip(&lin.slope).zip(&lin.w) {
            *o -= self.step * slope * w;
        }
    }

    fn vjp_lambda(&self, lin: &Linearization, y: &[f64], out: &mut [f64], ws: &mut Workspace) {
        let masked = ws.vector(self.d);
        for ((o, v), s) in masked.iter_mut().zip(y).zip(&lin.slope) {
            *o = v * s;
        }
        let signed: f64 = masked.iter().zip(&lin.z).map(|(v, z)| v * z.signum()).sum();
        out[0] = -self.step * signed;
        out[1] = -self.step * dot(masked, &lin.w);
    }
}

/// How far from its kink every unit may be computed although it is there: what evaluating its input
/// loses and what the error of w moves it by. And the units that are so near.
fn kink_bands(
    (lin, rounding, w_norm): &(Linearization<'_>, Rounding, f64),
    sensitivity: &[f64],
    w_error: f64,
) -> (Vec<f64>, Vec<usize>) {
    let lost = rounding.units.iter().map(|u| Rounding::at(*u, *w_norm));
    let pairs = lost.zip(sensitivity);
    let band: Vec<f64> = pairs.map(|(l, s)| l + s * w_error).collect();
    let near = |i: &usize| lin.margin[*i] <= band[*i];
    let kinks = (0..band.len()).filter(near).collect();
    (band, kinks)
}

impl Certified for ElasticNetMap {
    fn structure(&self) -> &Structure {
        &self.structure
    }

    fn constants(&self, lambda: &[f64]) -> Constants {
        let (mu, l) = self.spectrum;
        let at = |h: f64| (1.0 - self.step * (h + lambda[1])).abs();
        // Three roundings in 1 - η(h+λ₂), none larger than the terms.
        let rounding = 4.0 * UNIT * (1.0 + self.step * (l + lambda[1]));
        Constants::with(at(mu).max(at(l)) + rounding, 0.0, self.step)
    }

    fn moduli_at(&self, w: &[f64], lambda: &[f64], w_error: f64) -> Moduli {
        let (d, eta) = (self.d, self.step);
        let at = at_point(self, w, lambda, 1.0);
        let a = self.a_matrix(lambda);
        let a_lost = self.a_rounding();
        let sensitivity = self.unit_sensitivity(lambda);
        let (band, kinks) = kink_bands(&at, &sensitivity, w_error);
        let mut lin = at.0;
        let radii: Vec<f64> = (0..d)
            .map(|i| {
                let distance = if lin.margin[i] <= band[i] {
                    2.0 * eta * lambda[0]
                } else {
                    lin.margin[i]
                };
                if sensitivity[i] <= a_lost {
                    f64::INFINITY
                } else {
                    (distance - band[i]).max(0.0) / sensitivity[i] * (1.0 - 4.0 * UNIT)
                }
            })
            .collect();
        let at_kink = |i: &usize| kinks.binary_search(i).is_ok();
        let stairs = staircase(&radii, |flips| {
            let off: Vec<usize> = flips.iter().copied().filter(|i| !at_kink(i)).collect();
            // From the other kink, [-sign, w_i], to the nearest s[sign, w_i]; at w(λ), where w_i =
            // 0, it is 1.
            let on: f64 = flips
                .iter()
                .filter(|i| at_kink(i))
                .map(|&i| (1.0 + (w[i].abs() + w_error).powi(2)).min(4.0))
                .sum();
            let sum: f64 = off
                .iter()
                .map(|&i| (1.0 + (w[i].abs() + w_error).powi(2)).max(4.0))
                .sum();
            [
                // Units that only change their kink keep their row of A.
                if off.is_empty() {
                    0.0
                } else {
                    rows_norm(&a, &off) + a_lost
                },
                eta * (sum + on).sqrt() * (1.0 + gamma(d + 4)),
            ]
        });
        for i in &kinks {
            lin.slope[*i] = 1.0;
        }
        let d2 = Matrix::from_fn(d, 2, |i, j| {
            -eta * lin.slope[i] * if j == 0 { lin.z[i].signum() } else { w[i] }
        });
        Moduli {
            l: [0.0, eta],
            m: stairs.last().map_or([0.0, 0.0], |s| s.jump),
            r: stairs.first().map_or(f64::INFINITY, |s| s.radius),
            r_attained: true,
            d2_sup: spectral_upper(&d2) * (1.0 + gamma(4)) + eta * w_error,
            kinks,
            stairs,
        }
    }

    fn kinks_at(&self, w: &[f64], lambda: &[f64], w_error: f64) -> Option<Vec<usize>> {
        let at = at_point(self, w, lambda, 1.0);
        Some(kink_bands(&at, &self.unit_sensitivity(lambda), w_error).1)
    }

    fn rounding(&self, lambda: &[f64], u: Roundoff) -> Rounding {
        // Sums over n and d and a few operations, whichever form the product takes.
        let terms = u.gamma(self.n + self.d + 10);
        let (eta, d) = (self.step, self.d as f64);
        let keep = 1.0 + eta * lambda[1];
        let push = terms * (keep + eta * self.h_abs_norm);
        let threshold = eta * lambda[0];
        Rounding {
            u,
            value: [
                push,
                terms * (eta * self.b_abs.norm() + threshold * d.sqrt()),
            ],
            push_w: [0.0, push],
            push_lambda: [
                0.0,
                u.gamma(self.d + 5) * eta,
                u.gamma(self.d + 5) * eta * d.sqrt(),
            ],
            units: (0..self.d)
                .map(|i| {
                    [
                        terms * (keep + eta * self.h_abs_rows[i]),
                        terms * (eta * self.b_abs[i] + threshold),
                    ]
                })
                .collect(),
        }
    }

    fn unit_sensitivity(&self, lambda: &[f64]) -> Vec<f64> {
        let a = self.a_matrix(lambda);
        let lost = self.a_rounding();
        a.row_iter()
            .map(|r| r.norm() * (1.0 + gamma(self.d + 4)) + lost)
            .collect()
    }

    fn variation(&self, j: usize, lin: &Linearization) -> Option<Matrix> {
        // Column 2 of ∂₂Φ is -ηSw.
        (j == 1)
            .then(|| Matrix::from_diagonal(&(Vector::from_column_slice(&lin.slope) * -self.step)))
    }
}

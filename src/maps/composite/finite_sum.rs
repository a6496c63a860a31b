//! Gradient steps on finite sums: minibatch least squares and logistic regression.
//!
//! Owns T̂(w, λ, b) = w - η(∇ℓ_b(w) + λ₂w) for a minibatch b of row indices and its partial
//! Jacobians. Must not know how indices are drawn, nor what follows the step.

use serde::{Deserialize, Serialize};

use super::loss::Loss;
use super::sample::Sample;
use crate::error::{Error, Result};
use crate::linalg::Matrix;
use crate::linalg::product::{LANES, add_weighted_rows, dot};
use crate::numerals::numbers;

/// The gradient step of a regularised mean of losses over a minibatch b of rows, T̂(w, λ, b) = w -
/// η(|b|⁻¹ Σ_{i∈b} ℓ'_i(x_i·w) x_i + λ₂w), λ = (λ₁, λ₂); λ₁ belongs to the outer map.
///
/// ∂₁T̂ = (1-ηλ₂)I - (η/|b|) Σ h_i x_i x_iᵀ is symmetric, h_i = ℓ''_i (1 for least squares); ∂₂T̂ =
/// \[0, -ηw\] does not depend on the sample.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "Form", into = "Form")]
pub struct FiniteSum {
    /// n×d, one contiguous row per sample.
    x: Vec<f64>,
    y: Vec<f64>,
    d: usize,
    eta: f64,
    loss: Loss,
}

/// A finite sum as it stands in files.
#[derive(Serialize, Deserialize)]
struct Form {
    #[serde(rename = "X", with = "numbers")]
    x: Matrix,
    #[serde(with = "numbers")]
    y: Vec<f64>,
    #[serde(with = "numbers")]
    step: f64,
    loss: Loss,
}

impl TryFrom<Form> for FiniteSum {
    type Error = Error;

    fn try_from(form: Form) -> Result<Self> {
        let (x, d) = (form.x.transpose(), form.x.ncols());
        Self::new(x.as_slice().to_vec(), form.y, d, form.step, form.loss)
    }
}

impl From<FiniteSum> for Form {
    fn from(f: FiniteSum) -> Self {
        Self {
            x: Matrix::from_row_slice(f.rows(), f.d, &f.x),
            y: f.y,
            step: f.eta,
            loss: f.loss,
        }
    }
}

impl FiniteSum {
    /// `x` holds n rows of length `d`, one after the other, `y` the n targets (labels ±1 for the
    /// logistic loss), `eta` the step η > 0.
    ///
    /// # Errors
    /// Numbers that do not make n ≥ 1 rows of length d ≥ 1, entries that are not finite, labels
    /// other than ±1, a step that is not positive and finite; the field is named.
    pub fn new(x: Vec<f64>, y: Vec<f64>, d: usize, eta: f64, loss: Loss) -> Result<Self> {
        let n = y.len();
        if d == 0 || n == 0 || n.checked_mul(d) != Some(x.len()) {
            let text = format!("{} numbers do not make {n} rows of length {d}", x.len());
            return Err(Error::input(text).in_field("X"));
        }
        if let Some(k) = x.iter().position(|v| !v.is_finite()) {
            return Err(Error::input("not finite")
                .in_field(format!("[{}][{}]", k / d, k % d))
                .in_field("X"));
        }
        let bad = |v: &f64| !v.is_finite() || (loss == Loss::Logistic && v.abs() != 1.0);
        if let Some(k) = y.iter().position(bad) {
            let text = match loss {
                Loss::Quadratic => "a target must be finite",
                Loss::Logistic => "a label must be -1 or 1",
            };
            return Err(Error::input(text).in_field(format!("[{k}]")).in_field("y"));
        }
        if !(eta > 0.0 && eta.is_finite()) {
            return Err(
                Error::input(format!("the step must be positive and finite, got {eta}"))
                    .in_field("step"),
            );
        }
        Ok(Self { x, y, d, eta, loss })
    }

    /// d = dim w.
    pub fn dim(&self) -> usize {
        self.d
    }

    /// n, the number of rows.
    pub fn rows(&self) -> usize {
        self.y.len()
    }

    /// The step η.
    pub fn eta(&self) -> f64 {
        self.eta
    }

    /// The loss ℓ of a row.
    pub fn loss(&self) -> Loss {
        self.loss
    }

    /// x_i, d numbers.
    pub fn row(&self, i: usize) -> &[f64] {
        &self.x[i * self.d..(i + 1) * self.d]
    }

    /// y_i.
    pub fn target(&self, i: usize) -> f64 {
        self.y[i]
    }

    /// XᵀX/n, d×d.
    pub fn gram(&self) -> Matrix {
        self.curvature_matrix(|_| 1.0)
    }

    /// n⁻¹ Σ c(i) x_i x_iᵀ, d×d: the Hessian of the mean loss where c(i) = h_i.
    pub fn curvature_matrix(&self, mut c: impl FnMut(usize) -> f64) -> Matrix {
        let d = self.d;
        let mut out = Matrix::zeros(d, d);
        for i in 0..self.rows() {
            let (row, ci) = (self.row(i), c(i));
            for (j, xj) in row.iter().enumerate() {
                let t = ci * xj;
                for (o, xk) in out.column_mut(j).iter_mut().zip(row) {
                    *o += t * xk;
                }
            }
        }
        out / self.rows() as f64
    }

    /// ℓ'_i(s): the derivative of the loss of row i at the score s = x_i·w.
    pub fn slope(&self, i: usize, s: f64) -> f64 {
        self.loss.slope(self.y[i], s)
    }

    /// h_i = ℓ''_i(s) at the score s = x_i·w.
    pub fn curvature(&self, s: f64) -> f64 {
        self.loss.curvature(s)
    }

    /// h_i = ℓ''_i(x_i·w) for every row at w (d), n numbers.
    pub fn curvatures(&self, w: &[f64]) -> Vec<f64> {
        (0..self.rows())
            .map(|i| self.curvature(dot(self.row(i), w)))
            .collect()
    }

    pub(super) fn apply(&self, w: &[f64], lambda: &[f64], sample: Sample<'_>, out: &mut [f64]) {
        let f = |i, s| self.slope(i, s);
        self.scaled_copy(w, lambda, out);
        self.accumulate(w, sample, f, out);
    }

    /// out ← ∂₁T̂ v (symmetric, so also ∂₁T̂ᵀ v).
    pub(super) fn d1(
        &self,
        w: &[f64],
        lambda: &[f64],
        sample: Sample<'_>,
        v: &[f64],
        out: &mut [f64],
    ) {
        match self.loss {
            Loss::Quadratic => self.bent(lambda, sample, v, |_| 1.0, out),
            // The score is recomputed: the row is in the cache, and a table of n curvatures would
            // cost a pass over all rows.
            Loss::Logistic => {
                let h = |i| self.curvature(dot(self.row(i), w));
                self.bent(lambda, sample, v, h, out);
            }
        }
    }

    /// out ← (1-ηλ₂)v - (η/|b|) Σ h(i) x_i(x_iᵀv).
    fn bent(
        &self,
        lambda: &[f64],
        sample: Sample<'_>,
        v: &[f64],
        h: impl Fn(usize) -> f64,
        out: &mut [f64],
    ) {
        self.scaled_copy(v, lambda, out);
        self.accumulate(v, sample, |i, s| h(i) * s, out);
    }

    fn scaled_copy(&self, v: &[f64], lambda: &[f64], out: &mut [f64]) {
        let a = 1.0 - self.eta * lambda[1];
        out.iter_mut().zip(v).for_each(|(o, x)| *o = a * x);
    }

    /// out ← out - (η/|b|) Σ f(i, x_i·v) x_i.
    fn accumulate(
        &self,
        v: &[f64],
        sample: Sample<'_>,
        mut f: impl FnMut(usize, f64) -> f64,
        out: &mut [f64],
    ) {
        match sample {
            Sample::Batch(b) => {
                let c = -self.eta / b.len() as f64;
                add_weighted_rows(&self.x, v, b.len(), |k| b[k], |i, s| c * f(i, s), out);
            }
            Sample::Mean => {
                let c = -self.eta / self.rows() as f64;
                add_weighted_rows(&self.x, v, self.rows(), |k| k, |i, s| c * f(i, s), out);
            }
        }
    }
}

/// The rows of a finite sum at the columns of a support, for products ∂₁T̂(w, λ, b)ᵀv with v = 0
/// off it, of which nothing is read there.
pub(super) struct Gathered {
    support: Vec<usize>,
    /// The same sum with nothing but those columns, filled up with zeros to whole cache lines.
    rows: FiniteSum,
    /// The second derivatives of the losses at w (n); none where they are 1.
    curvature: Vec<f64>,
    v: Vec<f64>,
    out: Vec<f64>,
}

impl Gathered {
    /// At the columns where `mask` is not 0; `None` where that saves less than a quarter of them.
    pub(super) fn new(of: &FiniteSum, w: &[f64], mask: &[f64]) -> Option<Self> {
        let support: Vec<usize> = (0..mask.len()).filter(|j| mask[*j] != 0.0).collect();
        let width = support.len().next_multiple_of(LANES);
        if width == 0 || 4 * width > 3 * of.d {
            return None;
        }
        let mut x = vec![0.0; of.rows() * width];
        let mut curvature = Vec::new();
        for (i, to) in x.chunks_exact_mut(width).enumerate() {
            let row = of.row(i);
            to.iter_mut().zip(&support).for_each(|(v, j)| *v = row[*j]);
            if of.loss != Loss::Quadratic {
                curvature.push(of.curvature(dot(row, w)));
            }
        }
        Some(Self {
            support,
            rows: FiniteSum {
                x,
                y: of.y.clone(),
                d: width,
                eta: of.eta,
                loss: of.loss,
            },
            curvature,
            v: vec![0.0; width],
            out: vec![0.0; width],
        })
    }

    /// out ← ∂₁T̂ᵀv on the support, 0 elsewhere.
    pub(super) fn d1(&mut self, lambda: &[f64], batch: &[usize], v: &[f64], out: &mut [f64]) {
        for (own, j) in self.v.iter_mut().zip(&self.support) {
            *own = v[*j];
        }
        let (sample, h) = (Sample::Batch(batch), &self.curvature);
        if h.is_empty() {
            let one = |_| 1.0;
            self.rows.bent(lambda, sample, &self.v, one, &mut self.out);
        } else {
            let h = |i: usize| h[i];
            self.rows.bent(lambda, sample, &self.v, h, &mut self.out);
        }
        out.fill(0.0);
        for (own, j) in self.out.iter().zip(&self.support) {
            out[*j] = *own;
        }
    }
}

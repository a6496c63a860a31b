//! E(w, λ) = n⁻¹Σᵢ (log Σₖ e^(sᵢₖ) - s of the label) + ½·ridge·‖λ‖², sᵢ = Wᵀxᵢ.

use serde::{Deserialize, Serialize};

use super::moduli::GradientModuli;
use super::rows::{Rows, check_ridge, check_size};
use crate::error::{Error, Result};
use crate::linalg::norm::spectral_upper;
use crate::linalg::product::norm2;
use crate::linalg::{Dd, Matrix};
use crate::numerals::numbers;
use crate::tol::{LIBM_ULPS, Roundoff, gamma};

/// Hold-out rows with labels: the cross-entropy of the softmax of linear scores, and a ridge in λ,
/// E(w, λ) = n⁻¹Σ_i (log Σ_k exp(s_ik) - s_{i,label_i}) + ½·ridge·‖λ‖² with s_i = Wᵀx_i.
///
/// w is the p×c matrix W column by column: w\[j + p·k\] weighs feature j for class k, d = p·c.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Classes {
    /// X, n×p.
    #[serde(rename = "X", with = "numbers")]
    pub x: Matrix,
    /// The class of every row, below `classes`.
    pub labels: Vec<usize>,
    /// c ≥ 2.
    pub classes: usize,
    /// Weight of ½‖λ‖², at least 0.
    #[serde(with = "numbers")]
    pub ridge: f64,
}

impl Classes {
    /// Rows X (n×p), the class of each, the number of classes, and the weight of ½‖λ‖².
    pub fn new(x: Matrix, labels: Vec<usize>, classes: usize, ridge: f64) -> Self {
        Self {
            x,
            labels,
            classes,
            ridge,
        }
    }

    pub(super) fn check(&self, d: usize) -> Result<()> {
        let c = self.classes;
        if c < 2 || !d.is_multiple_of(c) {
            let text = format!("must be at least 2 and divide dim w = {d}, got {c}");
            return Err(Error::input(text).in_field("objective.classes"));
        }
        let n = check_size("X", &self.x, None, d / c)?;
        if self.labels.len() != n {
            let text = format!("expected {n} labels, got {}", self.labels.len());
            return Err(Error::input(text).in_field("objective.labels"));
        }
        if let Some(i) = self.labels.iter().position(|l| *l >= c) {
            let text = format!("must be below {c}, got {}", self.labels[i]);
            return Err(Error::input(text).in_field(format!("objective.labels[{i}]")));
        }
        check_ridge(self.ridge)
    }

    /// The scores of a row.
    fn scores(&self, i: usize, w: &[f64]) -> Vec<f64> {
        let p = self.x.ncols();
        let one = |k: usize| {
            let pairs = self.x.row(i).into_iter().zip(&w[p * k..]);
            pairs.map(|(x, w)| x * w).sum()
        };
        (0..self.classes).map(one).collect()
    }

    pub(super) fn value(&self, w: &[f64], lambda: &[f64]) -> f64 {
        let one = |i: usize| {
            let s = self.scores(i, w);
            let most = s.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let sum: f64 = s.iter().map(|s| (s - most).exp()).sum();
            sum.ln() + most - s[self.labels[i]]
        };
        let n = self.labels.len();
        let size: f64 = lambda.iter().map(|l| l * l).sum();
        (0..n).map(one).sum::<f64>() / n as f64 + 0.5 * self.ridge * size
    }

    /// n⁻¹Σ xᵢ(pᵢ - e of the label)ᵀ column by column, and ridge·λ.
    pub(super) fn gradients(&self, w: &[f64], lambda: &[f64], rows: Rows<'_>) -> [Vec<f64>; 2] {
        let p = self.x.ncols();
        let mut by_w = vec![0.0; w.len()];
        let n = self.labels.len();
        for i in rows.indices(n) {
            let s = self.scores(i, w);
            let most = s.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let e: Vec<f64> = s.iter().map(|s| (s - most).exp()).collect();
            let sum: f64 = e.iter().sum();
            for (k, e) in e.iter().enumerate() {
                let slope = e / sum - f64::from(u8::from(k == self.labels[i]));
                let pairs = by_w[p * k..].iter_mut().zip(self.x.row(i));
                pairs.for_each(|(g, x)| *g += slope * x);
            }
        }
        let count = rows.count(n) as f64;
        by_w.iter_mut().for_each(|g| *g /= count);
        [by_w, lambda.iter().map(|l| self.ridge * l).collect()]
    }

    pub(super) fn gradients_exactly(
        &self,
        w: &[Dd],
        lambda: &[f64],
        rows: Rows<'_>,
    ) -> [Vec<Dd>; 2] {
        let p = self.x.ncols();
        let mut by_w = vec![Dd::ZERO; w.len()];
        let n = self.labels.len();
        for i in rows.indices(n) {
            let score = |k: usize| {
                let pairs = self.x.row(i).into_iter().zip(&w[p * k..]);
                pairs.fold(Dd::ZERO, |sum, (x, w)| sum + Dd::from(*x) * *w)
            };
            let s: Vec<Dd> = (0..self.classes).map(score).collect();
            let most = s
                .iter()
                .copied()
                .fold(s[0], |a, b| if b > a { b } else { a });
            let e: Vec<Dd> = s.iter().map(|s| (*s - most).exp_of_negative()).collect();
            let sum = e.iter().fold(Dd::ZERO, |sum, e| sum + *e);
            for (k, e) in e.iter().enumerate() {
                let own = if k == self.labels[i] {
                    Dd::ONE
                } else {
                    Dd::ZERO
                };
                let slope = *e / sum - own;
                let pairs = by_w[p * k..].iter_mut().zip(self.x.row(i));
                pairs.for_each(|(g, x)| *g += slope * Dd::from(*x));
            }
        }
        let count = Dd::from(rows.count(n) as f64);
        by_w.iter_mut().for_each(|g| *g = *g / count);
        let ridge = Dd::from(self.ridge);
        let direct = lambda.iter().map(|l| ridge * Dd::from(*l)).collect();
        [by_w, direct]
    }

    /// ½‖X‖²/n: the Hessian of log Σ eˢ is at most ½.
    pub(super) fn moduli(&self) -> GradientModuli {
        let norm = spectral_upper(&self.x);
        let n = self.labels.len() as f64;
        GradientModuli::smooth([0.5 * norm * norm / n * (1.0 + gamma(6)), 0.0])
    }

    /// What one evaluation loses with roundoff u, at a point that is `moved` off w.
    pub(super) fn lost(
        &self,
        (w, lambda): (&[f64], &[f64]),
        (moved, u): (f64, Roundoff),
        rows: Rows<'_>,
    ) -> [f64; 2] {
        let (p, c) = (self.x.ncols(), self.classes);
        let n = rows.count(self.labels.len());
        let norm = match rows {
            Rows::All => self.x.norm(),
            Rows::Of(list) => self.x.select_rows(list).norm(),
        };
        let root = (n as f64).sqrt();
        let scores = norm * (norm2(w) + moved);
        // Errors of scores pass through the softmax with ½; its own rounding is relative, but for
        // the subtraction of the largest score and the sum over classes.
        let own = u.gamma(2 * LIBM_ULPS + c + 8) * 2.0 * root;
        let off = 0.5 * (u.gamma(p + 4) * 2.0 * scores + norm * moved) + own;
        // The rows of P - Y are at most √2 long.
        let rounded = norm / n as f64 * (off + u.gamma(n + 4) * std::f64::consts::SQRT_2 * root);
        let direct = u.gamma(3) * self.ridge * norm2(lambda);
        [rounded * (1.0 + gamma(8)), direct]
    }
}

//! E(w, λ) = ‖Xw - y‖²/(2n) + ½·ridge·‖λ‖².

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::linalg::norm::spectral_upper;
use crate::linalg::{Dd, Matrix, Vector};
use crate::numerals::numbers;
use crate::tol::{OBJECTIVE_MOST, Roundoff, gamma};

/// Least squares on n rows, with a ridge in λ.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LeastSquares {
    /// X, n×d.
    #[serde(rename = "X", with = "numbers")]
    pub x: Matrix,
    /// y, n.
    #[serde(with = "numbers")]
    pub y: Vector,
    /// Weight of ½‖λ‖².
    #[serde(with = "numbers")]
    pub ridge: f64,
}

impl LeastSquares {
    pub(super) fn check(&self, d: usize) -> Result<()> {
        let (n, columns) = self.x.shape();
        if n == 0 || columns != d {
            let text = format!("expected at least one row of {d} numbers, got {n}×{columns}");
            return Err(Error::input(text).in_field("objective.X"));
        }
        if self.y.len() != n {
            let text = format!("expected {n} numbers, got {}", self.y.len());
            return Err(Error::input(text).in_field("objective.y"));
        }
        let (x, y) = (self.x.as_slice(), self.y.as_slice());
        let bad = |v: &f64| !(v.abs() <= OBJECTIVE_MOST);
        let at_x = x
            .iter()
            .position(bad)
            .map(|k| format!("X[{}][{}]", k % n, k / n));
        let at_y = y.iter().position(bad).map(|k| format!("y[{k}]"));
        if let Some(entry) = at_x.or(at_y) {
            let text = format!("must be a number of at most {OBJECTIVE_MOST:e}");
            return Err(Error::input(text).in_field(format!("objective.{entry}")));
        }
        if !(self.ridge >= 0.0 && self.ridge.is_finite()) {
            let text = format!("must be nonnegative and finite, got {}", self.ridge);
            return Err(Error::input(text).in_field("objective.ridge"));
        }
        Ok(())
    }

    /// Xw - y, by rows.
    fn residual(&self, w: &[f64]) -> Vector {
        &self.x * Vector::from_column_slice(w) - &self.y
    }

    pub(super) fn value(&self, w: &[f64], lambda: &[f64]) -> f64 {
        let size: f64 = lambda.iter().map(|l| l * l).sum();
        self.residual(w).norm_squared() / (2.0 * self.y.len() as f64) + 0.5 * self.ridge * size
    }

    /// Xᵀ(Xw - y)/n.
    pub(super) fn gradient_w(&self, w: &[f64], _: &[f64]) -> Vec<f64> {
        let g = self.x.tr_mul(&self.residual(w)) / self.y.len() as f64;
        g.as_slice().to_vec()
    }

    pub(super) fn gradients_exactly(&self, w: &[Dd], lambda: &[f64]) -> [Vec<Dd>; 2] {
        let (n, d) = self.x.shape();
        let row = |i: usize| {
            let terms = (0..d).map(|j| Dd::from(self.x[(i, j)]) * w[j]);
            terms.fold(-Dd::from(self.y[i]), |sum, term| sum + term)
        };
        let residual: Vec<Dd> = (0..n).map(row).collect();
        let column = |j: usize| {
            let terms = (0..n).map(|i| Dd::from(self.x[(i, j)]) * residual[i]);
            terms.fold(Dd::ZERO, |sum, term| sum + term) / Dd::from(n as f64)
        };
        let ridge = Dd::from(self.ridge);
        let direct = lambda.iter().map(|l| ridge * Dd::from(*l)).collect();
        [(0..d).map(column).collect(), direct]
    }

    /// ‖X‖²/n, and 0.
    pub(super) fn lipschitz(&self) -> [f64; 2] {
        let norm = spectral_upper(&self.x);
        [norm * norm / self.y.len() as f64 * (1.0 + gamma(4)), 0.0]
    }

    pub(super) fn rounding(&self, w_norm: f64, lambda_norm: f64, u: Roundoff) -> [f64; 2] {
        let (n, d) = self.x.shape();
        let norm = self.x.norm();
        let sums = norm * (norm * w_norm + self.y.norm()) / n as f64;
        [
            u.gamma(n + d + 6) * sums,
            u.gamma(3) * self.ridge * lambda_norm,
        ]
    }

    pub(super) fn gradient_lambda(&self, _: &[f64], lambda: &[f64]) -> Vec<f64> {
        lambda.iter().map(|l| self.ridge * l).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Objective;
    use super::*;

    /// A quadratic is reproduced exactly by central differences with a power of two as step.
    #[test]
    fn gradients_are_differences_of_values() {
        let o = Objective::LeastSquares(LeastSquares {
            x: Matrix::from_row_slice(3, 2, &[1.0, 2.0, -1.0, 0.5, 0.25, 4.0]),
            y: Vector::from_column_slice(&[0.5, -1.0, 2.0]),
            ridge: 0.5,
        });
        let (w, lambda) = ([0.5, -0.25], [0.25, 2.0]);
        o.check(2).unwrap();
        assert!(o.check(3).is_err());
        let h = 0.25;
        for k in 0..2 {
            let moved = |v: &[f64; 2], h: f64| {
                let mut u = *v;
                u[k] += h;
                u
            };
            let by_w =
                (o.value(&moved(&w, h), &lambda) - o.value(&moved(&w, -h), &lambda)) / (2.0 * h);
            let by_lambda =
                (o.value(&w, &moved(&lambda, h)) - o.value(&w, &moved(&lambda, -h))) / (2.0 * h);
            let close = |a: f64, b: f64| (a - b).abs() <= 64.0 * f64::EPSILON * (1.0 + b.abs());
            assert!(close(o.gradient_w(&w, &lambda)[k], by_w));
            assert!(close(o.gradient_lambda(&w, &lambda)[k], by_lambda));
        }
    }
}

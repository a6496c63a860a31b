//! A random y, and what is added to r with it: means of gradients of an objective over minibatches ζ.

use crate::error::Result;
use crate::linalg::{Matrix, Vector};
use crate::objectives::{Objective, Rows};

/// The law of (y, h) up to second order, y = J⁻¹Σ∇₁Ê(w, λ, ζ_j) and h = J⁻¹Σ∇₂Ê(w, λ, ζ_j), which share
/// their samples.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// E y = ∇₁E (d).
    pub y: Vector,
    /// E h = ∇₂E (m).
    pub direct: Vector,
    /// Cov (y, h), (d+m)×(d+m).
    pub spread: Matrix,
}

impl Source {
    /// Of means over `count` independent rows of an objective.
    ///
    /// # Errors
    /// When the objective does not fit, or there is nothing to draw.
    pub fn at(objective: &Objective, w: &[f64], lambda: &[f64], count: usize) -> Result<Self> {
        objective.check(w.len(), lambda.len())?;
        let (d, m, n) = (w.len(), lambda.len(), objective.rows());
        let [y, direct] = objective.gradients(w, lambda, Rows::All);
        let mean: Vec<f64> = y.iter().chain(&direct).copied().collect();
        let mut off = Matrix::zeros(d + m, n);
        for i in 0..n {
            let [y, h] = objective.gradients(w, lambda, Rows::Of(&[i]));
            let entries = y.iter().chain(&h).zip(&mean);
            let mut column = off.column_mut(i);
            column
                .iter_mut()
                .zip(entries)
                .for_each(|(o, (g, mean))| *o = g - mean);
        }
        Ok(Self {
            y: Vector::from_vec(y),
            direct: Vector::from_vec(direct),
            spread: &off * off.transpose() / (n * count.max(1)) as f64,
        })
    }

    /// E‖y - E y‖² and E‖h - E h‖².
    pub fn variances(&self) -> [f64; 2] {
        let d = self.y.len();
        let trace = |range: std::ops::Range<usize>| range.map(|i| self.spread[(i, i)]).sum();
        [trace(0..d), trace(d..self.spread.nrows())]
    }

    /// A Cov(y) Aᵀ.
    pub fn through(&self, a: &Matrix) -> Matrix {
        let d = self.y.len();
        let out = a * self.spread.view((0, 0), (d, d)) * a.transpose();
        // Symmetric to the last bit, as the covariance forms assume.
        0.5 * (&out + out.transpose())
    }

    /// Cov (By + h).
    pub fn covariance(&self, b: &Matrix) -> Matrix {
        let (d, m) = (self.y.len(), self.direct.len());
        let mut l = Matrix::zeros(m, d + m);
        l.view_mut((0, 0), (m, d)).copy_from(b);
        l.view_mut((0, d), (m, m)).fill_with_identity();
        &l * &self.spread * l.transpose()
    }
}

//! A random y, and what is added to r with it: means of gradients of an objective over minibatches
//! ζ.

use crate::error::Result;
use crate::linalg::{Matrix, Vector};
use crate::objectives::{Objective, Rows};

/// The law of (y, h) up to second order, y = J⁻¹Σ∇₁Ê(w, λ, ζ_j) and h = J⁻¹Σ∇₂Ê(w, λ, ζ_j), which
/// share their samples.
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
    /// Of means over `count` ≥ 1 independent rows of an objective; infinitely many leave no noise.
    ///
    /// # Errors
    /// When the objective does not fit.
    pub fn at(objective: &Objective, w: &[f64], lambda: &[f64], count: f64) -> Result<Self> {
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
            spread: &off * off.transpose() / (n as f64 * count),
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

#[cfg(all(test, feature = "instances"))]
mod tests {
    use super::*;
    use crate::instances::{Instance, Kind, Spec};
    use crate::objectives::ObjectiveKind;
    use crate::truth::expectation::{Recursion, conditional_readout};

    /// Every sequence of two samples ζ and two samples ξ⁽²⁾, given ξ⁽¹⁾: means and mean square
    /// errors by enumeration.
    #[test]
    fn moments_with_a_random_cotangent_are_those_of_the_enumeration() {
        for (_, kind) in ObjectiveKind::NAMES {
            let spec = Spec {
                objective: Some(kind),
                rows: 3,
                ..Spec::typical(Kind::SumTiny, 2)
            };
            let i = Instance::generate(&spec, 5).unwrap();
            let (map, objective) = (i.map.samples().unwrap(), i.objective.as_ref().unwrap());
            let (w, lambda) = (&i.start, &i.lambda);
            let (gamma, read) = conditional_readout(map, w, lambda, &[0, 1], 0.0).unwrap();
            let source = Source::at(objective, w, lambda, 2.0).unwrap();
            let y = source.y.as_slice().to_vec();
            let recursion = Recursion::nsid(map, w, lambda, &gamma, &y, 1).unwrap();
            let mut recursion = recursion.from_source(source);
            let eta = [0.7, 0.4];
            let at = recursion.moments(2, |i| eta[i]);
            let star = Vector::from_element(lambda.len(), 0.25);
            let (n, rows) = (map.inner().population(), objective.rows());
            let (mut mean, mut mse) = (Vector::zeros(lambda.len()), 0.0);
            let mut second = Matrix::zeros(2, 2);
            let weight = 1.0 / (n * n * rows * rows) as f64;
            for code in 0..n * n * rows * rows {
                let xi = [code % n, code / n % n];
                let zeta = [code / (n * n) % rows, code / (n * n * rows)];
                let [y, h] = objective.gradients(w, lambda, Rows::Of(&zeta));
                let mut v = Vector::zeros(2);
                for (xi, eta) in xi.into_iter().zip(eta) {
                    let sample = crate::maps::composite::Sample::Batch(std::slice::from_ref(&xi));
                    let t = map.inner().d1_matrix(w, lambda, sample);
                    let p = (map.outer().d1_matrix(&gamma) * t).transpose();
                    v = &v * (1.0 - eta) + (p * &v + Vector::from_column_slice(&y)) * eta;
                }
                let g = &read.k * &v + Vector::from_vec(h);
                mse += weight * (&g - &star).norm_squared();
                mean += g * weight;
                second += &v * v.transpose() * weight;
            }
            let close = |a: f64, b: f64| (a - b).abs() <= 1e-12 * (1.0 + b.abs());
            assert!(
                (read.mean(&recursion, &at) - &mean).norm() < 1e-12,
                "{kind:?}"
            );
            assert!(close(read.mse(&recursion, &at, &star), mse), "{kind:?}");
            let covariance = read.covariance(&recursion, &at).trace();
            assert!(
                close(covariance + (&mean - &star).norm_squared(), mse),
                "{kind:?}"
            );
            let mut own = Matrix::zeros(2, 2);
            recursion.second_moment(&at, &mut own);
            assert!((own - second).norm() < 1e-12, "{kind:?}");
        }
    }
}

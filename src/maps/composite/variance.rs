//! Variance constants of Assumption 5.2 and contraction factors, from the data.
//!
//! Owns s², σ₁', σ₂' at a given w and minibatch size, and q. Every value is exact up to rounding
//! and then rounded up. Must not know which bound consumes them.

use super::finite_sum::FiniteSum;
use super::inner::Inner;
use super::loss::Loss;
use super::noise::NoiseModel;
use super::poisoned::Poisoned;
use super::sample::Sample;
use super::samples::Composite;
use crate::linalg::Matrix;
use crate::linalg::norm::{largest_eigenvalue_upper, spectral_upper};
use crate::linalg::product::{dot, norm2};
use crate::tol::{UNIT, gamma};

/// The constants of Assumption 5.2 at one w, for minibatches of b independent samples drawn with
/// replacement (a mean of b terms has 1/b of the variance of one). All rounded up.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Variance {
    /// s² = E‖T̂ - T‖² (Euclidean).
    pub s2: f64,
    /// σ₁' = λ_max(E\[ΔΔᵀ\]), Δ = ∂₁T̂ - E∂₁T̂: the smallest constant that Lemma D.3 may use.
    pub sigma1: f64,
    /// tr E\[ΔΔᵀ\] = E‖Δ‖_F² ≥ E‖Δ‖² ≥ λ_max: another admissible, larger σ₁'.
    pub sigma1_frobenius: f64,
    /// σ₂' = E‖∂₂T̂ - E∂₂T̂‖_F² (Frobenius: Γ₁ shares its samples with ∂₂T̂).
    pub sigma2: f64,
}

impl Composite {
    /// s², σ₁', σ₂' of Assumption 5.2 at (w, λ) for minibatches of size `batch` ≥ 1.
    ///
    /// Cost O(n d²) for finite sums, O(p d³) for noise models.
    pub fn variance(&self, w: &[f64], lambda: &[f64], batch: usize) -> Variance {
        let b = batch.max(1) as f64;
        let single = match self.inner() {
            Inner::FiniteSum(f) => finite_sum(f, w, lambda),
            Inner::Noise(f) => noise(f, w, lambda),
            Inner::Poisoned(f) => poisoned(f, w, lambda),
        };
        let up = 1.0 + 4.0 * UNIT;
        Variance {
            s2: single.s2 / b * up,
            sigma1: single.sigma1 / b * up,
            sigma1_frobenius: single.sigma1_frobenius / b * up,
            sigma2: single.sigma2 / b * up,
        }
    }

    /// A certified upper bound of ‖D_{T,1}(·, λ)‖sup over all w; with ‖D_{G,1}‖sup ≤ 1 also of
    /// ‖D_{Φ,1}‖sup. It can be 1 or more; then Assumption 5.1 fails.
    pub fn q(&self, lambda: &[f64]) -> f64 {
        match self.inner() {
            Inner::FiniteSum(f) => {
                let (eta, gram) = (f.eta(), f.gram());
                let (n, d) = (f.rows(), f.dim());
                let trace: f64 = gram.diagonal().iter().sum();
                let a = 1.0 - eta * lambda[1];
                // ‖|X|ᵀ|X|‖_F ≤ tr XᵀX bounds the rounding of forming XᵀX/n.
                let lost = gamma(n + 6) * (1.0 + a.abs() + eta * lambda[1] + eta * trace);
                match f.loss() {
                    Loss::Quadratic => {
                        spectral_upper(&(Matrix::identity(d, d) * a - gram * eta)) + lost
                    }
                    Loss::Logistic => {
                        // 0 ≼ Σ h_i x_i x_iᵀ/n ≼ ¼XᵀX/n for every w.
                        let largest = largest_eigenvalue_upper(&gram);
                        a.abs().max((a - 0.25 * eta * largest).abs()) + lost
                    }
                }
            }
            Inner::Noise(f) => f.q(lambda),
            Inner::Poisoned(f) => f.constants_with(&f.norms(lambda)).q,
        }
    }
}

fn finite_sum(f: &FiniteSum, w: &[f64], lambda: &[f64]) -> Variance {
    let (n, d, eta) = (f.rows(), f.dim(), f.eta());
    // The gradient part: T̂ - T = -η(ℓ'_i x_i - mean); the mean of T̂ itself is only a shift.
    let slopes: Vec<f64> = (0..n).map(|i| f.slope(i, dot(f.row(i), w))).collect();
    let mut mean = vec![0.0; d];
    for (i, s) in slopes.iter().enumerate() {
        mean.iter_mut()
            .zip(f.row(i))
            .for_each(|(m, x)| *m += s * x / n as f64);
    }
    let (mut spread, mut size) = (0.0, 0.0);
    for (i, s) in slopes.iter().enumerate() {
        let deviation = f
            .row(i)
            .iter()
            .zip(&mean)
            .map(|(x, m)| (s * x - m).powi(2))
            .sum::<f64>();
        spread += deviation / n as f64;
        // What the score, its slope and the difference may have lost.
        let row = dot(f.row(i), f.row(i)).sqrt();
        let score = row * dot(w, w).sqrt() + s.abs();
        size += (row * score).powi(2) / n as f64;
    }
    let lost = gamma(n + d + 24);
    let s2 = (spread.sqrt() + 2.0 * lost * size.sqrt()).powi(2) * (1.0 + lost) * eta * eta;

    // E[ΔΔᵀ] = η²(n⁻¹ Σ h_i²‖x_i‖² x_i x_iᵀ - H_h²).
    let h = f.curvatures(w);
    let mean_h = f.curvature_matrix(|i| h[i]);
    let fourth = f.curvature_matrix(|i| h[i] * h[i] * dot(f.row(i), f.row(i)));
    let lost = gamma(n + 2 * d + 24) * (fourth.trace() + mean_h.norm_squared());
    let trace = (fourth.trace() - mean_h.norm_squared()).max(0.0);
    let covariance = fourth - &mean_h * &mean_h;
    let _ = lambda;
    Variance {
        s2,
        sigma1: eta * eta * (largest_eigenvalue_upper(&covariance).max(0.0) + lost),
        sigma1_frobenius: eta * eta * (trace + lost),
        sigma2: 0.0,
    }
}

fn poisoned(f: &Poisoned, w: &[f64], lambda: &[f64]) -> Variance {
    let (s2, covariance, sigma2) = f.spread(w, lambda);
    // Differences of single rows and means lose roundings of the size of one row's own terms.
    let (norms, eta) = (f.norms(lambda), f.step());
    let terms = gamma(4 * (f.rows() + f.dim() + f.params() + 32));
    let keep = 1.0 + eta * f.ridge();
    let size = norms.row * norms.row;
    let value = terms * (keep * norm2(w) + 2.0 * eta * norms.row * (1.0 + norm2(w) * norms.row));
    let first = terms * (keep + eta * size * (1.0 + norms.row * norm2(w)));
    // An error of a score moves H_i, and x̃_i(H_iWᵀδ_i)ᵀ meets it with ‖x̃_i‖ and ‖W‖ once more.
    let second = terms * eta * (1.0 + norms.row * norm2(w)).powi(2) * (f.dim() as f64).sqrt();
    let square = |v: f64, lost: f64| (v.sqrt() + lost).powi(2) * (1.0 + terms);
    let trace = covariance.trace();
    let frobenius = first * (f.dim() as f64).sqrt();
    let spread = 2.0 * trace.max(0.0).sqrt() * frobenius + frobenius * frobenius;
    Variance {
        s2: square(s2, value),
        sigma1: largest_eigenvalue_upper(&covariance).max(0.0) + spread + terms * trace,
        sigma1_frobenius: trace + spread + terms * trace,
        sigma2: square(sigma2, second),
    }
}

fn noise(f: &NoiseModel, w: &[f64], lambda: &[f64]) -> Variance {
    let d = f.dim();
    let (mut s2, mut sigma2) = (0.0, 0.0);
    let mut outer = Matrix::zeros(d, d);
    let (mut plus, mut minus) = (vec![0.0; d], vec![0.0; d]);
    let quiet = f.channels.iter().all(|c| c.n.is_none());
    for (k, ch) in f.channels.iter().enumerate() {
        // Half the difference of two samples that differ in this sign is N_a w + M_a λ + e_a.
        f.apply(w, lambda, Sample::Batch(&[1 << k]), &mut plus);
        f.apply(w, lambda, Sample::Batch(&[0]), &mut minus);
        s2 += plus
            .iter()
            .zip(&minus)
            .map(|(p, q)| (0.5 * (p - q)).powi(2))
            .sum::<f64>();
        if let Some(n) = &ch.n {
            outer += n * n.transpose();
        }
        sigma2 += ch.m.as_ref().map_or(0.0, |m| m.norm_squared());
    }
    let p = f.channels.len() * (d + 2) + 24;
    // The difference loses roundings of the magnitude of the samples themselves.
    let size: f64 = plus.iter().chain(&minus).map(|v| v * v).sum::<f64>().sqrt();
    let lost =
        gamma(4 * (d + f.params() + f.channels.len())) * size * (f.channels.len() as f64).sqrt();
    let s2 = if s2 == 0.0 {
        0.0
    } else {
        (s2.sqrt() + lost).powi(2)
    };
    let trace = outer.trace();
    Variance {
        s2: s2 * (1.0 + gamma(p)),
        sigma1: if quiet {
            0.0
        } else {
            largest_eigenvalue_upper(&outer) + gamma(p) * trace
        },
        sigma1_frobenius: trace * (1.0 + gamma(p)),
        sigma2: sigma2 * (1.0 + gamma(p + d * f.params())),
    }
}

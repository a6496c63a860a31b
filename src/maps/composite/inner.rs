//! The inner map T̂, reached through samples only: either of its two forms.

use serde::{Deserialize, Serialize};

use super::finite_sum::FiniteSum;
use super::loss::Loss;
use super::noise::NoiseModel;
use super::sample::Sample;
use crate::linalg::Matrix;
use crate::numerals::tagged::by_tag;

/// The inner map T̂(w, λ, ξ).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(remote = "Self", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Inner {
    /// A gradient step on a finite sum.
    FiniteSum(FiniteSum),
    /// An affine map with sign noise.
    Noise(NoiseModel),
}

by_tag!(Inner, "kind");

impl Inner {
    /// d = dim w.
    pub fn dim(&self) -> usize {
        match self {
            Inner::FiniteSum(f) => f.dim(),
            Inner::Noise(f) => f.dim(),
        }
    }

    /// m = dim λ.
    pub fn params(&self) -> usize {
        match self {
            Inner::FiniteSum(_) => 2,
            Inner::Noise(f) => f.params(),
        }
    }

    /// The number of equally likely samples.
    pub fn population(&self) -> usize {
        match self {
            Inner::FiniteSum(f) => f.rows(),
            Inner::Noise(f) => f.population(),
        }
    }

    /// out ← T̂(w, λ, sample).
    pub fn apply(&self, w: &[f64], lambda: &[f64], sample: Sample<'_>, out: &mut [f64]) {
        match self {
            Inner::FiniteSum(f) => f.apply(w, lambda, sample, out),
            Inner::Noise(f) => f.apply(w, lambda, sample, out),
        }
    }

    /// out ← ∂₁T̂(w, λ, sample) v.
    pub fn d1(&self, w: &[f64], lambda: &[f64], sample: Sample<'_>, v: &[f64], out: &mut [f64]) {
        match self {
            Inner::FiniteSum(f) => f.d1(w, lambda, sample, v, out),
            Inner::Noise(f) => {
                out.fill(0.0);
                f.d1(lambda, sample, v, false, out);
            }
        }
    }

    /// out ← ∂₁T̂(w, λ, sample)ᵀ v.
    pub fn d1_tr(&self, w: &[f64], lambda: &[f64], sample: Sample<'_>, v: &[f64], out: &mut [f64]) {
        match self {
            Inner::FiniteSum(f) => f.d1(w, lambda, sample, v, out),
            Inner::Noise(f) => {
                out.fill(0.0);
                f.d1(lambda, sample, v, true, out);
            }
        }
    }

    /// out ← out + ∂₂T̂(w, λ, sample) u, u (m), out (d).
    pub fn add_d2(&self, w: &[f64], sample: Sample<'_>, u: &[f64], out: &mut [f64]) {
        match self {
            Inner::FiniteSum(f) => {
                let c = -f.eta() * u[1];
                out.iter_mut().zip(w).for_each(|(o, x)| *o += c * x);
            }
            Inner::Noise(f) => f.add_d2(w, sample, u, out),
        }
    }

    /// out ← out + ∂₂T̂(w, λ, sample)ᵀ v, v (d), out (m).
    pub fn add_d2_tr(&self, w: &[f64], sample: Sample<'_>, v: &[f64], out: &mut [f64]) {
        match self {
            Inner::FiniteSum(f) => out[1] -= f.eta() * crate::linalg::product::dot(w, v),
            Inner::Noise(f) => f.add_d2_tr(w, sample, v, out),
        }
    }

    /// ∂₁T̂ as a dense matrix (d×d).
    pub fn d1_matrix(&self, w: &[f64], lambda: &[f64], sample: Sample<'_>) -> Matrix {
        let d = self.dim();
        let (mut out, mut unit) = (Matrix::zeros(d, d), vec![0.0; d]);
        for (j, column) in out.as_mut_slice().chunks_exact_mut(d).enumerate() {
            unit[j] = 1.0;
            self.d1(w, lambda, sample, &unit, column);
            unit[j] = 0.0;
        }
        out
    }

    /// ∂₂T̂ as a dense matrix (d×m).
    pub fn d2_matrix(&self, w: &[f64], sample: Sample<'_>) -> Matrix {
        let (d, m) = (self.dim(), self.params());
        let (mut out, mut unit) = (Matrix::zeros(d, m), vec![0.0; m]);
        for (j, column) in out.as_mut_slice().chunks_exact_mut(d).enumerate() {
            unit[j] = 1.0;
            self.add_d2(w, sample, &unit, column);
            unit[j] = 0.0;
        }
        out
    }

    /// T̂(·, λ, ξ) is affine, whatever ξ.
    pub fn is_affine(&self) -> bool {
        match self {
            Inner::FiniteSum(f) => f.loss() == Loss::Quadratic,
            Inner::Noise(_) => true,
        }
    }

    /// The multiple of the identity in ∂₁T̂ that is no mean over a minibatch.
    pub fn unsampled(&self, lambda: &[f64]) -> f64 {
        match self {
            Inner::FiniteSum(f) => 1.0 - f.eta() * lambda[1],
            Inner::Noise(_) => 0.0,
        }
    }
}

//! Affine inner maps with additive and multiplicative noise of known moments.
//!
//! Owns T̂(w, λ, ξ) = (A + Σ_l λ_l A_l + Σ_a ξ_a N_a) w + (B + Σ_a ξ_a M_a) λ + c + Σ_a ξ_a e_a
//! with independent signs ξ_a = ±1 (mean 0, variance 1). A sample is an index in 0..2^p whose bit a
//! gives ξ_a, so noise models have a finite population like sums have, can be enumerated exactly,
//! and are driven by the same index lists.

use serde::{Deserialize, Serialize};

use super::sample::Sample;
use crate::error::{Error, Result};
use crate::linalg::norm::{largest_eigenvalue_upper, spectral_upper};
use crate::linalg::product::{gemv, gemv_tr};
use crate::linalg::{Matrix, Vector};
use crate::numerals::numbers;
use crate::tol::gamma;

/// Largest number of noise channels: the population 2^p must be countable on 32-bit platforms too.
pub const MAX_CHANNELS: usize = 30;

/// One sign ξ_a and what it multiplies; absent parts are zero.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Channel {
    /// N_a (d×d): multiplicative noise in w.
    #[serde(rename = "N", default, with = "numbers")]
    pub n: Option<Matrix>,
    /// M_a (d×m): multiplicative noise in λ.
    #[serde(rename = "M", default, with = "numbers")]
    pub m: Option<Matrix>,
    /// e_a (d): additive noise.
    #[serde(default, with = "numbers")]
    pub e: Option<Vector>,
}

/// An affine map (in w; bilinear in (w, λ) where `bilinear` is given) with sign noise: T̂ = (A +
/// Σ_l λ_l A_l + Σ_a ξ_a N_a)w + (B + Σ_a ξ_a M_a)λ + c + Σ_a ξ_a e_a, the ξ_a = ±1 independent and
/// fair.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NoiseModel {
    /// A (d×d).
    #[serde(rename = "A", with = "numbers")]
    pub a: Matrix,
    /// A_l (d×d), one per entry of λ, or none at all.
    #[serde(with = "numbers")]
    pub bilinear: Vec<Matrix>,
    /// B (d×m).
    #[serde(rename = "B", with = "numbers")]
    pub b: Matrix,
    /// c (d).
    #[serde(with = "numbers")]
    pub c: Vector,
    /// The noise, at most [`MAX_CHANNELS`] independent signs.
    pub channels: Vec<Channel>,
}

impl NoiseModel {
    /// Additive noise only: T̂ = Aw + Bλ + c + scale·(ξ_1, …, ξ_d), so that s² = d·scale² and σ₁' =
    /// σ₂' = 0.
    pub fn additive(a: Matrix, b: Matrix, c: Vector, scale: f64) -> Self {
        let d = c.len();
        let unit = |i| Vector::from_fn(d, |j, _| if i == j { scale } else { 0.0 });
        let channels = (0..d)
            .map(|i| Channel {
                e: Some(unit(i)),
                ..Channel::default()
            })
            .collect();
        Self {
            a,
            bilinear: Vec::new(),
            b,
            c,
            channels,
        }
    }

    /// Multiplicative noise on both Jacobians with one sign ξ: T̂ = (A + ξN)w + (B + ξM)λ + c, A
    /// and N d×d, B and M d×m.
    pub fn multiplicative(a: Matrix, n: Matrix, b: Matrix, m: Matrix, c: Vector) -> Self {
        let channels = vec![Channel {
            n: Some(n),
            m: Some(m),
            e: None,
        }];
        Self {
            a,
            bilinear: Vec::new(),
            b,
            c,
            channels,
        }
    }

    /// d = dim w.
    pub fn dim(&self) -> usize {
        self.c.len()
    }

    /// m = dim λ.
    pub fn params(&self) -> usize {
        self.b.ncols()
    }

    /// 2^p, the number of equally likely samples for p channels.
    pub fn population(&self) -> usize {
        1 << self.channels.len()
    }

    pub(in crate::maps) fn validate(&self) -> Result<()> {
        let (d, m) = (self.dim(), self.params());
        if d == 0 {
            return Err(Error::input("the dimension must be at least 1").in_field("c"));
        }
        if self.channels.len() > MAX_CHANNELS {
            let text = format!(
                "at most {MAX_CHANNELS} noise channels, got {}",
                self.channels.len()
            );
            return Err(Error::input(text).in_field("channels"));
        }
        if !self.bilinear.is_empty() && self.bilinear.len() != m {
            let text = format!(
                "one matrix per entry of lambda or none, got {} for {m}",
                self.bilinear.len()
            );
            return Err(Error::input(text).in_field("bilinear"));
        }
        check("A", &self.a, (d, d))?;
        check("B", &self.b, (d, m))?;
        if !self.c.iter().all(|v| v.is_finite()) {
            return Err(Error::input("not finite").in_field("c"));
        }
        for (l, a) in self.bilinear.iter().enumerate() {
            check(&format!("bilinear[{l}]"), a, (d, d))?;
        }
        for (k, ch) in self.channels.iter().enumerate() {
            let field = |name: &str| format!("channels[{k}].{name}");
            if let Some(n) = &ch.n {
                check(&field("N"), n, (d, d))?;
            }
            if let Some(mm) = &ch.m {
                check(&field("M"), mm, (d, m))?;
            }
            if let Some(e) = &ch.e
                && (e.len() != d || !e.iter().all(|v| v.is_finite()))
            {
                return Err(
                    Error::input(format!("must be {d} finite numbers")).in_field(field("e"))
                );
            }
        }
        Ok(())
    }

    /// ∂₁T = A + Σ λ_l A_l, d×d.
    pub fn mean_d1(&self, lambda: &[f64]) -> Matrix {
        let mut a = self.a.clone();
        for (l, al) in lambda.iter().zip(&self.bilinear) {
            a += al * *l;
        }
        a
    }

    /// q, a certified upper bound of ‖A + Σ λ_l A_l‖ (spectral).
    pub fn q(&self, lambda: &[f64]) -> f64 {
        let size: f64 = self.a.norm()
            + lambda
                .iter()
                .zip(&self.bilinear)
                .map(|(l, a)| l.abs() * a.norm())
                .sum::<f64>();
        let lost = if self.bilinear.is_empty() {
            0.0
        } else {
            gamma(self.bilinear.len() + 3) * size
        };
        spectral_upper(&self.mean_d1(lambda)) + lost
    }

    /// β = λ_max(Σ A_lᵀA_l)^½ ≥ sup ‖[A_1u, …, A_mu]‖/‖u‖, rounded up; 0 without bilinear parts.
    pub fn bilinear_norm(&self) -> f64 {
        let d = self.dim();
        let gram = self
            .bilinear
            .iter()
            .fold(Matrix::zeros(d, d), |s, a| s + a.tr_mul(a));
        let up = gamma(d * (self.params() + 2) + 8);
        (largest_eigenvalue_upper(&gram).max(0.0) + up * gram.trace()).sqrt() * (1.0 + up)
    }

    pub(in crate::maps) fn apply(
        &self,
        w: &[f64],
        lambda: &[f64],
        sample: Sample<'_>,
        out: &mut [f64],
    ) {
        out.copy_from_slice(self.c.as_slice());
        gemv(1.0, &self.a, w, 1.0, out);
        for (l, al) in lambda.iter().zip(&self.bilinear) {
            gemv(*l, al, w, 1.0, out);
        }
        gemv(1.0, &self.b, lambda, 1.0, out);
        for (k, ch) in self.channels.iter().enumerate() {
            let xi = sign(sample, k);
            if xi != 0.0 {
                ch.n.iter().for_each(|n| gemv(xi, n, w, 1.0, out));
                ch.m.iter().for_each(|m| gemv(xi, m, lambda, 1.0, out));
                if let Some(e) = &ch.e {
                    out.iter_mut().zip(e.iter()).for_each(|(o, v)| *o += xi * v);
                }
            }
        }
    }

    pub(in crate::maps) fn d1(
        &self,
        lambda: &[f64],
        sample: Sample<'_>,
        v: &[f64],
        transposed: bool,
        out: &mut [f64],
    ) {
        let mut add = |alpha: f64, a: &Matrix| {
            if transposed {
                gemv_tr(alpha, a, v, 1.0, out);
            } else {
                gemv(alpha, a, v, 1.0, out);
            }
        };
        add(1.0, &self.a);
        for (l, al) in lambda.iter().zip(&self.bilinear) {
            add(*l, al);
        }
        for (k, ch) in self.channels.iter().enumerate() {
            if let Some(n) = &ch.n {
                let xi = sign(sample, k);
                if xi != 0.0 {
                    add(xi, n);
                }
            }
        }
    }

    /// out ← out + ∂₂T̂ u.
    pub(in crate::maps) fn add_d2(
        &self,
        w: &[f64],
        sample: Sample<'_>,
        u: &[f64],
        out: &mut [f64],
    ) {
        gemv(1.0, &self.b, u, 1.0, out);
        for (ul, al) in u.iter().zip(&self.bilinear) {
            gemv(*ul, al, w, 1.0, out);
        }
        for (k, ch) in self.channels.iter().enumerate() {
            if let Some(m) = &ch.m {
                gemv(sign(sample, k), m, u, 1.0, out);
            }
        }
    }

    /// out ← out + ∂₂T̂ᵀ v.
    pub(in crate::maps) fn add_d2_tr(
        &self,
        w: &[f64],
        sample: Sample<'_>,
        v: &[f64],
        out: &mut [f64],
    ) {
        gemv_tr(1.0, &self.b, v, 1.0, out);
        for (o, al) in out.iter_mut().zip(&self.bilinear) {
            // vᵀ A_l w without a temporary.
            for (column, wj) in al.column_iter().zip(w) {
                *o += wj * column.iter().zip(v).map(|(a, b)| a * b).sum::<f64>();
            }
        }
        for (k, ch) in self.channels.iter().enumerate() {
            if let Some(m) = &ch.m {
                gemv_tr(sign(sample, k), m, v, 1.0, out);
            }
        }
    }
}

/// The mean of ξ_k over the sample: bit k of each index, 1 → +1, 0 → -1.
fn sign(sample: Sample<'_>, k: usize) -> f64 {
    match sample {
        Sample::Mean => 0.0,
        Sample::Batch(b) => {
            let plus = b.iter().filter(|i| (*i >> k) & 1 == 1).count();
            (2.0 * plus as f64 - b.len() as f64) / b.len() as f64
        }
    }
}

fn check(field: &str, a: &Matrix, shape: (usize, usize)) -> Result<()> {
    if a.shape() != shape {
        let text = format!(
            "must be {}×{}, is {}×{}",
            shape.0,
            shape.1,
            a.nrows(),
            a.ncols()
        );
        return Err(Error::input(text).in_field(field));
    }
    if !a.iter().all(|v| v.is_finite()) {
        return Err(Error::input("not finite").in_field(field));
    }
    Ok(())
}

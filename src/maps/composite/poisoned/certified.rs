//! Certified constants of gradient steps on corrupted rows (theory, section 8).
//!
//! The Hessian of log Σexp is H = diag(p) - ppᵀ: ‖H‖ ≤ ½, and ‖H(s) - H(s')‖ ≤ k₃‖s - s'‖ with k₃ =
//! √2/(3√3). Hence
//! - 0 ⪯ ∇²f ⪯ ½‖X̃‖²/n, so that q_T = max(|1-ηρ|, |1-η(ρ + ½‖X̃‖²/n)|);
//! - ∂₁T is Lipschitz with ηk₃ max‖x̃_i‖‖X̃‖²/n;
//! - ‖∂₂T(U) - ∂₂T(W)‖ ≤ (η/n)‖X̃_c‖(1 + k₃ max_c‖x̃_i‖‖W‖)‖U - W‖, X̃_c the corrupted rows: each
//!   of its two sums moves by ½‖X̃_c‖‖U - W‖, and H_i(U) - H_i(W) meets W;
//! - ‖∂₂T(W)‖ ≤ (η/n)(‖(P - Y)_c‖ + ½‖X̃_c‖‖W‖).

use super::Poisoned;
use crate::linalg::Matrix;
use crate::linalg::norm::spectral_upper;
use crate::linalg::product::{abs, norm2};
use crate::maps::composite::sample::Sample;
use crate::maps::constants::Constants;
use crate::tol::{LIBM_ULPS, Roundoff, UNIT, gamma};

/// √2/(3√3), rounded up.
pub(crate) const SOFTMAX_THIRD: f64 = 0.272_165_526_975_909;

/// sup‖H‖.
pub(crate) const SOFTMAX_SECOND: f64 = 0.5;

/// Norms of the rows with their noise, all rounded up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Norms {
    /// ‖X̃‖ and ‖|X̃|‖.
    pub(crate) all: f64,
    pub(crate) all_abs: f64,
    /// max‖x̃_i‖.
    pub(crate) row: f64,
    /// ‖X̃_c‖ and ‖|X̃_c|‖.
    pub(crate) corrupted: f64,
    pub(crate) corrupted_abs: f64,
    /// max‖x̃_i‖ over the corrupted rows.
    pub(crate) corrupted_row: f64,
}

impl Poisoned {
    /// x̃_i, rounded once.
    pub(crate) fn noisy_row(&self, i: usize, noise: &[f64]) -> Vec<f64> {
        let own = self.row(i).iter();
        match self.slot(i) {
            None => own.copied().collect(),
            Some(s) => {
                let more = &noise[s * self.width()..];
                own.zip(more).map(|(x, a)| x + a).collect()
            }
        }
    }

    /// The norms that the constants are made of, at this Γ; O(np²).
    pub(crate) fn norms(&self, noise: &[f64]) -> Norms {
        // x̃ is off by u|x̃| in every entry: a norm by u√p of itself at most, which γ_{p+4} covers.
        let up = 1.0 + gamma(self.width() + 4);
        let matrix = |rows: &mut dyn Iterator<Item = usize>| {
            let rows: Vec<Vec<f64>> = rows.map(|i| self.noisy_row(i, noise)).collect();
            Matrix::from_fn(rows.len(), self.width(), |i, j| rows[i][j])
        };
        let all = matrix(&mut (0..self.rows()));
        let corrupted = matrix(&mut self.corrupted().iter().copied());
        let row = |x: &Matrix| x.row_iter().fold(0.0f64, |m, r| m.max(r.norm())) * up;
        Norms {
            all: spectral_upper(&all) * up,
            all_abs: spectral_upper(&abs(&all)) * up,
            row: row(&all),
            corrupted: spectral_upper(&corrupted) * up,
            corrupted_abs: spectral_upper(&abs(&corrupted)) * up,
            corrupted_row: row(&corrupted),
        }
    }

    /// q_T, and the Lipschitz constants of ∂₁T and ∂₂T.
    pub(crate) fn constants_with(&self, norms: &Norms) -> Constants {
        let (n, eta) = (self.rows() as f64, self.step());
        let up = 1.0 + gamma(12);
        let h = norms.all * norms.all / n * up;
        let at = |h: f64| (1.0 - eta * (h + self.ridge())).abs();
        let top = SOFTMAX_SECOND * h;
        // Three roundings in 1 - η(h+ρ), none larger than the terms.
        let lost = 4.0 * UNIT * (1.0 + eta * (top + self.ridge()));
        let second = eta * norms.corrupted / n * up;
        Constants {
            q: at(0.0).max(at(top)) + lost,
            l1: eta * SOFTMAX_THIRD * norms.row * h * up,
            l2: second,
            l2_per_w: second * SOFTMAX_THIRD * norms.corrupted_row * up,
        }
    }

    /// An upper bound of ‖∂₂T(W)‖ that needs no matrix of d·m entries.
    pub(crate) fn second_bound(&self, w: &[f64], norms: &Norms) -> f64 {
        // ‖p_i - e_i‖ ≤ √2.
        let corrupted = self.corrupted().len() as f64;
        let up = 1.0 + gamma(w.len() + 8);
        let residuals = (2.0 * corrupted).sqrt();
        let through = SOFTMAX_SECOND * norms.corrupted * norm2(w);
        self.step() / self.rows() as f64 * (residuals + through) * up
    }

    /// What evaluating ∂₂T loses in the Frobenius norm, in an arithmetic with unit roundoff u: a
    /// quadratic in ‖W‖, highest coefficient first.
    pub(crate) fn second_lost(&self, norms: &Norms, u: Roundoff) -> [f64; 3] {
        let (n, many) = (self.rows() as f64, self.corrupted().len() as f64);
        let [terms, own] = self.roundings(u);
        let abs = norms.corrupted_abs;
        // As a linear map of V; its Frobenius norm is at most √min(d, m) times that.
        let frobenius = (self.dim().min(self.params()) as f64).sqrt() * self.step() / n;
        [
            frobenius * SOFTMAX_THIRD * norms.corrupted_row * terms * abs,
            frobenius * (3.0 * terms + 4.0 * own) * abs,
            frobenius * (terms * (2.0 * many).sqrt() + own * many.sqrt()),
        ]
    }

    /// γ of sums over rows, columns and classes with the sums x_i + γ_i and a few operations; and
    /// of a probability from its scores, or an entry of H_is from its probabilities.
    pub(crate) fn roundings(&self, u: Roundoff) -> [f64; 2] {
        let (p, c) = (self.width(), self.classes());
        [
            2.0 * u.gamma(self.rows() + p + c + 16),
            u.gamma(2 * LIBM_ULPS + 2 * c + 16),
        ]
    }

    /// The means over the rows of what one row contributes to the variances of Assumption 5.2, by
    /// enumeration: ‖T̂_i - T‖², ΔΔᵀ, ‖∂₂T̂_i - ∂₂T‖_F² (O(nd²c + ndm)).
    pub(crate) fn spread(&self, w: &[f64], noise: &[f64]) -> (f64, Matrix, f64) {
        let (n, d) = (self.rows(), self.dim());
        let value = |sample: Sample<'_>| {
            let mut out = vec![0.0; d];
            self.apply(w, noise, sample, &mut out);
            out
        };
        let (mean, first, second) = (
            value(Sample::Mean),
            self.d1_dense(w, noise, Sample::Mean),
            self.d2_dense(w, noise, Sample::Mean),
        );
        let (mut s2, mut covariance, mut sigma2) = (0.0, Matrix::zeros(d, d), 0.0);
        for i in 0..n {
            let one = [i];
            let sample = Sample::Batch(&one);
            let own = value(sample);
            let squares = own.iter().zip(&mean).map(|(a, b)| (a - b).powi(2));
            s2 += squares.sum::<f64>() / n as f64;
            let moved = self.d1_dense(w, noise, sample) - &first;
            covariance += &moved * moved.transpose() / n as f64;
            let moved = self.d2_dense(w, noise, sample) - &second;
            sigma2 += moved.norm_squared() / n as f64;
        }
        (s2, covariance, sigma2)
    }

    fn d1_dense(&self, w: &[f64], noise: &[f64], sample: Sample<'_>) -> Matrix {
        let d = self.dim();
        by_columns(d, d, |unit, out| self.d1(w, noise, sample, unit, out))
    }

    pub(crate) fn d2_dense(&self, w: &[f64], noise: &[f64], sample: Sample<'_>) -> Matrix {
        let (d, m) = (self.dim(), self.params());
        // By rows: a row of ∂₂T̂ is one product with ∂₂T̂ᵀ.
        let rows = by_columns(m, d, |unit, out| {
            self.add_d2_tr(w, noise, sample, unit, out);
        });
        rows.transpose()
    }
}

/// The matrix whose columns are the images of unit vectors.
fn by_columns(rows: usize, columns: usize, mut image: impl FnMut(&[f64], &mut [f64])) -> Matrix {
    let (mut out, mut unit) = (Matrix::zeros(rows, columns), vec![0.0; columns]);
    for (j, column) in out.as_mut_slice().chunks_exact_mut(rows.max(1)).enumerate() {
        unit[j] = 1.0;
        image(&unit, column);
        unit[j] = 0.0;
    }
    out
}

//! Discs that contain the eigenvalues, each component as many as it has discs.
//!
//! With X ≈ eigenvectors and Y ≈ X⁻¹, any matrices at all, B = YPX and R = YX - I, ‖R‖ < 1:
//! X⁻¹PX = (I+R)⁻¹B = B - R(I+R)⁻¹B. Gershgorin's theorem for its rows gives a disc about b_ii with
//! radius Σ_{j≠i}|b_ij| + ‖R_i‖₁‖B‖_∞/(1-‖R‖_∞). The rounding of B and R is bounded along with
//! them.

use nalgebra::{Complex, DMatrix, Schur, SymmetricEigen};

use crate::linalg::Matrix;
use crate::tol::{SCHUR_SWEEPS, UNIT, gamma};

type ComplexMatrix = DMatrix<Complex<f64>>;

/// |z - center| ≤ radius.
#[derive(Clone, Copy, Debug)]
pub(super) struct Disc {
    pub(super) re: f64,
    pub(super) im: f64,
    pub(super) radius: f64,
}

impl Disc {
    /// A disc that meets the real axis is widened to one about a real number: an isolated one
    /// then holds a real eigenvalue, for the conjugate would lie in it as well.
    fn settled(re: f64, im: f64, radius: f64) -> Self {
        if im.abs() <= radius {
            let radius = (radius + im.abs()).next_up();
            Self {
                re,
                im: 0.0,
                radius,
            }
        } else {
            Self { re, im, radius }
        }
    }

    /// [least, largest] modulus in the disc.
    pub(super) fn moduli(&self) -> [f64; 2] {
        let size = self.re.hypot(self.im);
        let lost = 4.0 * UNIT * size;
        [
            (size - self.radius - lost).max(0.0),
            (size + self.radius + lost).next_up(),
        ]
    }

    /// [least, largest] real part in the disc.
    pub(super) fn real_parts(&self) -> [f64; 2] {
        [
            (self.re - self.radius).next_down(),
            (self.re + self.radius).next_up(),
        ]
    }

    pub(super) fn meets(&self, other: &Self) -> bool {
        let apart = (self.re - other.re).hypot(self.im - other.im);
        apart * (1.0 - 8.0 * UNIT) <= self.radius + other.radius
    }
}

/// One disc per eigenvalue, for every matrix within `spread` (spectral norm) of P; `None` where
/// no usable eigenvectors were found.
pub(super) fn discs(p: &Matrix, spread: f64) -> Option<Vec<Disc>> {
    let (x, y) = eigenvectors(p)?;
    let n = p.nrows();
    let pc = p.map(|v| Complex::new(v, 0.0));
    let b = &y * (&pc * &x);
    let mut r = &y * &x;
    for i in 0..n {
        r[(i, i)] -= Complex::new(1.0, 0.0);
    }
    // Complex dot products of length n lose √2γ_{2n+2} of Σ|a||b|; two in a row are in B.
    let size = |m: &ComplexMatrix| m.map(|z| z.re.hypot(z.im));
    let (ya, xa) = (size(&y), size(&x));
    let lost_b = (&ya * (p.abs() * &xa)) * gamma(8 * n + 24);
    let lost_r = (&ya * &xa) * gamma(4 * n + 16);
    let (ba, ra) = (size(&b), size(&r) + lost_r);
    let up = 1.0 + gamma(4 * n + 16);
    // Row sums of |Y ΔP X| ≤ √n‖Y_i‖‖ΔP‖‖X‖.
    let moved = (n as f64).sqrt() * spread * xa.norm() * up;
    let moved: Vec<f64> = ya.row_iter().map(|y| y.norm() * moved).collect();
    let row = |i: usize| (ba.row(i).sum() + lost_b.row(i).sum() + moved[i]) * up;
    let b_norm = (0..n).map(row).fold(0.0, f64::max);
    let r_norm = (0..n).map(|i| ra.row(i).sum() * up).fold(0.0, f64::max);
    // NaN ends here as well.
    if !(r_norm < 0.5 && b_norm.is_finite()) {
        return None;
    }
    // What underflow can lose is far below the first normal number over ε.
    let tiny = f64::MIN_POSITIVE / f64::EPSILON;
    let disc = |i: usize| {
        let others: f64 = (0..n).filter(|j| *j != i).map(|j| ba[(i, j)]).sum();
        let inverse = ra.row(i).sum() * b_norm / (1.0 - r_norm);
        let radius = (others + lost_b.row(i).sum() + moved[i] + inverse) * up * up + tiny;
        Disc::settled(b[(i, i)].re, b[(i, i)].im, radius)
    };
    Some((0..n).map(disc).collect())
}

/// Nearly eigenvectors X and nearly X⁻¹. Nothing depends on how near.
fn eigenvectors(p: &Matrix) -> Option<(ComplexMatrix, ComplexMatrix)> {
    let n = p.nrows();
    if (p - p.transpose()).norm() <= 8.0 * n as f64 * UNIT * p.norm() {
        let v = SymmetricEigen::new((p + p.transpose()) * 0.5).eigenvectors;
        let x = v.map(|v| Complex::new(v, 0.0));
        let y = x.transpose();
        return Some((x, y));
    }
    let pc = p.map(|v| Complex::new(v, 0.0));
    let (q, t) = Schur::try_new(pc, f64::EPSILON, SCHUR_SWEEPS * n)?.unpack();
    let small = f64::EPSILON * p.norm();
    let mut v = ComplexMatrix::identity(n, n);
    for k in 0..n {
        // (T - t_kk)v = 0 with v_k = 1, from the bottom up.
        for i in (0..k).rev() {
            let mut s = -t[(i, k)];
            for j in i + 1..k {
                s -= t[(i, j)] * v[(j, k)];
            }
            let mut gap = t[(i, i)] - t[(k, k)];
            if gap.re.hypot(gap.im) < small {
                gap = Complex::new(small, 0.0);
            }
            v[(i, k)] = s / gap;
        }
        let norm = v.column(k).norm();
        v.column_mut(k).iter_mut().for_each(|z| *z /= norm);
    }
    let x = q * v;
    if !x.iter().all(|z| z.re.is_finite() && z.im.is_finite()) {
        return None;
    }
    let y = x.clone().try_inverse()?;
    Some((x, y))
}

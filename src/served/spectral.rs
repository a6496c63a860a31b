//! Norms and radii of Jacobians seen: estimates from below, no certificates.
//!
//! Owns the power method, the radius by squaring, and the Lyapunov norm. Must not know the map.

use crate::linalg::random::Random;
use crate::linalg::{Matrix, Vector, norm};
use crate::tol::SERVED_MATRIX;

/// Steps of the power method; it stops where the norm no longer moves.
const POWER: usize = 300;
/// Squarings of a matrix whose spectral radius is wanted.
const SQUARINGS: usize = 24;

/// ‖A‖ with the right singular vector, by the power method on AᵀA.
pub(super) fn largest(a: &Matrix, random: &mut Random) -> (f64, Vector) {
    let mut v = random.normals(a.ncols());
    v /= v.norm();
    let mut norm = 0.0;
    for _ in 0..POWER {
        let w = a * &v;
        let next = a.tr_mul(&w);
        let (size, seen) = (next.norm(), w.norm());
        if size == 0.0 {
            return (seen, v);
        }
        v = next / size;
        if seen - norm <= f64::EPSILON * seen && norm > 0.0 {
            return (seen.max(norm), v);
        }
        norm = seen;
    }
    (norm, v)
}

/// ρ(A) = lim ‖Aᵏ‖^{1/k} along k = 2ʲ, from above to a factor d^{2⁻²⁴} and rounding.
pub(super) fn radius(a: &Matrix) -> f64 {
    let (mut power, mut log, mut k) = (a.clone(), 0.0f64, 1.0f64);
    for _ in 0..SQUARINGS {
        let size = power.norm();
        if size == 0.0 || !size.is_finite() {
            return if size == 0.0 { 0.0 } else { f64::INFINITY };
        }
        log += size.ln() / k;
        power /= size;
        power = &power * &power;
        k *= 2.0;
    }
    let last = power.norm();
    if last == 0.0 {
        0.0
    } else {
        (log + last.ln() / k).exp()
    }
}

/// A bound of Σ‖Aᵏ‖ by doubling, Σ_{k<2n} ≤ (1 + ‖Aⁿ‖)Σ_{k<n}: what an iteration makes of the
/// rounding of its steps, where a direct solve meets ‖(I - A)⁻¹‖ only.
pub(super) fn power_sum(a: &Matrix) -> f64 {
    let (mut power, mut sum) = (a.clone(), 1.0);
    for _ in 0..SQUARINGS {
        let size = if a.nrows() <= SERVED_MATRIX {
            norm::spectral_upper(&power)
        } else {
            power.norm()
        };
        sum *= 1.0 + size;
        if size <= f64::EPSILON {
            return sum;
        }
        power = &power * &power;
    }
    f64::INFINITY
}

/// P = Σ (A_rᵀ)ᵏA_rᵏ with A_r = 2A/(1+ρ): P = A_rᵀPA_r + I, in whose norm A contracts.
pub(super) fn lyapunov(a: &Matrix, rho: f64) -> Option<Matrix> {
    let d = a.nrows();
    let mut power = a * (2.0 / (1.0 + rho));
    let mut p = Matrix::identity(d, d);
    for _ in 0..SQUARINGS {
        p += power.tr_mul(&(&p * &power));
        power = &power * &power;
        if power.norm() <= f64::EPSILON {
            return p.iter().all(|v| v.is_finite()).then_some(p);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn norms_radii_and_lyapunov_norms() {
        let a = Matrix::from_row_slice(2, 2, &[0.5, 8.0, 0.0, 0.25]);
        let (q, _) = largest(&a, &mut Random::new(1));
        assert!((q - a.singular_values().max()).abs() < 1e-12);
        assert!((radius(&a) - 0.5).abs() < 1e-5, "{}", radius(&a));
        let half = Matrix::from_row_slice(1, 1, &[-0.95]);
        assert!((power_sum(&half) - 20.0).abs() < 1e-9);
        let rotation = Matrix::from_row_slice(2, 2, &[0.0, -1.1, 1.1, 0.0]);
        assert!((radius(&rotation) - 1.1).abs() < 1e-6);
        let l = lyapunov(&a, 0.5).unwrap().cholesky().unwrap().l();
        let m = l.solve_lower_triangular(&(a.transpose() * &l)).unwrap();
        assert!(m.singular_values().max() < 1.0);
    }
}

//! Direct solves with residuals in extended precision.
//!
//! Owns LU with iterative refinement. The residual is the certificate: callers turn it
//! into an error bound with what they know of the inverse.

use super::{Dd, Matrix};

/// A solution X of M X = B with its residual.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Solution {
    /// The solution (n×k).
    pub x: Matrix,
    /// ‖B - M X‖_F, evaluated in double-double.
    pub residual: f64,
}

/// Solves M X = B (n×n, n×k) by LU with partial pivoting and refinement; `None` when M is singular
/// to working precision or not finite.
pub fn solve(m: &Matrix, b: &Matrix) -> Option<Solution> {
    if !m.iter().chain(b.iter()).all(|v| v.is_finite()) {
        return None;
    }
    let lu = m.clone().lu();
    let mut x = lu.solve(b)?;
    let mut r = residual(m, &x, b);
    let mut norm = r.norm();
    // Two corrections reach the rounded exact solution unless κ(M) nears 1/ε; stop as soon as
    // one no longer helps.
    for _ in 0..3 {
        let candidate = &x + lu.solve(&r)?;
        let r_new = residual(m, &candidate, b);
        let norm_new = r_new.norm();
        if !(norm_new < norm) {
            break;
        }
        (x, r, norm) = (candidate, r_new, norm_new);
    }
    x.iter()
        .all(|v| v.is_finite())
        .then_some(Solution { x, residual: norm })
}

/// B - M X with every entry accumulated in double-double and rounded once.
pub fn residual(m: &Matrix, x: &Matrix, b: &Matrix) -> Matrix {
    let mut out = Matrix::zeros(b.nrows(), b.ncols());
    let mut sums = vec![Dd::ZERO; b.nrows()];
    for k in 0..b.ncols() {
        for (s, v) in sums.iter_mut().zip(b.column(k).iter()) {
            *s = Dd::from(*v);
        }
        for (j, column) in m.column_iter().enumerate() {
            let xj = Dd::from(x[(j, k)]);
            for (s, v) in sums.iter_mut().zip(column.iter()) {
                *s -= Dd::from(*v) * xj;
            }
        }
        for (o, s) in out.column_mut(k).iter_mut().zip(&sums) {
            *o = s.hi();
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ill_conditioned_system_is_solved_to_the_last_bit() {
        // Hilbert matrix scaled to integers: κ about 1e13, solution of ones.
        let n = 9;
        let scale = 232_792_560.0;
        let m = Matrix::from_fn(n, n, |i, j| (scale / (i + j + 1) as f64).round());
        let x = Matrix::from_element(n, 1, 1.0);
        let b = &m * &x;
        let s = solve(&m, &b).unwrap();
        assert!((&s.x - &x).amax() < 1e-12, "{}", s.x);
        assert!(s.residual < 1e-7, "{}", s.residual);
    }

    #[test]
    fn singular_and_non_finite_systems_are_refused() {
        assert!(solve(&Matrix::zeros(2, 2), &Matrix::zeros(2, 1)).is_none());
        let nan = Matrix::from_element(2, 2, f64::NAN);
        assert!(solve(&nan, &Matrix::zeros(2, 1)).is_none());
    }
}

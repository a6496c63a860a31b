//! Direct solves with residuals in extended precision.
//!
//! Owns LU with iterative refinement. The residual is the certificate: callers turn it
//! into an error bound with what they know of the inverse.

use nalgebra::{Dyn, LU};

use super::product::norm2;
use super::{Dd, Matrix};

/// A solution X of M X = B with its residual.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Solution {
    /// The solution X (n×k).
    pub x: Matrix,
    /// ‖B - M X‖_F, evaluated in double-double.
    pub residual: f64,
}

/// Solves M X = B (n×n, n×k) by LU with partial pivoting and refinement; `None` when M is singular
/// to working precision or not finite.
///
/// ```
/// use ratecert::linalg::{Matrix, solve::solve};
///
/// let m = Matrix::from_row_slice(2, 2, &[2.0, 1.0, 1.0, 3.0]);
/// let found = solve(&m, &Matrix::from_row_slice(2, 1, &[3.0, 4.0])).expect("regular");
/// assert!((found.x - Matrix::from_element(2, 1, 1.0)).norm() < 1e-15);
/// assert!(found.residual < 1e-15);
/// assert!(solve(&Matrix::zeros(2, 2), &Matrix::identity(2, 2)).is_none());
/// ```
pub fn solve(m: &Matrix, b: &Matrix) -> Option<Solution> {
    Factored::new(m.clone())?.solve(b)
}

/// An n×n matrix M, factored once for any number of right-hand sides. Rows of the identity (a mask
/// puts them there) say what their unknowns are: only what is left is factored.
pub struct Factored {
    m: Matrix,
    /// Rows that are rows of the identity, and the others.
    given: Vec<usize>,
    open: Vec<usize>,
    lu: LU<f64, Dyn, Dyn>,
}

impl Factored {
    /// Factors M (n×n); `None` when it is not finite.
    pub fn new(m: Matrix) -> Option<Self> {
        if !m.iter().all(|v| v.is_finite()) {
            return None;
        }
        // Entries of every row that are not 0.
        let mut count = vec![0u64; m.nrows()];
        for column in m.column_iter() {
            for (v, count) in column.iter().zip(&mut count) {
                *count += u64::from(*v != 0.0);
            }
        }
        let identity = |i: &usize| count[*i] == 1 && m[(*i, *i)] == 1.0;
        let (given, open): (Vec<usize>, Vec<usize>) = (0..m.nrows()).partition(identity);
        let mut part = Matrix::zeros(open.len(), open.len());
        for (mut to, j) in part.column_iter_mut().zip(&open) {
            let from = m.column(*j);
            to.iter_mut().zip(&open).for_each(|(v, i)| *v = from[*i]);
        }
        Some(Self {
            lu: part.lu(),
            m,
            given,
            open,
        })
    }

    /// An approximate solution of M X = B without refinement; `None` when M is singular to working
    /// precision or B is not finite.
    pub fn plain(&self, b: &Matrix) -> Option<Matrix> {
        if !b.iter().all(|v| v.is_finite()) {
            return None;
        }
        let mut x = b.clone();
        let mut rest = b.select_rows(&self.open);
        for (k, mut rest) in rest.column_iter_mut().enumerate() {
            for j in self.given.iter().filter(|j| b[(**j, k)] != 0.0) {
                for (r, i) in rest.iter_mut().zip(&self.open) {
                    *r -= self.m[(*i, *j)] * b[(*j, k)];
                }
            }
        }
        if !self.open.is_empty() {
            self.lu.solve_mut(&mut rest).then_some(())?;
        }
        for (i, row) in self.open.iter().zip(rest.row_iter()) {
            x.row_mut(*i).copy_from(&row);
        }
        Some(x)
    }

    /// The solution of a system near this one, refined with its residuals, and the last of them.
    pub fn refined(
        &self,
        b: &Matrix,
        residual: impl Fn(&Matrix) -> Matrix,
    ) -> Option<(Matrix, Matrix)> {
        let mut x = self.plain(b)?;
        let mut r = residual(&x);
        // Two corrections reach the rounded exact solution unless κ(M) nears 1/ε; stop as soon as
        // one no longer helps.
        for _ in 0..3 {
            let candidate = &x + self.plain(&r)?;
            let next = residual(&candidate);
            if !(norm2(next.as_slice()) < norm2(r.as_slice())) {
                break;
            }
            (x, r) = (candidate, next);
        }
        Some((x, r))
    }

    /// The solution after refinement, with its residual.
    pub fn solve(&self, b: &Matrix) -> Option<Solution> {
        let (x, r) = self.refined(b, |x| residual(&self.m, x, b))?;
        let residual = norm2(r.as_slice());
        x.iter()
            .all(|v| v.is_finite())
            .then_some(Solution { x, residual })
    }
}

/// B - M X (n×k) with every entry accumulated in double-double and rounded once.
pub fn residual(m: &Matrix, x: &Matrix, b: &Matrix) -> Matrix {
    let mut out = Matrix::zeros(b.nrows(), b.ncols());
    let mut sums = vec![Dd::ZERO; b.nrows()];
    for k in 0..b.ncols() {
        for (s, v) in sums.iter_mut().zip(b.column(k).iter()) {
            *s = Dd::from(*v);
        }
        for (j, column) in m.column_iter().enumerate() {
            let xj = x[(j, k)];
            for (s, v) in sums.iter_mut().zip(column.iter()) {
                // Masks leave many zeros.
                if *v != 0.0 && xj != 0.0 {
                    *s -= Dd::from(*v) * Dd::from(xj);
                }
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

    /// Rows of the identity are left out of the factorisation: the same solution as with them.
    #[test]
    fn rows_of_the_identity_are_solved_first() {
        let mut m = crate::linalg::stream::Stream(3).matrix(6, 6) + Matrix::identity(6, 6) * 4.0;
        let b = crate::linalg::stream::Stream(4).matrix(6, 2);
        for rows in [&[][..], &[2][..], &[0, 3, 5][..], &[0, 1, 2, 3, 4, 5][..]] {
            for i in rows {
                m.row_mut(*i).fill(0.0);
                m[(*i, *i)] = 1.0;
            }
            let want = m.clone().lu().solve(&b).unwrap();
            let s = solve(&m, &b).unwrap();
            assert!((&s.x - &want).amax() < 1e-14);
            // Without refinement, which would repair what the given unknowns do to the others.
            let plain = Factored::new(m.clone()).unwrap().plain(&b).unwrap();
            assert!((plain - want).amax() < 1e-13);
            assert!(s.residual < 1e-15);
            for i in rows {
                assert_eq!(s.x.row(*i), b.row(*i));
            }
        }
    }

    #[test]
    fn singular_and_non_finite_systems_are_refused() {
        assert!(solve(&Matrix::zeros(2, 2), &Matrix::zeros(2, 1)).is_none());
        let nan = Matrix::from_element(2, 2, f64::NAN);
        assert!(solve(&nan, &Matrix::zeros(2, 1)).is_none());
    }
}

//! Singular value decomposition by one-sided Jacobi rotations (Hestenes, 1958; Demmel and Veselić,
//! 1992).
//!
//! Owns a thin decomposition of small matrices whose small singular values are as good as its large
//! ones, which the duals near the central path need. Must not know sets.

use nalgebra::DMatrix;

use crate::tol::UNIT;

/// Sweeps over all pairs; fewer than ten are usual.
const SWEEPS: usize = 40;

/// Y = Σ_i σ_i u_i v_iᵀ with p = min(d, m) terms; columns of `u` (d × p) and `v` (m × p), zero
/// where σ_i = 0.
#[derive(Clone, Debug)]
pub(super) struct Svd {
    pub u: DMatrix<f64>,
    pub sigma: Vec<f64>,
    pub v: DMatrix<f64>,
}

/// The decomposition of `y`, in no order; accurate to a few roundings where it converges.
pub(super) fn svd(y: &DMatrix<f64>) -> Svd {
    if y.ncols() > y.nrows() {
        let Svd { u, sigma, v } = svd(&y.transpose());
        return Svd { u: v, sigma, v: u };
    }
    let m = y.ncols();
    let mut w = y.clone();
    let mut v = DMatrix::identity(m, m);
    for _ in 0..SWEEPS {
        let mut rotated = false;
        for q in 1..m {
            for p in 0..q {
                let (alpha, beta) = (w.column(p).norm_squared(), w.column(q).norm_squared());
                let gamma = w.column(p).dot(&w.column(q));
                if gamma.abs() <= UNIT * (alpha * beta).sqrt() || gamma == 0.0 {
                    continue;
                }
                rotated = true;
                let zeta = (beta - alpha) / (2.0 * gamma);
                let t = zeta.signum() / (zeta.abs() + zeta.hypot(1.0));
                let c = 1.0 / t.hypot(1.0);
                rotate(&mut w, p, q, c, c * t);
                rotate(&mut v, p, q, c, c * t);
            }
        }
        if !rotated {
            break;
        }
    }
    let sigma: Vec<f64> = w.column_iter().map(|c| c.norm()).collect();
    for (mut column, &s) in w.column_iter_mut().zip(&sigma) {
        if s > 0.0 {
            column /= s;
        }
    }
    Svd { u: w, sigma, v }
}

fn rotate(x: &mut DMatrix<f64>, p: usize, q: usize, c: f64, s: f64) {
    for i in 0..x.nrows() {
        let (a, b) = (x[(i, p)], x[(i, q)]);
        x[(i, p)] = c * a - s * b;
        x[(i, q)] = s * a + c * b;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiny_singular_values_do_not_spoil_the_decomposition() {
        for (d, m) in [(2, 2), (3, 5), (6, 4), (1, 3)] {
            let rank_one = DMatrix::from_fn(d, m, |i, j| (1 + i) as f64 * (2.0 - j as f64));
            let y = &rank_one * 1e10 + DMatrix::from_fn(d, m, |i, j| ((i * 7 + j * 3) % 5) as f64);
            let Svd { u, sigma, v } = svd(&y);
            let scaled = DMatrix::from_fn(d, sigma.len(), |i, j| u[(i, j)] * sigma[j]);
            let residual = (&y - scaled * v.transpose()).norm();
            assert!(residual < 1e-14 * y.norm(), "{d}x{m}: {residual}");
            let trace: f64 = sigma.iter().map(|s| s * s).sum();
            assert!((trace - y.norm_squared()).abs() < 1e-14 * trace);
        }
        assert_eq!(svd(&DMatrix::zeros(2, 2)).sigma, [0.0, 0.0]);
    }
}

//! Products with a dense matrix and a few vectors at once, without allocation.
//!
//! Owns the kernels that the iterations spend their time in. A matrix is read
//! once for all right-hand sides: a forward-mode step needs A·[w D], and with a
//! handful of columns such a product is bound by reading A, not by arithmetic.
//! Sums are taken in a fixed order, so results do not depend on the machine's load.

use super::{Matrix, Vector};

/// out ← alpha·A·x + beta·out; A (r×c), x (c), out (r).
#[inline]
pub fn gemv(alpha: f64, a: &Matrix, x: &[f64], beta: f64, out: &mut [f64]) {
    multiply(alpha, a, &mut [(x, out)], beta);
}

/// out ← alpha·Aᵀ·x + beta·out; A (r×c), x (r), out (c).
pub fn gemv_tr(alpha: f64, a: &Matrix, x: &[f64], beta: f64, out: &mut [f64]) {
    let rows = a.nrows();
    assert_eq!((x.len(), out.len()), (rows, a.ncols()));
    for (column, o) in a.as_slice().chunks_exact(rows.max(1)).zip(out) {
        let s = alpha * dot(column, x);
        *o = if beta == 0.0 { s } else { s + beta * *o };
    }
}

/// out ← beta·out; what was there is forgotten at beta = 0, NaN included.
fn scale(beta: f64, out: &mut [f64]) {
    if beta == 0.0 {
        out.fill(0.0);
    } else if beta != 1.0 {
        out.iter_mut().for_each(|o| *o *= beta);
    }
}

/// [`gemv`] where only the entries of x in `columns` (increasing) are not 0: nothing else of A is read.
pub fn gemv_columns(
    alpha: f64,
    a: &Matrix,
    x: &[f64],
    columns: &[usize],
    beta: f64,
    out: &mut [f64],
) {
    let (rows, cols) = a.shape();
    assert_eq!((x.len(), out.len()), (cols, rows));
    scale(beta, out);
    if rows == 0 {
        return;
    }
    let column = |j: usize| &a.as_slice()[j * rows..(j + 1) * rows];
    let mut fours = columns.chunks_exact(4);
    for four in &mut fours {
        let (c, x) = (
            [0, 1, 2, 3].map(|k| column(four[k])),
            [0, 1, 2, 3].map(|k| alpha * x[four[k]]),
        );
        let entries = c[0].iter().zip(c[1]).zip(c[2].iter().zip(c[3]));
        for (o, ((a0, a1), (a2, a3))) in out.iter_mut().zip(entries) {
            *o += (a0 * x[0] + a1 * x[1]) + (a2 * x[2] + a3 * x[3]);
        }
    }
    for &j in fours.remainder() {
        let xj = alpha * x[j];
        for (o, a) in out.iter_mut().zip(column(j)) {
            *o += a * xj;
        }
    }
}

/// Every pair (x, out): out ← alpha·A·x + beta·out, reading A once.
pub fn multiply(alpha: f64, a: &Matrix, pairs: &mut [(&[f64], &mut [f64])], beta: f64) {
    let (rows, cols) = a.shape();
    for (x, out) in pairs.iter_mut() {
        assert_eq!((x.len(), out.len()), (cols, rows));
        scale(beta, out);
    }
    if rows == 0 {
        return;
    }
    let data = a.as_slice();
    let mut j = 0;
    // Four columns a pass keep `out` in registers four times longer.
    while j + 4 <= cols {
        let (c0, rest) = data[j * rows..(j + 4) * rows].split_at(rows);
        let (c1, rest) = rest.split_at(rows);
        let (c2, c3) = rest.split_at(rows);
        for (x, out) in pairs.iter_mut() {
            let (x0, x1) = (alpha * x[j], alpha * x[j + 1]);
            let (x2, x3) = (alpha * x[j + 2], alpha * x[j + 3]);
            let columns = c0.iter().zip(c1).zip(c2.iter().zip(c3));
            for (o, ((a0, a1), (a2, a3))) in out.iter_mut().zip(columns) {
                *o += (a0 * x0 + a1 * x1) + (a2 * x2 + a3 * x3);
            }
        }
        j += 4;
    }
    while j < cols {
        let column = &data[j * rows..(j + 1) * rows];
        for (x, out) in pairs.iter_mut() {
            let xj = alpha * x[j];
            for (o, aij) in out.iter_mut().zip(column) {
                *o += aij * xj;
            }
        }
        j += 1;
    }
}

/// out ← alpha·A·X + beta·out for a matrix X of few columns (c×k), reading A once; out (r×k).
pub fn gemm_few(alpha: f64, a: &Matrix, x: &Matrix, beta: f64, out: &mut Matrix) {
    let (rows, cols) = a.shape();
    assert_eq!(
        (x.nrows(), out.nrows(), out.ncols()),
        (cols, rows, x.ncols())
    );
    if rows == 0 || cols == 0 {
        *out *= beta;
        return;
    }
    let xs = x.as_slice().chunks_exact(cols);
    let outs = out.as_mut_slice().chunks_exact_mut(rows);
    let mut remaining = xs.zip(outs);
    // Up to four right-hand sides a pass, without allocating the list of pairs.
    loop {
        match (
            remaining.next(),
            remaining.next(),
            remaining.next(),
            remaining.next(),
        ) {
            (Some(p), Some(q), Some(r), Some(s)) => multiply(alpha, a, &mut [p, q, r, s], beta),
            (Some(p), Some(q), Some(r), None) => return multiply(alpha, a, &mut [p, q, r], beta),
            (Some(p), Some(q), ..) => return multiply(alpha, a, &mut [p, q], beta),
            (Some(p), ..) => return multiply(alpha, a, &mut [p], beta),
            _ => return,
        }
    }
}

/// out ← alpha·Aᵀ·X + beta·out for a matrix X of few columns (r×k), reading A once; out (c×k).
pub fn gemm_few_tr(alpha: f64, a: &Matrix, x: &Matrix, beta: f64, out: &mut Matrix) {
    let (rows, cols) = a.shape();
    assert_eq!(
        (x.nrows(), out.nrows(), out.ncols()),
        (rows, cols, x.ncols())
    );
    for (i, column) in a.as_slice().chunks_exact(rows.max(1)).enumerate() {
        for (k, x) in x.as_slice().chunks_exact(rows.max(1)).enumerate() {
            let s = alpha * dot(column, x);
            let o = &mut out[(i, k)];
            *o = if beta == 0.0 { s } else { s + beta * *o };
        }
    }
}

/// xᵀy with eight partial sums (fixed order, so the compiler may use vector registers).
pub fn dot(x: &[f64], y: &[f64]) -> f64 {
    assert_eq!(x.len(), y.len());
    let mut sums = [0.0f64; 8];
    let (xc, yc) = (x.chunks_exact(8), y.chunks_exact(8));
    let tail: f64 = xc
        .remainder()
        .iter()
        .zip(yc.remainder())
        .map(|(a, b)| a * b)
        .sum();
    for (a, b) in xc.zip(yc) {
        for k in 0..8 {
            sums[k] += a[k] * b[k];
        }
    }
    ((sums[0] + sums[4]) + (sums[1] + sums[5])) + ((sums[2] + sums[6]) + (sums[3] + sums[7])) + tail
}

/// Euclidean norm, scaled so that tiny and huge entries neither vanish nor overflow.
pub fn norm2(x: &[f64]) -> f64 {
    let scale = x.iter().fold(
        0.0f64,
        |m, v| if v.is_nan() { f64::NAN } else { m.max(v.abs()) },
    );
    if scale == 0.0 || !scale.is_finite() {
        return scale;
    }
    let scale = power_of_two_below(scale);
    scale * x.iter().map(|v| (v / scale).powi(2)).sum::<f64>().sqrt()
}

/// A power of two near `x` > 0, by which numbers of that size divide exactly.
pub(super) fn power_of_two_below(x: f64) -> f64 {
    2f64.powi(x.log2().floor().clamp(-1000.0, 1000.0) as i32)
}

/// Entrywise absolute value.
pub fn abs(a: &Matrix) -> Matrix {
    a.map(f64::abs)
}

/// Entrywise absolute values of a slice.
pub fn magnitudes(x: &[f64]) -> Vec<f64> {
    x.iter().map(|v| v.abs()).collect()
}

/// A·x, allocating the result.
pub fn times(a: &Matrix, x: &[f64]) -> Vector {
    let mut out = Vector::zeros(a.nrows());
    gemv(1.0, a, x, 0.0, out.as_mut_slice());
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn matrix(r: usize, c: usize, seed: u64) -> Matrix {
        crate::linalg::stream::Stream(seed).matrix(r, c)
    }

    proptest! {
        #[test]
        fn kernels_agree_with_nalgebra(r in 1usize..20, c in 1usize..20, k in 0usize..10, seed: u64) {
            let (a, x) = (matrix(r, c, seed), matrix(c, k, seed ^ 1));
            let mut out = matrix(r, k, seed ^ 2);
            let want = 2.0 * &a * &x - 0.5 * &out;
            gemm_few(2.0, &a, &x, -0.5, &mut out);
            prop_assert!((out - want).amax() <= 1e-13);
            let z = matrix(r, k, seed ^ 4);
            let mut out = matrix(c, k, seed ^ 5);
            let want = 3.0 * a.transpose() * &z + 2.0 * &out;
            gemm_few_tr(3.0, &a, &z, 2.0, &mut out);
            prop_assert!((out - want).amax() <= 1e-13);
            let y = matrix(r, 1, seed ^ 3);
            let mut out = vec![0.0; c];
            gemv_tr(1.0, &a, y.as_slice(), 0.0, &mut out);
            prop_assert!((Vector::from_vec(out) - a.transpose() * y.column(0)).amax() <= 1e-13);
        }
    }

    proptest! {
        /// Columns that are left out are those whose entry of x is 0.
        #[test]
        fn columns_alone_are_enough(r in 1usize..20, c in 1usize..20, seed: u64, kept: u32) {
            let (a, x) = (matrix(r, c, seed), matrix(c, 1, seed ^ 1));
            let columns: Vec<usize> = (0..c).filter(|j| kept >> j & 1 == 1).collect();
            let sparse: Vec<f64> = (0..c)
                .map(|j| if columns.contains(&j) { x[j] } else { 0.0 })
                .collect();
            for beta in [0.0, 1.0, -0.5] {
                let mut want = matrix(r, 1, seed ^ 2).as_slice().to_vec();
                let mut out = want.clone();
                gemv(2.0, &a, &sparse, beta, &mut want);
                gemv_columns(2.0, &a, &sparse, &columns, beta, &mut out);
                for (o, w) in out.iter().zip(&want) {
                    prop_assert!((o - w).abs() <= 1e-13);
                }
            }
        }
    }

    #[test]
    fn norm_survives_extreme_scales() {
        for scale in [2f64.powi(-700), 1.0, 2f64.powi(700)] {
            assert_eq!(norm2(&[3.0 * scale, 4.0 * scale]), 5.0 * scale);
        }
        assert_eq!(norm2(&[]), 0.0);
        assert!(norm2(&[1.0, f64::NAN]).is_nan());
    }
}

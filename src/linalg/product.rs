//! Products with a dense matrix and a few vectors at once, without allocation.
//!
//! Owns the kernels that the iterations spend their time in. A matrix is read
//! once for all right-hand sides: a forward-mode step needs A·[w D], and with a
//! handful of columns such a product is bound by reading A, not by arithmetic.
//! Sums are taken in a fixed order, so results do not depend on the machine's load.

mod gathered;
mod kernel;
mod packed;

pub use self::gathered::add_weighted_rows;
pub use self::kernel::LANES;
pub use self::packed::Packed;

use self::kernel::{Columns, Combine, Project, Which, total};
use super::{Matrix, Vector};

impl<'a> From<&'a Matrix> for Columns<'a> {
    fn from(a: &'a Matrix) -> Self {
        Self {
            entries: a.as_slice(),
            rows: a.nrows(),
            stride: a.nrows(),
        }
    }
}

impl<'a> From<&'a Packed> for Columns<'a> {
    fn from(a: &'a Packed) -> Self {
        Self {
            entries: &a.entries,
            rows: a.shape().0,
            stride: a.stride(),
        }
    }
}

/// Entries of a matrix that stay in the cache while they are read again and again: it is combined
/// tile by tile, a larger one a few columns at a time.
const CACHED: usize = 1 << 14;

/// Columns of a larger matrix that are combined before the next ones are begun.
const PANEL: usize = 8;

/// Entries that stay in the nearest cache between two vectors.
const NEAR: usize = 1 << 11;

/// out ← alpha·A·x + beta·out; A (r×c), x (c), out (r).
#[inline]
pub fn gemv(alpha: f64, a: &Matrix, x: &[f64], beta: f64, out: &mut [f64]) {
    multiply(alpha, a.into(), a.shape(), &mut [(x, out)], beta);
}

/// out ← alpha·Aᵀ·x + beta·out; A (r×c), x (r), out (c).
pub fn gemv_tr(alpha: f64, a: &Matrix, x: &[f64], beta: f64, out: &mut [f64]) {
    assert_eq!((x.len(), out.len()), a.shape());
    project(alpha, a.as_slice(), x, beta, out);
}

/// out_j ← alpha·a_jᵀx + beta·out_j for the columns a_j.
pub(super) fn project(alpha: f64, a: &[f64], x: &[f64], beta: f64, out: &mut [f64]) {
    let job = Project {
        alpha,
        a,
        x,
        beta,
        out,
    };
    job.run();
}

/// out ← beta·out; what was there is forgotten at beta = 0, NaN included.
fn scale(beta: f64, out: &mut [f64]) {
    if beta == 0.0 {
        out.fill(0.0);
    } else if beta != 1.0 {
        out.iter_mut().for_each(|o| *o *= beta);
    }
}

impl Packed {
    /// A·x (r) for A (r×c) and x (c), allocating the result.
    pub fn times(&self, alpha: f64, x: &[f64], beta: f64, out: &mut [f64]) {
        multiply(alpha, self.into(), self.shape(), &mut [(x, out)], beta);
    }

    /// out ← alpha·A·X + beta·out for a matrix X of few columns (c×k), reading A once; out (r×k).
    pub fn times_few(&self, alpha: f64, x: &Matrix, beta: f64, out: &mut Matrix) {
        let (a, shape) = (self.into(), self.shape());
        by_fours(shape, x, beta, out, |pairs| {
            multiply(alpha, a, shape, pairs, beta);
        });
    }

    /// [`Packed::times`] that reads only the columns of A where x is not 0; `entries` is a buffer.
    pub fn times_nonzero(
        &self,
        alpha: f64,
        x: &[f64],
        beta: f64,
        out: &mut [f64],
        entries: &mut Vec<usize>,
    ) {
        nonzero_multiply(alpha, self, &mut [(x, out)], beta, entries);
    }

    /// [`Packed::times_few`] that reads only the columns of A where a column of X is not 0.
    pub fn times_few_nonzero(
        &self,
        alpha: f64,
        x: &Matrix,
        beta: f64,
        out: &mut Matrix,
        entries: &mut Vec<usize>,
    ) {
        by_fours(self.shape(), x, beta, out, |pairs| {
            nonzero_multiply(alpha, self, pairs, beta, entries);
        });
    }
}

/// A vector and where its product goes.
type Pair<'a> = (&'a [f64], &'a mut [f64]);

/// The products of several vectors, reading only the columns of A where one of them is not 0.
fn nonzero_multiply(
    alpha: f64,
    a: &Packed,
    pairs: &mut [Pair<'_>],
    beta: f64,
    entries: &mut Vec<usize>,
) {
    let (rows, cols) = a.shape();
    for (x, out) in pairs.iter_mut() {
        assert_eq!((x.len(), out.len()), (cols, rows));
        scale(beta, out);
    }
    entries.resize(cols, 0);
    let mut count = 0;
    // Without branches: which entries are 0 is hard to foresee.
    if let [(x, _)] = pairs {
        for (j, x) in x.iter().enumerate() {
            entries[count] = j;
            count += usize::from(*x != 0.0);
        }
    } else {
        for j in 0..cols {
            entries[count] = j;
            count += usize::from(pairs.iter().fold(false, |any, (x, _)| any | (x[j] != 0.0)));
        }
    }
    let entries = &entries[..count];
    for part in entries.chunks(panel(rows, count, pairs.len())) {
        for (x, out) in pairs.iter_mut() {
            combine(alpha, a.into(), Which::Only(part), x, out);
        }
    }
}

/// Columns that are combined at a time for so many vectors: a multiple of four.
fn panel(rows: usize, cols: usize, vectors: usize) -> usize {
    if vectors == 1 && rows * cols <= CACHED {
        cols.max(1)
    } else if vectors == 1 {
        PANEL
    } else {
        (NEAR / rows.max(1) / 4 * 4).max(PANEL)
    }
}

/// out ← out + alpha·Σ_j x_ja_j.
#[inline]
fn combine(alpha: f64, a: Columns<'_>, which: Which<'_>, x: &[f64], out: &mut [f64]) {
    let job = Combine {
        alpha,
        a,
        which,
        x,
        out,
    };
    job.run();
}

/// Every pair (x, out): out ← alpha·A·x + beta·out, reading A (of this shape) once.
fn multiply(
    alpha: f64,
    a: Columns<'_>,
    (rows, cols): (usize, usize),
    pairs: &mut [Pair<'_>],
    beta: f64,
) {
    for (x, out) in pairs.iter_mut() {
        assert_eq!((x.len(), out.len()), (cols, rows));
        scale(beta, out);
    }
    let panel = panel(rows, cols, pairs.len());
    for from in (0..cols).step_by(panel) {
        let to = (from + panel).min(cols);
        for (x, out) in pairs.iter_mut() {
            combine(alpha, a, Which::Range(from, to), x, out);
        }
    }
}

/// out ← alpha·A·X + beta·out for a matrix X of few columns (c×k), reading A once; out (r×k).
pub fn gemm_few(alpha: f64, a: &Matrix, x: &Matrix, beta: f64, out: &mut Matrix) {
    by_fours(a.shape(), x, beta, out, |pairs| {
        multiply(alpha, a.into(), a.shape(), pairs, beta);
    });
}

/// Columns of X and of out, up to four a pass, without allocating the list of pairs.
fn by_fours(
    (rows, cols): (usize, usize),
    x: &Matrix,
    beta: f64,
    out: &mut Matrix,
    mut pass: impl FnMut(&mut [Pair<'_>]),
) {
    assert_eq!(
        (x.nrows(), out.nrows(), out.ncols()),
        (cols, rows, x.ncols())
    );
    if rows == 0 || cols == 0 {
        scale(beta, out.as_mut_slice());
        return;
    }
    let xs = x.as_slice().chunks_exact(cols);
    let outs = out.as_mut_slice().chunks_exact_mut(rows);
    let mut remaining = xs.zip(outs);
    loop {
        match (
            remaining.next(),
            remaining.next(),
            remaining.next(),
            remaining.next(),
        ) {
            (Some(p), Some(q), Some(r), Some(s)) => pass(&mut [p, q, r, s]),
            (Some(p), Some(q), Some(r), None) => return pass(&mut [p, q, r]),
            (Some(p), Some(q), ..) => return pass(&mut [p, q]),
            (Some(p), ..) => return pass(&mut [p]),
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
    // A panel of columns is in the cache for all right-hand sides.
    for from in (0..cols).step_by(PANEL) {
        let to = (from + PANEL).min(cols);
        let part = &a.as_slice()[from * rows..to * rows];
        for (x, mut out) in x.column_iter().zip(out.column_iter_mut()) {
            let out = &mut out.as_mut_slice()[from..to];
            project(alpha, part, x.as_slice(), beta, out);
        }
    }
}

/// xᵀy of two vectors of one length, with eight partial sums (fixed order, so the compiler may use
/// vector registers).
pub fn dot(x: &[f64], y: &[f64]) -> f64 {
    assert_eq!(x.len(), y.len());
    let mut sums = [0.0f64; LANES];
    let (xc, yc) = (x.chunks_exact(LANES), y.chunks_exact(LANES));
    let rest = (xc.remainder(), yc.remainder());
    for (a, b) in xc.zip(yc) {
        for k in 0..LANES {
            sums[k] += a[k] * b[k];
        }
    }
    for (sum, (a, b)) in sums.iter_mut().zip(rest.0.iter().zip(rest.1)) {
        *sum += a * b;
    }
    total(&sums)
}

/// Euclidean norm ‖x‖, scaled so that tiny and huge entries neither vanish nor overflow.
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

/// Entrywise absolute value |A|, of the same shape.
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
mod tests;

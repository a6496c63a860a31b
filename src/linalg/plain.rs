//! A product as plain loops in a fixed order: the same bits on every machine, where vectorised ones
//! differ in the last.

use super::Matrix;

/// A·B.
pub(crate) fn product(a: &Matrix, b: &Matrix) -> Matrix {
    Matrix::from_fn(a.nrows(), b.ncols(), |i, j| {
        (0..a.ncols()).map(|k| a[(i, k)] * b[(k, j)]).sum()
    })
}

//! Products as plain loops in a fixed order: the same bits on every machine, where vectorised ones
//! differ in the last.

use super::{Matrix, Vector};

/// Σ xᵢ².
pub(crate) fn sum_of_squares(x: &[f64]) -> f64 {
    x.iter().map(|v| v * v).sum()
}

/// A·B.
pub(crate) fn product(a: &Matrix, b: &Matrix) -> Matrix {
    Matrix::from_fn(a.nrows(), b.ncols(), |i, j| {
        (0..a.ncols()).map(|k| a[(i, k)] * b[(k, j)]).sum()
    })
}

/// A·x.
pub(crate) fn apply(a: &Matrix, x: &Vector) -> Vector {
    Vector::from_fn(a.nrows(), |i, _| {
        (0..a.ncols()).map(|k| a[(i, k)] * x[k]).sum()
    })
}

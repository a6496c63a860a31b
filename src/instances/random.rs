//! The arithmetic of generators, portable to the last bit.
//!
//! Owns products as plain loops, because vectorised ones differ in the last bit between machines.
//! The random numbers themselves come from `linalg::random`.

use crate::linalg::{Matrix, Vector};

pub use crate::linalg::random::{Random, hash, mix};

/// Σ xᵢ² in order.
pub(super) fn sum_of_squares(x: &[f64]) -> f64 {
    x.iter().map(|v| v * v).sum()
}

/// A·B by plain loops in a fixed order.
pub(super) fn product(a: &Matrix, b: &Matrix) -> Matrix {
    Matrix::from_fn(a.nrows(), b.ncols(), |i, j| {
        (0..a.ncols()).map(|k| a[(i, k)] * b[(k, j)]).sum()
    })
}

/// A·x by plain loops in a fixed order.
pub(super) fn apply(a: &Matrix, x: &Vector) -> Vector {
    Vector::from_fn(a.nrows(), |i, _| {
        (0..a.ncols()).map(|k| a[(i, k)] * x[k]).sum()
    })
}

/// A number a little above ‖A‖ (spectral), by power iteration on AᵀA: within 0.01 % for the sizes
/// drawn, which is all that prescribing q needs; the certified norm is computed from the result.
pub(super) fn norm_estimate(a: &Matrix) -> f64 {
    let gram = product(&a.transpose(), a);
    let mut x = Vector::from_fn(gram.nrows(), |i, _| 1.0 + (i % 7) as f64 / 16.0);
    let mut value = 0.0;
    for _ in 0..300 {
        let size = sum_of_squares(x.as_slice()).sqrt();
        if size == 0.0 {
            return 0.0;
        }
        x /= size;
        let y = apply(&gram, &x);
        value = sum_of_squares(y.as_slice()).sqrt();
        x = y;
    }
    value.sqrt() * 1.0001
}

/// x rounded to 24 significant bits, so that a last-bit difference in how it was found does not
/// show.
pub(super) fn short(x: f64) -> f64 {
    f64::from(x as f32)
}

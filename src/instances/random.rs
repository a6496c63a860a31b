//! What generators prescribe norms and entries with, portable to the last bit: products are plain
//! loops. The random numbers themselves come from `linalg::random`.

use crate::linalg::{Matrix, Vector};
use crate::tol::{GRAM_MOST, NORM_ROOM, NORM_SETTLED};

pub(super) use crate::linalg::plain::product;
pub use crate::linalg::random::{Random, hash, mix};

/// Σ xᵢ² in order.
pub(super) fn sum_of_squares(x: &[f64]) -> f64 {
    x.iter().map(|v| v * v).sum()
}

/// A·x by plain loops in a fixed order.
pub(super) fn apply(a: &Matrix, x: &Vector) -> Vector {
    Vector::from_fn(a.nrows(), |i, _| {
        (0..a.ncols()).map(|k| a[(i, k)] * x[k]).sum()
    })
}

/// A number a little above ‖A‖ (spectral), by power iteration on AᵀA: within 0.06 % for the sizes
/// drawn, which is all that prescribing q needs; the certified norm is computed from the result.
///
/// 300 iterations are nearly always enough. In one instance of 20,000 the two largest singular
/// values are so close that the estimate is off by more than the room left below 1: there it goes
/// on. Where it would move by less the first estimate stays, so that instances keep their bits.
pub(super) fn norm_estimate(a: &Matrix) -> f64 {
    // The smaller of the two where that matters; elsewhere instances keep their bits.
    let gram = if a.ncols() > GRAM_MOST.max(a.nrows()) {
        product(a, &a.transpose())
    } else {
        product(&a.transpose(), a)
    };
    let mut x = Vector::from_fn(gram.nrows(), |i, _| 1.0 + (i % 7) as f64 / 16.0);
    let mut step = || {
        let size = sum_of_squares(x.as_slice()).sqrt();
        if size == 0.0 {
            return 0.0;
        }
        x /= size;
        x = apply(&gram, &x);
        sum_of_squares(x.as_slice()).sqrt()
    };
    let (mut before, mut value) = (0.0, 0.0);
    for _ in 0..300 {
        (before, value) = (value, step());
    }
    let first = value.sqrt();
    let mut left = 30_000;
    while value - before > NORM_SETTLED * value && left > 0 {
        (before, value) = (value, step());
        left -= 1;
    }
    let last = value.sqrt();
    let off = last > first * (1.0 + NORM_ROOM);
    1.0001 * if off { last } else { first }
}

/// x rounded to 24 significant bits, so that a last-bit difference in how it was found does not
/// show.
pub(super) fn short(x: f64) -> f64 {
    f64::from(x as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One row of ones: AᵀA has a million entries of which one eigenvalue is not 0.
    #[test]
    fn a_wide_matrix_has_the_norm_of_its_rows() {
        for columns in [GRAM_MOST, GRAM_MOST + 1, 200_000] {
            let found = norm_estimate(&Matrix::from_element(1, columns, 1.0));
            let norm = (columns as f64).sqrt();
            assert!(
                (1.0..1.0002).contains(&(found / norm)),
                "{columns}: {found}"
            );
        }
    }

    /// Symmetric, with eigenvalue 1 along a direction that the start of the iteration hardly sees,
    /// and one a little below along the other.
    #[test]
    fn close_singular_values_are_told_apart_where_it_matters() {
        for (gap, seen) in [(0.5, 1e-3), (0.01, 1e-3), (0.002, 1e-2), (0.002, 0.5)] {
            // The start is along (1, 1.0625).
            let along = libm::atan2(1.0625, 1.0);
            let (s, c) = (
                libm::sin(along + std::f64::consts::FRAC_PI_2 - seen),
                libm::cos(along + std::f64::consts::FRAC_PI_2 - seen),
            );
            let (hi, lo) = (1.0, 1.0 - gap);
            let a = Matrix::from_row_slice(
                2,
                2,
                &[
                    hi * c * c + lo * s * s,
                    (hi - lo) * c * s,
                    (hi - lo) * c * s,
                    hi * s * s + lo * c * c,
                ],
            );
            let found = norm_estimate(&a);
            assert!(
                (0.9995..=1.0002).contains(&found),
                "gap {gap}, seen {seen}: {found}"
            );
        }
    }
}

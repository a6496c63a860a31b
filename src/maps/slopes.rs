//! Norms over all slopes of the units of a layer.

use crate::linalg::Matrix;
use crate::linalg::norm::spectral_upper;
use crate::tol::gamma;

/// An upper bound of ‖L diag(s) R‖ over all s with s_i between the two numbers of `ranges[i]`.
///
/// The norm is convex in s, so that its maximum over the slopes that vary is attained at a vertex.
/// The `branched` units with the largest part are enumerated; the others, within r of the middle m
/// of their range, add ‖L r^½‖‖r^½ R‖. Exact (to rounding) where no more than `branched` units
/// vary, and never above max|s|‖L‖‖R‖ over the units that are not 0.
pub(super) fn slopes_norm(
    left: &Matrix,
    right: &Matrix,
    ranges: &[[f64; 2]],
    branched: usize,
) -> f64 {
    let h = ranges.len();
    let part = |i: usize| {
        let width = (ranges[i][1] - ranges[i][0]).abs();
        width * left.column(i).norm() * right.row(i).norm()
    };
    let mut varying: Vec<usize> = (0..h).filter(|&i| part(i) > 0.0).collect();
    varying.sort_by(|&i, &j| part(j).total_cmp(&part(i)));
    let (first, rest) = varying.split_at(varying.len().min(branched));
    let mut slope: Vec<f64> = ranges.iter().map(|r| 0.5 * (r[0] + r[1])).collect();
    let largest = ranges.iter().flatten().fold(0.0f64, |m, s| m.max(s.abs()));
    // Forming L diag(s) R: h terms of two products each; the middles were rounded once.
    let lost = gamma(h + 6) * largest * left.norm() * right.norm();
    let mut most = 0.0f64;
    for code in 0..1usize << first.len() {
        for (bit, &i) in first.iter().enumerate() {
            slope[i] = ranges[i][code >> bit & 1];
        }
        let scaled = Matrix::from_fn(h, right.ncols(), |i, j| slope[i] * right[(i, j)]);
        most = most.max(spectral_upper(&(left * scaled)));
    }
    let root = |i: &usize| (0.5 * (ranges[*i][1] - ranges[*i][0]).abs()).sqrt();
    let spread = if rest.is_empty() {
        0.0
    } else {
        let columns = Matrix::from_fn(left.nrows(), rest.len(), |i, k| {
            left[(i, rest[k])] * root(&rest[k])
        });
        let rows = Matrix::from_fn(rest.len(), right.ncols(), |k, j| {
            right[(rest[k], j)] * root(&rest[k])
        });
        spectral_upper(&columns) * spectral_upper(&rows) * (1.0 + gamma(12))
    };
    let used: Vec<usize> = (0..h).filter(|&i| ranges[i] != [0.0, 0.0]).collect();
    let product = spectral_upper(&left.select_columns(&used))
        * spectral_upper(&right.select_rows(&used))
        * largest
        * (1.0 + gamma(4));
    (most + spread + lost).min(product)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::stream::Stream;

    /// Between the largest norm at a vertex and the product of the norms; equal to the former where
    /// every unit is branched over.
    #[test]
    fn the_norm_over_all_slopes_is_that_of_a_vertex() {
        let mut stream = Stream(3);
        for h in 1..6 {
            let (left, right) = (stream.matrix(3, h), stream.matrix(h, 2));
            let ranges: Vec<[f64; 2]> = (0..h).map(|i| [-0.5 * (i % 2) as f64, 1.0]).collect();
            let vertex = |code: usize| {
                let s = |i: usize| ranges[i][code >> i & 1];
                (&left * Matrix::from_fn(h, 2, |i, j| s(i) * right[(i, j)]))
                    .singular_values()
                    .max()
            };
            let exact = (0..1 << h).map(vertex).fold(0.0, f64::max);
            let all = slopes_norm(&left, &right, &ranges, 7);
            assert!(
                exact <= all && all <= exact * (1.0 + 1e-13),
                "{exact} {all}"
            );
            for branched in 0..h {
                let bound = slopes_norm(&left, &right, &ranges, branched);
                let product = left.singular_values().max() * right.singular_values().max();
                assert!(exact <= bound && bound <= product * (1.0 + 1e-13));
            }
        }
    }
}

//! A matrix for many products.

use super::kernel::LANES;
use crate::linalg::Matrix;
use crate::linalg::rows::Aligned;

/// A matrix whose columns begin at cache lines and are filled up with zeros to whole lines: a
/// product with it reads no line twice and needs no partial vectors.
#[derive(Clone, Debug, PartialEq)]
pub struct Packed {
    pub(super) entries: Aligned,
    rows: usize,
    cols: usize,
}

impl Packed {
    /// The `rows` × `cols` matrix with the entries `entry(i, j)`.
    pub fn from_fn(rows: usize, cols: usize, mut entry: impl FnMut(usize, usize) -> f64) -> Self {
        let mut packed = Self {
            entries: Aligned::zeros(rows.next_multiple_of(LANES) * cols),
            rows,
            cols,
        };
        let stride = packed.stride();
        for (j, column) in packed.entries.chunks_exact_mut(stride.max(1)).enumerate() {
            for (i, v) in column[..rows].iter_mut().enumerate() {
                *v = entry(i, j);
            }
        }
        packed
    }

    /// A copy of a matrix in this form.
    pub fn new(a: &Matrix) -> Self {
        Self::from_fn(a.nrows(), a.ncols(), |i, j| a[(i, j)])
    }

    /// (rows, columns), without the zeros that fill up.
    pub fn shape(&self) -> (usize, usize) {
        (self.rows, self.cols)
    }

    /// The distance from a column to the next.
    pub(super) fn stride(&self) -> usize {
        self.rows.next_multiple_of(LANES)
    }

    /// The entry in row i and column j.
    pub fn at(&self, i: usize, j: usize) -> f64 {
        assert!(i < self.rows && j < self.cols);
        self.entries[j * self.stride() + i]
    }

    /// The numbers it holds, zeros included.
    pub fn held(&self) -> usize {
        self.entries.len()
    }
}

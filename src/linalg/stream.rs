//! Numbers for unit tests of layers that must not know instances.

use super::Matrix;

/// Numbers in [-1, 1) from a fixed linear congruence (Knuth's MMIX).
pub struct Stream(pub u64);

impl Stream {
    /// One number.
    pub fn next(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f64 / 2f64.powi(23) - 1.0
    }

    /// n numbers.
    pub fn vec(&mut self, n: usize) -> Vec<f64> {
        (0..n).map(|_| self.next()).collect()
    }

    /// A matrix, column by column.
    pub fn matrix(&mut self, r: usize, c: usize) -> Matrix {
        Matrix::from_vec(r, c, self.vec(r * c))
    }
}

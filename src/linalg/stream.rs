//! Numbers for unit tests of layers that must not know instances.

use super::Matrix;
use super::random::Random;

/// Numbers in [-1, 1): each word of the generator seeds the next.
pub struct Stream(pub u64);

impl Stream {
    /// One number.
    pub fn next(&mut self) -> f64 {
        let mut random = Random::new(self.0);
        self.0 = random.bits();
        random.between(-1.0, 1.0)
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

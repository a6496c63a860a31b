//! Φ = Aw + Bλ + c as written.

use super::algebra::{Rows, add, column, rows, times, vector};
use super::family::{Point, Reference};
use super::scalar::Scalar;
use crate::maps::{Affine, Tie};

/// A, B and Bλ + c.
pub(super) struct Exact<T> {
    a: Rows<T>,
    b: Rows<T>,
    constant: Vec<T>,
}

impl<T: Scalar> Exact<T> {
    pub(super) fn new(data: &Affine, lambda: &[T]) -> Self {
        let b = rows(&data.b);
        Self {
            a: rows(&data.a),
            constant: add(&vector(&data.c), &times(&b, lambda)),
            b,
        }
    }
}

impl<T: Scalar> Reference<T> for Exact<T> {
    fn dim(&self) -> usize {
        self.constant.len()
    }

    fn at(&self, w: &[T], _: &[T], _: &mut Tie<'_>) -> Option<Point<T>> {
        Some(Point::smooth(w, add(&self.constant, &times(&self.a, w))))
    }

    fn push_w(&self, _: &Point<T>, _: &[T], x: &[T]) -> Vec<T> {
        times(&self.a, x)
    }

    fn column(&self, _: &Point<T>, _: &[T], j: usize) -> Vec<T> {
        column(&self.b, j)
    }
}

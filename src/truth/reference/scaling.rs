//! Φ = λQw + c as written.

use super::algebra::{Rows, add, rows, scale, times, vector};
use super::family::{Point, Reference};
use super::scalar::Scalar;
use crate::maps::{Scaling, Tie};

/// Q and c.
pub(super) struct Exact<T> {
    q: Rows<T>,
    c: Vec<T>,
}

impl<T: Scalar> Exact<T> {
    pub(super) fn new(data: &Scaling) -> Self {
        Self {
            q: rows(&data.rotation),
            c: vector(&data.c),
        }
    }
}

impl<T: Scalar> Reference<T> for Exact<T> {
    fn dim(&self) -> usize {
        self.c.len()
    }

    fn at(&self, w: &[T], lambda: &[T], _: &mut Tie<'_>) -> Option<Point<T>> {
        let z = times(&self.q, w);
        Some(Point {
            z: z.clone(),
            ..Point::smooth(w, add(&scale(&lambda[0], z), &self.c))
        })
    }

    fn push_w(&self, _: &Point<T>, lambda: &[T], x: &[T]) -> Vec<T> {
        scale(&lambda[0], times(&self.q, x))
    }

    fn column(&self, p: &Point<T>, _: &[T], _: usize) -> Vec<T> {
        p.z.clone()
    }
}

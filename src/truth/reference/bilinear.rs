//! Φ = (A + Σ_k λ_k B_k)w + Cλ as written.

use super::algebra::{Rows, add, add_to, column, rows, times};
use super::family::{Point, Reference};
use super::scalar::Scalar;
use crate::maps::{Bilinear, Tie};

/// A, B_k and C.
pub(super) struct Exact<T> {
    a: Rows<T>,
    b: Vec<Rows<T>>,
    c: Rows<T>,
}

impl<T: Scalar> Exact<T> {
    pub(super) fn new(data: &Bilinear) -> Self {
        Self {
            a: rows(&data.a),
            b: data.b.iter().map(rows).collect(),
            c: rows(&data.c),
        }
    }
}

impl<T: Scalar> Reference<T> for Exact<T> {
    fn dim(&self) -> usize {
        self.a.len()
    }

    fn at(&self, w: &[T], lambda: &[T], _: &mut Tie<'_>) -> Option<Point<T>> {
        let mut p = Point::smooth(w, Vec::new());
        p.value = add(&self.push_w(&p, lambda, w), &times(&self.c, lambda));
        Some(p)
    }

    fn push_w(&self, _: &Point<T>, lambda: &[T], x: &[T]) -> Vec<T> {
        let mut out = times(&self.a, x);
        for (l, b) in lambda.iter().zip(&self.b) {
            add_to(&mut out, l, &times(b, x));
        }
        out
    }

    fn column(&self, p: &Point<T>, _: &[T], j: usize) -> Vec<T> {
        add(&column(&self.c, j), &times(&self.b[j], &p.w))
    }
}

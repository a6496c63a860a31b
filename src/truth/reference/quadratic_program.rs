//! Φ = clip(w - η(Qw + λ), lower, upper) as written.

use super::algebra::{Rows, hadamard, rows, times};
use super::clip::Bounds;
use super::family::{Point, Reference};
use super::scalar::Scalar;
use crate::maps::{QuadraticProgram, Tie};

/// Q, η and the bounds.
pub(super) struct Exact<T> {
    q: Rows<T>,
    eta: T,
    bounds: Bounds<T>,
}

impl<T: Scalar> Exact<T> {
    pub(super) fn new(data: &QuadraticProgram) -> Self {
        Self {
            q: rows(&data.q),
            eta: T::exactly(data.step),
            bounds: Bounds::new(data.lower.as_slice(), data.upper.as_slice()),
        }
    }
}

impl<T: Scalar> Reference<T> for Exact<T> {
    fn dim(&self) -> usize {
        self.q.len()
    }

    fn at(&self, w: &[T], lambda: &[T], tie: &mut Tie<'_>) -> Option<Point<T>> {
        let gradient = times(&self.q, w).into_iter().zip(lambda);
        let stepped = gradient.zip(w).map(|((g, l), w)| {
            let total = g + l.clone();
            w.clone() - self.eta.clone() * total
        });
        let z: Vec<T> = stepped.collect();
        Some(self.bounds.project(w, &z, tie))
    }

    fn push_w(&self, p: &Point<T>, _: &[T], x: &[T]) -> Vec<T> {
        let qx = times(&self.q, x);
        let moved = x.iter().zip(&qx);
        let moved: Vec<T> = moved
            .map(|(x, qx)| x.clone() - self.eta.clone() * qx.clone())
            .collect();
        hadamard(&p.slope, &moved)
    }

    fn column(&self, p: &Point<T>, _: &[T], j: usize) -> Vec<T> {
        let mut out = vec![T::exactly(0.0); self.q.len()];
        out[j] = -(self.eta.clone() * p.slope[j].clone());
        out
    }
}

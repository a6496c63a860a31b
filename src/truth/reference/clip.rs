//! Φ = clip(Aw + Bλ + c, lo, hi) as written.

use super::algebra::{Rows, add, column, hadamard, rows, times, vector};
use super::family::{Point, Reference};
use super::scalar::Scalar;
use crate::maps::{Clip, Tie};

/// A projection onto intervals; a missing bound is infinite.
pub(super) struct Bounds<T>(Vec<[Option<T>; 2]>);

impl<T: Scalar> Bounds<T> {
    pub(super) fn new(lo: &[f64], hi: &[f64]) -> Self {
        let bound = |v: f64| v.is_finite().then(|| T::exactly(v));
        let both = lo.iter().zip(hi).map(|(l, h)| [bound(*l), bound(*h)]);
        Self(both.collect())
    }

    /// clip(z) at w.
    pub(super) fn project(&self, w: &[T], z: &[T], tie: &mut Tie<'_>) -> Point<T> {
        let (zero, one) = (T::exactly(0.0), T::exactly(1.0));
        let (mut value, mut slope, mut margin) = (Vec::new(), Vec::new(), Vec::new());
        for (i, (zi, [lo, hi])) in z.iter().zip(&self.0).enumerate() {
            // Signed distances inwards from the bounds that there are; the smaller one decides.
            let below = lo.as_ref().map(|l| (zi.clone() - l.clone(), l));
            let above = hi.as_ref().map(|h| (h.clone() - zi.clone(), h));
            let nearer = match (below, above) {
                (Some(b), Some(a)) => Some(if b.0 <= a.0 { b } else { a }),
                (b, a) => b.or(a),
            };
            let (inside, bound) = match nearer {
                Some((inside, bound)) => (inside, bound.clone()),
                None => (T::exactly(f64::MAX), zi.clone()),
            };
            let (v, s) = if inside > zero {
                (zi.clone(), one.clone())
            } else if inside < zero {
                (bound, zero.clone())
            } else {
                (zi.clone(), T::exactly(tie.weight(i)))
            };
            value.push(v);
            slope.push(s);
            margin.push(inside);
        }
        Point {
            slope,
            margin,
            // No sign of z belongs to a piece here.
            z: vec![one; z.len()],
            ..Point::smooth(w, value)
        }
    }
}

/// A, B, Bλ + c and the bounds.
pub(super) struct Exact<T> {
    a: Rows<T>,
    b: Rows<T>,
    constant: Vec<T>,
    bounds: Bounds<T>,
}

impl<T: Scalar> Exact<T> {
    pub(super) fn new(data: &Clip, lambda: &[T]) -> Self {
        let b = rows(&data.b);
        Self {
            a: rows(&data.a),
            constant: add(&vector(&data.c), &times(&b, lambda)),
            b,
            bounds: Bounds::new(data.lo.as_slice(), data.hi.as_slice()),
        }
    }
}

impl<T: Scalar> Reference<T> for Exact<T> {
    fn dim(&self) -> usize {
        self.constant.len()
    }

    fn at(&self, w: &[T], _: &[T], tie: &mut Tie<'_>) -> Option<Point<T>> {
        let z = add(&self.constant, &times(&self.a, w));
        Some(self.bounds.project(w, &z, tie))
    }

    fn push_w(&self, p: &Point<T>, _: &[T], x: &[T]) -> Vec<T> {
        hadamard(&p.slope, &times(&self.a, x))
    }

    fn column(&self, p: &Point<T>, _: &[T], j: usize) -> Vec<T> {
        hadamard(&p.slope, &column(&self.b, j))
    }
}

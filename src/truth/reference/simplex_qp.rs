//! The projection of Aw + Bλ + c onto the unit simplex as written.

use super::algebra::{Rows, add, column, hadamard, rows, times, vector};
use super::family::{Point, Reference};
use super::scalar::Scalar;
use crate::maps::{SimplexQp, Tie};

/// A, B and Bλ + c.
pub(super) struct Exact<T> {
    a: Rows<T>,
    b: Rows<T>,
    constant: Vec<T>,
}

impl<T: Scalar> Exact<T> {
    pub(super) fn new(data: &SimplexQp, lambda: &[T]) -> Self {
        let b = rows(&data.b);
        Self {
            a: rows(&data.a),
            constant: add(&vector(&data.c), &times(&b, lambda)),
            b,
        }
    }

    /// (diag(s) - ssᵀ/Σs)x.
    fn project(slope: &[T], x: &[T]) -> Vec<T> {
        let sum = |v: &[T]| v.iter().fold(T::exactly(0.0), |s, v| s + v.clone());
        let masked = hadamard(slope, x);
        let mean = sum(&masked) / sum(slope);
        let each = masked.into_iter().zip(slope);
        each.map(|(v, s)| v - s.clone() * mean.clone()).collect()
    }
}

impl<T: Scalar> Reference<T> for Exact<T> {
    fn dim(&self) -> usize {
        self.constant.len()
    }

    fn at(&self, w: &[T], _: &[T], tie: &mut Tie<'_>) -> Option<Point<T>> {
        let (zero, one) = (T::exactly(0.0), T::exactly(1.0));
        let z = add(&self.constant, &times(&self.a, w));
        let mut sorted = z.clone();
        sorted.sort_by(|a, b| b.partial_cmp(a).unwrap_or(std::cmp::Ordering::Equal));
        // θ makes the positive parts of z - θ sum to 1: with the k largest it is (their sum - 1)/k,
        // and the largest of these holds.
        let (mut sum, mut theta) = (-one.clone(), None);
        for (k, zi) in sorted.into_iter().enumerate() {
            sum = sum + zi;
            let with_k = sum.clone() / T::exactly((k + 1) as f64);
            theta = match theta {
                Some(theta) if theta > with_k => Some(theta),
                _ => Some(with_k),
            };
        }
        let theta = theta?;
        let mut p = Point::smooth(w, Vec::new());
        for (i, zi) in z.into_iter().enumerate() {
            let inside = zi - theta.clone();
            let (v, s) = if inside > zero {
                (inside.clone(), one.clone())
            } else if inside < zero {
                (zero.clone(), zero.clone())
            } else {
                (zero.clone(), T::exactly(tie.weight(i)))
            };
            p.value.push(v);
            p.slope.push(s);
            p.margin.push(inside);
            // No sign of z belongs to a piece here.
            p.z.push(one.clone());
        }
        Some(p)
    }

    fn push_w(&self, p: &Point<T>, _: &[T], x: &[T]) -> Vec<T> {
        Self::project(&p.slope, &times(&self.a, x))
    }

    fn column(&self, p: &Point<T>, _: &[T], j: usize) -> Vec<T> {
        Self::project(&p.slope, &column(&self.b, j))
    }
}

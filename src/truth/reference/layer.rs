//! Φ = A σ(Vw + Bλ + c) as written.

use super::algebra::{Rows, add, column, hadamard, rows, times, vector};
use super::family::{Point, Reference};
use super::scalar::Scalar;
use crate::maps::{Activation, Layer, Tie};

/// A, V, B, Bλ + c and σ.
pub(super) struct Exact<T> {
    a: Rows<T>,
    v: Rows<T>,
    b: Rows<T>,
    constant: Vec<T>,
    activation: Activation,
}

impl<T: Scalar> Exact<T> {
    pub(super) fn new(data: &Layer, lambda: &[T]) -> Self {
        let b = rows(&data.b);
        Self {
            a: rows(&data.a),
            v: rows(&data.v),
            constant: add(&vector(&data.c), &times(&b, lambda)),
            b,
            activation: data.activation,
        }
    }
}

impl<T: Scalar> Reference<T> for Exact<T> {
    fn dim(&self) -> usize {
        self.a.len()
    }

    fn at(&self, w: &[T], _: &[T], tie: &mut Tie<'_>) -> Option<Point<T>> {
        let (zero, one) = (T::exactly(0.0), T::exactly(1.0));
        let z = add(&self.constant, &times(&self.v, w));
        let (mut sigma, mut slope) = (Vec::with_capacity(z.len()), Vec::with_capacity(z.len()));
        let margin = match self.activation.slopes() {
            None => {
                for zi in &z {
                    let t = zi.tanh()?;
                    slope.push(one.clone() - t.clone() * t.clone());
                    sigma.push(t);
                }
                Vec::new()
            }
            Some((lo, hi)) => {
                let (lo, hi) = (T::exactly(lo), T::exactly(hi));
                for (i, zi) in z.iter().enumerate() {
                    let s = if *zi > zero {
                        hi.clone()
                    } else if *zi < zero {
                        lo.clone()
                    } else {
                        lo.clone() + T::exactly(tie.weight(i)) * (hi.clone() - lo.clone())
                    };
                    sigma.push(s.clone() * zi.clone());
                    slope.push(s);
                }
                z.clone()
            }
        };
        Some(Point {
            slope,
            margin,
            z,
            ..Point::smooth(w, times(&self.a, &sigma))
        })
    }

    fn push_w(&self, p: &Point<T>, _: &[T], x: &[T]) -> Vec<T> {
        times(&self.a, &hadamard(&p.slope, &times(&self.v, x)))
    }

    fn column(&self, p: &Point<T>, _: &[T], j: usize) -> Vec<T> {
        times(&self.a, &hadamard(&p.slope, &column(&self.b, j)))
    }
}

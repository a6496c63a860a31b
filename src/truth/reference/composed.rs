//! The mean of a noise model behind an outer map, as written: u = (A + Σ_l λ_l A_l)w + Bλ + c, Φ = G(u, λ).

use super::algebra::{Rows, add, add_to, column, hadamard, rows, times, vector};
use super::clip::Bounds;
use super::family::{Point, Reference};
use super::scalar::Scalar;
use crate::maps::stochastic::{Outer, OuterActivation};
use crate::maps::{Composed, Tie};

/// The data at one λ.
pub(super) struct Exact<T> {
    a: Rows<T>,
    bilinear: Vec<Rows<T>>,
    b: Rows<T>,
    /// Bλ + c.
    constant: Vec<T>,
    /// V, B' and B'λ + c' of a layer.
    layer: Option<(Rows<T>, Rows<T>, Vec<T>)>,
    sigma: Sigma<T>,
}

enum Sigma<T> {
    Identity,
    Tanh,
    Clip(Bounds<T>),
}

impl<T: Scalar> Exact<T> {
    pub(super) fn new(data: &Composed, lambda: &[T]) -> Self {
        let b = rows(&data.inner.b);
        let d = data.inner.dim();
        let clip = |lo: &[f64], hi: &[f64]| Sigma::Clip(Bounds::new(lo, hi));
        let positive = || clip(&vec![0.0; d], &vec![f64::INFINITY; d]);
        let (layer, sigma) = match &data.outer {
            Outer::Layer {
                v,
                b,
                c,
                activation,
            } => {
                let by_lambda = rows(b);
                let constant = add(&vector(c), &times(&by_lambda, lambda));
                let sigma = match activation {
                    OuterActivation::Relu => positive(),
                    OuterActivation::Tanh => Sigma::Tanh,
                };
                (Some((rows(v), by_lambda, constant)), sigma)
            }
            Outer::Nonnegative => (None, positive()),
            Outer::Box { lower, upper } => (None, clip(lower, upper)),
            // Thresholds are refused by the map.
            Outer::Identity | Outer::Soft { .. } | Outer::GroupSoft { .. } => {
                (None, Sigma::Identity)
            }
        };
        Self {
            a: rows(&data.inner.a),
            bilinear: data.inner.bilinear.iter().map(rows).collect(),
            constant: add(&vector(&data.inner.c), &times(&b, lambda)),
            b,
            layer,
            sigma,
        }
    }

    /// Kx.
    fn inner(&self, lambda: &[T], x: &[T]) -> Vec<T> {
        let mut out = times(&self.a, x);
        for (l, a) in lambda.iter().zip(&self.bilinear) {
            add_to(&mut out, l, &times(a, x));
        }
        out
    }

    /// S V x.
    fn outer(&self, slope: &[T], x: Vec<T>) -> Vec<T> {
        let x = match &self.layer {
            Some((v, ..)) => times(v, &x),
            None => x,
        };
        match self.sigma {
            Sigma::Identity => x,
            _ => hadamard(slope, &x),
        }
    }
}

impl<T: Scalar> Reference<T> for Exact<T> {
    fn dim(&self) -> usize {
        self.constant.len()
    }

    fn at(&self, w: &[T], lambda: &[T], tie: &mut Tie<'_>) -> Option<Point<T>> {
        let u = add(&self.constant, &self.inner(lambda, w));
        let z = match &self.layer {
            Some((v, _, constant)) => add(constant, &times(v, &u)),
            None => u,
        };
        match &self.sigma {
            Sigma::Identity => Some(Point::smooth(w, z)),
            Sigma::Clip(bounds) => Some(bounds.project(w, &z, tie)),
            Sigma::Tanh => {
                let (mut value, mut slope) = (Vec::new(), Vec::new());
                for zi in &z {
                    let t = zi.tanh()?;
                    slope.push(T::exactly(1.0) - t.clone() * t.clone());
                    value.push(t);
                }
                Some(Point {
                    slope,
                    z,
                    ..Point::smooth(w, value)
                })
            }
        }
    }

    fn push_w(&self, p: &Point<T>, lambda: &[T], x: &[T]) -> Vec<T> {
        self.outer(&p.slope, self.inner(lambda, x))
    }

    fn column(&self, p: &Point<T>, _: &[T], j: usize) -> Vec<T> {
        let mut inner = column(&self.b, j);
        if let Some(a) = self.bilinear.get(j) {
            inner = add(&inner, &times(a, &p.w));
        }
        let out = self.outer(&p.slope, inner);
        match &self.layer {
            Some((_, b, _)) => add(&out, &hadamard(&p.slope, &column(b, j))),
            None => out,
        }
    }
}

//! Composite maps as written: the mean of an inner map, then an outer map.

use super::algebra::add;
use super::family::{Point, Reference};
use super::outer::Behind;
use super::sampled::Sampled;
use super::scalar::Scalar;
use crate::maps::composite::{Composite, Inner, Outer, Sample};
use crate::maps::{Composed, Poisoning, ProxGradient, Tie};

/// T̂ and G.
pub(super) struct Exact<T> {
    pub(super) inner: Sampled<T>,
    pub(super) outer: Behind<T>,
}

impl<T: Scalar> Exact<T> {
    pub(super) fn step(data: &ProxGradient) -> Self {
        Self {
            inner: Sampled::sum(&data.x, &data.y, data.step, data.loss),
            outer: Behind::prox(&data.prox, data.step, data.x.ncols()),
        }
    }

    pub(super) fn poisoning(data: &Poisoning) -> Self {
        let threshold = data.threshold;
        Self {
            inner: Sampled::new(&Inner::Poisoned(data.inner.clone())),
            outer: Behind::new(&Outer::FixedSoft { threshold }, data.inner.dim()),
        }
    }

    pub(super) fn composed(data: &Composed) -> Self {
        Self {
            inner: Sampled::affine(&data.inner),
            outer: Behind::new(&data.outer, data.inner.dim()),
        }
    }

    pub(super) fn sampled(map: &Composite) -> Self {
        Self {
            inner: Sampled::new(map.inner()),
            outer: Behind::new(map.outer(), map.dim()),
        }
    }
}

impl<T: Scalar> Reference<T> for Exact<T> {
    fn dim(&self) -> usize {
        self.inner.dim()
    }

    fn at(&self, w: &[T], lambda: &[T], tie: &mut Tie<'_>) -> Option<Point<T>> {
        let [first, second] = self.inner.derivatives(w, lambda)?;
        let u = self.inner.value(&first, w, lambda, Sample::Mean);
        let mut p = self.outer.at(u, lambda, tie)?;
        p.w = w.to_vec();
        p.curvature = second;
        Some(p)
    }

    fn push_w(&self, p: &Point<T>, lambda: &[T], x: &[T]) -> Vec<T> {
        let moved = self.inner.push(&p.curvature, lambda, Sample::Mean, x);
        self.outer.push(p, lambda, moved)
    }

    fn column(&self, p: &Point<T>, lambda: &[T], j: usize) -> Vec<T> {
        let at = (&p.w[..], lambda);
        let moved = self.inner.column(&p.curvature, at, Sample::Mean, j);
        let out = self.outer.push(p, lambda, moved);
        match self.outer.column(p, j) {
            Some(direct) => add(&out, &direct),
            None => out,
        }
    }
}

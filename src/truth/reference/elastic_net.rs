//! Φ = soft(w - η(Xᵀ(Xw-y)/n + λ₂w), ηλ₁) as written.

use super::algebra::{Rows, dot, rows, times, vector};
use super::family::{Point, Reference};
use super::scalar::Scalar;
use crate::maps::{ElasticNet, Tie};

/// XᵀX/n, Xᵀy/n and η.
pub(super) struct Exact<T> {
    h: Rows<T>,
    g: Vec<T>,
    eta: T,
}

impl<T: Scalar> Exact<T> {
    pub(super) fn new(data: &ElasticNet) -> Self {
        let columns = rows::<T>(&data.x.transpose());
        let n = T::exactly(data.x.nrows() as f64);
        let y = vector(&data.y);
        let over_n = |p: &[T], q: &[T]| dot(p, q) / n.clone();
        Self {
            h: columns
                .iter()
                .map(|p| columns.iter().map(|q| over_n(p, q)).collect())
                .collect(),
            g: columns.iter().map(|p| over_n(p, &y)).collect(),
            eta: T::exactly(data.step),
        }
    }
}

impl<T: Scalar> Reference<T> for Exact<T> {
    fn dim(&self) -> usize {
        self.g.len()
    }

    fn at(&self, w: &[T], lambda: &[T], tie: &mut Tie<'_>) -> Option<Point<T>> {
        let (zero, one) = (T::exactly(0.0), T::exactly(1.0));
        let threshold = self.eta.clone() * lambda[0].clone();
        let hw = times(&self.h, w);
        let (mut z, mut value) = (Vec::new(), Vec::new());
        let (mut slope, mut margin) = (Vec::new(), Vec::new());
        for i in 0..w.len() {
            let gradient = hw[i].clone() - self.g[i].clone() + lambda[1].clone() * w[i].clone();
            let zi = w[i].clone() - self.eta.clone() * gradient;
            let excess = zi.magnitude() - threshold.clone();
            let (v, s) = if excess > zero {
                let v = excess.clone();
                (if zi < zero { -v } else { v }, one.clone())
            } else if excess < zero {
                (zero.clone(), zero.clone())
            } else {
                (zero.clone(), T::exactly(tie.weight(i)))
            };
            value.push(v);
            slope.push(s);
            margin.push(excess);
            z.push(zi);
        }
        Some(Point {
            slope,
            margin,
            z,
            ..Point::smooth(w, value)
        })
    }

    fn push_w(&self, p: &Point<T>, lambda: &[T], x: &[T]) -> Vec<T> {
        let hx = times(&self.h, x);
        let row = |i: usize| {
            let decay = hx[i].clone() + lambda[1].clone() * x[i].clone();
            p.slope[i].clone() * (x[i].clone() - self.eta.clone() * decay)
        };
        (0..x.len()).map(row).collect()
    }

    fn column(&self, p: &Point<T>, _: &[T], j: usize) -> Vec<T> {
        let zero = T::exactly(0.0);
        let signed = |i: usize| match j {
            1 => p.w[i].clone(),
            _ if p.z[i] < zero => T::exactly(-1.0),
            _ => T::exactly(1.0),
        };
        let entry = |i: usize| -(self.eta.clone() * p.slope[i].clone() * signed(i));
        (0..p.w.len()).map(entry).collect()
    }
}

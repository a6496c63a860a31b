//! Φ = soft(w - η(Xᵀ(Xw-y)/n + λ₂w), ηλ₁) as written.

use super::algebra::{Rows, gram, times};
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
        let d = data.x.ncols();
        let n = T::exactly(data.x.nrows() as f64);
        let sums = gram::<T>(&data.x, &data.y);
        let mut h: Rows<T> = Vec::with_capacity(d);
        for (i, sums) in sums[..d].iter().enumerate() {
            // Symmetric: a quotient is not made twice.
            let before = (0..i).map(|j| h[j][i].clone());
            let own = sums[i..d].iter().map(|v| v.clone() / n.clone());
            h.push(before.chain(own).collect());
        }
        Self {
            h,
            g: sums[d][..d].iter().map(|v| v.clone() / n.clone()).collect(),
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

    fn jacobian_w(&self, p: &Point<T>, lambda: &[T]) -> Vec<Vec<T>> {
        let d = p.w.len();
        let keep = T::exactly(1.0) - self.eta.clone() * lambda[1].clone();
        let entry = |i: usize, j: usize| {
            if p.slope[i].vanishes() {
                return T::exactly(0.0);
            }
            let own = -(self.eta.clone() * self.h[i][j].clone());
            let own = if i == j { keep.clone() + own } else { own };
            p.slope[i].clone() * own
        };
        let column = |j| (0..d).map(|i| entry(i, j)).collect();
        (0..d).map(column).collect()
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

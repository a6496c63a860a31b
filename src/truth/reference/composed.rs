//! The mean of a noise model behind an outer map, as written: u = (A + Σ_l λ_l A_l)w + Bλ + c, Φ = G(u, λ).

use super::naive::{Rows, add, add_to, hadamard, rows, times, vector};
use super::scalar::Scalar;
use crate::maps::stochastic::{Outer, OuterActivation};
use crate::maps::{Composed, Tie};

/// The data at one λ.
pub(super) struct Composition<T> {
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
    /// A missing bound is infinite.
    Clip(Vec<[Option<T>; 2]>),
}

/// Φ, the inputs, slopes and signed margins of the units.
pub(super) struct Composite<T> {
    pub(super) value: Vec<T>,
    pub(super) z: Vec<T>,
    pub(super) slope: Vec<T>,
    pub(super) margin: Vec<T>,
}

impl<T: Scalar> Composition<T> {
    pub(super) fn new(data: &Composed, lambda: &[T]) -> Self {
        let b = rows(&data.inner.b);
        let positive = |d: usize| Sigma::Clip(vec![[Some(T::exactly(0.0)), None]; d]);
        let d = data.inner.dim();
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
                    OuterActivation::Relu => positive(d),
                    OuterActivation::Tanh => Sigma::Tanh,
                };
                (Some((rows(v), by_lambda, constant)), sigma)
            }
            Outer::Nonnegative => (None, positive(d)),
            Outer::Box { lower, upper } => {
                let bound = |v: f64| v.is_finite().then(|| T::exactly(v));
                let bounds = lower.iter().zip(upper);
                let both = bounds.map(|(l, h)| [bound(*l), bound(*h)]).collect();
                (None, Sigma::Clip(both))
            }
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

    pub(super) fn dim(&self) -> usize {
        self.constant.len()
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

    pub(super) fn at(&self, w: &[T], lambda: &[T], tie: &mut Tie<'_>) -> Option<Composite<T>> {
        let (zero, one) = (T::exactly(0.0), T::exactly(1.0));
        let u = add(&self.constant, &self.inner(lambda, w));
        let z = match &self.layer {
            Some((v, _, constant)) => add(constant, &times(v, &u)),
            None => u,
        };
        let (mut value, mut slope, mut margin) = (Vec::new(), Vec::new(), Vec::new());
        match &self.sigma {
            Sigma::Identity => {
                return Some(Composite {
                    value: z,
                    z: Vec::new(),
                    slope,
                    margin,
                });
            }
            Sigma::Tanh => {
                for zi in &z {
                    let t = zi.tanh()?;
                    slope.push(one.clone() - t.clone() * t.clone());
                    value.push(t);
                }
                return Some(Composite {
                    value,
                    z,
                    slope,
                    margin,
                });
            }
            Sigma::Clip(bounds) => {
                for (i, (zi, [lo, hi])) in z.iter().zip(bounds).enumerate() {
                    let below = lo.as_ref().map(|l| (zi.clone() - l.clone(), l));
                    let above = hi.as_ref().map(|h| (h.clone() - zi.clone(), h));
                    let nearer = match (below, above) {
                        (Some(b), Some(a)) => Some(if b.0 <= a.0 { b } else { a }),
                        (b, a) => b.or(a),
                    };
                    let Some((inside, bound)) = nearer else {
                        value.push(zi.clone());
                        slope.push(one.clone());
                        margin.push(T::exactly(f64::MAX));
                        continue;
                    };
                    let (v, s) = if inside > zero {
                        (zi.clone(), one.clone())
                    } else if inside < zero {
                        (bound.clone(), zero.clone())
                    } else {
                        (zi.clone(), T::exactly(tie.weight(i)))
                    };
                    value.push(v);
                    slope.push(s);
                    margin.push(inside);
                }
            }
        }
        // No sign of z belongs to a piece here.
        let z = vec![one; z.len()];
        Some(Composite {
            value,
            z,
            slope,
            margin,
        })
    }

    pub(super) fn push_w(&self, slope: &[T], lambda: &[T], x: &[T]) -> Vec<T> {
        self.outer(slope, self.inner(lambda, x))
    }

    pub(super) fn column(&self, slope: &[T], w: &[T], j: usize) -> Vec<T> {
        let column = |m: &Rows<T>| -> Vec<T> { m.iter().map(|r| r[j].clone()).collect() };
        let mut inner = column(&self.b);
        if let Some(a) = self.bilinear.get(j) {
            inner = add(&inner, &times(a, w));
        }
        let out = self.outer(slope, inner);
        match &self.layer {
            Some((_, b, _)) => add(&out, &hadamard(slope, &column(b))),
            None => out,
        }
    }
}

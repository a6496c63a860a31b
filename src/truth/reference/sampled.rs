//! The inner maps T̂ as written: gradient steps on averaged losses and affine maps with sign noise,
//! over a minibatch or the mean.

use super::algebra::{Rows, add, add_to, column, dot, hadamard, rows, times, transposed, vector};
use super::poisoned::Labelled;
use super::scalar::Scalar;
use crate::linalg::{Matrix, Vector};
use crate::maps::composite::{Inner, Loss, NoiseModel, Sample};

/// One sign ξ and what it multiplies.
pub(super) struct Channel<T> {
    n: Option<Rows<T>>,
    m: Option<Rows<T>>,
    e: Option<Vec<T>>,
}

/// T̂ in the number type T.
pub(super) enum Sampled<T> {
    /// w - η(Σ ℓ'(x_iᵀw)x_i/|b| + λ₂w).
    Sum {
        x: Rows<T>,
        y: Vec<T>,
        eta: T,
        loss: Loss,
    },
    /// The same on labelled rows, λ the noise on some.
    Poisoned(Labelled<T>),
    /// (A + Σ λ_l A_l + Σ ξ_a N_a)w + (B + Σ ξ_a M_a)λ + c + Σ ξ_a e_a.
    Affine {
        a: Rows<T>,
        bilinear: Vec<Rows<T>>,
        b: Rows<T>,
        c: Vec<T>,
        channels: Vec<Channel<T>>,
    },
}

impl<T: Scalar> Sampled<T> {
    pub(super) fn new(inner: &Inner) -> Self {
        match inner {
            Inner::Noise(model) => Self::affine(model),
            Inner::Poisoned(of) => Self::Poisoned(Labelled::new(of)),
            Inner::FiniteSum(f) => Self::Sum {
                x: (0..f.rows())
                    .map(|i| f.row(i).iter().map(|v| T::exactly(*v)).collect())
                    .collect(),
                y: (0..f.rows()).map(|i| T::exactly(f.target(i))).collect(),
                eta: T::exactly(f.eta()),
                loss: f.loss(),
            },
        }
    }

    pub(super) fn sum(x: &Matrix, y: &Vector, eta: f64, loss: Loss) -> Self {
        Self::Sum {
            x: rows(x),
            y: vector(y),
            eta: T::exactly(eta),
            loss,
        }
    }

    pub(super) fn affine(model: &NoiseModel) -> Self {
        Self::Affine {
            a: rows(&model.a),
            bilinear: model.bilinear.iter().map(rows).collect(),
            b: rows(&model.b),
            c: vector(&model.c),
            channels: model
                .channels
                .iter()
                .map(|c| Channel {
                    n: c.n.as_ref().map(rows),
                    m: c.m.as_ref().map(rows),
                    e: c.e.as_ref().map(vector),
                })
                .collect(),
        }
    }

    pub(super) fn dim(&self) -> usize {
        match self {
            Self::Sum { x, .. } => x.first().map_or(0, Vec::len),
            Self::Affine { c, .. } => c.len(),
            Self::Poisoned(f) => f.dim(),
        }
    }

    /// What value and Jacobians need of every row at w: ℓ' and ℓ'', or its probabilities twice
    /// (nothing for affine maps); `None` where the field lacks the logistic function.
    pub(super) fn derivatives(&self, w: &[T], lambda: &[T]) -> Option<[Vec<T>; 2]> {
        let (x, y, loss) = match self {
            Self::Sum { x, y, loss, .. } => (x, y, loss),
            Self::Affine { .. } => return Some([Vec::new(), Vec::new()]),
            Self::Poisoned(f) => {
                let p = f.probabilities(w, lambda)?;
                return Some([p.clone(), p]);
            }
        };
        let (one, half) = (T::exactly(1.0), T::exactly(0.5));
        let (mut first, mut second) = (Vec::with_capacity(y.len()), Vec::with_capacity(y.len()));
        for (row, y) in x.iter().zip(y) {
            let score = dot(row, w);
            match loss {
                Loss::Quadratic => {
                    first.push(score - y.clone());
                    second.push(one.clone());
                }
                Loss::Logistic => {
                    // 1/(1 + eᵐ) = (1 - tanh(m/2))/2.
                    let t = (half.clone() * y.clone() * score).tanh()?;
                    let s = half.clone() * (one.clone() - t);
                    first.push(-(y.clone() * s.clone()));
                    second.push(s.clone() * (one.clone() - s));
                }
            }
        }
        Some([first, second])
    }

    /// v - η(Σ weight_i x_i/|b| + λ₂v) over the rows of a sample, weight_i = `weight(i)`.
    fn step(
        &self,
        lambda: &[T],
        sample: Sample<'_>,
        v: &[T],
        weight: impl Fn(usize) -> T,
    ) -> Vec<T> {
        let Self::Sum { x, eta, .. } = self else {
            return Vec::new();
        };
        let mut sum = vec![T::exactly(0.0); v.len()];
        let mut add_row = |i: usize| add_to(&mut sum, &weight(i), &x[i]);
        let count = match sample {
            Sample::Mean => {
                (0..x.len()).for_each(&mut add_row);
                x.len()
            }
            Sample::Batch(b) => {
                b.iter().copied().for_each(&mut add_row);
                b.len()
            }
        };
        let n = T::exactly(count as f64);
        let each = sum.into_iter().zip(v);
        each.map(|(s, v)| v.clone() - eta.clone() * (s / n.clone() + lambda[1].clone() * v.clone()))
            .collect()
    }

    /// T̂(w, λ, sample) from the first derivatives at w.
    pub(super) fn value(&self, first: &[T], w: &[T], lambda: &[T], sample: Sample<'_>) -> Vec<T> {
        let (b, c, channels) = match self {
            Self::Affine { b, c, channels, .. } => (b, c, channels),
            Self::Sum { .. } => return self.step(lambda, sample, w, |i| first[i].clone()),
            Self::Poisoned(f) => return f.value(first, w, lambda, sample),
        };
        let mut out = add(
            &add(c, &times(b, lambda)),
            &self.push(&[], lambda, sample, w),
        );
        for (k, channel) in channels.iter().enumerate() {
            let Some(xi) = sign::<T>(sample, k) else {
                continue;
            };
            if let Some(m) = &channel.m {
                add_to(&mut out, &xi, &times(m, lambda));
            }
            if let Some(e) = &channel.e {
                add_to(&mut out, &xi, e);
            }
        }
        out
    }

    /// ∂₁T̂·x from the second derivatives.
    pub(super) fn push(&self, second: &[T], lambda: &[T], sample: Sample<'_>, x: &[T]) -> Vec<T> {
        self.linear(second, lambda, sample, x, times)
    }

    /// ∂₁T̂ᵀ·g.
    pub(super) fn pull(&self, second: &[T], lambda: &[T], sample: Sample<'_>, g: &[T]) -> Vec<T> {
        self.linear(second, lambda, sample, g, transposed)
    }

    fn linear(
        &self,
        second: &[T],
        lambda: &[T],
        sample: Sample<'_>,
        x: &[T],
        product: impl Fn(&Rows<T>, &[T]) -> Vec<T>,
    ) -> Vec<T> {
        let (a, bilinear, channels) = match self {
            Self::Sum { x: rows, .. } => {
                // Symmetric.
                let weight = |i: usize| second[i].clone() * dot(&rows[i], x);
                return self.step(lambda, sample, x, weight);
            }
            Self::Poisoned(f) => return f.push(second, lambda, sample, x),
            Self::Affine {
                a,
                bilinear,
                channels,
                ..
            } => (a, bilinear, channels),
        };
        let mut out = product(a, x);
        for (l, a) in lambda.iter().zip(bilinear) {
            add_to(&mut out, l, &product(a, x));
        }
        for (k, channel) in channels.iter().enumerate() {
            if let (Some(n), Some(xi)) = (&channel.n, sign::<T>(sample, k)) {
                add_to(&mut out, &xi, &product(n, x));
            }
        }
        out
    }

    /// Column j of ∂₂T̂ from the second of what [`Self::derivatives`] gives.
    pub(super) fn column(
        &self,
        second: &[T],
        at: (&[T], &[T]),
        sample: Sample<'_>,
        j: usize,
    ) -> Vec<T> {
        let (w, _) = at;
        match self {
            Self::Poisoned(f) => f.column(second, at, sample, j),
            Self::Sum { eta, .. } => {
                let scale = if j == 1 {
                    -eta.clone()
                } else {
                    T::exactly(0.0)
                };
                hadamard(&vec![scale; w.len()], w)
            }
            Self::Affine {
                bilinear,
                b,
                channels,
                ..
            } => {
                let mut out = column(b, j);
                if let Some(a) = bilinear.get(j) {
                    out = add(&out, &times(a, w));
                }
                for (k, channel) in channels.iter().enumerate() {
                    if let (Some(m), Some(xi)) = (&channel.m, sign::<T>(sample, k)) {
                        add_to(&mut out, &xi, &column(m, j));
                    }
                }
                out
            }
        }
    }
}

/// The mean of sign k over a sample, exactly; `None` where it is 0 by definition.
fn sign<T: Scalar>(sample: Sample<'_>, k: usize) -> Option<T> {
    let Sample::Batch(batch) = sample else {
        return None;
    };
    let plus = batch.iter().filter(|i| (*i >> k) & 1 == 1).count();
    let sum = T::exactly(2.0 * plus as f64 - batch.len() as f64);
    Some(sum / T::exactly(batch.len() as f64))
}

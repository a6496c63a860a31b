//! Gradient steps on the cross-entropy of labelled rows with noise on some, as written.

use super::algebra::{add_to, dot};
use super::scalar::Scalar;
use crate::maps::composite::{Poisoned, Sample};

/// T̂(W, Γ, b) = W - η(Σ x̃_i(p_i - e_i)ᵀ/|b| + ρW) in the number type T.
pub(super) struct Labelled<T> {
    x: Vec<Vec<T>>,
    labels: Vec<usize>,
    /// Which row of Γ belongs to row i.
    slot: Vec<Option<usize>>,
    corrupted: Vec<usize>,
    classes: usize,
    eta: T,
    ridge: T,
}

/// The rows of a sample, and their number.
fn indices(sample: Sample<'_>, n: usize) -> Vec<usize> {
    match sample {
        Sample::Mean => (0..n).collect(),
        Sample::Batch(b) => b.to_vec(),
    }
}

impl<T: Scalar> Labelled<T> {
    pub(super) fn new(of: &Poisoned) -> Self {
        let exactly = |i: usize| of.row(i).iter().map(|v| T::exactly(*v)).collect();
        Self {
            x: (0..of.rows()).map(exactly).collect(),
            labels: (0..of.rows()).map(|i| of.label(i)).collect(),
            slot: (0..of.rows()).map(|i| of.slot(i)).collect(),
            corrupted: of.corrupted().to_vec(),
            classes: of.classes(),
            eta: T::exactly(of.step()),
            ridge: T::exactly(of.ridge()),
        }
    }

    pub(super) fn dim(&self) -> usize {
        self.width() * self.classes
    }

    fn width(&self) -> usize {
        self.x.first().map_or(0, Vec::len)
    }

    /// x̃_i.
    fn row(&self, i: usize, noise: &[T]) -> Vec<T> {
        let mut row = self.x[i].clone();
        if let Some(s) = self.slot[i] {
            let p = self.width();
            add_to(&mut row, &T::exactly(1.0), &noise[s * p..(s + 1) * p]);
        }
        row
    }

    /// Wᵀx.
    fn scores(&self, w: &[T], x: &[T]) -> Vec<T> {
        w.chunks_exact(self.width()).map(|w| dot(w, x)).collect()
    }

    /// p_i of every row, row after row; `None` where the field lacks the exponential function.
    pub(super) fn probabilities(&self, w: &[T], noise: &[T]) -> Option<Vec<T>> {
        let mut out = Vec::with_capacity(self.x.len() * self.classes);
        for i in 0..self.x.len() {
            let s = self.scores(w, &self.row(i, noise));
            let larger = |a: T, b: &T| if *b > a { b.clone() } else { a };
            let top = s.iter().skip(1).fold(s[0].clone(), larger);
            let e: Option<Vec<T>> = s
                .iter()
                .map(|s| (s.clone() - top.clone()).exp_of_negative())
                .collect();
            let e = e?;
            let sum = e.iter().fold(T::exactly(0.0), |a, b| a + b.clone());
            out.extend(e.into_iter().map(|e| e / sum.clone()));
        }
        Some(out)
    }

    fn residuals(&self, p: &[T], i: usize) -> Vec<T> {
        let mut r = p[i * self.classes..(i + 1) * self.classes].to_vec();
        r[self.labels[i]] = r[self.labels[i]].clone() - T::exactly(1.0);
        r
    }

    /// H_is.
    fn bend(&self, p: &[T], i: usize, s: &[T]) -> Vec<T> {
        let p = &p[i * self.classes..(i + 1) * self.classes];
        let mean = dot(p, s);
        let each = p.iter().zip(s);
        each.map(|(p, s)| p.clone() * (s.clone() - mean.clone()))
            .collect()
    }

    /// v - η(Σ x̃_ia_iᵀ/|b| + ρv).
    fn step(
        &self,
        noise: &[T],
        sample: Sample<'_>,
        v: &[T],
        weights: impl Fn(usize, &[T]) -> Vec<T>,
    ) -> Vec<T> {
        let p = self.width();
        let rows = indices(sample, self.x.len());
        let mut sum = vec![T::exactly(0.0); v.len()];
        for i in &rows {
            let x = self.row(*i, noise);
            let each = sum.chunks_exact_mut(p).zip(weights(*i, &x));
            each.for_each(|(to, a)| add_to(to, &a, &x));
        }
        let n = T::exactly(rows.len() as f64);
        let each = sum.into_iter().zip(v);
        each.map(|(s, v)| {
            v.clone() - self.eta.clone() * (s / n.clone() + self.ridge.clone() * v.clone())
        })
        .collect()
    }

    /// T̂(W, Γ, sample) from the probabilities at W.
    pub(super) fn value(&self, p: &[T], w: &[T], noise: &[T], sample: Sample<'_>) -> Vec<T> {
        self.step(noise, sample, w, |i, _| self.residuals(p, i))
    }

    /// ∂₁T̂V.
    pub(super) fn push(&self, p: &[T], noise: &[T], sample: Sample<'_>, v: &[T]) -> Vec<T> {
        self.step(noise, sample, v, |i, x| self.bend(p, i, &self.scores(v, x)))
    }

    /// Column j of ∂₂T̂.
    pub(super) fn column(
        &self,
        p: &[T],
        (w, noise): (&[T], &[T]),
        sample: Sample<'_>,
        j: usize,
    ) -> Vec<T> {
        let (width, mut out) = (self.width(), vec![T::exactly(0.0); w.len()]);
        let (i, j) = (self.corrupted[j / width], j % width);
        let rows = indices(sample, self.x.len());
        let times = rows.iter().filter(|k| **k == i).count();
        if times == 0 {
            return out;
        }
        let scale = -(self.eta.clone() * T::exactly(times as f64) / T::exactly(rows.len() as f64));
        // The direction is the unit vector j of row i: Wᵀδ is row j of W.
        let along: Vec<T> = w.chunks_exact(width).map(|w| w[j].clone()).collect();
        let (r, bent) = (self.residuals(p, i), self.bend(p, i, &along));
        let x = self.row(i, noise);
        for ((to, r), a) in out.chunks_exact_mut(width).zip(r).zip(bent) {
            add_to(to, &(scale.clone() * a), &x);
            to[j] = to[j].clone() + scale.clone() * r;
        }
        out
    }
}

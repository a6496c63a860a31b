//! T̂ at one (w, λ), for the many products ∂₁T̂ᵀv of a stochastic method.
//!
//! Owns what is worth keeping between them. Behind a mask (the prox of an elastic net) v is 0 off
//! the mask's support and nothing else of the product is read: the rows are gathered to the columns
//! of the support once. Where every product would compute the probabilities of its rows again, those
//! of all rows are kept. Whether that pays follows from the number of samples to come, so that the
//! same run computes the same bits.

use super::finite_sum::FiniteSum;
use super::inner::Inner;
use super::loss::Loss;
use super::sample::Sample;
use crate::linalg::product::{add_weighted_rows, dot};
use crate::linalg::rows::Aligned;

/// Uses of a row that pay for gathering it.
const GATHER: usize = 16;

/// Uses of a row that pay for its probabilities.
const PROBABILITIES: usize = 3;

/// Numbers of a cache line: gathered rows are filled up with zeros to whole lines.
const LINE: usize = 8;

/// T̂ at one (w, λ).
pub(crate) struct AtPoint<'a> {
    inner: &'a Inner,
    w: &'a [f64],
    lambda: &'a [f64],
    kept: Kept,
}

enum Kept {
    Nothing,
    Columns(Columns),
    /// p_i of all rows (n×c).
    Probabilities(Vec<f64>),
}

/// The rows of a finite sum at the columns of a support.
struct Columns {
    support: Vec<usize>,
    /// n×width.
    x: Aligned,
    /// The second derivatives of the losses at w (n); none where they are 1.
    curvature: Vec<f64>,
    v: Vec<f64>,
    out: Vec<f64>,
}

impl<'a> AtPoint<'a> {
    /// For products with so many samples in all. Where `mask` is given, v is 0 wherever it is, and
    /// nothing is read of the products there.
    pub fn new(
        inner: &'a Inner,
        (w, lambda): (&'a [f64], &'a [f64]),
        mask: Option<&[f64]>,
        samples: usize,
    ) -> Self {
        let pays = |uses: usize| samples / uses >= inner.population();
        let kept = match (inner, mask) {
            (Inner::FiniteSum(f), Some(mask)) if pays(GATHER) => {
                Columns::gathered(f, w, mask).map_or(Kept::Nothing, Kept::Columns)
            }
            (Inner::Poisoned(f), _) if pays(PROBABILITIES) => {
                Kept::Probabilities(f.probabilities(w, lambda))
            }
            _ => Kept::Nothing,
        };
        Self {
            inner,
            w,
            lambda,
            kept,
        }
    }

    /// out ← ∂₁T̂(w, λ, sample)ᵀ v.
    pub fn d1_tr(&mut self, sample: &[usize], v: &[f64], out: &mut [f64]) {
        match (&mut self.kept, self.inner) {
            (Kept::Columns(columns), Inner::FiniteSum(f)) => {
                let keep = 1.0 - f.eta() * self.lambda[1];
                columns.d1_tr(sample, (keep, f.eta()), v, out);
            }
            (Kept::Probabilities(p), Inner::Poisoned(f)) => {
                f.d1_from(p, self.lambda, Sample::Batch(sample), v, out);
            }
            (_, inner) => inner.d1_tr(self.w, self.lambda, Sample::Batch(sample), v, out),
        }
    }
}

impl Columns {
    /// Where it saves a quarter of the columns or more.
    fn gathered(f: &FiniteSum, w: &[f64], mask: &[f64]) -> Option<Self> {
        let support: Vec<usize> = (0..mask.len()).filter(|j| mask[*j] != 0.0).collect();
        let width = support.len().next_multiple_of(LINE);
        if 4 * width > 3 * f.dim() {
            return None;
        }
        let mut x = Aligned::zeros(f.rows() * width);
        let mut curvature = Vec::new();
        for i in 0..f.rows() {
            let row = f.row(i);
            let to = &mut x[i * width..][..support.len()];
            to.iter_mut().zip(&support).for_each(|(v, j)| *v = row[*j]);
            if f.loss() != Loss::Quadratic {
                curvature.push(f.curvature(dot(row, w)));
            }
        }
        Some(Self {
            support,
            x,
            curvature,
            v: vec![0.0; width],
            out: vec![0.0; width],
        })
    }

    /// out ← (1-ηλ₂)v - (η/|b|) Σ h_i x_i(x_iᵀv) on the support, 0 elsewhere.
    fn d1_tr(&mut self, batch: &[usize], (keep, eta): (f64, f64), v: &[f64], out: &mut [f64]) {
        for (own, j) in self.v.iter_mut().zip(&self.support) {
            *own = v[*j];
        }
        let scaled = self.out.iter_mut().zip(&self.v);
        scaled.for_each(|(o, v)| *o = keep * v);
        let c = -eta / batch.len() as f64;
        let index = |k: usize| batch[k];
        if self.curvature.is_empty() {
            let weight = |_, s| c * s;
            add_weighted_rows(&self.x, &self.v, batch.len(), index, weight, &mut self.out);
        } else {
            let h = &self.curvature;
            let weight = |i: usize, s| c * (h[i] * s);
            add_weighted_rows(&self.x, &self.v, batch.len(), index, weight, &mut self.out);
        }
        out.fill(0.0);
        for (own, j) in self.out.iter().zip(&self.support) {
            out[*j] = *own;
        }
    }
}

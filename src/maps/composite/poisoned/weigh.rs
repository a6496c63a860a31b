//! What is made of the scores of a row of a multiclass logistic regression.

use crate::linalg::rows::Weigh;
use crate::linalg::softmax::softmax;

/// How often the row at a position counts.
#[inline(always)]
fn times(all: &[f64], at: usize) -> f64 {
    all.get(at).copied().unwrap_or(1.0)
}

/// out ← times·Hs, H = diag(p) - ppᵀ.
#[inline(always)]
fn bend(times: f64, p: &[f64], s: &[f64], out: &mut [f64]) {
    let mean: f64 = p.iter().zip(s).map(|(p, s)| p * s).sum();
    for (o, (p, s)) in out.iter_mut().zip(p.iter().zip(s)) {
        *o = times * (p * (s - mean));
    }
}

/// out ← times·(p - e), e the unit vector of the label.
#[inline(always)]
fn residual(times: f64, p: &[f64], label: usize, out: &mut [f64]) {
    for (l, (o, p)) in out.iter_mut().zip(p).enumerate() {
        *o = times * (p - f64::from(u8::from(l == label)));
    }
}

/// p_i - e_i of every row from its scores Wᵀx̃_i; p_i is kept where there is room.
pub(super) struct Residuals<'a> {
    pub(super) labels: &'a [usize],
    pub(super) classes: usize,
    pub(super) index: &'a [usize],
    pub(super) times: &'a [f64],
}

impl Weigh for Residuals<'_> {
    #[inline(always)]
    fn weigh(&self, first: usize, scores: &mut [f64], weights: &mut [f64], kept: &mut [f64]) {
        let c = self.classes;
        softmax(scores, c);
        if !kept.is_empty() {
            kept.copy_from_slice(scores);
        }
        if weights.is_empty() {
            return;
        }
        let rows = scores.chunks_exact(c).zip(weights.chunks_exact_mut(c));
        for (k, (p, row)) in rows.enumerate() {
            let at = first + k;
            residual(times(self.times, at), p, self.labels[self.index[at]], row);
        }
    }
}

/// H_is_i from the scores s_i = Vᵀx̃_i, behind those of W where p_i is not given.
pub(super) struct Curved<'a> {
    pub(super) classes: usize,
    pub(super) index: &'a [usize],
    /// Of all rows of the data.
    pub(super) probabilities: Option<&'a [f64]>,
    pub(super) times: &'a [f64],
}

impl Weigh for Curved<'_> {
    #[inline(always)]
    fn weigh(&self, first: usize, scores: &mut [f64], weights: &mut [f64], _: &mut [f64]) {
        let c = self.classes;
        let width = if self.probabilities.is_some() {
            c
        } else {
            2 * c
        };
        for (k, s) in scores.chunks_exact_mut(width).enumerate() {
            let (own, s) = s.split_at_mut(width - c);
            let p = match self.probabilities {
                Some(all) => &all[self.index[first + k] * c..][..c],
                None => {
                    softmax(own, c);
                    own
                }
            };
            let times = times(self.times, first + k);
            bend(times, p, s, &mut weights[k * c..][..c]);
        }
    }
}

/// Weights p_i - e_i of the directions δ_i; H_iWᵀδ_i is kept.
pub(super) struct Direction<'a> {
    pub(super) labels: &'a [usize],
    pub(super) classes: usize,
    pub(super) index: &'a [usize],
    /// Of these rows.
    pub(super) probabilities: &'a [f64],
    pub(super) times: &'a [f64],
}

impl Weigh for Direction<'_> {
    #[inline(always)]
    fn weigh(&self, first: usize, scores: &mut [f64], weights: &mut [f64], kept: &mut [f64]) {
        let c = self.classes;
        for (k, s) in scores.chunks_exact(c).enumerate() {
            let at = first + k;
            let p = &self.probabilities[at * c..][..c];
            let (times, own) = (times(self.times, at), k * c..(k + 1) * c);
            residual(
                times,
                p,
                self.labels[self.index[at]],
                &mut weights[own.clone()],
            );
            bend(times, p, s, &mut kept[own]);
        }
    }
}

/// Weights that are known.
pub(super) struct Given<'a>(pub(super) &'a [f64], pub(super) usize);

impl Weigh for Given<'_> {
    #[inline(always)]
    fn weigh(&self, first: usize, _: &mut [f64], weights: &mut [f64], _: &mut [f64]) {
        weights.copy_from_slice(&self.0[first * self.1..][..weights.len()]);
    }
}

/// Weights p_i - e_i of V and H_iVᵀx̃_i of W, from the scores of both.
pub(super) struct Transposed<'a> {
    pub(super) labels: &'a [usize],
    pub(super) classes: usize,
    pub(super) index: &'a [usize],
    pub(super) times: &'a [f64],
    pub(super) scale: f64,
}

impl Weigh for Transposed<'_> {
    #[inline(always)]
    fn weigh(&self, first: usize, scores: &mut [f64], weights: &mut [f64], _: &mut [f64]) {
        let c = self.classes;
        let rows = scores.chunks_exact_mut(2 * c);
        for (k, (scores, weights)) in rows.zip(weights.chunks_exact_mut(2 * c)).enumerate() {
            let (s, p) = scores.split_at_mut(c);
            softmax(p, c);
            let scale = self.scale * times(self.times, first + k);
            let (of_v, of_w) = weights.split_at_mut(c);
            residual(scale, p, self.labels[self.index[first + k]], of_v);
            bend(scale, p, s, of_w);
        }
    }
}

//! Products with ∂₂T̂ and its transpose, over the corrupted rows.

use super::Poisoned;
use super::weigh::{Direction, Given, Transposed};
use crate::linalg::rows::{Aligned, Coefficients, Rows, expand, reweigh};
use crate::maps::composite::sample::Sample;

impl Poisoned {
    /// The corrupted rows of a sample with what each counts.
    fn corrupted_of(&self, sample: Sample<'_>) -> (Vec<usize>, Vec<f64>, f64) {
        let chosen = self.chosen(sample);
        let mut times = vec![0.0; self.rows.corrupted.len()];
        for (k, i) in chosen.index.iter().enumerate() {
            let slot = self.rows.slot[*i];
            if slot != Rows::NONE {
                times[slot as usize] += chosen.times().get(k).copied().unwrap_or(1.0);
            }
        }
        let seen = |s: &usize| times[*s] != 0.0;
        let slots = (0..times.len()).filter(seen).collect();
        (slots, times, chosen.count)
    }

    /// out ← out + ∂₂T̂Δ, Δ of the form of Γ.
    pub(crate) fn add_d2(
        &self,
        w: &[f64],
        noise: &[f64],
        sample: Sample<'_>,
        direction: &[f64],
        out: &mut [f64],
    ) {
        let (slots, times, count) = self.corrupted_of(sample);
        let (c, p) = (self.rows.classes, self.rows.width);
        let index: Vec<usize> = slots.iter().map(|s| self.rows.corrupted[*s]).collect();
        let times: Vec<f64> = slots.iter().map(|s| times[*s]).collect();
        let coefficients = Coefficients::new(&[w], p);
        let source = self.source(noise);
        // p_i, then Σδ_i(p_i-e_i)ᵀ with H_iWᵀδ_i on the way, then Σx̃_i(H_iWᵀδ_i)ᵀ.
        let probabilities = self.probabilities_of(&index, &coefficients, noise);
        let directions = Rows {
            x: direction,
            width: p,
            added: &[],
            slot: &[],
        };
        let along = Direction {
            labels: &self.rows.labels,
            classes: c,
            index: &index,
            probabilities: &probabilities,
            times: &times,
        };
        let mut sum = Aligned::zeros(out.len());
        let mut moved = vec![0.0; index.len() * c];
        reweigh(
            directions,
            &slots,
            &coefficients,
            &along,
            &mut moved,
            &mut sum,
        );
        let none = Coefficients::new(&[], p);
        let given = Given(&moved, c);
        reweigh(source, &index, &none, &given, &mut [], &mut sum);
        let scale = self.step / count;
        let pairs = out.iter_mut().zip(sum.iter());
        pairs.for_each(|(o, v)| *o -= scale * v);
    }

    /// out ← out + ∂₂T̂ᵀV, of the form of Γ.
    pub(crate) fn add_d2_tr(
        &self,
        w: &[f64],
        noise: &[f64],
        sample: Sample<'_>,
        v: &[f64],
        out: &mut [f64],
    ) {
        let (slots, times, count) = self.corrupted_of(sample);
        let (p, all) = (self.rows.width, self.rows.corrupted.len());
        let scale = -self.step / count;
        let coefficients = Coefficients::new(&[v, w], p);
        let go = |index: &[usize], times: &[f64], out: &mut [f64]| {
            let weigh = Transposed {
                labels: &self.rows.labels,
                classes: self.rows.classes,
                index,
                times,
                scale,
            };
            expand(self.source(noise), index, &coefficients, &weigh, out);
        };
        if 2 * slots.len() > all {
            // Rows that do not count have the weight 0.
            go(&self.rows.corrupted, &times, out);
            return;
        }
        let index: Vec<usize> = slots.iter().map(|s| self.rows.corrupted[*s]).collect();
        let times: Vec<f64> = slots.iter().map(|s| times[*s]).collect();
        let mut own = Aligned::zeros(index.len() * p);
        go(&index, &times, &mut own);
        for (s, row) in slots.iter().zip(own.chunks_exact(p)) {
            let to = out[s * p..][..p].iter_mut();
            to.zip(row).for_each(|(o, v)| *o += v);
        }
    }
}

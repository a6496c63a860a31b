//! ∇f and ∇²f of a poisoned regression in double-double arithmetic, straight from the data.

use crate::linalg::Dd;
use crate::linalg::product::norm2;
use crate::linalg::strips::{STRIPS, each};
use crate::maps::composite::Poisoned;
use crate::tol::UNIT_DD;

/// The rows with their noise.
pub(super) struct Exact<'a> {
    of: &'a Poisoned,
    noise: &'a [f64],
}

impl<'a> Exact<'a> {
    pub(super) fn new(of: &'a Poisoned, noise: &'a [f64]) -> Self {
        Self { of, noise }
    }

    /// The entries of x̃_i that are not 0, with their columns.
    fn row(&self, i: usize) -> Vec<(usize, Dd)> {
        let noise = self.of.slot(i).map(|s| {
            let p = self.of.width();
            &self.noise[s * p..(s + 1) * p]
        });
        let entry = |(j, x): (usize, &f64)| {
            let more = noise.map_or(0.0, |n| n[j]);
            (j, Dd::from(*x) + Dd::from(more))
        };
        let all = self.of.row(i).iter().enumerate().map(entry);
        all.filter(|(_, x)| *x != Dd::ZERO).collect()
    }

    fn scores(&self, w: &[f64], row: &[(usize, Dd)]) -> Vec<Dd> {
        let one = |w: &[f64]| {
            let terms = row.iter().map(|(j, x)| *x * Dd::from(w[*j]));
            terms.fold(Dd::ZERO, |a, b| a + b)
        };
        w.chunks_exact(self.of.width()).map(one).collect()
    }

    fn probabilities(&self, w: &[f64], row: &[(usize, Dd)]) -> Vec<Dd> {
        let mut s = self.scores(w, row);
        let top = s
            .iter()
            .copied()
            .fold(s[0], |a, b| if b > a { b } else { a });
        s.iter_mut().for_each(|s| *s = (*s - top).exp_of_negative());
        let sum = s.iter().fold(Dd::ZERO, |a, b| a + *b);
        s.into_iter().map(|e| e / sum).collect()
    }

    /// n⁻¹Σx̃_ia_iᵀ + ρv.
    fn sum(
        &self,
        v: &[f64],
        weights: impl Fn(usize, &[(usize, Dd)]) -> Vec<Dd> + Sync + Send,
    ) -> Vec<Dd> {
        let (n, p, d) = (self.of.rows(), self.of.width(), v.len());
        let length = n.div_ceil(STRIPS);
        let strips: Vec<std::ops::Range<usize>> = (0..n)
            .step_by(length)
            .map(|a| a..(a + length).min(n))
            .collect();
        let one = |rows: std::ops::Range<usize>| {
            let mut sum = vec![Dd::ZERO; d];
            for i in rows {
                let row = self.row(i);
                for (to, a) in sum.chunks_exact_mut(p).zip(weights(i, &row)) {
                    row.iter().for_each(|(j, x)| to[*j] += *x * a);
                }
            }
            sum
        };
        // Some dozen operations each.
        let work = 16 * n * d;
        let mut out = vec![Dd::ZERO; d];
        for strip in each(strips, work, one) {
            out.iter_mut().zip(strip).for_each(|(o, s)| *o += s);
        }
        let (n, ridge) = (Dd::from(n as f64), Dd::from(self.of.ridge()));
        out.iter_mut()
            .zip(v)
            .for_each(|(o, v)| *o = *o / n + ridge * Dd::from(*v));
        out
    }

    /// ∇f(w) + ρw.
    pub(super) fn gradient(&self, w: &[f64]) -> Vec<Dd> {
        self.sum(w, |i, row| {
            let mut p = self.probabilities(w, row);
            p[self.of.label(i)] -= Dd::ONE;
            p
        })
    }

    /// (∇²f(w) + ρI)v.
    pub(super) fn curved(&self, w: &[f64], v: &[f64]) -> Vec<Dd> {
        self.sum(v, |_, row| {
            let (p, s) = (self.probabilities(w, row), self.scores(v, row));
            let mean = p.iter().zip(&s).fold(Dd::ZERO, |a, (p, s)| a + *p * *s);
            p.iter().zip(s).map(|(p, s)| *p * (s - mean)).collect()
        })
    }

    fn operations(&self) -> f64 {
        // The exponential takes some hundred.
        4.0 * (self.of.rows() + self.of.width() + self.of.classes() + 256) as f64
    }

    /// What [`Exact::gradient`] and a threshold `lambda1` lose in the norm of all entries, rounded
    /// up; `row` is max‖x̃_i‖.
    pub(super) fn lost(&self, w: &[f64], row: f64, lambda1: f64) -> f64 {
        let (size, d) = (norm2(w), (w.len() as f64).sqrt());
        let terms = 2.0 * row * (1.0 + row * size) + self.of.ridge() * size + 4.0 * d * lambda1;
        UNIT_DD * self.operations() * terms
    }

    /// The same of [`Exact::curved`] for ‖v‖ = `size`.
    pub(super) fn lost_curved(&self, w: &[f64], row: f64, size: f64) -> f64 {
        let terms = 2.0 * row * row * (1.0 + row * norm2(w)) + self.of.ridge();
        UNIT_DD * self.operations() * size * terms
    }
}

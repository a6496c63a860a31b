//! Products with gathered rows of a row-major matrix.
//!
//! Rows are contiguous, so a minibatch reads each of its rows from memory once: both uses of a row
//! (the inner product and the update) happen while it is in the cache. Must not know what the
//! weights mean.

use pulp::{Arch, Simd, WithSimd};

use super::kernel::{LANES, products};
use crate::linalg::prefetch::prefetch;

/// Rows at a time: v and out are loaded once for so many.
const ROWS: usize = 4;

/// out ← out + Σ_k f(i_k, x_{i_k}·v) x_{i_k} over `count` rows i_k = index(k), of a row-major
/// matrix with rows of length d = v.len(). The order of summation depends on `count` and d only.
pub fn add_weighted_rows(
    x: &[f64],
    v: &[f64],
    count: usize,
    index: impl Fn(usize) -> usize,
    f: impl FnMut(usize, f64) -> f64,
    out: &mut [f64],
) {
    assert_eq!(v.len(), out.len());
    let job = Weighted {
        x,
        v,
        count,
        index,
        f,
        out,
    };
    Arch::new().dispatch(job);
}

/// The sum as a job.
pub(super) struct Weighted<'a, I, F> {
    pub(super) x: &'a [f64],
    pub(super) v: &'a [f64],
    pub(super) count: usize,
    pub(super) index: I,
    pub(super) f: F,
    pub(super) out: &'a mut [f64],
}

impl<I: Fn(usize) -> usize, F: FnMut(usize, f64) -> f64> WithSimd for Weighted<'_, I, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, s: S) {
        match S::F64_LANES {
            8 => self.vectors::<S, 1>(s),
            4 => self.vectors::<S, 2>(s),
            2 => self.vectors::<S, 4>(s),
            _ => self.vectors::<S, 8>(s),
        }
    }
}

impl<I: Fn(usize) -> usize, F: FnMut(usize, f64) -> f64> Weighted<'_, I, F> {
    /// V vectors make eight lanes.
    #[inline(always)]
    fn vectors<S: Simd, const V: usize>(mut self, s: S) {
        let d = self.v.len();
        let row = |k: usize| {
            let i = (self.index)(k);
            (i, &self.x[i * d..][..d])
        };
        let mut k = 0;
        while k + ROWS <= self.count {
            let four = [row(k), row(k + 1), row(k + 2), row(k + 3)];
            // The next ones are far away in memory.
            for next in k + ROWS..(k + 2 * ROWS).min(self.count) {
                let next = row(next).1;
                for line in (0..d).step_by(LANES) {
                    prefetch(next, line);
                }
            }
            let scores = products::<S, ROWS, V>(s, four.map(|r| r.1), self.v);
            let mut weights = [0.0; ROWS];
            for n in 0..ROWS {
                weights[n] = (self.f)(four[n].0, scores[n]);
            }
            add_four(s, weights, four.map(|r| r.1), self.out);
            k += ROWS;
        }
        while k < self.count {
            let (i, row) = row(k);
            let [score] = products::<S, 1, V>(s, [row], self.v);
            let weight = (self.f)(i, score);
            for (o, x) in self.out.iter_mut().zip(row) {
                *o += weight * x;
            }
            k += 1;
        }
    }
}

/// out ← out + Σ_n c_n x_n.
#[inline(always)]
fn add_four<S: Simd>(s: S, c: [f64; ROWS], x: [&[f64]; ROWS], out: &mut [f64]) {
    let whole = out.len() / S::F64_LANES * S::F64_LANES;
    let (vectors, rest) = out.split_at_mut(whole);
    let of = x.map(|x| S::as_simd_f64s(&x[..whole]).0);
    let by = c.map(|c| s.splat_f64s(c));
    for (j, o) in S::as_mut_simd_f64s(vectors).0.iter_mut().enumerate() {
        let p = |n: usize| s.mul_f64s(by[n], of[n][j]);
        let sum = s.add_f64s(s.add_f64s(p(0), p(1)), s.add_f64s(p(2), p(3)));
        *o = s.add_f64s(*o, sum);
    }
    for (j, o) in rest.iter_mut().enumerate() {
        let p = |n: usize| c[n] * x[n][whole + j];
        *o += (p(0) + p(1)) + (p(2) + p(3));
    }
}

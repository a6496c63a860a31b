//! Whole passes: blocks of rows, strips of blocks, and threads.

use pulp::{Simd, WithSimd};

use super::aligned::Aligned;
use super::coefficients::Coefficients;
use super::kernel::{accumulate, expanded, scores};
use super::source::Rows;
use super::tile::BLOCK;
use crate::linalg::strips::{STRIPS, each};

/// What is made of the scores of a row.
pub trait Weigh: Sync {
    /// Weights of the rows at positions `first..` of the index, from their scores (b×a): weights
    /// (b×c), and what is to be kept of every row (b×k).
    fn weigh(&self, first: usize, scores: &mut [f64], weights: &mut [f64], kept: &mut [f64]);
}

/// Least rows of a strip where there are several: a sum of its own for fewer costs more than they
/// do.
const FEWEST: usize = 144;

/// Rows of a strip: of their number alone, so that sums have one order.
fn strip(rows: usize) -> usize {
    let strips = (rows / FEWEST).clamp(1, STRIPS);
    let even = rows.div_ceil(strips).max(1);
    // Whole blocks, where a part of one more would not be felt by the thread that has it.
    even.next_multiple_of(if even > 8 * BLOCK { BLOCK } else { BLOCK / 3 })
}

/// Rows of each block of a strip: about as many in the last one, so that every block has the time
/// to ask for the next.
fn even(rows: usize) -> usize {
    let blocks = rows.div_ceil(BLOCK).max(1);
    rows.div_ceil(blocks).next_multiple_of(BLOCK / 9)
}

/// sum ← sum + Σ_i a_ix_iᵀ (c×p) over the rows of `index`, the weights a_i made of the scores Cx_i
/// by `weigh`; `kept` (rows × k, or empty) takes what is to be kept. Every row is read once.
///
/// # Panics
/// Where the lengths do not fit: a program error.
pub fn reweigh(
    rows: Rows<'_>,
    index: &[usize],
    coefficients: &Coefficients,
    weigh: &impl Weigh,
    kept: &mut [f64],
    sum: &mut [f64],
) {
    let length = strip(index.len());
    let count = sum.len() / rows.width;
    let per_row = kept.len() / index.len().max(1);
    assert_eq!(coefficients.width, rows.width);
    assert_eq!(sum.len(), count * rows.width);
    assert_eq!(kept.len(), per_row * index.len());
    let one = |(n, index, kept): (usize, &[usize], &mut [f64])| {
        let mut own = Aligned::zeros(count * rows.width);
        let job = Strip {
            rows,
            index,
            first: n * length,
            coefficients,
            weigh,
            weights: count,
            kept,
            finish: Summed(&mut own),
        };
        coefficients.arch.dispatch(job);
        own
    };
    let mut kept = if per_row == 0 {
        index.chunks(length).map(|_| &mut [][..]).collect()
    } else {
        kept.chunks_mut(length * per_row).collect::<Vec<_>>()
    };
    let strips = index.chunks(length).zip(kept.drain(..)).enumerate();
    let strips: Vec<(usize, &[usize], &mut [f64])> =
        strips.map(|(n, (index, kept))| (n, index, kept)).collect();
    let work = index.len() * rows.width * (coefficients.count + count);
    for own in each(strips, work, one) {
        sum.iter_mut().zip(&*own).for_each(|(o, v)| *o += v);
    }
}

/// out ← out + AC (rows of `index` × p), the weights A made of the scores of each row by `weigh`:
/// as many as there are coefficients, and there is at least one.
///
/// # Panics
/// Where the lengths do not fit: a program error.
pub fn expand(
    rows: Rows<'_>,
    index: &[usize],
    coefficients: &Coefficients,
    weigh: &impl Weigh,
    out: &mut [f64],
) {
    let length = strip(index.len());
    assert!(coefficients.count > 0 && coefficients.width == rows.width);
    assert_eq!(out.len(), index.len() * rows.width);
    let one = |(n, index, out): (usize, &[usize], &mut [f64])| {
        let job = Strip {
            rows,
            index,
            first: n * length,
            coefficients,
            weigh,
            weights: coefficients.count,
            kept: &mut [],
            finish: Expanded(coefficients, out),
        };
        coefficients.arch.dispatch(job);
    };
    let strips = index
        .chunks(length)
        .zip(out.chunks_mut(length * rows.width))
        .enumerate();
    let strips: Vec<(usize, &[usize], &mut [f64])> =
        strips.map(|(n, (index, out))| (n, index, out)).collect();
    let work = 2 * index.len() * rows.width * coefficients.count;
    each(strips, work, one);
}

/// The rows of a block, those with something added in a buffer.
struct Block<'a> {
    rows: Rows<'a>,
    patched: Aligned,
}

impl<'a> Block<'a> {
    fn new(rows: Rows<'a>) -> Self {
        let any = !rows.added.is_empty();
        Self {
            rows,
            patched: Aligned::zeros(if any { BLOCK * rows.width } else { 0 }),
        }
    }

    /// The rows of these indices.
    #[inline(always)]
    fn fill<'b>(&'b mut self, index: &[usize]) -> Vec<&'b [f64]>
    where
        'a: 'b,
    {
        let p = self.rows.width;
        for (i, to) in index.iter().zip(self.patched.chunks_exact_mut(p)) {
            if let Some(addend) = self.rows.addend(*i) {
                let own = self.rows.own(*i).iter().zip(addend);
                to.iter_mut().zip(own).for_each(|(t, (x, a))| *t = x + a);
            }
        }
        let (rows, patched) = (self.rows, &self.patched);
        let row = |(k, i): (usize, &usize)| match rows.addend(*i) {
            Some(_) => &patched[k * p..][..p],
            None => rows.own(*i),
        };
        index.iter().enumerate().map(row).collect()
    }
}

/// What the rows of these indices are read from.
fn ahead<'a>(rows: Rows<'a>, index: Option<&[usize]>) -> Vec<&'a [f64]> {
    let sources = |i: &usize| [Some(rows.own(*i)), rows.addend(*i)];
    let index = index.unwrap_or_default().iter();
    index.flat_map(sources).flatten().collect()
}

/// A strip of a pass.
struct Strip<'a, W, F> {
    rows: Rows<'a>,
    index: &'a [usize],
    /// The position of its first row in the whole index.
    first: usize,
    coefficients: &'a Coefficients,
    weigh: &'a W,
    /// Weights of a row.
    weights: usize,
    kept: &'a mut [f64],
    finish: F,
}

/// What is made of the rows and weights of a block. Not a closure: it must become part of the code
/// for the machine's vectors.
trait Finish {
    /// How many of the rows ahead are asked for while scores are made.
    fn share(all: usize) -> usize;

    /// `at` is the position of the first row in the strip.
    /// Rows `ahead` are asked for meanwhile.
    fn finish<S: Simd>(
        &mut self,
        s: S,
        rows: &[&[f64]],
        ahead: &[&[f64]],
        weights: &[f64],
        at: usize,
    );
}

/// Their sum.
struct Summed<'a>(&'a mut [f64]);

impl Finish for Summed<'_> {
    fn share(all: usize) -> usize {
        all / 2
    }

    #[inline(always)]
    fn finish<S: Simd>(
        &mut self,
        s: S,
        rows: &[&[f64]],
        ahead: &[&[f64]],
        weights: &[f64],
        _: usize,
    ) {
        accumulate(s, rows, ahead, weights, self.0);
    }
}

/// Rows of their own.
struct Expanded<'a>(&'a Coefficients, &'a mut [f64]);

impl Finish for Expanded<'_> {
    fn share(all: usize) -> usize {
        all
    }

    #[inline(always)]
    fn finish<S: Simd>(&mut self, s: S, rows: &[&[f64]], _: &[&[f64]], weights: &[f64], at: usize) {
        let p = self.0.width;
        expanded(
            s,
            weights,
            self.0,
            &mut self.1[at * p..(at + rows.len()) * p],
        );
    }
}

impl<W: Weigh, F: Finish> WithSimd for Strip<'_, W, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, s: S) {
        let (a, c) = (self.coefficients.count, self.weights);
        let per_row = self.kept.len() / self.index.len().max(1);
        let mut block = Block::new(self.rows);
        let mut scored = vec![0.0; BLOCK * a];
        let mut weights = vec![0.0; BLOCK * c];
        let mut blocks = self.index.chunks(even(self.index.len())).peekable();
        let mut at = 0;
        while let Some(index) = blocks.next() {
            let b = index.len();
            // What comes next is asked for during the scores and during what is made of them.
            let ahead = ahead(self.rows, blocks.peek().copied());
            let (during, after) = ahead.split_at(F::share(ahead.len()));
            let rows = block.fill(index);
            let (scored, weights) = (&mut scored[..b * a], &mut weights[..b * c]);
            if a > 0 {
                scores(s, &rows, self.coefficients, during, scored);
            }
            let kept = &mut self.kept[at * per_row..(at + b) * per_row];
            self.weigh.weigh(self.first + at, scored, weights, kept);
            self.finish.finish(s, &rows, after, weights, at);
            at += b;
        }
    }
}

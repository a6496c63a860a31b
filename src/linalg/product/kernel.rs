//! The inner loops, for vectors of any width.
//!
//! An entry of a combination of columns is summed column by column, four at a time; a product of
//! two vectors is eight partial sums over entries j ≡ 0, .., 7 (mod 8), added in one order. Neither
//! knows how wide a vector of the machine is: every width computes the same bits.

use pulp::{Arch, Simd, WithSimd};

/// Partial sums of a product of two vectors, and the numbers of a cache line.
pub const LANES: usize = 8;

/// The columns that a combination is made of.
#[derive(Clone, Copy)]
pub(super) enum Which<'a> {
    /// From the first to before the second.
    Range(usize, usize),
    /// These.
    Only(&'a [usize]),
}

impl Which<'_> {
    #[inline(always)]
    fn len(self) -> usize {
        match self {
            Self::Range(from, to) => to - from,
            Self::Only(columns) => columns.len(),
        }
    }

    #[inline(always)]
    fn at(self, k: usize) -> usize {
        match self {
            Self::Range(from, _) => from + k,
            Self::Only(columns) => columns[k],
        }
    }
}

/// The columns of a matrix, one after the other.
#[derive(Clone, Copy)]
pub(super) struct Columns<'a> {
    pub(super) entries: &'a [f64],
    /// Their length.
    pub(super) rows: usize,
    /// From one to the next: more than `rows` where zeros fill them up to whole vectors.
    pub(super) stride: usize,
}

/// out ← out + alpha·Σ_j x_ja_j.
pub(super) struct Combine<'a> {
    pub(super) alpha: f64,
    pub(super) a: Columns<'a>,
    pub(super) which: Which<'a>,
    /// What multiplies column j, at j.
    pub(super) x: &'a [f64],
    pub(super) out: &'a mut [f64],
}

impl WithSimd for Combine<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, s: S) {
        // Sums that the registers hold beside four coefficients and a product or two.
        let most = if S::F64_LANES == 8 { 13 } else { 9 };
        let vectors = self.a.rows.div_ceil(S::F64_LANES);
        let tiles = vectors.div_ceil(most);
        let padded = self.a.stride >= vectors * S::F64_LANES;
        let mut from = 0;
        for tile in 1..=tiles {
            let to = tile * vectors / tiles;
            if padded {
                self.vectors::<S, true>(s, from, to - from);
            } else {
                self.vectors::<S, false>(s, from, to - from);
            }
            from = to;
        }
    }
}

impl Combine<'_> {
    pub(super) fn run(self) {
        Arch::new().dispatch(self);
    }

    /// So many vectors of entries, from this one on; P where the last is whole in the columns.
    #[inline(always)]
    fn vectors<S: Simd, const P: bool>(&mut self, s: S, from: usize, count: usize) {
        let i = from * S::F64_LANES;
        match count {
            1 => self.tile::<S, 1, P>(s, i),
            2 => self.tile::<S, 2, P>(s, i),
            3 => self.tile::<S, 3, P>(s, i),
            4 => self.tile::<S, 4, P>(s, i),
            5 => self.tile::<S, 5, P>(s, i),
            6 => self.tile::<S, 6, P>(s, i),
            7 => self.tile::<S, 7, P>(s, i),
            8 => self.tile::<S, 8, P>(s, i),
            9 => self.tile::<S, 9, P>(s, i),
            10 => self.tile::<S, 10, P>(s, i),
            11 => self.tile::<S, 11, P>(s, i),
            12 => self.tile::<S, 12, P>(s, i),
            _ => self.tile::<S, 13, P>(s, i),
        }
    }

    /// alpha·x_j of the k-th column and T vectors of its entries from i on.
    #[inline(always)]
    fn part<S: Simd, const T: usize, const P: bool>(
        &self,
        s: S,
        k: usize,
        i: usize,
    ) -> Part<'_, S> {
        let (
            j,
            Columns {
                entries,
                rows,
                stride,
            },
        ) = (self.which.at(k), self.a);
        let from = j * stride + i;
        let before = (T - 1) * S::F64_LANES;
        let x = s.splat_f64s(self.alpha * self.x[j]);
        if P {
            let all = S::as_simd_f64s(&entries[from..from + T * S::F64_LANES]).0;
            let (whole, last) = all.split_at(T - 1);
            return Part {
                x,
                whole,
                last: last[0],
            };
        }
        let end = (j * stride + rows).min(from + T * S::F64_LANES);
        Part {
            x,
            whole: S::as_simd_f64s(&entries[from..from + before]).0,
            last: s.partial_load_f64s(&entries[from + before..end]),
        }
    }

    /// T vectors of entries from i on; the last may be a part of one.
    #[inline(always)]
    fn tile<S: Simd, const T: usize, const P: bool>(&mut self, s: S, i: usize) {
        let count = self.which.len();
        let end = self.a.rows.min(i + T * S::F64_LANES);
        let last = i + (T - 1) * S::F64_LANES;
        let mut own = [s.splat_f64s(0.0); T];
        own[..T - 1].copy_from_slice(S::as_simd_f64s(&self.out[i..last]).0);
        own[T - 1] = s.partial_load_f64s(&self.out[last..end]);
        let mut k = 0;
        while k + 4 <= count {
            let p = |n: usize| self.part::<S, T, P>(s, k + n, i);
            let four = [p(0), p(1), p(2), p(3)];
            for t in 0..T {
                let p = |n: usize| four[n].times::<T>(s, t);
                let sum = s.add_f64s(s.add_f64s(p(0), p(1)), s.add_f64s(p(2), p(3)));
                own[t] = s.add_f64s(own[t], sum);
            }
            k += 4;
        }
        while k < count {
            let part = self.part::<S, T, P>(s, k, i);
            for t in 0..T {
                own[t] = s.add_f64s(own[t], part.times::<T>(s, t));
            }
            k += 1;
        }
        let to = S::as_mut_simd_f64s(&mut self.out[i..last]).0;
        to.copy_from_slice(&own[..T - 1]);
        s.partial_store_f64s(&mut self.out[last..end], own[T - 1]);
    }
}

/// A part of a column in vectors, and what multiplies it.
struct Part<'a, S: Simd> {
    x: S::f64s,
    whole: &'a [S::f64s],
    last: S::f64s,
}

impl<S: Simd> Part<'_, S> {
    /// The t-th of T vectors.
    #[inline(always)]
    fn times<const T: usize>(&self, s: S, t: usize) -> S::f64s {
        let own = if t + 1 < T { self.whole[t] } else { self.last };
        s.mul_f64s(own, self.x)
    }
}

/// The sum of eight partial sums.
#[inline(always)]
pub(super) fn total(a: &[f64]) -> f64 {
    ((a[0] + a[4]) + (a[1] + a[5])) + ((a[2] + a[6]) + (a[3] + a[7]))
}

/// Columns whose products are summed at once, at most.
const MOST: usize = 8;

/// out_j ← beta·out_j + alpha·a_jᵀx for every column.
pub(super) struct Project<'a> {
    pub(super) alpha: f64,
    /// Columns of the length of x, one after the other.
    pub(super) a: &'a [f64],
    pub(super) x: &'a [f64],
    pub(super) beta: f64,
    pub(super) out: &'a mut [f64],
}

impl WithSimd for Project<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, s: S) {
        // Columns at a time, vectors of eight lanes.
        match S::F64_LANES {
            8 => self.columns::<S, 8, 1>(s),
            4 => self.columns::<S, 4, 2>(s),
            2 => self.columns::<S, 2, 4>(s),
            _ => self.columns::<S, 1, 8>(s),
        }
    }
}

impl Project<'_> {
    pub(super) fn run(self) {
        Arch::new().dispatch(self);
    }

    #[inline(always)]
    fn columns<S: Simd, const C: usize, const V: usize>(self, s: S) {
        let rows = self.x.len();
        let write = |sum: f64, out: &mut f64| {
            let scaled = self.alpha * sum;
            *out = if self.beta == 0.0 {
                scaled
            } else {
                scaled + self.beta * *out
            };
        };
        let column = |j: usize| &self.a[j * rows..][..rows];
        let mut j = 0;
        while j + C <= self.out.len() {
            let columns = core::array::from_fn(|c| column(j + c));
            let sums = products::<S, C, V>(s, columns, self.x);
            for c in 0..C {
                write(sums[c], &mut self.out[j + c]);
            }
            j += C;
        }
        while j < self.out.len() {
            let sums = products::<S, 1, V>(s, [column(j)], self.x);
            write(sums[0], &mut self.out[j]);
            j += 1;
        }
    }
}

/// a_cᵀx for C vectors of one length.
#[inline(always)]
pub(super) fn products<S: Simd, const C: usize, const V: usize>(
    s: S,
    a: [&[f64]; C],
    x: &[f64],
) -> [f64; C] {
    const { assert!(C <= MOST) };
    let whole = x.len() / LANES * LANES;
    let mut sums = [[s.splat_f64s(0.0); V]; C];
    let mut of = [&[][..]; C];
    for c in 0..C {
        of[c] = &S::as_simd_f64s(&a[c][..whole]).0[..whole / LANES * V];
    }
    for (k, x) in S::as_simd_f64s(&x[..whole]).0.chunks_exact(V).enumerate() {
        for v in 0..V {
            for c in 0..C {
                sums[c][v] = s.add_f64s(sums[c][v], s.mul_f64s(of[c][k * V + v], x[v]));
            }
        }
    }
    if whole < x.len() {
        // What is missing counts as 0, which changes no partial sum.
        for v in 0..V {
            let from = (whole + v * S::F64_LANES).min(x.len());
            let to = (from + S::F64_LANES).min(x.len());
            let own = s.partial_load_f64s(&x[from..to]);
            for c in 0..C {
                let other = s.partial_load_f64s(&a[c][from..to]);
                sums[c][v] = s.add_f64s(sums[c][v], s.mul_f64s(other, own));
            }
        }
    }
    // Written out by plain stores: sums indexed in a loop that is not unrolled would live in
    // memory.
    let mut lanes = [0.0; MOST * LANES];
    let to = S::as_mut_simd_f64s(&mut lanes).0;
    for c in 0..C {
        for v in 0..V {
            to[c * V + v] = sums[c][v];
        }
    }
    core::array::from_fn(|c| total(&lanes[c * LANES..][..LANES]))
}

//! The inner loops, in eight lanes.
//!
//! A score is eight partial sums over columns j ≡ 0, .., 7 (mod 8), added in a fixed order, then
//! the columns left over. Sums of rows and rows of weights are made entry by entry, in the order of
//! the rows or of the weights: how wide a vector is does not matter to them.

use pulp::Simd;

use super::coefficients::Coefficients;
use super::tile::{LANES, group};
use crate::linalg::prefetch::prefetch;

/// Most scores that are summed at once.
const MOST_SUMS: usize = 20;

/// Rows that are asked for during a tile: a block and the noise of less than half of its rows.
const AHEAD: usize = 3;

/// scores ← Cx_i for the rows given (b×a), asking for the rows `ahead` meanwhile.
#[inline(always)]
pub(super) fn scores<S: Simd>(
    s: S,
    rows: &[&[f64]],
    c: &Coefficients,
    ahead: &[&[f64]],
    out: &mut [f64],
) {
    // Rows at a time, rows of coefficients at a time (as they are packed), vectors of eight lanes.
    match S::F64_LANES {
        8 => blocked::<S, 4, 5, 1>(s, rows, c, ahead, out),
        4 => blocked::<S, 3, 2, 2>(s, rows, c, ahead, out),
        2 => blocked::<S, 2, 2, 4>(s, rows, c, ahead, out),
        _ => blocked::<S, 1, 1, 8>(s, rows, c, ahead, out),
    }
}

#[inline(always)]
fn blocked<S: Simd, const R: usize, const G: usize, const V: usize>(
    s: S,
    rows: &[&[f64]],
    c: &Coefficients,
    ahead: &[&[f64]],
    out: &mut [f64],
) {
    const { assert!(R * G <= MOST_SUMS && G == group(LANES / V)) };
    let groups = c.count / G;
    let per_group = c.packed.len() / groups.max(1);
    let tiles = rows.len().div_ceil(R) * groups;
    let mut tile = 0;
    let mut first = 0;
    while first < rows.len() {
        let own = &rows[first..];
        for g in 0..groups {
            let packed = &c.packed[g * per_group..][..per_group];
            let share = |t: usize| t * ahead.len() / tiles;
            let wanted = &ahead[share(tile)..share(tile + 1)];
            let wanted = core::array::from_fn(|n| wanted.get(n).copied().unwrap_or_default());
            let at = first * c.count + g * G;
            let to = &mut out[at..];
            if own.len() >= R {
                let own = core::array::from_fn(|r| own[r]);
                scored::<S, R, G, V>(s, own, packed, (c, g * G), wanted, to);
            } else {
                for (r, row) in own.iter().enumerate() {
                    let to = &mut to[r * c.count..];
                    scored::<S, 1, G, V>(s, [row], packed, (c, g * G), wanted, to);
                }
            }
            tile += 1;
        }
        first += R;
    }
    // Coefficients that fill no group.
    let left = groups * G;
    for (row, out) in rows.iter().zip(out.chunks_exact_mut(c.count)) {
        for (k, out) in out.iter_mut().enumerate().skip(left) {
            let plain = &c.plain[k * c.width..][..c.width];
            scored::<S, 1, 1, V>(
                s,
                [row],
                plain,
                (c, k),
                [&[]; AHEAD],
                core::slice::from_mut(out),
            );
        }
    }
}

/// G scores of R rows; `packed` holds the coefficients in the order of the loop.
#[inline(always)]
fn scored<S: Simd, const R: usize, const G: usize, const V: usize>(
    s: S,
    rows: [&[f64]; R],
    packed: &[f64],
    (c, first): (&Coefficients, usize),
    ahead: [&[f64]; AHEAD],
    out: &mut [f64],
) {
    let zero = s.splat_f64s(0.0);
    let whole = c.width / LANES;
    let mut sums = [[[zero; V]; G]; R];
    let mut x: [&[S::f64s]; R] = [&[]; R];
    for (x, row) in x.iter_mut().zip(rows) {
        *x = &S::as_simd_f64s(&row[..whole * LANES]).0[..whole * V];
    }
    let coefficients = S::as_simd_f64s(&packed[..whole * G * LANES]).0;
    for (j, own) in coefficients.chunks_exact(G * V).enumerate() {
        for row in ahead {
            prefetch(row, j * LANES);
        }
        for v in 0..V {
            let mut at = [zero; R];
            for r in 0..R {
                at[r] = x[r][j * V + v];
            }
            for g in 0..G {
                for r in 0..R {
                    let product = s.mul_f64s(at[r], own[g * V + v]);
                    sums[r][g][v] = s.add_f64s(sums[r][g][v], product);
                }
            }
        }
    }
    // Written out by plain stores: sums that are indexed in a loop that is not unrolled would live
    // in memory.
    let mut lanes = [0.0; MOST_SUMS * LANES];
    let to = S::as_mut_simd_f64s(&mut lanes).0;
    for r in 0..R {
        for g in 0..G {
            for v in 0..V {
                to[(r * G + g) * V + v] = sums[r][g][v];
            }
        }
    }
    for (r, (lanes, row)) in lanes.chunks_exact(G * LANES).zip(rows).enumerate() {
        for (g, a) in lanes.chunks_exact(LANES).enumerate() {
            let mut sum = ((a[0] + a[4]) + (a[2] + a[6])) + ((a[1] + a[5]) + (a[3] + a[7]));
            let from = (first + g) * c.width;
            for j in whole * LANES..c.width {
                sum += row[j] * c.plain[from + j];
            }
            out[r * c.count + g] = sum;
        }
    }
}

/// sum ← sum + Σ_i a_ix_iᵀ (c×p, row-major), `weights` b×c, asking for as many rows `ahead`
/// meanwhile.
#[inline(always)]
pub(super) fn accumulate<S: Simd>(
    s: S,
    rows: &[&[f64]],
    ahead: &[&[f64]],
    weights: &[f64],
    sum: &mut [f64],
) {
    match S::F64_LANES {
        8 => summed::<S, 10, 2>(s, rows, ahead, weights, sum),
        4 => summed::<S, 5, 2>(s, rows, ahead, weights, sum),
        2 => summed::<S, 5, 4>(s, rows, ahead, weights, sum),
        _ => summed::<S, 5, 1>(s, rows, ahead, weights, sum),
    }
}

#[inline(always)]
fn summed<S: Simd, const G: usize, const V: usize>(
    s: S,
    rows: &[&[f64]],
    ahead: &[&[f64]],
    weights: &[f64],
    sum: &mut [f64],
) {
    let Some(p) = rows.first().map(|r| r.len()).filter(|_| !sum.is_empty()) else {
        return;
    };
    let (count, wide) = (sum.len() / p, V * S::F64_LANES);
    let whole = p / wide * wide;
    for j in (0..whole).step_by(wide) {
        let mut k = 0;
        while k < count {
            // Asked for once, not for every group.
            let ahead = if k == 0 { ahead } else { &[] };
            if k + G <= count {
                entries::<S, G, V>(s, rows, ahead, (weights, count, k), (sum, p, j));
                k += G;
            } else {
                entries::<S, 1, V>(s, rows, ahead, (weights, count, k), (sum, p, j));
                k += 1;
            }
        }
    }
    for (row, weights) in rows.iter().zip(weights.chunks_exact(count)) {
        for (k, a) in weights.iter().enumerate() {
            for j in whole..p {
                sum[k * p + j] += a * row[j];
            }
        }
    }
}

/// G rows of the sum from column j on, V vectors wide.
#[inline(always)]
fn entries<S: Simd, const G: usize, const V: usize>(
    s: S,
    rows: &[&[f64]],
    ahead: &[&[f64]],
    (weights, count, k): (&[f64], usize, usize),
    (sum, p, j): (&mut [f64], usize, usize),
) {
    let (zero, wide) = (s.splat_f64s(0.0), V * S::F64_LANES);
    let mut own = [[zero; V]; G];
    for g in 0..G {
        let from = S::as_simd_f64s(&sum[(k + g) * p + j..][..wide]).0;
        own[g].copy_from_slice(from);
    }
    for (i, (row, weights)) in rows.iter().zip(weights.chunks_exact(count)).enumerate() {
        if let Some(ahead) = ahead.get(i) {
            prefetch(ahead, j);
            prefetch(ahead, j + LANES);
        }
        let from = S::as_simd_f64s(&row[j..j + wide]).0;
        let mut x = [zero; V];
        x.copy_from_slice(from);
        let weights = &weights[k..k + G];
        for g in 0..G {
            let a = s.splat_f64s(weights[g]);
            for v in 0..V {
                own[g][v] = s.add_f64s(own[g][v], s.mul_f64s(a, x[v]));
            }
        }
    }
    for g in 0..G {
        let to = S::as_mut_simd_f64s(&mut sum[(k + g) * p + j..][..wide]).0;
        to.copy_from_slice(&own[g]);
    }
}

/// out ← out + weights·C (b×p), `weights` b×a.
#[inline(always)]
pub(super) fn expanded<S: Simd>(s: S, weights: &[f64], c: &Coefficients, out: &mut [f64]) {
    match S::F64_LANES {
        8 => spread::<S, 8, 2>(s, weights, c, out),
        4 => spread::<S, 4, 2>(s, weights, c, out),
        2 => spread::<S, 4, 4>(s, weights, c, out),
        _ => spread::<S, 1, 4>(s, weights, c, out),
    }
}

#[inline(always)]
fn spread<S: Simd, const R: usize, const V: usize>(
    s: S,
    weights: &[f64],
    c: &Coefficients,
    out: &mut [f64],
) {
    let (p, wide) = (c.width, V * S::F64_LANES);
    let whole = p / wide * wide;
    let rows = out.len() / p;
    let mut first = 0;
    while first < rows {
        let many = rows - first >= R;
        let weights = &weights[first * c.count..];
        let out = &mut out[first * p..];
        for j in (0..whole).step_by(wide) {
            if many {
                piece::<S, R, V>(s, weights, c, (&mut *out, j));
            } else {
                piece::<S, 1, V>(s, weights, c, (&mut *out, j));
            }
        }
        first += if many { R } else { 1 };
    }
    for (weights, out) in weights.chunks_exact(c.count).zip(out.chunks_exact_mut(p)) {
        for (a, row) in weights.iter().zip(c.plain.chunks_exact(p)) {
            for j in whole..p {
                out[j] += a * row[j];
            }
        }
    }
}

/// R rows from column j on, V vectors wide.
#[inline(always)]
fn piece<S: Simd, const R: usize, const V: usize>(
    s: S,
    weights: &[f64],
    c: &Coefficients,
    (out, j): (&mut [f64], usize),
) {
    let (p, zero, wide) = (c.width, s.splat_f64s(0.0), V * S::F64_LANES);
    let mut own = [[zero; V]; R];
    for r in 0..R {
        let from = S::as_simd_f64s(&out[r * p + j..][..wide]).0;
        own[r].copy_from_slice(from);
    }
    for k in 0..c.count {
        let from = S::as_simd_f64s(&c.plain[k * p + j..][..wide]).0;
        let mut x = [zero; V];
        x.copy_from_slice(from);
        for r in 0..R {
            let a = s.splat_f64s(weights[r * c.count + k]);
            for v in 0..V {
                own[r][v] = s.add_f64s(own[r][v], s.mul_f64s(a, x[v]));
            }
        }
    }
    for r in 0..R {
        let to = S::as_mut_simd_f64s(&mut out[r * p + j..][..wide]).0;
        to.copy_from_slice(&own[r]);
    }
}

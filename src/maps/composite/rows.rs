//! Products with gathered rows of a row-major matrix.
//!
//! Owns the one kernel a minibatch step spends its time in. Rows are contiguous, so a minibatch
//! reads each of its rows from memory once: both uses of a row (the inner product and the update)
//! happen while it is in the cache. Must not know what the weights mean.

use crate::linalg::product::dot;

/// out ← out + Σ_k f(i_k, x_{i_k}·v) x_{i_k} over `count` rows i_k = index(k), of a row-major
/// matrix with rows of length d = v.len(). The order of summation depends on `count` and d only.
pub(super) fn add_weighted_rows(
    x: &[f64],
    v: &[f64],
    count: usize,
    index: impl Fn(usize) -> usize,
    mut f: impl FnMut(usize, f64) -> f64,
    out: &mut [f64],
) {
    let d = v.len();
    let row = |i: usize| &x[i * d..(i + 1) * d];
    let mut k = 0;
    // Four rows a pass: v and out are loaded once for four rows.
    while k + 4 <= count {
        let i = [index(k), index(k + 1), index(k + 2), index(k + 3)];
        let r = [row(i[0]), row(i[1]), row(i[2]), row(i[3])];
        let s = dot4(r, v);
        let c = [f(i[0], s[0]), f(i[1], s[1]), f(i[2], s[2]), f(i[3], s[3])];
        let pairs = r[0].iter().zip(r[1]).zip(r[2].iter().zip(r[3]));
        for (o, ((a0, a1), (a2, a3))) in out.iter_mut().zip(pairs) {
            *o += (c[0] * a0 + c[1] * a1) + (c[2] * a2 + c[3] * a3);
        }
        k += 4;
    }
    while k < count {
        let i = index(k);
        let c = f(i, dot(row(i), v));
        for (o, a) in out.iter_mut().zip(row(i)) {
            *o += c * a;
        }
        k += 1;
    }
}

/// Four inner products with one v, each with two partial sums.
fn dot4(r: [&[f64]; 4], v: &[f64]) -> [f64; 4] {
    let d = v.len();
    let r = r.map(|row| &row[..d]);
    let mut sums = [[0.0f64; 2]; 4];
    let even = d - d % 2;
    let mut j = 0;
    while j < even {
        for (s, row) in sums.iter_mut().zip(r) {
            s[0] += row[j] * v[j];
            s[1] += row[j + 1] * v[j + 1];
        }
        j += 2;
    }
    let mut out = [0.0; 4];
    for ((o, s), row) in out.iter_mut().zip(&sums).zip(r) {
        *o = s[0] + s[1] + if even < d { row[even] * v[even] } else { 0.0 };
    }
    out
}

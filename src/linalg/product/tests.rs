//! Products against nalgebra, and the same bits whatever the width of a vector.

use proptest::prelude::*;
use pulp::{Scalar, Scalar128b, Scalar256b, Scalar512b, WithSimd};

use super::gathered::Weighted;
use super::*;

fn matrix(r: usize, c: usize, seed: u64) -> Matrix {
    crate::linalg::stream::Stream(seed).matrix(r, c)
}

proptest! {
    #[test]
    fn kernels_agree_with_nalgebra(r in 1usize..170, c in 1usize..130, k in 0usize..10, seed: u64) {
        let (a, x) = (matrix(r, c, seed), matrix(c, k, seed ^ 1));
        let mut out = matrix(r, k, seed ^ 2);
        let want = 2.0 * &a * &x - 0.5 * &out;
        gemm_few(2.0, &a, &x, -0.5, &mut out);
        prop_assert!((out - want).amax() <= 1e-12);
        let z = matrix(r, k, seed ^ 4);
        let mut out = matrix(c, k, seed ^ 5);
        let want = 3.0 * a.transpose() * &z + 2.0 * &out;
        gemm_few_tr(3.0, &a, &z, 2.0, &mut out);
        prop_assert!((out - want).amax() <= 1e-12);
        let y = matrix(r, 1, seed ^ 3);
        let mut out = vec![0.0; c];
        gemv_tr(1.0, &a, y.as_slice(), 0.0, &mut out);
        prop_assert!((Vector::from_vec(out) - a.transpose() * y.column(0)).amax() <= 1e-12);
    }
}

proptest! {
    /// Columns that are left out are those whose entry of x is 0.
    #[test]
    fn columns_alone_are_enough(r in 1usize..20, c in 1usize..20, seed: u64, kept: u32) {
        let (a, x) = (matrix(r, c, seed), matrix(c, 1, seed ^ 1));
        let packed = Packed::new(&a);
        let columns: Vec<usize> = (0..c).filter(|j| kept >> j & 1 == 1).collect();
        let sparse: Vec<f64> = (0..c)
            .map(|j| if columns.contains(&j) { x[j] } else { 0.0 })
            .collect();
        let mut entries = vec![7; 30];
        for beta in [0.0, 1.0, -0.5] {
            let mut want = matrix(r, 1, seed ^ 2).as_slice().to_vec();
            let mut out = want.clone();
            gemv(2.0, &a, &sparse, beta, &mut want);
            packed.times_nonzero(2.0, &sparse, beta, &mut out, &mut entries);
            for (o, w) in out.iter().zip(&want) {
                prop_assert!((o - w).abs() <= 1e-12);
            }
        }
    }
}

#[test]
fn norm_survives_extreme_scales() {
    for scale in [2f64.powi(-700), 1.0, 2f64.powi(700)] {
        assert_eq!(norm2(&[3.0 * scale, 4.0 * scale]), 5.0 * scale);
    }
    assert_eq!(norm2(&[]), 0.0);
    assert!(norm2(&[1.0, f64::NAN]).is_nan());
}

/// What a job writes, in vectors of every width there is, in plain code, and in those of this
/// machine.
macro_rules! on_every_width {
    ($out:ident, $job:expr) => {{
        let start = $out.to_vec();
        let mut all = Vec::new();
        for width in 0..5 {
            let mut own = start.clone();
            let $out = &mut own[..];
            let job = $job;
            match width {
                0 => job.with_simd(Scalar),
                1 => job.with_simd(Scalar128b),
                2 => job.with_simd(Scalar256b),
                3 => job.with_simd(Scalar512b),
                _ => pulp::Arch::new().dispatch(job),
            }
            all.push(own);
        }
        for other in &all[1..] {
            prop_assert_eq!(&all[0], other);
        }
        all.swap_remove(0)
    }};
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn every_width_computes_the_same_bits(r in 1usize..150, c in 1usize..40, seed: u64) {
        let (a, x) = (matrix(r, c, seed), matrix(c, 1, seed ^ 1));
        let (y, packed) = (matrix(r, 1, seed ^ 2), Packed::new(&a));
        let only: Vec<usize> = (0..c).filter(|j| seed >> (j % 64) & 1 == 1).collect();
        for columns in [Columns::from(&a), Columns::from(&packed)] {
            for which in [Which::Range(c / 3, c), Which::Only(&only)] {
                let out = &mut matrix(r, 1, seed ^ 3).as_slice().to_vec()[..];
                let got = on_every_width!(out, Combine { alpha: 1.5, a: columns, which, x: x.as_slice(), out });
                // Four columns at a time, one after the other.
                let mut want = matrix(r, 1, seed ^ 3).as_slice().to_vec();
                let list: Vec<usize> = match which {
                    Which::Range(from, to) => (from..to).collect(),
                    Which::Only(list) => list.to_vec(),
                };
                let p = |i: usize, j: usize| a[(i, j)] * (1.5 * x[j]);
                for (i, w) in want.iter_mut().enumerate() {
                    let fours = list.chunks_exact(4);
                    let rest = fours.remainder();
                    for j in fours {
                        *w += (p(i, j[0]) + p(i, j[1])) + (p(i, j[2]) + p(i, j[3]));
                    }
                    rest.iter().for_each(|j| *w += p(i, *j));
                }
                prop_assert_eq!(got, want);
            }
        }
        let out = &mut matrix(c, 1, seed ^ 4).as_slice().to_vec()[..];
        let got = on_every_width!(out, Project { alpha: 2.0, a: a.as_slice(), x: y.as_slice(), beta: -0.5, out });
        for (j, v) in got.iter().enumerate() {
            prop_assert_eq!(*v, 2.0 * dot(a.column(j).as_slice(), y.as_slice()) - 0.5 * matrix(c, 1, seed ^ 4)[j]);
        }
        // Rows of Aᵀ at random, repeats among them.
        let rows: Vec<usize> = (0..c).map(|k| (k * k + 3) % c).collect();
        let out = &mut vec![0.25; r][..];
        let got = on_every_width!(out, Weighted {
            x: a.as_slice(), v: y.as_slice(), count: c, index: |k: usize| rows[k], f: |i, s: f64| s * i as f64, out,
        });
        let mut want = Vector::from_element(r, 0.25);
        for i in &rows {
            want += a.column(*i) * (a.column(*i).dot(&y) * *i as f64);
        }
        let size = a.norm_squared() * y.norm() * c as f64;
        prop_assert!((Vector::from_vec(got) - &want).amax() <= 1e-14 * (1.0 + size));
    }

    /// A copy for many products computes what the matrix does, to the last bit.
    #[test]
    fn packed_matrices_are_those_they_were_made_of(r in 1usize..150, c in 1usize..150, k in 0usize..6, seed: u64) {
        let (a, x) = (matrix(r, c, seed), matrix(c, k, seed ^ 1));
        let packed = Packed::new(&a);
        prop_assert_eq!(packed.shape(), a.shape());
        prop_assert!((0..r).all(|i| (0..c).all(|j| packed.at(i, j) == a[(i, j)])));
        let mut out = matrix(r, k, seed ^ 2);
        let mut want = out.clone();
        gemm_few(1.5, &a, &x, 0.5, &mut want);
        packed.times_few(1.5, &x, 0.5, &mut out);
        prop_assert_eq!(&out, &want);
        let mut out = matrix(r, k, seed ^ 2);
        packed.times_few_nonzero(1.5, &x, 0.5, &mut out, &mut Vec::new());
        prop_assert_eq!(&out, &want);
    }
}

#[test]
fn nothing_is_read_where_there_is_nothing() {
    for (r, c) in [(0, 3), (3, 0), (0, 0)] {
        let (a, x) = (Matrix::zeros(r, c), vec![1.0; c]);
        let mut out = vec![2.0; r];
        gemv(1.0, &a, &x, 0.5, &mut out);
        assert!(out.iter().all(|v| *v == 1.0));
        Packed::new(&a).times(1.0, &x, 0.0, &mut out);
        assert!(out.iter().all(|v| *v == 0.0));
        let mut back = vec![2.0; c];
        gemv_tr(1.0, &a, &vec![1.0; r], 0.5, &mut back);
        assert!(back.iter().all(|v| *v == 1.0));
    }
}

//! What the benches share: figures of one run, so that a busy machine slows both sides of a ratio.

// Not every bench uses all of it.
#![allow(dead_code)]

use std::hint::black_box;
use std::time::Instant;

use pulp::{Arch, Simd, WithSimd};
use ratecert::linalg::Matrix;
use ratecert::linalg::random::Random;
use rayon::prelude::*;

/// The median.
pub fn median(mut v: Vec<f64>) -> f64 {
    v.sort_by(f64::total_cmp);
    v[v.len() / 2]
}

/// Seconds that f takes.
pub fn seconds(f: &mut dyn FnMut()) -> f64 {
    let clock = Instant::now();
    f();
    clock.elapsed().as_secs_f64()
}

/// Median times of several functions, interleaved.
pub fn race(repetitions: usize, functions: &mut [&mut dyn FnMut()]) -> Vec<f64> {
    let mut times = vec![Vec::new(); functions.len()];
    for _ in 0..repetitions {
        for (f, t) in functions.iter_mut().zip(&mut times) {
            t.push(seconds(f));
        }
    }
    times.into_iter().map(median).collect()
}

/// A matrix of normal numbers.
pub fn normal(rows: usize, cols: usize, seed: u64) -> Matrix {
    let mut random = Random::new(seed);
    Matrix::from_fn(rows, cols, |_, _| random.normal())
}

/// A vector that is orthogonal to nothing.
pub fn cotangent(d: usize) -> Vec<f64> {
    (0..d).map(|i| (1.0 + i as f64).sin()).collect()
}

/// The largest amount of memory this process has held, in bytes; 0 where the system does not say.
pub fn peak_memory() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|l| l.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kilobytes.unwrap_or(0.0) * 1024.0
}

/// Forgets the peak, where the system lets it.
pub fn forget_peak() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

/// The sum of numbers, in lanes.
pub fn sum(part: &[f64]) -> f64 {
    Arch::new().dispatch(Sum(part))
}

struct Sum<'a>(&'a [f64]);

impl WithSimd for Sum<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, s: S) -> f64 {
        let (vectors, rest) = S::as_simd_f64s(self.0);
        let mut sums = [s.splat_f64s(0.0); 8];
        let eights = vectors.chunks_exact(8);
        let left = eights.remainder();
        for eight in eights {
            for k in 0..8 {
                sums[k] = s.add_f64s(sums[k], eight[k]);
            }
        }
        for v in left {
            sums[0] = s.add_f64s(sums[0], *v);
        }
        let all = sums
            .into_iter()
            .fold(s.splat_f64s(0.0), |a, b| s.add_f64s(a, b));
        s.reduce_sum_f64s(all) + rest.iter().sum::<f64>()
    }
}

/// What the machine can do, on one core or on all.
pub struct Machine {
    cores: usize,
    big: Matrix,
}

impl Machine {
    pub fn new(cores: usize) -> Self {
        let big = Matrix::from_fn(600, 600, |i, j| ((i * 7 + j) % 11) as f64);
        Self { cores, big }
    }

    /// Multiplications and additions of a call of [`Machine::multiply`] and [`Machine::separate`].
    pub fn flops(&self) -> f64 {
        self.cores as f64 * 2.0 * 600f64.powi(3)
    }

    /// Products of large matrices: fused multiplications and additions, every operand in a cache.
    pub fn multiply(&self) {
        (0..self.cores).into_par_iter().for_each(|_| {
            black_box(&self.big * &self.big);
        });
    }

    /// As many multiplications and additions that are not fused, all in registers.
    pub fn separate(&self) {
        (0..self.cores).into_par_iter().for_each(|_| {
            black_box(Arch::new().dispatch(Separate(600usize.pow(3))));
        });
    }
}

struct Separate(usize);

impl WithSimd for Separate {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, s: S) -> f64 {
        let (by, plus) = (s.splat_f64s(black_box(0.999)), s.splat_f64s(black_box(0.1)));
        let mut own = [s.splat_f64s(1.0); 12];
        for _ in 0..self.0 / (12 * S::F64_LANES) {
            for v in &mut own {
                *v = s.add_f64s(s.mul_f64s(*v, by), plus);
            }
        }
        let all = own.into_iter().fold(plus, |a, b| s.add_f64s(a, b));
        s.reduce_sum_f64s(all)
    }
}

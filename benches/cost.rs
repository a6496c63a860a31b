//! Cost of ITD in forward mode as ratios measured in one run: against a straightforward implementation,
//! against the kernels' flop rate, and its growth with t, n and d. `cargo bench --bench cost`.
//!
//! Prints a table; each figure is the median of interleaved repetitions, so that a busy machine slows both
//! sides of a ratio alike.

use std::hint::black_box;
use std::time::Instant;

use ratecert::case::{Algorithm, At, Case, Implementation, Target};
use ratecert::instances::{Instance, Kind, Spec};
use ratecert::linalg::{Matrix, product};
use ratecert::maps::{ElasticNet, Problem, Tie};
use ratecert::methods::{AidFp, ItdForward};

const REPETITIONS: usize = 9;

fn seconds(f: &mut dyn FnMut()) -> f64 {
    let clock = Instant::now();
    f();
    clock.elapsed().as_secs_f64()
}

fn median(mut v: Vec<f64>) -> f64 {
    v.sort_by(f64::total_cmp);
    v[v.len() / 2]
}

/// Median times of several functions, interleaved.
fn race(functions: &mut [&mut dyn FnMut()]) -> Vec<f64> {
    let mut times = vec![Vec::new(); functions.len()];
    for _ in 0..REPETITIONS {
        for (f, t) in functions.iter_mut().zip(&mut times) {
            t.push(seconds(f));
        }
    }
    times.into_iter().map(median).collect()
}

fn instance(n: usize, d: usize) -> Instance {
    let kind = if n > d {
        Kind::ElasticNet
    } else {
        Kind::ElasticNetWide
    };
    let spec = Spec {
        rows: n,
        q: 0.9,
        ..Spec::typical(kind, d)
    };
    Instance::generate(&spec, 1).expect("in range")
}

/// ITD as a first implementation would be: X(Xᵀ·) at every step, allocating, D by columns.
fn straightforward(i: &Instance, steps: usize) -> Matrix {
    let Problem::ElasticNet(ElasticNet { x, y, step }) = i.map.problem() else {
        unreachable!()
    };
    let (n, d) = x.shape();
    let mut w = nalgebra::DVector::from_column_slice(&i.start);
    let mut jac = Matrix::zeros(d, 2);
    for _ in 0..steps {
        let z = &w - (x.transpose() * (x * &w - y) / n as f64 + &w * i.lambda[1]) * *step;
        let active = z.map(|v| f64::from(u8::from(v.abs() > step * i.lambda[0])));
        let mut next = &jac - (x.transpose() * (x * &jac) / n as f64 + &jac * i.lambda[1]) * *step;
        for r in 0..d {
            next[(r, 0)] -= step * z[r].signum();
            next[(r, 1)] -= step * w[r];
            next[(r, 0)] *= active[r];
            next[(r, 1)] *= active[r];
        }
        w = z.map(|v| v.signum() * (v.abs() - step * i.lambda[0]).max(0.0));
        jac = next;
    }
    jac
}

fn itd(i: &Instance, steps: usize) {
    let (at, start) = ([steps], At::Start(&i.start));
    let algorithm = Algorithm::Itd;
    let case = Case::new(algorithm, &i.map, &i.lambda, start, Target::Jacobian, &at);
    black_box(ItdForward::default().run(&case));
}

fn aid(i: &Instance, steps: usize) {
    let (at, point) = ([steps], At::Point(&i.start));
    let (algorithm, target) = (Algorithm::AidFp, Target::Cotangent(&i.cotangent));
    let case = Case::new(algorithm, &i.map, &i.lambda, point, target, &at);
    black_box(AidFp::default().run(&case));
}

fn main() {
    println!("ITD forward, elastic net, m = 2; ratios within one run (median of {REPETITIONS})");
    println!(
        "{:>6} {:>6} {:>22} {:>24} {:>18}",
        "n", "d", "straightforward/ours", "ours/kernel flop rate", "t=800 over t=400"
    );
    for (n, d) in [
        (100, 20),
        (1000, 20),
        (100, 100),
        (1000, 100),
        (5000, 100),
        (40, 400),
        (500, 500),
    ] {
        let i = instance(n, d);
        let steps = (4_000_000 / (d * d.min(n))).clamp(8, 400);
        // Products of one step: the matrix with w and with two columns of D, in Gram or data form.
        let gram = d <= 2 * n;
        let a = if gram {
            Matrix::from_element(d, d, 0.5)
        } else {
            Matrix::from_element(n, d, 0.5)
        };
        let x = Matrix::from_element(d, 3, 0.3);
        let mut out = Matrix::zeros(a.nrows(), 3);
        let passes = if gram { 1 } else { 2 };
        let mut kernel = || {
            for _ in 0..steps * passes {
                product::gemm_few(1.0, &a, black_box(&x), 0.0, &mut out);
            }
            black_box(&out);
        };
        let times = race(&mut [
            &mut || itd(&i, steps),
            &mut || {
                black_box(straightforward(&i, steps));
            },
            &mut kernel,
            &mut || itd(&i, 2 * steps),
        ]);
        println!(
            "{n:>6} {d:>6} {:>22.2} {:>24.2} {:>18.2}",
            times[1] / times[0],
            times[0] / times[2],
            times[3] / times[0]
        );
    }
    println!(
        "\nGrowth with d at n = 4d (cost should grow like d², a factor 4), and AID-FP/ITD per step"
    );
    for d in [50, 100, 200] {
        let (small, large) = (instance(4 * d, d), instance(8 * d, 2 * d));
        let times = race(&mut [
            &mut || itd(&small, 200),
            &mut || itd(&large, 200),
            &mut || aid(&small, 200),
        ]);
        println!(
            "  d = {d:>3} → {:>3}: {:.2}   AID-FP/ITD: {:.2}",
            2 * d,
            times[1] / times[0],
            times[2] / times[0]
        );
    }
    println!("\nAID-FP on the support of w(λ) against products with all of ∂₁Φᵀ, 400 steps");
    for d in [50, 100, 200] {
        let mut i = instance(4 * d, d);
        for _ in 0..2000 {
            i.start = i.map.apply(&i.start, &i.lambda).as_slice().to_vec();
        }
        let mut lin = i.map.linearization();
        let tie = &mut Tie::Weight(0.0);
        i.map.linearize(&i.start, &i.lambda, tie, &mut lin);
        let support = lin.slope.iter().filter(|s| **s > 0.0).count();
        let mut ws = i.map.workspace();
        let (mut v, mut next) = (vec![0.0; d], vec![0.0; d]);
        let times = race(&mut [&mut || aid(&i, 400), &mut || {
            v.fill(0.0);
            for _ in 0..400 {
                i.map.vjp_w(&lin, &v, &mut next, &mut ws);
                next.iter_mut().zip(&i.cotangent).for_each(|(n, y)| *n += y);
                std::mem::swap(&mut v, &mut next);
            }
            black_box(&v);
        }]);
        println!(
            "  d = {d:>3}, support {support:>3}: {:.2} times as fast, {:.2} µs a step",
            times[1] / times[0],
            times[0] / 400e-6
        );
    }
}

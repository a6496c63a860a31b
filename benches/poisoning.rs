//! Products of data poisoning at MNIST's shape, each as a ratio to what the machine can do in the
//! same run. `cargo bench --bench poisoning [-- ROWS]`.
//!
//! The limit of a product is the larger of the bytes it must read over the measured bandwidth, and
//! its multiplications and additions over the measured rate of large matrix products, both on all
//! cores. Those products fuse multiplications and additions, which ours do not, so that every machine
//! computes the same bits: the second limit takes the rate at which they can be made apart. Every figure
//! is the median of interleaved repetitions. Synthetic images; 30 % of the rows corrupted.

#[path = "timing/mod.rs"]
mod timing;

use std::hint::black_box;

use ratecert::case::{Algorithm, At, Case, Implementation, Samples, Target};
use ratecert::case::{Draw, Role};
use ratecert::linalg::random::Random;
use ratecert::maps::composite::{Composite, Inner, Outer, Poisoned};
use ratecert::maps::{Map, Tie};
use ratecert::methods::Nsid;
use rayon::prelude::*;
use timing::{Machine, peak_memory, race, sum};

const REPETITIONS: usize = 11;
const WIDTH: usize = 784;
const CLASSES: usize = 10;
const BATCH: usize = 300;
/// Minibatches that are read alone.
const RANDOM: usize = 100;

fn main() {
    // In the pool, as `certify` and `reproduce` run it: who is outside must be woken at every call.
    rayon::scope(|_| run());
}

/// The sum of row i and of its noise, where it has one.
fn one_row(x: &[f64], noise: &[f64], i: usize) -> f64 {
    let row = |x: &[f64], i: usize| sum(&x[i * WIDTH..][..WIDTH]);
    let own = row(x, i);
    own + if i % 10 < 3 {
        row(noise, i / 10 * 3 + i % 10)
    } else {
        0.0
    }
}

fn run() {
    let rows = std::env::args().skip(1).find_map(|a| a.parse().ok());
    let n: usize = rows.unwrap_or(30_000);
    let mut random = Random::new(1);
    // One pixel in five is lit, about as many as in MNIST.
    let mut x = vec![0.0; n * WIDTH];
    for v in x.iter_mut() {
        let (lit, value) = (random.unit() < 0.2, random.unit());
        *v = if lit { value } else { 0.0 };
    }
    let labels: Vec<usize> = (0..n).map(|_| random.integer(0, CLASSES - 1)).collect();
    let corrupted: Vec<usize> = (0..n).filter(|i| i % 10 < 3).collect();
    let noise: Vec<f64> = (0..corrupted.len() * WIDTH)
        .map(|_| random.between(-0.1, 0.1))
        .collect();
    let bytes = (n * WIDTH * 8) as f64;
    let added = (noise.len() * 8) as f64;
    let (n_c, d) = (corrupted.len(), WIDTH * CLASSES);
    let inner = Poisoned::new(&x, labels, CLASSES, corrupted).expect("shapes fit");
    drop(x);
    let inner = inner.with(0.5, 0.1).expect("in range");
    let outer = Outer::FixedSoft { threshold: 0.01 };
    let composite = Composite::new(Inner::Poisoned(inner), outer).expect("nonexpansive");
    let map = Map::sampled(composite).expect("a family");
    let mut w: Vec<f64> = (0..d).map(|_| random.between(-0.1, 0.1)).collect();
    let y = w.clone();
    let (mut lin, mut ws) = (map.linearization(), map.workspace());
    for _ in 0..3 {
        map.linearize_in(&w, &noise, &mut Tie::Weight(0.0), &mut lin);
        w.copy_from_slice(&lin.value);
    }
    let mut lower = map.linearization();
    let (mut out, mut by_noise) = (vec![0.0; d], vec![0.0; noise.len()]);
    let mut other = map.workspace();
    let draw = |role| {
        let draw = Draw::new((1, 1), role, n, (1, BATCH)).independent();
        draw.expect("in range")
    };
    let (first, linear) = (draw(Role::Inner), draw(Role::Linear));
    // Many updates with an estimate, and the estimate alone.
    let steps = 400;
    let many = Draw::new((1, 2), Role::Linear, n, (steps, BATCH)).independent();
    let (many, eta) = (many.expect("in range"), vec![0.1; steps]);
    let (few_eta, none) = ([0.1], [0usize]);
    let (all_steps, mut nsid) = ([steps], Nsid::default());
    let at = At::Point(&w);
    let target = Target::Cotangent(&y);
    let one = Case::new(Algorithm::Nsid, &map, &noise, at, target, &none)
        .with_samples(Samples::new(&first, &linear, &few_eta));
    let long = Case::new(Algorithm::Nsid, &map, &noise, at, target, &all_steps)
        .with_samples(Samples::new(&first, &many, &eta));
    let mut also = Nsid::default();
    // As large as X, so that nothing stays in a cache.
    let read: Vec<f64> = vec![1.0; n * WIDTH];
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let machine = Machine::new(cores);
    let times = race(
        REPETITIONS,
        &mut [
            &mut || {
                black_box(read.par_chunks(WIDTH * 256).map(sum).sum::<f64>());
            },
            &mut || {
                // Rows of minibatches and their noise.
                for batch in many.iter().take(RANDOM) {
                    let part = |rows: &[usize]| {
                        rows.iter().map(|i| one_row(&read, &noise, *i)).sum::<f64>()
                    };
                    black_box(
                        batch
                            .par_chunks(BATCH.div_ceil(cores))
                            .map(part)
                            .sum::<f64>(),
                    );
                }
            },
            &mut || machine.multiply(),
            &mut || machine.separate(),
            &mut || {
                map.linearize_in(&w, &noise, &mut Tie::Weight(0.0), &mut lower);
                black_box(&lower.value);
            },
            &mut || map.vjp_w(&lin, &y, &mut out, &mut ws),
            &mut || map.vjp_lambda(&lin, &y, &mut by_noise, &mut other),
            &mut || {
                black_box(nsid.run(&one));
            },
            &mut || {
                black_box(also.run(&long));
            },
        ],
    );
    let [
        stream,
        scattered,
        products,
        sums,
        lower,
        aid,
        second,
        once,
        often,
    ] = times[..]
    else {
        unreachable!("a time for every function")
    };
    let bandwidth = bytes / stream;
    let (rate, separate) = (machine.flops() / products, machine.flops() / sums);
    println!("{n} rows, {WIDTH} columns, {CLASSES} classes, {n_c} corrupted rows; {cores} cores");
    println!(
        "reading {:.1} GB/s, large products {:.0} GFLOP/s, {:.0} where multiplications and additions are not fused\n",
        bandwidth * 1e-9,
        rate * 1e-9,
        separate * 1e-9
    );
    println!("| product | time, ms | limit, ms | ratio | not fused: limit, ms | ratio |");
    println!("|---|---|---|---|---|---|");
    let flops = |rows: usize, products: usize| (2 * rows * d * products) as f64;
    let limit =
        |bytes: f64, flops: f64| [rate, separate].map(|rate| (bytes / bandwidth).max(flops / rate));
    let nsid_step = (often - once) / steps as f64;
    let batch = (BATCH * WIDTH * 8) as f64 * (1.0 + added / bytes);
    for (name, time, [fused, apart]) in [
        ("lower-level step", lower, limit(bytes + added, flops(n, 2))),
        ("AID-FP step", aid, limit(bytes + added, flops(n, 2))),
        (
            "∂₂Φᵀ",
            second,
            limit((bytes / n as f64) * n_c as f64 + 2.0 * added, flops(n_c, 4)),
        ),
        (
            "NSID update, 300 rows",
            nsid_step,
            // The probabilities at w are kept where every row is used three times or more.
            limit(
                batch,
                flops(BATCH, if steps * BATCH >= 3 * n { 2 } else { 3 }),
            ),
        ),
    ] {
        println!(
            "| {name} | {:.3} | {:.3} | {:.2} | {:.3} | {:.2} |",
            time * 1e3,
            fused * 1e3,
            time / fused,
            apart * 1e3,
            time / apart
        );
    }
    println!(
        "\nreading 300 rows at random, with their noise, and nothing else: {:.3} ms",
        scattered / RANDOM as f64 * 1e3
    );
    // The bench's own: the buffer that was read, and the vector X was made from.
    let held = peak_memory() - 8.0 * read.len() as f64;
    println!(
        "\nmemory at most {:.0} MB; X {:.0} MB, Γ {:.0} MB: without the given Γ and an output of its size {:.2} times X",
        held * 1e-6,
        bytes * 1e-6,
        added * 1e-6,
        (held - 2.0 * added) / bytes
    );
}

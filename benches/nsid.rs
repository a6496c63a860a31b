//! NSID's time per iteration against the time to read its minibatch from memory: n = 10,000 rows,
//! d = 100, minibatches of 100 rows. The ratio of the two figures is what matters; below 3 is the aim.
//!
//! Then a thousand steps of the exact second-moment recursion of a sum of n = 200 rows at d = 10, 20 and 40, where a step takes
//! min(d⁴/4, 2nd²) + 2d³ multiplications: sixteenfold with 2d up to d = √(8n) = 40, fourfold to eightfold beyond.

#[path = "timing/mod.rs"]
mod timing;

use std::hint::black_box;

use ratecert::case::{Algorithm, At, Case, Draw, Implementation, Role, Samples, Target};
use ratecert::instances::Random;
use ratecert::maps::Map;
use ratecert::maps::composite::Composite;
use ratecert::methods::Nsid;
use ratecert::truth::expectation::Recursion;
use timing::race;

const ROWS: usize = 10_000;
const DIM: usize = 100;
const BATCH: usize = 100;
const STEPS: usize = 200;
const REPETITIONS: usize = 51;

fn main() {
    nsid();
    moments();
}

fn nsid() {
    let mut random = Random::new(0);
    let x: Vec<f64> = (0..ROWS * DIM).map(|_| random.normal()).collect();
    let y: Vec<f64> = (0..ROWS).map(|_| random.normal()).collect();
    let samples = Composite::elastic_net(x.clone(), y, DIM, 0.5).expect("a valid elastic net");
    let map = Map::sampled(samples).expect("a mean of these rows");
    let w: Vec<f64> = (0..DIM).map(|_| random.normal()).collect();
    let draw = |role, count| {
        let wanted = Draw::new((0, 0), role, ROWS, (count, BATCH));
        wanted.independent().expect("rows to draw from")
    };
    let (inner, linear) = (draw(Role::Inner, 1), draw(Role::Linear, STEPS));
    let (at, target) = (At::Point(&w), Target::Cotangent(&w));
    let case = Case::new(Algorithm::Nsid, &map, &[0.1, 0.01], at, target, &[STEPS]);
    let case = case.with_samples(Samples::new(&inner, &linear, &[0.01; STEPS]));
    let mut method = Nsid::default();
    let mut read = || {
        let mut sums = [0.0f64; 4];
        for batch in linear.iter() {
            for i in batch {
                for four in x[i * DIM..(i + 1) * DIM].chunks_exact(4) {
                    sums.iter_mut().zip(four).for_each(|(s, v)| *s += v);
                }
            }
        }
        black_box(sums);
    };
    let mut iterate = || {
        black_box(method.run(&case));
    };
    let times = race(REPETITIONS, &mut [&mut read, &mut iterate]);
    let each = |t: f64| 1e6 * t / STEPS as f64;
    println!("minibatch of {BATCH} rows, d = {DIM}, n = {ROWS}:");
    println!("  reading it   {:8.2} µs", each(times[0]));
    println!(
        "  an iteration {:8.2} µs, {:.2} times as long",
        each(times[1]),
        times[1] / times[0]
    );
}

fn moments() {
    const SUM: usize = 200;
    println!("a thousand steps of the exact second moments, n = {SUM}:");
    let mut before = f64::NAN;
    for d in [10, 20, 40] {
        let mut random = Random::new(d as u64);
        let x: Vec<f64> = (0..SUM * d).map(|_| random.normal()).collect();
        let y: Vec<f64> = (0..SUM).map(|_| random.normal()).collect();
        let map = Composite::elastic_net(x, y, d, 0.25).expect("a valid elastic net");
        let w = vec![0.5; d];
        let lambda = [0.01, 0.05];
        let gamma = map.mean_gamma(&w, &lambda, 0.0);
        let mut recursion =
            Recursion::nsid(&map, &w, &lambda, &gamma, &w, 1).expect("a regular mean");
        let beta = 2.0;
        let mut thousand = || {
            black_box(recursion.moments(1000, |i| beta / (50.0 + i as f64)).mse());
        };
        let time = race(REPETITIONS / 10, &mut [&mut thousand])[0];
        println!(
            "  d = {d:2}       {:8.2} ms, {:.1} times that before",
            1e3 * time,
            time / before
        );
        before = time;
    }
}

//! NSID's time per iteration against the time to read its minibatch from memory: n = 10,000 rows,
//! d = 100, minibatches of 100 rows. The ratio of the two figures is what matters; below 3 is the aim.
//!
//! Then a thousand steps of the exact second-moment recursion of a sum of n = 200 rows at d = 10, 20 and 40, where a step takes
//! min(d⁴/4, 2nd²) + 2d³ multiplications: sixteenfold with 2d up to d = √(8n) = 40, fourfold to eightfold beyond.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ratecert::case::{Algorithm, At, Case, Draw, Implementation, Role, Samples, Target};
use ratecert::instances::Random;
use ratecert::maps::Map;
use ratecert::maps::composite::Composite;
use ratecert::methods::Nsid;
use ratecert::truth::expectation::Recursion;

const ROWS: usize = 10_000;
const DIM: usize = 100;
const BATCH: usize = 100;
const STEPS: usize = 200;

fn nsid(c: &mut Criterion) {
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
    let mut group = c.benchmark_group("nsid");
    group.throughput(Throughput::Bytes((STEPS * BATCH * DIM * 8) as u64));
    group.bench_function("read-minibatches", |b| {
        b.iter(|| {
            let mut sums = [0.0f64; 4];
            for batch in linear.iter() {
                for i in batch {
                    for four in x[i * DIM..(i + 1) * DIM].chunks_exact(4) {
                        sums.iter_mut().zip(four).for_each(|(s, v)| *s += v);
                    }
                }
            }
            black_box(sums)
        });
    });
    group.bench_function("iterate", |b| {
        b.iter(|| method.run(&case));
    });
    group.finish();
}

fn moments(c: &mut Criterion) {
    const SUM: usize = 200;
    let mut group = c.benchmark_group("moments");
    group.throughput(Throughput::Elements(1000));
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
        group.bench_function(format!("thousand-steps-d{d}-n{SUM}"), |b| {
            b.iter(|| recursion.moments(1000, |i| beta / (50.0 + i as f64)).mse());
        });
    }
    group.finish();
}

criterion_group!(benches, nsid, moments);
criterion_main!(benches);

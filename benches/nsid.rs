//! NSID's time per iteration against the time to read its minibatch from memory: n = 10,000 rows,
//! d = 100, minibatches of 100 rows. The ratio of the two figures is what matters; below 3 is the aim.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ratecert::instances::Random;
use ratecert::maps::stochastic::StochasticMap;
use ratecert::methods::nsid::{
    Batches, Iid, Method, Plan, Problem, Role, StepSize, Workspace, run,
};

const ROWS: usize = 10_000;
const DIM: usize = 100;
const BATCH: usize = 100;
const STEPS: usize = 200;

fn nsid(c: &mut Criterion) {
    let mut random = Random::new(0);
    let x: Vec<f64> = (0..ROWS * DIM).map(|_| random.normal()).collect();
    let y: Vec<f64> = (0..ROWS).map(|_| random.normal()).collect();
    let map = StochasticMap::elastic_net(x.clone(), y, DIM, 0.5).expect("a valid elastic net");
    let w: Vec<f64> = (0..DIM).map(|_| random.normal()).collect();
    let cotangent = w.clone();
    let lambda = [0.1, 0.01];
    let draw = |role, count| {
        Batches::draw(&mut Iid::new(0, 0, role, ROWS), count, BATCH).expect("rows to draw from")
    };
    let (inner, samples) = (draw(Role::Inner, 1), draw(Role::Linear, STEPS));
    let plan = Plan {
        steps: StepSize::Constant(0.01),
        batch: BATCH,
        record: vec![STEPS],
    };
    let problem = Problem {
        map: &map,
        lambda: &lambda,
        w: &w,
        y: &cotangent,
        tie: 0.0,
    };
    let mut ws = Workspace::new(&map);
    let mut group = c.benchmark_group("nsid");
    group.throughput(Throughput::Bytes((STEPS * BATCH * DIM * 8) as u64));
    group.bench_function("read-minibatches", |b| {
        b.iter(|| {
            let mut sums = [0.0f64; 4];
            for batch in samples.iter() {
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
        b.iter(|| {
            run(
                Method::Nsid,
                &problem,
                &plan,
                &inner,
                &mut samples.cursor(),
                &mut ws,
            )
        });
    });
    group.finish();
}

criterion_group!(benches, nsid);
criterion_main!(benches);

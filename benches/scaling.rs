//! Every product and every method at d = 10, 100 and 1000, as ratios to what one core of this machine
//! can do, taken in the same run; how times grow with d, n and t; memory. `cargo bench --bench scaling`.
//!
//! The limit of a product is the larger of the bytes it must read over the rate at which a buffer of
//! that size is read, and its multiplications and additions over the rate at which they can be made
//! apart. Every figure is the median of interleaved repetitions. Exponents are slopes of least squares
//! in logarithms. `benches/poisoning.rs` has the passes over rows at MNIST's shape.

#[path = "timing/mod.rs"]
mod timing;

use std::hint::black_box;

use ratecert::case::{Algorithm, At, Case, Draw, Implementation, Role, Samples, Target};
use ratecert::linalg::product::{Packed, add_weighted_rows, gemm_few_tr, gemv, gemv_tr};
use ratecert::linalg::random::Random;
use ratecert::linalg::{Matrix, Vector};
use ratecert::maps::composite::{Composite, Loss, Prox, ProxGradient};
use ratecert::maps::{Affine, ElasticNet, Layer, Map, Tie};
use ratecert::methods::{
    AidCg, AidFp, AidFpForward, ItdCheckpointed, ItdForward, ItdReverse, Nsid, Sid,
};
use ratecert::truth::Truth;
use timing::{Machine, forget_peak, peak_memory, race, seconds, sum};

const REPETITIONS: usize = 7;

/// Median seconds of one call of each, interleaved; each repeated until it takes two milliseconds.
fn times(functions: &mut [Box<dyn FnMut() + '_>]) -> Vec<f64> {
    let repeats: Vec<usize> = functions
        .iter_mut()
        .map(|f| (2e-3 / seconds(f).max(1e-9)).ceil().clamp(1.0, 1e5) as usize)
        .collect();
    let mut many: Vec<Box<dyn FnMut() + '_>> = functions
        .iter_mut()
        .zip(&repeats)
        .map(|(f, n)| Box::new(move || (0..*n).for_each(|_| f())) as Box<dyn FnMut() + '_>)
        .collect();
    let mut refs: Vec<&mut dyn FnMut()> = many.iter_mut().map(|f| &mut **f as _).collect();
    let all = race(REPETITIONS, &mut refs);
    all.iter()
        .zip(&repeats)
        .map(|(t, n)| t / *n as f64)
        .collect()
}

/// A product, what it must read, and how many multiplications and additions it makes.
struct Item<'a> {
    name: String,
    bytes: f64,
    flops: f64,
    run: Box<dyn FnMut() + 'a>,
}

impl<'a> Item<'a> {
    fn new(name: &str, numbers: usize, flops: usize, run: impl FnMut() + 'a) -> Self {
        Self {
            name: name.into(),
            bytes: 8.0 * numbers as f64,
            flops: flops as f64,
            run: Box::new(run),
        }
    }
}

/// Prints the items with their ratios to the limits of this run.
fn against_limits(machine: &Machine, items: Vec<Item<'_>>) {
    let buffers: Vec<Vec<f64>> = items
        .iter()
        .map(|i| vec![1.0; ((i.bytes / 8.0) as usize).max(64)])
        .collect();
    let mut functions: Vec<Box<dyn FnMut() + '_>> = vec![Box::new(|| machine.separate())];
    for buffer in &buffers {
        functions.push(Box::new(|| {
            black_box(sum(black_box(buffer)));
        }));
    }
    let count = items.len();
    let mut named = Vec::new();
    for item in items {
        named.push((item.name, item.bytes, item.flops));
        functions.push(item.run);
    }
    let all = times(&mut functions);
    let rate = machine.flops() / all[0];
    for (k, (name, bytes, flops)) in named.iter().enumerate() {
        let (read, own) = (all[1 + k], all[1 + count + k]);
        let limit = read.max(flops / rate);
        println!(
            "| {name} | {:.2} | {:.2} | {} | {:.1} | {:.1} |",
            own * 1e6,
            limit * 1e6,
            if read > flops / rate {
                "reading"
            } else {
                "arithmetic"
            },
            own / limit,
            bytes / own * 1e-9,
        );
    }
}

fn heading(what: &str) {
    println!("\n| {what} | time, µs | limit, µs | of | ratio | GB/s |\n|---|---|---|---|---|---|");
}

/// The slope of least squares of log y over log x.
fn exponent(points: &[(f64, f64)]) -> f64 {
    let n = points.len() as f64;
    let logs: Vec<(f64, f64)> = points.iter().map(|(x, y)| (x.ln(), y.ln())).collect();
    let (mx, my) = logs
        .iter()
        .fold((0.0, 0.0), |s, p| (s.0 + p.0 / n, s.1 + p.1 / n));
    let cross: f64 = logs.iter().map(|(x, y)| (x - mx) * (y - my)).sum();
    cross / logs.iter().map(|(x, _)| (x - mx).powi(2)).sum::<f64>()
}

fn normal(rows: usize, cols: usize, seed: u64) -> Matrix {
    let mut random = Random::new(seed);
    Matrix::from_fn(rows, cols, |_, _| random.normal())
}

/// About ‖A‖, by the power method.
fn norm(a: &Matrix) -> f64 {
    let mut x = Vector::from_element(a.ncols(), 1.0);
    for _ in 0..200 {
        x = a.tr_mul(&(a * &x));
        x /= x.norm();
    }
    (a * x).norm()
}

/// A regression with about half of its support, its λ, and a point near w(λ).
struct Net {
    x: Matrix,
    y: Vector,
    step: f64,
    lambda: [f64; 2],
    map: Map,
    w: Vec<f64>,
}

impl Net {
    fn new(n: usize, d: usize) -> Self {
        let x = normal(n, d, 1);
        let y = &x * normal(d, 1, 2).column(0) + normal(n, 1, 3).column(0);
        let ridge = 0.1;
        let step = 1.0 / (norm(&x).powi(2) / n as f64 + ridge);
        let data = ElasticNet {
            x: x.clone(),
            y: y.clone(),
            step,
        };
        let map = Map::new(data).expect("a regression");
        // The median of a normal entry's modulus: half of the weights are thresholded away.
        let lambda = [0.67, ridge];
        let mut w = vec![0.0; d];
        let mut lin = map.linearization();
        for _ in 0..500 {
            map.linearize(&w, &lambda, &mut Tie::Weight(0.0), &mut lin);
            w.copy_from_slice(&lin.value);
        }
        Self {
            x,
            y,
            step,
            lambda,
            map,
            w,
        }
    }

    fn support(&self) -> usize {
        self.w.iter().filter(|v| **v != 0.0).count()
    }

    fn cotangent(&self) -> Vec<f64> {
        (0..self.w.len()).map(|i| (1.0 + i as f64).sin()).collect()
    }
}

fn affine(d: usize) -> Map {
    let a = normal(d, d, 4);
    let a = &a * (0.9 / norm(&a));
    let (b, c) = (normal(d, 2, 5), normal(d, 1, 6).column(0).into_owned());
    Map::new(Affine { a, b, c }).expect("affine")
}

fn layer(d: usize) -> Map {
    let [a, v] = [7, 8].map(|seed| {
        let a = normal(d, d, seed);
        &a * (0.9 / norm(&a))
    });
    let (b, c) = (normal(d, 2, 9), normal(d, 1, 10).column(0).into_owned());
    let activation = ratecert::maps::composite::Activation::Relu;
    Map::new(Layer {
        a,
        b,
        c,
        v,
        activation,
    })
    .expect("a layer")
}

fn products(machine: &Machine, d: usize) {
    heading(&format!("d = {d}: products"));
    let a = normal(d, d, 1);
    let packed = Packed::new(&a);
    let x: Vec<f64> = (0..d).map(|i| (i as f64).sin()).collect();
    let half: Vec<f64> = x
        .iter()
        .enumerate()
        .map(|(i, v)| v * (i % 2) as f64)
        .collect();
    let few = normal(d, 2, 2);
    let rows = 10_000.min(4_000_000 / d);
    let data: Vec<f64> = normal(rows * d, 1, 3).as_slice().to_vec();
    let batch: Vec<usize> = (0..100).map(|k| (k * 7919) % rows).collect();
    let [mut o1, mut o2, mut o3, mut o4, mut o5] = [(); 5].map(|()| vec![0.0; d]);
    let [mut m1, mut m2] = [(); 2].map(|()| Matrix::zeros(d, 2));
    let mut entries = Vec::new();
    let items = vec![
        Item::new("Ax", d * d, 2 * d * d, || gemv(1.0, &a, &x, 0.0, &mut o1)),
        Item::new("Ax, packed", d * d, 2 * d * d, || {
            packed.times(1.0, &x, 0.0, &mut o2)
        }),
        Item::new("Ax, half of x is 0", d * d / 2, d * d, || {
            packed.times_nonzero(1.0, &half, 0.0, &mut o3, &mut entries);
        }),
        Item::new("A[x y]", d * d, 4 * d * d, || {
            packed.times_few(1.0, &few, 0.0, &mut m1)
        }),
        Item::new("Aᵀx", d * d, 2 * d * d, || {
            gemv_tr(1.0, &a, &x, 0.0, &mut o4)
        }),
        Item::new("Aᵀ[x y]", d * d, 4 * d * d, || {
            gemm_few_tr(1.0, &a, &few, 0.0, &mut m2)
        }),
        Item::new("X_bᵀX_bv, 100 rows at random", 100 * d, 400 * d, || {
            add_weighted_rows(&data, &x, batch.len(), |k| batch[k], |_, s| s, &mut o5);
        }),
    ];
    against_limits(machine, items);
}

/// The four products of a map. Three read so many numbers of its data and multiply so many (a vector),
/// ∂₂Φᵀ reads and multiplies so many.
fn map_products<'a>(
    name: &str,
    map: &'a Map,
    (w, y): (&'a [f64], &'a [f64]),
    [numbers, multiplied, second]: [usize; 3],
) -> Vec<Item<'a>> {
    let (m, lambda) = (map.dims().lambda, &[0.67, 0.1]);
    let linearized = move || {
        let mut lin = map.linearization();
        map.linearize(w, lambda, &mut Tie::Weight(0.0), &mut lin);
        lin
    };
    let (mut lin, l2, l3, l4) = (linearized(), linearized(), linearized(), linearized());
    let [mut w2, mut w3, mut w4] = [(); 3].map(|()| map.workspace());
    let (mut by_w, mut by_lambda) = (vec![0.0; w.len()], vec![0.0; m]);
    // D has the rows of the support, as in a run.
    let mut d0 = Matrix::zeros(w.len(), m);
    map.push_forward(&l3, &normal(w.len(), m, 1), &mut d0, &mut w3);
    let mut pushed = d0.clone();
    vec![
        Item::new(&format!("{name}: Φ"), numbers, 2 * multiplied, move || {
            map.linearize_in(w, lambda, &mut Tie::Weight(0.0), &mut lin);
        }),
        Item::new(
            &format!("{name}: ∂₁Φᵀy"),
            numbers,
            2 * multiplied,
            move || {
                map.vjp_w(&l2, y, &mut by_w, &mut w2);
            },
        ),
        Item::new(
            &format!("{name}: ∂₁ΦD + ∂₂Φ"),
            numbers,
            2 * m * multiplied,
            move || {
                map.push_forward(&l3, &d0, &mut pushed, &mut w3);
            },
        ),
        Item::new(
            &format!("{name}: ∂₂Φᵀy"),
            second,
            2 * second,
            move || {
                map.vjp_lambda(&l4, y, &mut by_lambda, &mut w4);
            },
        ),
    ]
}

fn maps(machine: &Machine, d: usize) {
    heading(&format!("d = {d}: maps"));
    let net = Net::new(2 * d, d);
    let (y, affine, layer) = (net.cotangent(), affine(d), layer(d));
    let labels = net.y.map(|v| v.signum());
    let n = 2 * d;
    let logistic = Map::new(ProxGradient {
        x: net.x.clone(),
        y: labels,
        step: net.step,
        loss: Loss::Logistic,
        prox: Prox::Soft,
    })
    .expect("a logistic regression");
    let at = (&net.w[..], &y[..]);
    let half = d * net.support();
    let mut items = map_products("affine", &affine, at, [d * d, d * d, 2 * d]);
    items.extend(map_products(
        "elastic net, half",
        &net.map,
        at,
        [half, half, 2 * d],
    ));
    items.extend(map_products(
        "logistic, n = 2d",
        &logistic,
        at,
        [n * d, 2 * n * d, 2 * d],
    ));
    items.extend(map_products(
        "layer",
        &layer,
        at,
        [2 * d * d, 2 * d * d, d * d],
    ));
    against_limits(machine, items);
}

/// Seconds of a step of a method on a map, from a run of so many.
fn step(
    own: &mut dyn Implementation,
    algorithm: Algorithm,
    (net, map): (&Net, &Map),
    forward: bool,
    t: usize,
) -> f64 {
    let (y, steps, zero) = (net.cotangent(), [t], vec![0.0; net.w.len()]);
    let at = match algorithm {
        Algorithm::Itd => At::Start(&zero),
        _ => At::Point(&net.w),
    };
    let target = if forward {
        Target::Jacobian
    } else {
        Target::Cotangent(&y)
    };
    let case = Case::new(algorithm, map, &net.lambda, at, target, &steps);
    let mut run = || {
        black_box(own.run(&case));
    };
    race(REPETITIONS, &mut [&mut run])[0] / t as f64
}

/// Seconds of an update of NSID or SID on a map with samples, from a run of so many.
fn update(own: &mut dyn Implementation, algorithm: Algorithm, net: &Net, k: usize) -> f64 {
    let n = net.x.nrows();
    let x = net.x.transpose().as_slice().to_vec();
    let y = net.y.as_slice().to_vec();
    let samples = Composite::elastic_net(x, y, net.w.len(), net.step).expect("an elastic net");
    let map = Map::sampled(samples).expect("a mean");
    let batch = 100.min(n);
    let draw = |role, count| {
        let draw = Draw::new((1, 1), role, n, (count, batch)).independent();
        draw.expect("rows to draw from")
    };
    let (inner, linear) = (draw(Role::Inner, 10), draw(Role::Linear, k));
    let (eta, y, steps) = (vec![0.1; k], net.cotangent(), [k]);
    let case = Case::new(
        algorithm,
        &map,
        &net.lambda,
        At::Point(&net.w),
        Target::Cotangent(&y),
        &steps,
    );
    let case = case.with_samples(Samples::new(&inner, &linear, &eta));
    let mut run = || {
        black_box(own.run(&case));
    };
    race(REPETITIONS, &mut [&mut run])[0] / k as f64
}

fn methods(d: usize) {
    let (net, affine) = (Net::new(2 * d, d), affine(d));
    let t = (20_000_000 / (d * d)).clamp(20, 2000);
    println!(
        "\n| d = {d}: µs a step | elastic net, support {} | affine |\n|---|---|---|",
        net.support()
    );
    let line = |name: &str, own: &mut dyn Implementation, algorithm, forward| {
        let [on_net, on_affine] =
            [&net.map, &affine].map(|map| step(own, algorithm, (&net, map), forward, t));
        println!("| {name} | {:.2} | {:.2} |", on_net * 1e6, on_affine * 1e6);
    };
    line(
        "ITD forward, m = 2",
        &mut ItdForward::default(),
        Algorithm::Itd,
        true,
    );
    line(
        "ITD reverse",
        &mut ItdReverse::default(),
        Algorithm::Itd,
        false,
    );
    line(
        "ITD checkpointed",
        &mut ItdCheckpointed::default(),
        Algorithm::Itd,
        false,
    );
    line(
        "AID-FP forward, m = 2",
        &mut AidFpForward::default(),
        Algorithm::AidFp,
        true,
    );
    line(
        "AID-FP reverse",
        &mut AidFp::default(),
        Algorithm::AidFp,
        false,
    );
    let t = t.min(d);
    let cg = step(
        &mut AidCg::default(),
        Algorithm::AidCg,
        (&net, &net.map),
        false,
        t,
    );
    println!("| AID-CG | {:.2} | not for it |", cg * 1e6);
    let k = 400;
    for (name, own, algorithm) in [
        (
            "NSID, minibatches of 100",
            &mut Nsid::default() as &mut dyn Implementation,
            Algorithm::Nsid,
        ),
        (
            "SID, minibatches of 100",
            &mut Sid::default(),
            Algorithm::Sid,
        ),
    ] {
        println!(
            "| {name} | {:.2} | |",
            update(own, algorithm, &net, k) * 1e6
        );
    }
}

/// Exponents: what the cost of a step or a solve grows with.
fn growth() {
    println!("\n| cost of | in | over | exponent | expected |\n|---|---|---|---|---|");
    let print = |what: &str, of: &str, over: &str, points: &[(f64, f64)], expected: &str| {
        println!(
            "| {what} | {of} | {over} | {:.2} | {expected} |",
            exponent(points)
        );
    };
    let nets: Vec<Net> = [100, 200, 400, 800].map(|d| Net::new(2 * d, d)).into();
    let over_d = |f: &mut dyn FnMut(&Net) -> f64| -> Vec<(f64, f64)> {
        nets.iter()
            .map(|net| (net.w.len() as f64, f(net)))
            .collect()
    };
    let ds = "100 .. 800";
    let points = over_d(&mut |net| {
        step(
            &mut ItdForward::default(),
            Algorithm::Itd,
            (net, &net.map),
            true,
            50,
        )
    });
    print("a step of ITD forward", "d", ds, &points, "2");
    let points = over_d(&mut |net| {
        step(
            &mut ItdReverse::default(),
            Algorithm::Itd,
            (net, &net.map),
            false,
            50,
        )
    });
    print("a step of ITD reverse", "d", ds, &points, "2");
    let points = over_d(&mut |net| {
        step(
            &mut AidFp::default(),
            Algorithm::AidFp,
            (net, &net.map),
            false,
            200,
        )
    });
    print("a step of AID-FP", "d", ds, &points, "2");
    let points: Vec<(f64, f64)> = [100, 200, 400, 800]
        .map(|d| {
            let net = Net::new(1600, d);
            (
                d as f64,
                update(&mut Nsid::default(), Algorithm::Nsid, &net, 100),
            )
        })
        .into();
    print("an update of NSID, n = 1600", "d", ds, &points, "1");
    let solved = |net: &Net| {
        let mut solve = || {
            black_box(Truth::solve(&net.map, &net.lambda).expect("a contraction"));
        };
        race(3, &mut [&mut solve])[0]
    };
    print(
        "ground truth (w, J, bounds)",
        "d",
        "100 .. 400",
        &over_d(&mut |net| solved(net))[..3],
        "3 at most",
    );
    let net = &nets[0];
    let over_t = |f: &mut dyn FnMut(usize) -> f64| -> Vec<(f64, f64)> {
        [500, 1000, 2000, 4000]
            .map(|t| (t as f64, t as f64 * f(t)))
            .into()
    };
    for (name, own, forward) in [
        (
            "ITD forward",
            &mut ItdForward::default() as &mut dyn Implementation,
            true,
        ),
        ("ITD reverse", &mut ItdReverse::default(), false),
        ("ITD checkpointed", &mut ItdCheckpointed::default(), false),
    ] {
        let points = over_t(&mut |t| step(own, Algorithm::Itd, (net, &net.map), forward, t));
        print(name, "t", "500 .. 4000", &points, "1");
    }
    let over_n: Vec<Net> = [3125, 6250, 12_500, 25_000, 50_000]
        .map(|n| Net::new(n, 100))
        .into();
    let ns = "3,125 .. 50,000";
    let points: Vec<(f64, f64)> = over_n
        .iter()
        .map(|net| (net.x.nrows() as f64, solved(net)))
        .collect();
    print("ground truth, d = 100", "n", ns, &points, "1 at most");
    let points: Vec<(f64, f64)> = over_n
        .iter()
        .map(|net| {
            let t = step(
                &mut AidFp::default(),
                Algorithm::AidFp,
                (net, &net.map),
                false,
                1000,
            );
            (net.x.nrows() as f64, t)
        })
        .collect();
    print("a step of AID-FP, d = 100", "n", ns, &points, "0");
    let points: Vec<(f64, f64)> = over_n
        .iter()
        .map(|net| {
            let n = net.x.nrows() as f64;
            (n, update(&mut Nsid::default(), Algorithm::Nsid, net, 400))
        })
        .collect();
    print(
        "an update of NSID, d = 100",
        "n",
        ns,
        &points,
        "0, beyond the cache a little more",
    );
    let net = &over_n[1];
    let (mut lin, mut w) = (net.map.linearization(), vec![0.0; 100]);
    let iterate = seconds(&mut || {
        for _ in 0..20_000 {
            net.map
                .linearize_in(&w, &net.lambda, &mut Tie::Weight(0.0), &mut lin);
            w.copy_from_slice(&lin.value);
        }
    });
    println!(
        "\n20,000 iterations of an elastic net of 6,250 rows, d = 100: {:.0} ms",
        iterate * 1e3
    );
}

/// What ground truth holds beyond what was there before, where the system says, and what methods say
/// they hold.
fn memory() {
    println!("\n| memory at most | MB | as a multiple |\n|---|---|---|");
    let line = |what: &str, held: f64, of: f64, unit: &str| {
        println!("| {what} | {:.1} | {:.2} {unit} |", held * 1e-6, held / of);
    };
    let net = Net::new(50_000, 100);
    let data = ElasticNet {
        x: net.x.clone(),
        y: net.y.clone(),
        step: net.step,
    };
    forget_peak();
    let before = peak_memory();
    let map = Map::new(data.clone()).expect("a regression");
    black_box(Truth::solve(&map, &net.lambda).expect("a contraction"));
    let held = peak_memory() - before;
    let x = (8 * net.x.len()) as f64;
    line("map and ground truth, n = 50,000, d = 100", held, x, "X");
    let small = Net::new(200, 100);
    let (t, y, zero) = (10_000, small.cotangent(), [0.0; 100]);
    let trajectory = (8 * t * 100) as f64;
    for (name, own, forward) in [
        (
            "ITD forward, t = 10,000",
            &mut ItdForward::default() as &mut dyn Implementation,
            true,
        ),
        ("ITD checkpointed", &mut ItdCheckpointed::default(), false),
        ("ITD reverse", &mut ItdReverse::default(), false),
    ] {
        let target = if forward {
            Target::Jacobian
        } else {
            Target::Cotangent(&y)
        };
        let (at, steps) = (At::Start(&zero), [t]);
        let case = Case::new(
            Algorithm::Itd,
            &small.map,
            &small.lambda,
            at,
            target,
            &steps,
        );
        let held = own.run(&case).cost.bytes_held as f64;
        line(name, held, trajectory, "t·d numbers");
    }
}

fn main() {
    let machine = Machine::new(1);
    let dims = [10, 100, 1000];
    for d in dims {
        products(&machine, d);
    }
    for d in dims {
        maps(&machine, d);
    }
    for d in dims {
        methods(d);
    }
    growth();
    memory();
}

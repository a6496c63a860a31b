//! What costs grow with, and memory.

use std::hint::black_box;

use ratecert::case::{Algorithm, At, Case, Implementation, Target};
use ratecert::maps::{ElasticNet, Map, Tie};
use ratecert::methods::{AidFp, ItdCheckpointed, ItdForward, ItdReverse, Nsid};
use ratecert::truth::Truth;

use crate::problems::{Net, step, update};
use crate::timing::{forget_peak, peak_memory, race, seconds};

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

/// Exponents: what the cost of a step or a solve grows with.
pub fn growth() {
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
    for k in [400, 4000] {
        let own = update(&mut Nsid::default(), Algorithm::Nsid, net, k);
        println!(
            "NSID, {k} minibatches of 100 of 6,250 rows, d = 100: {:.2} µs",
            own * 1e6
        );
    }
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
pub fn memory() {
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

//! Our side of the race against JAX and jaxopt (`just bench-peers`): poses problems, and times our
//! methods on them whenever `benches/peers.py` asks.
//!
//! Reads names of cases from standard input, one a line, and answers each by one line of JSON: the
//! first time with the problem, then with the microseconds of a step and with what was computed.
//! Alone, `cargo bench --bench peers` prints our times.

#[path = "timing/mod.rs"]
mod timing;

use std::cmp::Ordering;
use std::io::BufRead;
use std::time::Instant;

use ratecert::case::{Algorithm, Answer, At, Case, Draw, Implementation, Role, Samples, Target};
use ratecert::linalg::{Matrix, Vector};
use ratecert::maps::composite::Composite;
use ratecert::maps::{Affine, ElasticNet, Map};
use ratecert::methods::{AidFp, ItdForward, ItdReverse, Nsid};
use ratecert::truth::Truth;
use serde_json::{Value, json};
use timing::{cotangent, median, normal};

/// Steps in a timed call.
const STEPS: usize = 1000;
/// Rows of a minibatch.
const BATCH: usize = 100;
const DIM: usize = 100;

/// Rows of a regression and a λ.
struct Net {
    data: ElasticNet,
    lambda: [f64; 2],
    truth: Truth,
    map: Map,
}

/// `planted` weights that matter and noise of this size.
fn regression(rows: usize, planted: usize, noise: f64) -> (Matrix, Vector) {
    let x = normal(rows, DIM, 1);
    let mut weights = normal(DIM, 1, 2).column(0).into_owned();
    weights.rows_range_mut(planted..).fill(0.0);
    let y = &x * weights + normal(rows, 1, 3).column(0) * noise;
    (x, y)
}

impl Net {
    /// About half of the coordinates are in the support.
    fn half(rows: usize) -> Self {
        let (x, y) = regression(rows, DIM, 1.0);
        let ridge = 0.1;
        let map = Self::map(&x, &y, ridge);
        let support = |threshold: f64| {
            let truth = Truth::solve(&map.1, &[threshold, ridge]).expect("a contraction");
            truth.w().iter().filter(|v| **v != 0.0).count()
        };
        // λ₁ with exactly half of the support: an interval, so that no coordinate is at its kink.
        let (mut low, mut high) = (0.0, 10.0);
        let threshold = loop {
            let middle = 0.5 * (low + high);
            match support(middle).cmp(&(DIM / 2)) {
                Ordering::Greater => low = middle,
                Ordering::Less => high = middle,
                Ordering::Equal => break middle,
            }
        };
        Self::new(map, [threshold, ridge])
    }

    /// As in Section 7 of the paper: 30 weights that matter, noise 0.1.
    fn of_the_paper(rows: usize, lambda: [f64; 2]) -> Self {
        let (x, y) = regression(rows, 30, 0.1);
        Self::new(Self::map(&x, &y, lambda[1]), lambda)
    }

    /// η = 2/(L + μ + 2λ₂).
    fn map(x: &Matrix, y: &Vector, ridge: f64) -> (ElasticNet, Map) {
        let eigenvalues = (x.tr_mul(x) / x.nrows() as f64).symmetric_eigenvalues();
        let step = 2.0 / (eigenvalues.max() + eigenvalues.min().max(0.0) + 2.0 * ridge);
        let (x, y) = (x.clone(), y.clone());
        let data = ElasticNet { x, y, step };
        let map = Map::new(data.clone()).expect("a regression");
        (data, map)
    }

    fn new((data, map): (ElasticNet, Map), lambda: [f64; 2]) -> Self {
        Self {
            truth: Truth::solve(&map, &lambda).expect("a contraction"),
            lambda,
            data,
            map,
        }
    }

    fn posed(&self) -> Value {
        json!({
            "X": rows(&self.data.x), "y": self.data.y.as_slice(), "step": self.data.step,
            "lambda": self.lambda, "w": self.truth.w().as_slice(),
            "support": self.truth.w().iter().filter(|v| **v != 0.0).count(),
            "cotangent": cotangent(DIM), "steps": STEPS,
        })
    }
}

fn rows(m: &Matrix) -> Vec<Vec<f64>> {
    let row = |i: usize| m.row(i).iter().copied().collect();
    (0..m.nrows()).map(row).collect()
}

/// What is raced: the problem, and one timed call with what it computed.
struct Race {
    posed: Value,
    /// Steps of a call.
    steps: usize,
    call: Box<dyn FnMut() -> Timed>,
}

/// Seconds, and what was computed in them.
type Timed = (f64, Vec<f64>);

fn clocked<T>(f: impl FnOnce() -> T, value: impl FnOnce(T) -> Vec<f64>) -> Timed {
    let clock = Instant::now();
    let out = f();
    (clock.elapsed().as_secs_f64(), value(out))
}

/// The first estimate of an answer.
fn estimate(answer: Answer) -> Vec<f64> {
    answer.estimates[0].as_slice().to_vec()
}

/// A method on a deterministic map.
fn method(
    posed: Value,
    (algorithm, map, lambda, at): (Algorithm, Map, Vec<f64>, Vec<f64>),
    mut own: Box<dyn Implementation>,
    forward: bool,
) -> Race {
    let y = cotangent(DIM);
    let call = move || {
        let steps = [STEPS];
        let point = match algorithm {
            Algorithm::Itd => At::Start(&at),
            _ => At::Point(&at),
        };
        let target = if forward {
            Target::Jacobian
        } else {
            Target::Cotangent(&y)
        };
        let case = Case::new(algorithm, &map, &lambda, point, target, &steps);
        clocked(|| own.run(&case), estimate)
    };
    Race {
        posed,
        steps: STEPS,
        call: Box::new(call),
    }
}

fn nsid(net: Net) -> Race {
    let x = net.data.x.transpose().as_slice().to_vec();
    let y = net.data.y.as_slice().to_vec();
    let rows = y.len();
    let samples = Composite::elastic_net(x, y, DIM, net.data.step).expect("an elastic net");
    let map = Map::sampled(samples).expect("a mean");
    let draw = |role, count| {
        let draw = Draw::new((1, 1), role, rows, (count, BATCH)).independent();
        draw.expect("rows to draw from")
    };
    // Γ is taken at the mean over all rows that are drawn: of a hundred minibatches here.
    let (inner, linear) = (draw(Role::Inner, 100), draw(Role::Linear, STEPS));
    let eta: Vec<f64> = (0..STEPS).map(|i| 1.0 / (10.0 + i as f64)).collect();
    let mut posed = net.posed();
    posed["inner"] = json!(inner.flat());
    posed["linear"] = json!(linear.flat());
    posed["eta"] = json!(eta);
    posed["batch"] = json!(BATCH);
    let (y, w) = (cotangent(DIM), net.truth.w().as_slice().to_vec());
    let mut own = Nsid::default();
    let call = move || {
        let steps = [STEPS];
        let target = Target::Cotangent(&y);
        let case = Case::new(
            Algorithm::Nsid,
            &map,
            &net.lambda,
            At::Point(&w),
            target,
            &steps,
        );
        let case = case.with_samples(Samples::new(&inner, &linear, &eta));
        clocked(|| own.run(&case), estimate)
    };
    Race {
        posed,
        steps: STEPS,
        call: Box::new(call),
    }
}

/// w, J and both bounds, from the rows.
fn truth(net: Net) -> Race {
    let posed = net.posed();
    let call = move || {
        let data = net.data.clone();
        let solve = || {
            let map = Map::new(data).expect("a regression");
            Truth::solve(&map, &net.lambda).expect("a contraction")
        };
        clocked(solve, |truth| {
            let jacobian = truth.jacobian.as_ref().expect("no kink");
            let errors = [truth.fixed_point.error, jacobian.error];
            [truth.w().as_slice(), jacobian.j.as_slice(), &errors].concat()
        })
    };
    Race {
        posed,
        steps: 1,
        call: Box::new(call),
    }
}

fn affine() -> (Value, Map, Vec<f64>, Vec<f64>) {
    let a = normal(DIM, DIM, 4);
    let norm = a.singular_values_unordered().max();
    let a = a * (0.9 / norm);
    let (b, c) = (normal(DIM, 2, 5), normal(DIM, 1, 6).column(0).into_owned());
    let start = normal(DIM, 1, 7).as_slice().to_vec();
    let lambda = vec![0.3, -0.7];
    let posed = json!({
        "A": rows(&a), "B": rows(&b), "c": c.as_slice(), "lambda": lambda, "w": start,
        "cotangent": cotangent(DIM), "steps": STEPS,
    });
    let map = Map::new(Affine { a, b, c }).expect("affine");
    (posed, map, lambda, start)
}

fn race(name: &str) -> Option<Race> {
    let (what, rows) = name.rsplit_once('-')?;
    let on_net = |algorithm, own: Box<dyn Implementation>, forward| {
        let net = Net::half(rows.parse().ok()?);
        let at = match algorithm {
            Algorithm::Itd => vec![0.0; DIM],
            _ => net.truth.w().as_slice().to_vec(),
        };
        let posed = net.posed();
        let problem = (algorithm, net.map, net.lambda.to_vec(), at);
        Some(method(posed, problem, own, forward))
    };
    let on_affine = |algorithm, own: Box<dyn Implementation>, forward| {
        let (posed, map, lambda, at) = affine();
        Some(method(posed, (algorithm, map, lambda, at), own, forward))
    };
    let (aid, itd) = (Algorithm::AidFp, Algorithm::Itd);
    match what {
        "aid-fp" => on_net(aid, Box::<AidFp>::default(), false),
        "itd-reverse" => on_net(itd, Box::<ItdReverse>::default(), false),
        "itd-forward" => on_net(itd, Box::<ItdForward>::default(), true),
        "nsid" => Some(nsid(Net::half(rows.parse().ok()?))),
        "hypergradient" => Some(truth(Net::of_the_paper(rows.parse().ok()?, [0.02, 0.002]))),
        "hypergradient-weak" => Some(truth(Net::of_the_paper(rows.parse().ok()?, [0.002, 0.002]))),
        "affine-aid" => on_affine(aid, Box::<AidFp>::default(), false),
        "affine-itd" if rows == "reverse" => on_affine(itd, Box::<ItdReverse>::default(), false),
        "affine-itd" => on_affine(itd, Box::<ItdForward>::default(), true),
        _ => None,
    }
}

/// Every case there is.
const CASES: [&str; 13] = [
    "aid-fp-100",
    "aid-fp-10000",
    "itd-reverse-100",
    "itd-reverse-10000",
    "itd-forward-100",
    "itd-forward-10000",
    "nsid-10000",
    "hypergradient-100",
    "hypergradient-weak-100",
    "hypergradient-10000",
    "affine-aid-fp",
    "affine-itd-reverse",
    "affine-itd-forward",
];

/// Microseconds of a step, the median of calls for a tenth of a second.
fn timed(race: &mut Race) -> Timed {
    let (_, value) = (race.call)();
    let mut times = Vec::new();
    while times.len() < 3 || times.iter().sum::<f64>() < 0.1 {
        times.push((race.call)().0);
    }
    (median(times) / race.steps as f64 * 1e6, value)
}

fn main() {
    if !std::env::args().any(|a| a == "--serve") {
        // Those named, or all.
        let named: Vec<String> = std::env::args().skip(1).collect();
        let wanted = |c: &&str| {
            !named.iter().any(|n| CASES.contains(&&n[..])) || named.contains(&c.to_string())
        };
        for name in CASES.into_iter().filter(wanted) {
            let mut race = race(name).expect("a case");
            println!("{name:<20} {:>10.2} µs", timed(&mut race).0);
        }
        return;
    }
    let mut open: Option<(String, Race)> = None;
    for line in std::io::stdin().lock().lines() {
        let name = line.expect("readable input");
        let known = open.as_ref().is_some_and(|(n, _)| *n == name);
        if !known {
            open = race(&name).map(|r| (name.clone(), r));
        }
        let answer = match &mut open {
            None => json!({"error": format!("no case {name}"), "cases": CASES}),
            Some((_, race)) if !known => race.posed.clone(),
            Some((_, race)) => {
                let (us, value) = timed(race);
                json!({"us": us, "value": value})
            }
        };
        println!("{answer}");
    }
}

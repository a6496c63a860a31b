//! NSID and SID against dense formulas, exact expectations and their own contracts.

use super::*;
use crate::case::{
    Answer, At, Batches, Case, Draw, Factory, Iid, Method, Role, Samples, Status, Target,
};
use crate::linalg::stream::Stream;
use crate::linalg::{Matrix, Vector};
use crate::maps::Map;
use crate::maps::composite::{
    Activation, Channel, Composite, FiniteSum, Inner, Loss, NoiseModel, Outer, Sample,
};
use crate::truth::Truth;
use crate::truth::expectation::{
    Readout, Recursion, certain_readout, conditional_readout, reference, sid_limit,
};

/// A map with λ, w and y.
#[derive(Clone)]
struct Problem {
    map: Map,
    lambda: Vec<f64>,
    w: Vec<f64>,
    y: Vec<f64>,
}

/// All that a run is given.
#[derive(Clone)]
struct Given {
    inner: Batches,
    linear: Batches,
    eta: Vec<f64>,
}

impl Problem {
    fn new(map: Composite, lambda: &[f64], w: &[f64], y: &[f64]) -> Self {
        let [lambda, w, y] = [lambda, w, y].map(<[f64]>::to_vec);
        let map = Map::sampled(map).unwrap();
        Self { map, lambda, w, y }
    }

    fn samples(&self) -> &Composite {
        self.map.samples().unwrap()
    }

    /// What NSID and SID are given in one replicate of a seed: J minibatches of one sample, then
    /// minibatches of `batch`.
    fn draw(&self, (seed, replicate): (u64, u64), j: usize, batch: usize, eta: &[f64]) -> Given {
        let draw = |role, count, size| {
            let population = self.samples().inner().population();
            let wanted = Draw::new((seed, replicate), role, population, (count, size));
            wanted.independent().unwrap()
        };
        Given {
            inner: draw(Role::Inner, j, 1),
            linear: draw(Role::Linear, eta.len(), batch),
            eta: eta.to_vec(),
        }
    }

    fn run(&self, method: Method, given: &Given, steps: &[usize]) -> Answer {
        self.run_on(&mut *Ours.make(method).unwrap(), method, given, steps)
    }

    fn run_on(
        &self,
        object: &mut dyn crate::case::Implementation,
        method: Method,
        given: &Given,
        steps: &[usize],
    ) -> Answer {
        let (at, target) = (At::Point(&self.w), Target::Cotangent(&self.y));
        let case = Case::new(method.algorithm, &self.map, &self.lambda, at, target, steps);
        object.run(&case.with_samples(Samples {
            inner: &given.inner,
            linear: &given.linear,
            objective: None,
            eta: &given.eta,
        }))
    }
}

/// β/(γ+i).
fn decreasing(beta: f64, gamma: f64, k: usize) -> Vec<f64> {
    (0..k).map(|i| beta / (gamma + i as f64)).collect()
}

fn lists(s: &mut Stream, count: usize, size: usize, n: usize) -> Batches {
    let mut index = || ((s.next() + 1.0) * 0.5 * n as f64) as usize;
    let lists: Vec<Vec<usize>> = (0..count)
        .map(|_| (0..size).map(|_| index()).collect())
        .collect();
    Batches::new(&lists).unwrap()
}

/// Algorithms 1 and 3 and SID for an elastic net, written out with dense matrices: nothing of the
/// methods' code.
struct Naive {
    x: Matrix,
    y: Vector,
    eta: f64,
    lambda: [f64; 2],
    w: Vector,
}

impl Naive {
    fn hat(&self, b: &[usize]) -> (Vector, Matrix) {
        let (d, size) = (self.w.len(), b.len() as f64);
        let xb = Matrix::from_fn(b.len(), d, |i, j| self.x[(b[i], j)]);
        let yb = Vector::from_fn(b.len(), |i, _| self.y[b[i]]);
        let gradient = xb.transpose() * (&xb * &self.w - yb) / size + &self.w * self.lambda[1];
        let jacobian = Matrix::identity(d, d) * (1.0 - self.eta * self.lambda[1])
            - xb.transpose() * &xb * (self.eta / size);
        (&self.w - gradient * self.eta, jacobian)
    }
    fn masks(&self, u: &Vector) -> (Matrix, Matrix) {
        let t = self.eta * self.lambda[0];
        let mask = u.map(|x| if x.abs() > t { 1.0 } else { 0.0 });
        let g2 = Matrix::from_fn(u.len(), 2, |i, j| {
            if j == 0 {
                -self.eta * mask[i] * u[i].signum()
            } else {
                0.0
            }
        });
        (Matrix::from_diagonal(&mask), g2)
    }
    fn d2(&self) -> Matrix {
        Matrix::from_fn(self.w.len(), 2, |i, j| {
            if j == 1 { -self.eta * self.w[i] } else { 0.0 }
        })
    }
    /// The estimates after every k.
    fn run(&self, sid: bool, y: &Vector, given: &Given) -> Vec<Vector> {
        let j = given.inner.len() as f64;
        let mean = given.inner.iter();
        let w_bar = mean.fold(Vector::zeros(y.len()), |s, b| s + self.hat(b).0) / j;
        let (g1, g2) = self.masks(&w_bar);
        let readout = if sid {
            given.inner.iter().fold(Matrix::zeros(2, y.len()), |s, b| {
                let (g1, g2) = self.masks(&self.hat(b).0);
                s + (g1 * self.d2() + g2).transpose()
            }) / j
        } else {
            (&g1 * self.d2() + g2).transpose()
        };
        let mut v = Vector::zeros(y.len());
        let mut out = vec![&readout * &v];
        for (b, eta) in given.linear.iter().zip(&given.eta) {
            let (u, p) = self.hat(b);
            let g = if sid { self.masks(&u).0 } else { g1.clone() };
            v = &v * (1.0 - eta) + (p.transpose() * g.transpose() * &v + y) * *eta;
            out.push(&readout * &v);
        }
        out
    }
}

/// What is kept between the updates of a long run changes its result by rounding alone: its first
/// steps are those of a short run, which keeps nothing.
#[test]
fn long_runs_keep_what_short_ones_compute_again() {
    let mut s = Stream(11);
    let (n, d) = (12, 20);
    let x = s.matrix(d, n).as_slice().to_vec();
    let labels: Vec<f64> = (0..n)
        .map(|i| if i % 3 == 0 { -1.0 } else { 1.0 })
        .collect();
    for loss in [Loss::Quadratic, Loss::Logistic] {
        let sum = FiniteSum::new(x.clone(), labels.clone(), d, 0.3, loss).unwrap();
        let map = Composite::new(Inner::FiniteSum(sum), Outer::Soft { eta: 0.3 }).unwrap();
        let [w, y] = [0, 1].map(|_| s.matrix(d, 1).as_slice().to_vec());
        let problem = Problem::new(map, &[2.0, 0.2], &w, &y);
        let k = 300;
        let mut given = problem.draw((3, 1), 5, 2, &decreasing(1.0, 4.0, k));
        for method in [Method::NSID, Method::SID] {
            let long = problem.run(method, &given, &[20, k]);
            assert_eq!(long.status, Status::Completed);
            let short = problem.run(method, &given, &[20]);
            let off = (&long.estimates[0] - &short.estimates[0]).norm();
            assert!(off <= 1e-14 * short.estimates[0].norm(), "{off}");
        }
        // The comparison sees what happens in the last of those steps.
        let was = problem.run(Method::NSID, &given, &[20]).estimates.remove(0);
        given.eta[19] *= 1.0 + 1e-9;
        let moved = problem.run(Method::NSID, &given, &[20]).estimates.remove(0);
        assert!((moved - &was).norm() > 1e-13 * was.norm());
    }
}

#[test]
fn given_index_lists_reproduce_the_dense_formulas() {
    let mut s = Stream(1);
    for trial in 0..20 {
        let (d, n) = (1 + trial % 7, 3 + trial);
        let (x, targets, w, y) = (s.vec(n * d), s.vec(n), s.vec(d), s.vec(d));
        let (eta, lambda) = (0.7, [0.2, 0.3]);
        let map = Composite::elastic_net(x.clone(), targets.clone(), d, eta).unwrap();
        let naive = Naive {
            x: Matrix::from_row_slice(n, d, &x),
            y: Vector::from_vec(targets),
            eta,
            lambda,
            w: Vector::from_vec(w.clone()),
        };
        let problem = Problem::new(map, &lambda, &w, &y);
        let batch = 1 + trial % 6;
        let given = Given {
            inner: lists(&mut s, 3, 2, n),
            linear: lists(&mut s, 12, batch, n),
            eta: s.vec(12).iter().map(|x| x.abs()).collect(),
        };
        let steps = [0, 1, 2, 7, 12];
        for method in [Method::NSID, Method::SID] {
            let want = naive.run(method == Method::SID, &Vector::from_vec(y.clone()), &given);
            let got = problem.run(method, &given, &steps);
            assert_eq!(got.status, Status::Completed);
            assert_eq!(got.estimates.len(), steps.len());
            for (k, r) in steps.iter().zip(&got.estimates) {
                let off = (r - &want[*k]).norm();
                assert!(off < 1e-13, "trial {trial} {method} k = {k}");
            }
            assert_eq!(got.estimates[0], Matrix::zeros(2, 1));
            assert_eq!(got.cost.jacobian_products, 12 * batch);
        }
    }
}

/// Means of r and of ‖r - E r‖² over 20,000 runs against their exact values.
fn simulate(method: Method, problem: &Problem, recursion: &mut Recursion, readout: &Readout) {
    const RUNS: u64 = 20_000;
    let count = RUNS as f64;
    let k = 12;
    let eta = decreasing(3.0, 4.0, k);
    let at = recursion.moments(k, |i| eta[i]);
    let mut object = Ours.make(method).unwrap();
    let runs: Vec<Matrix> = (0..RUNS)
        .map(|id| {
            let given = problem.draw((7, id), 3, 2, &eta);
            let answer = problem.run_on(&mut *object, method, &given, &[k]);
            answer.estimates.into_iter().next().unwrap()
        })
        .collect();
    let (r_mean, variance) = (
        readout.mean(recursion, &at),
        readout.variance(recursion, &at),
    );
    let m = problem.lambda.len();
    let mean = runs.iter().fold(Matrix::zeros(m, 1), |s, r| s + r) / count;
    let z = (mean - &r_mean).norm() / (variance / count).sqrt();
    assert!(z < 5.0, "{method}: E r is {z} standard errors off");
    let errors: Vec<f64> = runs.iter().map(|r| (r - &r_mean).norm_squared()).collect();
    let got = errors.iter().sum::<f64>() / count;
    let spread = errors.iter().map(|e| (e - got).powi(2)).sum::<f64>().sqrt() / count;
    assert!(
        (got - variance).abs() < 5.0 * spread,
        "{method}: E‖r-E r‖² {variance}, measured {got} ± {spread}"
    );
    // What this would have caught: an error of 5 % of the variance.
    assert!(5.0 * spread < 0.05 * variance);
}

#[test]
fn simulated_means_and_errors_agree_with_exact_expectations() {
    let mut s = Stream(2);
    let map = Composite::elastic_net(s.vec(24), s.vec(8), 3, 0.15).unwrap();
    let (lambda, y) = ([0.01, 0.2], s.vec(3));
    let w = vec![2.0, -2.5, 3.0];
    let nsid = |map: &Composite, lambda: &[f64], w: &[f64], y: &[f64]| {
        let (gamma, readout) = certain_readout(map, w, lambda, 3).expect("no mask flips");
        let mut recursion = Recursion::nsid(map, w, lambda, &gamma, y, 2).unwrap();
        let problem = Problem::new(map.clone(), lambda, w, y);
        simulate(Method::NSID, &problem, &mut recursion, &readout);
    };
    nsid(&map, &lambda, &w, &y);
    // SID where masks do flip.
    let (w, lambda) = (s.vec(3), [0.6, 0.2]);
    let limit = sid_limit(&map, &w, &lambda, &y, 0.0, 2, 1).unwrap();
    let mut recursion = limit.recursion(&map, &w, &lambda, &y, 0.0, 2).unwrap();
    let readout = limit.readout(&map, &w, &lambda, 0.0, 1, 3).unwrap();
    let problem = Problem::new(map, &lambda, &w, &y);
    simulate(Method::SID, &problem, &mut recursion, &readout);
    // NSID on a noise model with random ∂₂T̂.
    let one = |v: f64| Matrix::from_element(1, 1, v);
    let model =
        NoiseModel::multiplicative(one(0.3), one(0.5), one(1.0), one(0.7), Vector::zeros(1));
    let map = Composite::new(Inner::Noise(model), Outer::Nonnegative).unwrap();
    nsid(&map, &[2.0], &[1.0], &[1.0]);
}

/// d = 1, P = 0.3 ± 0.5: v is scalar, so its first four moments obey a closed recursion, and
/// E(v-v̂)² is compared within five standard errors that are exact too.
#[test]
fn a_scalar_mean_square_error_with_an_exact_standard_error() {
    let one = |v: f64| Matrix::from_element(1, 1, v);
    let (p, a) = (0.3, 0.5);
    let model = NoiseModel::multiplicative(one(p), one(a), one(1.0), one(0.0), Vector::zeros(1));
    let map = Composite::new(Inner::Noise(model), Outer::Identity).unwrap();
    let k = 20;
    let eta = decreasing(2.0, 3.0, k);
    let v_hat = 1.0 / (1.0 - p);
    // e = v - v̂: e' = c e + h·a·ξ·(e + v̂), c = 1-h+hp.
    let mut m = [1.0, -v_hat, v_hat.powi(2), -v_hat.powi(3), v_hat.powi(4)];
    for h in &eta {
        let mut next = [0.0; 5];
        for sign in [1.0, -1.0] {
            // e' = s e + t.
            let (s, t) = (1.0 - h + h * p + sign * h * a, sign * h * a * v_hat);
            for (j, n) in next.iter_mut().enumerate() {
                let mut binomial = 1.0;
                for (l, moment) in m.iter().enumerate().take(j + 1) {
                    *n += 0.5 * binomial * s.powi(l as i32) * t.powi((j - l) as i32) * moment;
                    binomial *= (j - l) as f64 / (l + 1) as f64;
                }
            }
        }
        m = next;
    }
    let gamma = map.mean_gamma(&[1.0], &[0.0], 0.0);
    let mut recursion = Recursion::nsid(&map, &[1.0], &[0.0], &gamma, &[1.0], 1).unwrap();
    assert!((recursion.moments(k, |i| eta[i]).mse() / m[2] - 1.0).abs() < 1e-12);
    // ∂₂T̂ = 1: r_k is v_k.
    let problem = Problem::new(map, &[0.0], &[1.0], &[1.0]);
    let mut nsid = Ours.make(Method::NSID).unwrap();
    let runs = (0..20_000).map(|id| {
        let given = problem.draw((3, id), 1, 1, &eta);
        let answer = problem.run_on(&mut *nsid, Method::NSID, &given, &[k]);
        (answer.estimates[0][0] - v_hat).powi(2)
    });
    let mean = runs.sum::<f64>() / 20_000.0;
    let z = (mean - m[2]) / ((m[4] - m[2] * m[2]) / 20_000.0).sqrt();
    assert!(z.abs() < 5.0, "{z}");
}

/// One object answers a series of cases, of several dimensions, as fresh ones do.
#[test]
fn a_replicate_does_not_depend_on_the_others() {
    let mut s = Stream(4);
    let problems = [5, 3].map(|d| {
        let map = Composite::elastic_net(s.vec(12 * d), s.vec(12), d, 0.5).unwrap();
        let (w, y) = (s.vec(d), s.vec(d));
        Problem::new(map, &[0.2, 0.1], &w, &y)
    });
    for method in [Method::NSID, Method::SID] {
        let mut kept = Ours.make(method).unwrap();
        let mut seen = Vec::new();
        for id in 0..9 {
            let problem = &problems[(id % 4 / 2) as usize];
            let given = problem.draw((1, id), 4, 3, &[0.4; 40]);
            let one = problem.run_on(&mut *kept, method, &given, &[5, 40]);
            assert_eq!(one, problem.run(method, &given, &[5, 40]));
            assert!(!seen.contains(&one.estimates));
            seen.push(one.estimates);
        }
    }
}

#[test]
fn divergence_and_overflow_are_statuses() {
    let one = |v: f64| Matrix::from_element(1, 1, v);
    let go = |a: f64, y: f64| {
        let model = NoiseModel::additive(one(a), one(1.0), Vector::zeros(1), 0.1);
        let map = Composite::new(Inner::Noise(model), Outer::Identity).unwrap();
        let problem = Problem::new(map, &[0.0], &[0.0], &[y]);
        let given = problem.draw((0, 0), 1, 1, &[1.0; 1000]);
        problem.run(Method::NSID, &given, &[0, 3, 1000])
    };
    let slow = go(-3.0, 1.0);
    let late = matches!(slow.status, Status::Diverged { step } if step > 200 && step < 220);
    assert!(late, "{:?}", slow.status);
    assert_eq!(slow.estimates.len(), 2);
    assert_eq!(go(1e300, 1e100).status, Status::NotANumber { step: 2 });
    assert_eq!(go(0.5, 1e100).status, Status::Completed);
    assert_eq!(go(0.5, 0.0).estimates, vec![Matrix::zeros(1, 1); 3]);
}

#[test]
fn bad_requests_name_the_field() {
    let map = Composite::elastic_net(vec![1.0; 4], vec![1.0; 2], 2, 0.1).unwrap();
    let good = Problem::new(map, &[0.1, 0.1], &[0.0; 2], &[1.0; 2]);
    let batches = |lists: &[Vec<usize>]| Batches::new(lists).unwrap();
    let given = Given {
        inner: batches(&[vec![0]]),
        linear: batches(&[vec![0], vec![1]]),
        eta: vec![0.5; 2],
    };
    let go = |problem: &Problem, given: &Given, steps: &[usize]| {
        let answer = problem.run(Method::NSID, given, steps);
        assert!(answer.status == Status::Completed || answer.estimates.is_empty());
        answer.status.to_string()
    };
    assert_eq!(go(&good, &given, &[0, 2]), "completed");
    let inner = |lists: &[Vec<usize>]| Given {
        inner: batches(lists),
        ..given.clone()
    };
    let linear = |lists: &[Vec<usize>]| Given {
        linear: batches(lists),
        ..given.clone()
    };
    let eta = |eta: &[f64]| Given {
        eta: eta.to_vec(),
        ..given.clone()
    };
    let long = Problem {
        w: vec![0.0; 3],
        ..good.clone()
    };
    for (said, expected) in [
        (go(&good, &linear(&[vec![0]]), &[0, 2]), "field `samples`"),
        (go(&good, &inner(&[vec![2]]), &[0, 2]), "inner_samples[0]"),
        (go(&good, &inner(&[]), &[0, 2]), "inner_samples"),
        (
            go(&good, &linear(&[vec![0], vec![7]]), &[0, 2]),
            "samples[1]",
        ),
        (go(&good, &eta(&[0.5]), &[0, 2]), "step_sizes"),
        (go(&good, &eta(&[0.5, f64::NAN]), &[0, 2]), "step_sizes[1]"),
        (go(&good, &eta(&[0.5, -0.5]), &[0, 2]), "step_sizes[1]"),
        (go(&good, &given, &[2, 1]), "increasing"),
        (go(&long, &given, &[0, 2]), "`w`"),
    ] {
        assert!(said.contains(expected), "{said} should name {expected}");
    }
    let unequal = Batches::new(&[vec![0], vec![0, 1]]).unwrap_err();
    assert!(unequal.to_string().contains("equal lengths"));
}

#[test]
fn proximal_sgd_reaches_the_fixed_point_and_nsid_its_reference() {
    let mut s = Stream(6);
    let samples = Composite::elastic_net(s.vec(120), s.vec(30), 4, 0.9).unwrap();
    let lambda = [0.002, 0.2];
    let map = Map::sampled(samples.clone()).unwrap();
    let star = Truth::solve(&map, &lambda).unwrap().w().clone();
    let q = samples.q(&lambda);
    let theta = 4.0 / (1.0 - q * q);
    let step = ProxStep {
        theta,
        offset: 4.0 * theta,
    };
    let error = |t: usize| {
        let one = |id| {
            let mut source = Iid::new(0, id, Role::Solver, 30);
            let w = prox_sgd(&samples, &lambda, step, 5, t, &mut source).unwrap();
            (Vector::from_vec(w) - &star).norm_squared() / 20.0
        };
        (0..20).map(one).sum::<f64>()
    };
    // O(1/t): twenty times longer, much nearer.
    let (long, short) = (error(20_000), error(1000));
    assert!(long < 0.2 * short, "{long} {short}");
    // A long run with small noise ends near the noiseless reference, where w̄ of this draw is on
    // T(w, λ)'s side of all kinks.
    let y = s.vec(4);
    let problem = Problem::new(samples.clone(), &lambda, star.as_slice(), &y);
    let k = 20_000;
    let given = problem.draw((0, 0), 3000, 30, &decreasing(theta, 100.0, k));
    let got = problem.run(Method::NSID, &given, &[k]);
    let want = reference(&samples, star.as_slice(), &lambda, &y, 0.0)
        .unwrap()
        .r;
    let error = (&got.estimates[0] - &want).norm();
    let (w, flat) = (star.as_slice(), given.inner.flat());
    let (gamma, readout) = conditional_readout(&samples, w, &lambda, flat, 0.0).unwrap();
    let mut recursion = Recursion::nsid(&samples, w, &lambda, &gamma, &y, 30).unwrap();
    let at = recursion.moments(k, |i| given.eta[i]);
    let expected = readout.mse(&recursion, &at, &want).sqrt();
    // Chebyshev: five times the root mean square error; and that error is small.
    let size = want.norm();
    let near = error < 5.0 * expected && expected < 0.1 * size;
    assert!(near, "{error} {expected} {size}");
    // What is no prox is refused.
    let layer = Outer::Layer {
        v: Matrix::identity(1, 1) * 0.5,
        b: Matrix::zeros(1, 2),
        c: Vector::zeros(1),
        activation: Activation::Relu,
    };
    let sum = FiniteSum::new(vec![1.0], vec![1.0], 1, 0.1, Loss::Quadratic).unwrap();
    let map = Composite::new(Inner::FiniteSum(sum), layer).unwrap();
    let mut source = Iid::new(0, 0, Role::Solver, 1);
    let refused = prox_sgd(&map, &lambda, step, 5, 1, &mut source).unwrap_err();
    assert!(refused.to_string().contains("prox"));
}

/// A minibatch of a noise model averages signs exactly like one of rows.
#[test]
fn noise_models_are_driven_by_index_lists_too() {
    let one = |v: f64| Matrix::from_element(1, 1, v);
    let channel = Channel {
        n: Some(one(0.5)),
        m: Some(one(2.0)),
        e: Some(Vector::from_element(1, 3.0)),
    };
    let model = NoiseModel {
        a: one(0.25),
        bilinear: vec![one(1.0)],
        b: one(1.0),
        c: Vector::from_element(1, 0.5),
        channels: vec![
            channel.clone(),
            Channel {
                n: None,
                m: None,
                ..channel
            },
        ],
    };
    let map = Composite::new(Inner::Noise(model), Outer::Identity).unwrap();
    let mut out = [0.0];
    // Samples 3 = (+,+) and 1 = (+,-): mean signs (1, 0).
    map.inner()
        .apply(&[2.0], &[0.5], Sample::Batch(&[3, 1]), &mut out);
    assert_eq!(
        out,
        [0.25 * 2.0 + 0.5 * 2.0 + 0.5 + 0.5 + (0.5 * 2.0 + 2.0 * 0.5 + 3.0)]
    );
}

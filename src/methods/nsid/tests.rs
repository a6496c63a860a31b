//! The iterations against dense formulas, exact expectations and their own contracts.

use super::*;
use crate::linalg::stream::Stream;
use crate::linalg::{Matrix, Vector};
use crate::maps::composite::{
    Activation, Channel, Composite, FiniteSum, Inner, Loss, NoiseModel, Outer, Sample,
};
use crate::truth::expectation::{
    Readout, Recursion, certain_readout, conditional_readout, reference, sid_limit,
};

fn lists(s: &mut Stream, count: usize, size: usize, n: usize) -> Vec<Vec<usize>> {
    (0..count)
        .map(|_| {
            (0..size)
                .map(|_| ((s.next() + 1.0) * 0.5 * n as f64) as usize)
                .collect()
        })
        .collect()
}

/// interface.md, written out with dense matrices and nothing of this crate: (NSID, SID) estimates after each k.
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
    fn run(
        &self,
        sid: bool,
        y: &Vector,
        inner: &[Vec<usize>],
        samples: &[Vec<usize>],
        steps: &[f64],
    ) -> Vec<Vector> {
        let j = inner.len() as f64;
        let w_bar = inner
            .iter()
            .fold(Vector::zeros(y.len()), |s, b| s + self.hat(b).0)
            / j;
        let (g1, g2) = self.masks(&w_bar);
        let readout = if sid {
            inner.iter().fold(Matrix::zeros(2, y.len()), |s, b| {
                let (g1, g2) = self.masks(&self.hat(b).0);
                s + (g1 * self.d2() + g2).transpose()
            }) / j
        } else {
            (&g1 * self.d2() + g2).transpose()
        };
        let mut v = Vector::zeros(y.len());
        let mut out = vec![&readout * &v];
        for (b, eta) in samples.iter().zip(steps) {
            let (u, p) = self.hat(b);
            let g = if sid { self.masks(&u).0 } else { g1.clone() };
            v = &v * (1.0 - eta) + (p.transpose() * g.transpose() * &v + y) * *eta;
            out.push(&readout * &v);
        }
        out
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
        let (inner, samples) = (lists(&mut s, 3, 2, n), lists(&mut s, 12, 1 + trial % 6, n));
        let steps: Vec<f64> = s.vec(12).iter().map(|x| x.abs()).collect();
        let plan = Plan {
            steps: StepSize::Given(steps.clone()),
            batch: samples[0].len(),
            record: vec![0, 1, 2, 7, 12],
        };
        let problem = Problem {
            map: &map,
            lambda: &lambda,
            w: &w,
            y: &y,
            tie: 0.0,
        };
        let mut ws = Workspace::new(&map);
        for method in [Method::Nsid, Method::Sid] {
            let want = naive.run(
                method == Method::Sid,
                &Vector::from_vec(y.clone()),
                &inner,
                &samples,
                &steps,
            );
            let given = Batches::new(&samples).unwrap();
            let got = run(
                method,
                &problem,
                &plan,
                &Batches::new(&inner).unwrap(),
                &mut given.cursor(),
                &mut ws,
            )
            .unwrap();
            assert_eq!((got.status, &got.steps), (Status::Finished, &plan.record));
            for (k, r) in got.steps.iter().zip(&got.estimates) {
                assert!(
                    (Vector::from_vec(r.clone()) - &want[*k]).norm() < 1e-13,
                    "trial {trial} {method:?} k = {k}"
                );
            }
            assert_eq!(got.estimates[0], [0.0, 0.0]);
            assert_eq!(got.costs.products, 12 * plan.batch);
        }
    }
}

/// v_k of the iteration against E v_k with its exact covariance, and r against its exact mean; 20,000 runs.
fn simulate(
    map: &Composite,
    method: Method,
    w: &[f64],
    lambda: &[f64],
    y: &[f64],
    recursion: &mut Recursion,
    readout: &Readout,
) {
    const RUNS: u64 = 20_000;
    let (k, batch, n) = (12, 2, map.inner().population());
    let steps = StepSize::Decreasing {
        beta: 3.0,
        gamma: 4.0,
    };
    let at = recursion.moments(k, |i| steps.at(i));
    let problem = Problem {
        map,
        lambda,
        w,
        y,
        tie: 0.0,
    };
    let plan = Plan {
        steps,
        batch,
        record: vec![k],
    };
    let runs = run_replicates(method, &problem, &plan, 0..RUNS, |id| {
        let inner = Batches::draw(&mut Iid::new(7, id, Role::Inner, n), 3, 1)?;
        Ok((inner, Iid::new(7, id, Role::Linear, n)))
    })
    .unwrap();
    let count = RUNS as f64;
    let d = y.len();
    let mean = runs.iter().fold(Vector::zeros(d), |s, r| {
        s + Vector::from_column_slice(&r.states[0])
    }) / count;
    for i in 0..d {
        let (want, variance) = (recursion.v_hat()[i] + at.m[i], at.c[(i, i)]);
        let z = (mean[i] - want) / (variance / count).sqrt();
        assert!(
            z.abs() < 5.0,
            "{method:?}: v[{i}] is {z} standard errors off"
        );
    }
    let r_mean = readout.mean(recursion, &at);
    let mse: Vec<f64> = runs
        .iter()
        .map(|r| (Vector::from_column_slice(&r.estimates[0]) - &r_mean).norm_squared())
        .collect();
    let want = readout.mse(recursion, &at, &r_mean);
    let got = mse.iter().sum::<f64>() / count;
    let spread = (mse.iter().map(|e| (e - got).powi(2)).sum::<f64>() / count).sqrt() / count.sqrt();
    assert!(
        (got - want).abs() < 5.0 * spread,
        "{method:?}: E‖r-E r‖² {want}, measured {got} ± {spread}"
    );
    // What this would have caught: an error of 2 % of the variance.
    assert!(5.0 * spread < 0.05 * want);
}

#[test]
fn simulated_means_and_errors_agree_with_exact_expectations() {
    let mut s = Stream(2);
    let map = Composite::elastic_net(s.vec(24), s.vec(8), 3, 0.15).unwrap();
    let (lambda, y) = ([0.01, 0.2], s.vec(3));
    let w = vec![2.0, -2.5, 3.0];
    let (gamma, readout) = certain_readout(&map, &w, &lambda, 3).expect("no mask flips");
    let mut recursion = Recursion::nsid(&map, &w, &lambda, &gamma, &y, 2).unwrap();
    simulate(
        &map,
        Method::Nsid,
        &w,
        &lambda,
        &y,
        &mut recursion,
        &readout,
    );
    // SID where masks do flip.
    let (w, lambda) = (s.vec(3), [0.6, 0.2]);
    let limit = sid_limit(&map, &w, &lambda, &y, 0.0, 2, 1).unwrap();
    let mut recursion = limit.recursion(&map, &w, &lambda, &y, 0.0, 2).unwrap();
    let readout = limit.readout(&map, &w, &lambda, 0.0, 1, 3).unwrap();
    simulate(&map, Method::Sid, &w, &lambda, &y, &mut recursion, &readout);
    // NSID on a noise model with random ∂₂T̂.
    let one = |v: f64| Matrix::from_element(1, 1, v);
    let model =
        NoiseModel::multiplicative(one(0.3), one(0.5), one(1.0), one(0.7), Vector::zeros(1));
    let map = Composite::new(Inner::Noise(model), Outer::Nonnegative).unwrap();
    let (gamma, readout) = certain_readout(&map, &[1.0], &[2.0], 3).expect("no mask flips");
    let mut recursion = Recursion::nsid(&map, &[1.0], &[2.0], &gamma, &[1.0], 2).unwrap();
    simulate(
        &map,
        Method::Nsid,
        &[1.0],
        &[2.0],
        &[1.0],
        &mut recursion,
        &readout,
    );
}

/// d = 1, P = 0.3 ± 0.5: v is scalar, so its first four moments obey a closed recursion, and E(v-v̂)² is
/// compared within five standard errors that are exact too.
#[test]
fn a_scalar_mean_square_error_with_an_exact_standard_error() {
    let one = |v: f64| Matrix::from_element(1, 1, v);
    let (p, a) = (0.3, 0.5);
    let model = NoiseModel::multiplicative(one(p), one(a), one(1.0), one(0.0), Vector::zeros(1));
    let map = Composite::new(Inner::Noise(model), Outer::Identity).unwrap();
    let steps = StepSize::Decreasing {
        beta: 2.0,
        gamma: 3.0,
    };
    let k = 20;
    let v_hat = 1.0 / (1.0 - p);
    // e = v - v̂: e' = c e + h·a·ξ·(e + v̂), c = 1-h+hp.
    let mut m = [1.0, -v_hat, v_hat.powi(2), -v_hat.powi(3), v_hat.powi(4)];
    for i in 0..k {
        let h = steps.at(i);
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
    assert!((recursion.moments(k, |i| steps.at(i)).mse() / m[2] - 1.0).abs() < 1e-12);
    let problem = Problem {
        map: &map,
        lambda: &[0.0],
        w: &[1.0],
        y: &[1.0],
        tie: 0.0,
    };
    let plan = Plan {
        steps,
        batch: 1,
        record: vec![k],
    };
    let runs = run_replicates(Method::Nsid, &problem, &plan, 0..20_000, |id| {
        Ok((Batches::new(&[vec![0]])?, Iid::new(3, id, Role::Linear, 2)))
    })
    .unwrap();
    let mean = runs
        .iter()
        .map(|r| (r.states[0][0] - v_hat).powi(2))
        .sum::<f64>()
        / 20_000.0;
    let z = (mean - m[2]) / ((m[4] - m[2] * m[2]) / 20_000.0).sqrt();
    assert!(z.abs() < 5.0, "{z}");
}

#[test]
fn a_replicate_does_not_depend_on_the_others() {
    let mut s = Stream(4);
    let map = Composite::elastic_net(s.vec(60), s.vec(12), 5, 0.5).unwrap();
    let (w, y) = (s.vec(5), s.vec(5));
    let problem = Problem {
        map: &map,
        lambda: &[0.2, 0.1],
        w: &w,
        y: &y,
        tie: 0.0,
    };
    let plan = Plan {
        steps: StepSize::Constant(0.4),
        batch: 3,
        record: vec![5, 40],
    };
    for method in [Method::Nsid, Method::Sid] {
        let some = |ids: std::ops::Range<u64>| {
            run_replicates(method, &problem, &plan, ids, |id| {
                let inner = Batches::draw(&mut Iid::new(1, id, Role::Inner, 12), 4, 2)?;
                Ok((inner, Iid::new(1, id, Role::Linear, 12)))
            })
            .unwrap()
        };
        let together = some(0..9);
        assert_eq!(together, [some(0..2), some(2..3), some(3..9)].concat());
        assert_ne!(together[0], together[1]);
    }
}

#[test]
fn samplers_are_pinned_uniform_and_what_they_say() {
    let draw = |source: &mut dyn FnMut(&mut [usize])| {
        let mut out = vec![0; 10];
        source(&mut out);
        out
    };
    let mut iid = Iid::new(0, 0, Role::Inner, 10);
    let first = draw(&mut |o| iid.fill(o).unwrap());
    // Recorded once: these indices are part of what "same seed, same bytes" means.
    assert_eq!(first, PINNED);
    for (seed, replicate, role) in [
        (1, 0, Role::Inner),
        (0, 1, Role::Inner),
        (0, 0, Role::Linear),
        (0, 0, Role::Solver),
    ] {
        let mut other = Iid::new(seed, replicate, role, 10);
        assert_ne!(draw(&mut |o| other.fill(o).unwrap()), first);
    }
    // χ² with 9 degrees of freedom: above 45 once in a million.
    let mut counts = [0.0; 10];
    for _ in 0..10_000 {
        draw(&mut |o| iid.fill(o).unwrap())
            .iter()
            .for_each(|i| counts[*i] += 1.0);
    }
    let chi2: f64 = counts.iter().map(|c| (c - 1e4f64).powi(2) / 1e4).sum();
    assert!(chi2 < 45.0, "{chi2}");
    // Each epoch of 4 + 4 (+ 2 dropped) of 10 has no repeats.
    let mut shuffle = EpochShuffle::new(0, 0, Role::Linear, 10);
    let mut batch = [[0; 4]; 2];
    for _ in 0..50 {
        batch.iter_mut().for_each(|b| shuffle.fill(b).unwrap());
        let mut all = batch.concat();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 8);
    }
    assert!(
        EpochShuffle::new(0, 0, Role::Linear, 3)
            .fill(&mut [0; 4])
            .is_err()
    );
}

const PINNED: [usize; 10] = [7, 0, 0, 3, 6, 6, 0, 2, 1, 0];

#[test]
fn divergence_and_overflow_are_statuses() {
    let one = |v: f64| Matrix::from_element(1, 1, v);
    let model = |a: f64| NoiseModel::additive(one(a), one(1.0), Vector::zeros(1), 0.1);
    let go = |a: f64, y: f64| {
        let map = Composite::new(Inner::Noise(model(a)), Outer::Identity).unwrap();
        let problem = Problem {
            map: &map,
            lambda: &[0.0],
            w: &[0.0],
            y: &[y],
            tie: 0.0,
        };
        let plan = Plan {
            steps: StepSize::Constant(1.0),
            batch: 1,
            record: vec![0, 3, 1000],
        };
        let inner = Batches::new(&[vec![0]]).unwrap();
        let mut source = Iid::new(0, 0, Role::Linear, 2);
        run(
            Method::Nsid,
            &problem,
            &plan,
            &inner,
            &mut source,
            &mut Workspace::new(&map),
        )
        .unwrap()
    };
    let slow = go(-3.0, 1.0);
    assert!(
        matches!(slow.status, Status::Diverged { step } if step > 200 && step < 220),
        "{:?}",
        slow.status
    );
    assert_eq!(slow.steps, [0, 3]);
    assert!(matches!(
        go(1e300, 1e100).status,
        Status::NonFinite { step: 2 }
    ));
    assert_eq!(go(0.5, 1e100).status, Status::Finished);
    assert_eq!(go(0.5, 0.0).estimates, [[0.0], [0.0], [0.0]]);
}

#[test]
fn bad_requests_name_the_field() {
    let map = Composite::elastic_net(vec![1.0; 4], vec![1.0; 2], 2, 0.1).unwrap();
    let good = Problem {
        map: &map,
        lambda: &[0.1, 0.1],
        w: &[0.0; 2],
        y: &[1.0; 2],
        tie: 0.0,
    };
    let plan = Plan {
        steps: StepSize::Constant(0.5),
        batch: 1,
        record: vec![0, 2],
    };
    let go = |problem: &Problem<'_>, plan: &Plan, inner: &[Vec<usize>], samples: &[Vec<usize>]| {
        let samples = Batches::new(samples)?;
        let inner = Batches::new(inner)?;
        run(
            Method::Nsid,
            problem,
            plan,
            &inner,
            &mut samples.cursor(),
            &mut Workspace::new(&map),
        )
    };
    let text = |r: crate::error::Result<Run>| r.unwrap_err().to_string();
    let (one, two) = (vec![vec![0]], vec![vec![0], vec![1]]);
    assert!(go(&good, &plan, &one, &two).is_ok());
    assert!(text(go(&good, &plan, &one, &one)).contains("samples"));
    assert!(text(go(&good, &plan, &[vec![2]], &two)).contains("inner_samples[0]"));
    assert!(text(go(&good, &plan, &one, &[vec![0], vec![7]])).contains("samples[1][0]"));
    assert!(text(go(&good, &plan, &[], &two)).contains("J ≥ 1"));
    assert!(text(go(&good, &plan, &one, &[vec![0], vec![0, 1]])).contains("equal lengths"));
    assert!(text(go(&Problem { tie: 2.0, ..good }, &plan, &one, &two)).contains("tie"));
    assert!(
        text(go(
            &Problem {
                w: &[0.0; 3],
                ..good
            },
            &plan,
            &one,
            &two
        ))
        .contains("`w`")
    );
    let given = |v: Vec<f64>| Plan {
        steps: StepSize::Given(v),
        ..plan.clone()
    };
    assert!(text(go(&good, &given(vec![0.5]), &one, &two)).contains("step_sizes"));
    assert!(text(go(&good, &given(vec![0.5, f64::NAN]), &one, &two)).contains("step_sizes[1]"));
    assert!(
        text(go(
            &good,
            &Plan {
                record: vec![2, 1],
                ..plan.clone()
            },
            &one,
            &two
        ))
        .contains("increasing")
    );
    let zero = Plan {
        steps: StepSize::Decreasing {
            beta: 1.0,
            gamma: 0.0,
        },
        ..plan.clone()
    };
    assert!(text(go(&good, &zero, &one, &two)).contains("γ > 0"));
}

#[test]
fn both_solvers_reach_the_fixed_point_and_the_estimate_its_reference() {
    let mut s = Stream(6);
    let map = Composite::elastic_net(s.vec(120), s.vec(30), 4, 0.9).unwrap();
    let lambda = [0.002, 0.2];
    let exact = fixed_point(&map, &lambda, &[0.0; 4], 2000).unwrap();
    let (mut u, mut next) = (vec![0.0; 4], vec![0.0; 4]);
    map.apply(&exact.w, &lambda, &mut u, &mut next);
    assert!((Vector::from_vec(next) - Vector::from_vec(exact.w.clone())).norm() < 1e-14);
    let q = map.q(&lambda);
    let theta = 4.0 / (1.0 - q * q);
    let step = ProxStep {
        theta,
        offset: 4.0 * theta,
    };
    let error = |t: usize| {
        let mut total = 0.0;
        for id in 0..20 {
            let mut source = Iid::new(0, id, Role::Solver, 30);
            let w = prox_sgd(&map, &lambda, &[0.0; 4], step, 5, t, &mut source)
                .unwrap()
                .w;
            total +=
                (Vector::from_vec(w) - Vector::from_vec(exact.w.clone())).norm_squared() / 20.0;
        }
        total
    };
    // O(1/t): twenty times longer, much nearer.
    assert!(
        error(20_000) < 0.2 * error(1000),
        "{} {}",
        error(20_000),
        error(1000)
    );
    // A long run with small noise ends near the noiseless reference.
    let y = s.vec(4);
    let problem = Problem {
        map: &map,
        lambda: &lambda,
        w: &exact.w,
        y: &y,
        tie: 0.0,
    };
    let plan = Plan {
        steps: StepSize::Decreasing {
            beta: theta,
            gamma: 100.0,
        },
        batch: 30,
        record: vec![20_000],
    };
    let inner = Batches::draw(&mut Iid::new(0, 0, Role::Inner, 30), 3000, 1).unwrap();
    let mut source = Iid::new(0, 0, Role::Linear, 30);
    let got = run(
        Method::Nsid,
        &problem,
        &plan,
        &inner,
        &mut source,
        &mut Workspace::new(&map),
    )
    .unwrap();
    let want = reference(&map, &exact.w, &lambda, &y, 0.0).unwrap().r;
    let error = (Vector::from_vec(got.estimates[0].clone()) - &want).norm();
    let (gamma, readout) = conditional_readout(&map, &exact.w, &lambda, inner.flat(), 0.0).unwrap();
    let mut recursion = Recursion::nsid(&map, &exact.w, &lambda, &gamma, &y, 30).unwrap();
    let at = recursion.moments(20_000, |i| plan.steps.at(i));
    let expected = readout.mse(&recursion, &at, &want).sqrt();
    // Chebyshev: five times the root mean square error; and that error is small.
    assert!(
        error < 5.0 * expected && expected < 0.1 * want.norm(),
        "{error} {expected} {}",
        want.norm()
    );
    // Refusals.
    let layer = Outer::Layer {
        v: Matrix::identity(1, 1) * 0.5,
        b: Matrix::zeros(1, 2),
        c: Vector::zeros(1),
        activation: Activation::Relu,
    };
    let sum = FiniteSum::new(vec![1.0], vec![1.0], 1, 0.1, Loss::Quadratic).unwrap();
    let map = Composite::new(Inner::FiniteSum(sum), layer).unwrap();
    let mut source = Iid::new(0, 0, Role::Solver, 1);
    assert!(
        prox_sgd(&map, &lambda, &[0.0], step, 5, 1, &mut source)
            .unwrap_err()
            .to_string()
            .contains("prox")
    );
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

//! The recursions against enumeration of all index sequences, the limits against independent
//! solves.

use super::*;
use crate::linalg::stream::Stream;
use crate::maps::composite::{
    Activation, Channel, Composite, FiniteSum, Gamma, Inner, Loss, NoiseModel, Outer, Poisoned,
    Sample,
};

pub(super) const LAMBDA: [f64; 2] = [0.2, 0.1];

pub(super) fn maps(s: &mut Stream, d: usize, n: usize) -> Vec<Composite> {
    let eta = 0.4;
    let x = s.vec(n * d);
    let y = s.vec(n);
    let labels = y.iter().map(|v| v.signum()).collect();
    let v = s.matrix(d, d);
    let layer = Outer::Layer {
        v: &v / (1.1 * crate::linalg::norm::spectral_upper(&v)),
        b: s.matrix(d, 2),
        c: Vector::from_vec(s.vec(d)),
        activation: Activation::Tanh,
    };
    let channel = |s: &mut Stream| Channel {
        n: Some(s.matrix(d, d) * 0.3),
        m: Some(s.matrix(d, 2)),
        e: Some(Vector::from_vec(s.vec(d)) * 0.2),
    };
    let noise = NoiseModel {
        a: s.matrix(d, d) * (0.5 / d as f64),
        bilinear: vec![s.matrix(d, d) * 0.2, s.matrix(d, d) * 0.2],
        b: s.matrix(d, 2),
        c: Vector::from_vec(s.vec(d)),
        channels: vec![channel(s), channel(s)],
    };
    let squares =
        || Inner::FiniteSum(FiniteSum::new(x.clone(), y.clone(), d, eta, Loss::Quadratic).unwrap());
    let logistic =
        Inner::FiniteSum(FiniteSum::new(x.clone(), labels, d, eta, Loss::Logistic).unwrap());
    let group = Outer::GroupSoft {
        eta,
        groups: std::iter::once(0..d).collect(),
        weights: vec![1.0],
    };
    let mut out = vec![
        (squares(), Outer::Soft { eta }),
        (squares(), layer.clone()),
        (logistic, group),
        (Inner::Noise(noise.clone()), Outer::Nonnegative),
        (Inner::Noise(noise), layer),
    ];
    // One column and two corrupted rows, so that λ has two entries.
    if d == 2 {
        let rows = s.vec(n);
        let labels = (0..n).map(|i| i % 2).collect();
        let poisoned = Poisoned::new(&rows, labels, 2, vec![2, 0]).unwrap();
        let inner = Inner::Poisoned(poisoned.with(eta, 0.2).unwrap());
        out.push((inner, Outer::FixedSoft { threshold: 0.01 }));
    }
    out.into_iter()
        .map(|(t, g)| Composite::new(t, g).unwrap())
        .collect()
}

/// All minibatches of size b.
fn minibatches(n: usize, b: usize) -> Vec<Vec<usize>> {
    let mut out = vec![vec![]];
    for _ in 0..b {
        out = out
            .iter()
            .flat_map(|l| (0..n).map(move |i| [l.clone(), vec![i]].concat()))
            .collect();
    }
    out
}

/// E v, E v vᵀ after the steps `eta` of Algorithm 3, every sequence of step matrices P_ξ
/// enumerated.
fn enumerate(p: &[Matrix], y: &Vector, eta: &[f64]) -> (Vector, Matrix) {
    let d = y.len();
    let mut states = vec![Vector::zeros(d)];
    for h in eta {
        states = states
            .iter()
            .flat_map(|v| p.iter().map(move |p| v * (1.0 - h) + (p * v + y) * *h))
            .collect();
    }
    let count = states.len() as f64;
    let mean = states.iter().fold(Vector::zeros(d), |s, v| s + v) / count;
    let second = states
        .iter()
        .fold(Matrix::zeros(d, d), |s, v| s + v * v.transpose())
        / count;
    (mean, second)
}

fn gamma_at(map: &Composite, w: &[f64], batch: &[usize]) -> Gamma {
    let (mut u, mut gamma) = (vec![0.0; w.len()], map.outer().gamma(w.len()));
    map.inner().apply(w, &LAMBDA, Sample::Batch(batch), &mut u);
    map.outer().linearize(&u, &LAMBDA, 0.0, &mut gamma);
    gamma
}

#[test]
fn moments_equal_enumeration_of_all_index_sequences() {
    let mut s = Stream(1);
    let mut noticed = 0;
    for (batch, k) in [(1, 4), (2, 3)] {
        for map in maps(&mut s, 2, 3) {
            let (w, y) = (s.vec(2), s.vec(2));
            let n = map.inner().population();
            let gamma = gamma_at(&map, &w, &[0, 1, 1]);
            let g1 = map.outer().d1_matrix(&gamma);
            let step = |b: &Vec<usize>| {
                (&g1 * map.inner().d1_matrix(&w, &LAMBDA, Sample::Batch(b))).transpose()
            };
            let p: Vec<Matrix> = minibatches(n, batch).iter().map(step).collect();
            let eta = [0.9, 0.5, 0.7, 0.2];
            let mut recursion = Recursion::nsid(&map, &w, &LAMBDA, &gamma, &y, batch).unwrap();
            let at = recursion.moments(k, |i| eta[i]);
            let (mean, second) = enumerate(&p, &Vector::from_column_slice(&y), &eta[..k]);
            assert!((&at.m + recursion.v_hat() - &mean).norm() < 1e-13);
            let mut w2 = Matrix::zeros(2, 2);
            recursion.second_moment(&at, &mut w2);
            assert!((w2 - &second).norm() < 1e-12);
            let v = recursion.v_hat();
            let mse = second.trace() - 2.0 * v.dot(&mean) + v.norm_squared();
            assert!((at.mse() - mse).abs() < 1e-12);
            // A covariance without the 1/b is noticed.
            if batch == 2 {
                let mut single = Recursion::nsid(&map, &w, &LAMBDA, &gamma, &y, 1).unwrap();
                noticed +=
                    usize::from((single.moments(k, |i| eta[i]).mse() - mse).abs() > 1e-6 * mse);
            }
        }
    }
    // All but the group that is off, where Γ₁ = 0 leaves no noise.
    assert!(noticed >= 4, "{noticed}");
}

#[test]
fn conditional_and_full_errors_equal_enumeration() {
    let mut s = Stream(2);
    for map in maps(&mut s, 2, 3) {
        let (w, y, r_star) = (s.vec(2), s.vec(2), Vector::from_vec(s.vec(2)));
        let n = map.inner().population();
        let eta = [0.9, 0.5, 0.7];
        for inner in minibatches(n, 2) {
            let (gamma, readout) = conditional_readout(&map, &w, &LAMBDA, &inner, 0.0).unwrap();
            let g = map.outer();
            let (g1, g2) = (g.d1_matrix(&gamma), g.d2_matrix(&gamma, 2));
            let k =
                (&g1 * map.inner().d2_matrix(&w, &LAMBDA, Sample::Batch(&inner)) + g2).transpose();
            let p: Vec<Matrix> = (0..n)
                .map(|i| {
                    (&g1 * map.inner().d1_matrix(&w, &LAMBDA, Sample::Batch(&[i]))).transpose()
                })
                .collect();
            let (mean, second) = enumerate(&p, &Vector::from_vec(y.clone()), &eta);
            let want = (&k * &second * k.transpose()).trace() - 2.0 * r_star.dot(&(&k * &mean))
                + r_star.norm_squared();
            let mut recursion = Recursion::nsid(&map, &w, &LAMBDA, &gamma, &y, 1).unwrap();
            let at = recursion.moments(3, |i| eta[i]);
            assert!((readout.mse(&recursion, &at, &r_star) - want).abs() < 1e-12);
            assert!((readout.mean(&recursion, &at) - &k * mean).norm() < 1e-13);
        }
    }
}

/// Where no mask can flip, the unconditional error equals the mean of the conditional ones over all
/// ξ⁽¹⁾.
#[test]
fn a_certain_readout_is_the_mean_of_the_conditional_ones() {
    let mut s = Stream(3);
    let mut found = 0;
    for _ in 0..20 {
        for map in maps(&mut s, 2, 3) {
            let (w, y, r_star) = (s.vec(2), s.vec(2), Vector::from_vec(s.vec(2)));
            let Some((gamma, readout)) = certain_readout(&map, &w, &LAMBDA, 2) else {
                continue;
            };
            found += 1;
            let mut recursion = Recursion::nsid(&map, &w, &LAMBDA, &gamma, &y, 1).unwrap();
            let at = recursion.moments(5, |_| 0.5);
            let all = minibatches(map.inner().population(), 2);
            let want: f64 = all
                .iter()
                .map(|inner| {
                    let (g, r) = conditional_readout(&map, &w, &LAMBDA, inner, 0.0).unwrap();
                    assert_eq!(g, gamma);
                    r.mse(&recursion, &at, &r_star)
                })
                .sum::<f64>()
                / all.len() as f64;
            assert!((readout.mse(&recursion, &at, &r_star) - want).abs() < 1e-12 * want.max(1.0));
        }
    }
    assert!(found > 10, "{found}");
}

#[test]
fn the_three_forms_of_the_covariance_agree() {
    let mut s = Stream(4);
    for (d, n) in [(1, 5), (3, 2), (3, 40), (6, 100)] {
        let (x, g) = (s.matrix(d, n), s.matrix(d, n));
        let c = &x * g.transpose() / n as f64;
        let q = (0..n)
            .map(|i| x.column(i) * g.column(i).transpose() - &c)
            .collect();
        let mut one = Covariance::rank_one(x, g, 0.7);
        let mut two = Covariance::dense(d, q, 0.7 / n as f64);
        for _ in 0..3 {
            let w = s.matrix(d, d);
            let w = &w + w.transpose();
            let (mut a, mut b) = (Matrix::zeros(d, d), Matrix::zeros(d, d));
            one.apply(&w, &mut a);
            two.apply(&w, &mut b);
            assert!((a - b).norm() < 1e-13 * w.norm() * (d * d) as f64);
        }
    }
    let mut none = Covariance::dense(2, vec![], 1.0);
    let mut out = Matrix::identity(2, 2);
    none.apply(&Matrix::identity(2, 2), &mut out);
    assert_eq!(out, Matrix::zeros(2, 2));
}

fn elastic_net_recursion(d: usize, n: usize) -> (Recursion, f64) {
    let mut s = Stream(5);
    let map = Composite::elastic_net(s.vec(n * d), s.vec(n), d, 0.8).unwrap();
    let (w, y) = (s.vec(d), s.vec(d));
    let gamma = gamma_at(&map, &w, &[0]);
    let q = map.q(&[0.05, 0.2]);
    assert!(q < 1.0);
    (
        Recursion::nsid(&map, &w, &[0.05, 0.2], &gamma, &y, 1).unwrap(),
        q,
    )
}

#[test]
fn the_lyapunov_limit_equals_a_kronecker_solve_and_the_recursion_at_large_k() {
    let (mut recursion, q) = elastic_net_recursion(4, 12);
    let beta = 2.0 / (1.0 - q * q);
    let limit = lyapunov(&mut recursion, beta).unwrap();
    assert!(limit.residual < 1e-12, "{}", limit.residual);
    let eye = Matrix::identity(4, 4);
    let f = (&eye - recursion.mean()) * beta - &eye * 0.5;
    let v = recursion.v_hat().clone();
    let mut c = Matrix::zeros(4, 4);
    recursion.covariance(&(&v * v.transpose()), &mut c);
    // vec(FΣ + ΣFᵀ) = (I⊗F + F⊗I)vec Σ.
    let system = eye.kronecker(&f) + f.kronecker(&eye);
    let right = Vector::from_column_slice((c * (beta * beta)).as_slice());
    let sigma = system.lu().solve(&right).unwrap();
    assert!(
        (Vector::from_column_slice(limit.sigma.as_slice()) - &sigma).norm() < 1e-11 * sigma.norm()
    );
    // (γ+k)·MSE approaches it like 1/k: ten times further, ten times nearer.
    let gamma = 4.0 * beta;
    let curve = recursion.mse_curve(100_000, |i| beta / (gamma + i as f64));
    let gap = |k: usize| ((gamma + k as f64) * curve[k] / limit.trace - 1.0).abs();
    assert!(
        gap(100_000) < 2e-3 && gap(100_000) < 0.2 * gap(10_000),
        "{} {}",
        gap(10_000),
        gap(100_000)
    );
    // A β that is too small has no 1/k limit.
    assert!(lyapunov(&mut recursion, 0.1).is_none());
}

#[test]
fn the_plateau_equals_the_recursion_run_to_its_end() {
    let (mut recursion, _) = elastic_net_recursion(4, 12);
    let plateau = plateau(&mut recursion, 0.3).unwrap().unwrap();
    let curve = recursion.mse_curve(4000, |_| 0.3);
    assert!(plateau.residual < 1e-13 * plateau.trace.max(1.0));
    assert!((curve[4000] / plateau.trace - 1.0).abs() < 1e-10);
}

/// P = 0.3 ± 5: the mean contracts for any η in (0, 1], the second moment only if (1-0.7η)² + 25η²
/// < 1, η < 1.4/25.49.
#[test]
fn a_plateau_exists_exactly_where_the_second_moment_contracts() {
    let one = |v: f64| Matrix::from_element(1, 1, v);
    let mut recursion = Recursion::new(
        one(0.3),
        Covariance::dense(1, vec![one(5.0)], 1.0),
        Vector::from_element(1, 1.0),
    )
    .unwrap();
    let edge = 1.4 / 25.49;
    assert!(plateau(&mut recursion, edge * 1.001).unwrap().is_none());
    let eta = edge * 0.5;
    let found = plateau(&mut recursion, eta).unwrap().unwrap();
    let v = 1.0 / 0.7;
    let want = eta * eta * 25.0 * v * v / (1.0 - (1.0 - 0.7 * eta).powi(2) - 25.0 * eta * eta);
    assert!((found.trace / want - 1.0).abs() < 1e-12);
    assert!(plateau(&mut recursion, 0.0).is_err());
}

#[test]
fn sid_moments_and_limit_equal_enumeration() {
    let mut s = Stream(7);
    for (batch, k) in [(1, 4), (2, 2)] {
        for map in maps(&mut s, 2, 3) {
            let (w, y, r_star) = (s.vec(2), s.vec(2), Vector::from_vec(s.vec(2)));
            let n = map.inner().population();
            let (g, t) = (map.outer(), map.inner());
            let step = |b: &Vec<usize>| {
                let g1 = g.d1_matrix(&gamma_at(&map, &w, b));
                (g1 * t.d1_matrix(&w, &LAMBDA, Sample::Batch(b))).transpose()
            };
            let read = |b: &Vec<usize>| {
                let gamma = gamma_at(&map, &w, b);
                (g.d1_matrix(&gamma) * t.d2_matrix(&w, &LAMBDA, Sample::Batch(b))
                    + g.d2_matrix(&gamma, 2))
                .transpose()
            };
            let p: Vec<Matrix> = minibatches(n, batch).iter().map(step).collect();
            let reads: Vec<Matrix> = minibatches(n, 1).iter().map(read).collect();
            let limit = sid_limit(&map, &w, &LAMBDA, &y, 0.0, batch, 1).unwrap();
            let eta = [0.9, 0.5, 0.7, 0.2];
            let mut recursion = limit.recursion(&map, &w, &LAMBDA, &y, 0.0, batch).unwrap();
            let at = recursion.moments(k, |i| eta[i]);
            let (mean, second) = enumerate(&p, &Vector::from_vec(y.clone()), &eta[..k]);
            assert!((&at.m + recursion.v_hat() - &mean).norm() < 1e-13);
            // J = 2 minibatches of one sample, all pairs.
            let readout = limit.readout(&map, &w, &LAMBDA, 0.0, 1, 2).unwrap();
            let mut want = 0.0;
            for a in &reads {
                for b in &reads {
                    let kk = 0.5 * (a + b);
                    want += (&kk * &second * kk.transpose()).trace()
                        - 2.0 * r_star.dot(&(&kk * &mean))
                        + r_star.norm_squared();
                }
            }
            want /= (reads.len() * reads.len()) as f64;
            let got = readout.mse(&recursion, &at, &r_star);
            assert!((got - want).abs() < 1e-12 * want.max(1.0), "{got} {want}");
        }
    }
}

#[test]
fn sid_is_unbiased_for_a_linear_outer_map_and_knows_when_it_is_unstable() {
    let mut s = Stream(8);
    let inner = FiniteSum::new(s.vec(15), s.vec(5), 3, 0.4, Loss::Quadratic).unwrap();
    let linear = Composite::new(Inner::FiniteSum(inner.clone()), Outer::Identity).unwrap();
    let soft = Composite::new(Inner::FiniteSum(inner), Outer::Soft { eta: 0.4 }).unwrap();
    let (w, y) = (s.vec(3), s.vec(3));
    let bias = |map: &Composite| {
        let sid = sid_limit(map, &w, &[0.9, 0.1], &y, 0.0, 1, 1).unwrap();
        (sid.r - reference(map, &w, &[0.9, 0.1], &y, 0.0).unwrap().r).norm()
    };
    assert!(bias(&linear) < 1e-13);
    assert!(bias(&soft) > 1e-3);
    // T̂ = (0.3 ± 5)w, relu: only the sample with slope 5.3 passes the mask (w > 0), so E P = 2.65.
    let one = |v: f64| Matrix::from_element(1, 1, v);
    let model =
        NoiseModel::multiplicative(one(0.3), one(5.0), one(1.0), one(0.0), Vector::zeros(1));
    let map = Composite::new(Inner::Noise(model), Outer::Nonnegative).unwrap();
    let sid = sid_limit(&map, &[1.0], &[0.0], &[1.0], 0.0, 1, 1).unwrap();
    assert!((sid.abscissa.middle() - 2.65).abs() < 1e-14 && !sid.stable);
    assert!(
        sid_limit(&soft, &w, &[0.9, 0.1], &y, 0.0, 40, 1)
            .unwrap_err()
            .to_string()
            .contains("enumerates")
    );
}

/// The reference at w(λ) is the derivative of yᵀw(λ): central differences of a fixed point iterated
/// to a standstill.
#[test]
fn the_reference_is_the_derivative_of_the_fixed_point() {
    let mut s = Stream(9);
    let mut checked = 0;
    for _ in 0..10 {
        for map in maps(&mut s, 3, 6) {
            if map.q(&LAMBDA) > 0.99 {
                continue;
            }
            let solve = |lambda: [f64; 2]| {
                let (mut w, mut u, mut next) = (vec![0.0; 3], vec![0.0; 3], vec![0.0; 3]);
                for _ in 0..5000 {
                    map.apply(&w, &lambda, &mut u, &mut next);
                    std::mem::swap(&mut w, &mut next);
                }
                Vector::from_vec(w)
            };
            let (w, y) = (solve(LAMBDA), s.vec(3));
            let (mut u, h) = (vec![0.0; 3], 2f64.powi(-20));
            map.inner()
                .apply(w.as_slice(), &LAMBDA, Sample::Mean, &mut u);
            // A kink within reach of h makes the difference meaningless.
            if map.outer_moduli(&u, &LAMBDA).r < 1e-4 {
                continue;
            }
            let r = reference(&map, w.as_slice(), &LAMBDA, &y, 0.0).unwrap().r;
            for l in 0..2 {
                let at = |sign: f64| {
                    let mut lambda = LAMBDA;
                    lambda[l] += sign * h;
                    solve(lambda).dot(&Vector::from_vec(y.clone()))
                };
                let difference = (at(1.0) - at(-1.0)) / (2.0 * h);
                assert!(
                    (difference - r[l]).abs() < 1e-6 * r.norm().max(1.0),
                    "{difference} {}",
                    r[l]
                );
                checked += 1;
            }
        }
    }
    assert!(checked > 50, "{checked}");
}

/// At these sizes one application of the operator costs about as much as one of the terms.
#[test]
fn the_cheapest_form_of_a_covariance() {
    let formed = |c: &Covariance| usize::from(format!("{c:?}").contains("Operator"));
    let s = &mut Stream(10);
    let rank_one: Vec<usize> = [(1, 1), (7, 1), (7, 2), (8, 2), (8, 3), (12, 16), (12, 9)]
        .map(|(d, n)| formed(&Covariance::rank_one(s.matrix(d, n), s.matrix(d, n), 1.0)))
        .to_vec();
    // d(d+1)/2 squared against 2nd² + 2d³.
    assert_eq!(rank_one, [1, 0, 1, 0, 1, 1, 0]);
    let dense = [(1, 1), (3, 1), (8, 1), (8, 2), (16, 2), (16, 3)].map(|(d, n)| {
        formed(&Covariance::dense(
            d,
            (0..n).map(|_| s.matrix(d, d)).collect(),
            1.0,
        ))
    });
    // Against 2nd³.
    assert_eq!(dense, [1, 1, 0, 1, 0, 1]);
    // However many terms: 1035² entries are more than fit.
    let many = vec![s.matrix(45, 45); 12];
    assert_eq!(formed(&Covariance::dense(45, many, 1.0)), 0);
}

#[test]
fn mixtures_of_laws() {
    let spread = |mean, variance| Spread { mean, variance };
    let law = |mean, variance, entry| SquaredError {
        error: spread(mean, variance),
        entries: vec![spread(entry, 0.5)],
    };
    let (a, b) = (law(1.0, 2.0, 3.0), law(5.0, 4.0, -1.0));
    let mixed = SquaredError::mixture(&[(0.25, &[0.5], &a), (0.75, &[1.5], &b)]);
    // Means 4 and 1.25; variances ¼(2 + 9) + ¾(4 + 1) and ½ + ¼·(9/4)² + ¾·(3/4)².
    assert_eq!(mixed.error, spread(4.0, 6.5));
    assert_eq!(
        mixed.entries,
        [spread(1.25, 0.5 + 0.25 * 5.0625 + 0.75 * 0.5625)]
    );
}

#[test]
fn dimensions_beyond_the_exact_solvers_are_refused() {
    let mut s = Stream(12);
    let map = maps(&mut s, FOURTH_MAX_DIM + 1, 3).remove(0);
    let (w, y) = (s.vec(FOURTH_MAX_DIM + 1), s.vec(FOURTH_MAX_DIM + 1));
    let at = (&w[..], &LAMBDA[..], &y[..]);
    let refused = squared_error(&map, at, &Vector::zeros(2), false, (1, 1), 1, &[1], |_| 0.5);
    assert_eq!(refused.unwrap_err().field(), Some("dim"));
    let large = |d: usize| {
        let (mean, none) = (
            Matrix::identity(d, d) * 0.5,
            Covariance::dense(d, vec![], 1.0),
        );
        Recursion::new(mean, none, Vector::from_element(d, 1.0)).unwrap()
    };
    let refused = plateau(&mut large(41), 0.5);
    assert_eq!(refused.unwrap_err().field(), Some("dim"));
    assert!(plateau(&mut large(3), 0.5).unwrap().is_some());
}

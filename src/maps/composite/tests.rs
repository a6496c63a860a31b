//! Jacobians against differences, constants against enumeration, moduli against sampled pairs.

use super::*;
use crate::error::Result;
use crate::linalg::stream::Stream;
use crate::linalg::{Matrix, Vector};

fn inners(s: &mut Stream, d: usize, n: usize) -> Vec<Inner> {
    let x = s.vec(n * d);
    let y = s.vec(n);
    let labels = y.iter().map(|v| v.signum()).collect();
    let channel = |s: &mut Stream| Channel {
        n: Some(s.matrix(d, d) * 0.3),
        m: Some(s.matrix(d, 2)),
        e: Some(Vector::from_vec(s.vec(d))),
    };
    let noise = NoiseModel {
        a: s.matrix(d, d) * (0.5 / d as f64),
        bilinear: vec![s.matrix(d, d) * 0.2, s.matrix(d, d) * 0.2],
        b: s.matrix(d, 2),
        c: Vector::from_vec(s.vec(d)),
        channels: vec![
            channel(s),
            Channel {
                e: Some(Vector::from_vec(s.vec(d))),
                ..Channel::default()
            },
            channel(s),
        ],
    };
    let mut out = vec![
        Inner::FiniteSum(FiniteSum::new(x.clone(), y, d, 0.3, Loss::Quadratic).unwrap()),
        Inner::FiniteSum(FiniteSum::new(x, labels, d, 0.3, Loss::Logistic).unwrap()),
        Inner::Noise(noise),
    ];
    // Two columns and one corrupted row, so that λ has two entries.
    if d.is_multiple_of(2) {
        let rows = s.vec(2 * n);
        let labels = (0..n).map(|i| (i * i) % (d / 2)).collect();
        let poisoned = Poisoned::new(&rows, labels, d / 2, vec![n / 2]).unwrap();
        out.push(Inner::Poisoned(poisoned.with(0.3, 0.2).unwrap()));
    }
    out
}

fn outers(s: &mut Stream, d: usize) -> Vec<Outer> {
    let v = s.matrix(d, d);
    let v = &v / (crate::linalg::norm::spectral_upper(&v) * 1.01);
    let layer = |activation, s: &mut Stream| Outer::Layer {
        v: v.clone(),
        b: s.matrix(d, 2),
        c: Vector::from_vec(s.vec(d)),
        activation,
    };
    vec![
        Outer::Identity,
        Outer::Soft { eta: 0.3 },
        Outer::FixedSoft { threshold: 0.2 },
        Outer::GroupSoft {
            eta: 0.3,
            groups: vec![0..2, 2..d],
            weights: vec![1.0, 1.5],
        },
        Outer::Box {
            lower: vec![-0.5; d],
            upper: vec![0.4; d],
        },
        Outer::Nonnegative,
        layer(Activation::Relu, s),
        layer(Activation::Tanh, s),
    ]
}

const LAMBDA: [f64; 2] = [0.9, 0.2];

/// The second-order remainder of a central difference with step h = 2⁻²⁰ is about h², its
/// rounding u/h: both are below this.
const DIFFERENCE: f64 = 1e-8;

#[test]
fn inner_jacobians_agree_with_differences_and_transposes() {
    let mut s = Stream(1);
    for f in inners(&mut s, 4, 7) {
        let (w, v, u) = (s.vec(4), s.vec(4), s.vec(2));
        let batch = [0, 3, 5, 5, 1];
        for sample in [Sample::Batch(&batch), Sample::Mean] {
            let h = 2f64.powi(-20);
            let moved = |sign: f64| {
                let w: Vec<f64> = w.iter().zip(&v).map(|(a, b)| a + sign * h * b).collect();
                let l: Vec<f64> = LAMBDA
                    .iter()
                    .zip(&u)
                    .map(|(a, b)| a + sign * h * b)
                    .collect();
                let mut out = vec![0.0; 4];
                f.apply(&w, &l, sample, &mut out);
                Vector::from_vec(out)
            };
            let difference = (moved(1.0) - moved(-1.0)) / (2.0 * h);
            let (d1, d2) = (
                f.d1_matrix(&w, &LAMBDA, sample),
                f.d2_matrix(&w, &LAMBDA, sample),
            );
            let jvp = &d1 * Vector::from_vec(v.clone()) + &d2 * Vector::from_vec(u.clone());
            assert!((difference - jvp).norm() < DIFFERENCE);
            let (mut t1, mut t2) = (vec![0.0; 4], vec![0.0; 2]);
            f.d1_tr(&w, &LAMBDA, sample, &v, &mut t1);
            f.add_d2_tr(&w, &LAMBDA, sample, &v, &mut t2);
            assert!(
                (Vector::from_vec(t1) - d1.tr_mul(&Vector::from_vec(v.clone()))).norm() < 1e-14
            );
            assert!(
                (Vector::from_vec(t2) - d2.tr_mul(&Vector::from_vec(v.clone()))).norm() < 1e-14
            );
        }
    }
}

/// Rows that repeat count as often, also where there are more of them than rows.
#[test]
fn a_minibatch_longer_than_the_population_is_the_mean_of_its_samples() {
    let mut s = Stream(12);
    for f in inners(&mut s, 4, 5) {
        let (w, v, u) = (s.vec(4), s.vec(4), s.vec(2));
        let batch = [2, 0, 2, 2, 4, 1, 2, 0];
        let all = |sample: Sample<'_>| {
            let mut out = [vec![0.0; 4], vec![0.0; 4], vec![0.0; 4], vec![0.0; 2]];
            f.apply(&w, &LAMBDA, sample, &mut out[0]);
            f.d1(&w, &LAMBDA, sample, &v, &mut out[1]);
            f.add_d2(&w, &LAMBDA, sample, &u, &mut out[2]);
            f.add_d2_tr(&w, &LAMBDA, sample, &v, &mut out[3]);
            Vector::from_vec(out.concat())
        };
        let singles = batch.iter().map(|i| all(Sample::Batch(&[*i])));
        let mean = singles.fold(Vector::zeros(14), |a, b| a + b) / batch.len() as f64;
        assert!((all(Sample::Batch(&batch)) - mean).amax() < 1e-13, "{f:?}");
    }
}

#[test]
fn outer_jacobians_agree_with_differences_and_transposes() {
    let mut s = Stream(2);
    for (k, g) in outers(&mut s, 5).into_iter().enumerate() {
        for _ in 0..20 {
            let (p, v, x) = (s.vec(5), s.vec(5), s.vec(2));
            let mut gamma = g.gamma(5);
            g.linearize(&p, &LAMBDA, 0.0, &mut gamma);
            let h = 2f64.powi(-20);
            let moved = |sign: f64| {
                let p: Vec<f64> = p.iter().zip(&v).map(|(a, b)| a + sign * h * b).collect();
                let l: Vec<f64> = LAMBDA
                    .iter()
                    .zip(&x)
                    .map(|(a, b)| a + sign * h * b)
                    .collect();
                let mut out = vec![0.0; 5];
                g.apply(&p, &l, &mut out);
                Vector::from_vec(out)
            };
            let difference = (moved(1.0) - moved(-1.0)) / (2.0 * h);
            let (d1, d2) = (g.d1_matrix(&gamma), g.d2_matrix(&gamma, 2));
            let jvp = &d1 * Vector::from_vec(v.clone()) + &d2 * Vector::from_vec(x);
            assert!((difference - jvp).norm() < DIFFERENCE, "outer {k}");
            let (mut t1, mut t2) = (vec![0.0; 5], vec![0.0; 2]);
            g.d1(&gamma, &v, true, &mut t1);
            g.add_d2_tr(&gamma, &v, &mut t2);
            assert!(
                (Vector::from_vec(t1) - d1.tr_mul(&Vector::from_vec(v.clone()))).norm() < 1e-14
            );
            assert!((Vector::from_vec(t2) - d2.tr_mul(&Vector::from_vec(v))).norm() < 1e-14);
            assert!(d1.singular_values().max() <= 1.0 + 1e-14);
        }
    }
}

#[test]
fn a_tie_takes_the_weight_it_is_given() {
    let mut u = [0.0; 3];
    let g = Outer::GroupSoft {
        eta: 0.5,
        groups: vec![0..2, 2..3],
        weights: vec![1.0, 1.0],
    };
    u[0] = 0.3;
    u[1] = 0.4;
    let mut gamma = g.gamma(3);
    g.linearize(&u, &[1.0, 0.0], 0.25, &mut gamma);
    let d1 = g.d1_matrix(&gamma);
    assert!((d1[(0, 0)] - 0.25 * 0.36).abs() < 1e-15 && (d1[(0, 1)] - 0.25 * 0.48).abs() < 1e-15);
    let d2 = g.d2_matrix(&gamma, 2);
    assert!((d2[(0, 0)] + 0.5 * 0.25 * 0.6).abs() < 1e-15);
    let soft = Outer::Soft { eta: 0.5 };
    let mut gamma = soft.gamma(3);
    soft.linearize(&[-0.5, 0.7, 0.1], &[1.0, 0.0], 0.25, &mut gamma);
    assert_eq!(gamma.slope, [0.25, 1.0, 0.0]);
    assert_eq!(gamma.dir, [0.125, -0.5, 0.0]);
}

/// Every minibatch of size 2, enumerated: s², σ₁', σ₂' from their definitions.
#[test]
fn variance_constants_equal_enumeration_over_all_minibatches() {
    let mut s = Stream(3);
    for f in inners(&mut s, 4, 5) {
        let map = Composite::new(f, Outer::Identity).unwrap();
        let (f, w) = (map.inner(), s.vec(4));
        let (n, mut count) = (f.population(), 0.0);
        let mut mean = vec![0.0; 4];
        f.apply(&w, &LAMBDA, Sample::Mean, &mut mean);
        let (m1, m2) = (
            f.d1_matrix(&w, &LAMBDA, Sample::Mean),
            f.d2_matrix(&w, &LAMBDA, Sample::Mean),
        );
        let (mut s2, mut sigma2, mut outer) = (0.0, 0.0, Matrix::zeros(4, 4));
        for i in 0..n {
            for j in 0..n {
                let b = [i, j];
                let mut t = vec![0.0; 4];
                f.apply(&w, &LAMBDA, Sample::Batch(&b), &mut t);
                s2 += t
                    .iter()
                    .zip(&mean)
                    .map(|(a, b)| (a - b).powi(2))
                    .sum::<f64>();
                let delta = f.d1_matrix(&w, &LAMBDA, Sample::Batch(&b)) - &m1;
                outer += &delta * delta.transpose();
                sigma2 += (f.d2_matrix(&w, &LAMBDA, Sample::Batch(&b)) - &m2).norm_squared();
                count += 1.0;
            }
        }
        let v = map.variance(&w, &LAMBDA, 2);
        let sigma1 = (outer.clone() / count).symmetric_eigenvalues().max();
        for (got, want) in [
            (v.s2, s2 / count),
            (v.sigma1, sigma1),
            (v.sigma1_frobenius, outer.trace() / count),
            (v.sigma2, sigma2 / count),
        ] {
            assert!(
                got >= want * (1.0 - 1e-13) && got <= want + 1e-11,
                "{got} {want}"
            );
        }
    }
}

#[test]
fn q_bounds_every_jacobian_and_is_attained_by_quadratics() {
    let mut s = Stream(4);
    for (k, f) in inners(&mut s, 4, 9).into_iter().enumerate() {
        let map = Composite::new(f, Outer::Identity).unwrap();
        let q = map.q(&LAMBDA);
        for _ in 0..20 {
            let w = s.vec(4);
            let norm = map
                .inner()
                .d1_matrix(&w, &LAMBDA, Sample::Mean)
                .singular_values()
                .max();
            assert!(norm <= q * (1.0 + 1e-14));
            assert!(k == 1 || norm >= q * (1.0 - 1e-12));
        }
    }
}

/// Lemma 2.5 on random pairs: the distance of D at u to D at u' (a single matrix there) stays below
/// (L+M/R)‖u-u'‖.
#[test]
fn moduli_hold_on_sampled_pairs() {
    let mut s = Stream(5);
    let noise = inners(&mut s, 5, 9).remove(2);
    for (k, g) in outers(&mut s, 5).into_iter().enumerate() {
        let map = Composite::new(noise.clone(), g).unwrap();
        let mut worst: f64 = 0.0;
        for _ in 0..3000 {
            let p = s.vec(5);
            let scale = 2f64.powf(4.0 * s.next() - 3.0);
            let r: Vec<f64> = p.iter().map(|x| x + scale * s.next()).collect();
            let m = map.outer_moduli(&p, &LAMBDA);
            let at = |u: &[f64]| {
                let mut gamma = map.outer().gamma(5);
                map.outer().linearize(u, &LAMBDA, 0.0, &mut gamma);
                (
                    map.outer().d1_matrix(&gamma),
                    map.outer().d2_matrix(&gamma, 2),
                )
            };
            let ((a1, a2), (b1, b2)) = (at(&p), at(&r));
            let distance = p
                .iter()
                .zip(&r)
                .map(|(a, b)| (a - b).powi(2))
                .sum::<f64>()
                .sqrt();
            let (e1, e2) = (
                (b1 - a1).singular_values().max(),
                (&b2 - &a2).singular_values().max(),
            );
            assert!(
                e1 <= m.c1() * distance + 1e-13,
                "outer {k}: {e1} {distance} {m:?}"
            );
            assert!(
                e2 <= m.c2() * distance + 1e-13,
                "outer {k}: {e2} {distance} {m:?}"
            );
            assert!(a2.singular_values().max() <= m.b2 * (1.0 + 1e-14));
            if m.c1() > 0.0 {
                worst = worst.max(e1 / (m.c1() * distance));
            }
        }
        // Not vacuous: the bound is approached (the smooth layer's is worst-case over directions).
        assert!(k == 0 || worst > 0.1, "outer {k}: {worst}");
    }
    for f in inners(&mut s, 4, 9) {
        let map = Composite::new(f, Outer::Identity).unwrap();
        for _ in 0..300 {
            let (p, r) = (s.vec(4), s.vec(4));
            let m = map.inner_moduli(&p, &LAMBDA);
            let distance = p
                .iter()
                .zip(&r)
                .map(|(a, b)| (a - b).powi(2))
                .sum::<f64>()
                .sqrt();
            let f = map.inner();
            let e1 =
                f.d1_matrix(&r, &LAMBDA, Sample::Mean) - f.d1_matrix(&p, &LAMBDA, Sample::Mean);
            let e2 =
                f.d2_matrix(&r, &LAMBDA, Sample::Mean) - f.d2_matrix(&p, &LAMBDA, Sample::Mean);
            assert!(e1.singular_values().max() <= m.c1() * distance + 1e-13);
            assert!(e2.singular_values().max() <= m.c2() * distance + 1e-13);
            assert!(
                f.d2_matrix(&p, &LAMBDA, Sample::Mean)
                    .singular_values()
                    .max()
                    <= m.b2 * (1.0 + 1e-14)
            );
        }
    }
}

/// A certain Γ is the Γ of every minibatch mean; and a point on the wrong side is noticed.
#[test]
fn certain_gamma_is_never_contradicted() {
    let mut s = Stream(6);
    let (mut some, mut none) = (0, 0);
    for _ in 0..60 {
        let n = 4;
        for f in inners(&mut s, 4, n) {
            for g in outers(&mut s, 4) {
                let map = Composite::new(f.clone(), g).unwrap();
                let w: Vec<f64> = s.vec(4).iter().map(|x| 3.0 * x).collect();
                let Some(certain) = map.certain_gamma(&w, &LAMBDA) else {
                    none += 1;
                    continue;
                };
                some += 1;
                for i in 0..n {
                    for j in 0..n {
                        let (mut u, mut gamma) = (vec![0.0; 4], map.outer().gamma(4));
                        map.inner()
                            .apply(&w, &LAMBDA, Sample::Batch(&[i, j]), &mut u);
                        map.outer().linearize(&u, &LAMBDA, 0.0, &mut gamma);
                        assert_eq!(gamma, certain);
                    }
                }
            }
        }
    }
    assert!(some > 200 && none > 200, "{some} {none}");
}

#[test]
fn bad_data_are_refused_with_the_field() {
    let text = |r: Result<Composite>| r.unwrap_err().to_string();
    assert!(text(Composite::elastic_net(vec![1.0; 3], vec![1.0; 2], 2, 0.1)).contains("`X`"));
    assert!(
        text(Composite::elastic_net(
            vec![1.0, f64::NAN],
            vec![1.0],
            2,
            0.1
        ))
        .contains("X[0][1]")
    );
    assert!(text(Composite::elastic_net(vec![1.0; 2], vec![1.0], 2, -0.1)).contains("`step`"));
    let f = || FiniteSum::new(vec![1.0; 2], vec![1.0], 2, 0.1, Loss::Quadratic).unwrap();
    assert!(FiniteSum::new(vec![1.0; 2], vec![0.5], 2, 0.1, Loss::Logistic).is_err());
    let wide = Outer::Layer {
        v: Matrix::identity(2, 2) * 1.5,
        b: Matrix::zeros(2, 2),
        c: Vector::zeros(2),
        activation: Activation::Relu,
    };
    assert!(text(Composite::new(Inner::FiniteSum(f()), wide)).contains("nonexpansive"));
    let map = Composite::elastic_net(vec![1.0; 2], vec![1.0], 2, 0.1).unwrap();
    assert!(
        map.check(&[0.0; 2], &[0.0, 0.1], &[1.0; 2])
            .unwrap_err()
            .to_string()
            .contains("λ1")
    );
    assert!(map.check(&[0.0; 2], &[0.1, 0.1], &[1.0; 3]).is_err());
    assert!(
        map.check_batch(&[1]).is_err()
            && map.check_batch(&[]).is_err()
            && map.check_batch(&[0, 0]).is_ok()
    );
}

/// On a kink the distance to it is 0, where the radius R of the moduli counts the other pieces
/// only.
#[test]
fn a_point_on_a_kink_is_at_distance_zero_from_it() {
    let inner = |d: usize| {
        let zero = Matrix::zeros(d, d);
        let model = NoiseModel::additive(zero, Matrix::zeros(d, 2), Vector::zeros(d), 0.1);
        Inner::Noise(model)
    };
    let soft = Composite::new(inner(2), Outer::Soft { eta: 0.5 }).unwrap();
    assert_eq!(soft.kink_distance(&[0.5, 3.0], &[1.0, 0.0]), 0.0);
    assert_eq!(soft.kink_distance(&[0.75, 3.0], &[1.0, 0.0]), 0.25);
    let r = soft.outer_moduli(&[0.5, 3.0], &[1.0, 0.0]).r;
    assert!((r - 1.0).abs() <= crate::tol::gamma(64), "{r}");
    let nonnegative = Composite::new(inner(2), Outer::Nonnegative).unwrap();
    assert_eq!(nonnegative.kink_distance(&[0.0, -2.0], &[0.0, 0.0]), 0.0);
    let r = nonnegative.outer_moduli(&[0.0, -2.0], &[0.0, 0.0]).r;
    assert!((r - 2.0).abs() <= crate::tol::gamma(64), "{r}");
    let smooth = Composite::new(inner(2), Outer::Identity).unwrap();
    assert_eq!(
        smooth.kink_distance(&[0.0, 0.0], &[0.0, 0.0]),
        f64::INFINITY
    );
}

/// The mean of a sampled map is its own Φ, whichever prox, projection or layer stands behind.
#[test]
fn the_mean_is_the_mean_of_all_samples() {
    let (mut s, d) = (Stream(11), 4);
    let (inners, outers) = (inners(&mut s, d, 7), outers(&mut s, d));
    let mut described = 0;
    for (inner, outer) in inners
        .iter()
        .flat_map(|i| outers.iter().map(move |o| (i, o)))
    {
        let samples = Composite::new(inner.clone(), outer.clone()).unwrap();
        let Ok(map) = crate::maps::Map::sampled(samples) else {
            continue;
        };
        described += 1;
        let (w, lambda) = (s.vec(d), [0.2, 0.3]);
        let (mut u, mut own) = (vec![0.0; d], vec![0.0; d]);
        let samples = map.samples().unwrap();
        samples.apply(&w, &lambda, &mut u, &mut own);
        let gap = (map.apply(&w, &lambda) - Vector::from_vec(own)).amax();
        assert!(gap < 1e-14, "{inner:?} {outer:?} {gap}");
    }
    // Left out: a layer or a fixed threshold behind a finite sum, thresholds behind noise, all but
    // a fixed threshold behind a poisoned regression.
    assert_eq!(described, 2 * 5 + 5 + 1);
}

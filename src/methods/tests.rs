//! The deterministic methods against exact recursions, direct solves and their own contracts.

use super::*;
use crate::case::{Answer, At, Case, Factory, Implementation, Method, Status, Target};
use crate::linalg::{Matrix, Vector};
use crate::maps::{Activation, Affine, ElasticNet, Layer, Map, Problem};
use crate::truth::{Truth, aid_run, itd_run};

/// Ours, asked for D in forward mode and for Dᵀy in reverse mode.
fn ours(
    method: Method,
    (map, lambda): (&Map, &[f64]),
    at: At<'_>,
    y: &[f64],
    steps: &[usize],
) -> Answer {
    let target = if method.is_reverse() {
        Target::Cotangent(y)
    } else {
        Target::Jacobian
    };
    let case = Case::new(method.algorithm, map, lambda, at, target, steps);
    Ours.make(method).unwrap().run(&case)
}

fn problems() -> Vec<(Map, Vec<f64>)> {
    let f = |i: usize, j: usize| ((i * 5 + j * 3 + 1) % 7) as f64 / 20.0 - 0.15;
    let net = Problem::ElasticNet(ElasticNet {
        x: Matrix::from_fn(8, 5, |i, j| {
            ((i * 7 + j * 3 + i * j * 5) % 11) as f64 / 5.0 - 1.0
        }),
        y: Vector::from_fn(8, |i, _| ((i * 5) % 7) as f64 / 3.0 - 1.0),
        step: 0.3,
    });
    let layer = |activation| {
        Problem::Layer(Layer {
            a: Matrix::from_fn(5, 4, f),
            v: Matrix::from_fn(4, 5, |i, j| 3.0 * f(j, i)),
            b: Matrix::from_fn(4, 2, |i, j| 4.0 * f(i + 1, j)),
            c: Vector::from_column_slice(&[0.3, -0.4, 0.2, 0.1]),
            activation,
        })
    };
    vec![
        (Map::new(net).unwrap(), vec![0.05, 0.3]),
        (Map::new(layer(Activation::Relu)).unwrap(), vec![0.4, -0.7]),
        (Map::new(layer(Activation::Tanh)).unwrap(), vec![0.4, -0.7]),
    ]
}

/// Φ(w, λ) = Aw + λ with A given by rows.
fn affine(d: usize, a: &[f64]) -> Map {
    let problem = Problem::Affine(Affine {
        a: Matrix::from_row_slice(d, d, a),
        b: Matrix::identity(d, d),
        c: Vector::zeros(d),
    });
    Map::new(problem).unwrap()
}

const STEPS: [usize; 7] = [0, 1, 2, 3, 9, 16, 40];

/// Every mode of every method against the double-double recursion, within the derived floor.
#[test]
fn all_modes_follow_the_exact_recursion() {
    for (map, lambda) in problems() {
        let truth = Truth::solve(&map, &lambda).unwrap();
        let w0 = [0.3, -0.2, 0.5, 0.1, -0.4];
        let y = Vector::from_column_slice(&[0.2, -0.5, 0.4, 0.6, -0.1]);
        let run = itd_run(&truth, &w0, 40);
        assert_eq!(run.doubt_from, None);
        let aid = aid_run(&truth, &run.w[9], 40).unwrap();
        let itd = [Method::ITD, Method::ITD_REVERSE, Method::ITD_CHECKPOINTED];
        for method in [&itd[..], &[Method::AID_FP, Method::AID_FP_FORWARD]].concat() {
            let (at, exact) = if method.is_aid() {
                (At::Point(run.w[9].as_slice()), &aid.d)
            } else {
                (At::Start(&w0), &run.d)
            };
            let answer = ours(method, (&map, &lambda), at, y.as_slice(), &STEPS);
            assert_eq!(answer.status, Status::Completed);
            for (estimate, &s) in answer.estimates.iter().zip(&STEPS) {
                let image = |d: &Matrix| match method.is_reverse() {
                    true => Matrix::from_column_slice(2, 1, d.tr_mul(&y).as_slice()),
                    false => d.clone(),
                };
                let floor = match (method.is_aid(), method.is_reverse()) {
                    (false, false) => run.floor.d[s],
                    (false, true) => {
                        run.floor.reverse(&truth.constants, &truth.rounding, 2, s) * y.norm()
                    }
                    (true, false) => aid.floor.d[s],
                    (true, true) => aid.floor.reverse[s] * y.norm(),
                };
                let off = (estimate - image(&exact[s])).norm();
                assert!(off <= floor, "{method} at {s}: {off} > {floor}");
            }
            assert_eq!(answer.estimates.len(), STEPS.len());
        }
    }
}

#[test]
fn checkpoints_save_memory_and_cost_one_more_pass() {
    let (map, lambda) = problems().remove(0);
    let y = [1.0, 0.0, 0.0, 0.0, 0.0];
    let go = |method| ours(method, (&map, &lambda), At::Start(&[0.0; 5]), &y, &[400]);
    let (full, checkpointed) = (go(Method::ITD_REVERSE), go(Method::ITD_CHECKPOINTED));
    assert_eq!(full.estimates, checkpointed.estimates);
    assert!(full.cost.bytes_held >= 400 * 5 * 8);
    assert!(checkpointed.cost.bytes_held <= 2 * 24 * 5 * 8);
    assert!(checkpointed.cost.map_evaluations <= 2 * full.cost.map_evaluations);
    assert!(go(Method::ITD).cost.bytes_held <= 6 * 5 * 8);
}

/// A weight at ties belongs to both passes of the reverse modes: a value does not tell it.
#[test]
fn ties_keep_their_weight_in_every_mode() {
    // z = w₁ at the start is exactly at the kink of the soft threshold, in both directions of λ.
    let map = Map::new(ElasticNet {
        x: Matrix::identity(2, 2),
        y: Vector::from_column_slice(&[1.0, 4.0]),
        step: 1.0,
    })
    .unwrap();
    let (lambda, y) = ([0.5, 0.5], [1.0, 1.0]);
    for tie in [0.0, 0.25, 1.0] {
        let (steps, start) = ([3], [0.0; 2]);
        let case = |target| {
            let at = At::Start(&start);
            Case::new(Method::ITD.algorithm, &map, &lambda, at, target, &steps)
        };
        let forward = ItdForward { tie }.run(&case(Target::Jacobian));
        let want = forward.estimates[0].tr_mul(&Vector::from_column_slice(&y));
        let reverse = [
            ItdReverse { tie }.run(&case(Target::Cotangent(&y))),
            ItdCheckpointed { tie }.run(&case(Target::Cotangent(&y))),
        ];
        for answer in reverse {
            assert!((&answer.estimates[0] - &want).amax() < 1e-15, "{tie}");
        }
    }
}

/// Where derivatives are the same everywhere, no point is computed.
#[test]
fn constant_derivatives_need_no_trajectory() {
    let map = affine(2, &[0.5, 0.25, -0.5, 0.125]);
    let y = [1.0, -2.0];
    let go = |method| {
        ours(
            method,
            (&map, &[1.0, 2.0]),
            At::Start(&[3.0, 4.0]),
            &y,
            &[0, 3, 7],
        )
    };
    let (forward, reverse) = (go(Method::ITD), go(Method::ITD_REVERSE));
    for (d, u) in forward.estimates.iter().zip(&reverse.estimates) {
        let want = d.tr_mul(&Vector::from_column_slice(&y));
        assert!((u - want).amax() < 1e-15);
    }
    assert_eq!(reverse.cost.map_evaluations, 1);
    assert_eq!(reverse.cost.jacobian_products, 7);
}

#[test]
fn divergence_and_nan_are_statuses() {
    let map = affine(1, &[1e30]);
    // Conjugate gradients and direct solves do a linear system, contraction or not: nothing
    // diverges there. NSID and SID need samples.
    let deterministic = Method::NAMES.iter().map(|n| n.1);
    let solvers = [Method::AID_CG, Method::IMPLICIT];
    let iterated = deterministic.filter(|m| !solvers.contains(m) && !m.is_stochastic());
    for method in iterated {
        let at = if method.is_aid() {
            At::Point(&[1.0])
        } else {
            At::Start(&[1.0])
        };
        let answer = ours(method, (&map, &[1.0]), at, &[1.0], &[0, 50]);
        let ended = matches!(
            answer.status,
            Status::Diverged { .. } | Status::NotANumber { .. }
        );
        assert!(ended && answer.estimates.len() < 2, "{method}");
    }
    let nan = At::Start(&[f64::NAN]);
    let answer = ours(Method::ITD, (&map, &[1.0]), nan, &[1.0], &[0, 50]);
    assert_eq!(answer.status, Status::NotANumber { step: 1 });
    let algorithm = Method::ITD.algorithm;
    let case = Case::new(algorithm, &map, &[1.0], nan, Target::Jacobian, &[0, 50]);
    assert_eq!(
        case.validate().unwrap_err().to_string(),
        "field `w0[0]`: must be finite, got NaN"
    );
}

/// A case that a method does not do is no failure: it says so and answers nothing.
#[test]
fn what_a_method_does_not_do_is_skipped() {
    let map = affine(1, &[0.5]);
    for (_, method) in Method::NAMES {
        let target = if method.is_reverse() && !method.is_stochastic() {
            Target::Jacobian
        } else {
            Target::Cotangent(&[1.0])
        };
        let case = Case::new(
            method.algorithm,
            &map,
            &[1.0],
            At::Point(&[0.0]),
            target,
            &[1],
        );
        let answer = Ours.make(method).unwrap().run(&case);
        let skipped = matches!(answer.status, Status::Skipped(_));
        assert!(skipped && answer.estimates.is_empty(), "{method}");
    }
}

/// AID-CG ends at the direct solve on the reduced system and on normal equations; plain conjugate
/// gradients are refused where the operator is not symmetric, and would be wrong there.
#[test]
fn conjugate_gradients_end_at_the_limit() {
    let run = |mut cg: AidCg, map: &Map, lambda: &[f64], w: &[f64], y: &[f64], k: usize| {
        let (steps, target) = ([k], Target::Cotangent(y));
        let algorithm = Method::AID_CG.algorithm;
        let case = Case::new(algorithm, map, lambda, At::Point(w), target, &steps);
        cg.run(&case).estimates.remove(0)
    };
    for (map, lambda) in problems() {
        let truth = Truth::solve(&map, &lambda).unwrap();
        let y = [0.2, -0.5, 0.4, 0.6, -0.1];
        let j = &truth.jacobian.as_ref().unwrap().j;
        let want = j.tr_mul(&Vector::from_column_slice(&y));
        for cg in [AidCg::default(), AidCg::normal()] {
            let u = run(cg, &map, &lambda, truth.w().as_slice(), &y, 5);
            assert!((u - &want).norm() < 1e-11 * (1.0 + want.norm()), "{map:?}");
        }
    }
    let turned = affine(2, &[0.3, 0.4, -0.2, 0.1]);
    let refused = AidCg::plain(&turned, &[0.0; 2], &[0.0; 2]).unwrap_err();
    assert!(refused.is_usage() && refused.to_string().contains("need a symmetric operator"));
    // The same for an elastic net with an inactive coordinate: I - AS.
    let net = Problem::ElasticNet(ElasticNet {
        x: Matrix::from_row_slice(2, 2, &[1.0, 0.5, 0.0, 1.0]),
        y: Vector::from_column_slice(&[2.0, 1.0]),
        step: 0.5,
    });
    assert!(AidCg::plain(&Map::new(net).unwrap(), &[0.2, 0.1], &[1.0, -0.5]).is_err());
    let map = affine(2, &[0.3, 0.2, 0.2, -0.4]);
    let plain = AidCg::plain(&map, &[0.0; 2], &[0.0; 2]).unwrap();
    let u = run(plain, &map, &[0.0; 2], &[0.0; 2], &[1.0, 0.0], 2);
    // (I-A)⁻¹e_1 = (1.4, 0.2)/0.94.
    assert!((u[0] - 1.4 / 0.94).abs() < 1e-14 && (u[1] - 0.2 / 0.94).abs() < 1e-14);
}

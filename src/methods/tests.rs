use super::*;
use crate::linalg::{Matrix, Vector};
use crate::maps::{Activation, Affine, ElasticNet, Layer, Problem};
use crate::trajectory::Estimates;
use crate::truth::{Truth, aid_run, itd_run};

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

const STEPS: [usize; 7] = [0, 1, 2, 3, 9, 16, 40];

/// Every mode of every method against the double-double recursion, within the derived floor.
#[test]
fn all_modes_follow_the_exact_recursion() {
    for (map, lambda) in problems() {
        let truth = Truth::solve(&map, &lambda).unwrap();
        let w0 = [0.3, -0.2, 0.5, 0.1, -0.4];
        let y = [0.2, -0.5, 0.4, 0.6, -0.1];
        let run = itd_run(&truth, &w0, 40);
        assert_eq!(run.doubt_from, None);
        let case = Case {
            map: &map,
            lambda: &lambda,
            w: &w0,
            cotangent: &y,
            path: None,
            steps: &STEPS,
        };
        case.validate().unwrap();
        let yv = Vector::from_column_slice(&y);
        for method in [Method::Itd, Method::ItdReverse, Method::ItdCheckpointed] {
            let t = method.implementation().run(&case);
            assert_eq!(t.status, Status::Completed);
            for (k, &s) in STEPS.iter().enumerate() {
                match &t.estimates {
                    Estimates::Jacobians(d) => {
                        assert!((&d[k] - &run.d[s]).norm() <= run.floor.d[s])
                    }
                    Estimates::Cotangents(u) => {
                        let floor =
                            run.floor.reverse(&truth.constants, &truth.rounding, 2, s) * yv.norm();
                        assert!(
                            (&u[k] - run.d[s].tr_mul(&yv)).norm() <= floor,
                            "{method:?} {s}"
                        );
                    }
                }
            }
        }
        let aid = aid_run(&truth, &run.w[9], 40).unwrap();
        let case = Case {
            w: run.w[9].as_slice(),
            ..case
        };
        for method in [Method::AidFp, Method::AidFpForward] {
            let t = method.implementation().run(&case);
            for (k, &s) in STEPS.iter().enumerate() {
                match &t.estimates {
                    Estimates::Jacobians(d) => {
                        assert!((&d[k] - &aid.d[s]).norm() <= aid.floor.d[s])
                    }
                    Estimates::Cotangents(u) => {
                        let floor = aid.floor.reverse[s] * yv.norm();
                        assert!(
                            (&u[k] - aid.d[s].tr_mul(&yv)).norm() <= floor,
                            "{method:?} {s}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn checkpoints_save_memory_and_cost_one_more_pass() {
    let (map, lambda) = problems().remove(0);
    let (w0, y) = ([0.0; 5], [1.0, 0.0, 0.0, 0.0, 0.0]);
    let case = Case {
        map: &map,
        lambda: &lambda,
        w: &w0,
        cotangent: &y,
        path: None,
        steps: &[400],
    };
    let full = ItdReverse::default().run(&case);
    let checkpointed = ItdCheckpointed::default().run(&case);
    assert_eq!(full.estimates, checkpointed.estimates);
    assert!(full.cost.bytes_held >= 400 * 5 * 8);
    assert!(checkpointed.cost.bytes_held <= 2 * 24 * 5 * 8);
    assert!(checkpointed.cost.map_evaluations <= 2 * full.cost.map_evaluations);
    let forward = ItdForward::default().run(&case);
    assert!(forward.cost.bytes_held <= 6 * 5 * 8);
}

#[test]
fn divergence_and_nan_are_statuses() {
    let a = Matrix::from_element(1, 1, 1e30);
    let problem = Problem::Affine(Affine {
        a,
        b: Matrix::from_element(1, 1, 1.0),
        c: Vector::zeros(1),
    });
    let map = Map::new(problem).unwrap();
    let case = Case {
        map: &map,
        lambda: &[1.0],
        w: &[1.0],
        cotangent: &[1.0],
        path: None,
        steps: &[0, 50],
    };
    // Conjugate gradients solve a linear system, contraction or not: nothing diverges there.
    let iterated = Method::NAMES
        .iter()
        .map(|n| n.1)
        .filter(|m| *m != Method::AidCg);
    for method in iterated {
        let t = method.implementation().run(&case);
        assert!(
            matches!(
                t.status,
                Status::Diverged { .. } | Status::NotANumber { .. }
            ),
            "{method:?}"
        );
        assert!(t.estimates.len() < 2);
    }
    let nan = Case {
        w: &[f64::NAN],
        ..case
    };
    assert!(matches!(
        ItdForward::default().run(&nan).status,
        Status::NotANumber { step: 1 }
    ));
    assert_eq!(
        nan.validate().unwrap_err().to_string(),
        "field `w[0]`: must be finite, got NaN"
    );
}

/// AID-CG ends at the direct solve on the reduced system and on normal equations; plain conjugate gradients are refused
/// where the operator is not symmetric, and would be wrong there.
#[test]
fn conjugate_gradients_end_at_the_limit() {
    for (map, lambda) in problems() {
        let truth = Truth::solve(&map, &lambda).unwrap();
        let w = truth.w().clone();
        let y = [0.2, -0.5, 0.4, 0.6, -0.1];
        let case = Case {
            map: &map,
            lambda: &lambda,
            w: w.as_slice(),
            cotangent: &y,
            path: None,
            steps: &[5],
        };
        let want = truth
            .jacobian
            .as_ref()
            .unwrap()
            .j
            .tr_mul(&Vector::from_column_slice(&y));
        for mut cg in [AidCg::default(), AidCg::normal()] {
            let Estimates::Cotangents(u) = cg.run(&case).estimates else {
                panic!("reverse mode returns cotangents")
            };
            assert!(
                (&u[0] - &want).norm() < 1e-11 * (1.0 + want.norm()),
                "{map:?}"
            );
        }
    }
    let turned = Problem::Affine(Affine {
        a: Matrix::from_row_slice(2, 2, &[0.3, 0.4, -0.2, 0.1]),
        b: Matrix::identity(2, 2),
        c: Vector::zeros(2),
    });
    let refused = AidCg::plain(&Map::new(turned).unwrap(), &[0.0, 0.0], &[0.0, 0.0]).unwrap_err();
    assert!(refused.is_usage() && refused.to_string().contains("need a symmetric operator"));
    // The same for an elastic net with an inactive coordinate: I - AS.
    let net = Problem::ElasticNet(ElasticNet {
        x: Matrix::from_row_slice(2, 2, &[1.0, 0.5, 0.0, 1.0]),
        y: Vector::from_column_slice(&[2.0, 1.0]),
        step: 0.5,
    });
    let (map, lambda) = (Map::new(net).unwrap(), [0.2, 0.1]);
    assert!(AidCg::plain(&map, &lambda, &[1.0, -0.5]).is_err());
    let symmetric = Problem::Affine(Affine {
        a: Matrix::from_row_slice(2, 2, &[0.3, 0.2, 0.2, -0.4]),
        b: Matrix::identity(2, 2),
        c: Vector::zeros(2),
    });
    let map = Map::new(symmetric).unwrap();
    let mut plain = AidCg::plain(&map, &[0.0, 0.0], &[0.0, 0.0]).unwrap();
    let case = Case {
        map: &map,
        lambda: &[0.0, 0.0],
        w: &[0.0, 0.0],
        cotangent: &[1.0, 0.0],
        path: None,
        steps: &[2],
    };
    let Estimates::Cotangents(u) = plain.run(&case).estimates else {
        panic!("reverse mode returns cotangents")
    };
    // (I-A)⁻¹e_1 = (1.4, 0.2)/0.94.
    assert!((u[0][0] - 1.4 / 0.94).abs() < 1e-14 && (u[0][1] - 0.2 / 0.94).abs() < 1e-14);
}

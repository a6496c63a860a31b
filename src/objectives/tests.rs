//! Values, gradients, moduli and rounding of every objective against each other.

use super::*;
use crate::linalg::stream::Stream;
use crate::linalg::{Matrix, Vector};
use crate::tol::Roundoff;

/// One of every sort, d = 6, m = 2.
fn every(s: &mut Stream) -> Vec<Objective> {
    let n = 7;
    let mut matrix = |columns: usize| Matrix::from_row_slice(n, columns, &s.vec(n * columns));
    let (x, z, y, other) = (matrix(6), matrix(2), matrix(1), matrix(3));
    let signs = Vector::from_iterator(n, y.iter().map(|v| v.signum()));
    let y = Vector::from_column_slice(y.as_slice());
    let with = |z: Option<&Matrix>, y: &Vector| HoldOut {
        x: x.clone(),
        z: z.cloned(),
        y: y.clone(),
        ridge: 0.3,
    };
    vec![
        Objective::LeastSquares(with(None, &y)),
        Objective::LeastSquares(with(Some(&z), &y)),
        Objective::Logistic(with(None, &signs)),
        Objective::Logistic(with(Some(&z), &signs)),
        Objective::Absolute(with(None, &y)),
        Objective::Absolute(with(Some(&z), &y)),
        Objective::CrossEntropy(Classes {
            x: other,
            labels: (0..n).map(|i| i % 2).collect(),
            classes: 2,
            ridge: 0.3,
        }),
    ]
}

fn norm(v: &[f64]) -> f64 {
    crate::linalg::product::norm2(v)
}

fn off(a: &[f64], b: &[f64]) -> f64 {
    norm(&a.iter().zip(b).map(|(a, b)| a - b).collect::<Vec<_>>())
}

#[test]
fn gradients_are_differences_of_values_and_means_of_their_rows() {
    let mut s = Stream(5);
    for o in every(&mut s) {
        o.check(6, 2).unwrap();
        assert!(o.check(5, 2).is_err());
        let (w, lambda) = (s.vec(6), s.vec(2));
        let [by_w, by_lambda] = o.gradients(&w, &lambda, Rows::All);
        let h = 1e-6;
        let moved = |v: &[f64], k: usize, h: f64| {
            let mut u = v.to_vec();
            u[k] += h;
            u
        };
        for k in 0..6 {
            let [up, down] = [h, -h].map(|h| o.value(&moved(&w, k, h), &lambda));
            assert!(
                ((up - down) / (2.0 * h) - by_w[k]).abs() < 1e-8,
                "{o:?} {k}"
            );
        }
        for k in 0..2 {
            let [up, down] = [h, -h].map(|h| o.value(&w, &moved(&lambda, k, h)));
            assert!(
                ((up - down) / (2.0 * h) - by_lambda[k]).abs() < 1e-8,
                "{o:?} {k}"
            );
        }
        // The mean of the gradients of single rows, and a repeated row counts twice.
        let n = o.rows();
        let all: Vec<usize> = (0..n).collect();
        let twice: Vec<usize> = all.iter().chain(&all).copied().collect();
        let mut mean = vec![0.0; 6];
        for i in 0..n {
            let [g, _] = o.gradients(&w, &lambda, Rows::Of(&[i]));
            mean.iter_mut()
                .zip(&g)
                .for_each(|(m, g)| *m += g / n as f64);
        }
        assert!(off(&mean, &by_w) < 1e-14);
        let [g, direct] = o.gradients(&w, &lambda, Rows::Of(&twice));
        assert!(off(&g, &by_w) < 1e-14 && off(&direct, &by_lambda) < 1e-14);
        assert!(o.check_rows(&twice).is_ok() && o.check_rows(&[0, n]).is_err());
    }
}

#[test]
fn rounding_is_within_what_is_said_and_not_far_from_it() {
    let mut s = Stream(6);
    for trial in 0..40 {
        for o in every(&mut s) {
            let scale = [1e-3, 1.0, 30.0][trial % 3];
            let w: Vec<f64> = s.vec(6).iter().map(|v| scale * v).collect();
            let lambda = s.vec(2);
            let lifted: Vec<Dd> = w.iter().map(|v| Dd::from(*v)).collect();
            for rows in [Rows::All, Rows::Of(&[0, 3, 3])] {
                let exact = o.gradients_exactly(&lifted, &lambda, rows);
                let lost = o.lost((&w, &lambda), (0.0, Roundoff::DOUBLE), rows);
                let own = o.gradients(&w, &lambda, rows);
                for j in 0..2 {
                    let exact: Vec<f64> = exact[j].iter().map(|g| g.hi()).collect();
                    let gap = off(&own[j], &exact);
                    assert!(gap <= lost[j], "{o:?}: {gap:e} {lost:?}");
                    assert!(lost[j] <= 1e-12 * (1.0 + scale * scale), "{lost:?}");
                }
            }
        }
    }
}

/// Lemma E.2, and what an evaluation at a point nearby is off.
#[test]
fn gradients_move_by_no_more_than_their_moduli() {
    let mut s = Stream(7);
    let (mut tightest, mut jumps) = (f64::INFINITY, 0);
    for _ in 0..60 {
        for o in every(&mut s) {
            let (w, lambda, direction) = (s.vec(6), s.vec(2), s.vec(6));
            let moduli = o.moduli(&w, &lambda, 0.0);
            assert!(moduli.kinks.is_empty());
            let at_w = o.gradients(&w, &lambda, Rows::All);
            for size in [1e-3, 0.1, 1.0, 10.0] {
                let e = size * norm(&direction);
                let u: Vec<f64> = w
                    .iter()
                    .zip(&direction)
                    .map(|(w, v)| w + size * v)
                    .collect();
                let at_u = o.gradients(&u, &lambda, Rows::All);
                let near = o.lost((&w, &lambda), (e, Roundoff::DOUBLE), Rows::All);
                for j in 0..2 {
                    let gap = off(&at_u[j], &at_w[j]);
                    let omega = moduli.omega(j + 1, e);
                    assert!(gap <= omega * (1.0 + 1e-12) + 1e-13, "{o:?}: {gap} {omega}");
                    assert!(omega <= moduli.c(j + 1, e) * e * (1.0 + 1e-12));
                    assert!(gap <= near[j], "{o:?}: {gap} {near:?}");
                    if gap > 0.0 {
                        tightest = tightest.min(omega / gap);
                        jumps += usize::from(matches!(o, Objective::Absolute(_)));
                    }
                }
            }
        }
    }
    assert!(tightest < 1.5 && jumps > 50, "{tightest} {jumps}");
}

/// Just beyond the nearest kink one residual has changed its sign: by 2‖x_i‖/n, exactly ω.
#[test]
fn the_jump_of_an_absolute_loss_is_attained() {
    let x = Matrix::from_row_slice(2, 2, &[1.0, 0.0, 0.0, 2.0]);
    let y = Vector::from_column_slice(&[0.25, -3.0]);
    let o = Objective::Absolute(HoldOut {
        x,
        z: None,
        y,
        ridge: 0.0,
    });
    let moduli = o.moduli(&[0.0, 0.0], &[], 0.0);
    assert!((moduli.r - 0.25).abs() < 1e-14);
    assert_eq!(moduli.omega(1, 0.2), 0.0);
    let gap = off(
        &o.gradient_w(&[0.26, 0.0], &[]),
        &o.gradient_w(&[0.0, 0.0], &[]),
    );
    assert!((gap - 1.0).abs() < 1e-15 && (moduli.omega(1, 0.26) - gap).abs() < 1e-14);
    // At a kink the derivative is a set, and the jump is there at any distance.
    let tied = o.moduli(&[0.25, 0.0], &[], 0.0);
    assert_eq!(tied.kinks, [0]);
    assert!(tied.omega(1, 0.0) >= 1.0);
}

#[test]
fn files_keep_every_objective_and_wrong_data_are_refused() {
    let mut s = Stream(8);
    for o in every(&mut s) {
        let text = serde_json::to_string(&o).unwrap();
        let read: Objective = serde_json::from_str(&text).unwrap();
        assert_eq!(read, o, "{text}");
    }
    let refused = |text: &str| {
        let o: Objective = serde_json::from_str(text).unwrap();
        o.check(2, 1).unwrap_err().to_string()
    };
    for (text, says) in [
        (
            r#"{"kind":"logistic","X":[[1,2]],"y":[0.5],"ridge":0}"#,
            "y[0]",
        ),
        (
            r#"{"kind":"absolute","X":[[1,2]],"y":[1],"ridge":-1}"#,
            "ridge",
        ),
        (
            r#"{"kind":"least-squares","X":[[1,2]],"Z":[[1],[2]],"y":[1],"ridge":0}"#,
            "Z",
        ),
        (
            r#"{"kind":"least-squares","X":[[1,"NaN"]],"y":[1],"ridge":0}"#,
            "X[0][1]",
        ),
        (
            r#"{"kind":"cross-entropy","X":[[1]],"labels":[2],"classes":2,"ridge":0}"#,
            "labels[0]",
        ),
        (
            r#"{"kind":"cross-entropy","X":[[1]],"labels":[0],"classes":1,"ridge":0}"#,
            "classes",
        ),
        (
            r#"{"kind":"cross-entropy","X":[[1]],"labels":[0,1],"classes":2,"ridge":0}"#,
            "labels",
        ),
    ] {
        let error = refused(text);
        assert!(error.contains(says), "{text}: {error}");
    }
}

//! The mean of a stochastic map is a map like any other.

use crate::instances::{Instance, Kind, Spec};
use crate::truth::Truth;
use crate::truth::reference::{Naive, Scalar};

/// The mean of every stochastic kind is a map like any other: Φ of its fast products, of its exact
/// reference and of the samples' own mean agree, and w(λ) is certified to a few units in the last
/// place.
#[test]
fn every_stochastic_kind_has_a_mean_that_is_solved() {
    let mut seen = 0;
    for kind in Kind::ALL.iter().map(|k| k.0).filter(|k| k.is_stochastic()) {
        for seed in 0..3 {
            let spec = Spec::typical(kind, 4);
            let i = Instance::generate(&spec, seed).unwrap();
            let map = i.map.clone();
            map.check_lambda(&i.lambda).unwrap();
            let (mut u, mut own) = (vec![0.0; i.start.len()], vec![0.0; i.start.len()]);
            map.samples()
                .unwrap()
                .apply(&i.start, &i.lambda, &mut u, &mut own);
            let value = map.apply(&i.start, &i.lambda);
            let naive: Naive<crate::linalg::Dd> = Naive::new(map.problem(), &i.lambda);
            let w: Vec<_> = i
                .start
                .iter()
                .map(|v| crate::linalg::Dd::exactly(*v))
                .collect();
            let exact = naive.at(&w, &mut crate::maps::Tie::Weight(0.0)).unwrap();
            let mut lin = map.linearization();
            map.linearize(
                &i.start,
                &i.lambda,
                &mut crate::maps::Tie::Weight(0.0),
                &mut lin,
            );
            let (by_w, by_lambda) = (map.jacobian_w(&lin), map.jacobian_lambda(&lin));
            for (j, column) in naive.jacobian_w(&exact).iter().enumerate() {
                for (k, v) in column.iter().enumerate() {
                    assert!((by_w[(k, j)] - v.to_f64()).abs() < 1e-13, "{kind:?}");
                }
            }
            for j in 0..i.lambda.len() {
                for (k, v) in naive.column(&exact, j).iter().enumerate() {
                    assert!((by_lambda[(k, j)] - v.to_f64()).abs() < 1e-13, "{kind:?}");
                }
            }
            let truth = Truth::solve(&map, &i.lambda).unwrap();
            for k in 0..own.len() {
                let reference = exact.value[k].to_f64();
                assert!((own[k] - reference).abs() < 1e-14 * (1.0 + reference.abs()));
                assert!((value[k] - reference).abs() < 1e-14 * (1.0 + reference.abs()));
            }
            let star = truth.fixed_point;
            assert!(
                star.error < 1e-14 * (1.0 + star.w.norm()),
                "{kind:?} {star:?}"
            );
            seen += 1;
        }
    }
    assert!(seen >= 27, "{seen}");
}

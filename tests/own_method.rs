//! The helper for users: a right method passes on drawn instances, a wrong one fails and shrinks.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use ratecert::instances::{Instance, Kind};
use ratecert::methods::{Case, Method};
use ratecert::testing;

/// Reverse-mode ITD as a user would write it: forward pass, then v ← ∂₁Φᵀv and u ← u + ∂₂Φᵀv.
fn itd(case: &Case<'_>, forget_partial: bool) -> Vec<Vec<f64>> {
    case.steps
        .iter()
        .map(|&t| {
            let mut iterates = vec![case.w.to_vec()];
            for s in 0..t {
                iterates.push(case.phi(&iterates[s]));
            }
            let mut v = case.cotangent.to_vec();
            let mut u = vec![0.0; case.lambda.len()];
            for (s, w) in iterates[..t].iter().enumerate().rev() {
                let (by_w, by_lambda) = case.vjp(w, &v);
                if !(forget_partial && s + 2 < t) {
                    u.iter_mut().zip(&by_lambda).for_each(|(u, b)| *u += b);
                }
                v = by_w;
            }
            u
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn my_itd_is_right(instance in testing::instances(testing::ALL)) {
        testing::certify(Method::ItdReverse, &instance, |case| itd(case, false))?;
    }
}

#[test]
fn a_wrong_method_fails_and_shrinks_to_something_small() {
    let mut runner = TestRunner::deterministic();
    let outcome = runner.run(&testing::instances(testing::ALL), |instance| {
        testing::certify(Method::ItdReverse, &instance, |case| itd(case, true))?;
        Ok(())
    });
    let text = outcome.unwrap_err().to_string();
    assert!(text.contains("violates `exact-trajectory`"), "{text}");
    // One dimension suffices to show it, two where the kind needs them, and shrinking finds that.
    let least = ["\"dim\":1", "wide\",\"dim\":2", "duplicated\",\"dim\":2"];
    assert!(least.iter().any(|l| text.contains(l)), "{text}");
}

#[test]
fn shrinking_visits_simpler_instances_and_returns_to_the_failing_one() {
    let mut runner = TestRunner::deterministic();
    let strategy = testing::instances(&[Kind::ElasticNet]);
    let mut tree = strategy.new_tree(&mut runner).unwrap();
    let first = tree.current().spec;
    assert!(tree.simplify());
    assert!(tree.current().spec != first);
    while tree.complicate() {}
    assert_eq!(tree.current().spec, first);
}

fn quick(instance: Instance) -> bool {
    testing::certify(Method::ItdReverse, &instance, |case| itd(case, false)).is_ok()
}

#[test]
fn quickcheck_draws_and_shrinks_instances() {
    quickcheck::QuickCheck::new()
        .tests(16)
        .quickcheck(quick as fn(Instance) -> bool);
    let shrunk: Vec<Instance> = quickcheck::Arbitrary::shrink(
        &Instance::generate(&ratecert::instances::Spec::typical(Kind::LayerRelu, 6), 3).unwrap(),
    )
    .collect();
    assert!(shrunk.iter().any(|i| i.spec.dim == 1) && shrunk.iter().any(|i| i.spec.plain));
}

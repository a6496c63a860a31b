//! The helper for users: a right method passes on drawn instances, a wrong one fails and shrinks.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use ratecert::case::{Case, Factory, Method};
use ratecert::instances::{Instance, Kind, Spec};
use ratecert::methods::Ours;
use ratecert::testing::{self, Violation};

/// Reverse-mode ITD as a user would write it: forward pass, then v ← ∂₁Φᵀv and u ← u + ∂₂Φᵀv.
fn itd(case: &Case<'_>, forget_partial: bool) -> Vec<Vec<f64>> {
    case.steps
        .iter()
        .map(|&t| {
            let mut iterates = vec![case.w().to_vec()];
            for s in 0..t {
                iterates.push(case.phi(&iterates[s]));
            }
            let mut v = case.cotangent().unwrap().to_vec();
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
        testing::certify(Method::ITD_REVERSE, &instance, |case| itd(case, false))?;
    }
}

#[test]
fn a_wrong_method_fails_and_shrinks_to_something_small() {
    let mut runner = TestRunner::deterministic();
    let outcome = runner.run(&testing::instances(testing::ALL), |instance| {
        testing::certify(Method::ITD_REVERSE, &instance, |case| itd(case, true))?;
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
    testing::certify(Method::ITD_REVERSE, &instance, |case| itd(case, false)).is_ok()
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

/// The crate's own implementation of every method is certified as what it is, on instances it is
/// made for.
#[test]
fn our_own_methods_are_certified() {
    let mut judged = 0;
    for (name, method) in Method::NAMES {
        let kinds = if method.is_stochastic() {
            [testing::STOCHASTIC, &[]]
        } else {
            [testing::ALL, testing::KINKS]
        };
        for kind in kinds.concat() {
            let dim = if kind.is_kinked() { 3 } else { 5 };
            let spec = Spec {
                rows: if kind.is_kinked() { 2 } else { 10 },
                ..Spec::typical(kind, dim)
            };
            for seed in 0..2 {
                let instance = Instance::generate(&spec.clone().normalised(), seed).unwrap();
                let mut ours = Ours.make(method).unwrap();
                match testing::certify_implementation(method, &instance, ours.as_mut()) {
                    Ok(()) => judged += 1,
                    Err(Violation::NothingJudged(_)) => {}
                    Err(violation) => panic!("{name} {kind:?}: {violation}"),
                }
            }
        }
    }
    assert!(judged > 200, "{judged}");
}

/// Nothing judged is no certificate, and at kinks wrong answers are seen.
#[test]
fn wrong_answers_at_kinks_and_wrong_instances_are_no_success() {
    let spec = Spec {
        rows: 2,
        ..Spec::typical(Kind::KinkLayerRelu, 3)
    };
    let kinked = Instance::generate(&spec.normalised(), 1).unwrap();
    let huge = |case: &Case<'_>| vec![vec![1e9; case.lambda.len()]; case.steps.len()];
    let failed = testing::certify(Method::ITD_REVERSE, &kinked, huge).unwrap_err();
    assert!(failed.verdict().is_some(), "{failed}");
    let nsid = testing::certify(Method::NSID, &kinked, huge).unwrap_err();
    assert!(matches!(nsid, Violation::NothingJudged(_)), "{nsid}");
    let sampled = Instance::generate(&Spec::typical(Kind::SumTiny, 2), 1).unwrap();
    let failed = testing::certify(Method::SID, &sampled, huge).unwrap_err();
    assert!(failed.verdict().is_some(), "{failed}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn stochastic_instances_and_kinks_are_drawn_too(
        sampled in testing::instances(testing::STOCHASTIC),
        kinked in testing::instances(testing::KINKS),
    ) {
        let mut nsid = Ours.make(Method::NSID).unwrap();
        testing::certify_implementation(Method::NSID, &sampled, nsid.as_mut())?;
        let mut aid = Ours.make(Method::AID_FP_FORWARD).unwrap();
        testing::certify_implementation(Method::AID_FP_FORWARD, &kinked, aid.as_mut())?;
    }
}

/// Forward mode hands over D itself.
#[test]
fn jacobians_are_certified_too() {
    for (kind, method) in [
        (Kind::ElasticNet, Method::ITD),
        (Kind::LayerTanh, Method::AID_FP_FORWARD),
    ] {
        let instance = Instance::generate(&Spec::typical(kind, 4), 3).unwrap();
        let ours = |case: &Case<'_>| Ours.make(method).unwrap().run(case).estimates;
        testing::certify_jacobians(method, &instance, ours).unwrap();
        let wrong = |case: &Case<'_>| {
            let mut all = ours(case);
            all.iter_mut().for_each(|d| *d *= 1.0 + 1e-9);
            all
        };
        let failed = testing::certify_jacobians(method, &instance, wrong).unwrap_err();
        assert!(failed.verdict().is_some(), "{failed}");
    }
}

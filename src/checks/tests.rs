//! The checks of constants fail on wrong constants.

use super::check::{Check, Context};
use super::finding::{Finding, Ruling};
use super::keys::Keys;
use super::{find, modulus};
use crate::case::Method;
use crate::evidence::{Evidence, Exact};
use crate::instances::{Instance, Kind, Spec};
use crate::maps::Moduli;
use crate::truth::Truth;

const KINDS: [Kind; 8] = [
    Kind::AffineSymmetric,
    Kind::LayerRelu,
    Kind::LayerTanh,
    Kind::ElasticNet,
    Kind::ElasticNetMargin,
    Kind::BoxQp,
    Kind::MaxMin,
    Kind::LogisticLasso,
];

fn check(name: &str) -> Box<dyn Check> {
    let mut keys = Keys::new(Method::ITD, toml::Table::new());
    (find(name, Method::ITD).unwrap().parse)(&mut keys).unwrap()
}

fn instance(kind: Kind, seed: u64, tau: Option<usize>) -> Instance {
    let spec = Spec {
        q: 0.7,
        tau: tau.filter(|_| kind.is_built_backwards()),
        margin: kind.is_built_backwards().then_some(0.02),
        ..Spec::typical(kind, 4)
    };
    Instance::generate(&spec, seed).unwrap()
}

fn exact(instance: &Instance) -> Exact {
    let truth = Truth::solve(&instance.map, &instance.lambda).unwrap();
    Exact::new(instance, truth, 60)
}

fn judged(check: &dyn Check, steps: usize, instance: &Instance, exact: Exact) -> Finding {
    let e = Evidence::with_exact(instance, Method::ITD, exact);
    let context = Context {
        e: &e,
        steps,
        slack: 1.0,
        share: 0.0,
        draw: false,
    };
    check.judge(context, &[]).unwrap()
}

/// On how many of the instances a check fails after `tamper`.
fn failures(
    (name, steps): (&str, usize),
    tau: Option<usize>,
    tamper: impl Fn(&mut Exact),
) -> usize {
    let check = check(name);
    let mut failed = 0;
    for kind in KINDS {
        for seed in 0..3 {
            let instance = instance(kind, seed, tau);
            let mut exact = exact(&instance);
            tamper(&mut exact);
            let finding = judged(check.as_ref(), steps, &instance, exact);
            failed += usize::from(finding.ruling == Ruling::Fail);
        }
    }
    failed
}

#[test]
fn constants_that_are_off_are_caught() {
    let c = ("constant", 1);
    assert_eq!(failures(c, None, |_| {}), 0);
    assert!(failures(c, None, |e| e.truth.constants.q *= 0.9) > 0, "q");
    assert!(
        failures(c, None, |e| e.truth.moduli.l[1] *= 0.5) > 0,
        "L_2"
    );
    assert!(
        failures(c, None, |e| e.truth.moduli.m[0] *= 0.3) > 0,
        "M_1"
    );
    assert!(
        failures(c, None, |e| e.truth.moduli.r *= 1.01) > 0,
        "R too large"
    );
    assert!(
        failures(c, None, |e| e.truth.moduli.r *= 0.99) > 0,
        "R too small"
    );
    assert!(
        failures(c, None, |e| e.truth.moduli.d2_sup *= 0.999) > 0,
        "‖D_Φ,2‖sup"
    );
    assert!(
        failures(c, None, |e| e.truth.moduli.d2_sup *= 1.001) > 0,
        "‖D_Φ,2‖sup"
    );
}

#[test]
fn moduli_that_are_off_are_caught() {
    let with = |tamper: &dyn Fn(&mut Moduli)| {
        let mut failed = 0;
        for kind in KINDS {
            for seed in 0..3 {
                let exact = exact(&instance(kind, seed, None));
                let finding = modulus::judge_with(1.0, &exact, |base| {
                    let truth = &exact.truth;
                    let mut moduli = truth.map.moduli_at(base.as_slice(), &truth.lambda, 0.0);
                    tamper(&mut moduli);
                    moduli
                });
                failed += usize::from(finding.ruling == Ruling::Fail);
            }
        }
        failed
    };
    assert_eq!(with(&|_| {}), 0);
    assert!(with(&|m| m.l[0] *= 0.2) > 0, "L_1");
    assert!(with(&|m| m.l[1] *= 0.5) > 0, "L_2");
    assert!(with(&|m| m.m[0] *= 0.3) > 0, "M_1");
    assert!(with(&|m| m.r *= 1.1) > 0, "R");
    assert!(with(&|m| m.stairs.clear()) > 0, "no stairs");
    for factor in [0.99, 1.01] {
        let first = |m: &mut Moduli| {
            if let Some(stair) = m.stairs.first_mut() {
                stair.jump[0] *= factor;
            }
        };
        assert!(with(&first) > 0, "the first jump times {factor}");
    }
}

#[test]
fn a_wrong_tau_or_margin_is_caught() {
    let c = ("identification", 50);
    assert_eq!(failures(c, Some(7), |_| {}), 0);
    assert!(
        failures(c, Some(7), |e| e.theorem_mut().tau += 1) > 0,
        "τ too large"
    );
    assert!(
        failures(c, Some(7), |e| e.theorem_mut().tau =
            e.theorem().tau.saturating_sub(1))
            > 0,
        "τ too small"
    );
    let doubled = |e: &mut Exact| {
        e.truth.moduli.r *= 0.5;
        e.tau = Some(e.theorem().tau);
    };
    assert!(failures(c, Some(7), doubled) > 0, "R too small");
    let late = |e: &mut Exact| e.run_mut().identified = Some(e.theorem().tau + 1);
    assert!(failures(c, Some(7), late) > 0, "identified after τ");
}

#[test]
fn an_order_that_depends_on_tau_is_caught() {
    let c = ("ordering", 60);
    assert_eq!(failures(c, Some(9), |_| {}), 0);
    assert!(
        failures(c, Some(9), |e| e.theorem_mut().tau = 0) > 0,
        "ITD without M/R"
    );
}

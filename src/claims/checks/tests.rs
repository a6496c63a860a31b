//! The checks of constants fail on wrong constants.

use super::*;
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

fn check(kind: CheckKind, steps: usize) -> Check {
    Check {
        name: String::new(),
        kind,
        steps,
        slack: 1.0,
        reason: String::new(),
    }
}

fn exact(kind: Kind, seed: u64, tau: Option<usize>) -> Exact {
    let spec = Spec {
        q: 0.7,
        tau: tau.filter(|_| kind.is_built_backwards()),
        margin: kind.is_built_backwards().then_some(0.02),
        ..Spec::typical(kind, 4)
    };
    let instance = Instance::generate(&spec, seed).unwrap();
    let truth = Truth::solve(&instance.map, &instance.lambda).unwrap();
    Exact::new(&instance, truth, 60)
}

/// On how many of the instances a check fails after `tamper`.
fn failures(check: &Check, tau: Option<usize>, tamper: impl Fn(&mut Exact)) -> usize {
    let mut failed = 0;
    for kind in KINDS {
        for seed in 0..3 {
            let mut exact = exact(kind, seed, tau);
            tamper(&mut exact);
            let finding = check.kind.judge(check, &exact, Method::Itd, &[]);
            failed += usize::from(finding.status == Status::Fail);
        }
    }
    failed
}

#[test]
fn constants_that_are_off_are_caught() {
    let c = check(CheckKind::Constant, 1);
    assert_eq!(failures(&c, None, |_| {}), 0);
    assert!(failures(&c, None, |e| e.truth.constants.q *= 0.9) > 0, "q");
    assert!(
        failures(&c, None, |e| e.truth.moduli.l[1] *= 0.5) > 0,
        "L_2"
    );
    assert!(
        failures(&c, None, |e| e.truth.moduli.m[0] *= 0.3) > 0,
        "M_1"
    );
    assert!(
        failures(&c, None, |e| e.truth.moduli.r *= 1.01) > 0,
        "R too large"
    );
    assert!(
        failures(&c, None, |e| e.truth.moduli.r *= 0.99) > 0,
        "R too small"
    );
    assert!(
        failures(&c, None, |e| e.truth.moduli.d2_sup *= 0.999) > 0,
        "‖D_Φ,2‖sup"
    );
    assert!(
        failures(&c, None, |e| e.truth.moduli.d2_sup *= 1.001) > 0,
        "‖D_Φ,2‖sup"
    );
}

#[test]
fn moduli_that_are_off_are_caught() {
    let c = check(CheckKind::Modulus, 1);
    let with = |tamper: &dyn Fn(&mut Moduli)| {
        let mut failed = 0;
        for kind in KINDS {
            for seed in 0..3 {
                let exact = exact(kind, seed, None);
                let finding = modulus::judge_with(&c, &exact, |base| {
                    let truth = &exact.truth;
                    let mut moduli = truth.map.moduli_at(base.as_slice(), &truth.lambda, 0.0);
                    tamper(&mut moduli);
                    moduli
                });
                failed += usize::from(finding.status == Status::Fail);
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
    let c = check(CheckKind::Identification, 50);
    assert_eq!(failures(&c, Some(7), |_| {}), 0);
    assert!(
        failures(&c, Some(7), |e| e.theorem.tau += 1) > 0,
        "τ too large"
    );
    assert!(
        failures(&c, Some(7), |e| e.theorem.tau =
            e.theorem.tau.saturating_sub(1))
            > 0,
        "τ too small"
    );
    let doubled = |e: &mut Exact| {
        e.truth.moduli.r *= 0.5;
        e.tau = Some(e.theorem.tau);
    };
    assert!(failures(&c, Some(7), doubled) > 0, "R too small");
    let late = |e: &mut Exact| e.run.identified = Some(e.theorem.tau + 1);
    assert!(failures(&c, Some(7), late) > 0, "identified after τ");
}

#[test]
fn an_order_that_depends_on_tau_is_caught() {
    let c = check(CheckKind::Ordering, 60);
    assert_eq!(failures(&c, Some(9), |_| {}), 0);
    assert!(
        failures(&c, Some(9), |e| e.theorem.tau = 0) > 0,
        "ITD without M/R"
    );
}

/// Later numbers do not hide a NaN, and 0 of 0 is nothing.
#[test]
fn the_worst_ratio_keeps_nan() {
    let mut worst = f64::NEG_INFINITY;
    for (measured, allowed) in [(0.0, 0.0), (1.0, 2.0), (f64::NAN, 1.0), (3.0, 1.0)] {
        let ratio = super::part(measured, allowed);
        if super::is_worse(ratio, worst) {
            worst = ratio;
        }
    }
    assert!(worst.is_nan());
    assert_eq!(super::part(0.0, 0.0), 0.0);
    assert!(super::part(1.0, 0.0).is_infinite());
}

/// Estimates that are exactly those of the recursion, at the steps a check of rates asks for.
fn recursion_itself(exact: &Exact) -> Vec<Comparison> {
    use crate::claims::evidence::compare;
    use crate::trajectory::{Cost, Estimates, Status as Ended, Trajectory};
    let requests = local_rate::plan(exact, Method::Itd);
    let answer = |r: &Request| Trajectory {
        estimates: Estimates::Jacobians(r.steps.iter().map(|t| exact.run.d[*t].clone()).collect()),
        cost: Cost::default(),
        status: Ended::Completed,
    };
    let seen = requests.iter();
    seen.flat_map(|r| compare(exact, Method::Itd, r, &answer(r)))
        .collect()
}

fn rate_check(growth: Growth) -> Check {
    Check {
        slack: if growth == Growth::Pure { 0.01 } else { 0.05 },
        ..check(CheckKind::LocalRate(growth), 200)
    }
}

/// β and the slope beside it are those of ‖E_t‖ρ⁻ᵗ, not of a unit that depends on the window.
#[test]
fn a_resonant_growth_is_stated_in_its_unit() {
    let spec = Spec {
        q: 0.7,
        ..Spec::typical(Kind::Tight, 4)
    };
    let instance = Instance::generate(&spec, 3).unwrap();
    let truth = Truth::solve(&instance.map, &instance.lambda).unwrap();
    let exact = Exact::new(&instance, truth, 200);
    let growth = Growth::Resonant;
    let finding = local_rate::judge(
        &rate_check(growth),
        growth,
        &exact,
        Method::Itd,
        &recursion_itself(&exact),
    );
    assert_eq!(finding.status, Status::Pass, "{}", finding.detail);
    // E_t = qᵗE_0 + tq^{t-1}(w_0 - w(λ)), all along one axis: ‖E_t‖q⁻ᵗ grows by e_0/q.
    let beta = exact.run.e[0] / spec.q;
    assert!(
        (finding.bound / beta - 1.0).abs() < 1e-6,
        "{} {beta}",
        finding.bound
    );
    assert!((finding.measured / beta - 1.0).abs() < 0.05);
    assert!(
        finding.detail.contains(&format!("β = {beta:.4e}")),
        "{}",
        finding.detail
    );
}

/// A ρ known to a per cent cannot decide a rate to a per cent, and one known to a thousandth takes that off.
#[test]
fn what_is_not_known_of_the_radius_is_allowed_for() {
    use crate::linalg::eigen::{Enclosure, Spectrum};
    let growth = Growth::Pure;
    let with = |relative: f64, claimed: f64| {
        let spec = Spec {
            q: 0.7,
            ..Spec::typical(Kind::AffineSymmetric, 4)
        };
        let instance = Instance::generate(&spec, 5).unwrap();
        let truth = Truth::solve(&instance.map, &instance.lambda).unwrap();
        let mut exact = Exact::new(&instance, truth, 200);
        let known = *exact.truth.spectrum().unwrap();
        let rho = known.rho.middle() * claimed;
        let spectrum = Spectrum {
            rho: Enclosure {
                lower: rho * (1.0 - relative),
                upper: rho * (1.0 + relative),
            },
            ..known
        };
        exact.truth.spectrum = std::sync::OnceLock::from(Some(spectrum));
        let seen = recursion_itself(&exact);
        local_rate::judge(&rate_check(growth), growth, &exact, Method::Itd, &seen)
    };
    assert_eq!(
        with(0.0, 1.0).status,
        Status::Pass,
        "{}",
        with(0.0, 1.0).detail
    );
    assert_eq!(with(0.001, 1.0).status, Status::Pass);
    let wide = with(0.01, 1.0);
    assert_eq!(wide.status, Status::Inconclusive);
    assert!(
        wide.detail.contains("not known well enough"),
        "{}",
        wide.detail
    );
    // The exact sequence shows another rate than a wrong ρ, and then nothing is judged.
    assert_eq!(with(0.0, 1.02).status, Status::Inconclusive);
}

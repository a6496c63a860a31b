//! The checks of constants fail on wrong constants.

use super::check::{Check, Context};
use super::finding::{Finding, Ruling};
use super::keys::Keys;
use super::{find, modulus};
use crate::case::{Answer, Method};
use crate::evidence::{Evidence, Exact, Request, Run};
use crate::instances::{Instance, Kind, Spec};
use crate::linalg::eigen::{Enclosure, Spectrum};
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
        failures(c, None, |e| e.truth.moduli_mut().l[1] *= 0.5) > 0,
        "L_2"
    );
    assert!(
        failures(c, None, |e| e.truth.moduli_mut().m[0] *= 0.3) > 0,
        "M_1"
    );
    assert!(
        failures(c, None, |e| e.truth.moduli_mut().r *= 1.01) > 0,
        "R too large"
    );
    assert!(
        failures(c, None, |e| e.truth.moduli_mut().r *= 0.99) > 0,
        "R too small"
    );
    assert!(
        failures(c, None, |e| e.truth.moduli_mut().d2_sup *= 0.999) > 0,
        "‖D_Φ,2‖sup"
    );
    assert!(
        failures(c, None, |e| e.truth.moduli_mut().d2_sup *= 1.001) > 0,
        "‖D_Φ,2‖sup"
    );
}

/// The adversary finds a secant, or a vector, that exceeds a q that is too small by little.
#[test]
fn a_q_that_is_a_little_too_small_is_refuted() {
    let c = ("adversary", 12);
    assert_eq!(failures(c, None, |_| {}), 0);
    // Where q is the norm of one matrix, everywhere; elsewhere it may be attained nowhere.
    assert!(failures(c, None, |e| e.truth.constants.q *= 0.999) >= 3);
    assert!(failures(c, None, |e| e.truth.constants.q *= 0.5) >= 18);
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
        e.truth.moduli_mut().r *= 0.5;
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

/// Judges estimates that are exactly those of the recursion, at the steps a check of rates asks
/// for.
fn rate(growth: &str, slack: f64, instance: &Instance, exact: Exact) -> Finding {
    let mut table = toml::Table::new();
    table.insert("growth".into(), growth.into());
    let mut keys = Keys::new(Method::ITD, table);
    let check = (find("local-rate", Method::ITD).unwrap().parse)(&mut keys).unwrap();
    let e = Evidence::with_exact(instance, Method::ITD, exact);
    let context = Context {
        e: &e,
        steps: 200,
        slack,
        share: 0.0,
        draw: false,
    };
    let answer = |r: &Request| {
        let d = &e.exact().unwrap().run().d;
        Answer::completed(r.steps.iter().map(|t| d[*t].clone()).collect())
    };
    let requests = check.requests(context).unwrap();
    let runs: Vec<Run> = requests
        .into_iter()
        .map(|r| Run::new(r.clone(), answer(&r)))
        .collect();
    check
        .judge(context, &runs.iter().collect::<Vec<_>>())
        .unwrap()
}

fn solved(kind: Kind, seed: u64) -> (Instance, Exact) {
    let spec = Spec {
        q: 0.7,
        ..Spec::typical(kind, 4)
    };
    let instance = Instance::generate(&spec, seed).unwrap();
    let truth = Truth::solve(&instance.map, &instance.lambda).unwrap();
    let exact = Exact::new(&instance, truth, 200);
    (instance, exact)
}

/// β and the slope beside it are those of ‖E_t‖ρ⁻ᵗ, not of a unit that depends on the window.
#[test]
fn a_resonant_growth_is_stated_in_its_unit() {
    let (instance, exact) = solved(Kind::Tight, 3);
    // E_t = qᵗE_0 + tq^{t-1}(w_0 - w(λ)), all along one axis: ‖E_t‖q⁻ᵗ grows by e_0/q.
    let beta = exact.run().e[0] / 0.7;
    let finding = rate("resonant", 0.05, &instance, exact);
    assert_eq!(finding.ruling, Ruling::Pass, "{}", finding.detail);
    assert!((finding.bound / beta - 1.0).abs() < 1e-6, "{beta}");
    assert!((finding.measured / beta - 1.0).abs() < 0.05);
    let stated = format!("β = {beta:.4e}");
    assert!(finding.detail.contains(&stated), "{}", finding.detail);
}

/// A ρ known to a per cent cannot decide a rate to a per cent, and one known to a thousandth takes
/// that off.
#[test]
fn what_is_not_known_of_the_radius_is_allowed_for() {
    let with = |relative: f64, claimed: f64| {
        let (instance, mut exact) = solved(Kind::AffineSymmetric, 5);
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
        rate("pure", 0.01, &instance, exact)
    };
    assert_eq!(with(0.0, 1.0).ruling, Ruling::Pass);
    assert_eq!(with(0.001, 1.0).ruling, Ruling::Pass);
    let wide = with(0.01, 1.0);
    assert_eq!(wide.ruling, Ruling::Inconclusive);
    assert!(
        wide.detail.contains("not known well enough"),
        "{}",
        wide.detail
    );
    // The exact sequence shows another rate than a wrong ρ, and then nothing is judged.
    assert_eq!(with(0.0, 1.02).ruling, Ruling::Inconclusive);
}

/// Logarithms of bounds near underflow are no slopes; further up a wrong slope is seen.
#[test]
fn slopes_in_kappa_keep_clear_of_underflow() {
    for (q, steps) in [(0.001, 104), (0.001, 107), (0.01, 158), (0.5, 1070)] {
        let spec = Spec {
            q,
            ..Spec::typical(Kind::ElasticNet, 4)
        };
        let i = Instance::generate(&spec, 1).unwrap();
        let finding = judged(check("kappa").as_ref(), steps, &i, exact(&i));
        assert_eq!(
            finding.ruling,
            Ruling::Pass,
            "q = {q}, {steps}: {}",
            finding.detail
        );
    }
}

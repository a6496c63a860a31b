//! The formulas of the theorems at numbers by hand: a bound that is too large by a slip in its
//! formula lets wrong methods pass, and holds on every instance.
//!
//! The expected numbers were computed with 40 digits from the formulas as the modules state them,
//! by another program; most are binary fractions. All inputs differ, so that no two can be
//! exchanged.

use super::hypothesis::Hypothesis;
use super::lemma_d2::{LemmaD2, Rate};
use super::lemma_d3::LemmaD3;
use super::theorem_4_1::{Level, Theorem41};
use super::theorem_5_4::Theorem54;
use super::theorem_5_5::{ProxSgdRate, Theorem55};
use super::theorem_e3::TheoremE3;
use super::theorem_e6::TheoremE6;
use crate::instances::{Instance, Kind, Spec};
use crate::maps::{Moduli, Stair};
use crate::objectives::GradientModuli;
use crate::truth::{Truth, Unsolved};

#[track_caller]
fn near(got: f64, want: f64) {
    assert!((got / want - 1.0).abs() <= 1e-14, "{got:e} for {want:e}");
}

const D2: LemmaD2 = LemmaD2 {
    q: 0.5,
    sigma1_hat: 3.0,
    sigma2_hat: 0.5,
    initial: 5.0,
};

#[test]
fn lemma_d2() {
    // max{ 3.5·5, 4·3/(2·0.75 - 1) } and max{ 6·5, .. }.
    assert_eq!(D2.rate(2.0, 3.5).unwrap().c, 24.0);
    let rate = D2.rate(2.0, 6.0).unwrap();
    assert_eq!((rate.c, rate.at(4), rate.step(4)), (30.0, 3.0, 0.2));
    let small = D2.rate(1.0, 3.0).unwrap_err();
    assert_eq!(
        small.to_string(),
        "β > 1/(1-q²) (found β = 1, 1/(1-q²) = 1.3333333333333333)"
    );
    let early = D2.rate(2.0, 2.5).unwrap_err();
    assert_eq!(
        early.to_string(),
        "γ ≥ β(1+σ̂₂) (found γ = 2.5, β(1+σ̂₂) = 3)"
    );
    assert!(D2.rate(2.0, 3.0).is_ok());
    // (1 - 0.75/4)³·5 + 3/4/0.75.
    assert_eq!(D2.constant_step(0.25, 3).unwrap(), 3.681_884_765_625);
    assert_eq!(D2.constant_step(0.25, 0).unwrap(), 6.0);
    assert!(D2.constant_step(2.0 / 3.0, 1).is_ok());
    for eta in [0.67, 0.0, f64::NAN] {
        assert!(D2.constant_step(eta, 1).is_err(), "{eta}");
    }
    for wrong in [
        LemmaD2 { q: 1.0, ..D2 },
        LemmaD2 { q: -0.1, ..D2 },
        LemmaD2 {
            sigma1_hat: -1.0,
            ..D2
        },
        LemmaD2 {
            sigma2_hat: f64::INFINITY,
            ..D2
        },
        LemmaD2 {
            initial: f64::NAN,
            ..D2
        },
    ] {
        assert!(wrong.check_process().is_err(), "{wrong:?}");
    }
}

#[test]
fn lemma_d3() {
    let lemma = LemmaD3 {
        q: 0.5,
        sigma1: 0.375,
        y_norm: 3.0,
    };
    let process = LemmaD2 {
        q: 0.5,
        sigma1_hat: 27.0,
        sigma2_hat: 3.0,
        initial: 36.0,
    };
    assert_eq!(lemma.process(), process);
    let (beta, gamma) = lemma.steps().unwrap();
    near(beta, 8.0 / 3.0);
    near(gamma, 32.0 / 3.0);
    // max{ 2γ·36, (2β)²·27/(2β·0.75 - 1) } = max{ 768, 256 }.
    near(lemma.rate(2.0, 2.0).unwrap().c, 768.0);
    assert!(lemma.rate(0.5, 1.0).is_err() && lemma.rate(1.0, 0.99).is_err());
}

fn theorem_4_1() -> Theorem41 {
    let moduli = Moduli {
        l: [3.0, 5.0],
        m: [7.0, 11.0],
        r: 2.0,
        stairs: vec![
            Stair {
                radius: 2.0,
                jump: [7.0, 11.0],
            },
            Stair {
                radius: 4.0,
                jump: [17.0, 19.0],
            },
        ],
        ..Moduli::smooth(0.0, 0.0, 1.5)
    };
    Theorem41::new(0.5, &moduli, 13.0, Some(2.5))
}

#[test]
fn theorem_4_1_at_three_levels() {
    let t = theorem_4_1();
    assert_eq!((t.b, t.d_fix_sup, t.tau), (3.0, 2.5, 3));
    assert_eq!((t.smooth_part(), t.jump_part()), (14.0, 16.0));
    assert_eq!([0, 1, 5].map(|n| t.paper_itd(n)), [3.0, 391.5, 95.968_75]);
    assert_eq!(t.paper_aid(2, 3), 171.0);
    assert_eq!(
        [(2.25, 3), (1.75, 3), (5.0, 4)].map(|(e, k)| t.aid(e, k)),
        [118.5, 43.25, 281.4375]
    );
    let sharp = [(2.25, 3), (1.75, 3), (5.0, 4)].map(|(e, k)| t.sharp_aid(e, k));
    assert_eq!(sharp, [99.406_25, 38.593_75, 232.656_25]);
    let e = [5.0, 2.25, 1.75];
    assert_eq!(t.trajectory_itd(&e), [3.0, 151.5, 143.25, 96.125]);
    assert_eq!(t.sharp_itd(&e), [2.5, 125.25, 119.25, 81.5]);
    // What is known of ‖D_fix‖sup is used where it is better than B.
    let looser = Theorem41::new(0.5, &t.moduli, 13.0, Some(3.5));
    assert_eq!(
        (
            looser.d_fix_sup,
            Theorem41::new(0.5, &t.moduli, 13.0, None).d_fix_sup
        ),
        (3.0, 3.0)
    );
}

#[test]
fn theorem_e3_at_three_levels() {
    let outer = GradientModuli::stepped([0.5, 0.25], [4.0, 6.0], 3.0);
    let theorem = TheoremE3 {
        lower: &theorem_4_1(),
        outer: &outer,
        gradient: 1.25,
    };
    let bound = |level, t, e| theorem.bound(level, 10.0, t, (1.75, e));
    near(bound(Level::Paper, 0, f64::NAN), 351.583_333_333_333_3);
    assert_eq!(bound(Level::Paper, 3, f64::NAN), 23.46875);
    assert_eq!(
        [3.5, 2.0].map(|e| bound(Level::Trajectory, 0, e)),
        [44.625, 21.0]
    );
    assert_eq!([3.5, 2.0].map(|e| bound(Level::Sharp, 0, e)), [38.75, 20.5]);
    // C·0 is 0 where C is infinite: at a kink of the objective, and at w(λ).
    let at_kink = GradientModuli::stepped([0.5, 0.25], [4.0, 6.0], 0.0);
    let there = TheoremE3 {
        outer: &at_kink,
        ..theorem
    };
    assert_eq!(there.bound(Level::Trajectory, 10.0, 0, (1.75, 0.0)), 17.5);
    assert_eq!(
        there.bound(Level::Trajectory, 10.0, 0, (1.75, 0.5)),
        f64::INFINITY
    );
}

const T54: Theorem54 = Theorem54 {
    q: 0.5,
    outer_norm: 1.0,
    y_norm: 3.0,
    s2: 2.0,
    sigma2: 5.0,
    ct1: 7.0,
    ct2: 11.0,
    cg1: 13.0,
    cg2: 17.0,
    bt: 19.0,
    bg: 23.0,
};

const E6: TheoremE6 = TheoremE6 {
    lower: T54,
    gradient: 1.5,
    sigma: [0.5, 0.25],
    c: [2.0, 1.0],
};

#[test]
fn theorems_5_4_and_e6() {
    near(
        T54.bound(1.0 / 16.0, 3, 1.0 / 64.0).unwrap(),
        4_928.162_450_474_531,
    );
    near(E6.y_norm(3), 1.554_563_175_514_802_5);
    near(
        E6.bound(1.0 / 16.0, 3, 1.0 / 64.0).unwrap(),
        2_611.935_537_881_136_3,
    );
    for (rho, j, sigma) in [
        (-1.0, 3, 1.0),
        (f64::INFINITY, 3, 1.0),
        (1.0, 0, 1.0),
        (1.0, 3, -1.0),
        (1.0, 3, f64::INFINITY),
    ] {
        assert!(T54.bound(rho, j, sigma).is_err(), "{rho} {j} {sigma}");
    }
    for wrong in [
        Theorem54 { q: 1.0, ..T54 },
        Theorem54 {
            outer_norm: 1.01,
            ..T54
        },
        Theorem54 {
            y_norm: -1.0,
            ..T54
        },
        Theorem54 {
            cg2: f64::INFINITY,
            ..T54
        },
    ] {
        assert!(wrong.check().is_err(), "{wrong:?}");
    }
    for wrong in [
        TheoremE6 {
            gradient: -1.0,
            ..E6
        },
        TheoremE6 {
            sigma: [0.5, f64::INFINITY],
            ..E6
        },
    ] {
        assert!(wrong.bound(0.0, 1, 0.0).is_err(), "{wrong:?}");
    }
}

#[test]
fn theorem_5_5() {
    let theorem = |outer| Theorem55 {
        constants: T54,
        outer,
        linear: Rate {
            beta: 1.0,
            gamma: 2.0,
            c: 9.0,
        },
        rho0: 2.0,
        t_per_k: 0.5,
        j_per_k: 0.25,
    };
    let plain = theorem(None);
    assert_eq!(
        [1, 7, 8].map(|k| plain.schedule(k)),
        [(1, 1), (4, 2), (4, 2)]
    );
    near(plain.bound(7).unwrap(), 60_451_053.803_801_7);
    near(plain.constant().unwrap(), 490_766_451.162_712_3);
    let sampled = theorem(Some(E6));
    near(sampled.bound(7).unwrap(), 62_438_729.999_390_385);
    near(sampled.constant().unwrap(), 506_784_160.746_356_1);
    for wrong in [
        Theorem55 {
            t_per_k: 0.0,
            ..plain
        },
        Theorem55 {
            t_per_k: f64::INFINITY,
            ..plain
        },
        Theorem55 {
            j_per_k: -1.0,
            ..plain
        },
        Theorem55 {
            rho0: -1.0,
            ..plain
        },
        Theorem55 {
            rho0: f64::INFINITY,
            ..plain
        },
    ] {
        assert!(wrong.check().is_err(), "{wrong:?}");
    }
}

#[test]
fn proximal_sgd() {
    let process = ProxSgdRate {
        q: 0.5,
        s2_star: 3.0,
        sigma1: 5.0,
        initial: 7.0,
    };
    let (theta, offset) = process.steps();
    near(theta, 16.0 / 3.0);
    near(offset, 16.0 / 3.0 * 20.0 / 0.75);
    let calm = ProxSgdRate {
        sigma1: 0.01,
        ..process
    };
    near(calm.steps().1, 16.0 / 3.0);
    // max{ 120·7, 2·16·3/(4·0.75/2 - 1) } and max{ 120, .. }.
    assert_eq!(process.rate(4.0, 120.0).unwrap().c, 840.0);
    let near_start = ProxSgdRate {
        initial: 1.0,
        ..process
    };
    let rate = near_start.rate(4.0, 120.0).unwrap();
    assert_eq!((rate.c, rate.beta, rate.gamma), (192.0, 4.0, 120.0));
    let early = process.rate(4.0, 100.0).unwrap_err().to_string();
    assert!(
        early.contains("t₀ = 100, needed 106.66666666666"),
        "{early}"
    );
    // θ(1-q²)/2 = 1 leaves no rate.
    let flat = ProxSgdRate {
        q: 0.0,
        sigma1: 0.0,
        ..process
    };
    assert!(flat.rate(2.0, 2.0).is_err() && flat.rate(2.25, 2.25).is_ok());
    assert!(flat.rate(f64::INFINITY, f64::INFINITY).is_err());
}

/// What breaks a hypothesis is said with its name.
#[test]
fn hypotheses_on_instances() {
    let broken = |kind, h: Hypothesis| {
        let instance = Instance::generate(&Spec::typical(kind, 3), 1).unwrap();
        let truth = Truth::solve(&instance.map, &instance.lambda).unwrap();
        h.broken(&truth)
    };
    let (unique, affine) = (Hypothesis::UniqueDerivative, Hypothesis::PiecewiseAffine);
    let text = broken(Kind::KinkLayerRelu, unique).unwrap();
    assert!(
        text.starts_with("hypothesis `unique-derivative` does not hold: units ["),
        "{text}"
    );
    assert_eq!(broken(Kind::LayerRelu, unique), None);
    assert_eq!(broken(Kind::LayerRelu, affine), None);
    assert_eq!(
        broken(Kind::LayerTanh, affine).unwrap(),
        "hypothesis `piecewise-affine` does not hold: ∂₁Φ varies on a piece"
    );
    assert_eq!(broken(Kind::LayerTanh, Hypothesis::Contraction), None);
    // Of an instance that is not solved only one thing is known.
    let unsolved = Unsolved::SingularJacobian;
    for (name, h) in Hypothesis::NAMES {
        assert_eq!(h.name(), name);
        assert!(h.statement().len() > 10);
        let said = h.broken_by(&unsolved);
        assert_eq!(said.is_none(), h == Hypothesis::PiecewiseSmooth);
        let text = format!("hypothesis `{name}` does not hold: {unsolved}");
        assert!(said.is_none_or(|s| s == text));
    }
}

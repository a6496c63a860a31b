//! The formulas of the theorems at numbers by hand: a bound that is too large by a slip in its
//! formula lets wrong methods pass, and holds on every instance.
//!
//! The expected numbers were computed with 40 digits from the formulas as the modules state them,
//! by another program; most are binary fractions. q is not ½, where 1/q = 1/(1-q).

use super::hypothesis::Hypothesis;
use super::lemma_d2::{LemmaD2, Rate};
use super::lemma_d3::LemmaD3;
use super::section_5::Section5;
use super::theorem::Theorem;
use super::theorem_4_1::{Level, OnRun, Theorem41};
use super::theorem_5_4::Theorem54;
use super::theorem_5_5::{ProxSgdRate, Theorem55};
use super::theorem_e3::{BilevelRun, TheoremE3};
use super::theorem_e6::{BilevelSection, TheoremE6};
use crate::instances::{Instance, Kind, Spec};
use crate::maps::{Moduli, Stair};
use crate::objectives::GradientModuli;
use crate::truth::{Truth, Unsolved};

#[track_caller]
fn near(got: f64, want: f64) {
    assert!((got / want - 1.0).abs() <= 1e-14, "{got:e} for {want:e}");
}

const D2: LemmaD2 = LemmaD2 {
    q: 0.75,
    sigma1_hat: 3.0,
    sigma2_hat: 0.5,
    initial: 5.0,
};

#[test]
fn lemma_d2() {
    // max{ 7·5, 16·3/(4·7/16 - 1) } and max{ 16·5, .. }.
    assert_eq!(D2.rate(4.0, 7.0).unwrap().c, 64.0);
    let rate = D2.rate(4.0, 16.0).unwrap();
    assert_eq!((rate.c, rate.at(4), rate.step(4)), (80.0, 4.0, 0.2));
    let small = D2.rate(1.0, 3.0).unwrap_err();
    assert_eq!(
        small.to_string(),
        "β > 1/(1-q²) (found β = 1, 1/(1-q²) = 2.2857142857142856)"
    );
    let early = D2.rate(4.0, 5.0).unwrap_err();
    assert_eq!(early.to_string(), "γ ≥ β(1+σ̂₂) (found γ = 5, β(1+σ̂₂) = 6)");
    assert!(D2.rate(4.0, 6.0).is_ok());
    // (1 - 7/64)³·5 + 3/4·16/7.
    near(D2.constant_step(0.25, 3).unwrap(), 5.246_561_867_850_167_5);
    near(D2.constant_step(0.25, 0).unwrap(), 6.714_285_714_285_714);
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
        q: 0.75,
        sigma1: 0.375,
        y_norm: 3.0,
    };
    let process = LemmaD2 {
        q: 0.75,
        sigma1_hat: 108.0,
        sigma2_hat: 12.0,
        initial: 144.0,
    };
    assert_eq!(lemma.process(), process);
    let (beta, gamma) = lemma.steps().unwrap();
    near(beta, 32.0 / 7.0);
    near(gamma, 416.0 / 7.0);
    // max{ 2γ·144, (2β)²·108/(2β·7/16 - 1) }.
    near(lemma.rate(2.0, 2.0).unwrap().c, 17_115.428_571_428_572);
    assert!(lemma.rate(0.5, 1.0).is_err() && lemma.rate(1.0, 0.99).is_err());
}

fn theorem_4_1() -> Theorem41 {
    let stair = |radius, jump| Stair { radius, jump };
    let moduli = Moduli {
        l: [3.0, 7.0],
        m: [11.0, 13.0],
        r: 2.0,
        stairs: vec![stair(2.0, [11.0, 13.0]), stair(4.0, [19.0, 23.0])],
        ..Moduli::smooth(0.0, 0.0, 1.25)
    };
    Theorem41::new(0.75, &moduli, 17.0, Some(4.5))
}

#[test]
fn theorem_4_1_at_three_levels() {
    let t = theorem_4_1();
    assert_eq!((t.b, t.d_fix_sup, t.tau), (5.0, 4.5, 8));
    assert_eq!((t.smooth_part(), t.jump_part()), (22.0, 34.0));
    let paper = [0, 1, 5].map(|n| t.paper_itd(n));
    assert_eq!(paper, [5.0, 955.75, 1_507.280_273_437_5]);
    near(t.paper_itd(10), 628.289_883_613_586_4);
    assert_eq!(t.paper_aid(2, 3), 1_240.453_125);
    let at = [(2.25, 3), (1.75, 3), (5.0, 4)];
    let aid = at.map(|(e, k)| t.aid(e, k));
    assert_eq!(aid, [293.484_375, 91.140_625, 767.207_031_25]);
    let sharp = at.map(|(e, k)| t.sharp_aid(e, k));
    assert_eq!(sharp, [253.093_75, 84.859_375, 578.376_953_125]);
    let e = [5.0, 2.25, 1.75];
    assert_eq!(t.trajectory_itd(&e), [5.0, 283.75, 338.8125, 292.609_375]);
    assert_eq!(t.sharp_itd(&e), [4.5, 214.375, 269.406_25, 237.929_687_5]);
    // What is known of ‖D_fix‖sup is used where it is better than B.
    let with = |sup| Theorem41::new(0.75, &t.moduli, 17.0, sup).d_fix_sup;
    assert_eq!((with(Some(5.5)), with(None)), (5.0, 5.0));
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
    assert_eq!(bound(Level::Paper, 0, f64::NAN), 518.25);
    near(bound(Level::Paper, 8, f64::NAN), 25.689_876_556_396_484);
    near(bound(Level::Trajectory, 0, 3.5), 57.458_333_333_333_336);
    assert_eq!(bound(Level::Trajectory, 0, 2.0), 23.0);
    assert_eq!([3.5, 2.0].map(|e| bound(Level::Sharp, 0, e)), [50.25, 22.5]);
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

/// Which hypotheses `explain` looks at for each theorem.
#[test]
fn hypotheses_of_the_theorems() {
    let section = || Section5 {
        lemma: LemmaD3 {
            q: 0.75,
            sigma1: 0.375,
            y_norm: 3.0,
        },
        rate: Rate {
            beta: 1.5,
            gamma: 2.25,
            c: 9.0,
        },
        theorem: T54,
        inner: 3,
        moments: Vec::new(),
    };
    let run = || OnRun {
        theorem: theorem_4_1(),
        e: vec![1.0, 0.5],
        aid: false,
    };
    let all: [Box<dyn Theorem>; 4] = [
        Box::new(run()),
        Box::new(section()),
        Box::new(BilevelRun {
            lower: run(),
            outer: GradientModuli::stepped([0.5, 0.25], [4.0, 6.0], 3.0),
            gradient: 1.25,
            bounds: Vec::new(),
        }),
        Box::new(BilevelSection {
            lower: section(),
            theorem: E6,
            moments: Vec::new(),
        }),
    ];
    for theorem in all {
        let found = theorem.hypotheses();
        let wanted = [Hypothesis::PiecewiseSmooth, Hypothesis::Contraction];
        assert_eq!(found, wanted, "{}", theorem.name());
    }
}

const T54: Theorem54 = Theorem54 {
    q: 0.75,
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
    gradient: 1.125,
    sigma: [0.625, 0.375],
    c: [2.5, 1.5],
};

#[test]
fn theorems_5_4_and_e6() {
    near(
        T54.bound(1.0 / 16.0, 3, 1.0 / 64.0).unwrap(),
        22_704.804_042_721_233,
    );
    near(E6.y_norm(3), 1.214_066_857_027_788_8);
    near(
        E6.bound(1.0 / 16.0, 3, 1.0 / 64.0).unwrap(),
        9_323.403_850_092_081,
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
            sigma: [0.625, f64::INFINITY],
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
            beta: 1.5,
            gamma: 2.25,
            c: 9.0,
        },
        rho0: 3.5,
        t_per_k: 0.5,
        j_per_k: 0.28125,
    };
    let plain = theorem(None);
    assert_eq!(
        [1, 7, 8].map(|k| plain.schedule(k)),
        [(1, 1), (4, 2), (4, 3)]
    );
    near(plain.bound(7).unwrap(), 1_705_468_912.435_640_8);
    near(plain.constant().unwrap(), 12_995_516_979.737_762);
    let sampled = theorem(Some(E6));
    near(sampled.bound(7).unwrap(), 1_739_118_089.063_146_6);
    near(sampled.constant().unwrap(), 13_257_473_375.139_233);
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
        q: 0.75,
        s2_star: 3.0,
        sigma1: 5.0,
        initial: 7.0,
    };
    let (theta, offset) = process.steps();
    near(theta, 64.0 / 7.0);
    near(offset, 64.0 / 7.0 * 320.0 / 7.0);
    let calm = ProxSgdRate {
        sigma1: 0.01,
        ..process
    };
    near(calm.steps().1, 64.0 / 7.0);
    // max{ 300·7, 2·36·3/(6·7/32 - 1) } and max{ 300, .. }.
    assert_eq!(process.rate(6.0, 300.0).unwrap().c, 2_100.0);
    let near_start = ProxSgdRate {
        initial: 1.0,
        ..process
    };
    let rate = near_start.rate(6.0, 300.0).unwrap();
    near(rate.c, 691.2);
    assert_eq!((rate.beta, rate.gamma), (6.0, 300.0));
    let early = process.rate(6.0, 250.0).unwrap_err().to_string();
    assert!(
        early.contains("t₀ = 250, needed 274.28571428571"),
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

//! The checks of Lemma E.2, Theorem E.3 and Theorem E.6 fail on wrong constants.

use super::lemma_e2::judge_with;
use super::{Finding, Ruling};
use crate::case::{Method, Target};
use crate::evidence::{Evidence, MeanSquare, Where};
use crate::instances::{Instance, Kind, Sizes, Spec};
use crate::linalg::{Matrix, Vector};
use crate::maps::Map;
use crate::maps::composite::{Composite, Inner, NoiseModel, Outer};
use crate::objectives::{GradientModuli, HoldOut, Objective, ObjectiveKind, Rows};
use crate::theory::{Level, TheoremE6};
use crate::tol::{CLEAR_OF_FLOOR, UNIT, bound_room};
use crate::truth::Truth;

fn instance(kind: Kind, objective: ObjectiveKind, seed: u64) -> Instance {
    let spec = Spec {
        q: 0.6,
        objective: Some(objective),
        ..Spec::typical(kind, 3)
    };
    Instance::generate(&spec, seed).unwrap()
}

fn evidence(instance: &Instance, method: Method) -> Evidence<'_> {
    let target = Target::Hypergradient(instance.objective.as_ref().unwrap());
    Evidence::new(instance, method, 60).targeting(target)
}

/// On how many instances Lemma E.2 fails with changed constants.
fn failures(change: impl Fn(&mut GradientModuli)) -> usize {
    let mut failed = 0;
    for (_, kind) in ObjectiveKind::NAMES {
        for seed in 0..6 {
            let i = instance(Kind::ElasticNet, kind, seed);
            let truth = Truth::solve(&i.map, &i.lambda).unwrap();
            let objective = i.objective.as_ref().unwrap();
            let moduli_at = |w: &Vector| {
                let mut moduli = objective.moduli(w.as_slice(), &i.lambda, 0.0);
                change(&mut moduli);
                moduli
            };
            let given = (objective, i.lambda.as_slice(), seed);
            let finding: Finding = judge_with(1.0, given, truth.w(), moduli_at);
            failed += usize::from(finding.ruling == Ruling::Fail);
        }
    }
    failed
}

#[test]
fn moduli_of_objectives_that_are_off_are_caught() {
    assert_eq!(failures(|_| {}), 0);
    for (name, change) in [
        ("L_1", (|m| m.l[0] *= 0.5) as fn(&mut GradientModuli)),
        ("L_2", |m| m.l[1] *= 0.5),
        ("L_1 too large", |m| m.l[0] *= 1.1),
        ("R beyond the nearest kink", |m| m.r *= 1.5),
        ("M_1", |m| m.m[0] *= 0.05),
    ] {
        assert!(failures(change) > 0, "{name}");
    }
}

/// Theorem E.3's bounds on exact runs of AID-FP at every iterate: they hold at every level, and not
/// without one of their terms.
#[test]
fn every_term_of_theorem_e_3_is_needed() {
    let (mut whole, mut without) = (0usize, [0usize; 2]);
    let kinds = [Kind::ElasticNet, Kind::AffineSymmetric];
    for (_, objective) in ObjectiveKind::NAMES {
        for (kind, seed) in kinds.into_iter().flat_map(|k| (0..3).map(move |s| (k, s))) {
            let i = instance(kind, objective, seed);
            let e = evidence(&i, Method::AID_FP);
            let exact = e.exact().unwrap();
            let upper = e.upper(exact).unwrap();
            let objective = i.objective.as_ref().unwrap();
            let gradients = |w: &Vector| {
                let all = objective.gradients(w.as_slice(), &i.lambda, Rows::All);
                all.map(Vector::from_vec)
            };
            let j = exact.jacobian().unwrap();
            let [y, h] = gradients(exact.truth.w());
            let limit = j.tr_mul(&y) + h;
            for t in 0..10 {
                let aid = exact.aid(Where::Iterate(t), 60).unwrap();
                let [y, h] = gradients(&aid.w);
                for (k, d) in aid.d.iter().enumerate() {
                    let error = (d.tr_mul(&y) + &h - &limit).norm();
                    if error < CLEAR_OF_FLOOR * UNIT * (1.0 + limit.norm()) {
                        continue;
                    }
                    for (_, level) in Level::NAMES {
                        let bound = e.bound(exact, level, t, k);
                        whole += usize::from(error > bound * bound_room(t + k));
                    }
                    // SHARP without the movement of ∇E, and with half of Theorem 4.1's part.
                    let lower = exact.bound(Level::Sharp, true, t, k);
                    let moved = [1, 2].map(|n| upper.moduli.omega(n, exact.distance(t)));
                    let still = y.norm() * lower;
                    let half = 0.5 * still + exact.theorem().d_fix_sup * moved[0] + moved[1];
                    without[0] += usize::from(error > still);
                    without[1] += usize::from(error > half);
                }
            }
        }
    }
    assert_eq!(whole, 0);
    assert!(without.iter().all(|n| *n > 0), "{without:?}");
}

/// Φ = w/2 + λ with additive noise and one hold-out row: J = 2, nothing of E is sampled, and what
/// an error of w does to ∇₁E is all there is once k is large.
fn one_row() -> Instance {
    let one = |v: f64| Matrix::from_element(1, 1, v);
    let model = NoiseModel::additive(one(0.5), one(1.0), Vector::zeros(1), 0.1);
    let map = Composite::new(Inner::Noise(model), Outer::Identity).unwrap();
    let mut i = Instance::new(Map::sampled(map).unwrap(), vec![0.5]).unwrap();
    i.samples = Some(Sizes::new(1, 1, 2));
    i.objective = Some(Objective::LeastSquares(HoldOut {
        x: one(3.0),
        z: None,
        y: Vector::zeros(1),
        ridge: 0.0,
    }));
    i
}

/// sqrt(E‖g - ∇f‖²), exact, against Theorem E.6 and against it with something left out.
#[test]
fn every_term_of_theorem_e_6_is_needed() {
    type Change = fn(&mut TheoremE6);
    let changes: [(&str, Change); 6] = [
        ("nothing", |_| {}),
        ("σ_E1", |t| t.sigma[0] = 0.0),
        ("σ_E2", |t| t.sigma[1] = 0.0),
        ("C_E1", |t| t.c[0] = 0.0),
        ("C_E2", |t| t.c[1] = 0.0),
        ("‖∇₁E‖", |t| t.gradient = 0.0),
    ];
    let mut exceeded = [0; 6];
    let kinds = [Kind::NoiseExtremal, Kind::SumTiny, Kind::NoiseKink];
    let pairs = kinds
        .into_iter()
        .flat_map(|k| ObjectiveKind::NAMES.map(|o| (k, o.1)));
    let apart = |(kind, o): &(Kind, ObjectiveKind)| {
        *kind != Kind::NoiseExtremal || *o != ObjectiveKind::CrossEntropy
    };
    let drawn =
        { pairs.filter(apart) }.flat_map(|(kind, o)| [0, 1].map(|seed| instance(kind, o, seed)));
    let (mut tightest, all) = (0.0f64, drawn.chain([one_row()]));
    for i in all {
        let e = evidence(&i, Method::NSID);
        let s = e.sampled().unwrap();
        let (star, off) = s.solution().unwrap();
        let wanted = s.limit_at(star).unwrap();
        // Noise alone, an error of w alone, and few steps.
        for (distance, k) in [(0.0, 20_000), (0.3, 20_000), (0.0, 1)] {
            let w = s.away_from_solution(distance).unwrap();
            let theorem = MeanSquare::over(&s, std::slice::from_ref(&w)).unwrap();
            let outer = theorem.outer.unwrap();
            let j = 2;
            let law = s.law(&w, j).unwrap().unwrap();
            let rate = theorem.rate(j).unwrap();
            let mse = law.mse(&s.setting(), &[k], &wanted, |k| rate.step(k));
            let Some(mse) = mse.unwrap() else { continue };
            let rho = (distance + off).powi(2) * bound_room(0);
            for (exceeded, (_, change)) in exceeded.iter_mut().zip(changes) {
                let mut changed = outer;
                change(&mut changed);
                // σ(k) is Lemma D.3's for the same Y.
                let scale = changed.y_norm(j) / outer.y_norm(j);
                let sigma = rate.at(k) * scale * scale;
                let bound = changed.bound(rho, j, sigma).unwrap();
                *exceeded += usize::from(mse[0].sqrt() > bound * bound_room(k));
            }
            let bound = outer.bound(rho, j, rate.at(k)).unwrap();
            tightest = tightest.max(mse[0].sqrt() / bound);
        }
    }
    assert_eq!(exceeded[0], 0);
    assert!(tightest > 0.9, "{tightest}");
    for (n, (name, _)) in exceeded.iter().zip(changes) {
        assert!(
            name == "nothing" || *n > 0,
            "without {name}: never exceeded"
        );
    }
}

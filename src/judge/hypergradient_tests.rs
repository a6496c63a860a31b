//! Hypergradients are judged by the same claims: against the exact recursion and the exact limit.

use super::{Judging, judge};
use crate::case::{Implementation, Method, Target};
use crate::checks::Ruling;
use crate::claims::{Catalogue, Label};
use crate::faults::{Edit, OuterMistake, Simulated};
use crate::instances::{Instance, Kind, Random, Spec};
use crate::linalg::{Matrix, Vector};
use crate::maps::{Affine, Map};
use crate::methods::Ours;
use crate::objectives::{HoldOut, Objective, ObjectiveKind};
use crate::tol::Roundoff;

const JUDGING: Judging = Judging {
    share: 1e-9,
    record: false,
};

fn objective(d: usize, seed: u64, scale: f64) -> Objective {
    let mut random = Random::new(seed ^ 0xB1);
    let mut one = |n: usize| random.normals(n);
    let x = Matrix::from_column_slice(d + 2, d, one(d * (d + 2)).as_slice());
    Objective::LeastSquares(HoldOut {
        x: x * scale,
        z: None,
        y: one(d + 2) * scale,
        ridge: 0.3 * scale * scale,
    })
}

/// Ours, or a simulation with these departures.
fn subject(method: Method, edits: Option<&[Edit]>) -> Box<dyn Implementation> {
    use crate::case::Factory;
    match edits {
        Some(edits) => Box::new(Simulated::new(method, edits)),
        None => Ours.make(method).unwrap(),
    }
}

/// (passed, failed) of the claims' verdicts over kinds and dimensions, with numbers of this size.
fn count(claim: &str, edits: Option<&[Edit]>, (u, scale): (Roundoff, f64)) -> (usize, usize) {
    let catalogue = Catalogue::builtin().unwrap();
    let claim = catalogue.select(&[claim.into()]).unwrap().remove(0);
    let (mut passed, mut failed) = (0, 0);
    let kinds = [
        Kind::AffineNormal,
        Kind::ElasticNet,
        Kind::LayerRelu,
        Kind::LayerTanh,
        Kind::BoxQp,
        Kind::Bilinear,
        Kind::LogisticLasso,
    ];
    for (kind, dim) in kinds.into_iter().flat_map(|kind| [(kind, 1), (kind, 4)]) {
        let spec = Spec {
            q: 0.7,
            ..Spec::typical(kind, dim)
        };
        let instance = Instance::generate(&spec, 3).unwrap();
        let objective = objective(dim, 5, scale);
        let evidence = claim.evidence(&instance, u);
        let evidence = evidence.targeting(Target::Hypergradient(&objective));
        let label = Label::named("hypergradient");
        let mut subject = subject(claim.method, edits);
        for v in judge(&claim, &evidence, &label, JUDGING, subject.as_mut()).verdicts {
            passed += usize::from(v.status == Ruling::Pass);
            failed += usize::from(v.status == Ruling::Fail);
            if edits.is_none_or(<[Edit]>::is_empty) && v.status == Ruling::Fail {
                panic!("{} {:?}: {}", v.id, instance.spec.kind, v.detail);
            }
        }
    }
    (passed, failed)
}

#[test]
fn hypergradients_are_judged_against_the_exact_ones() {
    for claim in [
        "itd-checkpointed-exact",
        "itd-reverse-exact",
        "itd-reverse-limit",
        "aid-fp-exact",
        "aid-fp-limit",
        "aid-cg-termination",
    ] {
        let plain = (Roundoff::DOUBLE, 1.0);
        for sized in [
            plain,
            (Roundoff::SINGLE, 1.0),
            (Roundoff::DOUBLE, 1e-90),
            (Roundoff::DOUBLE, 1e40),
        ] {
            let (passed, failed) = count(claim, None, sized);
            assert!(passed >= 10 && failed == 0, "{claim}: {passed} pass");
        }
        let (passed, _) = count(claim, Some(&[]), plain);
        assert!(passed >= 10, "{claim}, a second implementation: {passed}");
        for mistake in [
            OuterMistake::MissingDirect,
            OuterMistake::NotAveraged,
            OuterMistake::Bessel,
            OuterMistake::GradientAtStart,
        ] {
            let edits = [Edit::Outer(mistake)];
            let (passed, failed) = count(claim, Some(&edits), plain);
            assert!(
                failed >= 10,
                "{claim} {mistake:?}: {passed} pass, {failed} fail"
            );
            // However small the numbers are.
            let (passed, failed) = count(claim, Some(&edits), (Roundoff::DOUBLE, 1e-90));
            assert!(
                failed >= 10,
                "{claim} {mistake:?}, tiny: {passed} pass, {failed} fail"
            );
        }
    }
}

/// Every sort of objective on every claim about hypergradients: a correct second implementation
/// passes, and what is wrong with the objective fails each claim that looks at a method.
#[test]
fn every_objective_is_judged_and_every_claim_fails_what_is_wrong() {
    let catalogue = Catalogue::builtin().unwrap();
    let claims = catalogue.select(&[]).unwrap();
    let own = claims
        .iter()
        .filter(|c| c.hypergradient && c.needs_method());
    let mut seen = 0;
    for claim in own {
        let sampled = claim.method.is_stochastic();
        // Replicates decide on tiny problems, rates on maps whose error shows them.
        let simulation = claim.checks.iter().any(|c| c.check.label() == "simulation");
        let kind = match (sampled, simulation) {
            (false, _) => Kind::ElasticNet,
            (true, false) => Kind::SumElasticNet,
            (true, true) => Kind::SumTiny,
        };
        let mut failed = [0; 2];
        for (_, objective) in ObjectiveKind::NAMES {
            let spec = Spec {
                q: 0.8,
                objective: Some(objective),
                ..Spec::typical(kind, 2)
            };
            let instance = Instance::generate(&spec, 4).unwrap();
            let evidence = claim.evidence(&instance, Roundoff::DOUBLE);
            let label = Label::named("objective");
            let verdicts = |edits: &[Edit]| {
                let mut subject = subject(claim.method, Some(edits));
                judge(claim, &evidence, &label, JUDGING, subject.as_mut()).verdicts
            };
            for v in verdicts(&[]) {
                assert_ne!(
                    v.status,
                    Ruling::Fail,
                    "{} {objective:?}: {}",
                    v.id,
                    v.detail
                );
            }
            let mistakes = [OuterMistake::NotAveraged, OuterMistake::MissingDirect];
            for (failed, mistake) in failed.iter_mut().zip(mistakes) {
                let verdicts = verdicts(&[Edit::Outer(mistake)]);
                *failed += usize::from(verdicts.iter().any(|v| v.status == Ruling::Fail));
            }
        }
        seen += 1;
        // A wrong factor leaves the rate of what converges to something else at 1.
        let least = if claim.name.contains("resonant") {
            1
        } else {
            3
        };
        assert!(
            failed.iter().all(|f| *f >= least),
            "{}: {failed:?} of {} objectives",
            claim.name,
            ObjectiveKind::NAMES.len()
        );
    }
    assert!(seen >= 11, "{seen}");
}

/// Where ∇E does not move, a hypergradient is the image of a cotangent.
#[test]
fn a_hypergradient_of_a_linear_objective_is_an_image() {
    // ∇₁E of an absolute loss is constant between its kinks: X has rows far from any.
    let spec = Spec::typical(Kind::AffineNormal, 3);
    let instance = Instance::generate(&spec, 1).unwrap();
    let objective = Objective::Absolute(HoldOut {
        x: Matrix::from_row_slice(1, 3, &instance.cotangent),
        z: None,
        y: Vector::from_column_slice(&[-1e6]),
        ridge: 0.0,
    });
    let at = crate::case::At::Start(&instance.start);
    let steps = [0, 1, 5, 30];
    let asked = |target| {
        let algorithm = Method::ITD_REVERSE.algorithm;
        let case = crate::case::Case::new(
            algorithm,
            &instance.map,
            &instance.lambda,
            at,
            target,
            &steps,
        );
        subject(Method::ITD_REVERSE, None).run(&case).estimates
    };
    let hypergradient = asked(Target::Hypergradient(&objective));
    assert_eq!(hypergradient, asked(Target::Cotangent(&instance.cotangent)));
}

/// Verdicts of a claim about ours on Φ = qw + λ with one hold-out row x, target 0 and this ridge.
fn scalar(
    claim: &str,
    (q, start, lambda): (f64, f64, f64),
    row: HoldOut,
    u: Roundoff,
) -> Vec<Ruling> {
    let catalogue = Catalogue::builtin().unwrap();
    let claim = catalogue.select(&[claim.into()]).unwrap().remove(0);
    let one = |v: f64| Matrix::from_element(1, 1, v);
    let map = Map::new(Affine {
        a: one(q),
        b: one(1.0),
        c: Vector::zeros(1),
    });
    let mut i = Instance::new(map.unwrap(), vec![lambda]).unwrap();
    (i.start, i.objective) = (vec![start], Some(Objective::LeastSquares(row)));
    let i = i.in_roundoff(u).unwrap();
    let evidence = claim.evidence(&i, u);
    let mut subject = subject(claim.method, None);
    let judged = judge(
        &claim,
        &evidence,
        &Label::named("scalar"),
        JUDGING,
        subject.as_mut(),
    );
    judged.verdicts.iter().map(|v| v.status).collect()
}

/// ITD's w_t is not the rounded one, and ∇f is known as rounded: near bounds that are attained both
/// show, where w is large beside e_0 and where ∇₂E is large beside the rest.
#[test]
fn bounds_of_hypergradients_leave_room_for_what_is_rounded() {
    let one = |v: f64| Matrix::from_element(1, 1, v);
    let row = |x: f64, ridge: f64| HoldOut::new(one(x), Vector::zeros(1), ridge);
    for kappa in [8.0, 64.0, 1024.0, 8192.0] {
        for (star, x) in [1.0, 1e3, 1e6]
            .into_iter()
            .flat_map(|s| [0.3, 1.7].map(|x| (s, x)))
        {
            for n in 0..8 {
                let (q, lambda) = (1.0 - 1.0 / kappa, star / kappa);
                let start = star + 0.3 + 0.2 * f64::from(n);
                let at = (q, start, lambda);
                // All terms of the bound have one sign, and ∇₁E is small beside w.
                let target = Vector::from_element(1, x * (star + 2.0 + 0.2 * f64::from(n)));
                let row = HoldOut::new(one(x), target, 0.0);
                let seen = scalar("bitd-bound", at, row, Roundoff::DOUBLE);
                assert!(
                    !seen.contains(&Ruling::Fail),
                    "κ = {kappa}, w = {star}, {x}, {n}"
                );
            }
        }
    }
    for n in 0..200 {
        let (x, ridge) = (1e-5 * (1.0 + f64::from(n % 7)), 0.5 + f64::from(n) / 77.0);
        let z = one(x * (0.3 + f64::from(n % 5)));
        for claim in ["bitd-bound", "baid-fp-bound"] {
            let joint = row(x, ridge).with_scores_of_lambda(z.clone());
            let at = (0.7, 1.0, 1.0 + f64::from(n) / 31.0);
            let seen = scalar(claim, at, joint, Roundoff::DOUBLE);
            assert!(!seen.contains(&Ruling::Fail), "{claim} {n}");
        }
    }
}

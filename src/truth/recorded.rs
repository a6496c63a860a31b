//! Errors, floors, bands and local rates of one instance of every kind, as they were recorded. No
//! matrix has more than five rows and five columns: products of larger ones depend on the machine.

use super::poisoned::PoisonedTruth;
use super::reference::{Given, Seed};
use super::{Tail, Truth, aid_limit, aid_run, itd_run, itd_run_along, iterates};
use crate::instances::{Instance, Kind, Spec};
use crate::linalg::stream::Stream;
use crate::linalg::{Dd, Vector};
use crate::maps::composite::Poisoned;
use crate::maps::{Poisoning, Problem};
use crate::recorded::check;
use crate::tol::Roundoff;

/// One instance of every kind that is wanted and has at most five unknowns and parameters, which
/// the diabetes data have not.
fn instances(wanted: impl Fn(Kind) -> bool) -> Vec<(String, Instance)> {
    let kinds = Kind::ALL.iter().filter(|k| wanted(k.0));
    let small = kinds.map(|(kind, name, ..)| {
        let spec = Spec {
            rows: Spec::typical(*kind, 3).rows.min(5),
            params: Spec::typical(*kind, 3).params.min(3),
            ..Spec::typical(*kind, 3)
        };
        (name, Instance::generate(&spec.normalised(), 5).unwrap())
    });
    let few = small.filter(|(_, i)| i.start.len() <= 5 && i.lambda.len() <= 5);
    few.map(|(name, i)| (name.to_string(), i)).collect()
}

fn deterministic(kind: Kind) -> bool {
    !kind.is_stochastic()
}

fn solved(instance: &Instance, u: Roundoff) -> Truth {
    let truth = Truth::solve(&instance.map, &instance.lambda).unwrap();
    truth.judged_in(u)
}

#[test]
fn solutions_and_their_errors() {
    let mut lines = Vec::new();
    for (name, i) in instances(deterministic) {
        let truth = solved(&i, Roundoff::DOUBLE);
        let at = &truth.fixed_point;
        lines.push(format!(
            "{name}: q {:?} kappa {:?}, w {:?}, errors {:?} {:?} {:?}",
            truth.constants.q,
            truth.kappa(),
            at.w.as_slice(),
            at.error,
            at.residual,
            at.rest_error
        ));
        if let Some(j) = &truth.jacobian {
            lines.push(format!(
                "{name}: J {:?}, error {:?} {:?}",
                j.j.as_slice(),
                j.error,
                j.p_lost
            ));
        }
        let moduli = truth.moduli();
        lines.push(format!(
            "{name}: {moduli:?}, in doubt {:?}",
            truth.ambiguous_units()
        ));
        if let Some(s) = truth.spectrum() {
            lines.push(format!("{name}: {s:?}"));
        }
        for tail in [Tail::at_solution(&truth), Tail::frozen(&truth)]
            .into_iter()
            .flatten()
        {
            let m = truth.lambda.len();
            let e = crate::linalg::Matrix::from_element(truth.w().len(), m, 1.0);
            let delta = Vector::from_element(truth.w().len(), 1.0);
            let steps = [1e-1, 1e-3, 1e-9].map(|l| tail.steps_to(&delta, &e, l, 1 << 12));
            let few = [1, 2, 3, 4, 15, 16].map(|most| tail.steps_to(&delta, &e, 0.05, most));
            lines.push(format!("{name}: in few steps {few:?}"));
            let (moved, error) = tail.power(7).unwrap().advance(&delta, &e);
            lines.push(format!(
                "{name}: steps {steps:?}, after seven {:?} {:?}, resonant {:?}",
                moved.norm(),
                error.norm(),
                tail.resonant()
            ));
        }
    }
    check("solutions", &lines);
}

#[test]
fn courses_of_itd() {
    let mut lines = Vec::new();
    for (name, i) in instances(deterministic) {
        for u in [Roundoff::DOUBLE, Roundoff::SINGLE] {
            let truth = solved(&i, u);
            let run = itd_run(&truth, &i.start, 7);
            let only = iterates(&truth, &i.start, None, 7);
            assert_eq!(only.e, run.e);
            let m = truth.lambda.len();
            let reverse =
                [1, 4, 7].map(|t| run.floor.reverse(&truth.constants, &truth.judged, m, t));
            lines.push(format!("{name}: e {:?}", run.e));
            lines.push(format!("{name}: e as given {:?}", run.e_given));
            lines.push(format!("{name}: floor of w {:?}", run.floor.w));
            lines.push(format!("{name}: floor of D {:?}, {reverse:?}", run.floor.d));
            lines.push(format!(
                "{name}: band {:?}, doubt {:?}, identified {:?}, last {:?}",
                run.band,
                run.doubt_from,
                run.identified,
                run.d.last().map(|d| d.norm())
            ));
        }
    }
    check("courses-of-itd", &lines);
}

#[test]
fn courses_along_given_points() {
    let mut lines = Vec::new();
    for (name, i) in instances(|k| deterministic(k) && !k.is_kinked()) {
        let truth = solved(&i, Roundoff::DOUBLE);
        let towards = |t: i32| {
            let pairs = i.start.iter().zip(truth.w().iter());
            pairs
                .map(|(a, b)| b + (a - b) * 0.5f64.powi(t))
                .collect::<Vec<f64>>()
        };
        let path: Vec<Vec<f64>> = (0..5).map(towards).collect();
        let run = itd_run_along(&truth, &path);
        lines.push(format!(
            "{name}: e {:?}, floors {:?} {:?}, error {:?}",
            run.e,
            run.floor.w,
            run.floor.d,
            run.error.last().map(|e| e.norm())
        ));
    }
    check("courses-along-points", &lines);
}

#[test]
fn courses_and_limits_of_aid() {
    let mut lines = Vec::new();
    for (name, i) in instances(deterministic) {
        for u in [Roundoff::DOUBLE, Roundoff::SINGLE] {
            let truth = solved(&i, u);
            let far = Vector::from_column_slice(&i.start);
            for (place, w) in [("start", far), ("solution", truth.given(truth.w()))] {
                let run = aid_run(&truth, &w, 5).unwrap();
                lines.push(format!(
                    "{name} at the {place}: floors {:?} {:?}, band {:?}, doubt {}",
                    run.floor.d, run.floor.reverse, run.band, run.doubt
                ));
                for weight in [0.0, 0.75] {
                    let limit = aid_limit(&truth, &w, weight).unwrap();
                    lines.push(format!(
                        "{name} at the {place}: limit {:?}, error {:?}, forming {:?}, norm {:?}, doubt {}",
                        limit.j.norm(),
                        limit.error,
                        limit.forming,
                        limit.d2,
                        limit.doubt
                    ));
                }
            }
        }
    }
    check("courses-of-aid", &lines);
}

#[test]
fn courses_of_nsid_and_sid() {
    let mut lines = Vec::new();
    for (name, i) in instances(|k| k.is_stochastic()) {
        let map = i.map.samples().unwrap();
        let n = map.inner().population();
        let lists = |count: usize, size: usize, by: usize| -> Vec<Vec<usize>> {
            let one = |k: usize| (0..size).map(|j| (k * by + 3 * j + 1) % n).collect();
            (0..count).map(one).collect()
        };
        let (mut inner, linear) = (lists(3, 2, 5), lists(6, 2, 7));
        inner.extend((0..n.min(4)).map(|i| vec![i, i]));
        let d = i.start.len();
        let y: Vec<f64> = (0..d).map(|k| 1.0 - 0.375 * k as f64).collect();
        let exactly = |v: &[f64]| v.iter().map(|v| Dd::from(*v)).collect::<Vec<_>>();
        let direct = vec![0.625; i.lambda.len()];
        let seeds = [
            Seed::new(&y, None),
            Seed::new(&y, Some(([exactly(&y), exactly(&direct)], [3e-9, 5e-9]))),
        ];
        let far: Vec<f64> = i.start.iter().map(|v| 3.0 * v + 0.25).collect();
        for (sid, u, w) in [
            (false, Roundoff::DOUBLE, &i.start),
            (true, Roundoff::SINGLE, &i.start),
            (false, Roundoff::SINGLE, &far),
        ] {
            for seed in &seeds {
                let run = Given {
                    map,
                    lambda: &i.lambda,
                    w,
                    seed: seed.clone(),
                    inner: inner.iter().map(Vec::as_slice).collect(),
                    samples: linear.iter().map(Vec::as_slice).collect(),
                    eta: &[0.5, 0.75, 0.375, 1.25, 0.25, 0.5],
                    steps: &[0, 1, 3, 6],
                    sid,
                    u,
                }
                .run();
                let last: Vec<f64> = run.estimates[3].iter().map(|v| v.hi()).collect();
                lines.push(format!(
                    "{name}: floor {:?}, {} comparable, last {last:?}",
                    run.floor, run.comparable
                ));
            }
        }
    }
    check("courses-of-nsid", &lines);
}

#[test]
fn poisoned_regressions() {
    let mut lines = Vec::new();
    for (seed, (n, p, c), threshold) in [
        (1, (9, 2, 2), 0.01),
        (3, (16, 2, 2), 0.03),
        (5, (12, 1, 3), 0.002),
    ] {
        let mut stream = Stream(seed);
        let x = stream.vec(n * p);
        let labels = (0..n).map(|i| (i * i + i / 3) % c).collect();
        let corrupted: Vec<usize> = (0..n).filter(|i| i % 4 == 1).collect();
        let noise = stream.vec(corrupted.len() * p);
        let inner = Poisoned::new(&x, labels, c, corrupted).unwrap();
        let inner = inner.with(0.5, 0.1).unwrap();
        let map = Poisoning { inner, threshold };
        let truth = PoisonedTruth::solve(&map, &noise).unwrap();
        let y = stream.vec(truth.w().len());
        let certificate = truth.hypergradient(&y).unwrap();
        lines.push(format!(
            "w {:?} on {:?}, error {:?}",
            truth.w(),
            truth.support(),
            truth.error()
        ));
        lines.push(format!(
            "q {:?} {:?}, step {:?}, curvature {:?}",
            truth.q(0.3),
            truth.q(100.0),
            truth.certified_step(),
            truth.curvature(40)
        ));
        lines.push(format!(
            "image {:?}, error {:?}",
            certificate.value, certificate.error
        ));
        assert!(matches!(
            crate::maps::Map::new(map).unwrap().problem(),
            Problem::Poisoning(_)
        ));
    }
    check("poisoned", &lines);
}

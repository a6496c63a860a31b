use super::*;
use crate::instances::{Instance, Kind, Spec};
use crate::methods::{Case, Differentiator, Method};
use crate::trajectory::{Estimates, Status};

fn instance(kind: Kind, dim: usize, seed: u64) -> Instance {
    Instance::generate(&Spec::typical(kind, dim), seed).unwrap()
}

fn case<'a>(i: &'a Instance, steps: &'a [usize]) -> Case<'a> {
    Case {
        map: &i.map,
        lambda: &i.lambda,
        w: &i.w0,
        cotangent: &i.cotangent,
        path: None,
        steps,
    }
}

const STEPS: [usize; 6] = [0, 1, 2, 5, 17, 40];

/// Without departures the simulation is the method.
#[test]
fn the_empty_fault_is_correct() {
    for kind in [
        Kind::AffineNonNormal,
        Kind::LayerAbs,
        Kind::LayerTanh,
        Kind::ElasticNet,
    ] {
        let i = instance(kind, 5, 3);
        for (_, method) in Method::NAMES {
            let want = method.implementation().run(&case(&i, &STEPS));
            let got = Simulated::new(method, &[]).run(&case(&i, &STEPS));
            assert_eq!(got.status, Status::Completed);
            match (&got.estimates, &want.estimates) {
                (Estimates::Jacobians(a), Estimates::Jacobians(b)) => {
                    assert!(
                        a.iter()
                            .zip(b)
                            .all(|(a, b)| (a - b).norm() < 1e-13 * (1.0 + b.norm()))
                    );
                }
                (Estimates::Cotangents(a), Estimates::Cotangents(b)) => {
                    let near = |(a, b): (&crate::linalg::Vector, &crate::linalg::Vector)| {
                        (a - b).norm() < 1e-10 * (1.0 + b.norm())
                    };
                    // Conjugate gradients before their end depend on rounding only in the last digits here.
                    assert!(a.iter().zip(b).all(near), "{kind:?} {method:?}");
                }
                _ => panic!("another kind of estimate"),
            }
        }
    }
}

#[test]
fn names_are_unique_and_there_are_enough_faults() {
    let mut names: Vec<&str> = catalogue().iter().map(|f| f.name).collect();
    assert!(names.len() >= 60, "{}", names.len());
    names.extend(variants().iter().map(|f| f.name));
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all);
}

/// A fault that is in the catalogue is named, one that is not is unknown, and so is a correct answer.
#[test]
fn diagnoses_name_what_they_know() {
    let i = instance(Kind::ElasticNet, 5, 3);
    let name = |edits: &[Edit]| {
        let answer = Simulated::new(Method::ITD, edits).run(&case(&i, &STEPS));
        let observation = Observation {
            case: case(&i, &STEPS),
            answer: &answer,
        };
        diagnose(Method::ITD, &[observation], &catalogue())
    };
    let transposed = name(&[Edit::First(When::Always, Change::Transpose)]);
    assert_eq!(transposed.name(), "transposed-jacobian", "{transposed:?}");
    assert!(transposed.suspects[0].confidence > 0.9);
    let odd = name(&[Edit::Scale(1.37), Edit::Lambda(0.013)]);
    assert_eq!(odd.name(), "unknown", "{odd:?}");
    assert!(odd.unknown > 0.5);
}

#[test]
fn a_size_of_zero_is_no_fault() {
    let i = instance(Kind::ElasticNet, 4, 1);
    for (_, method) in Method::NAMES {
        let correct = Simulated::new(method, &[]).run(&case(&i, &STEPS));
        for seed in 0..20 {
            let mut random = crate::instances::Random::new(seed);
            let edits = random_fault(&mut random, method, 0.0);
            let got = Simulated::new(method, &edits).run(&case(&i, &STEPS));
            assert_eq!(got.estimates, correct.estimates, "{edits:?}");
        }
    }
}

use super::*;
use crate::Roundoff;
use crate::case::{Answer, At, Case, Implementation, Method, Status, Target};
use crate::claims::Diagnosis;
use crate::instances::{Instance, Kind, Random, Spec};
use crate::maps::Map;
use crate::methods::Ours;

fn instance(kind: Kind, dim: usize, seed: u64) -> Instance {
    Instance::generate(&Spec::typical(kind, dim), seed).unwrap()
}

fn case<'a>(i: &'a Instance, method: Method, steps: &'a [usize]) -> Case<'a> {
    let at = if method.is_aid() {
        At::Point(&i.start)
    } else {
        At::Start(&i.start)
    };
    let target = if method.is_reverse() {
        Target::Cotangent(&i.cotangent)
    } else {
        Target::Jacobian
    };
    Case::new(method.algorithm, &i.map, &i.lambda, at, target, steps)
}

const STEPS: [usize; 6] = [0, 1, 2, 5, 17, 40];

fn deterministic() -> impl Iterator<Item = Method> {
    let all = Method::NAMES.into_iter().map(|(_, m)| m);
    all.filter(|m| !m.is_stochastic() && *m != Method::ITD_CHECKPOINTED)
}

/// Without departures the simulation is the method.
#[test]
fn the_empty_fault_is_correct() {
    use crate::case::Factory;
    for kind in [
        Kind::AffineNonNormal,
        Kind::LayerAbs,
        Kind::LayerTanh,
        Kind::ElasticNet,
    ] {
        let i = instance(kind, 5, 3);
        for method in deterministic() {
            let case = case(&i, method, &STEPS);
            let want = Ours.make(method).unwrap().run(&case);
            let got = Simulated::new(method, &[]).run(&case);
            assert_eq!(got.status, Status::Completed);
            // Conjugate gradients before their end depend on rounding only in the last digits here.
            let room = if method == Method::AID_CG {
                1e-10
            } else {
                1e-13
            };
            for (a, b) in got.estimates.iter().zip(&want.estimates) {
                assert!(
                    (a - b).norm() < room * (1.0 + b.norm()),
                    "{kind:?} {method:?}"
                );
            }
            assert_eq!(got.estimates.len(), want.estimates.len());
        }
    }
}

#[test]
fn names_are_unique_and_there_are_enough_faults() {
    let mut names: Vec<&str> = catalogue().iter().map(|f| f.name).collect();
    assert!(names.len() >= 110, "{}", names.len());
    names.extend(variants().iter().map(|f| f.name));
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all);
    for fit in catalogue().iter().flat_map(|f| f.fit) {
        assert!(0.0 < fit.range[0] && fit.range[0] < fit.range[1], "{fit:?}");
    }
}

/// What these departures are called where they are seen on instances of this kind.
fn diagnosed(method: Method, kind: Kind, edits: &[Edit], seeds: &[u64]) -> Diagnosis {
    let steps: Vec<usize> = (0..=60).collect();
    let all: Vec<Instance> = seeds.iter().map(|s| instance(kind, 5, *s)).collect();
    let answers: Vec<Answer> = all
        .iter()
        .map(|i| Simulated::new(method, edits).run(&case(i, method, &steps)))
        .collect();
    let one = |(i, answer)| {
        vec![Observation {
            case: case(i, method, &steps),
            answer,
            floor: 0.0,
            roundoff: Roundoff::DOUBLE,
        }]
    };
    let objects: Vec<Vec<Observation<'_>>> = all.iter().zip(&answers).map(one).collect();
    diagnose(method, &objects)
}

fn names(diagnosis: &Diagnosis) -> Vec<&str> {
    match diagnosis {
        Diagnosis::Names(names) => names.iter().map(|n| n.fault.as_str()).collect(),
        _ => Vec::new(),
    }
}

/// A fault that is in the catalogue is named, one that is not is unknown, and a correct answer
/// looks right.
#[test]
fn diagnoses_name_what_they_know() {
    let name = |edits: &[Edit]| diagnosed(Method::ITD, Kind::ElasticNet, edits, &[3]);
    let transposed = name(&[Edit::First(When::Always, Change::Transpose)]);
    assert_eq!(names(&transposed), ["transposed-jacobian"]);
    let Diagnosis::Names(named) = &transposed else {
        unreachable!()
    };
    assert!(named[0].confidence > 0.9);
    let odd = name(&[Edit::Scale(1.37), Edit::Lambda(0.013)]);
    assert_eq!(odd, Diagnosis::Unknown);
    assert_eq!(name(&[]), Diagnosis::LooksRight);
    // Nothing here can tell a fault of a map that it does not use from a correct one.
    let tanh = [Edit::Slopes(Slopes::AppliedTwice)];
    assert_eq!(name(&tanh), Diagnosis::LooksRight);
}

/// Parameters that the catalogue does not list are fitted.
#[test]
fn parameters_are_fitted() {
    let stop = |tolerance, relative| Edit::Stop {
        tolerance,
        relative,
    };
    let rest = Edit::StopAtRest {
        tolerance: 3.1e-5,
        before: true,
    };
    for (method, kind, edit, name) in [
        (
            Method::ITD,
            Kind::ElasticNet,
            Edit::Cap(33),
            "fixed-iteration-count",
        ),
        (
            Method::ITD,
            Kind::ElasticNet,
            Edit::Window(7),
            "truncated-history",
        ),
        (Method::ITD, Kind::ElasticNet, Edit::Damp(0.83), "damped"),
        (
            Method::ITD,
            Kind::ElasticNet,
            stop(2.7e-5, false),
            "absolute-stop",
        ),
        (
            Method::ITD,
            Kind::ElasticNet,
            stop(7.3e-4, true),
            "relative-stop",
        ),
        (
            Method::ITD,
            Kind::LayerTanh,
            Edit::Differences(4.4e-5),
            "finite-differences",
        ),
        (
            Method::ITD,
            Kind::ElasticNet,
            Edit::Begin(-0.37),
            "start-not-zero",
        ),
        (
            Method::ITD,
            Kind::LayerLeakyRelu,
            Edit::Slopes(Slopes::Leaky(0.033)),
            "wrong-leaky-slope",
        ),
        (Method::ITD, Kind::ElasticNet, rest, "stops-with-w"),
        (
            Method::AID_FP,
            Kind::ElasticNet,
            Edit::LeftRidge(0.023),
            "ridge-in-system",
        ),
        (
            Method::AID_CG,
            Kind::ElasticNet,
            Edit::LeftRidge(0.023),
            "ridge-in-system",
        ),
        (
            Method::AID_FP,
            Kind::AffineNonNormal,
            Edit::Scale(0.61),
            "scaled",
        ),
        (
            Method::ITD,
            Kind::ElasticNet,
            Edit::StepSize(-0.04),
            "wrong-step",
        ),
        (
            Method::ITD,
            Kind::ElasticNet,
            Edit::Lambda(0.017),
            "derivative-at-other-lambda",
        ),
    ] {
        let found = diagnosed(method, kind, &[edit], &[3, 4]);
        assert!(names(&found).contains(&name), "{edit:?}: {found:?}");
    }
}

/// Single precision is recognised by its numbers, in whatever order they were added.
#[test]
fn single_precision_is_known_by_its_numbers() {
    let i = instance(Kind::ElasticNet, 5, 3);
    let steps: Vec<usize> = (0..=30).collect();
    let case = case(&i, Method::ITD, &steps);
    let mut answer = Simulated::new(Method::ITD, &[]).run(&case);
    for (n, m) in answer.estimates.iter_mut().enumerate() {
        let off = 1.0 + f64::from(f32::EPSILON) * (n % 5) as f64;
        m.iter_mut().for_each(|v| *v = f64::from((*v * off) as f32));
    }
    let observation = Observation {
        case,
        answer: &answer,
        floor: 0.0,
        roundoff: Roundoff::DOUBLE,
    };
    assert_eq!(
        names(&diagnose(Method::ITD, &[vec![observation]])),
        ["single-pipeline"]
    );
}

/// Users' reports: small inputs with the answer that the mistake gives, from closed forms.
#[test]
fn mistakes_that_users_reported_give_the_answers_they_reported() {
    use crate::linalg::{Matrix, Vector};
    use crate::maps::ElasticNet;
    let map = Map::new(ElasticNet {
        x: Matrix::from_row_slice(2, 2, &[1.0, 0.0, 1.0, 1.0]),
        y: Vector::from_column_slice(&[2.0, 4.0]),
        step: 0.8,
    })
    .unwrap();
    let (lambda, w, y) = ([0.25, 0.5], [1.5, 1.0], [2.0, 1.0]);
    let run = |method: Method, edits: &[Edit], steps: &[usize]| {
        let at = if method.is_aid() {
            At::Point(&w)
        } else {
            At::Start(&w)
        };
        let case = Case::new(
            method.algorithm,
            &map,
            &lambda,
            at,
            Target::Cotangent(&y),
            steps,
        );
        let last = Simulated::new(method, edits)
            .run(&case)
            .estimates
            .pop()
            .unwrap();
        last.as_slice().to_vec()
    };
    let undamped = Edit::LeftRidge(0.1);
    for (method, edits, steps, want) in [
        (Method::AID_CG, vec![], 2, [-1.6, -2.2]),
        (
            Method::AID_CG,
            vec![Edit::Stale(1e-10)],
            2,
            [-1.666_666_666_666_666_5, -2.222_222_222_222_222],
        ),
        (
            Method::AID_CG,
            vec![Edit::OldResidual],
            2,
            [-1.671_794_871_794_871_6, -2.229_059_829_059_828_7],
        ),
        (
            Method::AID_CG,
            vec![undamped],
            2,
            [-1.523_178_807_947_019_7, -2.086_092_715_231_788_3],
        ),
        (
            Method::AID_CG,
            vec![Edit::Undivided],
            2,
            [-0.909_090_909_090_909_1, -1.272_727_272_727_272_7],
        ),
        (Method::AID_FP, vec![Edit::Scale(0.4)], 500, [-0.64, -0.88]),
        (Method::AID_FP, vec![Edit::Cap(2)], 200, [-1.28, -1.76]),
        (
            Method::ITD_REVERSE,
            vec![Edit::StopAtRest {
                tolerance: 1e-12,
                before: true,
            }],
            50,
            [0.0, 0.0],
        ),
    ] {
        let got = run(method, &edits, &[steps]);
        for (got, want) in got.iter().zip(want) {
            assert!(
                (got - want).abs() < 1e-12,
                "{method} {edits:?}: {got} for {want}"
            );
        }
    }
}

#[test]
fn a_size_of_zero_is_no_fault() {
    let i = instance(Kind::ElasticNet, 4, 1);
    for method in deterministic() {
        let case = case(&i, method, &STEPS);
        let correct = Simulated::new(method, &[]).run(&case);
        for seed in 0..20 {
            let mut random = Random::new(seed);
            let edits = random_fault(&mut random, method, 0.0);
            let got = Simulated::new(method, &edits).run(&case);
            assert_eq!(got.estimates, correct.estimates, "{edits:?}");
        }
    }
}

/// Two mistakes in one limit are named together, where one alone does not give the same numbers.
#[test]
fn pairs_are_named_where_there_are_no_steps() {
    for method in [Method::AID_CG, Method::IMPLICIT] {
        let own: Vec<Fault> = catalogue()
            .into_iter()
            .filter(|f| f.occurs_in(method))
            .collect();
        let pairs = (0..own.len()).flat_map(|i| (i + 1..own.len()).map(move |j| (i, j)));
        let (mut together, mut open) = (0, 0);
        for (a, b) in pairs.step_by(31).map(|(i, j)| (&own[i], &own[j])) {
            let edits = [a.edits, b.edits].concat();
            let found = diagnosed(method, Kind::ElasticNet, &edits, &[3, 4, 5]);
            let pair = format!("{} + {}", a.name, b.name);
            let names = names(&found);
            let named = names.contains(&pair.as_str());
            let other = names.iter().any(|n| n.contains('+'));
            assert!(named || !other, "{method} {pair}: {found}");
            together += usize::from(named);
            open += usize::from(found == Diagnosis::Unknown);
        }
        assert!(
            together >= 15 && open <= 1,
            "{method}: {together} together, {open} unknown"
        );
    }
    // What is in no list stays unknown.
    let odd = [Edit::Scale(1.37), Edit::Lambda(0.013)];
    for method in [Method::AID_CG, Method::IMPLICIT] {
        let found = diagnosed(method, Kind::ElasticNet, &odd, &[3, 4, 5]);
        assert_eq!(found, Diagnosis::Unknown, "{method}");
    }
}

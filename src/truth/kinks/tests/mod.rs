use super::super::Truth;
use super::*;
use crate::instances::{Instance, Kind, Random, Spec};
use crate::linalg::Matrix;
use crate::maps::Tie;
use crate::sets::Points;
use crate::truth::reference::Itd;

mod fix;

pub(super) const KINDS: [Kind; 8] = [
    Kind::KinkLayerRelu,
    Kind::KinkLayerAbs,
    Kind::KinkLayerDuplicated,
    Kind::KinkLambdaOnly,
    Kind::KinkMaxMin,
    Kind::KinkElasticNet,
    Kind::KinkTwoCycle,
    Kind::KinkNetCycle,
];

pub(super) fn solved(kind: Kind, dim: usize, rows: usize, seed: u64) -> (Instance, Truth, Kinks) {
    let spec = Spec {
        rows,
        ..Spec::typical(kind, dim)
    }
    .normalised();
    let instance = Instance::generate(&spec, seed).unwrap();
    let truth = Truth::solve(&instance.map, &instance.lambda)
        .unwrap_or_else(|e| panic!("{kind:?} {dim} {seed}: {e}"));
    let kinks = Kinks::solve(&truth).unwrap_or_else(|| panic!("{kind:?} {dim} {rows} {seed}"));
    (instance, truth, kinks)
}

#[test]
fn solutions_are_exactly_on_as_many_kinks_as_asked_for() {
    for kind in KINDS {
        for (dim, rows, seed) in [(1, 1, 0), (3, 2, 1), (6, 3, 2), (20, 8, 3), (50, 12, 4)] {
            let (instance, truth, kinks) = solved(kind, dim, rows, seed);
            assert_eq!(kinks.count(), instance.spec.rows, "{kind:?} {dim}");
            assert_eq!(truth.moduli().kinks, kinks.active, "{kind:?} {dim}");
            assert!(truth.constants.q < 1.0);
            assert_eq!(kinks.form.lost, [0.0; 3], "{kind:?}");
        }
    }
    for seed in 0..5 {
        let spec = Spec {
            rows: 2,
            ..Spec::typical(Kind::KinkFiniteTime, 3)
        };
        let i = Instance::generate(&spec.normalised(), seed).unwrap();
        let mut lin = i.map.linearization();
        i.map
            .linearize(&i.start, &i.lambda, &mut Tie::Weight(0.5), &mut lin);
        assert!(lin.ties().count() >= 2);
    }
}

#[test]
fn elements_are_those_of_the_rationals() {
    for kind in KINDS {
        let (_, _, kinks) = solved(kind, 3, 2, 7);
        let mut random = Random::new(3);
        for _ in 0..4 {
            let draw = |r: &mut Random| -> Vec<f64> {
                (0..kinks.count())
                    .map(|_| r.integer(0, 8) as f64 / 8.0)
                    .collect()
            };
            let (s, s2) = (draw(&mut random), draw(&mut random));
            let (x, error) = kinks.element(&s, &s2).unwrap();
            let exact = kinks.exact_element(&s, &s2).unwrap();
            let (reference, lost) = rounded(&exact, x.nrows());
            assert!((&x - reference).norm() <= error + lost, "{kind:?}");
            assert!(error < 1e-10);
            // Membership is seen: the enclosure reaches zero.
            let to_imp = kinks
                .distance_to(Set::Imp, Observed::Whole, &x, 40)
                .unwrap();
            assert!(
                to_imp.lower <= 0.0 + error && to_imp.upper < 0.3 * (1.0 + x.norm()),
                "{kind:?} {to_imp:?}"
            );
            let (x, error) = kinks.element(&s, &s).unwrap();
            let to_joint = kinks
                .distance_to(Set::Joint, Observed::Whole, &x, 40)
                .unwrap();
            assert!(
                to_joint.lower <= error && to_joint.upper <= 1e-9,
                "{kind:?} {to_joint:?}"
            );
        }
    }
}

#[test]
fn the_two_named_instances_leave_d_imp_and_stay_with_d_fix() {
    for (kind, least) in [(Kind::KinkTwoCycle, 0.07), (Kind::KinkNetCycle, 0.3)] {
        let (instance, truth, kinks) = solved(kind, 1, 1, 0);
        let mut itd = Itd::start(&kinks.naive, &instance.start);
        let mut element = NearestElement::start(&kinks).unwrap();
        let mut last = f64::NAN;
        for t in 0..60 {
            itd.step(&mut Tie::Weight(0.0)).unwrap();
            let (d, _) = rounded(&itd.d, instance.map.dims().w);
            let near = element.follow(&d);
            if t >= 50 {
                let imp = kinks.distance_to_imp_hull(Observed::Whole, &d).unwrap();
                assert!(imp.lower > least, "{kind:?} {imp:?} {d}");
                last = near;
            }
        }
        assert!(last < 1e-3, "{kind:?} {last} q = {}", truth.constants.q);
    }
}

#[test]
fn rational_runs_obey_theorem_4_1_with_every_selection_from_the_solution_itself() {
    for kind in KINDS {
        let (_, truth, kinks) = solved(kind, 3, 2, 5);
        let theorem = crate::theory::Theorem41::new(truth.constants.q, truth.moduli(), 0.0, None);
        for selection in [
            Selection::Fixed(0.0),
            Selection::Fixed(0.5),
            Selection::Fixed(1.0),
            Selection::Random(9),
            Selection::Adversarial,
        ] {
            let c = rational_run(&kinks, &kinks.w, 12, selection).unwrap();
            assert!(c.ties > 0 && c.e.iter().all(|e| *e == 0.0));
            for (t, x) in c.excess.iter().enumerate() {
                let bound = theorem.paper_itd(t);
                assert!(
                    *x <= bound * (1.0 + 1e-12),
                    "{kind:?} {selection:?} {t} {x} {bound}"
                );
            }
        }
    }
}

/// conv D_imp by cutting planes over boxes is the hull of its 4^k vertices, beyond the number of
/// kinks for which these are listed, too.
#[test]
fn cutting_planes_enclose_the_distance_to_the_hull_of_d_imp() {
    let mut narrow = [0, 0];
    for kind in KINDS {
        for (dim, rows, seed) in [(2, 1, 5), (3, 2, 6), (4, 3, 7)] {
            let (_, _, kinks) = solved(kind, dim, rows, seed);
            let mut random = Random::new(seed);
            let y = crate::linalg::Vector::from_fn(kinks.w.len(), |_, _| random.normal());
            for observed in [Observed::Whole, Observed::Cotangent(&y)] {
                for far in [0.0, 0.1, 3.0] {
                    let x = kinks.element(&kinks.corner(0), &kinks.corner(1)).unwrap().0;
                    let x = observed.of(&x).0;
                    let x = x.map(|v| v + far * random.normal());
                    let vertices = kinks.distance_to_imp_hull(observed, &x).unwrap();
                    let cuts = kinks.distance_to_imp_hull_by_cuts(observed, &x).unwrap();
                    assert!(
                        cuts.lower <= vertices.upper && vertices.lower <= cuts.upper,
                        "{kind:?} {dim} {far}: {cuts:?} and {vertices:?}"
                    );
                    narrow[0] += 1;
                    let room = 1e-3 * vertices.upper + 1e-9;
                    narrow[1] += usize::from(cuts.upper - cuts.lower <= room);
                }
            }
        }
    }
    assert!(narrow[1] * 10 >= narrow[0] * 9, "{narrow:?}");
    for kind in [Kind::KinkLayerRelu, Kind::KinkLayerAbs] {
        let (_, _, mut kinks) = solved(kind, 3, MAX_IMP_KINKS + 1, 2);
        let corners = kinks.corners();
        let pairs = corners
            .iter()
            .flat_map(|a| corners.iter().map(move |b| (a, b)));
        let elements = pairs.map(|(a, b)| kinks.element(a, b).unwrap());
        let (vertices, errors): (Vec<Matrix>, Vec<f64>) = elements.unzip();
        let lost = errors.into_iter().fold(0.0, f64::max);
        let inside = vertices[1234].clone();
        let hull = Points::rounded(vertices, lost).unwrap().into_hull();
        let mut random = Random::new(1);
        for far in [0.0, 0.05, 0.5, 4.0] {
            let x = inside.map(|v| v + far * random.normal());
            let cuts = kinks.distance_to_imp_hull(Observed::Whole, &x).unwrap();
            let whole = Observed::Whole.distance_to_hull(&x, hull.clone()).unwrap();
            assert!(
                cuts.lower <= whole.upper && whole.lower <= cuts.upper,
                "{kind:?} {far}: {cuts:?} and {whole:?}"
            );
            assert!(
                cuts.width() <= 2e-3 * whole.upper + 1e-9,
                "{kind:?} {cuts:?}"
            );
        }
        // Data that rounding took more from than an estimate is off by: it may be an element.
        let beside = inside.map(|v| v + 1e-5);
        assert!(
            kinks
                .distance_to_imp_hull(Observed::Whole, &(beside.clone() * 4.0))
                .unwrap()
                .lower
                > 0.1
        );
        kinks.form.lost = [0.0, 1e-4, 1e-4];
        let near = kinks
            .distance_to_imp_hull(Observed::Whole, &beside)
            .unwrap();
        assert!(near.lower == 0.0 && near.upper > 1e-5, "{kind:?} {near:?}");
    }
}

#[test]
fn what_has_too_many_kinks_or_another_shape_is_refused() {
    let of = |rows: usize| solved(Kind::KinkLayerRelu, 3, rows, 2).2;
    let whole = |kinks: &Kinks| kinks.ball().unwrap().0 * 1.5;
    for (rows, joint, imp) in [
        (2, true, true),
        (3, true, false),
        (4, true, false),
        (5, false, false),
    ] {
        let kinks = of(rows);
        let x = whole(&kinks);
        let gap = |set| kinks.hull_gap(set, Observed::Whole, &x).is_some();
        assert_eq!((gap(Set::Joint), gap(Set::Imp)), (joint, imp), "{rows}");
        assert!(kinks.imp_hull().is_some());
    }
    let twelve = of(12);
    let x = whole(&twelve);
    assert!(twelve.joint_hull().is_some() && twelve.imp_hull().is_none());
    assert!(
        twelve
            .distance_to(Set::Joint, Observed::Whole, &x, 0)
            .is_some()
    );
    let thirteen = of(13);
    let x = whole(&thirteen);
    assert!(thirteen.joint_hull().is_none() && thirteen.imp_hull().is_none());
    assert!(thirteen.distance_to_imp_hull(Observed::Whole, &x).is_none());
    assert!(thirteen.outside_fix(Observed::Whole, &x, 0.1).is_none());
    let far = &x * 50.0;
    assert!(thirteen.outside_fix(Observed::Whole, &far, 0.1).is_none());
    // It is the one-sided derivative of the first vertex, and not looked for.
    let mut along = vec![0.0; x.ncols()];
    along[0] = 1.0;
    for (kinks, found) in [(&twelve, true), (&thirteen, false)] {
        let low = kinks.corner(0);
        let v = &kinks.exact_element(&low, &low).unwrap()[0];
        let vertex = kinks.one_sided_vertex(v, &along);
        assert_eq!(vertex.is_some(), found);
    }
    for set in [Set::Joint, Set::Imp] {
        assert!(thirteen.distance_to(set, Observed::Whole, &x, 9).is_none());
        assert!(thirteen.hull_gap(set, Observed::Whole, &x).is_none());
    }
    // Data that were rounded prove nothing in rationals.
    let mut kinks = of(2);
    let x = whole(&kinks);
    assert!(
        kinks
            .outside_fix(Observed::Whole, &(&x * 9.0), 1e-3)
            .is_some()
    );
    kinks.form.lost = [0.0, 1e-12, 0.0];
    assert!(
        kinks
            .outside_fix(Observed::Whole, &(&x * 9.0), 1e-3)
            .is_none()
    );
    let near = NearestElement::start(&kinks).unwrap();
    let (wide, nan) = (Matrix::zeros(3, x.ncols() + 1), x.map(|_| f64::NAN));
    for wrong in [&wide, &nan] {
        assert!(near.distance(wrong).is_nan());
        assert!(
            NearestElement::start(&kinks)
                .unwrap()
                .follow(wrong)
                .is_nan()
        );
        assert!(!kinks.fits(Observed::Whole, wrong));
        assert!(
            kinks
                .distance_to(Set::Joint, Observed::Whole, wrong, 9)
                .is_none()
        );
    }
    let long = crate::linalg::Vector::zeros(4);
    let image = Matrix::zeros(x.ncols(), 1);
    assert!(!kinks.fits(Observed::Cotangent(&long), &image));
    let enclosed = kinks.enclose(Set::Imp, Observed::Whole, &x);
    let by_hand = kinks.distance_to(Set::Imp, Observed::Whole, &x, crate::tol::KINK_NODES);
    assert!(enclosed.is_some() && enclosed == by_hand);
}

/// No unit at its kink: the sets are one matrix, and what is elsewhere is proven outside.
#[test]
fn with_no_kink_all_sets_are_one_matrix() {
    let (_, truth, kinks) = solved(Kind::KinkFiniteTime, 3, 2, 1);
    assert_eq!(kinks.count(), 0);
    let j = &truth.jacobian.as_ref().unwrap().j;
    let y = crate::linalg::Vector::from_element(3, 0.75);
    for observed in [Observed::Whole, Observed::Cotangent(&y)] {
        let at = observed.of(j).0;
        let inside = kinks.outside_fix(observed, &at, 1e-9);
        assert!(inside.is_none_or(|o| o.lower <= 1e-12));
        let far = at.map(|v| v + 1.0);
        let distance = observed
            .distance_to_hull(&far, kinks.joint_hull().unwrap())
            .unwrap();
        let outside = kinks.outside_fix(observed, &far, 0.1).unwrap().lower;
        assert!(
            outside <= distance.upper && outside >= 0.99 * distance.lower,
            "{outside} {distance:?}"
        );
        for set in [Set::Joint, Set::Imp] {
            let gap = kinks.hull_gap(set, observed, &far).unwrap();
            assert!(
                (gap.0 - distance.lower).abs() <= 1e-9 * distance.upper,
                "{gap:?} {distance:?}"
            );
        }
        for x in [1e160, 1e300] {
            let huge = at.map(|v| v - x);
            assert!(
                kinks
                    .outside_fix(observed, &huge, 0.1)
                    .is_none_or(|o| o.lower > 0.1)
            );
        }
    }
}

#[test]
fn selections_are_described() {
    let said = [
        Selection::Fixed(0.5),
        Selection::Random(3),
        Selection::Adversarial,
    ]
    .map(Selection::describe);
    assert_eq!(
        said,
        [
            "weight 0.5 at ties",
            "random weights at ties",
            "adversarial weights at ties"
        ]
    );
}

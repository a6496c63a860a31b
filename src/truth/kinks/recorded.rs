//! Every certified number at kinks, as it was recorded. No matrix here has more than five rows and
//! five columns: products of larger ones depend on the machine.

use super::tests::{KINDS, solved};
use super::*;
use crate::instances::{Kind, Random};
use crate::linalg::{Matrix, Vector};
use crate::recorded::check;
use crate::sets::Enclosure;
use crate::truth::reference::{Rational, Scalar};

fn pair(e: Enclosure) -> String {
    format!("{:?} {:?}", e.lower, e.upper)
}

/// Slopes at the kinks, multiples of an eighth of their range.
fn slopes(kinks: &Kinks, random: &mut Random) -> Vec<f64> {
    let [lo, hi] = kinks.form.range;
    let weight = |_| lo + (hi - lo) * random.integer(0, 8) as f64 / 8.0;
    (0..kinks.count()).map(weight).collect()
}

fn vector(d: usize, random: &mut Random) -> Vector {
    Vector::from_fn(d, |_, _| random.integer(0, 64) as f64 / 16.0 - 1.97)
}

/// The same with slopes in another range, and data that rounding took something from: no map, but
/// what is certified of its elements follows from the form alone.
fn other(mut kinks: Kinks) -> Kinks {
    let form = &mut kinks.form;
    form.range = [-0.25, 0.625];
    form.slope.iter_mut().for_each(|s| *s *= 0.5);
    form.lost = [0.0, 2e-12, 3e-12];
    kinks
}

/// Each instance with its name.
fn instances(sizes: &[(usize, usize, u64)]) -> Vec<(String, crate::instances::Instance, Kinks)> {
    let all = KINDS
        .iter()
        .flat_map(|k| sizes.iter().map(move |s| (*k, *s)));
    all.map(|(kind, (dim, rows, seed))| {
        let (instance, _, kinks) = solved(kind, dim, rows, seed);
        (format!("{} {dim}/{rows}", kind.name()), instance, kinks)
    })
    .collect()
}

#[test]
fn elements_and_what_is_around_them() {
    let mut lines = Vec::new();
    let sizes = [(2, 1, 3), (4, 3, 1)];
    let others = instances(&sizes).into_iter();
    let others = others.map(|(name, _, kinks)| (format!("{name}, other"), other(kinks)));
    let own = instances(&sizes).into_iter();
    for (name, kinks) in own.map(|(name, _, kinks)| (name, kinks)).chain(others) {
        let mut random = Random::new(3);
        let (s, s2) = (slopes(&kinks, &mut random), slopes(&kinks, &mut random));
        let (x, error) = kinks.element(&s, &s2).unwrap();
        let (centre, radius) = kinks.ball().unwrap();
        lines.push(format!(
            "{name}: q {:?}, element {error:?} of {:?}",
            kinks.q,
            x[(0, 0)]
        ));
        lines.push(format!(
            "{name}: step {:?}, row {:?}",
            kinks.step_lost(&x),
            kinks.row_lost(0, &x)
        ));
        lines.push(format!("{name}: ball {radius:?} of {:?}", centre[(0, 0)]));
        let d = kinks.shape().0;
        let y = vector(d, &mut random);
        for observed in [Observed::Whole, Observed::Cotangent(&y)] {
            for set in [Set::Joint, Set::Imp] {
                let at = observed.of(&centre).0 * 1.5;
                let found = kinks.centre(set, observed, &at, &s).unwrap();
                lines.push(format!(
                    "{name} {set:?}: {}, rates {:?}",
                    pair(found.distance),
                    found.rates
                ));
                let near = kinks.distance_to(set, observed, &at, 9).unwrap();
                lines.push(format!("{name} {set:?}: distance {}", pair(near)));
            }
            let (rows, columns) = observed.of(&x).0.shape();
            let z = Matrix::from_fn(rows, columns, |_, _| {
                random.integer(0, 18) as f64 / 8.0 - 1.1
            });
            let beyond = kinks.support_bound(&centre, radius * observed.scale(&z), observed, &z);
            let direction = observed.direction::<f64>(&z);
            let big = Matrix::from_fn(d, direction.len(), |i, j| direction[j][i]);
            let size = crate::sets::nuclear_upper(&big);
            let b: Vec<f64> = (0..direction.len()).map(|j| 0.7 - j as f64 * 0.3).collect();
            let of_unit: Vec<f64> = (0..kinks.count()).map(|n| beyond.of_unit(n, &b)).collect();
            lines.push(format!(
                "{name}: size {:?}, support {:?} {of_unit:?}",
                observed.size(&z),
                beyond.of(&big, size)
            ));
        }
    }
    check("kinks-elements", &lines);
}

/// An element, one that is off a little, and what is far from all.
fn shown(kinks: &Kinks, observed: Observed, random: &mut Random) -> Vec<Matrix> {
    let (s, s2) = (slopes(kinks, random), slopes(kinks, random));
    let x = observed.of(&kinks.element(&s, &s2).unwrap().0).0;
    let noise = Matrix::from_fn(x.nrows(), x.ncols(), |_, _| {
        random.integer(0, 16) as f64 / 8.0 - 1.0
    });
    // In the middle of the hulls, which is in neither set.
    let all = (1 << kinks.count()) - 1;
    let [low, high] = [0, all].map(|c| kinks.corner(c));
    let end = |a: &[f64], b: &[f64]| observed.of(&kinks.element(a, b).unwrap().0).0;
    vec![
        x.clone(),
        &x + &noise * 0.02,
        x * 2.0 + noise,
        (end(&low, &low) + end(&high, &high)) * 0.5,
        (end(&low, &high) + end(&high, &low)) * 0.5,
    ]
}

#[test]
fn distances_to_d_joint_and_d_imp() {
    let mut lines = Vec::new();
    for (name, _, kinks) in instances(&[(2, 1, 5), (3, 2, 6)]) {
        let mut random = Random::new(9);
        let y = vector(kinks.shape().0, &mut random);
        for observed in [Observed::Whole, Observed::Cotangent(&y)] {
            for x in shown(&kinks, observed, &mut random) {
                for set in [Set::Joint, Set::Imp] {
                    let near = kinks.distance_to(set, observed, &x, 24).unwrap();
                    let ([a, b], fitted) = kinks.fitted(set, observed, &x).unwrap();
                    lines.push(format!(
                        "{name} {set:?}: {}, {fitted:?} at {a:?} {b:?}",
                        pair(near)
                    ));
                    let exact = kinks.hull_gap(set, observed, &x).unwrap();
                    lines.push(format!("{name} {set:?}: hull {exact:?}"));
                }
                let hull = kinks.distance_to_joint_hull(observed, &x).unwrap();
                let imp = kinks.distance_to_imp_hull(observed, &x).unwrap();
                lines.push(format!("{name}: hulls {}, {}", pair(hull), pair(imp)));
            }
        }
    }
    check("kinks-implicit", &lines);
}

#[test]
fn distances_to_d_fix() {
    let mut lines = Vec::new();
    for (name, _, kinks) in instances(&[(2, 1, 7), (4, 3, 8)]) {
        let mut random = Random::new(11);
        let y = vector(kinks.shape().0, &mut random);
        for observed in [Observed::Whole, Observed::Cotangent(&y)] {
            for x in shown(&kinks, observed, &mut random) {
                let ball = kinks.outside_ball(observed, &x).unwrap();
                lines.push(format!("{name}: ball {ball:?}"));
                for enough in [0.0, 0.01, 0.2, 1.0] {
                    let text = kinks
                        .outside_fix(observed, &x, enough)
                        .map_or("none".into(), |o| {
                            format!(
                                "{:?} gap {:?} along {:?}",
                                o.lower,
                                o.gap.to_f64(),
                                o.direction.norm()
                            )
                        });
                    lines.push(format!("{name}: beyond {enough}: {text}"));
                }
            }
        }
    }
    check("kinks-fix", &lines);
}

/// The search itself: its bound, and the vertices that come closest to it.
#[test]
fn supports_of_d_fix() {
    let mut lines = Vec::new();
    for (name, _, kinks) in instances(&[(2, 1, 7), (4, 3, 8), (5, 4, 9)]) {
        let mut random = Random::new(19);
        let (centre, radius) = kinks.ball().unwrap();
        let y = vector(kinks.shape().0, &mut random);
        for observed in [Observed::Whole, Observed::Cotangent(&y)] {
            let (rows, columns) = observed.of(&centre).0.shape();
            let z = Matrix::from_fn(rows, columns, |_, _| {
                random.integer(0, 16) as f64 / 8.0 - 0.9
            });
            let form = kinks.exact_form::<f64>((&centre, radius), observed, &z);
            let direction = || observed.direction(&z);
            let (first, _) = form.support(&kinks, direction(), f64::INFINITY).unwrap();
            for part in [0.9, 0.5] {
                let least = observed.of(&centre).0.dot(&z);
                let target = least + part * (first - least);
                let (bound, path) = form.support(&kinks, direction(), target).unwrap();
                lines.push(format!(
                    "{name}: {first:?}, below {part}: {bound:?} by {} vertices",
                    path.len()
                ));
            }
        }
    }
    check("kinks-supports", &lines);
}

#[test]
fn elements_of_d_fix_that_are_near() {
    let mut lines = Vec::new();
    for (name, _, kinks) in instances(&[(2, 1, 2), (3, 2, 4)]) {
        let mut random = Random::new(13);
        let (d, m) = kinks.shape();
        let y = vector(d, &mut random);
        let mut near = NearestElement::start(&kinks).unwrap();
        let mut x = Matrix::zeros(d, m);
        let mut starts = Vec::new();
        for _ in 0..6 {
            let (s, s2) = (slopes(&kinks, &mut random), slopes(&kinks, &mut random));
            x = kinks.step(&s, &s2, &x);
            starts.insert(0, s);
            let before = near.distance(&x);
            let followed = near.follow(&x);
            lines.push(format!(
                "{name}: {before:?}, then {followed:?}, {:?}",
                near.rounding()
            ));
        }
        let seen = Observed::Cotangent(&y).of(&x).0;
        let product = kinks.near_product(&y, &seen, &[starts], 1e-12).unwrap();
        lines.push(format!(
            "{name}: product {:?} {:?}",
            product.distance, product.rounding
        ));
    }
    check("kinks-near", &lines);
}

#[test]
fn runs_in_rationals() {
    let mut lines = Vec::new();
    for (name, instance, kinks) in instances(&[(2, 1, 2), (3, 2, 4)]) {
        for j in 0..instance.lambda.len() {
            for sign in [1.0, -1.0] {
                let mut along = vec![0.0; instance.lambda.len()];
                along[j] = sign;
                let problem = instance.map.problem();
                let slope =
                    kinks.difference_quotient(problem, &instance.lambda, &along, 2f64.powi(-20));
                let vertex = slope.and_then(|v| kinks.one_sided_vertex(&v, &along));
                lines.push(format!("{name}: vertex {vertex:?} along {along:?}"));
            }
        }
        let start: Vec<Rational> = instance
            .start
            .iter()
            .map(|v| Rational::exactly(*v))
            .collect();
        for selection in [
            Selection::Fixed(0.25),
            Selection::Random(9),
            Selection::Adversarial,
        ] {
            for (from, w0) in [("start", &start), ("solution", &kinks.w)] {
                let run = rational_run(&kinks, w0, 5, selection).unwrap();
                let lost: Vec<f64> = run.d.iter().map(|d| d.1).collect();
                lines.push(format!(
                    "{name} {selection:?} from the {from}: {} ties, e {:?}, excess {:?}, lost {lost:?}",
                    run.ties, run.e, run.excess
                ));
            }
        }
    }
    check("kinks-rational", &lines);
}

/// Beyond [`MAX_IMP_KINKS`] the hull of D_imp is met by cutting planes; six units need no more than
/// three coordinates.
#[test]
fn the_hull_of_d_imp_with_many_kinks() {
    let mut lines = Vec::new();
    for kind in [Kind::KinkLayerRelu, Kind::KinkLayerAbs] {
        let (_, _, kinks) = solved(kind, 3, 6, 1);
        assert_eq!(kinks.count(), MAX_IMP_KINKS + 1);
        let mut random = Random::new(15);
        let y = vector(3, &mut random);
        for observed in [Observed::Whole, Observed::Cotangent(&y)] {
            for x in shown(&kinks, observed, &mut random) {
                let imp = kinks.distance_to_imp_hull(observed, &x).unwrap();
                lines.push(format!("{}: {}", kind.name(), pair(imp)));
            }
        }
    }
    check("kinks-many", &lines);
}

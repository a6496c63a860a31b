//! Errors and doubts of ground truth at maps whose numbers are known by hand. An error that is too
//! large hides faults of what is judged against it, and no instance shows it.

use super::aid_limit::aid_limit;
use super::ambiguous_units::AmbiguousUnits;
use super::fixed_point::kappa;
use super::ground::Truth;
use super::reference::{Given, Scalar, Seed};
use crate::linalg::{Dd, Matrix, Vector};
use crate::maps::composite::{Composite, Inner, NoiseModel, Outer, Sample};
use crate::maps::{Activation, Affine, AffineForm, Layer, Map, MaxMin, Rounding, Tie};
use crate::tol::{DD_UNIT, Roundoff, UNIT, gamma};

#[track_caller]
fn near(got: f64, want: f64) {
    assert!((got - want).abs() <= 1e-11 * want, "{got:e} for {want:e}");
}

fn one(v: f64) -> Matrix {
    Matrix::from_element(1, 1, v)
}

#[test]
fn kappa_is_rounded_up_and_little_more() {
    assert_eq!(kappa(0.5), 2.0 * (1.0 + 2.0 * f64::EPSILON));
    assert_eq!(kappa(0.0), 1.0 + 2.0 * f64::EPSILON);
    assert!(kappa(0.75) >= 4.0 && kappa(0.75) <= 4.0 * (1.0 + 3.0 * f64::EPSILON));
}

/// Φ = w/2 + 3λ at λ = 1: w(λ) = 6 and J = 6, all of it exact.
#[test]
fn errors_of_a_map_without_rounding() {
    let map = Affine {
        a: one(0.5),
        b: one(3.0),
        c: Vector::zeros(1),
    };
    let map = Map::new(map).unwrap();
    let truth = Truth::solve(&map, &[1.0]).unwrap();
    let q = truth.constants.q;
    assert!((0.5..0.5 + 1e-15).contains(&q));
    let found = &truth.fixed_point;
    assert_eq!((found.w[0], found.residual, found.rest[0]), (6.0, 0.0, 0.0));
    // Nothing but what one evaluation may lose in double-double.
    let r = map.rounding(&[1.0], Roundoff::DOUBLE);
    let level = r.value[0] * 6.0 + r.value[1] + 6.0 * f64::EPSILON;
    near(found.error, 2.0 * level * DD_UNIT / UNIT);
    near(found.rest_error, found.error);
    let limit = aid_limit(&truth, &Vector::from_vec(vec![2.0]), 1.0).unwrap();
    assert_eq!((limit.j[(0, 0)], limit.p[(0, 0)]), (6.0, 0.5));
    // κ(γ₂((1 + ‖P‖)‖J‖ + ‖∂₂Φ‖)), and the implementation forms P and ∂₂Φ at ‖w‖ = 2.
    near(limit.error, 2.0 * gamma(2) * (1.5 * 6.0 + 3.0));
    let push = Rounding::at(r.push_w, 2.0);
    let last = Rounding::at(r.push_lambda, 2.0);
    assert!(push > 0.0);
    near(limit.forming, 2.0 * (push * 6.0 + last));
    assert!(!limit.doubt);
}

/// Φ = relu(w + λ + 2)/4 + relu(w/2 + λ/4 + c)/2 at λ = 1, w(λ) = 1 where the second unit is at
/// 3/4 + c ≤ 0.
fn layer(second: f64) -> Truth {
    let layer = Layer {
        a: Matrix::from_row_slice(1, 2, &[0.25, 0.5]),
        v: Matrix::from_row_slice(2, 1, &[1.0, 0.5]),
        b: Matrix::from_row_slice(2, 1, &[1.0, 0.25]),
        c: Vector::from_vec(vec![2.0, second - 0.75]),
        activation: Activation::Relu,
    };
    Truth::solve(&Map::new(layer).unwrap(), &[1.0]).unwrap()
}

fn doubts(truth: &Truth, fw: f64) -> AmbiguousUnits {
    let w: Vec<Dd> = truth.w().iter().map(|v| Dd::exactly(*v)).collect();
    let point = truth.naive.at(&w, &mut Tie::Weight(0.0)).unwrap();
    AmbiguousUnits::at(truth, &point, truth.w().norm(), fw)
}

#[test]
fn doubts_about_a_unit_of_a_layer() {
    let at_kink = layer(0.0);
    assert_eq!(at_kink.w()[0], 1.0);
    assert_eq!(at_kink.ambiguous_units(), [1]);
    let columns = [2.0, 3.0].map(|x| vec![Dd::exactly(x)]).to_vec();
    let found = doubts(&at_kink, 0.0);
    // Slopes 0 and 1 of the second unit: ∂₁Φ differs by 1/4, ∂₂Φ by 1/8.
    near(found.of_w(&at_kink, &columns), 0.25 * 13f64.sqrt());
    near(found.of_lambda(&at_kink), 0.125);
    // An eighth below it, seen from ŵ with an error: its input moves by half of that.
    let beside = layer(-0.125);
    assert_eq!((beside.w()[0], beside.ambiguous_units().len()), (1.0, 0));
    assert!(doubts(&beside, 0.249).is_none() && doubts(&beside, 0.2).is_none());
    assert!(!doubts(&beside, 0.251).is_none());
    assert_eq!(doubts(&beside, 0.2).of_w(&beside, &columns), 0.0);
}

/// The band of a unit: its sensitivity times the error of ŵ, and what rounding its input at a point
/// of norm ‖ŵ‖ and that error takes.
#[test]
fn doubts_about_a_unit_that_rounds() {
    let mut beside = layer(-0.125);
    beside.judged.units[1] = [0.1, 0.0];
    // At ‖w‖ = 1: ½f + (1 + f)/10 reaches ⅛ at f = 1/24.
    assert!(doubts(&beside, 1.0 / 25.0).is_none());
    assert!(!doubts(&beside, 1.0 / 23.0).is_none());
}

#[test]
fn what_is_printed_of_a_truth_has_its_parameters() {
    assert!(format!("{:?}", layer(0.0)).contains("lambda: [1.0]"));
}

/// Three forms of which two tie for the largest, or the least: weights are asked for by unit, and
/// margins are those to the best rival.
#[test]
fn forms_that_tie_are_weighted_by_unit() {
    let form = |c: [f64; 2]| AffineForm {
        a: Matrix::zeros(2, 2),
        b: Matrix::zeros(2, 1),
        c: Vector::from_row_slice(&c),
    };
    let map = MaxMin {
        forms: vec![form([1.0, 3.0]), form([4.0, 1.0]), form([4.0, 1.5])],
        least: vec![false, true],
    };
    let truth = Truth::solve(&Map::new(map).unwrap(), &[1.0]).unwrap();
    assert_eq!(truth.w().as_slice(), [4.0, 1.0]);
    let w: Vec<Dd> = truth.w().iter().map(|v| Dd::exactly(*v)).collect();
    let mut asked = Vec::new();
    let mut weight = |unit: usize| {
        asked.push(unit);
        0.25
    };
    let point = truth.naive.at(&w, &mut Tie::Ask(&mut weight)).unwrap();
    let of = |v: &[Dd]| v.iter().map(|v| v.hi()).collect::<Vec<f64>>();
    // Of the first coordinate forms 1 and 2 tie, of the second none does.
    assert_eq!(asked, [2]);
    assert_eq!(of(&point.slope), [0.0, 0.75, 0.25, 0.0, 1.0, 0.0]);
    assert_eq!(of(&point.margin), [-3.0, 0.0, 0.0, -2.0, 0.5, -0.5]);
    assert_eq!(truth.ambiguous_units(), [1, 2]);
    // Both forms are constant, so that nothing moves with either.
    let column = vec![vec![Dd::exactly(1.0), Dd::exactly(1.0)]];
    assert_eq!(doubts(&truth, 0.0).of_w(&truth, &column), 0.0);
}

/// Where three forms tie, each but the first is asked for its share of what is left.
#[test]
fn three_forms_share_what_is_left() {
    let form = |c: [f64; 2]| AffineForm {
        a: Matrix::zeros(2, 2),
        b: Matrix::zeros(2, 1),
        c: Vector::from_row_slice(&c),
    };
    // The second coordinate, of units 4 to 7.
    let map = MaxMin {
        forms: [[3.0, 2.0], [1.0, 2.0], [0.0, 2.0], [0.5, 1.0]]
            .map(form)
            .to_vec(),
        least: vec![false; 2],
    };
    let truth = Truth::solve(&Map::new(map).unwrap(), &[1.0]).unwrap();
    let w = [3.0, 2.0].map(Dd::exactly);
    let mut weight = |unit: usize| [0.5, 0.25][unit - 5];
    let point = truth.naive.at(&w, &mut Tie::Ask(&mut weight)).unwrap();
    let slopes: Vec<f64> = point.slope.iter().map(|v| v.hi()).collect();
    assert_eq!(slopes, [1.0, 0.0, 0.0, 0.0, 0.375, 0.5, 0.125, 0.0]);
}

/// One coordinate of two ties.
#[test]
fn doubts_about_one_pair_of_forms() {
    let form = |slope: f64, c: [f64; 2]| AffineForm {
        a: Matrix::from_row_slice(2, 2, &[slope, 0.0, 0.0, 0.0]),
        b: Matrix::zeros(2, 1),
        c: Vector::from_row_slice(&c),
    };
    let map = MaxMin {
        forms: vec![form(0.5, [0.5, 2.0]), form(0.125, [0.875, 1.0])],
        least: vec![false, false],
    };
    let truth = Truth::solve(&Map::new(map).unwrap(), &[1.0]).unwrap();
    assert_eq!(truth.w().as_slice(), [1.0, 2.0]);
    let column = vec![vec![Dd::exactly(4.0), Dd::exactly(8.0)]];
    near(doubts(&truth, 0.0).of_w(&truth, &column), 0.375 * 4.0);
    // Units of different coordinates make no pair: 1 and 2 of [0, 1, 2].
    let mut truth = truth;
    truth.judged.units[2] = [2.0, 0.0];
    let column = vec![vec![Dd::exactly(4.0), Dd::exactly(8.0)]];
    near(doubts(&truth, 0.0).of_w(&truth, &column), 0.375 * 4.0);
}

/// Two coordinates at which two of two forms are largest: each is in doubt by itself.
#[test]
fn doubts_about_forms_that_tie() {
    let form = |a: [f64; 4], c: [f64; 2]| AffineForm {
        a: Matrix::from_row_slice(2, 2, &a),
        b: Matrix::from_row_slice(2, 1, &[1.0, 1.0]),
        c: Vector::from_row_slice(&c),
    };
    // w = (1, 1): the first coordinate of both forms is 1, and so is the second.
    let forms = vec![
        form([0.25, 0.0, 0.0, 0.5], [-0.25, -0.5]),
        form([0.0, 0.5, 0.125, 0.0], [-0.5, -0.125]),
    ];
    let map = MaxMin {
        forms,
        least: vec![false, true],
    };
    let truth = Truth::solve(&Map::new(map).unwrap(), &[1.0]).unwrap();
    assert_eq!(truth.w().as_slice(), [1.0, 1.0]);
    assert_eq!(truth.ambiguous_units(), [0, 1, 2, 3]);
    let column = vec![vec![Dd::exactly(1.0), Dd::exactly(3.0)]];
    // (1/4, 0) - (0, 1/2) and (0, 1/2) - (1/8, 0), applied to (1, 3).
    let want = (0.25f64 - 1.5).abs() + (1.5f64 - 0.125).abs();
    near(doubts(&truth, 0.0).of_w(&truth, &column), want);
    assert_eq!(doubts(&truth, 0.0).of_lambda(&truth), 0.0);
}

/// T̂ = w/2 ± ½ and G = max(·, 0) at w = 1: one of the two samples is at the kink, and SID's run is
/// in doubt from the update on that uses it.
#[test]
fn doubts_of_sid_begin_where_a_sample_is_at_a_kink() {
    let inner = NoiseModel::additive(one(0.5), one(0.0), Vector::zeros(1), 0.5);
    let map = Composite::new(Inner::Noise(inner), Outer::Nonnegative).unwrap();
    let values = [0, 1].map(|i| {
        let mut out = [0.0];
        map.inner()
            .apply(&[1.0], &[0.0], Sample::Batch(&[i]), &mut out);
        out[0]
    });
    assert!(values.contains(&0.0) && values.contains(&1.0), "{values:?}");
    let away = usize::from(values[1] == 1.0);
    let (kink, away) = ([1 - away], [away]);
    let comparable = |inner: &[usize], samples: [&[usize]; 3], sid| {
        let run = Given {
            map: &map,
            lambda: &[0.0],
            w: &[1.0],
            seed: Seed::new(&[1.0], None),
            inner: vec![inner],
            samples: samples.to_vec(),
            eta: &[0.5; 3],
            steps: &[0, 1, 2, 3],
            sid,
            u: Roundoff::DOUBLE,
        };
        run.run().comparable
    };
    assert_eq!(comparable(&away, [&away, &kink, &away], true), 2);
    assert_eq!(comparable(&away, [&away, &away, &away], true), 4);
    assert_eq!(comparable(&kink, [&away, &away, &away], true), 0);
    // NSID's Γ is that of the inner samples alone.
    assert_eq!(comparable(&away, [&kink, &kink, &kink], false), 4);
    assert_eq!(comparable(&kink, [&away, &away, &away], false), 0);
}

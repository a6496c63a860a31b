//! Radii of rounding: carried where something was lost, zero where nothing was.

use super::*;

#[test]
fn norms_of_what_is_not_finite_are_infinite_above_and_nothing_below() {
    use crate::sets::rounding::{euclidean_lower, euclidean_upper};
    for x in [f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
        let v = [1.0, x, 0.5];
        assert_eq!(
            (euclidean_lower(&v), euclidean_upper(&v)),
            (0.0, f64::INFINITY)
        );
        let m = m(1, 3, &v);
        assert!(norm_upper(&m) == f64::INFINITY && norm_lower(&m) == 0.0);
        assert!(distance(&m, &Hull::new(vec![M::zeros(1, 3)]).unwrap(), &effort()).is_err());
    }
    assert_eq!(
        (euclidean_lower(&[0.0; 3]), euclidean_upper(&[0.0; 3])),
        (0.0, 0.0)
    );
    for radius in [-1e-9, f64::NAN] {
        assert!(Points::rounded(vec![row(1.0)], radius).is_err());
    }
}

#[test]
fn rounding_is_carried_and_absent_where_arithmetic_is_exact() {
    let mask = masked(&m(2, 2, &[0.1, 0.2, 0.3, 0.7]), &[0.0, 1.0], &[1.0, 1.0]).unwrap();
    assert_eq!((mask.rounding(), mask.free_count()), (0.0, 1));
    assert_eq!(corners(&mask).points().rounding(), 0.0);
    let thirds = Points::single(m(2, 2, &[0.1, 0.2, 0.3, 0.7])).unwrap();
    let square = thirds.product(&thirds).unwrap();
    assert!(square.rounding() > 0.0 && square.rounding() < 1e-15);
    let whole = Points::single(m(2, 2, &[1.0, 2.0, 3.0, 7.0])).unwrap();
    assert_eq!(whole.product(&whole).unwrap().rounding(), 0.0);
    assert_eq!(whole.inverse().unwrap().members()[0].shape(), (2, 2));
    // (0.1 + 0.2) is not 0.3: the excess of the sum over {0.3} is tiny, positive and enclosed.
    let sum = Points::single(row(0.1))
        .unwrap()
        .sum(&Points::single(row(0.2)).unwrap())
        .unwrap();
    let e = excess(&sum, &Points::single(row(0.3)).unwrap()).unwrap();
    // Exactly: 0.1 + 0.2 - 0.3 of the doubles is 2^-55.
    assert!(e.contains(2f64.powi(-55)) && e.upper < 1e-16, "{e:?}");
}

/// What a set is known to within is added on both sides, in distances, excesses and norms.
#[test]
fn what_a_set_is_known_to_within_widens_every_enclosure() {
    let mut stream = Stream(11);
    let (r, a) = (0.25, stream.matrix(2, 3));
    let members: Vec<M> = (0..3).map(|_| stream.matrix(2, 3)).collect();
    let sharp = Points::new(members.clone()).unwrap();
    let blurred = Points::rounded(members, r).unwrap();
    let widened = |e: Enclosure, by: Enclosure| {
        (by.upper - e.upper - r).abs() < 1e-15 && (by.lower - (e.lower - r).max(0.0)).abs() < 1e-15
    };
    let to = |set: &Points| distance(&a, set, &effort()).unwrap().distance;
    assert!(widened(to(&sharp), to(&blurred)));
    let from = |set: &Points| excess(set, &Points::single(a.clone()).unwrap()).unwrap();
    assert!(widened(from(&sharp), from(&blurred)));
    assert!(widened(sup_norm(&sharp), sup_norm(&blurred)));
    let hull = |set: &Points| {
        distance(&a, &set.clone().into_hull(), &effort())
            .unwrap()
            .distance
    };
    assert!(widened(hull(&sharp), hull(&blurred)));
    // A box that loses something when fixed entries are folded in.
    let third = m(1, 2, &[1.0 / 3.0, 0.0]);
    let one = m(2, 1, &[0.1, 1.0]);
    let fixed = DiagonalBox::new(&one, &third, &m(2, 2, &[0.7; 4]), &[0.3], &[0.3]).unwrap();
    assert!(fixed.rounding() > 0.0 && fixed.free_count() == 0);
    let at = distance(fixed.offset(), &fixed, &effort())
        .unwrap()
        .distance;
    assert!(at.upper >= fixed.rounding() && at.lower == 0.0, "{at:?}");
}

/// Every element of the exact set is within the radius: intervals, where the worst case is known.
#[test]
fn radii_of_products_and_inverses_hold_and_are_no_larger_than_they_must() {
    let interval = |v: f64, r: f64| Points::rounded(vec![row(v)], r).unwrap();
    let within = |found: f64, least: f64| (least..=least * (1.0 + 1e-12)).contains(&found);
    // |(2+a)(3+b) - 6| for |a| ≤ ½, |b| ≤ ¼, by the bound that is stated.
    for (ra, rb) in [(0.5, 0.25), (0.5, 0.0), (0.0, 0.25)] {
        let product = interval(2.0, ra).product(&interval(3.0, rb)).unwrap();
        assert!(product.rounding() >= (2.0 + ra) * (3.0 + rb) - 6.0);
        assert!(within(
            product.rounding(),
            (2.0 + ra) * rb + (3.0 + rb) * ra
        ));
    }
    // 1/[1.5, 2.5]: 2/3 is furthest from ½.
    let inverse = interval(2.0, 0.5).inverse().unwrap();
    assert!(
        within(inverse.rounding(), 2.0 / 3.0 - 0.5),
        "{}",
        inverse.rounding()
    );
    assert_eq!(interval(2.0, 0.0).inverse().unwrap().rounding(), 0.0);
    assert!(interval(2.0, 2.0).inverse().is_err());
    // A residual that is not 0: 1/3 is wrong by 2⁻⁵⁴/3.
    let third = interval(3.0, 0.0).inverse().unwrap();
    let error = 2f64.powi(-54) / 3.0;
    assert!(third.rounding() >= error, "{}", third.rounding());
    assert!(third.rounding() < 3.0 * error);
    let image = Points::rounded(vec![m(2, 1, &[1.0, 1.0])], 0.5).unwrap();
    let image = image.cotangent(&[3.0, 4.0]).unwrap();
    assert!(within(image.rounding(), 2.5));
}

/// Inverses of integer matrices, against rationals.
#[test]
fn inverses_are_within_their_radius() {
    use num_rational::BigRational;
    let exactly = |x: f64| BigRational::from_float(x).unwrap();
    let mut stream = Stream(21);
    for _ in 0..40 {
        let a = (stream.matrix(2, 2) * 8.0).map(f64::round);
        let det = a[(0, 0)] * a[(1, 1)] - a[(0, 1)] * a[(1, 0)];
        if det == 0.0 {
            continue;
        }
        let inverse = Points::single(a.clone()).unwrap().inverse().unwrap();
        let x = &inverse.members()[0];
        let adjugate = m(2, 2, &[a[(1, 1)], -a[(0, 1)], -a[(1, 0)], a[(0, 0)]]);
        let off: BigRational = { x.iter().zip(adjugate.iter()) }
            .map(|(x, y)| exactly(*x) - exactly(*y) / exactly(det))
            .map(|e| &e * &e)
            .sum();
        let radius = exactly(inverse.rounding());
        assert!(off <= &radius * &radius, "{a}");
        assert!(inverse.rounding() <= 1e-12 * x.norm());
    }
}

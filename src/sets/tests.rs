//! Enclosures of distances and excesses against brute force, closed forms and planted faults.

use nalgebra::DMatrix;
use proptest::prelude::*;

use super::*;
use crate::linalg::stream::Stream;

type M = DMatrix<f64>;

fn m(rows: usize, cols: usize, data: &[f64]) -> M {
    M::from_row_slice(rows, cols, data)
}

fn row(v: f64) -> M {
    m(1, 1, &[v])
}

fn effort() -> Effort {
    Effort::default()
}

/// Whether an enclosure of a problem of size `size` is as narrow as the methods ought to make it.
/// This judges their work, not their certificates: 1e-9 is what they aim at, 7e-9 the worst of
/// 20,000 random hulls.
fn sharp(e: Enclosure, size: f64) -> bool {
    e.width() <= 1e-7 * e.upper + 1e-13 * size
}

/// Random sets.
impl Stream {
    fn hull(&mut self, n: usize, r: usize, c: usize) -> Hull {
        Hull::new((0..n).map(|_| self.matrix(r, c)).collect()).unwrap()
    }

    fn box_set(&mut self, k: usize, r: usize, c: usize) -> DiagonalBox {
        let (left, right, offset) = (self.matrix(r, k), self.matrix(k, c), self.matrix(r, c));
        DiagonalBox::new(&left, &right, &offset, &vec![0.0; k], &vec![1.0; k]).unwrap()
    }
}

/// The hull of the 2^k corners of a box, which it is.
fn corners(set: &DiagonalBox) -> Hull {
    let k = set.free_count();
    let side = |code: usize, i: usize| [set.lo(), set.hi()][code >> i & 1][i];
    let (members, errors): (Vec<_>, Vec<f64>) = (0..1usize << k)
        .map(|code| {
            set.at(&(0..k).map(|i| side(code, i)).collect::<Vec<_>>())
                .unwrap()
        })
        .unzip();
    Points::rounded(members, errors.into_iter().fold(0.0, f64::max))
        .unwrap()
        .into_hull()
}

fn matrix(rows: usize, cols: usize) -> impl Strategy<Value = M> {
    proptest::collection::vec(-2.0..2.0f64, rows * cols)
        .prop_map(move |v| M::from_vec(rows, cols, v))
}

fn hull(rows: usize, cols: usize) -> impl Strategy<Value = Hull> {
    proptest::collection::vec(matrix(rows, cols), 1..5).prop_map(|v| Hull::new(v).unwrap())
}

fn box_set(rows: usize, cols: usize) -> impl Strategy<Value = DiagonalBox> {
    (1usize..4).prop_flat_map(move |k| {
        (
            matrix(rows, k),
            matrix(k, cols),
            matrix(rows, cols),
            matrix(2, k),
        )
            .prop_map(move |(l, r, c, s)| {
                let lo: Vec<f64> = (0..k).map(|i| s[(0, i)].min(s[(1, i)])).collect();
                let hi: Vec<f64> = (0..k).map(|i| s[(0, i)].max(s[(1, i)])).collect();
                DiagonalBox::new(&l, &r, &c, &lo, &hi).unwrap()
            })
    })
}

#[test]
fn norms_of_what_is_not_finite_are_infinite_above_and_nothing_below() {
    use super::rounding::{euclidean_lower, euclidean_upper};
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
fn the_separator_of_one_element_is_that_of_the_norm() {
    let shapes = [(1, 1), (4, 1), (1, 4), (2, 2), (3, 5), (5, 3)];
    let scales = [1.0, 1e-150, 1e150, 1e300];
    for ((r, c), scale) in shapes.into_iter().flat_map(|s| scales.map(|k| (s, k))) {
        let mut s = Stream(r as u64);
        let (a, b) = (s.matrix(r, c) * scale, s.matrix(r, c) * scale);
        let near = distance(&a, &Hull::new(vec![b.clone()]).unwrap(), &effort()).unwrap();
        let y = &near.separator;
        // Both sides a fraction of their size, so that ⟨Y, a - b⟩ is one.
        let bound = y.dot(&(&a / scale - &b / scale)) / nuclear_upper(y) * scale;
        assert!(sharp(near.distance, scale), "{near:?}");
        let off = (bound - near.distance.lower).abs();
        assert!(off <= 1e-12 * bound, "{bound} {near:?}");
    }
    let same = M::identity(2, 2);
    let near = distance(&same, &Hull::new(vec![same.clone()]).unwrap(), &effort()).unwrap();
    assert_eq!(near.separator, M::zeros(2, 2));
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 48,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn cotangent_images_do_not_exceed_the_norm_of_the_cotangent(
        a in hull(3, 2),
        b in box_set(3, 2),
        y in matrix(3, 1),
    ) {
        let (ya, yb) = (a.cotangent(y.as_slice()).unwrap(), b.cotangent(y.as_slice()).unwrap());
        let (image, whole) = (excess(ya.points(), &yb).unwrap(), excess(a.points(), &b).unwrap());
        prop_assert!(image.lower <= norm_upper(&y) * whole.upper);
        prop_assert!(sharp(image, 100.0), "{:?}", image);
        // Transposed factors describe the same image as its corners do.
        let listed = corners(&b).cotangent(y.as_slice()).unwrap();
        let other = excess(ya.points(), &listed).unwrap();
        prop_assert!(image.lower <= other.upper && other.lower <= image.upper, "{:?}", other);
    }

    #[test]
    fn two_descriptions_of_one_box_agree(a in matrix(3, 3), b in box_set(3, 3)) {
        let d = distance(&a, &b, &effort()).unwrap().distance;
        let e = distance(&a, &corners(&b), &effort()).unwrap().distance;
        prop_assert!(sharp(d, 50.0) && sharp(e, 50.0), "{:?} {:?}", d, e);
        prop_assert!(d.lower <= e.upper && e.lower <= d.upper, "{:?} {:?}", d, e);
    }

    /// Members that are no vertices are at distance zero, to rounding.
    #[test]
    fn members_are_at_no_distance(c in box_set(2, 3), share in 0.0..1.0f64) {
        let between = c.lo().iter().zip(c.hi()).map(|(l, h)| (1.0 - share) * l + share * h);
        let s: Vec<f64> = between.collect();
        let (inner, error) = c.at(&s).unwrap();
        let d = distance(&inner, &c, &effort()).unwrap().distance;
        prop_assert!(d.lower <= error && d.upper < 1e-12, "{:?}", d);
    }
}

/// Norms of 2 x 2 matrices by the closed form, from nothing this folder uses: a matrix of the plane
/// is a similarity plus a reflected one, and its largest singular value is the sum of their
/// factors.
fn norm_2x2(x: &M) -> f64 {
    let (a, b, c, d) = (x[(0, 0)], x[(0, 1)], x[(1, 0)], x[(1, 1)]);
    ((a + d).hypot(b - c) + (a - d).hypot(b + c)) / 2.0
}

/// Every certified distance lies between the best grid point minus the reach of the grid, and that
/// point.
#[test]
fn distances_agree_with_brute_force_grids() {
    let mut stream = Stream(3);
    let n = 40;
    for trial in 0..30 {
        let a = stream.matrix(2, 2) * 2.0;
        let b = stream.box_set(2, 2, 2);
        let mut best = f64::INFINITY;
        for i in 0..=n {
            for j in 0..=n {
                let s = [i as f64 / n as f64, j as f64 / n as f64];
                best = best.min(norm_2x2(&(&a - b.at(&s).unwrap().0)));
            }
        }
        let reach: f64 = (0..2)
            .map(|i| b.left().column(i).norm() * b.right().row(i).norm())
            .sum::<f64>()
            / (2 * n) as f64;
        let found = distance(&a, &b, &effort()).unwrap();
        let d = found.distance;
        assert!(
            d.lower <= best * (1.0 + 1e-14) && d.upper >= best - reach,
            "box {trial}: {d:?} {best} {reach}"
        );
        assert!(sharp(d, 5.0), "box {trial}: {d:?}");
        assert!(norm_2x2(&(&a - &found.point)) <= d.upper * (1.0 + 1e-14));

        let h = stream.hull(3, 2, 2);
        let v = h.vertices();
        let mut best = f64::INFINITY;
        for i in 0..=n {
            for j in 0..=n - i {
                let (p, q) = (i as f64 / n as f64, j as f64 / n as f64);
                best = best.min(norm_2x2(
                    &(&a - (&v[0] * p + &v[1] * q + &v[2] * (1.0 - p - q))),
                ));
            }
        }
        let reach = ((&v[0] - &v[2]).norm() + (&v[1] - &v[2]).norm()) / n as f64;
        let d = distance(&a, &h, &effort()).unwrap().distance;
        assert!(
            d.lower <= best * (1.0 + 1e-14) && d.upper >= best - reach,
            "hull {trial}: {d:?} {best}"
        );
        assert!(sharp(d, 5.0), "hull {trial}: {d:?}");
    }
}

/// Closed forms: diagonal matrices, where the operator norm is the largest entry.
#[test]
fn distances_with_closed_forms() {
    // diag(3, 2) from {diag(s, s)}: the minimax is 1/2 at s = 5/2; the Frobenius-nearest is the
    // same point.
    let a = m(2, 2, &[3.0, 0.0, 0.0, 2.0]);
    let h = Hull::new(vec![M::zeros(2, 2), M::identity(2, 2) * 4.0]).unwrap();
    let d = distance(&a, &h, &effort()).unwrap().distance;
    assert!(d.contains(0.5) && sharp(d, 4.0), "{d:?}");
    // diag(3, 1, 1) from the same line: 1 at s = 2, where the Frobenius-nearest element s = 5/3
    // gives 4/3.
    let a = M::from_diagonal(&nalgebra::DVector::from_vec(vec![3.0, 1.0, 1.0]));
    let h = Hull::new(vec![M::zeros(3, 3), M::identity(3, 3) * 4.0]).unwrap();
    let d = distance(&a, &h, &effort()).unwrap().distance;
    assert!(d.contains(1.0) && sharp(d, 4.0), "{d:?}");
    // Planted fault: the Frobenius-nearest element taken for the nearest.
    assert!(!d.contains(norm_upper(&(&a - M::identity(3, 3) * (5.0 / 3.0)))));
    // A point outside a square, in the plane.
    let square = DiagonalBox::new(
        &M::identity(2, 2),
        &m(2, 1, &[1.0, 1.0]),
        &M::zeros(2, 1),
        &[0.0; 2],
        &[1.0; 2],
    )
    .unwrap();
    let d = distance(&m(2, 1, &[4.0, 5.0]), &square, &effort())
        .unwrap()
        .distance;
    assert!(d.contains(5.0) && d.width() < 1e-14, "{d:?}");
    // Exactly representable members are at distance exactly zero, in hulls and as vertices.
    let e = distance(&m(2, 1, &[1.0, 0.0]), &corners(&square), &effort()).unwrap();
    assert_eq!(e.distance, Enclosure::ZERO);
    assert!(sup_norm(corners(&square).points()).contains(2f64.sqrt()));
}

/// Swapped arguments give another number: [0, 1] against [0, 3].
#[test]
fn the_excess_is_not_symmetric() {
    let small = Hull::new(vec![row(0.0), row(1.0)]).unwrap();
    let large = Hull::new(vec![row(0.0), row(3.0)]).unwrap();
    let right = excess(large.points(), &small).unwrap();
    assert!(right.contains(2.0) && right.width() < 1e-14);
    // Planted fault: swapped arguments.
    assert!(!right.contains(excess(small.points(), &large).unwrap().upper));
    // With a target that is not convex the vertices do not decide: 0 and 4 are in {0, 4}, 2 is not.
    let ends = Points::new(vec![row(0.0), row(4.0)]).unwrap();
    assert_eq!(excess(&ends, &ends).unwrap(), Enclosure::ZERO);
    assert!(
        distance(&row(2.0), &ends, &effort())
            .unwrap()
            .distance
            .contains(2.0)
    );
}

/// Excess of hulls over boxes against a grid over the source, which has the vertices.
#[test]
fn excesses_agree_with_brute_force() {
    let mut stream = Stream(11);
    for trial in 0..20 {
        let (a, b) = (stream.hull(3, 2, 2), stream.box_set(3, 2, 2));
        let e = excess(a.points(), &b).unwrap();
        let mut grid: f64 = 0.0;
        for i in 0..=4 {
            for j in 0..=4 - i {
                let w = [i as f64 / 4.0, j as f64 / 4.0, (4 - i - j) as f64 / 4.0];
                let point = a
                    .vertices()
                    .iter()
                    .zip(w)
                    .fold(M::zeros(2, 2), |s, (v, w)| s + v * w);
                grid = grid.max(distance(&point, &b, &effort()).unwrap().distance.lower);
            }
        }
        assert!(grid <= e.upper && sharp(e, 5.0), "{trial}: {grid} {e:?}");
        assert!(
            grid >= e.lower * (1.0 - 1e-8) - 1e-12,
            "{trial}: {grid} {e:?}"
        );
    }
}

/// Big random targets: 12 free entries at 50 x 10 and 64-vertex hulls close without listing
/// vertices.
#[test]
fn twelve_kinks_close_without_enumeration() {
    let mut stream = Stream(5);
    let (a, b) = (stream.matrix(50, 10) * 2.0, stream.box_set(12, 50, 10));
    let d = distance(&a, &b, &effort()).unwrap().distance;
    assert!(sharp(d, 40.0), "{d:?}");
    let y: Vec<f64> = (0..50).map(|_| stream.next()).collect();
    let image = b.cotangent(&y).unwrap();
    let point = a.tr_mul(&M::from_column_slice(50, 1, &y));
    let d = distance(&point, &image, &effort()).unwrap().distance;
    assert!(d.width() <= 1e-12 * d.upper, "{d:?}");
    // The listed vertices say the same.
    let e = distance(&point, &corners(&image), &effort())
        .unwrap()
        .distance;
    assert!(
        d.lower <= e.upper && e.lower <= d.upper && e.width() <= 1e-12 * e.upper,
        "{d:?} {e:?}"
    );
    let h = stream.hull(64, 6, 4);
    let d = distance(&(stream.matrix(6, 4) * 2.0), &h, &effort())
        .unwrap()
        .distance;
    assert!(sharp(d, 10.0), "{d:?}");
}

#[test]
fn nothing_is_certified_that_a_false_dual_would_need() {
    // Planted fault: a separator normalised by its operator norm instead of its nuclear norm
    // claims more than the distance.
    let a = M::identity(2, 2) * 2.0;
    let h = Hull::new(vec![M::zeros(2, 2), m(2, 2, &[0.0, 1.0, 1.0, 0.0])]).unwrap();
    let found = distance(&a, &h, &effort()).unwrap();
    assert!(
        found.distance.contains(2.0) && sharp(found.distance, 2.0),
        "{found:?}"
    );
    let y = M::identity(2, 2);
    let least = h
        .vertices()
        .iter()
        .map(|b| y.dot(&(&a - b)))
        .fold(f64::INFINITY, f64::min);
    assert!(least / nuclear_upper(&y) <= found.distance.upper);
    assert!(least / norm_upper(&y) > found.distance.upper);
}

/// {diag(s) R}: the rows of `right` scaled, as SA for a prox after a gradient step.
fn masked(right: &M, lo: &[f64], hi: &[f64]) -> crate::error::Result<DiagonalBox> {
    let d = right.nrows();
    DiagonalBox::new(
        &M::identity(d, d),
        right,
        &M::zeros(d, right.ncols()),
        lo,
        hi,
    )
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

#[test]
fn support_functions() {
    let b = DiagonalBox::new(
        &M::identity(2, 2),
        &m(2, 2, &[1.0, 2.0, 3.0, 4.0]),
        &M::identity(2, 2),
        &[-1.0, 0.0],
        &[1.0, 2.0],
    )
    .unwrap();
    let y = m(2, 2, &[1.0, 1.0, -1.0, 0.0]);
    // ⟨Y,C⟩ = 1; g = (3, -3): max(±3) + max(0, -6).
    assert_eq!(b.support(&y).unwrap(), Enclosure::new(4.0, 4.0));
    let by_vertices = corners(&b)
        .vertices()
        .iter()
        .map(|v| y.dot(v))
        .fold(f64::NEG_INFINITY, f64::max);
    assert_eq!(by_vertices, 4.0);
}

#[test]
fn bad_input_is_refused_with_its_field() {
    let text = |e: crate::error::Error| e.to_string();
    assert_eq!(
        text(Points::new(vec![]).unwrap_err()),
        "field `members`: a set of matrices needs at least one"
    );
    let mixed = Points::new(vec![M::zeros(1, 2), M::zeros(2, 1)]).unwrap_err();
    assert_eq!(
        text(mixed),
        "field `members[1].shape`: every member must be 1 x 2, got 2 x 1"
    );
    assert!(Hull::new(vec![m(1, 1, &[f64::NAN])]).is_err());
    assert_eq!(
        Hull::new(vec![row(0.0), row(-0.0), row(1.0), row(0.0)])
            .unwrap()
            .vertices()
            .len(),
        2
    );
    let order = masked(&row(1.0), &[1.0], &[0.0]).unwrap_err();
    assert_eq!(order.field(), Some("lo[0]"));
    let a = Hull::new(vec![row(0.0)]).unwrap();
    assert!(distance(&M::zeros(2, 1), &a, &effort()).is_err());
    assert!(excess(a.points(), &Hull::new(vec![M::zeros(2, 1)]).unwrap()).is_err());
    assert!(a.cotangent(&[1.0, 2.0]).is_err() && a.points().block(0..2, 0..1).is_err());
    assert!(Points::single(M::zeros(2, 2)).unwrap().inverse().is_err());
    let empty = Points::single(M::zeros(0, 3)).unwrap();
    assert_eq!(sup_norm(&empty), Enclosure::ZERO);
}
/// Distances known by construction: with U, V of orthonormal columns and b the element of B
/// furthest in direction UVᵀ, the distance of b + δUVᵀ is δ (UVᵀ over its nuclear norm is a dual
/// that proves it).
#[test]
fn planted_distances_are_enclosed() {
    let mut stream = Stream(23);
    for trial in 0..60 {
        let (d, c, k, r) = (3 + trial % 6, 2 + trial % 4, 1 + trial % 7, 1 + trial % 2);
        let (u, v) = (stream.matrix(d, r).qr().q(), stream.matrix(c, r).qr().q());
        let (y, delta) = (&u * v.transpose(), 0.5 + stream.next().abs());
        let b = stream.box_set(k, d, c);
        let s: Vec<f64> = (0..k)
            .map(|i| {
                if b.left().column(i).dot(&(&y * b.right().row(i).transpose())) > 0.0 {
                    1.0
                } else {
                    0.0
                }
            })
            .collect();
        let a = b.at(&s).unwrap().0 + &y * delta;
        let found = distance(&a, &b, &effort()).unwrap().distance;
        assert!(
            found.lower <= delta * (1.0 + 1e-13) && found.upper >= delta * (1.0 - 1e-13),
            "{trial}: {found:?} {delta}"
        );
        assert!(sharp(found, 20.0), "{trial}: {found:?}");
        let h = stream.hull(2 + trial, d, c);
        let far = h
            .vertices()
            .iter()
            .max_by(|x, z| y.dot(x).total_cmp(&y.dot(z)))
            .unwrap();
        let found = distance(&(far + &y * delta), &h, &effort())
            .unwrap()
            .distance;
        assert!(
            found.lower <= delta * (1.0 + 1e-13) && found.upper >= delta * (1.0 - 1e-13),
            "{trial}: {found:?} {delta}"
        );
        assert!(sharp(found, 20.0), "{trial}: {found:?}");
    }
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

/// The element found attains the upper bound, and the functional found the lower one.
#[test]
fn what_is_found_attains_what_is_said() {
    let mut stream = Stream(3);
    for draw in 0..60 {
        let (r, c) = (1 + draw % 3, 1 + draw / 3 % 3);
        let a = stream.matrix(r, c) * 3.0;
        let (hull, boxed) = (
            stream.hull(1 + draw % 4, r, c),
            stream.box_set(1 + draw % 3, r, c),
        );
        for set in [SetRef::Hull(&hull), SetRef::Box(&boxed)] {
            let found = distance(&a, set, &effort()).unwrap();
            let (lower, upper) = (found.distance.lower, found.distance.upper);
            let room = 1e-12 * (1.0 + a.norm());
            let norm = sup_norm(&Points::single(&a - &found.point).unwrap());
            assert!(
                (norm.upper - upper).abs() <= room,
                "{draw}: {norm:?} {upper}"
            );
            if lower > 1e-6 {
                let y = &found.separator;
                assert!(y.amax() > 0.0, "{draw}");
                let support = match set {
                    SetRef::Hull(h) => { h.vertices().iter() }
                        .map(|v| y.dot(v))
                        .fold(f64::NEG_INFINITY, f64::max),
                    SetRef::Box(b) => b.support(y).unwrap().upper,
                    SetRef::Points(_) => unreachable!("none here"),
                };
                let proven = (y.dot(&a) - support) / nuclear_upper(y);
                assert!(
                    (proven - lower).abs() <= room + 1e-9 * lower,
                    "{draw}: {proven} {lower}"
                );
            }
        }
    }
}

/// Of finitely many members the nearest is named; one that is the matrix itself is at no distance.
#[test]
fn the_nearest_of_several_members_is_named() {
    let members = vec![
        m(1, 2, &[3.0, 0.0]),
        m(1, 2, &[0.0, 1.0]),
        m(1, 2, &[0.0, 4.0]),
    ];
    let points = Points::new(members.clone()).unwrap();
    for at in 0..3 {
        let a = &members[at] * 1.125;
        let found = distance(&a, &points, &effort()).unwrap();
        let unit: Vec<f64> = (0..3).map(|i| f64::from(u8::from(i == at))).collect();
        assert_eq!((found.weights, &found.point), (unit.clone(), &members[at]));
        assert!(found.distance.contains(members[at].norm() * 0.125));
        let hull = points.clone().into_hull();
        let found = distance(&members[at], &hull, &effort()).unwrap();
        assert_eq!((found.distance, found.weights), (Enclosure::ZERO, unit));
    }
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

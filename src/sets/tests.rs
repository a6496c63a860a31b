//! Lemma B.1 on random sets, enclosures against brute force, and planted faults.

use nalgebra::DMatrix;
use proptest::prelude::*;

use super::*;

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

fn delta<'a, 'b>(a: impl Into<SetRef<'a>>, b: impl Into<SetRef<'b>>) -> Enclosure {
    excess(a, b, &effort()).unwrap().bounds
}

fn sup<'a>(a: impl Into<SetRef<'a>>) -> Enclosure {
    sup_norm(a, &effort()).unwrap()
}

/// Whether an enclosure of a problem of size `size` is as narrow as the methods ought to make it. This judges
/// their work, not their certificates: 1e-9 is what they aim at, 7e-9 the worst of 20,000 random hulls.
fn sharp(e: Enclosure, size: f64) -> bool {
    e.width() <= 1e-7 * e.upper + 1e-13 * size
}

/// A small deterministic generator, for the tests that want one loop rather than a strategy.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }

    fn matrix(&mut self, r: usize, c: usize) -> M {
        M::from_fn(r, c, |_, _| self.next())
    }

    fn hull(&mut self, n: usize, r: usize, c: usize) -> Hull {
        Hull::new((0..n).map(|_| self.matrix(r, c)).collect()).unwrap()
    }

    fn box_set(&mut self, k: usize, r: usize, c: usize) -> DiagonalBox {
        let (left, right, offset) = (self.matrix(r, k), self.matrix(k, c), self.matrix(r, c));
        DiagonalBox::new(&left, &right, &offset, &vec![0.0; k], &vec![1.0; k]).unwrap()
    }
}

fn matrix(rows: usize, cols: usize) -> impl Strategy<Value = M> {
    proptest::collection::vec(-2.0..2.0f64, rows * cols)
        .prop_map(move |v| M::from_vec(rows, cols, v))
}

fn points(rows: usize, cols: usize) -> impl Strategy<Value = Points> {
    proptest::collection::vec(matrix(rows, cols), 1..5).prop_map(|v| Points::new(v).unwrap())
}

fn hull(rows: usize, cols: usize) -> impl Strategy<Value = Hull> {
    points(rows, cols).prop_map(Points::into_hull)
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

/// Left side certainly not above the right: refuted only if its lower bound exceeds the upper one.
macro_rules! holds {
    ($left:expr, $right:expr) => {{
        let (left, right): (f64, f64) = ($left, $right);
        prop_assert!(left <= right, "{left} > {right}");
    }};
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn b1_i_triangle(a in hull(2, 3), b in box_set(2, 3), c in hull(2, 3), p in points(2, 3)) {
        holds!(delta(&a, &c).lower, delta(&a, &b).upper + delta(&b, &c).upper);
        holds!(delta(&p, &c).lower, delta(&p, &b).upper + delta(&b, &c).upper);
        holds!(delta(&b, &a).lower, delta(&b, &c).upper + delta(&c, &a).upper);
        let q = c.points();
        holds!(delta(&p, &b).lower, delta(&p, q).upper + delta(q, &b).upper);
    }

    #[test]
    fn b1_ii_sums(a in hull(2, 2), b in hull(2, 2), c in hull(2, 2), e in hull(2, 2)) {
        let right = delta(&a, &c).upper + delta(&b, &e).upper;
        holds!(delta(&a.sum(&b).unwrap(), &c.sum(&e).unwrap()).lower, right);
        let (pa, pb, pc, pe) = (a.points(), b.points(), c.points(), e.points());
        let right = delta(pa, pc).upper + delta(pb, pe).upper;
        holds!(delta(&pa.sum(pb).unwrap(), &pc.sum(pe).unwrap()).lower, right);
    }

    #[test]
    fn b1_ii_sums_of_boxes(a in box_set(3, 2), b in box_set(3, 2), c in box_set(3, 2), e in box_set(3, 2)) {
        let right = delta(&a, &c).upper + delta(&b, &e).upper;
        holds!(delta(&a.sum(&b).unwrap(), &c.sum(&e).unwrap()).lower, right);
    }

    #[test]
    fn b1_iii_products(a in points(2, 3), b in points(3, 2), c in points(2, 3), e in points(3, 2)) {
        let (ab, ce) = (a.product(&b).unwrap(), c.product(&e).unwrap());
        let first = sup(&a).upper * delta(&b, &e).upper + sup(&e).upper * delta(&a, &c).upper;
        let second = sup(&b).upper * delta(&a, &c).upper + sup(&c).upper * delta(&b, &e).upper;
        holds!(delta(&ab, &ce).lower, first.min(second));
        // Of hulls: the vertex products are exact for conv(CE).
        let (ha, hb, hc, he) = (a.into_hull(), b.into_hull(), c.into_hull(), e.into_hull());
        let first = sup(&ha).upper * delta(&hb, &he).upper + sup(&he).upper * delta(&ha, &hc).upper;
        let second = sup(&hb).upper * delta(&ha, &hc).upper + sup(&hc).upper * delta(&hb, &he).upper;
        holds!(delta(&ab, &hc.product_hull(&he).unwrap()).lower, first.min(second));
    }

    #[test]
    fn b1_iv_subsets(a in hull(2, 3), extra in points(2, 3), c in box_set(2, 3)) {
        let b = a.points().union(&extra).unwrap().into_hull();
        holds!(delta(&a, &c).lower, delta(&b, &c).upper);
        holds!(delta(a.points(), &extra).lower, delta(b.points(), &extra).upper);
        prop_assert_eq!(delta(&a, &b), Enclosure::ZERO);
        // Members that are not vertices: zero to rounding.
        let inner = c.at(&c.lo().iter().zip(c.hi()).map(|(l, h)| 0.3 * l + 0.7 * h).collect::<Vec<_>>()).unwrap();
        let d = distance(&inner.0, &c, &effort()).unwrap().distance;
        prop_assert!(d.lower <= inner.1 && d.upper < 1e-12, "{:?}", d);
    }

    #[test]
    fn b1_v_inverses(a in points(3, 3), b in points(3, 3)) {
        let shift = Points::single(M::identity(3, 3) * 8.0).unwrap();
        let (a, b) = (a.sum(&shift).unwrap(), b.sum(&shift).unwrap());
        let (ia, ib) = (a.inverse().unwrap(), b.inverse().unwrap());
        prop_assert!(ia.rounding() > 0.0 && ia.rounding() < 1e-14);
        holds!(delta(&ia, &ib).lower, sup(&ia).upper * sup(&ib).upper * delta(&a, &b).upper);
    }

    #[test]
    fn b1_vi_blocks(a in hull(3, 4), b in box_set(3, 4), p in points(3, 4)) {
        for (rows, cols) in [(0..3, 0..1), (0..3, 1..4), (1..2, 0..4)] {
            let block = |h: &Hull| h.block(rows.clone(), cols.clone()).unwrap();
            let (ba, bb) = (block(&a), b.block(rows.clone(), cols.clone()).unwrap());
            holds!(delta(&ba, &bb).lower, delta(&a, &b).upper);
            holds!(delta(&bb, &ba).lower, delta(&b, &a).upper);
            let bp = p.block(rows.clone(), cols.clone()).unwrap();
            holds!(delta(&bp, ba.points()).lower, delta(&p, a.points()).upper);
        }
    }

    #[test]
    fn cotangent_images_do_not_exceed_the_norm_of_the_cotangent(a in hull(3, 2), b in box_set(3, 2), y in matrix(3, 1)) {
        let (ya, yb) = (a.cotangent(y.as_slice()).unwrap(), b.cotangent(y.as_slice()).unwrap());
        holds!(delta(&ya, &yb).lower, norm_upper(&y) * delta(&a, &b).upper);
        let e = delta(&ya, &yb);
        prop_assert!(sharp(e, 100.0), "{:?}", e);
    }

    #[test]
    fn two_descriptions_of_one_box_agree(a in matrix(3, 3), b in box_set(3, 3)) {
        let vertices = b.vertices().unwrap();
        let d = distance(&a, &b, &effort()).unwrap().distance;
        let e = distance(&a, &vertices, &effort()).unwrap().distance;
        prop_assert!(sharp(d, 50.0) && sharp(e, 50.0), "{:?} {:?}", d, e);
        prop_assert!(d.lower <= e.upper && e.lower <= d.upper, "{:?} {:?}", d, e);
        // An image by an orthogonal matrix (a permutation, exact) changes nothing.
        let p = m(3, 3, &[0.0, 1.0, 0.0, 0.0, 0.0, -1.0, 1.0, 0.0, 0.0]);
        let f = distance(&(&p * &a), &b.left_image(&p).unwrap(), &effort()).unwrap().distance;
        prop_assert!(d.lower <= f.upper && f.lower <= d.upper, "{:?} {:?}", d, f);
        let s = (sup(&b), sup(&vertices));
        prop_assert!(s.0.lower <= s.1.upper && s.1.lower <= s.0.upper && sharp(s.0, 50.0));
    }
}

/// Lemma B.1 (iii) with the sup-norms paired otherwise is false; the search records its counterexamples.
#[test]
fn the_other_pairings_of_products_are_refuted() {
    let mut dice = Dice(7);
    let mut refuted = [None, None];
    for trial in 0..200 {
        let mut set = || Points::new((0..2).map(|_| row(dice.next())).collect()).unwrap();
        let (a, b, c, e) = (set(), set(), set(), set());
        let left = delta(&a.product(&b).unwrap(), &c.product(&e).unwrap()).lower;
        let (be, ac) = (delta(&b, &e).upper, delta(&a, &c).upper);
        let sups = [&a, &b, &c, &e].map(|s| sup(s).upper);
        for (which, right) in [sups[0] * be + sups[1] * ac, sups[2] * be + sups[3] * ac]
            .into_iter()
            .enumerate()
        {
            if left > right && refuted[which].is_none() {
                refuted[which] = Some((trial, left, right));
            }
        }
        let right = (sups[0] * be + sups[3] * ac).min(sups[1] * ac + sups[2] * be);
        assert!(
            left <= right,
            "the true pairing at {trial}: {left} > {right}"
        );
    }
    assert!(refuted.iter().all(Option::is_some), "{refuted:?}");
    // The plainest ones. ‖A‖Δ(B,E) + ‖B‖Δ(A,C) with A = B = {0}, C = E = {1}: 1 ≤ 0.
    let (zero, one) = (
        Points::single(row(0.0)).unwrap(),
        Points::single(row(1.0)).unwrap(),
    );
    let left = |x: &Points, y: &Points| delta(&x.product(x).unwrap(), &y.product(y).unwrap()).lower;
    assert!(left(&zero, &one) > 2.0 * sup(&zero).upper * delta(&zero, &one).upper);
    // ‖C‖Δ(B,E) + ‖E‖Δ(A,C) with C = E = {0}, A = B = {1}: 1 ≤ 0.
    assert!(left(&one, &zero) > 2.0 * sup(&zero).upper * delta(&one, &zero).upper);
}

/// Norms of 2 x 2 matrices by the closed form, from nothing this folder uses.
fn norm_2x2(x: &M) -> f64 {
    let f = x.norm_squared();
    let det = x[(0, 0)] * x[(1, 1)] - x[(0, 1)] * x[(1, 0)];
    ((f + (f * f - 4.0 * det * det).max(0.0).sqrt()) / 2.0).sqrt()
}

/// Every certified distance lies between the best grid point minus the reach of the grid, and that point.
#[test]
fn distances_agree_with_brute_force_grids() {
    let mut dice = Dice(3);
    let n = 40;
    for trial in 0..30 {
        let a = dice.matrix(2, 2) * 2.0;
        let b = dice.box_set(2, 2, 2);
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

        let h = dice.hull(3, 2, 2);
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
    // diag(3, 2) from {diag(s, s)}: the minimax is 1/2 at s = 5/2; the Frobenius-nearest is the same point.
    let a = m(2, 2, &[3.0, 0.0, 0.0, 2.0]);
    let h = Hull::new(vec![M::zeros(2, 2), M::identity(2, 2) * 4.0]).unwrap();
    let d = distance(&a, &h, &effort()).unwrap().distance;
    assert!(d.contains(0.5) && sharp(d, 4.0), "{d:?}");
    // diag(3, 1, 1) from the same line: 1 at s = 2, where the Frobenius-nearest element s = 5/3 gives 4/3.
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
    let e = distance(
        &m(2, 1, &[1.0, 0.0]),
        &square.vertices().unwrap(),
        &effort(),
    )
    .unwrap();
    assert_eq!(e.distance, Enclosure::ZERO);
    assert_eq!(sup(&square.vertices().unwrap()).lower, sup(&square).lower);
    assert!(sup(&square).contains(2f64.sqrt()));
}

fn unit_interval() -> Hull {
    Hull::new(vec![row(0.0), row(1.0)]).unwrap()
}

/// d(·, B) for two points B is not convex: the supremum over [0, 4] of the distance to {0, 4} is 2, inside.
#[test]
fn a_supremum_over_vertices_is_wrong_for_a_target_that_is_not_convex() {
    let a = Hull::new(vec![row(0.0), row(4.0)]).unwrap();
    let b = Points::new(vec![row(0.0), row(4.0)]).unwrap();
    let right = excess(&a, &b, &effort()).unwrap();
    assert!(
        right.bounds.contains(2.0) && right.bounds.width() < 1e-8,
        "{right:?}"
    );
    // Planted fault: vertices only.
    assert!(!right.bounds.contains(delta(a.points(), &b).upper));
    // The same through a box, and in the plane: the disc around four corners of a square reaches its centre.
    let square = DiagonalBox::new(
        &M::identity(2, 2),
        &m(2, 1, &[1.0, 1.0]),
        &M::zeros(2, 1),
        &[0.0; 2],
        &[1.0; 2],
    )
    .unwrap();
    let corners = square.vertices().unwrap();
    let d = delta(&square, corners.points());
    assert!(d.contains(0.5f64.sqrt()) && d.width() < 1e-2, "{d:?}");
    // With the convex target the vertices do decide, exactly.
    assert_eq!(delta(&square, &corners), Enclosure::ZERO);
    // Beyond the budget, even of nothing, the bounds are wide, and hold.
    let none = Effort {
        evaluations: 0,
        ..effort()
    };
    let far = Hull::new(vec![row(0.0), row(3.0)]).unwrap();
    assert!(excess(&far, &unit_interval(), &none).unwrap().bounds.upper >= 2.0);
    let little = Effort {
        evaluations: 6,
        ..effort()
    };
    let d = excess(&a, &b, &little).unwrap().bounds;
    assert!(d.contains(2.0), "{d:?}");
}

/// Swapped arguments give another number: [0, 1] against [0, 3].
#[test]
fn the_excess_is_not_symmetric() {
    let small = Hull::new(vec![row(0.0), row(1.0)]).unwrap();
    let large = Hull::new(vec![row(0.0), row(3.0)]).unwrap();
    let right = delta(&large, &small);
    assert!(right.contains(2.0) && right.width() < 1e-14);
    // Planted fault: swapped arguments.
    assert!(!right.contains(delta(&small, &large).upper));
}

/// Excess between hulls in the plane against a grid over the source, and worst elements.
#[test]
fn excesses_agree_with_brute_force() {
    let mut dice = Dice(11);
    for trial in 0..20 {
        let (a, b) = (dice.hull(3, 2, 2), dice.box_set(3, 2, 2));
        let e = excess(&a, &b, &effort()).unwrap();
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
        assert!(
            grid <= e.bounds.upper && sharp(e.bounds, 5.0),
            "{trial}: {grid} {e:?}"
        );
        // The grid has the vertices, so it attains the supremum.
        assert!(
            grid >= e.bounds.lower * (1.0 - 1e-8) - 1e-12,
            "{trial}: {grid} {e:?}"
        );
        let f = excess(&b, &a, &effort()).unwrap();
        let listed = excess(&b.vertices().unwrap(), &a, &effort()).unwrap();
        assert!(
            f.bounds.lower <= listed.bounds.upper && listed.bounds.lower <= f.bounds.upper,
            "{f:?} {listed:?}"
        );
        assert!(sharp(f.bounds, 5.0) && f.worst.shape() == (2, 2), "{f:?}");
        // Twelve evaluations of a search that wants more: wide, and right.
        let little = excess(
            &b,
            &a,
            &Effort {
                evaluations: 3,
                ..effort()
            },
        )
        .unwrap();
        assert!(little.bounds.lower <= f.bounds.upper && f.bounds.lower <= little.bounds.upper);
    }
}

/// Big random targets: 12 free entries at 50 x 10 and 64-vertex hulls close without listing vertices.
#[test]
fn twelve_kinks_close_without_enumeration() {
    let mut dice = Dice(5);
    let (a, b) = (dice.matrix(50, 10) * 2.0, dice.box_set(12, 50, 10));
    let d = distance(&a, &b, &effort()).unwrap().distance;
    assert!(sharp(d, 40.0), "{d:?}");
    let y: Vec<f64> = (0..50).map(|_| dice.next()).collect();
    let image = b.cotangent(&y).unwrap();
    let point = a.tr_mul(&M::from_column_slice(50, 1, &y));
    let d = distance(&point, &image, &effort()).unwrap().distance;
    assert!(d.width() <= 1e-12 * d.upper, "{d:?}");
    // The listed vertices say the same.
    let e = distance(&point, &image.vertices().unwrap(), &effort())
        .unwrap()
        .distance;
    assert!(
        d.lower <= e.upper && e.lower <= d.upper && e.width() <= 1e-12 * e.upper,
        "{d:?} {e:?}"
    );
    let h = dice.hull(64, 6, 4);
    let d = distance(&(dice.matrix(6, 4) * 2.0), &h, &effort())
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

#[test]
fn rounding_is_carried_and_absent_where_arithmetic_is_exact() {
    let mask = DiagonalBox::scaled_rows(&m(2, 2, &[0.1, 0.2, 0.3, 0.7]), &[0.0, 1.0], &[1.0, 1.0])
        .unwrap();
    assert_eq!((mask.rounding(), mask.free_entries()), (0.0, &[0usize][..]));
    assert_eq!(mask.vertices().unwrap().points().rounding(), 0.0);
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
    let e = delta(&sum, &Points::single(row(0.3)).unwrap());
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
    let by_vertices = b
        .vertices()
        .unwrap()
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
    let order = DiagonalBox::scaled_rows(&row(1.0), &[1.0], &[0.0]).unwrap_err();
    assert_eq!(order.field(), Some("lo[0]"));
    let a = Hull::new(vec![row(0.0)]).unwrap();
    assert!(distance(&M::zeros(2, 1), &a, &effort()).is_err());
    assert!(excess(&a, &Hull::new(vec![M::zeros(2, 1)]).unwrap(), &effort()).is_err());
    assert!(a.cotangent(&[1.0, 2.0]).is_err() && a.block(0..2, 0..1).is_err());
    assert!(Points::single(M::zeros(2, 2)).unwrap().inverse().is_err());
    let wide = DiagonalBox::scaled_rows(&M::identity(13, 13), &[0.0; 13], &[1.0; 13]).unwrap();
    assert!(wide.vertices().is_err());
    // More entries than can be listed: still a certified, and here sharp, sup-norm.
    assert!(
        sup(&wide).contains(1.0) && sharp(sup(&wide), 1.0),
        "{:?}",
        sup(&wide)
    );
    let empty = Points::single(M::zeros(0, 3)).unwrap();
    assert_eq!(sup(&empty), Enclosure::ZERO);
}
/// Distances known by construction: with U, V of orthonormal columns and b the element of B furthest in direction
/// UVᵀ, the distance of b + δUVᵀ is δ (UVᵀ over its nuclear norm is a dual that proves it).
#[test]
fn planted_distances_are_enclosed() {
    let mut dice = Dice(23);
    for trial in 0..60 {
        let (d, c, k, r) = (3 + trial % 6, 2 + trial % 4, 1 + trial % 7, 1 + trial % 2);
        let (u, v) = (dice.matrix(d, r).qr().q(), dice.matrix(c, r).qr().q());
        let (y, delta) = (&u * v.transpose(), 0.5 + dice.next().abs());
        let b = dice.box_set(k, d, c);
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
        let h = dice.hull(2 + trial, d, c);
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

/// Masked rows: the sup-norm is at the largest masks, found without a search; the search agrees.
#[test]
fn sup_norms_of_masks() {
    let mut dice = Dice(31);
    let a = dice.matrix(6, 6);
    let mask = DiagonalBox::scaled_rows(&a, &[0.0; 6], &[1.0; 6]).unwrap();
    let e = excess(&mask, &Points::single(M::zeros(6, 6)).unwrap(), &effort()).unwrap();
    assert!(
        e.evaluations == 1 && e.bounds.contains(a.singular_values().max()),
        "{e:?}"
    );
    let listed = sup(&mask.vertices().unwrap());
    assert!(e.bounds.lower <= listed.upper && listed.lower <= e.bounds.upper);
    // With an offset in a masked row that rule would be wrong: {-1 + s} has its largest norm at s = 0.
    let shifted = DiagonalBox::new(&row(1.0), &row(1.0), &row(-1.0), &[0.0], &[1.0]).unwrap();
    assert!(sup(&shifted).contains(1.0) && sharp(sup(&shifted), 1.0));
}

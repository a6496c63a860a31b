//! Distances and excesses: grids, closed forms, planted elements, and what is said of the nearest.

use super::*;

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

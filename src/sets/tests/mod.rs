//! Enclosures of distances and excesses against brute force, closed forms and planted faults.

use nalgebra::DMatrix;
use proptest::prelude::*;

use super::*;
use crate::linalg::stream::Stream;

mod distances;
mod rounding;

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

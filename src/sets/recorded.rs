//! Enclosures of random sets, as they were recorded: what an inequality does not notice, such as a
//! search that ends further from the answer, changes them. No matrix has more than four rows and
//! four columns.

use super::*;
use crate::linalg::Matrix;
use crate::linalg::stream::Stream;
use crate::recorded::check;

fn points(s: &mut Stream, n: usize, (r, c): (usize, usize), rounding: f64) -> Points {
    Points::rounded((0..n).map(|_| s.matrix(r, c)).collect(), rounding).unwrap()
}

fn text(e: Enclosure) -> String {
    format!("{:?} {:?}", e.lower, e.upper)
}

const SHAPES: [(usize, usize); 6] = [(1, 1), (2, 2), (3, 2), (2, 4), (4, 1), (3, 3)];

fn line<'a>(name: &str, a: &Matrix, set: impl Into<SetRef<'a>>) -> String {
    let near = distance(a, set, &Effort::default()).unwrap();
    let mut line = format!("{name}: {}", text(near.distance));
    // Of what lies inside many elements are nearest.
    if near.distance.lower > 0.0 {
        let (weights, separator) = (near.weights, near.separator.norm());
        line += &format!(", weights {weights:?}, separator {separator:?}");
    }
    line
}

#[test]
fn distances() {
    let mut lines = Vec::new();
    for (k, shape) in SHAPES.into_iter().enumerate() {
        let s = &mut Stream(k as u64 + 1);
        for (n, rounding) in [(1, 0.0), (2, 1e-9), (3, 0.0), (6, 1e-9)] {
            let hull = points(s, n, shape, rounding).into_hull();
            let middle = hull
                .vertices()
                .iter()
                .fold(Matrix::zeros(shape.0, shape.1), |m, v| m + v);
            let name = format!("hull of {n} in {shape:?}");
            lines.push(line(&name, &s.matrix(shape.0, shape.1), &hull));
            lines.push(line(&name, &(s.matrix(shape.0, shape.1) * 3.0), &hull));
            lines.push(line(&name, &(middle / n as f64), &hull));
            let set = points(s, n, shape, rounding);
            lines.push(line(
                &format!("points, {n} in {shape:?}"),
                &s.matrix(shape.0, shape.1),
                &set,
            ));
        }
        for free in [1, 2, 4] {
            let (l, r) = (s.matrix(shape.0, free), s.matrix(free, shape.1));
            let lo: Vec<f64> = s.vec(free).iter().map(|v| v - 1.0).collect();
            let hi: Vec<f64> = s.vec(free).iter().map(|v| v + 1.5).collect();
            let set = DiagonalBox::new(&l, &r, &s.matrix(shape.0, shape.1), &lo, &hi).unwrap();
            let name = format!("box of {free} in {shape:?}");
            for far in [0.5, 2.0, 8.0] {
                lines.push(line(&name, &(s.matrix(shape.0, shape.1) * far), &set));
            }
            let y = s.matrix(shape.0, shape.1);
            let (element, error) = set.at(&lo).unwrap();
            let image = set.cotangent(&s.vec(shape.0)).unwrap();
            lines.push(format!(
                "{name}: support {}, element {:?} {error:?}, image {:?}",
                text(set.support(&y).unwrap()),
                element.norm(),
                image.rounding()
            ));
        }
    }
    check("distances", &lines);
}

/// In units in which the data are large or small, and with few steps: the tolerances of the search.
#[test]
fn distances_in_other_units() {
    let mut lines = Vec::new();
    for (k, scale) in [1e-6, 1e3, 1e-280, 1e280].into_iter().enumerate() {
        let s = &mut Stream(k as u64 + 71);
        let members = (0..4).map(|_| s.matrix(2, 3) * scale).collect();
        let hull = Points::new(members).unwrap().into_hull();
        let column = Points::new((0..4).map(|_| s.matrix(3, 1) * scale).collect()).unwrap();
        let set = DiagonalBox::new(
            &(s.matrix(2, 2) * scale),
            &s.matrix(2, 3),
            &(s.matrix(2, 3) * scale),
            &[0.0; 2],
            &[1.0; 2],
        )
        .unwrap();
        for far in [0.0, 1.0, 5.0] {
            let a = s.matrix(2, 3) * (far * scale);
            lines.push(line(&format!("hull {scale}"), &a, &hull));
            lines.push(line(&format!("box {scale}"), &a, &set));
            lines.push(line(
                &format!("column {scale}"),
                &(s.matrix(3, 1) * (far * scale)),
                &column.clone().into_hull(),
            ));
            for steps in [1, 4] {
                let effort = Effort {
                    steps,
                    ..Effort::default()
                };
                let near = distance(&a, &hull, &effort).unwrap();
                lines.push(format!("{steps} steps, {scale}: {}", text(near.distance)));
            }
        }
    }
    check("distances-in-units", &lines);
}

/// Hulls of so many vertices that they are generated, and hulls with vertices that repeat or lie
/// between others.
#[test]
fn distances_to_large_and_degenerate_hulls() {
    let mut lines = Vec::new();
    for (k, shape) in [(2, 2), (3, 2), (3, 1)].into_iter().enumerate() {
        let s = &mut Stream(k as u64 + 21);
        for n in [24, 25, 40] {
            let hull = points(s, n, shape, 0.0).into_hull();
            for far in [0.2, 1.0, 4.0] {
                lines.push(line(
                    &format!("{n} in {shape:?}"),
                    &(s.matrix(shape.0, shape.1) * far),
                    &hull,
                ));
            }
        }
        let mut members: Vec<Matrix> = (0..3).map(|_| s.matrix(shape.0, shape.1)).collect();
        members.push(members[0].clone());
        members.push(&members[1] * 0.5 + &members[2] * 0.5);
        members.push(&members[0] * 0.25 + &members[1] * 0.75);
        let hull = Points::rounded(members, 1e-12).unwrap().into_hull();
        for far in [0.3, 3.0] {
            lines.push(line(
                &format!("degenerate in {shape:?}"),
                &(s.matrix(shape.0, shape.1) * far),
                &hull,
            ));
        }
    }
    check("large-hulls", &lines);
}

#[test]
fn algebra_and_norms() {
    let mut lines = Vec::new();
    for (k, (r, c)) in SHAPES.into_iter().enumerate() {
        let s = &mut Stream(k as u64 + 41);
        for rounding in [0.0, 1e-9] {
            let (a, b) = (
                points(s, 2, (r, c), rounding),
                points(s, 3, (r, c), 2.0 * rounding),
            );
            let inner = points(s, 2, (c, 2), rounding);
            let square = points(s, 2, (r, r), rounding);
            let near = Points::rounded(
                square
                    .members()
                    .iter()
                    .map(|m| Matrix::identity(r, r) * 3.0 + m)
                    .collect(),
                rounding,
            );
            let sum = a.sum(&b).unwrap();
            let product = a.product(&inner).unwrap();
            let inverse = near.unwrap().inverse().unwrap();
            let image = a.cotangent(&s.vec(r)).unwrap();
            let block = a.block(0..1, 0..1).unwrap();
            let all = a.union(&b).unwrap();
            for (name, set) in [
                ("sum", &sum),
                ("product", &product),
                ("inverse", &inverse),
                ("image", &image),
                ("block", &block),
                ("union", &all),
            ] {
                lines.push(format!(
                    "{name} in {r}x{c}: {:?}, {}",
                    set.rounding(),
                    text(sup_norm(set))
                ));
            }
            lines.push(format!(
                "excess in {r}x{c}: {}, to the hull {}",
                text(excess(&a, &b).unwrap()),
                text(excess(&a, &b.clone().into_hull()).unwrap())
            ));
            let m = s.matrix(r, c);
            for scale in [1.0, 1e-200, 1e200] {
                let m = &m * scale;
                lines.push(format!(
                    "norms in {r}x{c}: {:?} {:?} {:?}",
                    norm_lower(&m),
                    norm_upper(&m),
                    nuclear_upper(&m)
                ));
            }
        }
    }
    check("algebra", &lines);
}

#[test]
fn lemma_b1_and_attacks() {
    let mut lines = Vec::new();
    // Each draw of its own: of many only the closest call is kept.
    for seed in 10..22 {
        let of = if seed % 2 == 0 { 3 } else { 4 };
        let lemma = lemma_b1(seed, of, 4).unwrap().closest;
        for i in lemma.into_iter().chain(attack(seed, of, 1).unwrap()) {
            lines.push(format!(
                "{seed}, {}: {} to {}",
                i.statement,
                text(i.left),
                text(i.right)
            ));
        }
        let a = Stream(seed).matrix(of, 3);
        let pair = climb(&a, &mut crate::linalg::random::Random::new(seed));
        lines.push(format!("climb {:?} of {:?}", pair.below, ceiling(&a)));
    }
    for seed in [1, 2] {
        for i in lemma_b1(seed, 3, 24).unwrap().closest {
            lines.push(format!(
                "{} at {}: {} to {}",
                i.statement,
                i.draw,
                text(i.left),
                text(i.right)
            ));
        }
        for i in attack(seed, 3, 12).unwrap() {
            lines.push(format!(
                "{} at {}: {} to {}",
                i.statement,
                i.draw,
                text(i.left),
                text(i.right)
            ));
        }
        let a = Stream(seed + 60).matrix(3, 3);
        lines.push(format!("ceiling {:?}", ceiling(&a)));
    }
    check("lemma-b1", &lines);
}

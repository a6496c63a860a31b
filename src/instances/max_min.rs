//! Coordinatewise extremes of affine forms, built backwards from the leads at the solution.

use super::draft::{Draft, rounded, rounded_vector, start};
use super::random::{Random, apply, norm_estimate, sum_of_squares};
use super::spec::Spec;
use crate::linalg::{Matrix, Vector};
use crate::maps::{AffineForm, MaxMin, Problem};

/// `rows` forms; w* and the leads of the winning forms are drawn (or the tightest has the
/// prescribed margin), c follows.
pub(super) fn max_min(spec: &Spec, random: &mut Random) -> Draft {
    let (d, m, r) = (spec.dim, spec.params, spec.rows);
    let drawn: Vec<Matrix> = (0..r).map(|_| random.matrix(d, d)).collect();
    let scale = spec.q / choices_estimate(&drawn);
    let a: Vec<Matrix> = drawn
        .iter()
        .map(|a| a.map(|v| rounded(spec, v * scale)))
        .collect();
    let b: Vec<Matrix> = (0..r)
        .map(|_| random.matrix(d, m).map(|v| rounded(spec, v)))
        .collect();
    let least: Vec<bool> = (0..d).map(|_| random.unit() < 0.5).collect();
    let lambda = rounded_vector(spec, random.normals(m));
    let star = rounded_vector(spec, random.normals(d));
    let winner: Vec<usize> = (0..d).map(|_| random.integer(0, r - 1)).collect();
    let tightest = (random.integer(0, d - 1), random.integer(0, r - 2));
    let forms = (0..r).map(|j| {
        let at = apply(&a[j], &star) + apply(&b[j], &lambda);
        let c = Vector::from_fn(d, |i, _| {
            if j == winner[i] {
                return star[i] - at[i];
            }
            // Losing forms are numbered without the winner.
            let place = (i, if j > winner[i] { j - 1 } else { j });
            let row: Vec<f64> = (0..d)
                .map(|k| a[j][(i, k)] - a[winner[i]][(i, k)])
                .collect();
            let gap = match spec.margin {
                Some(margin) => {
                    let near = margin * sum_of_squares(&row).sqrt();
                    if place == tightest {
                        near
                    } else {
                        near * 1.5 + 0.2 * random.unit()
                    }
                }
                None => 0.1 + random.normal().abs(),
            };
            let behind = if least[i] { gap } else { -gap };
            star[i] + behind - at[i]
        });
        AffineForm {
            a: a[j].clone(),
            b: b[j].clone(),
            c,
        }
    });
    let forms = forms.collect();
    let w0 = start(spec, random);
    Draft {
        problem: Problem::MaxMin(MaxMin { forms, least }),
        lambda: lambda.as_slice().to_vec(),
        w0,
        star: Some(star.as_slice().to_vec()),
    }
}

/// A little above the smaller of the two bounds that the map itself certifies for all choices of
/// rows.
fn choices_estimate(forms: &[Matrix]) -> f64 {
    let (d, _) = forms[0].shape();
    let longest: f64 = (0..d)
        .map(|i| {
            let squares = forms
                .iter()
                .map(|a| a.row(i).iter().map(|v| v * v).sum::<f64>());
            squares.fold(0.0f64, f64::max)
        })
        .sum();
    let ends = |i: usize, k: usize| {
        let entries = forms.iter().map(|a| a[(i, k)]);
        entries.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| {
            (l.min(v), h.max(v))
        })
    };
    let middle = Matrix::from_fn(d, d, |i, k| 0.5 * (ends(i, k).0 + ends(i, k).1));
    let radius = Matrix::from_fn(d, d, |i, k| 0.5 * (ends(i, k).1 - ends(i, k).0));
    longest
        .sqrt()
        .min(norm_estimate(&middle) + norm_estimate(&radius))
        * 1.0001
}

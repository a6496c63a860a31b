//! Projected gradient steps built backwards from the unit inputs at the solution.

use super::draft::{Draft, rounded, rounded_vector, start, symmetric};
use super::kind::Kind;
use super::random::{Random, apply, sum_of_squares};
use super::spec::Spec;
use crate::linalg::Vector;
use crate::maps::{Clip, Problem};

/// A = I - ηQ symmetric with eigenvalues in [-q, q], so that Q ≻ 0; z* is drawn off the bounds (or
/// with the prescribed margin), w* = clip(z*), c = z* - Aw* - Bλ.
pub(super) fn clip(spec: &Spec, random: &mut Random) -> Draft {
    let (d, m) = (spec.dim, spec.params);
    let a = symmetric(spec, random);
    let b = random.matrix(d, m).map(|v| rounded(spec, v));
    let lambda = rounded_vector(spec, random.normals(m));
    let lo = Vector::from_element(d, if spec.kind == Kind::BoxQp { -1.0 } else { 0.0 });
    let hi = Vector::from_element(
        d,
        if spec.kind == Kind::BoxQp {
            1.0
        } else {
            f64::INFINITY
        },
    );
    let tightest = random.integer(0, d - 1);
    let mut z = Vector::zeros(d);
    for i in 0..d {
        let row = sum_of_squares(&a.row(i).iter().copied().collect::<Vec<_>>()).sqrt();
        let margin = spec.margin.map_or(0.1, |margin| {
            let far = if i == tightest {
                1.0
            } else {
                1.0 + random.unit()
            };
            far * margin * row
        });
        // Near the lower or the upper bound, on either side; the box is 2 wide.
        let bound = if hi[i].is_finite() && random.unit() < 0.5 {
            hi[i]
        } else {
            lo[i]
        };
        let distance = if spec.margin.is_some() && i == tightest {
            margin
        } else {
            margin.max(0.1 * random.unit()) + 0.5 * random.unit()
        };
        z[i] = bound + random.sign() * distance.min(0.9);
    }
    let star = Vector::from_fn(d, |i, _| z[i].clamp(lo[i], hi[i]));
    let c = z - apply(&a, &star) - apply(&b, &lambda);
    let w0 = start(spec, random);
    Draft {
        problem: Problem::Clip(Clip { a, b, c, lo, hi }),
        lambda: lambda.as_slice().to_vec(),
        w0,
        star: Some(star.as_slice().to_vec()),
    }
}

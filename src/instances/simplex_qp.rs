//! Projected gradient steps on the simplex, built backwards from the unit inputs at the solution.

use super::draft::{Draft, rounded, rounded_vector, symmetric};
use super::random::{Random, apply};
use super::spec::Spec;
use crate::linalg::Vector;
use crate::maps::SimplexQp;

/// A = I - ηQ symmetric with eigenvalues in [-q, q]; about half of the coordinates (at least two)
/// are positive at w(λ), none smaller than 1/(2|S|), and z* of the others is at least 1/(4|S|)
/// below its threshold; c = z* - Aw* - Bλ. w_0 is at distance about √d/2.
pub(super) fn simplex_qp(spec: &Spec, random: &mut Random) -> Draft {
    let (d, m) = (spec.dim, spec.params);
    let a = symmetric(spec, random);
    let b = random.matrix(d, m).map(|v| rounded(spec, v));
    let lambda = rounded_vector(spec, random.normals(m));
    let support = random.subset(d, d.div_ceil(2).max(2).min(d));
    let mut star = Vector::zeros(d);
    for &i in &support {
        star[i] = 1.0 + random.unit();
    }
    star /= star.iter().sum::<f64>();
    let gap = 1.0 / support.len() as f64;
    let z = Vector::from_fn(d, |i, _| {
        let below = gap * (0.25 + random.unit());
        if star[i] > 0.0 { star[i] } else { -below }
    });
    let c = z - apply(&a, &star) - apply(&b, &lambda);
    let w0 = if spec.plain {
        vec![0.0; d]
    } else {
        (&star + random.normals(d) * 0.5).as_slice().to_vec()
    };
    Draft {
        problem: SimplexQp { a, b, c }.into(),
        lambda: lambda.as_slice().to_vec(),
        w0,
        star: Some(star.as_slice().to_vec()),
    }
}

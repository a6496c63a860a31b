//! Maps whose operator depends on λ.

use super::draft::{Draft, rounded, rounded_vector, start};
use super::random::{Random, norm_estimate};
use super::spec::Spec;
use crate::linalg::Matrix;
use crate::maps::Bilinear;

/// Part of ‖A + Σ_k λ_k B_k‖ that rounding of a norm estimate may take: q is approached from below.
const BELOW: f64 = 1.0 - 1.0 / 1024.0;

/// K = A + Σ_k λ_k B_k of norm q, B_k of norm ½ and w_0 at distance about √d: A is what is left of
/// K.
pub(super) fn bilinear(spec: &Spec, random: &mut Random) -> Draft {
    let (d, m) = (spec.dim, spec.params);
    let mut of_norm = |norm: f64| {
        let drawn = random.matrix(d, d);
        let size = norm_estimate(&drawn).max(f64::MIN_POSITIVE);
        drawn.map(|v| rounded(spec, v * (norm / size)))
    };
    let k = of_norm(spec.q * BELOW);
    let b: Vec<Matrix> = (0..m).map(|_| of_norm(0.5)).collect();
    let lambda = rounded_vector(spec, random.normals(m));
    let a = b.iter().zip(lambda.iter()).fold(k, |a, (b, l)| a - b * *l);
    let c = random.matrix(d, m).map(|v| rounded(spec, v));
    Draft {
        problem: Bilinear { a, b, c }.into(),
        lambda: lambda.as_slice().to_vec(),
        w0: start(spec, random),
        star: None,
    }
}

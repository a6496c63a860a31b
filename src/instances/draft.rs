//! What a generator fills in.

use super::random::Random;
use super::spec::Spec;
use crate::linalg::Vector;
use crate::maps::Problem;

/// A problem with λ and a start.
pub(super) struct Draft {
    pub(super) problem: Problem,
    pub(super) lambda: Vec<f64>,
    pub(super) w0: Vec<f64>,
    /// w(λ) to rounding, where the problem was built backwards from it.
    pub(super) star: Option<Vec<f64>>,
}

/// A starting point: zero for plain instances, else random.
pub(super) fn start(spec: &Spec, random: &mut Random) -> Vec<f64> {
    let w0 = random.normals(spec.dim);
    if spec.plain {
        vec![0.0; spec.dim]
    } else {
        w0.as_slice().to_vec()
    }
}

/// Rounds to multiples of 1/64 where plain numbers are wanted.
pub(super) fn rounded(spec: &Spec, v: f64) -> f64 {
    if spec.plain {
        (v * 64.0).round() / 64.0
    } else {
        v
    }
}

pub(super) fn rounded_vector(spec: &Spec, v: Vector) -> Vector {
    v.map(|x| rounded(spec, x))
}

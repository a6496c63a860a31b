//! What a generator fills in.

use super::random::{Random, product};
use super::spec::Spec;
use crate::linalg::{Matrix, Vector};
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

/// A d×d, symmetric, with eigenvalues in [-q, q], one of them ±q.
pub(super) fn symmetric(spec: &Spec, random: &mut Random) -> Matrix {
    let half = almost_symmetric(spec, random);
    Matrix::from_fn(spec.dim, spec.dim, |i, j| {
        rounded(spec, 0.5 * (half[(i, j)] + half[(j, i)]))
    })
}

/// The same, symmetric to rounding: UᵀSU as it comes out. One eigenvalue has modulus q, the others
/// are anywhere below.
pub(super) fn almost_symmetric(spec: &Spec, random: &mut Random) -> Matrix {
    let (d, q) = (spec.dim, spec.q);
    let u = random.orthogonal(d);
    let s = Vector::from_fn(d, |i, _| {
        let size = if i == 0 || spec.plain {
            q
        } else {
            q * random.unit()
        };
        size * random.sign()
    });
    let scaled = Matrix::from_fn(d, d, |i, j| u[(i, j)] * s[j]);
    product(&scaled, &u.transpose())
}

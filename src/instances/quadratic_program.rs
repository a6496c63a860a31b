//! Projected gradient steps on box-constrained quadratic programmes, built backwards from the unit
//! inputs at the solution.

use super::draft::{Draft, rounded, start, symmetric};
use super::random::{Random, apply};
use super::spec::Spec;
use crate::linalg::{Matrix, Vector};
use crate::maps::QuadraticProgram;

/// η is a power of two; Q = (I - A)/η with A symmetric and eigenvalues in [-q, q]. Every coordinate
/// has a lower bound, an upper one, both (a box 2 wide) or none; z* is 0.1 to 0.7 away from the
/// bound it is near, on either side, and λ = (w* - z*)/η - Qw* with w* = clip(z*).
pub(super) fn quadratic_program(spec: &Spec, random: &mut Random) -> Draft {
    let d = spec.dim;
    let step = [0.25, 0.5, 1.0][random.integer(0, 2)];
    let a = symmetric(spec, random);
    let q = (Matrix::identity(d, d) - a) / step;
    let (mut lower, mut upper) = (Vector::zeros(d), Vector::zeros(d));
    let mut z = Vector::zeros(d);
    for i in 0..d {
        let base = rounded(spec, 0.5 * random.normals(1)[0]);
        let sides = random.integer(0, 3);
        lower[i] = if sides == 0 || sides == 2 {
            base
        } else {
            f64::NEG_INFINITY
        };
        upper[i] = match sides {
            1 => base,
            2 => base + 2.0,
            _ => f64::INFINITY,
        };
        let distance = rounded(spec, 0.1 + 0.6 * random.unit());
        z[i] = base + random.sign() * distance;
    }
    let star = Vector::from_fn(d, |i, _| z[i].clamp(lower[i], upper[i]));
    let lambda = (&star - &z) / step - apply(&q, &star);
    let w0 = start(spec, random);
    Draft {
        problem: QuadraticProgram {
            q,
            lower,
            upper,
            step,
        }
        .into(),
        lambda: lambda.as_slice().to_vec(),
        w0,
        star: Some(star.as_slice().to_vec()),
    }
}

//! Affine contractions and the tight family.

use super::draft::{Draft, almost_symmetric, rounded, rounded_vector, start};
use super::kind::Kind;
use super::random::{Random, apply, norm_estimate, product};
use super::spec::Spec;
use crate::linalg::{Matrix, Vector};
use crate::maps::{Affine, Problem, Scaling};

/// Aw + Bλ + c with c chosen so that w(λ) is a drawn vector.
pub(super) fn affine(spec: &Spec, random: &mut Random) -> Draft {
    let (d, m) = (spec.dim, spec.params);
    let a = matrix(spec, random).map(|v| rounded(spec, v));
    let b = random.matrix(d, m).map(|v| rounded(spec, v));
    let lambda = rounded_vector(spec, random.normals(m));
    let star = rounded_vector(spec, random.normals(d));
    let c = &star - apply(&a, &star) - apply(&b, &lambda);
    let w0 = start(spec, random);
    Draft {
        problem: Problem::Affine(Affine { a, b, c }),
        lambda: lambda.as_slice().to_vec(),
        w0,
        star: None,
    }
}

fn matrix(spec: &Spec, random: &mut Random) -> Matrix {
    let (d, q) = (spec.dim, spec.q);
    match spec.kind {
        Kind::AffineSymmetric => almost_symmetric(spec, random),
        Kind::AffineNormal => {
            let u = random.orthogonal(d);
            let mut blocks = Matrix::zeros(d, d);
            let mut i = 0;
            while i < d {
                let r = if i == 0 { q } else { q * random.unit() };
                if i + 1 < d {
                    let (x, y) = (random.normal(), random.normal());
                    let size = (x * x + y * y).sqrt();
                    let (c, s) = (r * x / size, r * y / size);
                    blocks[(i, i)] = c;
                    blocks[(i + 1, i + 1)] = c;
                    blocks[(i, i + 1)] = -s;
                    blocks[(i + 1, i)] = s;
                } else {
                    blocks[(i, i)] = r * random.sign();
                }
                i += 2;
            }
            product(&product(&u, &blocks), &u.transpose())
        }
        Kind::AffineRotation => random.orthogonal(d) * q,
        _ => {
            // A graded upper triangle: small eigenvalues on the diagonal, all the norm above it.
            let u = random.orthogonal(d);
            let rho = if d == 1 {
                q
            } else {
                q * random.between(0.3, 0.8)
            };
            let triangle = Matrix::from_fn(d, d, |i, j| match j as isize - i as isize {
                0 => rho * (1.0 - 0.5 * i as f64 / d as f64),
                1 => 2.0 * q,
                k if k > 1 => q * random.normal() / k as f64,
                _ => 0.0,
            });
            let scale = q / norm_estimate(&triangle);
            product(&product(&u, &(triangle * scale)), &u.transpose())
        }
    }
}

/// Φ = λQw + c at λ = q, Q orthogonal with a fixed axis u on which w(λ) and w_0 lie: there
/// (I-qQ)⁻¹Q acts as 1/(1-q), so B = ‖J‖, and with w_0 - w(λ) a negative multiple of J both bounds
/// of Theorem 4.1 are equalities.
pub(super) fn tight(spec: &Spec, random: &mut Random) -> Draft {
    let (d, q) = (spec.dim, spec.q);
    let u = random.orthogonal(d);
    let inner = random.orthogonal(d.max(2) - 1);
    let block = Matrix::from_fn(d, d, |i, j| match (i, j) {
        (0, 0) => 1.0,
        (0, _) | (_, 0) => 0.0,
        _ => inner[(i - 1, j - 1)],
    });
    let (rotation, axis) = if spec.plain {
        (
            Matrix::identity(d, d),
            Vector::from_fn(d, |i, _| f64::from(u8::from(i == 0))),
        )
    } else {
        (
            product(&product(&u, &block), &u.transpose()),
            u.column(0).into_owned(),
        )
    };
    let star = &axis * (random.sign() * random.between(0.5, 2.0));
    let c = &star * (1.0 - q);
    // E_t = qᵗE_0 + t q^{t-1}(w_0-w*) with E_0 = -J = -w*/(1-q): opposite signs of w_0-w* and J add
    // up.
    let w0 = &star * (1.0 - random.between(0.1, 2.0) / (1.0 - q));
    Draft {
        problem: Problem::Scaling(Scaling { rotation, c }),
        lambda: vec![q],
        w0: w0.as_slice().to_vec(),
        star: None,
    }
}

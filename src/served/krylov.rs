//! The adjoint system without a matrix: (I - ∂₁Φᵀ)v = y by GMRES on served products (theory,
//! section 10, item 7, beyond d ~ 500).
//!
//! Owns the solver (Saad and Schultz 1986, without restarts) and an estimate of K from solves. In
//! units of the scales.

use super::caller::{Asked, Caller, Part};
use super::units::Units;
use crate::linalg::random::Random;
use crate::linalg::{Matrix, Vector};
use crate::tol::SERVED_KRYLOV;

/// Most products of one solve.
const MOST: usize = 300;
/// Random right-hand sides whose solutions show K from below.
const PROBES: usize = 2;

/// A solution with what its residual is, recomputed.
pub(super) struct Solved {
    pub(super) v: Vector,
    pub(super) residual: f64,
}

/// (∂₁Φᵀv, ∂₂Φᵀv).
fn product(
    caller: &mut Caller<'_>,
    units: &Units,
    x: &[f64],
    v: &Vector,
) -> Asked<(Vector, Vector)> {
    let (d, n) = caller.dims();
    let u = v.iter().zip(&units.s).map(|(v, s)| v / s).collect();
    let g = caller.vjps(Part::Whole, &[(x.to_vec(), u)])?.remove(0);
    let part =
        |from: usize, to: usize| Vector::from_fn(to - from, |i, _| g[from + i] * units.s[from + i]);
    Ok((part(0, d), part(d, n)))
}

/// Solves (I - ∂₁Φ(x)ᵀ)v = y.
pub(super) fn adjoint(
    caller: &mut Caller<'_>,
    units: &Units,
    x: &[f64],
    y: &Vector,
) -> Asked<Solved> {
    let size = y.norm();
    if size == 0.0 {
        return Ok(Solved {
            v: y.clone(),
            residual: 0.0,
        });
    }
    let mut basis = vec![y / size];
    // The Hessenberg matrix, its columns rotated to a triangle, and the rotated right-hand side.
    let mut columns: Vec<Vec<f64>> = Vec::new();
    let (mut rotations, mut right) = (Vec::<(f64, f64)>::new(), vec![size]);
    while columns.len() < MOST {
        let last = &basis[basis.len() - 1];
        let mut w = last - product(caller, units, x, last)?.0;
        let mut h = vec![0.0; basis.len()];
        // Twice, or the basis loses its orthogonality.
        for _ in 0..2 {
            for (h, q) in h.iter_mut().zip(&basis) {
                let c = q.dot(&w);
                w -= q * c;
                *h += c;
            }
        }
        let below = w.norm();
        for (k, (c, s)) in rotations.iter().enumerate() {
            (h[k], h[k + 1]) = (c * h[k] + s * h[k + 1], c * h[k + 1] - s * h[k]);
        }
        let k = h.len() - 1;
        let length = h[k].hypot(below);
        if length == 0.0 {
            break;
        }
        let (c, s) = (h[k] / length, below / length);
        h[k] = length;
        rotations.push((c, s));
        right.push(-s * right[k]);
        right[k] *= c;
        columns.push(h);
        if right[k + 1].abs() <= SERVED_KRYLOV * size || below == 0.0 {
            break;
        }
        basis.push(w / below);
    }
    let count = columns.len();
    let triangle = Matrix::from_fn(
        count,
        count,
        |i, j| if i <= j { columns[j][i] } else { 0.0 },
    );
    let right = Vector::from_fn(count, |i, _| right[i]);
    let mut v = Vector::zeros(y.len());
    if let Some(c) = triangle.solve_upper_triangular(&right) {
        for (q, c) in basis.iter().zip(c.iter()) {
            v += q * *c;
        }
    }
    let residual = (y - &v + product(caller, units, x, &v)?.0).norm();
    Ok(Solved { v, residual })
}

/// What is known of Jᵀy at x without a matrix.
pub(super) struct Image {
    /// ∂₂Φᵀv.
    pub(super) g: Vector,
    pub(super) residual: f64,
    /// ‖v‖.
    pub(super) size: f64,
}

/// Jᵀy at x.
pub(super) fn image(caller: &mut Caller<'_>, units: &Units, x: &[f64], y: &Vector) -> Asked<Image> {
    let solved = adjoint(caller, units, x, y)?;
    let (_, g) = product(caller, units, x, &solved.v)?;
    let (residual, size) = (solved.residual, solved.v.norm());
    Ok(Image { g, residual, size })
}

/// K̂, the largest ‖v‖/‖y‖ over solves of random y: from below.
pub(super) fn inverse_norm(
    caller: &mut Caller<'_>,
    units: &Units,
    x: &[f64],
    random: &mut Random,
) -> Asked<f64> {
    let mut k = 0.0f64;
    for _ in 0..PROBES {
        let mut y = random.normals(units.d);
        // The solution of one solve is the next right-hand side: a power iteration where
        // ∂₁Φ is symmetric.
        for _ in 0..PROBES {
            let solved = adjoint(caller, units, x, &y)?;
            k = k.max(solved.v.norm() / y.norm());
            y = solved.v;
        }
    }
    Ok(k)
}

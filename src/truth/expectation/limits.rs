//! Limits of the second moment: decreasing steps (Lyapunov) and constant steps (plateau).

use super::recursion::Recursion;
use crate::error::{Error, Result};
use crate::linalg::{Matrix, Vector, norm, solve::solve};

/// The limit of (γ+k)·E(v_k-v̂)(v_k-v̂)ᵀ for η_i = β/(γ+i).
#[derive(Clone, Debug, PartialEq)]
pub struct LyapunovLimit {
    /// Σ, d×d.
    pub sigma: Matrix,
    /// tr Σ = lim (γ+k)E‖v_k-v̂‖².
    pub trace: f64,
    /// ‖(βN-I/2)Σ + Σ(βN-I/2)ᵀ - β²C‖_F / ‖β²C‖_F of the computed Σ (0 where C = 0).
    pub residual: f64,
}

/// Doublings after which the Smith iteration is given up: each squares the contraction, so this
/// covers every matrix whose distance from instability exceeds the unit roundoff.
const MAX_DOUBLINGS: usize = 60;

/// Solves (βN-I/2)Σ + Σ(βN-I/2)ᵀ = β²C, N = I-P, C = Cov((P_ξ-P)v̂), v̂ = (I-P)⁻¹y also where y is
/// random; `None` where βN-I/2 is not stable (then the rate is slower than 1/k).
///
/// With F = βN-I/2 and a shift s > 0 the equation is Σ = AΣAᵀ + 2s(F+sI)⁻¹β²C(F+sI)⁻ᵀ, A =
/// (F+sI)⁻¹(F-sI), summed by squaring A (Smith 1968): about a dozen products, sums of positive
/// semidefinite terms only, and stability is decided by A's powers vanishing. The residual is that
/// of the equation.
pub fn lyapunov(recursion: &mut Recursion, beta: f64) -> Option<LyapunovLimit> {
    let v = recursion.v_hat().clone();
    let d = v.len();
    let eye = Matrix::identity(d, d);
    let f = (&eye - recursion.mean()) * beta - &eye * 0.5;
    let mut c = Matrix::zeros(d, d);
    let mut second = Matrix::zeros(d, d);
    recursion.second_moment(&recursion.solved(Matrix::zeros(d, d)).ok()?, &mut second);
    recursion.covariance(&second, &mut c);
    c *= beta * beta;
    let s = f.norm() / (d as f64).sqrt();
    let shifted = &f + &eye * s;
    let a = solve(&shifted, &(&f - &eye * s))?.x;
    let half = solve(&shifted, &c)?.x;
    let mut sigma = solve(&shifted, &half.transpose())?.x * (2.0 * s);
    let mut power = a;
    for _ in 0..MAX_DOUBLINGS {
        let size = power.norm();
        if !size.is_finite() {
            return None;
        }
        // The terms still missing are below size²·‖Σ‖/(1-size²).
        if size * size < crate::tol::UNIT {
            let sigma = 0.5 * (&sigma + sigma.transpose());
            let r = &f * &sigma + &sigma * f.transpose() - &c;
            let residual = if c.norm() == 0.0 {
                r.norm()
            } else {
                r.norm() / c.norm()
            };
            return Some(LyapunovLimit {
                trace: sigma.trace(),
                sigma,
                residual,
            });
        }
        sigma = &power * &sigma * power.transpose() + &sigma;
        power = &power * &power;
    }
    None
}

/// Where Algorithm 3 with a constant step settles.
#[derive(Clone, Debug, PartialEq)]
pub struct Plateau {
    /// lim E(v_k-v̂)(v_k-v̂)ᵀ, d×d.
    pub s: Matrix,
    /// lim E‖v_k-v̂‖².
    pub trace: f64,
    /// ‖S - M̄SM̄ᵀ - η²N(S+v̂v̂ᵀ)‖_F of the computed S.
    pub residual: f64,
}

/// Largest dimension at which the plateau is solved for: a system of d(d+1)/2 unknowns.
pub const PLATEAU_MAX_DIM: usize = 40;

/// The fixed point of the second-moment recursion with constant η > 0, or `None` where that
/// recursion does not contract (the second moment then grows without limit).
///
/// L(S) = M̄SM̄ᵀ + η²N(S) maps semidefinite matrices to semidefinite ones; such an L has spectral
/// radius below 1 exactly if the solution of X - L(X) = I is positive definite, which is checked.
///
/// # Errors
/// A dimension that is too large for the dense system in d(d+1)/2 unknowns, or an η that is not
/// positive and finite.
pub fn plateau(recursion: &mut Recursion, eta: f64) -> Result<Option<Plateau>> {
    let v = recursion.v_hat().clone();
    let d = v.len();
    if d > PLATEAU_MAX_DIM {
        let text = format!("the plateau is solved for up to dimension {PLATEAU_MAX_DIM}, got {d}");
        return Err(Error::input(text).in_field("dim"));
    }
    if !(eta > 0.0 && eta.is_finite()) {
        return Err(
            Error::input(format!("must be positive and finite, got {eta}")).in_field("eta"),
        );
    }
    let eye = Matrix::identity(d, d);
    let step = &eye * (1.0 - eta) + recursion.mean() * eta;
    let mut noise = Matrix::zeros(d, d);
    let mut l = |recursion: &mut Recursion, s: &Matrix| {
        recursion.covariance(s, &mut noise);
        &step * s * step.transpose() + &noise * (eta * eta)
    };
    let p = d * (d + 1) / 2;
    let mut system = Matrix::identity(p, p);
    let mut unit = Matrix::zeros(d, d);
    let mut column = 0;
    for j in 0..d {
        for i in 0..=j {
            unit[(i, j)] = 1.0;
            unit[(j, i)] = 1.0;
            let image = pack(&l(recursion, &unit));
            unit[(i, j)] = 0.0;
            unit[(j, i)] = 0.0;
            let mut target = system.column_mut(column);
            target -= image;
            column += 1;
        }
    }
    let mut source = Matrix::zeros(d, d);
    recursion.covariance(&(&v * v.transpose()), &mut source);
    source *= eta * eta;
    let right = Matrix::from_columns(&[pack(&source), pack(&eye)]);
    let Some(solution) = solve(&system, &right) else {
        return Ok(None);
    };
    let x = unpack(solution.x.column(1).as_slice(), d);
    let (least, _) = norm::symmetric_range(&x);
    if least <= 0.0 {
        return Ok(None);
    }
    let s = unpack(solution.x.column(0).as_slice(), d);
    let residual = (&s - l(recursion, &s) - source).norm();
    Ok(Some(Plateau {
        trace: s.trace(),
        s,
        residual,
    }))
}

/// The upper triangle, column by column.
fn pack(s: &Matrix) -> Vector {
    let d = s.nrows();
    Vector::from_iterator(
        d * (d + 1) / 2,
        (0..d).flat_map(|j| (0..=j).map(move |i| s[(i, j)])),
    )
}

fn unpack(packed: &[f64], d: usize) -> Matrix {
    Matrix::from_fn(d, d, |i, j| {
        let (i, j) = (i.min(j), i.max(j));
        packed[j * (j + 1) / 2 + i]
    })
}

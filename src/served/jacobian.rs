//! K, the error of ŵ, and J by a direct solve from served products (theory, section 10, items 6,
//! 7).
//!
//! Owns what is known at one λ. Everything in units of the scales: J̃ = S_w⁻¹JS_λ.

use super::caller::{Asked, Caller, Part};
use super::fixed_point::{End, Settled};
use super::noise::Noise;
use super::report::Found;
use super::spectral::{power_sum, radius};
use super::units::Units;
use crate::checks::Reason;
use crate::linalg::random::Random;
use crate::linalg::solve::solve;
use crate::linalg::{Matrix, norm};
use crate::tol::{COARSE, SERVED_DECLARED, SERVED_MATRIX, SERVED_NEAR};

/// Points around ŵ at which J and K are looked at.
const AROUND: usize = 3;

/// J at ŵ with what it may be off by.
#[derive(Clone, Debug)]
pub(super) struct Linear {
    /// ∂₁Φ and ∂₂Φ at ŵ.
    pub(super) a: Matrix,
    pub(super) c: Matrix,
    /// (I - ∂₁Φ)⁻¹∂₂Φ.
    pub(super) j: Matrix,
    /// f_J.
    pub(super) error: f64,
    /// Its parts K(d+16)u_p‖Ĵ‖ and K·10τ(1+‖Ĵ‖).
    pub(super) rounding: f64,
    pub(super) declared: f64,
    /// (J at ŵ + δ, ‖δ‖) nearby.
    pub(super) near: Vec<(Matrix, f64)>,
    /// The largest ‖V(ŵ+δ) - V(ŵ)‖/‖δ‖ seen.
    pub(super) curvature: f64,
}

/// What is known at one λ.
#[derive(Clone, Debug)]
pub(super) struct Solution {
    pub(super) settled: Settled,
    /// ‖(I - ∂₁Φ(ŵ))⁻¹‖; 3/(1-r̂) of the observed ratio where there are no products.
    pub(super) k: f64,
    /// Σ‖∂₁Φ(ŵ)ᵏ‖.
    pub(super) sum: f64,
    /// ‖ŵ - w(λ)‖ ≤ b = K(r + 3‖ε‖).
    pub(super) b: f64,
    pub(super) linear: Option<Linear>,
}

/// ‖(I - A)⁻¹‖, by the Frobenius norm in large dimensions; infinite where singular.
fn inverse_norm(a: &Matrix) -> f64 {
    let d = a.nrows();
    let Some(inverse) = (Matrix::identity(d, d) - a).try_inverse() else {
        return f64::INFINITY;
    };
    if d <= SERVED_MATRIX {
        norm::spectral_upper(&inverse)
    } else {
        inverse.norm()
    }
}

/// How errors grow at a point of w(·).
#[derive(Clone, Copy, Debug)]
pub(super) struct Growth {
    /// K, for solves and for w(·) itself.
    pub(super) k: f64,
    /// Σ‖∂₁Φᵏ‖, for iterations.
    pub(super) sum: f64,
    /// ρ(∂₁Φ).
    pub(super) ratio: f64,
}

impl Growth {
    /// The larger of both.
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            k: self.k.max(other.k),
            sum: self.sum.max(other.sum),
            ratio: self.ratio.max(other.ratio),
        }
    }
}

/// The largest growth at some points.
pub(super) fn growth(caller: &mut Caller<'_>, units: &Units, points: &[Vec<f64>]) -> Asked<Growth> {
    let found = caller.jacobians(Part::Whole, points, &units.s, units.d)?;
    let one = |a: &Matrix| Growth {
        k: inverse_norm(a),
        sum: power_sum(a),
        ratio: radius(a),
    };
    let none = Growth {
        k: 0.0,
        sum: 0.0,
        ratio: 0.0,
    };
    Ok(found.iter().map(one).fold(none, Growth::or))
}

fn sensitivity(a: &Matrix, c: &Matrix) -> Option<Matrix> {
    let d = a.nrows();
    solve(&(Matrix::identity(d, d) - a), c).map(|s| s.x)
}

fn parts(v: &Matrix) -> (Matrix, Matrix) {
    let d = v.nrows();
    (
        v.columns(0, d).into_owned(),
        v.columns(d, v.ncols() - d).into_owned(),
    )
}

/// Without products: what the observed ratio gives.
pub(super) fn by_ratio(units: &Units, noise: &Noise, settled: Settled) -> Solution {
    let k = 3.0 / (1.0 - settled.ratio);
    let b = k * (settled.residual + 3.0 * noise.norm(units));
    Solution {
        settled,
        k,
        sum: k,
        b,
        linear: None,
    }
}

/// K, b and J. f_J = K(d+16)u_p‖Ĵ‖ + 4L̂_J·b, and with a declared tolerance τ of the products
/// K·10τ(1+‖Ĵ‖) besides.
pub(super) fn known(
    caller: &mut Caller<'_>,
    units: &Units,
    noise: &Noise,
    settled: Settled,
    random: &mut Random,
) -> Asked<Solution> {
    let (d, n) = caller.dims();
    let here = caller.jacobians(Part::Whole, std::slice::from_ref(&settled.x), &units.s, n)?;
    let (a, c) = parts(&here[0]);
    let floor = settled.residual + 3.0 * noise.norm(units);
    let mut k = inverse_norm(&a);
    let size = (SERVED_NEAR * (d as f64).sqrt()).max(3.0 * k * floor);
    let displaced = |size: f64, random: &mut Random| {
        let direction = random.normals(d);
        let scale = size / direction.norm();
        let mut x = settled.x.clone();
        for i in 0..d {
            x[i] += scale * direction[i] * units.s[i];
        }
        units.clamped(x)
    };
    let mut points: Vec<_> = (0..AROUND).map(|_| displaced(k * floor, random)).collect();
    points.extend((0..AROUND).map(|_| displaced(size, random)));
    let around = caller.jacobians(Part::Whole, &points, &units.s, n)?;
    for v in &around[..AROUND] {
        k = k.max(inverse_norm(&parts(v).0));
    }
    let b = k * floor;
    let sum = power_sum(&a);
    let linear = sensitivity(&a, &c).map(|j| {
        let mut near = Vec::new();
        let (mut change, mut curvature) = (0.0f64, 0.0f64);
        for v in &around[AROUND..] {
            curvature = curvature.max((v - &here[0]).norm() / size);
            let (a, c) = parts(v);
            if let Some(other) = sensitivity(&a, &c) {
                change = change.max((&other - &j).norm() / size);
                near.push((other, size));
            }
        }
        let declared = k * SERVED_DECLARED * caller.spec.tolerance * (1.0 + j.norm());
        let rounding = k * (d + 16) as f64 * noise.products * j.norm();
        let error = rounding + 4.0 * change * b + declared;
        Linear {
            a,
            c,
            j,
            error,
            rounding,
            declared,
            near,
            curvature,
        }
    });
    Ok(Solution {
        settled,
        k,
        sum,
        b,
        linear,
    })
}

/// The finding about ŵ.
pub(super) fn fixed_point(solution: &Solution, noise: &Noise, units: &Units) -> Found {
    let Settled {
        residual,
        steps,
        ratio,
        end,
        ..
    } = solution.settled;
    let (floor, b, k) = (noise.norm(units), solution.b, solution.k);
    let numbers = [residual, 20.0 * floor];
    let check = "fixed-point";
    if end != End::Settled {
        let text = format!(
            "after {steps} steps the residual is {residual:.1e}, above the noise {floor:.1e}, and \
             no longer falls (observed ratio {ratio:.6})"
        );
        return Found::open(check, Reason::NotSettled, numbers, text);
    }
    let by = if solution.linear.is_some() {
        "of products seen at the point and around it"
    } else {
        "of the observed ratio alone"
    };
    let detail = format!(
        "after {steps} steps (observed ratio {ratio:.6}) the residual is {residual:.1e}; with K = \
         {k:.3} {by}, ŵ is within {b:.1e} of w(λ) in units of the scales"
    );
    if !(b <= COARSE) {
        return Found::open(check, Reason::IllConditioned, numbers, detail);
    }
    Found::passed(check, numbers, detail)
}

/// The finding about J.
pub(super) fn jacobian(solution: &Solution) -> Found {
    let check = "jacobian";
    let Some(linear) = &solution.linear else {
        let text = "I - ∂₁Φ(ŵ) is singular to working precision";
        return Found::open(check, Reason::IllConditioned, [f64::NAN; 2], text);
    };
    let size = linear.j.norm();
    let relative = if size > 0.0 {
        linear.error / size
    } else {
        linear.error
    };
    let detail = format!(
        "J from products at ŵ is known to {:.1e} relatively (‖J‖ = {size:.3}, K = {:.3}), if these \
         products are right, which is judged elsewhere",
        relative, solution.k
    );
    if !(relative <= COARSE) {
        return Found::open(check, Reason::IllConditioned, [relative, COARSE], detail);
    }
    Found::passed(check, [relative, COARSE], detail)
}

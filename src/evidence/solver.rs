//! How far the answer of a solver of (I - ∂₁Φᵀ)v = y may be from ∂₂Φᵀv (theory, sections 9 and
//! 10.9).
//!
//! With J = (I - P)⁻¹∂₂Φ the estimate of a v with residual r is off by Jᵀr: rounding makes r at
//! most (d+16)u·κ_M(1 + ‖P‖)‖v‖ with ‖v‖ ≤ K‖y‖, K = ‖(I - P)⁻¹‖ and κ_M = (1 + ‖P‖)K, whether the
//! system is solved as it stands or by its normal equations; a declared tolerance τ adds τ‖y‖.

use super::declared::Declared;
use super::exact::Exact;
use super::request::Where;
use crate::linalg::Matrix;
use crate::linalg::norm::spectral_upper;
use crate::linalg::solve::solve;
use crate::maps::Rounding;
use crate::tol::{SOLVER_TERMS, gamma};
use crate::truth::AidLimit;

/// The distance allowed per ‖y‖, at a limit of AID.
pub(super) fn allowance(exact: &Exact, limit: &AidLimit, declared: Declared) -> f64 {
    let d = limit.p.nrows();
    let identity = Matrix::identity(d, d);
    let most = exact.truth.kappa();
    // κ = 1/(1-q) bounds K whatever the inverse looks like in floating point.
    let inverse = solve(&(&identity - &limit.p), &identity)
        .map_or(most, |s| spectral_upper(&s.x) * (1.0 + gamma(4 * d + 16)));
    let k = inverse.min(most);
    let p = spectral_upper(&limit.p);
    let u = exact.truth.roundoff();
    let residual = u.gamma(d + SOLVER_TERMS) * (1.0 + p) * k * (1.0 + p) * k;
    let j = spectral_upper(&limit.j) + limit.error;
    let last = Rounding::at(exact.truth.judged.push_lambda, limit.w.norm());
    j * (residual + declared.linear) + last * k + limit.forming + limit.error
}

/// The same where the w is one that the solver found: K and ‖J‖ are then those of another point, at
/// most κ and `j`. How far J has moved is not in it.
pub(super) fn allowance_elsewhere(
    exact: &Exact,
    limit: &AidLimit,
    declared: Declared,
    j: f64,
) -> f64 {
    let d = limit.p.nrows();
    let k = exact.truth.kappa();
    // ‖∂₁Φ‖ ≤ q < 1 wherever it is.
    let residual = exact.truth.roundoff().gamma(d + SOLVER_TERMS) * 4.0 * k * k;
    let size = limit.w.norm() + distance(exact, declared);
    let last = Rounding::at(exact.truth.judged.push_lambda, size);
    let forming = k * (Rounding::at(exact.truth.judged.push_w, size) * j + last);
    j * (residual + declared.linear) + last * k + forming + limit.error
}

/// How far from w(λ) the w of an own fixed-point solver may be: ‖w - w(λ)‖ ≤ κ(r + rounding of Φ).
pub fn distance(exact: &Exact, declared: Declared) -> f64 {
    let truth = &exact.truth;
    let size = truth.w().norm();
    let rounding = Rounding::at(truth.judged.value, size) + truth.roundoff().value() * size;
    let kappa = truth.kappa();
    // The tolerance is relative to the w that was found, which may be larger than w(λ).
    let left = 1.0 - kappa * declared.solver;
    if !(left > 0.0) {
        return f64::INFINITY;
    }
    kappa * (declared.solver * size.max(1.0) + 3.0 * rounding) / left + truth.fixed_point.error
}

/// How far (I - ∂₁Φ)⁻¹∂₂Φ at a w this far from w(λ) may be from that at w(λ): κ(‖J‖C_1(e) +
/// C_2(e))e.
pub(super) fn moved(exact: &Exact, j_norm: f64, e: f64) -> f64 {
    let m = exact.truth.moduli();
    exact.truth.kappa() * (j_norm * m.c(1, e) + m.c(2, e)) * e
}

/// The same where ties may be selected differently: the largest of what the ends and the middle
/// allow. At [`Where::Start`], the w that the solver found, ‖J‖ is at most `j`.
pub fn allowance_at_ties(exact: &Exact, at: Where, declared: Declared, j: f64) -> f64 {
    let own = at == Where::Start;
    let place = if own { Where::Solution } else { at };
    let one = |weight| match exact.aid_limit(place, weight) {
        Some(limit) if own => allowance_elsewhere(exact, &limit, declared, j),
        Some(limit) => allowance(exact, &limit, declared),
        None => f64::INFINITY,
    };
    [0.0, 0.5, 1.0].map(one).into_iter().fold(0.0, f64::max)
}

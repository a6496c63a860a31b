//! Rounding floors of an implementation, within the exact runs and beyond them (theory, section 9).

use super::exact::Exact;
use crate::case::Method;
use crate::maps::Rounding;
use crate::truth::{AidRun, Truth};

/// Rounding floor of ITD at t, as a norm of D or per ‖y‖.
pub fn itd(exact: &Exact, method: Method, t: usize) -> f64 {
    let run = exact.run();
    let last = run.d.len() - 1;
    if t > last {
        return itd_steady(exact, method, t);
    }
    if method.is_reverse() {
        let m = exact.truth.lambda.len();
        run.floor
            .reverse(&exact.truth.constants, &exact.truth.judged, m, t)
    } else {
        run.floor.d[t]
    }
}

/// Rounding floor of w_t, beyond the exact run its steady one.
pub fn iterate(exact: &Exact, t: usize) -> f64 {
    let run = exact.run();
    let last = run.floor.w.len() - 1;
    if t <= last {
        return run.floor.w[t];
    }
    let w = run.w[run.w.len() - 1].norm().max(exact.truth.w().norm());
    let steady = 2.0 * exact.truth.kappa() * Rounding::at(exact.truth.judged.value, w);
    run.floor.w[last].max(steady)
}

/// f_∞ ≤ max(f_T, l/(1-q)): the floor beyond the exact run, from its last local defect.
fn itd_steady(exact: &Exact, method: Method, t: usize) -> f64 {
    let run = exact.run();
    let last = run.d.len() - 1;
    // The norms at the end of the exact run may still grow towards those of the limit.
    let j_norm = exact.jacobian().map_or(0.0, |j| j.norm());
    let (w, d) = (run.w[last].norm(), run.d[last].norm());
    let local = local_defect(exact, w.max(exact.truth.w().norm()), d.max(j_norm));
    let kappa = exact.truth.kappa();
    let reverse = if method.is_reverse() {
        exact.truth.roundoff().gamma(t + 1) * kappa * exact.truth.moduli().d2_sup
    } else {
        0.0
    };
    itd(exact, method, last).max(2.0 * kappa * local) + reverse
}

/// Rounding floor of AID-FP after k steps at the point of this run.
pub(super) fn aid(exact: &Exact, method: Method, run: &AidRun, k: usize) -> f64 {
    let floors = if method.is_reverse() {
        &run.floor.reverse
    } else {
        &run.floor.d
    };
    if k < run.d.len() {
        return floors[k];
    }
    let d_norm = exact.jacobian().map_or(0.0, |j| j.norm());
    let forward = exact.truth.kappa() * local_defect(exact, run.w.norm(), d_norm);
    if !method.is_reverse() {
        return forward;
    }
    let away = (&run.w - exact.truth.w()).norm();
    reverse_floor(&exact.truth, (run.w.norm(), away), 0)
}

/// How far from J the limit of AID may be at w(λ) as it is given: ŵ, rounded where the arithmetic
/// has fewer digits than ours. J_w - J = (I - P_w)⁻¹((P_w - P)J + B_w - B) with P = ∂₁Φ and B = ∂₂Φ
/// at w(λ).
pub(super) fn given_solution(exact: &Exact) -> f64 {
    let t = &exact.truth;
    let away = (t.w() - exact.solution()).norm() + t.fixed_point.error;
    let d_norm = exact.jacobian().map_or(0.0, |j| j.norm());
    let columns = (t.lambda.len() as f64).sqrt();
    let l2 = t.constants.l2_at(t.w().norm() + away);
    t.kappa() * (t.constants.l1 * d_norm + l2 * columns) * away
}

/// What rounding moves a Dᵀy of reverse mode by at most, per ‖y‖ and whatever is selected, at
/// points with ‖w‖ and ‖w - w(λ)‖ at most these: ‖p_n‖ ≤ qⁿ‖y‖ and ‖v_k‖ ≤ κ‖y‖, their defects are
/// carried on by at most κ‖∂₂Φ‖, and a sum of `terms` terms is formed.
pub fn reverse_floor(truth: &Truth, (w_norm, away): (f64, f64), terms: usize) -> f64 {
    let kappa = truth.kappa();
    let d2 = truth.moduli().d2_sup + truth.moduli().c(2, away) * away;
    let push = Rounding::at(truth.judged.push_w, w_norm);
    let last = Rounding::at(truth.judged.push_lambda, w_norm);
    let u = truth.roundoff();
    1.01 * kappa * (kappa * (push + 2.0 * u.value()) * d2 + last + u.gamma(terms + 1) * d2)
}

/// One step's rounding of the derivative recursion in steady state, the error of w included.
fn local_defect(exact: &Exact, w_norm: f64, d_norm: f64) -> f64 {
    let t = &exact.truth;
    let fw = 2.0 * t.kappa() * Rounding::at(t.judged.value, w_norm);
    let columns = (t.lambda.len() as f64).sqrt();
    let moved = (t.constants.l1 * d_norm + t.constants.l2_at(w_norm) * columns) * fw;
    t.judged.forward_step(w_norm, d_norm) + moved
}

//! What the checks of exact second moments share: steps to look at, room for rounding, curves
//! against Lemma D.2's rate.

use super::check::Context;
use super::worst::Worst;
use crate::theory::Rate;
use crate::tol::{LIMIT_STEPS, bound_room, gamma};
use crate::truth::expectation::{Moments, Recursion};

/// Multipliers of β and γ: the default, a β near its lower limit, larger steps, smaller steps.
pub(super) const MULTIPLIERS: [(f64, f64); 4] =
    [(1.0, 1.0), (0.5625, 0.75), (2.0, 2.5), (1.0, 8.0)];

/// Relative room for the rounding of i steps of the moment recursion in dimension d, and of the
/// bound.
pub(super) fn room(d: usize, i: usize) -> f64 {
    bound_room(i) + gamma(16 * d * d * (i + 1))
}

/// A constant step just below 1/(1+σ̂₂), the longest that Lemma D.2 allows, or this part of it.
pub(super) fn constant_step(part: f64, sigma2_hat: f64) -> f64 {
    part / (1.0 + sigma2_hat) * (1.0 - 4.0 * f64::EPSILON)
}

/// E‖v_i - v̂‖² from `start` with the steps of `rate` against its c/(γ+i), for every i up to
/// `steps`.
pub(super) fn along(
    worst: &mut Worst,
    recursion: &mut Recursion,
    start: Moments,
    rate: &Rate,
    steps: usize,
    from: impl Fn() -> String,
) {
    let d = recursion.v_hat().len();
    let curve = recursion.mse_curve_from(start, steps, |i| rate.step(i));
    for (i, mse) in curve.iter().enumerate() {
        worst.see_step(i, *mse, rate.at(i), room(d, i), || {
            format!(
                "at i = {i}, β = {:.3}, γ = {:.3}, {}",
                rate.beta,
                rate.gamma,
                from()
            )
        });
    }
}

/// k = `steps`·γ, at most [`LIMIT_STEPS`].
pub(super) fn horizon(c: Context<'_>, gamma: f64) -> usize {
    ((c.steps as f64 * gamma).ceil() as usize).min(LIMIT_STEPS)
}

/// About sixty steps, equally spaced in log(k+1).
pub(super) fn logarithmic(last: usize) -> Vec<usize> {
    let mut out: Vec<usize> = (0..=60)
        .map(|j| (libm::pow(last as f64 + 1.0, f64::from(j) / 60.0) - 1.0).round() as usize)
        .collect();
    out.dedup();
    out
}

/// The limit of (γ+k)·curve by one Richardson step from k/2 and k.
pub(super) fn richardson(curve: &[f64], gamma: f64, k: usize) -> f64 {
    let x = |k: usize| gamma + k as f64;
    let half = k / 2;
    (x(k).powi(2) * curve[k] - x(half).powi(2) * curve[half]) / (x(k) - x(half))
}

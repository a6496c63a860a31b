//! error ≤ slack·bound·(1 + 1e-12 + tu) + floors, at every step seen.

use super::{Check, Comparison, Exact, Finding, Level, Method, is_worse, part};
use crate::tol::{CLEAR_OF_FLOOR, bound_room};

pub(super) fn judge(
    check: &Check,
    level: Level,
    exact: &Exact,
    method: Method,
    seen: &[Comparison],
) -> Finding {
    let usable: Vec<&Comparison> = seen.iter().filter(|c| c.band.is_finite()).collect();
    if usable.is_empty() {
        return Finding::inconclusive(
            "a selection is in doubt from the first step on, and what others can give is not enclosed",
        );
    }
    // (error, bound, excess over what is allowed in units of the allowance)
    let mut worst: Option<(f64, &Comparison, f64)> = None;
    let mut tightest = (f64::INFINITY, 0.0, 0.0, 0, 0);
    for c in usable {
        let bound = check.slack * exact.bound(level, method.is_aid(), c.t, c.k);
        let floor = c.floor + c.band + exact.jacobian_error();
        let allowed = bound * bound_room(c.k.max(c.t)) + floor;
        let ratio = part(c.error, allowed);
        if is_worse(ratio, worst.as_ref().map_or(f64::NEG_INFINITY, |w| w.0)) {
            worst = Some((ratio, c, bound));
        }
        // Where rounding matters the ratio says nothing about the method.
        if bound / c.error < tightest.0 && c.error > CLEAR_OF_FLOOR * floor {
            tightest = (bound / c.error, c.error, bound, c.t, c.k);
        }
    }
    let Some((ratio, c, bound)) = worst else {
        return Finding::inconclusive("no estimate to compare");
    };
    if !(ratio <= 1.0) {
        let place = place(method, c.t, c.k);
        let detail = format!(
            "{place}: error {:e} exceeds the {} bound {bound:e} (floor {:e}); q = {}, τ = {}",
            c.error,
            level.name(),
            c.floor + exact.jacobian_error(),
            exact.theorem.q,
            exact.theorem.tau
        );
        return Finding::decided(false, c.error, bound, bound / c.error, detail);
    }
    let (slack, measured, bound, t, k) = tightest;
    if slack.is_infinite() {
        let detail =
            "every error is at the rounding floor, where nothing above it can hide".to_string();
        return Finding::decided(true, c.error, c.floor, c.floor / c.error, detail);
    }
    let place = place(method, t, k);
    let detail =
        format!("tightest {place}; an error {slack:.4} times larger there would have failed");
    Finding::decided(true, measured, bound, slack, detail)
}

/// "at t = 5" or "at w_5, k = 9".
pub(super) fn place(method: Method, t: usize, k: usize) -> String {
    if method.is_aid() {
        format!("at w_{t}, k = {k}")
    } else {
        format!("at t = {t}")
    }
}

//! On Φ = λQw + c the PAPER bound is an equality at every step: checked from both sides.

use super::bound::place;
use super::{Check, Comparison, Exact, Finding, Level, Method};
use crate::tol::bound_room;

pub(super) fn judge(check: &Check, exact: &Exact, method: Method, seen: &[Comparison]) -> Finding {
    let mut worst = (-1.0, f64::NAN, f64::NAN, 0, 0);
    for c in seen.iter().filter(|c| c.comparable) {
        let bound = exact.bound(Level::Paper, method.is_aid(), c.t, c.k);
        let floor = c.floor + exact.jacobian_error();
        // q is certified upwards by δ: qᵗ may exceed the true power by tδ/|λ| relatively, 1/(1-q) by κδ.
        let lambda = exact.truth.lambda[0].abs();
        let delta = exact.theorem.q - lambda;
        let powers = (c.t + c.k + 1) as f64 * delta / lambda;
        let room = check.slack
            + (bound_room(c.t + c.k) - 1.0)
            + 2.0 * (powers + exact.truth.kappa() * delta);
        let allowed = bound * room + floor;
        let gap = (c.error - bound).abs() / allowed;
        if !(gap <= worst.0) {
            worst = (gap, c.error, bound, c.t, c.k);
        }
    }
    let (gap, error, bound, t, k) = worst;
    if gap < 0.0 {
        return Finding::inconclusive("no estimate to compare");
    }
    let relative = error / bound - 1.0;
    let place = place(method, t, k);
    let detail = if gap <= 1.0 {
        format!("attained at every step, furthest {place} by a relative {relative:.1e}")
    } else {
        format!(
            "{place}: error {error:e} differs from the bound {bound:e} by a relative {relative:.3e}, where equality holds"
        )
    };
    Finding::decided(gap <= 1.0, error, bound, check.slack, detail)
}

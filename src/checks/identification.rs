//! τ, the smallest t with qᵗe_0 < R, bounds the step at which the iterates reach the piece of w(λ) for good.

use super::modulus::piece;
use super::{Check, Exact, Finding};

pub(super) fn judge(check: &Check, exact: &Exact) -> Finding {
    let tau = exact.theorem.tau;
    if check.steps <= tau {
        return Finding::inconclusive(format!("τ = {tau} lies beyond {} steps", check.steps));
    }
    if !exact.truth.moduli.kinks.is_empty() {
        return Finding::inconclusive("w(λ) is within rounding of a kink");
    }
    let identified = exact.run.identified;
    let decided = |holds: bool, detail: String| {
        let at = identified.map_or(f64::INFINITY, |t| t as f64);
        let slack = tau as f64 / at;
        Finding::decided(holds, at, tau as f64, slack, detail)
    };
    if let Some(wanted) = exact.tau.filter(|wanted| *wanted != tau) {
        let r = exact.truth.moduli.r;
        if r.is_finite() {
            let e = exact.theorem.e0;
            let detail =
                format!("τ = {tau} where w_0 was chosen for {wanted}: e_0 = {e:e}, R = {r:e}");
            return decided(false, detail);
        }
    }
    let Some(at) = identified else {
        return decided(
            false,
            format!("not identified within {} steps", check.steps),
        );
    };
    // The start lies towards the nearest kink: halfway beyond R the piece is another one.
    let prescribed = exact.tau.is_some_and(|tau| tau > 0) && exact.truth.moduli.r.is_finite();
    if prescribed && exact.truth.moduli.r_attained && !leaves_the_piece(exact) {
        return decided(
            false,
            format!(
                "towards w_0 the piece of w(λ) goes on beyond R = {:e}",
                exact.truth.moduli.r
            ),
        );
    }
    decided(
        at <= tau,
        format!("on the piece of w(λ) for good from t = {at}, τ = {tau}"),
    )
}

/// The piece at 1.5R from w(λ) towards w_0 is not that of w(λ).
fn leaves_the_piece(exact: &Exact) -> bool {
    let truth = &exact.truth;
    let star = truth.w();
    let towards = &exact.run.w[0] - star;
    let beyond = star + &towards * (1.5 * truth.moduli.r / towards.norm());
    let at = |w| piece(&truth.map, &truth.lambda, w);
    at(star) != at(&beyond)
}

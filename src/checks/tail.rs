//! The exact tail after identification: on a piecewise-affine map E_t is a linear function of (w_s - w(λ), E_s) for every
//! t ≥ s once w_s, w_{s+1}, ... lie on the piece of w(λ). The prediction starts from the exact E_s and takes t - s steps at
//! once by repeated squaring; the method must arrive there, and nothing is fitted.

use super::{Check, Comparison, Exact, Finding};
use crate::linalg::product::norm2;
use crate::tol::{TAIL_SQUARINGS, UNIT};

pub(super) fn judge(check: &Check, exact: &Exact, seen: &[Comparison]) -> Finding {
    let (Some(tail), Some(start)) = (&exact.tail, exact.run.identified) else {
        return Finding::inconclusive("the iterates do not reach the piece of w(λ) within the run");
    };
    let delta = &exact.run.w[start] - exact.truth.w();
    let e0 = &exact.run.error[start];
    let d = delta.len() as f64;
    let scale = e0.norm() + exact.run.e[start] * exact.theorem.b.max(1.0);
    let mut worst = (f64::NEG_INFINITY, f64::NAN, f64::NAN, 0);
    for c in seen.iter().filter(|c| c.comparable && c.k > start) {
        let Some(operator) = tail.power(c.k - start) else {
            continue;
        };
        let predicted = operator.advance(&delta, e0).1;
        let columns: Vec<f64> = predicted
            .column_iter()
            .zip(&c.columns)
            .map(|(p, m)| p.norm() - m)
            .collect();
        let deviation = norm2(&columns);
        // The method's floor, that of J and w(λ), and the rounding of log₂(t-s) squarings.
        let steps = (c.k - start) as f64;
        let squared = TAIL_SQUARINGS * d * UNIT * (steps.log2().max(1.0) + 1.0) * scale;
        // δ_s was rounded and w(λ) is known to its error; t·q^{t-1} ≤ min(t, κ).
        let wobble = exact.truth.fixed_point.error + UNIT * exact.run.w[start].norm();
        let fixed = (exact.truth.moduli.l[1] * steps.min(exact.truth.kappa()) + 1.0) * wobble;
        let floor = check.slack * (c.floor + exact.jacobian_error() * 2.0 + squared + fixed);
        let ratio = deviation / floor;
        if !(ratio <= worst.0) {
            worst = (ratio, deviation, floor, c.k);
        }
    }
    let (ratio, deviation, floor, t) = worst;
    if ratio == f64::NEG_INFINITY {
        return Finding::inconclusive("no comparable step after identification");
    }
    let detail = format!(
        "from the piece of w(λ), reached at t = {start}, the tail predicts every column of E_t; furthest at t = {t}: {deviation:e}, floor {floor:e}"
    );
    Finding::decided(ratio <= 1.0, deviation, floor, floor / deviation, detail)
}

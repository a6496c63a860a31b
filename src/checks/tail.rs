//! The exact tail after identification: on a piecewise-affine map E_t is a linear function of
//! (w_s - w(λ), E_s) for every t ≥ s once w_s, w_{s+1}, ... lie on the piece of w(λ). The
//! prediction starts from the exact E_s and takes t - s steps at once by repeated squaring; the
//! method must arrive there, and nothing is fitted.

use super::check::{Check, Context};
use super::entry::{Entry, For};
use super::finding::{Finding, Reason, Unit, is_worse};
use crate::case::Method;
use crate::error::Result;
use crate::evidence::{Request, Run};
use crate::linalg::product::norm2;
use crate::tol::{TAIL_SQUARINGS, UNIT};

pub(super) const ENTRY: Entry = Entry {
    name: "tail",
    about: "after identification the error is the exact linear tail",
    // It compares columns of D, which reverse mode does not give.
    fits: For::These(&[Method::ITD]),
    parse: |_| Ok(Box::new(ExactTail)),
};

/// After identification the error is the exact linear tail.
#[derive(Debug)]
struct ExactTail;

impl Check for ExactTail {
    fn label(&self) -> &'static str {
        "tail"
    }

    fn catches(&self, _: f64) -> String {
        "Any deviation from the exact tail after identification beyond the rounding floor.".into()
    }

    fn requests(&self, c: Context<'_>) -> Result<Vec<Request>> {
        Ok(Request::along(c.e.exact()?.last(), c.e.method, c.steps))
    }

    fn judge(&self, c: Context<'_>, runs: &[&Run]) -> Result<Finding> {
        let exact = c.e.exact()?;
        let run = exact.run();
        let (Some(tail), Some(start)) = (exact.tail(), run.identified) else {
            return Ok(Finding::undecided(
                Reason::TooFewPoints,
                "the iterates do not reach the piece of w(λ) within the run",
            ));
        };
        let delta = &run.w[start] - exact.truth.w();
        let e0 = &run.error[start];
        let d = delta.len() as f64;
        let scale = e0.norm() + run.e[start] * exact.theorem().b.max(1.0);
        let mut worst = (f64::NEG_INFINITY, f64::NAN, f64::NAN, 0, 0);
        for (n, seen) in runs.iter().enumerate() {
            let later = seen.comparisons(c.e).iter();
            for one in later.filter(|one| one.comparable && one.k > start) {
                let Some(operator) = tail.power(one.k - start) else {
                    continue;
                };
                let predicted = operator.advance(&delta, e0).1;
                let pairs = predicted.column_iter().zip(&one.columns);
                let columns: Vec<f64> = pairs.map(|(p, m)| p.norm() - m).collect();
                let deviation = norm2(&columns);
                // The method's floor, that of J and w(λ), and the rounding of log₂(t-s) squarings.
                let steps = (one.k - start) as f64;
                let squared = TAIL_SQUARINGS * d * UNIT * (steps.log2().max(1.0) + 1.0) * scale;
                // δ_s was rounded and w(λ) is known to its error; t·q^{t-1} ≤ min(t, κ).
                let wobble = exact.truth.fixed_point.error
                    + exact.truth.roundoff().value() * run.w[start].norm();
                let fixed =
                    (exact.truth.moduli().l[1] * steps.min(exact.truth.kappa()) + 1.0) * wobble;
                let floor = c.slack * (one.floor + c.e.limit_error(exact) * 2.0 + squared + fixed);
                let ratio = deviation / floor;
                if is_worse(ratio, worst.0) {
                    worst = (ratio, deviation, floor, one.k, n);
                }
            }
        }
        let (ratio, deviation, floor, t, n) = worst;
        if ratio == f64::NEG_INFINITY {
            return Ok(Finding::undecided(
                Reason::TooFewPoints,
                "no comparable step after identification",
            ));
        }
        let detail = format!(
            "from the piece of w(λ), reached at t = {start}, the tail predicts every column of E_t; furthest at t = {t}: {deviation:.3e}, floor {floor:.3e}"
        );
        let finding = Finding::below(ratio <= 1.0, Unit::Floor, deviation, floor, detail);
        Ok(finding.at_step(t).blaming(n))
    }
}

//! τ, the smallest t with qᵗe_0 < R, bounds the step at which the iterates reach the piece of w(λ)
//! for good.

use super::check::{Check, Context, Needs};
use super::entry::{Entry, For};
use super::finding::{Finding, Reason, Unit};
use super::pieces::piece;
use crate::error::Result;
use crate::evidence::{Exact, Run};

pub(super) const ENTRY: Entry = Entry {
    name: "identification",
    about: "the iterates are on the piece of w(λ) for good from τ on at the latest",
    fits: For::Deterministic,
    parse: |_| Ok(Box::new(Identification)),
};

/// The iterates are on the piece of w(λ) for good from τ on at the latest.
#[derive(Debug)]
pub(super) struct Identification;

impl Check for Identification {
    fn label(&self) -> &'static str {
        "identification"
    }

    fn catches(&self, _: f64) -> String {
        "A τ that is off, and an R that is too large.".into()
    }

    fn needs(&self) -> Needs {
        Needs::Nothing
    }

    fn judge(&self, c: Context<'_>, _: &[&Run]) -> Result<Finding> {
        let exact = c.e.exact()?;
        let (tau, moduli) = (exact.theorem().tau, exact.truth.moduli());
        if c.steps <= tau {
            let text = format!("τ = {tau} lies beyond {} steps", c.steps);
            return Ok(Finding::undecided(Reason::TooFewPoints, text));
        }
        if !moduli.kinks.is_empty() {
            let text = "w(λ) is within rounding of a kink";
            return Ok(Finding::undecided(Reason::AmbiguousUnits, text));
        }
        let identified = exact.run().identified;
        let decided = |holds: bool, detail: String| {
            let at = identified.map_or(f64::INFINITY, |t| t as f64);
            let numbers = [at, tau as f64, tau as f64 / at];
            Ok(Finding::decided(holds, Unit::Bound, numbers, detail))
        };
        if let Some(wanted) = exact.tau.filter(|wanted| *wanted != tau)
            && moduli.r.is_finite()
        {
            let (e, r) = (exact.theorem().e0, moduli.r);
            let detail =
                format!("τ = {tau} where w_0 was chosen for {wanted}: e_0 = {e:.3e}, R = {r:.3e}");
            return decided(false, detail);
        }
        let Some(at) = identified else {
            return decided(false, format!("not identified within {} steps", c.steps));
        };
        // The start lies towards the nearest kink: halfway beyond R the piece is another one.
        let prescribed = exact.tau.is_some_and(|tau| tau > 0) && moduli.r.is_finite();
        if prescribed && moduli.r_attained && !leaves_the_piece(exact) {
            let text = format!(
                "towards w_0 the piece of w(λ) goes on beyond R = {:.3e}",
                moduli.r
            );
            return decided(false, text);
        }
        decided(
            at <= tau,
            format!("on the piece of w(λ) for good from t = {at}, τ = {tau}"),
        )
    }
}

/// The piece at 1.5R from w(λ) towards w_0 is not that of w(λ).
fn leaves_the_piece(exact: &Exact) -> bool {
    let truth = &exact.truth;
    let star = truth.w();
    let towards = &exact.run().w[0] - star;
    let beyond = star + &towards * (1.5 * truth.moduli().r / towards.norm());
    let at = |w| piece(&truth.map, &truth.lambda, w);
    at(star) != at(&beyond)
}

//! The limit of AID is an element of D_joint; in reverse mode its image is.
//!
//! With D = D^k at w and S its slopes, the element of D_Φ(w(λ)) with the same slopes at the kinks
//! has ‖D - (A_S D + B_S)‖ ≤ qᵏ‖∂₂Φ(w)‖ + (‖D‖C_1(e) + C_2(e))e, and X_S = (I-A_S)⁻¹B_S is within
//! κ times that. The slopes are found from D itself. Where e ≥ R and a unit of an elastic net has
//! changed its sign, no element has its slopes; C_2 is attained there all the same, and no point
//! was found that breaks the bound.
//!
//! For AID-CG the distance is certified, and what rounding may cost is measured
//! ([`allowance_at_ties`]).

use super::check::{Check, Context};
use super::entry::{Entry, For};
use super::finding::{Finding, Reason, Ruling, Unit, is_worse, part};
use super::rational_runs::{blurred, not_solved};
use super::set_distance::observed;
use super::termination::ill_conditioned;
use crate::case::{Algorithm, Method};
use crate::error::Result;
use crate::evidence::{
    Declared, Exact, Request, Run, Where, allowance_at_ties, reverse_floor,
    solver_allowance_at_ties, solver_distance,
};
use crate::linalg::Matrix;
use crate::linalg::norm::spectral_upper;
use crate::tol::{DISTANCE_GAP, UNIT, bound_room};
use crate::truth::kinks::{Kinks, Observed, Set};

pub(super) const ENTRY: Entry = Entry {
    name: "joint-limit",
    about: "the limit of AID is an element of D_joint, in reverse mode its image",
    fits: For::These(&[
        Method::AID_FP,
        Method::AID_FP_FORWARD,
        Method::AID_CG,
        Method::IMPLICIT,
    ]),
    parse: |_| Ok(Box::new(JointLimit)),
};

/// The limit of AID is an element of D_joint.
#[derive(Debug)]
struct JointLimit;

impl Check for JointLimit {
    fn label(&self) -> &'static str {
        "joint-limit"
    }

    fn catches(&self, _: f64) -> String {
        "A limit that is no (I-SA)⁻¹SB, S the same in both blocks.".into()
    }

    fn requests(&self, c: Context<'_>) -> Result<Vec<Request>> {
        let exact = c.e.exact()?;
        let last = c.steps.min(exact.last());
        // Conjugate gradients end after as many steps as there are unknowns, whatever is selected.
        let k = match c.e.method.algorithm {
            Algorithm::AidCg => exact.truth.w().len(),
            Algorithm::Implicit => 0,
            _ => c.steps,
        };
        let places = [
            Where::Solution,
            Where::Iterate(last),
            Where::Iterate(last / 2),
        ];
        Ok(places.map(|at| Request::new(at, vec![k])).into())
    }

    fn judge(&self, c: Context<'_>, runs: &[&Run]) -> Result<Finding> {
        let exact = c.e.exact()?;
        let Some(kinks) = c.e.kinks()? else {
            return Ok(not_solved());
        };
        if let Some(unit) = c.e.blurred_unit()? {
            return Ok(blurred(unit));
        }
        if c.e.method.algorithm == Algorithm::AidCg
            && let Some(finding) = ill_conditioned(exact)
        {
            return Ok(finding);
        }
        let setting = Setting {
            exact,
            kinks,
            observed: observed(c.e, exact),
            method: c.e.method,
            declared: c.e.declared,
        };
        let mut worst: Option<(f64, Finding)> = None;
        // A failure anywhere counts for more than what is not decided elsewhere.
        let mut open: Option<Finding> = None;
        for (n, run) in runs.iter().enumerate() {
            for (k, d) in run.request.steps.iter().zip(&run.answer.estimates) {
                let finding = setting.one(run.request.at, *k, d).at_step(*k);
                if !finding.ruling.is_decided() {
                    open.get_or_insert(finding);
                    continue;
                }
                if finding.ruling == Ruling::Fail {
                    return Ok(finding.blaming(n));
                }
                let ratio = part(finding.measured, finding.bound);
                if is_worse(ratio, worst.as_ref().map_or(f64::NEG_INFINITY, |w| w.0)) {
                    worst = Some((ratio, finding));
                }
            }
        }
        if let Some(finding) = open {
            return Ok(finding);
        }
        Ok(worst.map_or_else(
            || Finding::undecided(Reason::NothingToSee, "nothing to compare"),
            |w| w.1,
        ))
    }
}

/// What all estimates share.
struct Setting<'a> {
    exact: &'a Exact,
    kinks: &'a Kinks,
    observed: Observed<'a>,
    method: Method,
    declared: Declared,
}

impl Setting<'_> {
    /// The verdict of the estimate after k steps.
    fn one(&self, at: Where, k: usize, d: &Matrix) -> Finding {
        let (kinks, observed) = (self.kinks, self.observed);
        let place = match at {
            Where::Iterate(t) => format!("at w_{t}"),
            _ => "at w(λ)".to_string(),
        };
        let allowed = self.allowed(at, k, d);
        if !kinks.fits(observed, d) {
            let detail = format!("{place}: the estimate is not finite or not of the right shape");
            let numbers = [f64::NAN, allowed, f64::NAN];
            return Finding::decided(false, Unit::Bound, numbers, detail);
        }
        if !allowed.is_finite() {
            let text = format!("{place}: no finite allowance for rounding");
            return Finding::undecided(Reason::IllConditioned, text);
        }
        let (slopes, measured) = kinks
            .fitted(Set::Joint, observed, d)
            .unwrap_or((Default::default(), f64::INFINITY));
        // The certificate of the element itself is part of the measurement.
        let own = kinks
            .element(&slopes[0], &slopes[1])
            .filter(|_| measured.is_finite())
            .map_or(0.0, |x| x.1);
        let most = allowed + own;
        if measured <= most {
            let detail = format!("{place}, k = {k}: slopes {:?}", slopes[0]);
            return Finding::below(true, Unit::Bound, measured, most, detail);
        }
        let (lower, proof) = certificate(kinks, observed, d, most);
        let detail = format!(
            "{place}, k = {k}: at least {lower:.3e} from D_joint{proof}, {measured:.3e} from its element with slopes {:?}; allowed {most:.3e}",
            slopes[0]
        );
        if lower > most {
            Finding::below(false, Unit::Bound, lower, most, detail)
        } else {
            Finding::undecided(Reason::NoSeparation, detail)
        }
    }

    /// How far the estimate after k steps at this place may be from D_joint, rounding included.
    fn allowed(&self, at: Where, k: usize, d: &Matrix) -> f64 {
        let (exact, kinks) = (self.exact, self.kinks);
        let u = exact.truth.roundoff().value();
        let e = match at {
            Where::Start => solver_distance(exact, self.declared),
            Where::Iterate(t) => exact.distance(t) + 2.0 * u * exact.iterate(t).norm(),
            _ => exact.distance_of_solution(),
        };
        let m = exact.truth.moduli();
        let d2 = m.d2_sup + m.c(2, e) * e;
        let w_norm = exact.truth.w().norm() + e;
        let conjugate = self.method.algorithm == Algorithm::AidCg;
        let solver = self.method.algorithm == Algorithm::Implicit;
        // ‖D‖ ≤ κ‖∂₂Φ‖ for every D of AID-FP, which stands in where only Dᵀy is seen.
        let most_size = kinks.kappa() * d2 * (1.0 + DISTANCE_GAP);
        let (size, rounding) = match self.observed {
            Observed::Whole => {
                let frobenius = most_size * (d.ncols() as f64).sqrt();
                let norm = d.norm().min(frobenius);
                let step = exact.truth.judged.forward_step(w_norm, norm);
                (spectral_upper(d).min(most_size), 2.0 * kinks.kappa() * step)
            }
            Observed::Cotangent(_) if conjugate => (most_size, allowance_at_ties(exact, at, d2)),
            Observed::Cotangent(_) if solver => (
                most_size,
                solver_allowance_at_ties(exact, at, self.declared, most_size),
            ),
            Observed::Cotangent(_) => (most_size, reverse_floor(&exact.truth, (w_norm, e), k)),
        };
        // Conjugate gradients and solvers have ended.
        let left = if conjugate || solver {
            0.0
        } else {
            exact.theorem().q.powi(k as i32) * d2
        };
        let defect = left + (size * m.c(1, e) + m.c(2, e)) * e;
        (kinks.kappa() * defect + rounding) * bound_room(k) * (1.0 + DISTANCE_GAP)
            + 2.0 * kinks.kappa() * UNIT * size
    }
}

/// A lower bound of the distance to D_joint, and what it rests on: on rationals where these give
/// more than `most`.
fn certificate(kinks: &Kinks, observed: Observed, d: &Matrix, most: f64) -> (f64, &'static str) {
    if let Some((lower, _)) = kinks.hull_gap(Set::Joint, observed, d)
        && lower > most
    {
        return (lower, " (proven in rationals: outside its hull)");
    }
    if let Some(outside) = kinks.outside_fix(observed, d, most)
        && outside.lower > most
    {
        return (outside.lower, " (proven in rationals: outside D_fix)");
    }
    let enclosure = kinks.enclose(Set::Joint, observed, d);
    let ball = kinks.outside_ball(observed, d).unwrap_or(0.0);
    (
        enclosure.map_or(0.0, |e| e.lower).max(ball),
        " (certified with outward rounding)",
    )
}

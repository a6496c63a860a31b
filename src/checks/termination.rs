//! Conjugate gradients end after as many steps as the system has unknowns, at the limit of AID at the given w.
//!
//! Judged at k = dimension only, where κ ≤ 100 (floors: [`AidLimit`] and [`allowance`]).

use super::{Check, Comparison, Exact, Finding};
use crate::claims::evidence::{At, Request, aid_limit_at};
use crate::instances::Random;
use crate::linalg::{Matrix, Vector, norm};
use crate::maps::{Linearization, Tie};
use crate::methods::{reduced_roots, reduced_support};
use crate::tol::{CG_AMPLIFICATION, CG_KAPPA, CG_SAMPLES, UNIT};
use crate::truth::AidLimit;

/// The points: w_0, an early and a late iterate, and the solution.
fn points(exact: &Exact) -> Vec<At> {
    let last = exact.run.w.len() - 1;
    vec![
        At::Iterate(0),
        At::Iterate(2.min(last)),
        At::Iterate(last),
        At::Solution,
    ]
}

pub(super) fn plan(exact: &Exact) -> Vec<Request> {
    if exact.truth.kappa() > CG_KAPPA {
        return Vec::new();
    }
    points(exact)
        .into_iter()
        .filter_map(|at| {
            let limit = aid_limit_at(exact, at, 0.0)?;
            Some(Request {
                at,
                steps: vec![dimension(exact, &limit)],
            })
        })
        .collect()
}

pub(super) fn judge(check: &Check, exact: &Exact, seen: &[Comparison]) -> Finding {
    if exact.truth.kappa() > CG_KAPPA {
        return Finding::inconclusive(format!(
            "κ = {:.1} > {CG_KAPPA}: finite termination is not claimed in floating point",
            exact.truth.kappa()
        ));
    }
    let mut worst = (f64::NEG_INFINITY, f64::NAN, f64::NAN, At::Start, 0);
    let mut resolution = f64::INFINITY;
    for c in seen.iter().filter(|c| c.comparable) {
        let Some(deviation) = c.deviation else {
            continue;
        };
        let floor = check.slack * c.floor;
        let ratio = if deviation == 0.0 {
            0.0
        } else {
            deviation / floor
        };
        if !(ratio <= worst.0) {
            worst = (ratio, deviation, floor, c.at, c.k);
        }
        if c.size > 0.0 {
            resolution = resolution.min(floor / c.size);
        }
    }
    let (ratio, deviation, floor, at, k) = worst;
    if ratio == f64::NEG_INFINITY {
        return Finding::inconclusive("every point is within rounding of a kink");
    }
    let place = match at {
        At::Start => "at w_0".into(),
        At::Iterate(t) => format!("at w_{t}"),
        At::Solution => "at w(λ)".to_string(),
    };
    let detail = if ratio <= 1.0 {
        format!(
            "at the limit after as many steps as unknowns, furthest {place} (k = {k}); a relative deviation of {resolution:.1e} where rounding matters least would have failed"
        )
    } else {
        format!("{place}: {deviation:e} from the direct solve after k = {k} steps, floor {floor:e}")
    };
    Finding::decided(ratio <= 1.0, deviation, floor, floor / deviation, detail)
}

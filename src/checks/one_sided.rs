//! One-sided derivatives of w(·) are values of vertices of D_joint, exactly.
//!
//! (w(λ+hδ) - w(λ))/h in rationals solves v = A_S v + B_S δ, S the slopes of the sides that the
//! units move to.

use super::check::{Check, Context, Needs};
use super::entry::{Entry, For};
use super::finding::{Finding, Reason, Unit};
use super::rational_runs::in_rationals;
use crate::error::Result;
use crate::evidence::{Exact, Run};
use crate::instances::Random;
use crate::tol::EXACT_NEWTON_DIM;
use crate::truth::kinks::Kinks;

/// Directions δ tried.
const DIRECTIONS: usize = 4;
/// Steps h = 2⁻ᵇ tried along each: the first that stays on one piece decides.
const BITS: [i32; 3] = [12, 20, 28];

pub(super) const ENTRY: Entry = Entry {
    name: "one-sided",
    about: "one-sided derivatives of w(·) are those of vertices of D_joint, exactly",
    fits: For::Deterministic,
    parse: |_| Ok(Box::new(OneSided)),
};

/// One-sided derivatives of w(·) are values of vertices of D_joint.
#[derive(Debug)]
struct OneSided;

impl Check for OneSided {
    fn label(&self) -> &'static str {
        "one-sided"
    }

    fn catches(&self, _: f64) -> String {
        "A one-sided derivative that no vertex of D_joint gives; equality is exact.".into()
    }

    fn needs(&self) -> Needs {
        Needs::Nothing
    }

    fn judge(&self, c: Context<'_>, _: &[&Run]) -> Result<Finding> {
        let (exact, kinks) = match in_rationals(c, EXACT_NEWTON_DIM)? {
            Ok(known) => known,
            Err(finding) => return Ok(finding),
        };
        let mut random = Random::new(exact.seed);
        let affine_in = &exact.truth.map.structure().affine_in;
        for _ in 0..DIRECTIONS {
            // w is piecewise affine in some entries of λ only.
            let direction: Vec<f64> = (0..exact.truth.lambda.len())
                .map(|j| {
                    if !affine_in[j] {
                        0.0
                    } else {
                        random.integer(1, 8) as f64 / 4.0 * random.sign()
                    }
                })
                .collect();
            match is_a_vertex(exact, kinks, &direction) {
                Some(true) => {}
                Some(false) => {
                    let detail = format!(
                        "along {direction:?} no difference quotient is the value of a vertex of D_joint"
                    );
                    let numbers = [f64::NAN, 0.0, f64::NAN];
                    return Ok(Finding::decided(false, Unit::Exact, numbers, detail));
                }
                None => {
                    let text = format!(
                        "no difference quotient along {direction:?} could be computed exactly"
                    );
                    return Ok(Finding::undecided(Reason::TooLarge, text));
                }
            }
        }
        let detail = format!(
            "{DIRECTIONS} one-sided derivatives equal X_S δ for a vertex X_S of D_joint, in rationals"
        );
        let numbers = [0.0, 0.0, f64::NAN];
        Ok(Finding::decided(true, Unit::Exact, numbers, detail))
    }
}

/// Whether a difference quotient along δ is the value X_S δ of a vertex of D_joint; `None` where
/// none could be computed.
fn is_a_vertex(exact: &Exact, kinks: &Kinks, direction: &[f64]) -> Option<bool> {
    let (problem, lambda) = (exact.truth.map.problem(), &exact.truth.lambda);
    let mut computed = None;
    for bits in BITS {
        let h = 2f64.powi(-bits);
        if let Some(v) = kinks.difference_quotient(problem, lambda, direction, h) {
            if kinks.one_sided_vertex(&v, direction).is_some() {
                return Some(true);
            }
            computed = Some(false);
        }
    }
    computed
}

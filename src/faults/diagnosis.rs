//! Naming a failing trajectory: which simulated fault produces the same numbers?
//!
//! For every candidate the distance of its simulated estimates to the observed ones is measured in
//! units of the distance of the correct ones: 1 explains nothing, rounding level explains all. Several
//! observations must be explained by the same candidate. "Unknown" is a legal answer.

use super::catalogue::Fault;
use super::simulated::Simulated;
use crate::methods::{Case, Differentiator, Method};
use crate::tol::{DIAGNOSIS_MATCH, DIAGNOSIS_NAMED, DIAGNOSIS_UNKNOWN};
use crate::trajectory::{Estimates, Trajectory};

/// A case with what an implementation answered to it.
pub struct Observation<'a> {
    /// The case.
    pub case: Case<'a>,
    /// The answer.
    pub answer: &'a Trajectory,
}

/// One candidate with its share of the confidence.
#[derive(Clone, Debug, PartialEq)]
pub struct Suspect {
    /// Name of the fault.
    pub name: &'static str,
    /// Posterior share in [0, 1].
    pub confidence: f64,
    /// Largest unexplained part of the deviation over the observations: 0 explains all, 1 nothing.
    pub unexplained: f64,
}

/// What a failing implementation looks like.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnosis {
    /// Best first; those that explain nothing are left out.
    pub suspects: Vec<Suspect>,
    /// Share of "none of them".
    pub unknown: f64,
}

impl Diagnosis {
    /// The name, if the suspects that fit equally well hold most of the confidence together.
    pub fn name(&self) -> String {
        let Some(best) = self.suspects.first() else {
            return "unknown".into();
        };
        let equal: Vec<&Suspect> = self
            .suspects
            .iter()
            .filter(|s| s.confidence >= 0.5 * best.confidence)
            .collect();
        let together: f64 = equal.iter().map(|s| s.confidence).sum();
        if together < DIAGNOSIS_NAMED {
            return "unknown".into();
        }
        let names: Vec<&str> = equal.iter().map(|s| s.name).collect();
        names.join(" or ")
    }
}

/// Matches observations of one implementation, made in this order on a fresh object, against candidates.
pub fn diagnose(
    method: Method,
    observations: &[Observation<'_>],
    candidates: &[Fault],
) -> Diagnosis {
    let correct = answers(&mut *method.implementation(), observations);
    let mut scored: Vec<Suspect> = candidates
        .iter()
        .filter(|f| f.methods.contains(&method))
        .filter_map(|f| {
            let mut simulated = Simulated::new(method, &f.edits);
            let answers = answers(&mut simulated, observations);
            let unexplained = observations
                .iter()
                .zip(answers.iter().zip(&correct))
                .map(|(o, (simulated, correct))| residue(o.answer, simulated, correct))
                .fold(0.0f64, |m, r| if r <= m { m } else { r });
            (unexplained < 1.0).then_some(Suspect {
                name: f.name,
                confidence: 1.0 / (1.0 + (unexplained / DIAGNOSIS_MATCH).powi(2)),
                unexplained,
            })
        })
        .collect();
    let total: f64 = scored.iter().map(|s| s.confidence).sum::<f64>() + DIAGNOSIS_UNKNOWN;
    scored.iter_mut().for_each(|s| s.confidence /= total);
    scored.sort_by(|a, b| {
        b.confidence
            .total_cmp(&a.confidence)
            .then(a.name.cmp(b.name))
    });
    Diagnosis {
        suspects: scored,
        unknown: DIAGNOSIS_UNKNOWN / total,
    }
}

fn answers(
    implementation: &mut dyn Differentiator,
    observations: &[Observation<'_>],
) -> Vec<Trajectory> {
    observations
        .iter()
        .map(|o| implementation.run(&o.case))
        .collect()
}

/// ‖observed - simulated‖/‖observed - correct‖ over all estimates; 0 where the answer is correct. A run that
/// stopped elsewhere explains nothing.
fn residue(observed: &Trajectory, simulated: &Trajectory, correct: &Trajectory) -> f64 {
    if observed.status != simulated.status || observed.estimates.len() != simulated.estimates.len()
    {
        return f64::INFINITY;
    }
    let (deviation, size) = distance(&observed.estimates, &correct.estimates);
    // At rounding level of the correct answer there is nothing to explain.
    if deviation <= size * crate::tol::DIAGNOSIS_ROUNDING {
        let (other, _) = distance(&simulated.estimates, &correct.estimates);
        return if other <= 10.0 * size * crate::tol::DIAGNOSIS_ROUNDING {
            0.0
        } else {
            f64::INFINITY
        };
    }
    let left = distance(&observed.estimates, &simulated.estimates).0;
    left / deviation
}

/// Largest distance of two lists of estimates and the largest size of the second.
fn distance(a: &Estimates, b: &Estimates) -> (f64, f64) {
    let worst = |pairs: &mut dyn Iterator<Item = (f64, f64)>| {
        pairs.fold((0.0f64, 0.0f64), |(d, s), (x, y)| {
            (if x <= d { d } else { x }, if y <= s { s } else { y })
        })
    };
    match (a, b) {
        (Estimates::Jacobians(a), Estimates::Jacobians(b)) => {
            worst(&mut a.iter().zip(b).map(|(a, b)| {
                if a.shape() == b.shape() {
                    ((a - b).norm(), b.norm())
                } else {
                    (f64::INFINITY, b.norm())
                }
            }))
        }
        (Estimates::Cotangents(a), Estimates::Cotangents(b)) => {
            worst(&mut a.iter().zip(b).map(|(a, b)| {
                if a.len() == b.len() {
                    ((a - b).norm(), b.norm())
                } else {
                    (f64::INFINITY, b.norm())
                }
            }))
        }
        _ => (f64::INFINITY, 0.0),
    }
}

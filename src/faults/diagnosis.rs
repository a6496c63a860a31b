//! Naming a failing implementation: which simulated fault produces the same numbers?
//!
//! For every candidate the distance of its simulated estimates to the observed ones is measured in
//! units of the distance of the correct ones: 1 explains nothing, rounding level explains all. Several
//! observations must be explained by the same candidate. "Unknown" is a legal answer.

use super::catalogue::{Fault, catalogue};
use super::simulated::Simulated;
use crate::case::{Answer, Case, Implementation, Method};
use crate::claims::{Diagnosis, Named};
use crate::linalg::Matrix;
use crate::tol::{DIAGNOSIS_MATCH, DIAGNOSIS_NAMED, DIAGNOSIS_ROUNDING, DIAGNOSIS_UNKNOWN};

/// A case with what an implementation answered to it.
pub struct Observation<'a> {
    /// The case.
    pub case: Case<'a>,
    /// The answer.
    pub answer: &'a Answer,
}

/// At most so many names that fit equally well are given.
const MOST_NAMES: usize = 3;

/// Names the fault behind observations of one implementation, made in this order on a fresh object.
pub fn diagnose(method: Method, observations: &[Observation<'_>]) -> Diagnosis {
    let correct = answers(&mut Simulated::new(method, &[]), observations);
    let right = |(o, correct): (&Observation<'_>, &Answer)| is_right(o.answer, correct);
    if observations.iter().zip(&correct).all(right) {
        return Diagnosis::LooksRight;
    }
    let mut scored: Vec<(f64, &'static str)> = catalogue()
        .iter()
        .filter(|f| f.methods.contains(&method))
        .filter_map(|f| {
            let left = unexplained(method, f, observations, &correct);
            let confidence = 1.0 / (1.0 + (left / DIAGNOSIS_MATCH).powi(2));
            (left < 1.0).then_some((confidence, f.name))
        })
        .collect();
    let total: f64 = scored.iter().map(|s| s.0).sum::<f64>() + DIAGNOSIS_UNKNOWN;
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    let best = scored.first().map_or(f64::NAN, |s| s.0);
    scored.retain(|s| s.0 >= 0.5 * best);
    let together: f64 = scored.iter().map(|s| s.0 / total).sum();
    if scored.is_empty() || scored.len() > MOST_NAMES || together < DIAGNOSIS_NAMED {
        return Diagnosis::Unknown;
    }
    let named = |(confidence, name): &(f64, &'static str)| Named {
        fault: (*name).into(),
        confidence: confidence / total,
    };
    Diagnosis::Names(scored.iter().map(named).collect())
}

/// Largest part of a deviation that a fault leaves unexplained: 0 explains all, 1 nothing.
fn unexplained(
    method: Method,
    fault: &Fault,
    observations: &[Observation<'_>],
    correct: &[Answer],
) -> f64 {
    let simulated = answers(&mut Simulated::new(method, &fault.edits), observations);
    let each = observations.iter().zip(simulated.iter().zip(correct));
    each.map(|(o, (simulated, correct))| residue(o.answer, simulated, correct))
        .fold(0.0f64, |m, r| if r <= m { m } else { r })
}

fn answers(
    implementation: &mut dyn Implementation,
    observations: &[Observation<'_>],
) -> Vec<Answer> {
    let run = |o: &Observation<'_>| implementation.run(&o.case);
    observations.iter().map(run).collect()
}

fn is_right(observed: &Answer, correct: &Answer) -> bool {
    let (deviation, size) = distance(&observed.estimates, &correct.estimates);
    observed.status == correct.status && deviation <= size * DIAGNOSIS_ROUNDING
}

/// ‖observed - simulated‖/‖observed - correct‖ over all estimates; 0 where the answer is correct. A run that
/// stopped elsewhere explains nothing.
fn residue(observed: &Answer, simulated: &Answer, correct: &Answer) -> f64 {
    if observed.status != simulated.status || observed.estimates.len() != simulated.estimates.len()
    {
        return f64::INFINITY;
    }
    let (deviation, size) = distance(&observed.estimates, &correct.estimates);
    // At rounding level of the correct answer there is nothing to explain.
    if deviation <= size * DIAGNOSIS_ROUNDING {
        let (other, _) = distance(&simulated.estimates, &correct.estimates);
        return if other <= 10.0 * size * DIAGNOSIS_ROUNDING {
            0.0
        } else {
            f64::INFINITY
        };
    }
    let left = distance(&observed.estimates, &simulated.estimates).0;
    left / deviation
}

/// Largest distance of two lists of estimates and the largest size of the second. NaN is larger than any number.
fn distance(a: &[Matrix], b: &[Matrix]) -> (f64, f64) {
    let pairs = a.iter().zip(b).map(|(a, b)| {
        if a.shape() == b.shape() {
            ((a - b).norm(), b.norm())
        } else {
            (f64::INFINITY, b.norm())
        }
    });
    pairs.fold((0.0f64, 0.0f64), |(d, s), (x, y)| {
        (if x <= d { d } else { x }, if y <= s { s } else { y })
    })
}

//! Naming a failing implementation: which simulated fault produces the same numbers?
//!
//! For every candidate the distance of its simulated estimates to the observed ones is measured in
//! units of the distance of the correct ones: 1 explains nothing, rounding level explains all. The
//! same candidate must explain every observation of every object, those included where the answer
//! is right. Rows as they stand are tried first; only where none without a parameter explains,
//! parameters are fitted; where that explains nothing either, pairs of rows are tried for limits,
//! which have no steps to tell two mistakes apart by. "Unknown" is a legal answer.

use super::bench::{Bench, Observation};
use super::catalogue::{Fault, catalogue};
use super::fit::fitted;
use crate::case::Method;
use crate::claims::{Diagnosis, Named};
use crate::tol::{
    DIAGNOSIS_BESIDE, DIAGNOSIS_CUT, DIAGNOSIS_FITTED, DIAGNOSIS_NAMED, DIAGNOSIS_NUMBERS,
    DIAGNOSIS_RESOLVED, DIAGNOSIS_UNKNOWN,
};

/// At most so many names that fit equally well are given.
const MOST_NAMES: usize = 3;
/// Methods of which one number shows all that is wrong with it.
const PAIRED: [Method; 2] = [Method::AID_CG, Method::IMPLICIT];

/// Names the fault behind observations of one implementation: a list per fresh object, in the order
/// in which that object was asked.
pub fn diagnose(method: Method, objects: &[Vec<Observation<'_>>]) -> Diagnosis {
    let bench = Bench::new(method, objects);
    if !bench.is_wrong() {
        return Diagnosis::LooksRight;
    }
    let own: Vec<Fault> = catalogue()
        .into_iter()
        .filter(|f| f.occurs_in(method))
        .collect();
    let plain = |f: &Fault| {
        let ways = std::iter::once(f.edits).chain(f.also.iter().copied());
        ways.map(|edits| bench.score(edits, DIAGNOSIS_CUT).confidence())
            .fold(0.0, f64::max)
    };
    let mut scored: Vec<(f64, String)> = own.iter().map(|f| (plain(f), f.name.into())).collect();
    // What a row with a parameter explains, another parameter of another row may as well.
    let mut settled = own.iter().zip(&scored).filter(|(f, _)| f.fit.is_empty());
    let settled = settled.any(|(_, s)| s.0 >= DIAGNOSIS_BESIDE);
    if !settled && bench.numbers() >= DIAGNOSIS_NUMBERS {
        for (f, scored) in own.iter().zip(&mut scored) {
            let ways = f.fit.iter().filter_map(|fit| fitted(&bench, fit));
            let best = ways.map(|score| score.confidence()).fold(0.0, f64::max);
            scored.0 = scored.0.max(DIAGNOSIS_FITTED * best);
        }
    }
    let unknown = DIAGNOSIS_UNKNOWN + (DIAGNOSIS_RESOLVED / bench.resolution()).min(1.0);
    let explained = scored.iter().any(|s| s.0 >= DIAGNOSIS_BESIDE);
    if !explained && PAIRED.contains(&method) && bench.numbers() >= DIAGNOSIS_NUMBERS {
        scored = pairs(&bench, &own);
    }
    conclude(scored, unknown)
}

/// Every two rows as they stand, in one implementation. Weighs as a fitted parameter does: among so
/// many pairs more than one may explain.
fn pairs(bench: &Bench<'_>, own: &[Fault]) -> Vec<(f64, String)> {
    let mut out = Vec::new();
    for (n, a) in own.iter().enumerate() {
        for b in &own[n + 1..] {
            let score = bench.score(&[a.edits, b.edits].concat(), DIAGNOSIS_CUT);
            let name = format!("{} + {}", a.name, b.name);
            out.push((DIAGNOSIS_FITTED * score.confidence(), name));
        }
    }
    out
}

/// The best of the candidates, if they stand out against "none of them", which weighs `unknown`.
fn conclude(mut scored: Vec<(f64, String)>, unknown: f64) -> Diagnosis {
    let total: f64 = scored.iter().map(|s| s.0).sum::<f64>() + unknown;
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let best = scored.first().map_or(0.0, |s| s.0);
    scored.retain(|s| s.0 > 0.0 && s.0 >= DIAGNOSIS_BESIDE * best);
    if scored.len() > MOST_NAMES {
        scored.retain(|s| s.0 > DIAGNOSIS_FITTED * best);
    }
    let together: f64 = scored.iter().map(|s| s.0 / total).sum();
    if scored.is_empty() || scored.len() > MOST_NAMES || together < DIAGNOSIS_NAMED {
        return Diagnosis::Unknown;
    }
    let named = |(weight, fault): (f64, String)| Named {
        fault,
        confidence: weight / total,
    };
    Diagnosis::Names(scored.into_iter().map(named).collect())
}

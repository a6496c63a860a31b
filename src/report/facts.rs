//! The facts of one verdict in words.
//!
//! Owns these sentences. Must not know where they are shown, and escapes nothing.

use super::format::number;
use crate::checks::{Reason, Ruling, Unit};
use crate::claims::{Diagnosis, Verdict};
use crate::tol::CONFIDENT;

/// Measured value and what it is compared with, in one line; the slack where the verdict does not
/// say what its headroom is counted in.
pub(super) fn figures(v: &Verdict) -> String {
    let (measured, bound) = (number(v.measured), number(v.bound));
    match v.unit {
        Some(Unit::Tolerance) => format!("measured {measured}, expected {bound}"),
        Some(Unit::Excess) => format!("measured {measured}, has to exceed {bound}"),
        Some(_) => format!("measured {measured}, bound {bound}"),
        None => format!(
            "measured {measured}, bound {bound}, slack {}",
            number(v.slack)
        ),
    }
}

/// The names of a diagnosis that are more than a guess, in words.
pub(super) fn diagnosed(d: &Diagnosis) -> Option<String> {
    match d {
        Diagnosis::Names(names) => {
            let sure = names.iter().filter(|n| n.confidence >= CONFIDENT);
            let sure: Vec<_> = sure.cloned().collect();
            (!sure.is_empty()).then(|| Diagnosis::Names(sure).to_string())
        }
        said => Some(said.to_string()),
    }
}

/// What decided, how clearly, or why nothing was decided; empty where the verdict does not say.
pub(super) fn margin(v: &Verdict) -> String {
    let mut parts = Vec::new();
    if let Some(reason) = v.reason {
        parts.push(format!("nothing decided: {}", why(reason)));
    }
    match (v.unit, v.headroom.is_nan()) {
        (Some(Unit::Exact), _) => parts.push(counted(Unit::Exact).into()),
        (Some(unit), false) => {
            parts.push(format!(
                "headroom {} ({})",
                number(v.headroom),
                counted(unit)
            ));
        }
        (None, false) => parts.push(format!("headroom {}", number(v.headroom))),
        (_, true) => {}
    }
    if v.attained {
        parts.push("attained by design".into());
    }
    if let Some(step) = v.step {
        let what = match v.status {
            Ruling::Fail => "first violated at step",
            _ => "tightest at step",
        };
        parts.push(format!("{what} {step}"));
    }
    parts.join("; ")
}

/// All there is to say of a verdict beside its numbers, a sentence each: the detail, the margin,
/// the smallest failing instance and what the implementation looks like.
pub(super) fn sentences(v: &Verdict) -> Vec<String> {
    let smallest = v.smallest.as_ref().map(|s| {
        format!(
            "smallest failing instance: {} with seed {}: measured {}, bound {}",
            serde_json::to_string(&s.spec).unwrap_or_default(),
            s.seed,
            number(s.measured),
            number(s.bound)
        )
    });
    let diagnosis = v.diagnosis.as_ref().and_then(diagnosed);
    let diagnosis = diagnosis.map(|d| format!("diagnosis: {d}"));
    let mut all = vec![v.detail.clone(), margin(v)];
    all.extend(smallest);
    all.extend(diagnosis);
    all.retain(|s| !s.is_empty());
    all
}

fn counted(unit: Unit) -> &'static str {
    match unit {
        Unit::Bound => "bound over error",
        Unit::Floor => "rounding floor over deviation",
        Unit::Tolerance => "permitted over seen deviation",
        Unit::Modulus => "constant over what was sampled of it",
        Unit::Exact => "an equality of exact numbers, without headroom",
        Unit::Shift => "smallest shift that would have been seen",
        Unit::Excess => "measured over what it has to exceed",
    }
}

pub(super) fn why(reason: Reason) -> &'static str {
    match reason {
        Reason::AmbiguousUnits => "a unit is within rounding of its kink",
        Reason::TooLarge => "exact arithmetic or an enumeration would be too large",
        Reason::TooFewPoints => "too few steps between identification and the rounding floor",
        Reason::NotSettled => "the exact sequence does not show the rate here",
        Reason::NoSeparation => "neither a near element nor a separating direction was found",
        Reason::NothingToSee => "what is claimed does not occur on this instance",
        Reason::IllConditioned => "κ is too large for floating point",
        Reason::NoPower => "the sample was too small",
        Reason::Hypothesis => "a hypothesis of the claim is broken",
        Reason::FailedElsewhere => "another check speaks of the run that failed",
        Reason::Inexact => "products and values disagree by as little as an inner tolerance",
        Reason::Skipped => "the implementation does not do such cases",
        Reason::Error => "something could not be computed",
    }
}

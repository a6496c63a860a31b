//! Watching the numbers of a run.

use crate::case::{Answer, Status};
use crate::tol::DIVERGED;

pub(super) const FLOAT_BYTES: usize = size_of::<f64>();

/// The status that ends a run at `step`, if these numbers call for one.
pub(super) fn trouble(step: usize, values: &[f64]) -> Option<Status> {
    // Without branches first: nearly always there is nothing to see.
    let fine = |v: &f64| v.abs() <= DIVERGED;
    if values.iter().fold(true, |all, v| all & fine(v)) {
        return None;
    }
    Some(if values.iter().any(|v| v.is_nan()) {
        Status::NotANumber { step }
    } else {
        Status::Diverged { step }
    })
}

/// The answer of a method to a case that is not for it.
pub(super) fn not_for(method: &str, wants: &str) -> Answer {
    Answer::without(Status::Skipped(format!("{method} wants {wants}")))
}

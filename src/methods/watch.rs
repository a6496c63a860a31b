//! Watching the numbers of a run.

use crate::case::{Answer, Status};
use crate::tol::DIVERGED;

pub(super) const FLOAT_BYTES: usize = size_of::<f64>();

/// The status that ends a run at `step`, if these numbers call for one.
pub(super) fn trouble(step: usize, values: &[f64]) -> Option<Status> {
    let mut largest = 0.0f64;
    for v in values {
        if v.is_nan() {
            return Some(Status::NotANumber { step });
        }
        largest = largest.max(v.abs());
    }
    (largest > DIVERGED).then_some(Status::Diverged { step })
}

/// The answer of a method to a case that is not for it.
pub(super) fn not_for(method: &str, wants: &str) -> Answer {
    Answer::without(Status::Skipped(format!("{method} wants {wants}")))
}

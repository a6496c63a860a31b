//! Faults drawn at random, so that power is measured on faults nobody tuned a check for.

use super::edit::{Change, Edit, When};
use crate::case::Method;
use crate::instances::Random;

/// A fault of a given size: one departure, or (one in four) two at once, each a random entry or
/// block of ∂₁Φ, ∂₂Φ, the carried derivative or an iterate, at one step, now and then, or always.
/// `size` is relative to the largest entry.
pub fn random_fault(random: &mut Random, method: Method, size: f64) -> Vec<Edit> {
    let parts = if random.unit() < 0.25 { 2 } else { 1 };
    (0..parts)
        .map(|_| departure(random, method, size))
        .collect()
}

fn departure(random: &mut Random, method: Method, size: f64) -> Edit {
    let relative = size * random.sign();
    let change = if random.unit() < 0.7 {
        Change::Entry {
            row: random.unit(),
            column: random.unit(),
            relative,
        }
    } else {
        Change::Block {
            rows: random.unit(),
            columns: random.unit(),
            relative,
        }
    };
    // The solution of a linear system has no course: what happens at one step of it means nothing.
    let when = if method == Method::AID_CG {
        When::Always
    } else {
        match random.integer(0, 3) {
            // The derivative is 0 at step 0: what happens to it or to its factor there cannot be
            // seen.
            0 => When::At(random.integer(1, 12)),
            1 => When::Every(random.integer(2, 9)),
            2 => When::From(random.integer(0, 12)),
            _ => When::Always,
        }
    };
    let places = if method.is_aid() { 2 } else { 3 };
    match random.integer(0, places) {
        0 => Edit::First(when, change),
        1 => Edit::Second(when, change),
        2 if method == Method::AID_CG => Edit::Scale(1.0 + relative),
        2 => Edit::State(when, change),
        _ => Edit::Iterate(when, relative),
    }
}

//! What a check recorded, with where it comes from.

use std::ops::Deref;

use crate::claims::Origin;

/// Recorded data that read like the data themselves and know their origin.
pub(super) struct Shown<'a, T> {
    pub(super) from: &'a Origin,
    pub(super) data: &'a T,
}

impl<T> Clone for Shown<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Shown<'_, T> {}

/// The claims that these come from, in the order they occur.
pub(super) fn claims<T>(all: &[Shown<'_, T>]) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for claim in all.iter().map(|s| &s.from.claim) {
        if !out.contains(claim) {
            out.push(claim.clone());
        }
    }
    out
}

impl<T> Deref for Shown<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.data
    }
}

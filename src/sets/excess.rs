//! The excess Δ(A, B) = sup over a in A of inf over b in B of ‖a - b‖ (Definition 2.2), and ‖A‖sup.
//!
//! Owns the supremum over finitely many matrices. Where B is convex, the distance to B is a convex
//! function, so that its supremum over a hull is at a vertex: the excess of the vertices is that of
//! their hull. Where B is not convex, the excess of a hull may lie inside it, and what is returned
//! is that of the vertices alone. Must not know how distances are found.

use super::distance::{SetRef, distance};
use super::effort::Effort;
use super::points::Points;
use super::rounding::{Enclosure, norm_lower, norm_upper};
use crate::error::Result;

/// The excess Δ(A, B) = sup over a in A of inf over b in B of ‖a - b‖ (Definition 2.2) of A =
/// `source` to B = `target`: operator norm, Euclidean for sets of single columns. It is not
/// symmetric, and 0 exactly where A lies in the closure of B.
///
/// # Errors
/// When shapes differ.
pub fn excess<'a>(source: &Points, target: impl Into<SetRef<'a>>) -> Result<Enclosure> {
    let target = target.into();
    let mut most = Enclosure::ZERO;
    for a in source.members() {
        most = most.max(distance(a, target, &Effort::default())?.distance);
    }
    Ok(most.loosened(source.rounding()))
}

/// ‖A‖sup = sup over a in A of ‖a‖ (operator norm), the same for a finite set and its hull.
pub fn sup_norm(set: &Points) -> Enclosure {
    let norms = set
        .members()
        .iter()
        .map(|a| Enclosure::new(norm_lower(a), norm_upper(a)));
    norms
        .fold(Enclosure::ZERO, Enclosure::max)
        .loosened(set.rounding())
}

//! Sets of matrices, their algebra, and the excess (Section 2, Definition 2.2, Lemma B.1).
//!
//! Owns [`Points`] (a finite set, not convex) with Minkowski sums, products and inverses, [`Hull`]
//! (the convex hull of one), [`DiagonalBox`] ({L diag(s) R + C}, convex), `distance`, `excess`
//! and [`sup_norm`], all as certified [`Enclosure`]s, and the test of [`lemma_b1()`]. Must not know
//! what the matrices mean: no maps, no Jacobians, no theorems. Norms are the operator norm; for
//! sets of single columns (cotangent images) that is the Euclidean norm, and the methods are exact
//! up to rounding.
//!
//! Rounding. Every set carries a `rounding` radius r ≥ 0: each element of the exact set is within r
//! (Frobenius norm) of the stored element of the same name, so that the two sets are within r of
//! one another. Constructors from data have r = 0; operations that round add to it what they lost,
//! exactly zero where they lost nothing (small integers, masks). Every enclosure speaks of the
//! exact set.
#![forbid(unsafe_code)]

mod attack;
mod certificate;
mod diagonal_box;
mod distance;
mod effort;
mod excess;
mod jacobi;
mod lemma_b1;
mod nearest;
mod newton;
mod operator;
mod points;
mod rounding;
mod shape;
mod spectral;

pub use attack::{Pair, attack, ceiling, climb};
pub use diagonal_box::{DiagonalBox, MAX_ENUMERATED};
pub use distance::{Nearest, SetRef, distance};
pub use effort::Effort;
pub use excess::{excess, sup_norm};
pub use lemma_b1::{Inequality, LemmaB1, lemma_b1};
pub use points::{Hull, Points};
pub use rounding::{Enclosure, norm_lower, norm_upper, nuclear_upper};

#[cfg(test)]
mod recorded;
#[cfg(test)]
mod tests;

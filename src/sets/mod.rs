//! Sets of matrices, their algebra, and the excess (Section 2.1, Definitions 2.1-2.3, Lemma B.1).
//!
//! Owns [`Points`] (a finite set, not convex), [`Hull`] (the convex hull of one),
//! [`DiagonalBox`] ({L diag(s) R + C}, convex), Minkowski sums, products and
//! images, [`sup_norm`], [`distance`] and [`excess`], all as certified
//! [`Enclosure`]s. Must not know what the matrices mean: no maps, no Jacobians,
//! no theorems. Norms are the operator norm; for sets of single columns (cotangent
//! images) that is the Euclidean norm, and the methods are exact up to rounding.
//!
//! Rounding. Every set carries a `rounding` radius r ≥ 0: each element of the exact
//! set is within r (Frobenius norm) of the stored element of the same name, so that the two sets are
//! within r of one another. Constructors from data have r = 0; operations that round
//! add to it what they lost, exactly zero where they lost nothing (small integers,
//! masks). Every enclosure speaks of the exact set.

mod diagonal_box;
mod distance;
mod excess;
mod jacobi;
mod nearest;
mod newton;
mod operator;
mod points;
mod rounding;
mod spectral;

pub use diagonal_box::{DiagonalBox, MAX_ENUMERATED};
pub use distance::{Nearest, distance};
pub use excess::{Excess, excess, sup_norm};
pub use points::{Hull, Points};
pub use rounding::{Enclosure, norm_lower, norm_upper, nuclear_upper};

use crate::error::{Error, Result};
use crate::tol;

/// A set by reference: what [`distance`], [`excess`] and [`sup_norm`] take.
#[derive(Clone, Copy, Debug)]
pub enum SetRef<'a> {
    /// A finite set.
    Points(&'a Points),
    /// The convex hull of a finite set.
    Hull(&'a Hull),
    /// The image of a box of diagonal matrices.
    Box(&'a DiagonalBox),
}

impl<'a> From<&'a Points> for SetRef<'a> {
    fn from(set: &'a Points) -> Self {
        SetRef::Points(set)
    }
}

impl<'a> From<&'a Hull> for SetRef<'a> {
    fn from(set: &'a Hull) -> Self {
        SetRef::Hull(set)
    }
}

impl<'a> From<&'a DiagonalBox> for SetRef<'a> {
    fn from(set: &'a DiagonalBox) -> Self {
        SetRef::Box(set)
    }
}

impl SetRef<'_> {
    /// (rows, columns) of the elements.
    pub fn shape(&self) -> (usize, usize) {
        match self {
            SetRef::Points(p) => p.shape(),
            SetRef::Hull(h) => h.points().shape(),
            SetRef::Box(b) => b.shape(),
        }
    }

    /// Whether the distance to the set is a convex function: always for hulls and boxes, for
    /// points only when there is one.
    pub fn is_convex(&self) -> bool {
        match self {
            SetRef::Points(p) => p.members().len() == 1,
            _ => true,
        }
    }

    /// Radius of rounding of the stored set (Frobenius norm).
    pub fn rounding(&self) -> f64 {
        match self {
            SetRef::Points(p) => p.rounding(),
            SetRef::Hull(h) => h.points().rounding(),
            SetRef::Box(b) => b.rounding(),
        }
    }
}

/// How much work a distance or an excess may cost. What is not reached within it widens the
/// enclosure, never invalidates it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Effort {
    /// Relative gap at which an operator-norm distance, or the search for a supremum, may stop.
    pub relative_gap: f64,
    /// How many points of the source a supremum may look at.
    pub evaluations: usize,
    /// How many steps (Newton, or of Wolfe's method) one distance may take.
    pub steps: usize,
}

impl Default for Effort {
    /// Twice the 4096 vertices of a box of 12 free entries: all of them and the nodes above them.
    fn default() -> Self {
        Self {
            relative_gap: tol::DISTANCE_GAP,
            evaluations: 2 << MAX_ENUMERATED,
            steps: 400,
        }
    }
}

/// An error when two shapes differ.
fn same_shape(what: &str, found: (usize, usize), expected: (usize, usize)) -> Result<()> {
    if found == expected {
        return Ok(());
    }
    Err(Error::input(format!(
        "{what} must be {} x {}, got {} x {}",
        expected.0, expected.1, found.0, found.1
    ))
    .in_field("shape"))
}

#[cfg(test)]
mod tests;

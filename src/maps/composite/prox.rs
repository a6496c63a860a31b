//! The proxes of penalties λ₁g, described once for proximal gradient steps and for outer maps.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::sizes;
use crate::numerals::numbers;
use crate::numerals::tagged::by_tag;

/// The prox of a proximal gradient step, g in min f + λ₁g.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Prox {
    /// g = ‖·‖₁: soft-thresholding.
    Soft,
    /// g = Σ‖w_g‖ over consecutive groups of `size` coordinates (the last may be shorter): group
    /// soft-thresholding.
    Group {
        /// Coordinates per group, at least 1.
        size: usize,
    },
    /// g = Σω_g‖w_g‖ over consecutive groups g that cover all coordinates, ω_g > 0.
    Groups {
        /// The groups.
        #[serde(rename = "sizes", with = "sizes")]
        groups: Vec<Range<usize>>,
        /// ω_g, one per group.
        #[serde(with = "numbers")]
        weights: Vec<f64>,
    },
    /// g = Σw_i on the box [lo, hi]ᵈ: a shift by ηλ₁, then the projection. lo < hi, infinite bounds
    /// allowed; on the nonnegative orthant g is ‖·‖₁.
    Box {
        /// Lower bound of every coordinate.
        #[serde(with = "numbers")]
        lo: f64,
        /// Upper bound of every coordinate.
        #[serde(with = "numbers")]
        hi: f64,
    },
    /// The projection on a product of intervals, infinite ones allowed; λ₁ does not enter.
    Intervals {
        /// Lower bounds, d.
        #[serde(with = "numbers")]
        lower: Vec<f64>,
        /// Upper bounds, d.
        #[serde(with = "numbers")]
        upper: Vec<f64>,
    },
}

by_tag!(Prox, "prox");

impl Prox {
    /// The lower and upper bounds of a projection; `None` for the others.
    pub(crate) fn bounds(&self, d: usize) -> Option<[Vec<f64>; 2]> {
        match self {
            Self::Box { lo, hi } => Some([vec![*lo; d], vec![*hi; d]]),
            Self::Intervals { lower, upper } => Some([lower.clone(), upper.clone()]),
            _ => None,
        }
    }

    /// Whether it acts on every coordinate by itself.
    pub fn is_separable(&self) -> bool {
        !matches!(self, Self::Group { .. } | Self::Groups { .. })
    }

    /// The coordinates of every unit, and the weight of its threshold.
    pub(crate) fn units(&self, d: usize) -> Vec<(Range<usize>, f64)> {
        match self {
            Self::Soft | Self::Box { .. } => (0..d).map(|i| (i..i + 1, 1.0)).collect(),
            Self::Intervals { .. } => (0..d).map(|i| (i..i + 1, 0.0)).collect(),
            Self::Group { size } => (0..d)
                .step_by(*size)
                .map(|i| (i..(i + size).min(d), 1.0))
                .collect(),
            Self::Groups { groups, weights } => groups
                .iter()
                .cloned()
                .zip(weights.iter().copied())
                .collect(),
        }
    }
}

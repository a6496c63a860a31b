//! How much work a distance may cost.

use crate::tol;

/// How much work a distance may cost. What is not reached within it widens the enclosure, never
/// invalidates it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Effort {
    /// Relative gap at which an operator-norm distance may stop.
    pub relative_gap: f64,
    /// How many steps (Newton, or of Wolfe's method) one distance may take.
    pub steps: usize,
}

impl Default for Effort {
    fn default() -> Self {
        Self {
            relative_gap: tol::DISTANCE_GAP,
            steps: 400,
        }
    }
}

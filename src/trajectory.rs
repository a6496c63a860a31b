//! What a method hands over: estimates at the steps asked for, what they cost, how it ended.
//!
//! Plain data. Must not know methods, theory or claims.

use crate::linalg::{Matrix, Vector};

/// Estimates of the implicit derivative, one per step asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum Estimates {
    /// The whole Jacobian D (d×m), forward mode.
    Jacobians(Vec<Matrix>),
    /// Dᵀy (m) for the cotangent y of the case, reverse mode.
    Cotangents(Vec<Vector>),
}

impl Estimates {
    /// How many steps are covered.
    pub fn len(&self) -> usize {
        match self {
            Self::Jacobians(v) => v.len(),
            Self::Cotangents(v) => v.len(),
        }
    }

    /// No step is covered.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What a run cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Evaluations of Φ (each with its selection).
    pub map_evaluations: usize,
    /// Products of ∂₁Φ or its transpose with one vector.
    pub jacobian_products: usize,
    /// Largest number of bytes of iterates and derivatives held at once.
    pub bytes_held: usize,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// All steps were taken.
    Completed,
    /// The derivative or the iterate left every reasonable range at this step.
    Diverged {
        /// The step.
        step: usize,
    },
    /// A NaN appeared at this step.
    NotANumber {
        /// The step.
        step: usize,
    },
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Completed => f.write_str("completed"),
            Self::Diverged { step } => write!(f, "diverged at step {step}"),
            Self::NotANumber { step } => write!(f, "NaN at step {step}"),
        }
    }
}

/// The recorded course of a method.
#[derive(Clone, Debug, PartialEq)]
pub struct Trajectory {
    /// Estimates for the steps asked for, in order; fewer if the run stopped early.
    pub estimates: Estimates,
    /// Cost of the whole run.
    pub cost: Cost,
    /// How it ended.
    pub status: Status,
}

//! The upper level at w(λ): what Theorems E.3 and E.6 need of an objective there.

use crate::objectives::GradientModuli;

/// What is known of ∇E at w(λ).
#[derive(Debug)]
pub struct Upper {
    /// An upper bound of ‖∇₁E(w(λ), λ)‖.
    pub gradient: f64,
    /// Lemma E.2's constants.
    pub moduli: GradientModuli,
}

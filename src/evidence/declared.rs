//! What an implementation says of its own accuracy.

/// The tolerances to which an implementation of `implicit` says it works. Zero where it says
/// nothing: it is then held to rounding.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Declared {
    /// Of the linear solve: ‖(I - ∂₁Φᵀ)v - y‖ ≤ linear·‖y‖.
    pub linear: f64,
    /// Of its own fixed point: ‖Φ(w, λ) - w‖ ≤ solver·max(1, ‖w‖).
    pub solver: f64,
}

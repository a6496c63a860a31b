//! What recursions of the stochastic side need besides a point.

use crate::error::Result;
use crate::instances::Sizes;
use crate::maps::composite::{Composite, Gamma};
use crate::truth::expectation::Recursion;

/// A map as samples reach it, with the sizes of its minibatches.
#[derive(Clone, Copy)]
pub struct Setting<'e> {
    /// Φ = G∘E T̂.
    pub map: &'e Composite,
    /// J and the sizes of minibatches.
    pub sizes: Sizes,
    /// λ (m).
    pub lambda: &'e [f64],
    /// y (d).
    pub y: &'e [f64],
}

impl Setting<'_> {
    /// The exact moments of v_k at w, given Γ.
    ///
    /// # Errors
    /// Shapes that do not fit.
    pub fn recursion(&self, w: &[f64], gamma: &Gamma) -> Result<Recursion> {
        Recursion::nsid(self.map, w, self.lambda, gamma, self.y, self.sizes.batch)
    }
}

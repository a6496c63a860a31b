//! What recursions of the stochastic side need besides a point.

use crate::error::Result;
use crate::instances::Sizes;
use crate::linalg::Vector;
use crate::maps::composite::{Composite, Gamma};
use crate::objectives::Objective;
use crate::truth::expectation::{Recursion, Reference, Source, reference};

/// A map as samples reach it, with the sizes of its minibatches.
#[derive(Clone, Copy)]
pub struct Setting<'e> {
    /// Φ = G∘E T̂.
    pub map: &'e Composite,
    /// J and the sizes of minibatches.
    pub sizes: Sizes,
    /// λ (m).
    pub lambda: &'e [f64],
    /// y (d), where no objective says what it is.
    pub y: &'e [f64],
    /// E, where hypergradients are wanted.
    pub objective: Option<&'e Objective>,
}

impl Setting<'_> {
    /// The exact moments of v_k at w, given Γ. Where an objective is sampled, with J minibatches ζ,
    /// or infinitely many.
    ///
    /// # Errors
    /// Shapes that do not fit.
    pub fn recursion(&self, w: &[f64], gamma: &Gamma, j: f64) -> Result<Recursion> {
        let of = |y: &[f64]| Recursion::nsid(self.map, w, self.lambda, gamma, y, self.sizes.batch);
        match self.source(w, j)? {
            None => of(self.y),
            Some(source) => Ok(of(source.y.as_slice())?.from_source(source)),
        }
    }

    /// The law of y and of what is added to r, with J minibatches ζ at w.
    ///
    /// # Errors
    /// An objective that does not fit.
    pub fn source(&self, w: &[f64], j: f64) -> Result<Option<Source>> {
        let count = j * self.sizes.inner_batch as f64;
        let of = |objective| Source::at(objective, w, self.lambda, count);
        self.objective.map(of).transpose()
    }

    /// What NSID estimates at w, were there no noise: v̂ and r*, or the hypergradient there.
    ///
    /// # Errors
    /// When the linear system is singular.
    pub fn reference(&self, w: &[f64]) -> Result<Reference> {
        let Some(objective) = self.objective else {
            return reference(self.map, w, self.lambda, self.y, 0.0);
        };
        let y = objective.gradient_w(w, self.lambda);
        let found = reference(self.map, w, self.lambda, &y, 0.0)?;
        let direct = Vector::from_vec(objective.gradient_lambda(w, self.lambda));
        Ok(Reference {
            r: found.r + direct,
            ..found
        })
    }
}

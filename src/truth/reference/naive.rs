//! A problem at one λ in any number type.

use super::family::{Point, Reference};
use super::registry::reference;
use super::scalar::Scalar;
use crate::maps::{Problem, Tie};

/// A problem at one λ in the number type T.
pub struct Naive<T> {
    family: Box<dyn Reference<T>>,
    lambda: Vec<T>,
}

impl<T: Scalar> Naive<T> {
    /// Reads the data exactly.
    pub fn new(problem: &Problem, lambda: &[f64]) -> Self {
        let lambda: Vec<T> = lambda.iter().map(|v| T::exactly(*v)).collect();
        Self {
            family: reference(problem, &lambda),
            lambda,
        }
    }

    /// Φ and the selection at w; `None` if the field lacks tanh or a root.
    pub fn at(&self, w: &[T], tie: &mut Tie<'_>) -> Option<Point<T>> {
        self.family.at(w, &self.lambda, tie)
    }

    /// ∂₁Φ·x with the selection of `p`.
    pub fn push_w(&self, p: &Point<T>, x: &[T]) -> Vec<T> {
        self.family.push_w(p, &self.lambda, x)
    }

    /// Column j of ∂₂Φ with the selection of `p`.
    pub fn column(&self, p: &Point<T>, j: usize) -> Vec<T> {
        self.family.column(p, &self.lambda, j)
    }

    /// Dimensions (d, m).
    pub fn dims(&self) -> (usize, usize) {
        (self.family.dim(), self.lambda.len())
    }

    /// ∂₁Φ with the selection of `p`, by columns: d vectors of length d.
    pub fn jacobian_w(&self, p: &Point<T>) -> Vec<Vec<T>> {
        self.family.jacobian_w(p, &self.lambda)
    }
}

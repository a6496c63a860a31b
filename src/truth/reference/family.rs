//! What the exact reference of a family must provide, and what it finds at a point.

use super::scalar::Scalar;
use crate::maps::{Tie, piece_key};

/// One family in the number type T, straight from its data; object safe for each T.
pub trait Reference<T: Scalar>: Send + Sync {
    /// d = dim w.
    fn dim(&self) -> usize;
    /// Φ(w, λ) and the selection there; `None` where the field lacks a function.
    fn at(&self, w: &[T], lambda: &[T], tie: &mut Tie<'_>) -> Option<Point<T>>;
    /// ∂₁Φ·x with the selection of `p`.
    fn push_w(&self, p: &Point<T>, lambda: &[T], x: &[T]) -> Vec<T>;
    /// ∂₁Φ with the selection of `p`, by columns: d vectors of length d.
    fn jacobian_w(&self, p: &Point<T>, lambda: &[T]) -> Vec<Vec<T>> {
        let d = p.w.len();
        let unit = |j: usize| -> Vec<T> {
            (0..d)
                .map(|i| T::exactly(f64::from(u8::from(i == j))))
                .collect()
        };
        (0..d).map(|j| self.push_w(p, lambda, &unit(j))).collect()
    }
    /// Column j of ∂₂Φ with the selection of `p`.
    fn column(&self, p: &Point<T>, lambda: &[T], j: usize) -> Vec<T>;
}

/// Everything about Φ at one w: the value, the unit inputs and the selection.
#[derive(Clone)]
pub struct Point<T> {
    /// The point w (d).
    pub w: Vec<T>,
    /// Φ(w, λ) (d).
    pub value: Vec<T>,
    /// Slopes of the units.
    pub slope: Vec<T>,
    /// Signed distance of every unit input from its nearest kink; empty where there are no kinks.
    pub margin: Vec<T>,
    /// Inputs of the units; 1 where no sign of an input belongs to a piece, empty without units.
    pub(super) z: Vec<T>,
    /// Second derivatives of a loss along its rows; empty elsewhere.
    pub(super) curvature: Vec<T>,
    /// Input of a prox whose units are more than coordinates; empty elsewhere.
    pub(super) input: Vec<T>,
}

impl<T: Scalar> Point<T> {
    /// A point of a map without units.
    pub(super) fn smooth(w: &[T], value: Vec<T>) -> Self {
        Self {
            w: w.to_vec(),
            value,
            slope: Vec::new(),
            margin: Vec::new(),
            z: Vec::new(),
            curvature: Vec::new(),
            input: Vec::new(),
        }
    }

    /// Inputs z of the units; empty for affine maps.
    pub fn inputs(&self) -> &[T] {
        &self.z
    }

    /// Which piece of Φ is active, as [`crate::maps::Linearization::piece`]; empty for maps without
    /// kinks.
    pub fn piece(&self) -> Vec<f64> {
        if self.margin.is_empty() {
            return Vec::new();
        }
        self.slope
            .iter()
            .zip(&self.z)
            .map(|(s, z)| piece_key(s.to_f64(), z.to_f64()))
            .collect()
    }
}

//! Φ(w, λ) = clip(w - η(Qw + λ), lower, upper): the projected gradient step of min ½wᵀQw + λᵀw over
//! a box, λ the linear term (m = d).
//!
//! It is the clipped affine map with A = I - ηQ, B = -ηI, c = 0, and is prepared as one; what
//! forming A loses, and what is lost by evaluating the formula as written, is bounded with the
//! magnitudes |I| + η|Q|.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::clip::{Clip, ClipMap};
use super::data::Data;
use super::products::Certified;
use super::shapes::{below, finite, shape};
use crate::error::{Error, Result};
use crate::linalg::product::abs;
use crate::linalg::{Matrix, Vector};
use crate::numerals::numbers;

/// The projected gradient step of min ½wᵀQw + λᵀw over the box lower ≤ w ≤ upper: Φ(w, λ) = clip(w
/// - η(Qw + λ), lower, upper) coordinatewise; lower < upper, infinite bounds allowed, m = d.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QuadraticProgram {
    /// Q, d×d.
    #[serde(rename = "Q", with = "numbers")]
    pub q: Matrix,
    /// Lower bounds, d.
    #[serde(with = "numbers")]
    pub lower: Vector,
    /// Upper bounds, d.
    #[serde(with = "numbers")]
    pub upper: Vector,
    /// η > 0.
    #[serde(with = "numbers")]
    pub step: f64,
}

impl QuadraticProgram {
    fn clip(&self) -> Clip {
        let d = self.q.nrows();
        let delta = |i: usize, j: usize| f64::from(u8::from(i == j));
        Clip {
            a: Matrix::from_fn(d, d, |i, j| delta(i, j) - self.step * self.q[(i, j)]),
            b: Matrix::from_fn(d, d, |i, j| -self.step * delta(i, j)),
            c: Vector::zeros(d),
            lo: self.lower.clone(),
            hi: self.upper.clone(),
        }
    }
}

impl Data for QuadraticProgram {
    fn dim(&self) -> usize {
        self.q.nrows()
    }

    fn validate(&self) -> Result<()> {
        let d = self.q.nrows();
        shape("Q", d, self.q.ncols(), None, Some(d))?;
        finite("Q", self.q.as_slice(), d)?;
        shape("lower", self.lower.nrows(), 1, Some(d), None)?;
        shape("upper", self.upper.nrows(), 1, Some(d), None)?;
        below(
            self.lower.as_slice(),
            self.upper.as_slice(),
            ["lower", "upper"],
        )?;
        if !(self.step.is_finite() && self.step > 0.0) {
            let text = format!("must be positive and finite, got {}", self.step);
            return Err(Error::input(text).in_field("step"));
        }
        Ok(())
    }

    fn prepare(&self) -> Arc<dyn Certified> {
        let d = self.q.nrows();
        let magnitude = Matrix::identity(d, d) + abs(&self.q) * self.step;
        Arc::new(ClipMap::formed(&self.clip(), &magnitude))
    }

    fn with_step(&self, times: f64) -> Option<Self> {
        Some(Self {
            step: self.step * times,
            ..self.clone()
        })
    }
}

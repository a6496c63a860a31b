//! Φ(w, λ) = (A + Σ_k λ_k B_k)w + Cλ: one smooth piece whose operator depends on λ.
//!
//! ∂₁Φ = A + Σ_k λ_k B_k and ∂₂Φ = C + [B_1w, …, B_mw], so that L_1 = 0, L_2 = β = λ_max(Σ
//! B_kᵀB_k)^½, M = 0 and R = ∞. It is a composed map whose G is the identity, and is prepared as
//! one.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::composite::{Composed, NoiseModel, Outer};
use super::data::Data;
use super::products::Certified;
use super::shapes::{finite, shape};
use crate::error::Result;
use crate::linalg::{Matrix, Vector};
use crate::numerals::numbers;

/// Φ(w, λ) = (A + Σ_k λ_k B_k)w + Cλ: the linear part depends on λ, so that ∂₂Φ = [B_1w ... B_mw] +
/// C depends on w. One smooth piece.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bilinear {
    /// A, d×d.
    #[serde(rename = "A", with = "numbers")]
    pub a: Matrix,
    /// B_k, d×d, one per entry of λ.
    #[serde(rename = "B", with = "numbers")]
    pub b: Vec<Matrix>,
    /// C, d×m.
    #[serde(rename = "C", with = "numbers")]
    pub c: Matrix,
}

impl Bilinear {
    /// The same map as a composed one.
    pub fn composed(&self) -> Composed {
        Composed {
            inner: NoiseModel {
                a: self.a.clone(),
                bilinear: self.b.clone(),
                b: self.c.clone(),
                c: Vector::zeros(self.a.nrows()),
                channels: Vec::new(),
            },
            outer: Outer::Identity,
        }
    }
}

impl Data for Bilinear {
    fn dim(&self) -> usize {
        self.c.nrows()
    }

    fn validate(&self) -> Result<()> {
        let (d, m) = self.c.shape();
        shape("C", d, m, None, None)?;
        finite("C", self.c.as_slice(), d)?;
        shape("A", self.a.nrows(), self.a.ncols(), Some(d), Some(d))?;
        finite("A", self.a.as_slice(), d)?;
        shape("B", self.b.len(), 1, Some(m), None)?;
        for (k, b) in self.b.iter().enumerate() {
            let check = || -> Result<()> {
                shape("", b.nrows(), b.ncols(), Some(d), Some(d))?;
                finite("", b.as_slice(), d)
            };
            check().map_err(|e| e.in_field(format!("B[{k}]")))?;
        }
        Ok(())
    }

    fn prepare(&self) -> Arc<dyn Certified> {
        self.composed().prepare()
    }
}

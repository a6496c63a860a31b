//! The family of proximal gradient steps: a gradient step on a loss, then a prox.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::loss::Loss;
use super::prox::Prox;
use super::step::StepMap;
use crate::error::{Error, Result};
use crate::linalg::{Matrix, Vector};
use crate::maps::data::Data;
use crate::maps::products::Certified;
use crate::maps::shapes::{below, consecutive, regression, shape};
use crate::maps::structure::{Gradient, Role, Second, Structure, Units};
use crate::numerals::numbers;

/// Forward-backward step for min f(w) + (λ₂/2)‖w‖² + λ₁g(w) with constant step η, λ = (λ₁, λ₂):
/// Φ(w, λ) = prox(w - η(∇f(w) + λ₂w)).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProxGradient {
    /// X, n×d.
    #[serde(rename = "X", with = "numbers")]
    pub x: Matrix,
    /// y, n; ±1 for the logistic loss.
    #[serde(with = "numbers")]
    pub y: Vector,
    /// η > 0, constant in λ.
    #[serde(with = "numbers")]
    pub step: f64,
    /// The loss ℓ; f(w) = n⁻¹Σℓ_i(x_i·w).
    pub loss: Loss,
    /// The prox of ηλ₁g.
    #[serde(flatten)]
    pub prox: Prox,
}

impl Data for ProxGradient {
    fn dim(&self) -> usize {
        self.x.ncols()
    }

    fn validate(&self) -> Result<()> {
        regression(&self.x, &self.y, self.step)?;
        let bad = self.y.iter().position(|v| v.abs() != 1.0);
        if let (Loss::Logistic, Some(i)) = (self.loss, bad) {
            return Err(Error::input(format!(
                "labels of the logistic loss must be 1 or -1, got {}",
                self.y[i]
            ))
            .in_field(format!("y[{i}]")));
        }
        match &self.prox {
            Prox::Group { size: 0 } => {
                Err(Error::input("groups need at least one coordinate").in_field("size"))
            }
            Prox::Groups { groups, weights } => consecutive(groups, weights, self.x.ncols()),
            Prox::Intervals { lower, upper } => {
                shape("lower", lower.len(), 1, Some(self.x.ncols()), None)?;
                shape("upper", upper.len(), 1, Some(self.x.ncols()), None)?;
                below(lower, upper, ["lower", "upper"])
            }
            Prox::Box { lo, hi } if !(lo < hi) => {
                Err(Error::input(format!("must be above lo, got [{lo}, {hi}]")).in_field("hi"))
            }
            _ => Ok(()),
        }
    }

    fn prepare(&self) -> Arc<dyn Certified> {
        Arc::new(StepMap::new(
            (&self.x, &self.y, self.step),
            self.loss,
            &self.prox,
            structure(self),
        ))
    }

    fn with_step(&self, times: f64) -> Option<Self> {
        Some(Self {
            step: self.step * times,
            ..self.clone()
        })
    }
}

fn structure(data: &ProxGradient) -> Structure {
    let affine = data.loss == Loss::Quadratic && data.prox.is_separable();
    let units = data.prox.units(data.x.ncols());
    let owner = units.iter().enumerate();
    let owner = owner.flat_map(|(g, (range, _))| range.clone().map(move |_| g));
    let (first, kind) = match data.prox {
        Prox::Box { .. } => (Role::Shift, Units::Curved),
        Prox::Intervals { .. } => (Role::Free, Units::Curved),
        Prox::Soft => (Role::Threshold, Units::Curved),
        Prox::Group { .. } | Prox::Groups { .. } => (
            Role::Threshold,
            Units::Balls(units.iter().map(|u| u.0.clone()).collect()),
        ),
    };
    Structure {
        symmetric: Some(owner.collect()),
        units: kind,
        affine,
        lambda: vec![first, Role::Ridge],
        affine_in: vec![affine, false],
        second: Second::Point,
        gradient: Some(Gradient {
            step: data.step,
            rows: data.x.nrows(),
        }),
        bounded: matches!(data.prox, Prox::Box { .. } | Prox::Intervals { .. }),
    }
}

//! The mean of a stochastic map as a problem like any other.

use super::composed::Composed;
use super::inner::Inner;
use super::loss::Loss;
use super::outer::Outer;
use super::prox::Prox;
use super::prox_gradient::ProxGradient;
use super::samples::Composite;
use crate::error::{Error, Result};
use crate::linalg::{Matrix, Vector};
use crate::maps::elastic_net::ElasticNet;
use crate::maps::poisoning::Poisoning;
use crate::maps::problem::Problem;

/// Φ = G∘T as a problem like any other.
///
/// # Errors
/// When no family describes it.
pub(in crate::maps) fn mean(map: &Composite) -> Result<Problem> {
    let f = match map.inner() {
        Inner::Noise(model) => return Ok(Composed::mean_of(model, map.outer()).into()),
        Inner::Poisoned(inner) => {
            let Outer::FixedSoft { threshold } = *map.outer() else {
                let text = "behind a poisoned regression only a fixed threshold has a family";
                return Err(Error::input(text).in_field("outer"));
            };
            let inner = inner.clone();
            return Ok(Poisoning { inner, threshold }.into());
        }
        Inner::FiniteSum(f) => f,
    };
    let (n, d, step) = (f.rows(), f.dim(), f.eta());
    let prox = match map.outer() {
        Outer::Soft { eta } | Outer::GroupSoft { eta, .. } if *eta != step => {
            let text = format!("the threshold's step {eta} is not that of T̂, {step}");
            return Err(Error::input(text).in_field("outer.step"));
        }
        Outer::Soft { .. } => Prox::Soft,
        Outer::GroupSoft {
            groups, weights, ..
        } => Prox::Groups {
            groups: groups.clone(),
            weights: weights.clone(),
        },
        Outer::Identity => Prox::Intervals {
            lower: vec![f64::NEG_INFINITY; d],
            upper: vec![f64::INFINITY; d],
        },
        Outer::Nonnegative => Prox::Intervals {
            lower: vec![0.0; d],
            upper: vec![f64::INFINITY; d],
        },
        Outer::Box { lower, upper } => Prox::Intervals {
            lower: lower.clone(),
            upper: upper.clone(),
        },
        Outer::FixedSoft { .. } => {
            let text = "no family describes the mean of a finite sum behind a fixed threshold";
            return Err(Error::input(text).in_field("outer"));
        }
        Outer::Layer { .. } => {
            let text = "no family describes the mean of a finite sum behind a layer";
            return Err(Error::input(text).in_field("outer"));
        }
    };
    let x = Matrix::from_fn(n, d, |i, j| f.row(i)[j]);
    let y = Vector::from_fn(n, |i, _| f.target(i));
    let loss = f.loss();
    Ok(match (loss, prox) {
        (Loss::Quadratic, Prox::Soft) => ElasticNet { x, y, step }.into(),
        (_, prox) => ProxGradient {
            x,
            y,
            step,
            loss,
            prox,
        }
        .into(),
    })
}

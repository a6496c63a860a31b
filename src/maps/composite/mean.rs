//! The mean of a stochastic map as a problem like any other.

use super::composed::Composed;
use super::finite_sum::FiniteSum;
use super::inner::Inner;
use super::loss::Loss;
use super::outer::Outer;
use super::prox::Prox;
use super::prox_gradient::ProxGradient;
use super::samples::Composite;
use crate::error::{Error, Result};
use crate::linalg::{Matrix, Vector};
use crate::maps::elastic_net::ElasticNet;
use crate::maps::problem::Problem;

/// Φ = G∘T as a problem like any other.
///
/// # Errors
/// When no family describes it.
pub(in crate::maps) fn mean(map: &Composite) -> Result<Problem> {
    let regression = |f: &FiniteSum| {
        let (n, d) = (f.rows(), f.dim());
        (
            Matrix::from_fn(n, d, |i, j| f.row(i)[j]),
            Vector::from_fn(n, |i, _| f.target(i)),
        )
    };
    let unlike = |eta: f64, f: &FiniteSum| {
        if eta == f.eta() {
            Ok(())
        } else {
            let text = format!("the threshold's step {eta} is not that of T̂, {}", f.eta());
            Err(Error::input(text).in_field("outer.eta"))
        }
    };
    match (map.inner(), map.outer()) {
        (Inner::FiniteSum(f), Outer::Soft { eta }) if f.loss() == Loss::Quadratic => {
            unlike(*eta, f)?;
            let (x, y) = regression(f);
            let step = f.eta();
            Ok(ElasticNet { x, y, step }.into())
        }
        (Inner::FiniteSum(f), Outer::Soft { eta } | Outer::GroupSoft { eta, .. }) => {
            unlike(*eta, f)?;
            let (x, y) = regression(f);
            Ok(ProxGradient {
                x,
                y,
                step: f.eta(),
                loss: f.loss(),
                prox: match map.outer() {
                    Outer::GroupSoft {
                        groups, weights, ..
                    } => Prox::Groups {
                        groups: groups.clone(),
                        weights: weights.clone(),
                    },
                    _ => Prox::Soft,
                },
            }
            .into())
        }
        (Inner::Noise(model), outer) => Ok(Composed::mean_of(model, outer).into()),
        (Inner::FiniteSum(_), _) => Err(Error::input(
            "no family describes the mean of a finite sum behind this outer map",
        )
        .in_field("outer")),
    }
}

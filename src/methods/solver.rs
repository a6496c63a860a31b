//! An approximate fixed point w from samples: proximal SGD.

use crate::case::IndexSource;
use crate::error::{Error, Result};
use crate::maps::composite::{Composite, Sample};

/// Relative steps a_i = θ/(t₀+i) ≤ 1 of proximal SGD, in units of the map's own η.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProxStep {
    /// θ > 0.
    pub theta: f64,
    /// t₀ ≥ θ, so that no step is longer than the map's own.
    pub offset: f64,
}

impl ProxStep {
    /// a_i = θ/(t₀+i).
    pub fn at(&self, i: usize) -> f64 {
        self.theta / (self.offset + i as f64)
    }
}

/// Proximal SGD for the fixed point of Φ = prox∘E T̂ (Rosasco, Villa and Vũ 2020), `t` steps from
/// w_0 = 0 (d): w_{i+1} = prox_{a_iη}(w_i - a_i(w_i - T̂(w_i, λ, ξ_i))), where (w - T̂)/η is the
/// minibatch gradient.
///
/// Every prox of every step length has the same fixed point, so E‖w_t - w(λ)‖² = O(1/t).
///
/// # Errors
/// An outer map that is not a prox, an empty minibatch, steps outside 0 < θ ≤ t₀, or samples that
/// run out.
pub fn prox_sgd(
    map: &Composite,
    lambda: &[f64],
    step: ProxStep,
    batch: usize,
    t: usize,
    samples: &mut impl IndexSource,
) -> Result<Vec<f64>> {
    if !map.outer().is_prox() {
        return Err(
            Error::input("proximal SGD needs an outer map that is a prox").in_field("outer"),
        );
    }
    if batch == 0 {
        return Err(Error::input("a minibatch must not be empty").in_field("batch"));
    }
    if !(step.theta > 0.0 && step.offset >= step.theta && step.offset.is_finite()) {
        let text = format!(
            "θ/(t₀+i) needs 0 < θ ≤ t₀, got θ = {}, t₀ = {}",
            step.theta, step.offset
        );
        return Err(Error::input(text).in_field("step"));
    }
    let (mut w, mut u) = (vec![0.0; map.dim()], vec![0.0; map.dim()]);
    let mut indices = vec![0; batch];
    for i in 0..t {
        samples.fill(&mut indices)?;
        map.check_batch(&indices)
            .map_err(|e| e.in_field(format!("samples[{i}]")))?;
        map.inner()
            .apply(&w, lambda, Sample::Batch(&indices), &mut u);
        let a = step.at(i);
        u.iter_mut()
            .zip(&w)
            .for_each(|(u, w)| *u = (1.0 - a) * w + a * *u);
        map.outer().apply_scaled(&u, lambda, a, &mut w);
    }
    Ok(w)
}

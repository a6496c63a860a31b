//! Step sizes η_i of Algorithm 3.

use crate::error::{Error, Result};

/// η_i, i = 0, 1, …
#[derive(Clone, Debug, PartialEq)]
pub enum StepSize {
    /// η_i = η.
    Constant(f64),
    /// η_i = β/(γ+i): the schedule of Lemma D.2.
    Decreasing {
        /// β.
        beta: f64,
        /// γ.
        gamma: f64,
    },
    /// η_i given one by one.
    Given(Vec<f64>),
}

impl StepSize {
    /// β/(γ+i) with user multipliers: β ← `times_beta`·β, γ ← `times_gamma`·γ.
    pub fn decreasing(beta: f64, gamma: f64, times_beta: f64, times_gamma: f64) -> Self {
        StepSize::Decreasing {
            beta: beta * times_beta,
            gamma: gamma * times_gamma,
        }
    }

    /// η_i; NaN past the end of a given list (see [`StepSize::check`]).
    pub fn at(&self, i: usize) -> f64 {
        match self {
            StepSize::Constant(eta) => *eta,
            StepSize::Decreasing { beta, gamma } => beta / (gamma + i as f64),
            StepSize::Given(list) => list.get(i).copied().unwrap_or(f64::NAN),
        }
    }

    /// Refuses steps that are negative, not finite, or fewer than `k`.
    pub fn check(&self, k: usize) -> Result<()> {
        let fail = |text: String| Err(Error::input(text).in_field("step_sizes"));
        let fine = |v: f64| v >= 0.0 && v.is_finite();
        match self {
            StepSize::Constant(eta) if !fine(*eta) => {
                fail(format!("must be nonnegative and finite, got {eta}"))
            }
            StepSize::Decreasing { beta, gamma }
                if !(fine(*beta) && fine(*gamma) && *gamma > 0.0) =>
            {
                fail(format!(
                    "β/(γ+i) needs β ≥ 0 and γ > 0, got β = {beta}, γ = {gamma}"
                ))
            }
            StepSize::Given(list) if list.len() < k => fail(format!(
                "{k} steps need as many step sizes, got {}",
                list.len()
            )),
            StepSize::Given(list) => match list.iter().position(|v| !fine(*v)) {
                Some(i) => Err(Error::input("must be nonnegative and finite")
                    .in_field(format!("step_sizes[{i}]"))),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }
}

//! The methods: a case in, a trajectory out.
//!
//! Owns ITD (13), AID-FP (14) and the interface that any implementation, ours or a user's, is
//! judged through. Must not know ground truth, theory, claims or statistics.

mod aid_cg;
mod aid_fp;
mod itd;
pub mod nsid;

pub use aid_cg::{AidCg, ConjugateGradients, System, reduced_roots, reduced_support};
pub use aid_fp::{AidFp, AidFpForward};
pub use itd::{ItdCheckpointed, ItdForward, ItdReverse};

use crate::error::{Error, Result};
use crate::maps::{Map, Problem, Tie};
use crate::tol::DIVERGED;
use crate::trajectory::{Status, Trajectory};

/// What a method is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// Φ.
    pub map: &'a Map,
    /// λ (m).
    pub lambda: &'a [f64],
    /// ITD: the start w_0. AID: the point w at which to differentiate. (d)
    pub w: &'a [f64],
    /// y (d), for methods that return Dᵀy.
    pub cotangent: &'a [f64],
    /// ITD: the points w_0, w_1, ... to linearise at, where they come from elsewhere (an accelerated iteration, a log);
    /// at least as many as steps, the first is `w`. `None`: w_{t+1} = Φ(w_t).
    pub path: Option<&'a [Vec<f64>]>,
    /// Strictly increasing numbers of steps after which an estimate is wanted.
    pub steps: &'a [usize],
}

impl Case<'_> {
    /// The plain data of the problem.
    pub fn problem(&self) -> &Problem {
        self.map.problem()
    }

    /// Refuses a case whose vectors or steps do not fit, naming the field.
    pub fn validate(&self) -> Result<()> {
        self.map.check_lambda(self.lambda)?;
        self.map.check_w("w", self.w)?;
        self.map.check_w("cotangent", self.cotangent)?;
        if self.steps.windows(2).any(|p| p[0] >= p[1]) {
            return Err(Error::input("must be strictly increasing").in_field("steps"));
        }
        if let Some(path) = self.path {
            if path.len() < self.horizon() {
                return Err(Error::input(format!(
                    "needs a point for each of {} steps, got {}",
                    self.horizon(),
                    path.len()
                ))
                .in_field("path"));
            }
            for (t, w) in path.iter().enumerate() {
                self.map.check_w(&format!("path[{t}]"), w)?;
            }
        }
        Ok(())
    }

    /// The largest number of steps.
    pub fn horizon(&self) -> usize {
        self.steps.last().copied().unwrap_or(0)
    }

    /// Φ(w, λ).
    pub fn phi(&self, w: &[f64]) -> Vec<f64> {
        self.map.apply(w, self.lambda).as_slice().to_vec()
    }

    /// (∂₁Φ(w, λ)ᵀu, ∂₂Φ(w, λ)ᵀu), with weight 0 at ties.
    pub fn vjp(&self, w: &[f64], u: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let mut lin = self.map.linearization();
        let mut ws = self.map.workspace();
        self.map
            .linearize(w, self.lambda, &mut Tie::Weight(0.0), &mut lin);
        let (mut by_w, mut by_lambda) = (vec![0.0; w.len()], vec![0.0; self.lambda.len()]);
        self.map.vjp_w(&lin, u, &mut by_w, &mut ws);
        self.map.vjp_lambda(&lin, u, &mut by_lambda, &mut ws);
        (by_w, by_lambda)
    }
}

/// An implementation of a method. State may be kept between calls for buffers, never for results:
/// the same case must give the same estimates.
pub trait Differentiator {
    /// Runs the method on a valid case.
    fn run(&mut self, case: &Case<'_>) -> Trajectory;
}

/// The methods this crate implements or judges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// ITD in forward mode.
    Itd,
    /// ITD in reverse mode over the stored trajectory.
    ItdReverse,
    /// ITD in reverse mode with O(√t) checkpoints.
    ItdCheckpointed,
    /// AID by fixed-point iteration, reverse mode.
    AidFp,
    /// AID by fixed-point iteration, forward mode.
    AidFpForward,
    /// AID by conjugate gradients, reverse mode.
    AidCg,
    /// NSID (Algorithms 1 and 3): judged through [`nsid::StochasticDifferentiator`].
    Nsid,
    /// SID (Grazzi et al. 2023): judged through [`nsid::StochasticDifferentiator`].
    Sid,
}

impl Method {
    /// All methods with their names.
    pub const NAMES: [(&'static str, Self); 8] = [
        ("itd", Self::Itd),
        ("itd-reverse", Self::ItdReverse),
        ("itd-checkpointed", Self::ItdCheckpointed),
        ("aid-fp", Self::AidFp),
        ("aid-fp-forward", Self::AidFpForward),
        ("aid-cg", Self::AidCg),
        ("nsid", Self::Nsid),
        ("sid", Self::Sid),
    ];

    /// The name in claims and verdicts.
    pub fn name(self) -> &'static str {
        Self::NAMES
            .iter()
            .find(|(_, m)| *m == self)
            .map_or("", |(n, _)| n)
    }

    /// The method of a name.
    pub fn from_name(name: &str) -> Result<Self> {
        Self::NAMES
            .iter()
            .find(|(n, _)| *n == name)
            .map(|(_, m)| *m)
            .ok_or_else(|| {
                let names: Vec<&str> = Self::NAMES.iter().map(|n| n.0).collect();
                Error::input(format!(
                    "unknown method {name:?}; one of {}",
                    names.join(", ")
                ))
                .in_field("method")
            })
    }

    /// Differentiates at a given w instead of along the iteration.
    pub fn is_aid(self) -> bool {
        matches!(
            self,
            Self::AidFp | Self::AidFpForward | Self::AidCg | Self::Nsid | Self::Sid
        )
    }

    /// Returns Dᵀy instead of D.
    pub fn is_reverse(self) -> bool {
        !matches!(self, Self::Itd | Self::AidFpForward)
    }

    /// NSID or SID, where this is one of them: they take samples and are judged on their own path.
    pub fn stochastic(self) -> Option<nsid::Method> {
        match self {
            Self::Nsid => Some(nsid::Method::Nsid),
            Self::Sid => Some(nsid::Method::Sid),
            _ => None,
        }
    }

    /// This crate's implementation; of NSID and SID their noiseless limit J = 1, full batch, which is AID-FP.
    pub fn implementation(self) -> Box<dyn Differentiator> {
        match self {
            Self::Itd => Box::new(ItdForward::default()),
            Self::ItdReverse => Box::new(ItdReverse::default()),
            Self::ItdCheckpointed => Box::new(ItdCheckpointed::default()),
            Self::AidFp => Box::new(AidFp::default()),
            Self::AidFpForward => Box::new(AidFpForward::default()),
            Self::AidCg => Box::new(AidCg::default()),
            Self::Nsid | Self::Sid => Box::new(AidFp::default()),
        }
    }
}

/// The status that ends a run at `step`, if these numbers call for one.
fn trouble(step: usize, values: &[f64]) -> Option<Status> {
    let mut largest = 0.0f64;
    for v in values {
        if v.is_nan() {
            return Some(Status::NotANumber { step });
        }
        largest = largest.max(v.abs());
    }
    (largest > DIVERGED).then_some(Status::Diverged { step })
}

const FLOAT_BYTES: usize = size_of::<f64>();

#[cfg(test)]
mod tests;

//! The interface through which any implementation of NSID or SID is judged.
//!
//! Owns the case of the protocol (indices and step sizes given, never seeds), the trait, and this
//! crate's implementation of it. Must not know what the estimates are compared with.

use super::run::{Method, Plan, Problem, Status, Workspace, run};
use super::sampler::{Iid, Role};
use super::source::Batches;
use super::step_size::StepSize;
use crate::error::Result;
use crate::maps::composite::Composite;

/// What a stochastic method is asked for.
#[derive(Clone, Copy, Debug)]
pub struct StochasticCase<'a> {
    /// Φ = G∘E T̂.
    pub map: &'a Composite,
    /// λ (m).
    pub lambda: &'a [f64],
    /// w (d).
    pub w: &'a [f64],
    /// y (d).
    pub cotangent: &'a [f64],
    /// The J minibatches ξ⁽¹⁾.
    pub inner_samples: &'a Batches,
    /// The minibatches ξ⁽²⁾_i, as many as the last entry of `steps`.
    pub samples: &'a Batches,
    /// η_i, as many.
    pub step_sizes: &'a [f64],
    /// Strictly increasing numbers of updates after which an estimate is wanted.
    pub steps: &'a [usize],
}

/// One m-vector per entry of `steps`, or why there are none.
pub type Estimates = std::result::Result<Vec<Vec<f64>>, String>;

/// An implementation of NSID or SID.
pub trait StochasticDifferentiator {
    /// Runs the method on a valid case.
    fn run(&mut self, case: &StochasticCase<'_>) -> Estimates;

    /// The η_i that the implementation takes when asked for β/(γ+i).
    fn schedule(&mut self, beta: f64, gamma: f64, k: usize) -> Vec<f64> {
        let steps = StepSize::Decreasing { beta, gamma };
        (0..k).map(|i| steps.at(i)).collect()
    }

    /// The minibatches that the implementation draws when asked for independent ones.
    ///
    /// # Errors
    /// When there is nothing to draw from.
    fn draw(&mut self, request: &Draw) -> Result<Batches> {
        let mut source = Iid::new(
            request.seed,
            request.replicate,
            request.role,
            request.population,
        );
        Batches::draw(&mut source, request.count, request.size)
    }
}

/// A request for `count` independent minibatches of `size` samples below `population`.
#[derive(Clone, Copy, Debug)]
pub struct Draw {
    /// Seed of the check.
    pub seed: u64,
    /// Replicate.
    pub replicate: u64,
    /// What the minibatches are for.
    pub role: Role,
    /// Number of samples there are.
    pub population: usize,
    /// Minibatches wanted.
    pub count: usize,
    /// Samples in each.
    pub size: usize,
}

/// This crate's implementation.
#[derive(Debug)]
pub struct Reference {
    method: Method,
    workspace: Option<Workspace>,
}

impl Reference {
    /// NSID or SID.
    pub fn new(method: Method) -> Self {
        Self {
            method,
            workspace: None,
        }
    }
}

impl StochasticDifferentiator for Reference {
    fn run(&mut self, case: &StochasticCase<'_>) -> Estimates {
        let problem = Problem {
            map: case.map,
            lambda: case.lambda,
            w: case.w,
            y: case.cotangent,
            tie: 0.0,
        };
        let plan = Plan {
            steps: StepSize::Given(case.step_sizes.to_vec()),
            batch: case.samples.size(),
            record: case.steps.to_vec(),
        };
        // Buffers of another dimension do not fit.
        let fits = |ws: &Workspace| ws.dim() == case.map.dim();
        let mut ws = match self.workspace.take() {
            Some(ws) if fits(&ws) => ws,
            _ => Workspace::new(case.map),
        };
        let done = run(
            self.method,
            &problem,
            &plan,
            case.inner_samples,
            &mut case.samples.cursor(),
            &mut ws,
        );
        self.workspace = Some(ws);
        match done {
            Err(e) => Err(e.to_string()),
            Ok(r) if r.status != Status::Finished => Err(format!("{:?}", r.status)),
            Ok(r) => Ok(r.estimates),
        }
    }
}

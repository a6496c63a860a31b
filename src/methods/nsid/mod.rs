//! NSID and SID: stochastic estimates of D_impᵀy (Algorithms 1 and 3 of the paper).
//!
//! Owns the two iterations, their step sizes, where sample indices come from, solvers for w, and
//! the loop over replicates. Must not know exact expectations, bounds or statistics: it turns a
//! problem and index lists into a [`Run`].

mod case;
mod run;
mod sampler;
mod solvers;
mod source;
mod step_size;

#[cfg(all(test, feature = "instances"))]
mod tests;

pub use case::{Draw, Estimates, Reference, StochasticCase, StochasticDifferentiator};
pub use run::{Costs, Method, Plan, Problem, Run, Status, Workspace, run, run_replicates};
pub use sampler::{EpochShuffle, Iid, Role};
pub use solvers::{FixedPoint, ProxStep, fixed_point, prox_sgd};
pub use source::{Batches, Cursor, IndexSource};
pub use step_size::StepSize;

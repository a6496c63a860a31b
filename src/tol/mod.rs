//! Every tolerance and rounding floor of the crate, each with its reason.
//!
//! No other room writes a bare `1e-k`. Rounding floors are not tuned numbers:
//! they are built from the unit roundoff with [`gamma`] along the computation
//! they belong to (theory, section 9).
#![forbid(unsafe_code)]

mod baselines;
mod input;
mod matrices;
mod naming;
mod rounding;
mod runs;
mod served;
mod stochastic;
mod truth;

pub use baselines::*;
pub use input::*;
pub use matrices::*;
pub use naming::*;
pub use rounding::*;
pub use runs::*;
pub use served::*;
pub use stochastic::*;
pub use truth::*;

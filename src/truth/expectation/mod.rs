//! Exact expectations of Algorithm 3, NSID and SID: no sampling, no Monte-Carlo noise.
//!
//! Owns the mean and second-moment recursions of v_k given w and Γ₁ ([`Recursion`]), the errors of
//! estimates that follow from them, the limit constants (Lyapunov, constant-step plateau), and
//! SID's limit. Must not know the methods that it judges, nor any bound.

mod covariance;
mod estimate;
mod fourth;
mod law;
mod limits;
#[cfg(all(test, feature = "instances"))]
mod mean_tests;
mod recursion;
mod sid;
mod source;

#[cfg(test)]
mod recorded;
#[cfg(test)]
mod tests;

pub use covariance::Covariance;
pub use estimate::{Readout, Reference, certain_readout, conditional_readout, reference};
pub use fourth::{FOURTH_MAX_DIM, Spread, SquaredError, squared_error};
pub use law::{LAW_LIMIT, Outcome, mean_of_rows, mean_of_samples};
pub use limits::{LyapunovLimit, Plateau, lyapunov, plateau};
pub use recursion::{Moments, Recursion};
pub use sid::{ENUMERATION_LIMIT, SidLimit, sid_limit};
pub use source::Source;

use crate::error::{Error, Result};
use crate::linalg::{Matrix, Vector, solve::solve};

/// x with M x = b, refined; an error where M is singular to working precision.
fn solve_vector(m: &Matrix, b: &Vector, what: &str) -> Result<Vector> {
    let b = Matrix::from_column_slice(b.len(), 1, b.as_slice());
    match solve(m, &b) {
        Some(s) => Ok(s.x.column(0).into_owned()),
        None => Err(Error::input(format!("{what} is singular"))),
    }
}

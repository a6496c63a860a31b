//! Exact ground truth: the fixed point, the implicit derivative, the exact course of the
//! recursions.
//!
//! Owns everything that methods are judged against, each with a certified error bound. Starts from
//! the data of a problem through `truth::reference`, never from a method nor from a long run of
//! one.
//! Must not know methods, claims or statistics.
//!
//! ```
//! use ratecert::linalg::{Matrix, Vector};
//! use ratecert::maps::{ElasticNet, Map};
//! use ratecert::truth::Truth;
//!
//! let x = Matrix::from_row_slice(3, 2, &[1.0, 0.5, -0.5, 1.0, 0.25, 0.75]);
//! let y = Vector::from_column_slice(&[2.0, 0.5, 1.0]);
//! let map = Map::new(ElasticNet { x, y, step: 0.8 })?;
//! let lambda = [0.05, 0.3];
//! let truth = Truth::solve(&map, &lambda).expect("a contraction");
//! // ŵ and Ĵ with certified distances to w(λ) and J(λ).
//! assert!(truth.fixed_point.error < 1e-12);
//! assert!(truth.jacobian.as_ref().is_some_and(|j| j.error < 1e-10));
//! # Ok::<(), ratecert::Error>(())
//! ```
#![forbid(unsafe_code)]

mod aid_limit;
mod ambiguous_units;
#[doc(hidden)]
pub mod expectation;
mod fixed_point;
mod floor;
mod ground;
mod jacobian;
pub mod kinks;
#[doc(hidden)]
pub mod poisoned;
#[doc(hidden)]
pub mod reference;
mod run;
mod spectrum;
mod tail;

pub use aid_limit::{AidLimit, aid_limit};
pub use fixed_point::{FixedPoint, Unsolved, fixed_point};
pub use floor::{AidFloor, Floor};
pub use ground::Truth;
pub use jacobian::{ImplicitJacobian, implicit_jacobian};
pub use run::{AidRun, ItdRun, Iterates, aid_run, itd_run, itd_run_along, iterates};
pub use tail::Tail;

#[cfg(test)]
mod recorded;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod values;

//! The methods: a case in, an answer out.
//!
//! Owns this crate's implementations of ITD (13), AID-FP (14), AID-CG, NSID and SID. Must not know
//! ground truth, theory, claims or statistics.
//!
//! ```
//! use ratecert::case::{Algorithm, At, Case, Implementation, Target};
//! use ratecert::linalg::{Matrix, Vector};
//! use ratecert::maps::{ElasticNet, Map};
//! use ratecert::methods::AidFp;
//! use ratecert::truth::Truth;
//!
//! let x = Matrix::from_row_slice(3, 2, &[1.0, 0.5, -0.5, 1.0, 0.25, 0.75]);
//! let y = Vector::from_column_slice(&[2.0, 0.5, 1.0]);
//! let map = Map::new(ElasticNet { x, y, step: 0.8 })?;
//! let lambda = [0.05, 0.3];
//! let truth = Truth::solve(&map, &lambda).expect("a contraction");
//! let (at, target) = (At::Point(truth.w().as_slice()), Target::Cotangent(&[1.0, -1.0]));
//! let case = Case::new(Algorithm::AidFp, &map, &lambda, at, target, &[200]);
//! let answer = AidFp::default().run(&case);
//!
//! let j = &truth.jacobian.as_ref().expect("not on a kink").j;
//! let exact = j.tr_mul(&Vector::from_column_slice(&[1.0, -1.0]));
//! assert!((answer.estimates[0].column(0) - exact).norm() < 1e-12);
//! # Ok::<(), ratecert::Error>(())
//! ```
#![forbid(unsafe_code)]

mod aid_cg;
mod aid_fp;
mod implicit;
mod itd;
mod nsid;
mod ours;
mod solver;
mod watch;

pub use aid_cg::{AidCg, ConjugateGradients, System, reduced_roots, reduced_support};
pub use aid_fp::{AidFp, AidFpForward};
pub use implicit::Implicit;
pub use itd::{ItdCheckpointed, ItdForward, ItdReverse};
pub use nsid::{Nsid, Sid};
pub use ours::Ours;
pub use solver::{ProxStep, prox_sgd};

#[cfg(all(test, feature = "instances"))]
mod nsid_tests;
#[cfg(test)]
mod tests;

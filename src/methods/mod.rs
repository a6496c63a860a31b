//! The methods: a case in, an answer out.
//!
//! Owns this crate's implementations of ITD (13), AID-FP (14), AID-CG, NSID and SID. Must not know
//! ground truth, theory, claims or statistics.

mod aid_cg;
mod aid_fp;
mod itd;
mod nsid;
mod ours;
mod solver;
mod watch;

pub use aid_cg::{AidCg, ConjugateGradients, System, reduced_roots, reduced_support};
pub use aid_fp::{AidFp, AidFpForward};
pub use itd::{ItdCheckpointed, ItdForward, ItdReverse};
pub use nsid::{Nsid, Sid};
pub use ours::Ours;
pub use solver::{ProxStep, prox_sgd};

#[cfg(all(test, feature = "instances"))]
mod nsid_tests;
#[cfg(test)]
mod tests;

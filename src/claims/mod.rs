//! Claims and verdicts.
//!
//! Owns the claims of `rates/claims` as parsed data, what each check asks of a method, and the
//! verdict: claim + exact evidence + trajectory in, verdict out. Pure: runs nothing, reads no clock,
//! writes no file.

mod catalogue;
mod checks;
mod claim;
mod evidence;
mod judge;
mod path;
pub mod stochastic;
pub mod verdict;

pub use catalogue::{Catalogue, embedded};
pub use checks::{CheckKind, Growth};
pub use claim::{Check, Claim, Family, Guarantee, Profile};
pub use evidence::{At, Comparison, Exact, Request, compare};
pub use judge::{Judged, Label, Prepared, judge, judge_prepared, name_fault, named, prepare};

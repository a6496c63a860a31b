//! The checks: each asks for the runs it needs and judges what comes back. A check is a file and a line in the registry.
//!
//! Owns the keys of each check in a claim, what a pass of it would have caught, its requests and its judgement. Pure:
//! never calls an implementation, reads no clock, writes no file.

mod agreement;
mod bound;
mod check;
mod closing_remark;
mod conservative;
mod data;
mod entry;
mod finding;
mod inclusion;
mod joint_limit;
mod keys;
mod kink_modulus;
mod one_sided;
mod path_integral;
mod rational_runs;
mod selections;
mod set_bound;
mod set_distance;
mod worst;

pub use check::{Check, Context, Fold, Inner, Needs, Place, Replicate, Replicates};
pub use data::{Curve, Data, Fit, Moments, Plot, Points, Race, Series, Slack};
pub use finding::{Finding, Reason, Ruling, Unit};
pub use keys::Keys;
pub use entry::{Entry, For};

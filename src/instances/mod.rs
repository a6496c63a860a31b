//! Instances: (spec, seed) → a problem with λ, a start and a cotangent, the same on every platform.
//!
//! Owns how instances are drawn, their form in files, and how a failing one gets simpler
//! ([`Spec::shrink`], the one shrinker that `certify`, proptest and quickcheck share). Must not
//! know ground truth, methods or claims.
//!
//! ```
//! use ratecert::instances::{Instance, InstanceFile, Kind, Spec};
//!
//! let spec = Spec { q: 0.8, ..Spec::typical(Kind::ElasticNet, 5) };
//! let instance = Instance::generate(&spec, 7)?;
//! assert_eq!(instance.lambda.len(), 2);
//!
//! // The same bits on every platform, and in a file.
//! let text = serde_json::to_string(&InstanceFile::to_json(&instance)).expect("plain data");
//! assert_eq!(InstanceFile::parse(&text)?.map.problem(), instance.map.problem());
//! # Ok::<(), ratecert::Error>(())
//! ```
#![forbid(unsafe_code)]

mod affine;
mod bilinear;
mod clip;
mod describe;
mod draft;
mod elastic_net;
mod file;
mod in_roundoff;
mod instance;
mod kind;
mod kinks;
mod layer;
mod max_min;
mod objective;
mod poisoning;
mod prox_gradient;
mod quadratic_program;
mod random;
mod real;
mod rows;
mod simplex_qp;
mod spec;
mod stochastic;

pub use file::InstanceFile;
pub(crate) use file::{check_run, check_sizes, moderate};
pub use instance::{Instance, Sizes};
pub use kind::{Group, Kind};
pub use random::{Random, hash, mix};
pub use spec::{BOUNDS, Path, Spec, bound};

#[cfg(test)]
mod tests;

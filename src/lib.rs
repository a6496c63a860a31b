//! ratecert: a verification and convergence-rate testbench for nonsmooth implicit differentiation.
//!
//! A contraction w = Φ(w, λ) defines a fixed point w(λ). The crate owns maps Φ with certified
//! constants ([`maps`]), exact ground truth for w(λ) and its derivative ([`truth`]), the methods
//! ITD, AID-FP, AID-CG, NSID and SID ([`methods`]), and the theorems that bound their errors
//! ([`theory`]); with features also seeded instances, claims and verdicts, reports, and a helper
//! that certifies a user's own method (`testing`).
#![warn(missing_docs)]
#![deny(unsafe_code)]
// `!(a <= b)` is meant: a NaN must fail every comparison.
#![allow(clippy::neg_cmp_op_on_partial_ord)]
// Formulas that run over several arrays at once read best with their index.
#![allow(clippy::needless_range_loop)]

#[cfg(feature = "claims")]
#[doc(hidden)]
pub mod baseline;
pub mod case;
#[cfg(feature = "claims")]
#[doc(hidden)]
pub mod checks;
#[cfg(feature = "claims")]
pub mod claims;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
#[cfg(feature = "claims")]
#[doc(hidden)]
pub mod conformance;
pub mod error;
#[cfg(feature = "instances")]
#[doc(hidden)]
pub mod evidence;
#[cfg(feature = "claims")]
#[doc(hidden)]
pub mod faults;
#[cfg(feature = "claims")]
#[doc(hidden)]
pub mod files;
#[cfg(feature = "instances")]
pub mod instances;
#[cfg(feature = "claims")]
#[doc(hidden)]
pub mod judge;
pub mod linalg;
pub mod maps;
#[cfg(feature = "claims")]
#[doc(hidden)]
pub mod merge;
pub mod methods;
// Some of it only the command line and the report read.
#[cfg_attr(not(feature = "cli"), allow(dead_code, unused_imports))]
mod numerals;
pub mod objectives;
#[cfg(feature = "claims")]
#[doc(hidden)]
pub mod power;
#[cfg(feature = "claims")]
#[doc(hidden)]
pub mod report;
#[cfg(feature = "claims")]
#[doc(hidden)]
pub mod reproduce;
#[cfg(feature = "claims")]
#[doc(hidden)]
pub mod runner;
#[cfg(feature = "claims")]
pub mod served;
#[doc(hidden)]
pub mod sets;
#[cfg(feature = "instances")]
#[doc(hidden)]
pub mod stats;
#[cfg(feature = "claims")]
#[doc(hidden)]
pub mod subject;
#[cfg(feature = "testing")]
pub mod testing;
pub mod theory;
#[doc(hidden)]
pub mod tol;
pub mod truth;
#[cfg(feature = "claims")]
#[doc(hidden)]
pub mod vectors;
#[cfg(feature = "claims")]
pub mod wire;

#[cfg(test)]
mod recorded;

pub use error::{Error, Result};
pub use tol::Roundoff;

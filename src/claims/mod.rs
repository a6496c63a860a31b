//! Claims and verdicts.
//!
//! Owns the claims of `rates/claims` as parsed data, and what is written down of what the checks
//! found: verdicts with the facts behind them, records with their origin. Pure: runs nothing, reads
//! no clock, writes no file.
//!
//! ```
//! use ratecert::claims::{Catalogue, Profile};
//!
//! let catalogue = Catalogue::builtin()?;
//! let claims = catalogue.select(&["itd-*".into()])?;
//! let bound = claims.iter().find(|c| c.name == "itd-bound").expect("a claim of Theorem 4.1");
//! assert_eq!(bound.theorem, "Theorem 4.1");
//! let instances: usize = bound.families.iter().map(|f| f.count(Profile::Quick)).sum();
//! assert!(instances > 0 && bound.checks.len() >= 3);
//! # Ok::<(), ratecert::Error>(())
//! ```
#![forbid(unsafe_code)]

mod catalogue;
mod claim;
mod family;
mod label;
mod parse;
mod profile;
mod record;
mod share;
mod standing;
#[cfg(test)]
mod tests;
mod verdict;

pub use catalogue::{Catalogue, conformance, embedded, subject_claims};
pub use claim::{Claim, ClaimCheck, Guarantee};
pub use family::Family;
pub use label::Label;
pub use profile::Profile;
pub use record::{Origin, RECORDS_SCHEMA, Record};
pub use share::{LEDGER_CAPACITY, share};
pub use standing::{CheckCounts, Counts, Outcome, Standing};
pub use verdict::{Diagnosis, InstanceId, Named, SCHEMA, Smallest, Verdict};

//! Numbers, and data with a kind, as they stand in files and messages.
//!
//! Owns their form: shortest decimals that round-trip, NaN and the infinities as the strings "NaN",
//! "Infinity" and "-Infinity", matrices as lists of rows ([`numbers`], for serde's `with`); objects
//! whose `kind` says what their other fields are ([`tagged`]); and errors that name the field and
//! its line ([`locate`]). Must not know what the numbers mean.
#![forbid(unsafe_code)]

pub(crate) mod locate;
pub(crate) mod numbers;
#[cfg(feature = "claims")]
pub(crate) mod schema;
pub(crate) mod tagged;

pub(crate) use numbers::{number, value};

//! The protocol for implementations in other languages: JSON lines, version 1.
//!
//! Owns the form of every message and what is refused of it, the translation between messages and
//! cases, and the answering side for implementations written in Rust ([`Server`]). Knows nothing of
//! processes and judges nothing.
#![forbid(unsafe_code)]

mod case;
mod message;
mod number;
mod posed;
mod problem;
mod schema;
mod served;
mod server;

pub use case::{Case, Objective};
pub(crate) use message::type_of;
pub use message::{
    Error, Estimate, FromSubject, HelloFromSubject, HelloToSubject, Result, Skipped, Stop,
    ToSubject, Value, Values, parse_from_subject, parse_to_subject, unknown_fields,
};
pub use number::{Number, Row, Rows};
pub(crate) use posed::METHODS;
pub use posed::Posed;
pub use problem::{Problem, Sigma};
pub(crate) use schema::schema_of;
pub use schema::schemas;
pub use served::{Domain, Eval, Evals, ServedHypergradient, ServedMap};
pub use server::Server;

/// The version that both sides say.
pub const PROTOCOL: u32 = 1;

/// Most entries of `steps`.
pub const MOST_STEPS: usize = 64;

/// The largest entry of `steps`.
pub const LARGEST_STEP: usize = 2000;

/// Most bytes of the id of a case.
pub const LONGEST_ID: usize = 200;

/// Most bytes of a message in either direction, its newline included.
pub const MOST_BYTES: usize = 64 << 20;

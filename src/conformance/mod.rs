//! An implementation in another process examined: fixed cases, then random ones, small first.
//!
//! Composes subjects, cases and judgements, as the runner does for implementations in this process;
//! the only place that does. One case is outstanding at a time. Every answer is judged by itself,
//! from the messages alone, so that a recording is judged the same way ([`check`]). What fails is
//! asked again of a fresh process, made small, and named.
#![forbid(unsafe_code)]

mod drive;
mod explain;
mod item;
mod plan;
mod recipe;
mod recorded;
mod served;

pub use drive::Conformed;
pub use plan::Conformance;
pub use recorded::check;
pub use served::SERVED;

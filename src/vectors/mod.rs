//! Fixed cases with ground truth, for implementations in any language.
//!
//! Owns the list of cases that people have got wrong, extended to the whole kind of each
//! ([`list()`]), the kinds of mistakes they show ([`Flag`]), formulas for large problems
//! ([`Recipe`]), their exact answers, and the files that carry them. The answers come from formulas
//! in extended precision, never from an implementation.
#![forbid(unsafe_code)]

mod expected;
mod file;
mod flag;
mod list;
mod recipe;
mod write;

pub use file::{Expected, Member, ProblemOrRecipe, SCHEMA, TruthNote, VectorCase, VectorFile};
pub use flag::Flag;
pub use list::{Group, Refusal, list, refusals};
pub use recipe::{Formula, Recipe, checksum};
pub use write::{files, generate, verify};

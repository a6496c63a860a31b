//! Fixed cases with ground truth, for implementations in any language.
//!
//! Owns the list of cases that people have got wrong, extended to the whole kind of each
//! ([`list`]), the kinds of mistakes they show ([`Flag`]), and formulas for large problems
//! ([`Recipe`]). Calls no implementation.

mod flag;
mod list;
mod recipe;

pub use flag::Flag;
pub use list::{Group, list};
pub use recipe::{Formula, Recipe};

//! The HTML page of a run, by theorem: one file that loads nothing and can be read without scripts.
//!
//! Owns what a reader is told and in which order; the markup stands in `templates/`. Recomputes
//! nothing: the views here are choices among recorded numbers. What foreign implementations wrote
//! is escaped by [`Markup`], which every template goes through.

mod claim;
mod closest;
mod comparison;
mod document;
mod extras;
mod failure;
mod figures;
mod hero;
mod ids;
mod listing;
mod markup;
mod packed;
mod section;
mod spans;
mod status;
mod subject;
mod theorems;
mod tiles;
mod undecided;
pub(super) mod words;

pub(super) use closest::nearest;
pub use comparison::conformance_html;
pub use document::{html, html_with};
pub use extras::{Caught, DriftRow, DriftView, Extras, PowerView, Scale};
pub(in crate::report) use markup::Markup;
pub(super) use theorems::by_theorem;
pub(super) use words::grouped;

#[cfg(test)]
mod tests;

//! The theorems: constants, hypotheses, bounds. One file per lemma or theorem.
//!
//! Owns what the paper claims, as numbers for one instance. Must not know methods, trajectories or
//! verdicts: a bound is a function of constants and distances only.

mod hypothesis;
mod lemma_d2;
mod lemma_d3;
mod section_5;
mod theorem;
mod theorem_4_1;
mod theorem_5_4;
mod theorem_5_5;

pub use hypothesis::Hypothesis;
pub use lemma_d2::{LemmaD2, Rate, Unmet};
pub use lemma_d3::LemmaD3;
pub use section_5::Section5;
pub use theorem::{Row, Table, Theorem, Value};
pub use theorem_4_1::{Level, OnRun, Theorem41, tau};
pub use theorem_5_4::Theorem54;
pub use theorem_5_5::{ProxSgdRate, Theorem55};

//! The theorems: constants, hypotheses, bounds. One file per lemma or theorem.
//!
//! Owns what the paper claims, as numbers for one instance. Must not know methods, trajectories or
//! verdicts: a bound is a function of constants and distances only.
//!
//! ```
//! use ratecert::linalg::{Matrix, Vector};
//! use ratecert::maps::{ElasticNet, Map};
//! use ratecert::theory::Theorem41;
//! use ratecert::truth::Truth;
//!
//! let x = Matrix::from_row_slice(3, 2, &[1.0, 0.5, -0.5, 1.0, 0.25, 0.75]);
//! let y = Vector::from_column_slice(&[2.0, 0.5, 1.0]);
//! let map = Map::new(ElasticNet { x, y, step: 0.8 })?;
//! let lambda = [0.05, 0.3];
//! let truth = Truth::solve(&map, &lambda).expect("a contraction");
//! let theorem = Theorem41::new(truth.constants.q, truth.moduli(), 1.0, None);
//! // ‖D_t - J‖ is at most this for ITD from ‖w_0 - w(λ)‖ = 1: linear at rate q.
//! assert!(theorem.paper_itd(1000) < 1e-6 * theorem.paper_itd(10));
//! # Ok::<(), ratecert::Error>(())
//! ```
#![forbid(unsafe_code)]

mod hypothesis;
mod lemma_d2;
mod lemma_d3;
mod section_5;
mod theorem;
mod theorem_4_1;
mod theorem_5_4;
mod theorem_5_5;
mod theorem_e3;
mod theorem_e6;
#[cfg(test)]
mod values;

pub use hypothesis::Hypothesis;
pub use lemma_d2::{LemmaD2, Rate, Unmet};
pub use lemma_d3::LemmaD3;
pub use section_5::Section5;
pub use theorem::{Row, Table, Theorem, Value};
pub use theorem_4_1::{Level, OnRun, Theorem41, tau};
pub use theorem_5_4::Theorem54;
pub use theorem_5_5::{ProxSgdRate, Theorem55};
pub use theorem_e3::{BilevelRun, TheoremE3};
pub use theorem_e6::{BilevelSection, TheoremE6};

//! What is exactly known of one instance, for one claim: computed once, lazily, shared by the
//! checks.
//!
//! Owns the ground truth of an instance with everything that follows from it (exact runs, floors,
//! bounds, sets at kinks, exact moments), the runs a check can ask for ([`Request`], [`Run`]), and
//! the comparison of an answer with what is exact. Must not know any check or claim, and calls no
//! implementation.
#![forbid(unsafe_code)]

mod asked;
mod comparison;
mod conjugate;
mod declared;
mod exact;
mod exactly;
mod floors;
mod hypotheses;
mod inner_law;
mod kept;
mod keyed;
mod known;
mod mean_square;
mod path;
mod request;
mod run;
mod sampled;
mod sequence;
mod setting;
mod solver;
mod target;
mod theorems;
mod upper;
mod whole;

pub use asked::Asked;
pub use comparison::Comparison;
pub use conjugate::{CgSystem, allowance_at_ties};
pub use declared::Declared;
pub use exact::Exact;
pub use floors::{itd as itd_floor, reverse_floor};
pub use inner_law::{Asymptote, Course, InnerLaw};
pub use known::Known;
pub use mean_square::MeanSquare;
pub use request::{Request, Where, growing};
pub use run::Run;
pub use sampled::{Sampled, met};
pub use sequence::{Given, Schedule, Sequence};
pub use setting::Setting;
pub use solver::{allowance_at_ties as solver_allowance_at_ties, distance as solver_distance};
pub use upper::Upper;
pub use whole::Evidence;

//! A naive, separate reference: the formulas as written, in a number type far more precise than
//! what they judge (double-double) or exact (rationals).
//!
//! Owns its own evaluation of every problem straight from the data; shares no line with the fast
//! products of `maps`. Must not know methods: it *is* what they are compared with.

mod affine;
mod algebra;
mod bilinear;
mod clip;
mod composite;
mod elastic_net;
mod family;
mod indexed;
mod layer;
mod max_min;
mod naive;
mod outer;
mod poisoned;
mod quadratic_program;
mod recursion;
mod registry;
mod sampled;
mod scalar;
mod scaling;
mod simplex_qp;
mod solve;

pub use family::{Point, Reference};
pub use indexed::{ExactRun, Given, Seed};
pub use naive::Naive;
pub use recursion::{Columns, Itd, aid_fp};
pub use scalar::{Rational, Scalar};
pub use solve::solve;

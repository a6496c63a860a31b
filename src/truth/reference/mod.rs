//! A naive, separate reference: the formulas as written, in a number type far more precise than
//! what they judge (double-double) or exact (rationals).
//!
//! Owns its own evaluation of every problem straight from the data; shares no line with the fast
//! products of `maps`. Must not know methods: it *is* what they are compared with.

mod affine;
mod algebra;
mod bilinear;
mod clip;
mod composed;
mod elastic_net;
mod family;
mod layer;
mod max_min;
mod naive;
mod prox_gradient;
mod recursion;
mod registry;
mod scalar;
mod scaling;
mod simplex_qp;
mod solve;
pub mod stochastic;

pub use family::{Point, Reference};
pub use naive::Naive;
pub use recursion::{Columns, Itd, aid_fp};
pub use scalar::{Rational, Scalar};
pub use solve::solve;

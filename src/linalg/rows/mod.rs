//! One pass over the rows of a matrix too large to be read twice.
//!
//! Owns products with the rows x_i of a row-major matrix, some of which have another row added:
//! scores s_i = Cx_i, sums Σ_i a_ix_iᵀ of weights made of the scores while the row is in the cache,
//! and rows made of weights. Written in eight fixed lanes, multiplication and addition apart, so
//! that AVX2, AVX-512, NEON and plain code compute the same bits; the one that the machine has is
//! chosen when it runs. Large passes are cut into strips whose number depends on the rows alone,
//! and strips are summed in order: the same bits at any number of threads. Must not know what
//! scores and weights mean.

mod aligned;
mod coefficients;
mod kernel;
mod pass;
mod source;
#[cfg(test)]
mod tests;
mod tile;

pub use aligned::Aligned;
pub use coefficients::Coefficients;
pub use pass::{Weigh, expand, reweigh};
pub use source::Rows;

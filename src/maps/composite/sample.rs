//! What a product is taken over: one minibatch, or the whole distribution.

/// The sample at which an inner map or its Jacobian is evaluated.
#[derive(Clone, Copy, Debug)]
pub enum Sample<'a> {
    /// The mean over a minibatch of sample indices (repeats allowed, not empty).
    Batch(&'a [usize]),
    /// The expectation over the whole population: T instead of T̂.
    Mean,
}

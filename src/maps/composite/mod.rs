//! Composite maps Φ(w, λ) = G(T(w, λ), λ): a gradient step or a noise model, then a prox, a
//! projection or a layer.
//!
//! Owns the losses, proxes and activations, described once; the inner maps T̂ that are reached
//! through samples ([`FiniteSum`], [`NoiseModel`]) and the outer maps G ([`Outer`]) with products
//! of all four partial Jacobians and their transposes; the constants of Assumptions 5.1 and 5.2
//! computed from the data; and the families of their means ([`ProxGradient`], [`Composed`]), which
//! are maps like any other (T = E T̂). A sample is an index below [`Inner::population`]; a
//! minibatch is a slice of indices. Must not know how indices are drawn, which method uses the
//! products, nor any theorem.

mod activation;
mod composed;
mod finite_sum;
mod inner;
mod kept;
mod loss;
mod mean;
mod moduli;
mod noise;
mod outer;
mod poisoned;
mod prox;
mod prox_gradient;
mod sample;
mod samples;
mod sizes;
mod step;
mod variance;

#[cfg(test)]
mod tests;

pub use activation::Activation;
pub use composed::Composed;
pub use finite_sum::FiniteSum;
pub use inner::Inner;
pub(crate) use kept::Kept;
pub use loss::Loss;
pub(super) use mean::mean;
pub use moduli::PointModuli;
pub use noise::{Channel, MAX_CHANNELS, NoiseModel};
pub use outer::{Gamma, Outer};
pub use poisoned::Poisoned;
pub(crate) use poisoned::{Norms, SOFTMAX_SECOND, SOFTMAX_THIRD};
pub use prox::Prox;
pub use prox_gradient::ProxGradient;
pub use sample::Sample;
pub use samples::Composite;
pub use variance::Variance;

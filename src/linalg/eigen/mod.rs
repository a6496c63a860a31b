//! Eigenvalues with certificates: the largest moduli of the spectrum of a real matrix, enclosed.
//!
//! Three ways, from the cheap to the unconditional. `discs`: Gershgorin's theorem after a
//! similarity found in floating point, tight wherever the eigenvectors are well conditioned.
//! `charpoly` and `graeffe`: the characteristic polynomial in integers and its roots' moduli
//! by root squaring, which no condition number spoils. `powers`: norms and traces of powers, for
//! what is left. None trusts an eigenvalue solver. Must not know a word of the domain.

mod charpoly;
mod discs;
mod enclosure;
mod graeffe;
mod powers;
mod spectrum;

#[cfg(test)]
mod tests;

pub use enclosure::Enclosure;
pub use spectrum::{Spectrum, spectrum};

//! Fixed-point maps Φ(w, λ) and products with their partial Jacobians.
//!
//! Owns the plain data of every family ([`Problem`], one file per family), the fast evaluation of Φ
//! with a selection of D_Φ at kinks ([`Map`], [`Linearization`]), the certified constants q, L_j,
//! and the moduli of D_Φ at a point (Lemma 2.5). Must not know how an instance was drawn, what its
//! fixed point is, or which method runs on it.
//!
//! ```
//! use ratecert::linalg::{Matrix, Vector};
//! use ratecert::maps::{ElasticNet, Map, Tie};
//!
//! let x = Matrix::from_row_slice(2, 2, &[1.0, 0.0, 0.0, 1.0]);
//! let y = Vector::from_column_slice(&[2.0, 0.1]);
//! let map = Map::new(ElasticNet { x, y, step: 1.0 })?;
//! let lambda = [0.25, 0.5];
//! assert!(map.constants(&lambda).q < 1.0);
//!
//! let mut at = map.linearization();
//! map.linearize(&[0.0, 0.0], &lambda, &mut Tie::Weight(0.0), &mut at);
//! // soft(ηb, ηλ₁) with b = Xᵀy/n = (1, 0.05): the second coordinate is below the threshold.
//! assert_eq!(at.value, [0.75, 0.0]);
//! # Ok::<(), ratecert::Error>(())
//! ```
#![forbid(unsafe_code)]

mod affine;
mod at_point;
mod bilinear;
mod clip;
pub mod composite;
mod constants;
mod data;
mod elastic_net;
mod layer;
mod linearization;
mod map;
mod max_min;
mod moduli;
mod poisoning;
mod problem;
mod products;
mod quadratic_program;
mod rounding;
mod scaling;
mod shapes;
mod simplex_qp;
mod slopes;
mod structure;

pub use affine::Affine;
pub use bilinear::Bilinear;
pub use clip::Clip;
pub use composite::{Activation, Composed, Composite, Loss, Prox, ProxGradient};
pub use constants::{Constants, Dims};
pub use elastic_net::ElasticNet;
pub use layer::Layer;
pub(crate) use linearization::piece_key;
pub use linearization::{Linearization, Tie, Workspace};
pub use map::Map;
pub use max_min::{AffineForm, MaxMin};
pub use moduli::{Moduli, Stair};
pub use poisoning::Poisoning;
pub use problem::Problem;
pub use products::{Certified, OnSupport, Products};
pub use quadratic_program::QuadraticProgram;
pub use rounding::Rounding;
pub use scaling::Scaling;
pub use simplex_qp::SimplexQp;
pub use structure::{Factors, Gradient, Role, Second, Structure, Units};

#[cfg(test)]
mod tests;

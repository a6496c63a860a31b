//! The exact reference of every family: one line each.

use super::family::Reference;
use super::scalar::Scalar;
use super::{
    affine, bilinear, clip, composite, elastic_net, layer, max_min, quadratic_program, scaling,
    simplex_qp,
};
use crate::maps::Problem;

/// The family of `problem` at λ in the number type T.
pub(super) fn reference<T: Scalar>(problem: &Problem, lambda: &[T]) -> Box<dyn Reference<T>> {
    match problem {
        Problem::Affine(data) => Box::new(affine::Exact::new(data, lambda)),
        Problem::Scaling(data) => Box::new(scaling::Exact::new(data)),
        Problem::Layer(data) => Box::new(layer::Exact::new(data, lambda)),
        Problem::ElasticNet(data) => Box::new(elastic_net::Exact::new(data)),
        Problem::Clip(data) => Box::new(clip::Exact::new(data, lambda)),
        Problem::ProxGradient(data) => Box::new(composite::Exact::step(data)),
        Problem::MaxMin(data) => Box::new(max_min::Exact::new(data, lambda)),
        Problem::Composed(data) => Box::new(composite::Exact::composed(data)),
        Problem::Bilinear(data) => Box::new(bilinear::Exact::new(data)),
        Problem::SimplexQp(data) => Box::new(simplex_qp::Exact::new(data, lambda)),
        Problem::QuadraticProgram(data) => Box::new(quadratic_program::Exact::new(data)),
        Problem::Poisoning(data) => Box::new(composite::Exact::poisoning(data)),
    }
}

//! The registry of families: one line each.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::affine::Affine;
use super::bilinear::Bilinear;
use super::clip::Clip;
use super::composite::{Composed, ProxGradient};
use super::data::Data;
use super::elastic_net::ElasticNet;
use super::layer::Layer;
use super::max_min::MaxMin;
use super::poisoning::Poisoning;
use super::products::Certified;
use super::quadratic_program::QuadraticProgram;
use super::scaling::Scaling;
use super::simplex_qp::SimplexQp;
use crate::error::Result;
use crate::numerals::tagged::by_tag;

macro_rules! families {
    ($($family:ident $name:literal),+ $(,)?) => {
        /// Data of a fixed-point problem; λ is given separately.
        ///
        /// Everything that judges a method (references, exact arithmetic, other languages)
        /// starts from these numbers, never from the fast products.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(remote = "Self")]
        #[non_exhaustive]
        pub enum Problem {
            $(
                #[doc = concat!("See [`", stringify!($family), "`].")]
                #[serde(rename = $name)]
                $family($family),
            )+
        }
        by_tag!(Problem, "kind");

        $(impl From<$family> for Problem {
            fn from(data: $family) -> Self {
                Self::$family(data)
            }
        })+

        impl Problem {
            /// The name of the family in files and on the wire.
            pub fn kind(&self) -> &'static str {
                match self {
                    $(Self::$family(_) => $name,)+
                }
            }

            /// d, as the data say it before they are validated.
            pub fn dim(&self) -> usize {
                match self {
                    $(Self::$family(data) => data.dim(),)+
                }
            }

            /// Refuses data that make no map.
            ///
            /// # Errors
            /// Wrong shapes, empty dimensions, entries that are not finite, a step ≤ 0, and what
            /// else the family asks of its data; the field is named.
            pub fn validate(&self) -> Result<()> {
                match self {
                    $(Self::$family(data) => data.validate(),)+
                }
            }

            /// The map of validated data.
            pub(super) fn prepare(&self) -> Arc<dyn Certified> {
                match self {
                    $(Self::$family(data) => data.prepare(),)+
                }
            }

            /// The same with its step size multiplied by `times`; `None` where there is no step
            /// size.
            pub fn with_step(&self, times: f64) -> Option<Self> {
                match self {
                    $(Self::$family(data) => data.with_step(times).map(Self::$family),)+
                }
            }
        }
    };
}

families! {
    Affine "affine",
    Scaling "scaling",
    Layer "layer",
    ElasticNet "elastic-net",
    Clip "clip",
    ProxGradient "prox-gradient",
    MaxMin "max-min",
    Composed "composed",
    Bilinear "bilinear",
    SimplexQp "simplex-qp",
    QuadraticProgram "quadratic-program",
    Poisoning "poisoning",
}

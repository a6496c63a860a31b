//! Scalar nonlinearities of layers, inner and outer.

use serde::{Deserialize, Serialize};

/// The scalar nonlinearity of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Activation {
    /// The positive part, max(z, 0).
    Relu,
    /// The absolute value, |z|.
    Abs,
    /// The leaky positive part, z for z > 0, 0.01·z otherwise.
    LeakyRelu,
    /// The hyperbolic tangent, tanh z: smooth.
    Tanh,
}

/// max |tanh''| = 4/(3√3), rounded up.
const TANH_CURVATURE: f64 = 0.769_800_358_919_502;

/// Slope of the leaky ReLU below zero.
const LEAKY_SLOPE: f64 = 0.01;

impl Activation {
    /// The name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Relu => "relu",
            Self::Abs => "abs",
            Self::LeakyRelu => "leaky-relu",
            Self::Tanh => "tanh",
        }
    }

    /// max |tanh''|, rounded up: the only activation here with a second derivative that is not 0.
    pub const CURVATURE: f64 = TANH_CURVATURE;

    /// Slopes (below, above) the kink at 0 of a piecewise-linear activation; `None` for tanh.
    pub fn slopes(self) -> Option<(f64, f64)> {
        match self {
            Self::Relu => Some((0.0, 1.0)),
            Self::Abs => Some((-1.0, 1.0)),
            Self::LeakyRelu => Some((LEAKY_SLOPE, 1.0)),
            Self::Tanh => None,
        }
    }

    /// σ(z); a NaN comes out as NaN.
    pub fn value(self, z: f64) -> f64 {
        match self {
            // Not `max`, which would turn a NaN into 0.
            Self::Relu if z < 0.0 => 0.0,
            Self::Relu => z,
            Self::Abs => z.abs(),
            Self::LeakyRelu if z > 0.0 => z,
            Self::LeakyRelu => LEAKY_SLOPE * z,
            Self::Tanh => z.tanh(),
        }
    }
}

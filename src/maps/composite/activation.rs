//! Scalar nonlinearities of layers, inner and outer.

/// The scalar nonlinearity of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// max(z, 0).
    Relu,
    /// |z|.
    Abs,
    /// z for z > 0, 0.01·z otherwise.
    LeakyRelu,
    /// tanh z.
    Tanh,
}

/// max |tanh''| = 4/(3√3), rounded up.
const TANH_CURVATURE: f64 = 0.769_800_358_919_502;

/// Slope of the leaky ReLU below zero.
const LEAKY_SLOPE: f64 = 0.01;

impl Activation {
    /// max |tanh''|, rounded up: the only activation here with a second derivative that is not 0.
    pub const CURVATURE: f64 = TANH_CURVATURE;

    /// All activations with the names they have in files and on the wire.
    pub const NAMES: [(&'static str, Self); 4] = [
        ("relu", Self::Relu),
        ("abs", Self::Abs),
        ("leaky-relu", Self::LeakyRelu),
        ("tanh", Self::Tanh),
    ];

    /// The name in files and on the wire.
    pub fn name(self) -> &'static str {
        Self::NAMES
            .iter()
            .find(|(_, a)| *a == self)
            .map_or("", |(n, _)| n)
    }

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

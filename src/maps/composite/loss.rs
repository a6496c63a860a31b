//! Losses ℓ(xᵀw; y) of one row, with their derivatives in the score s = xᵀw.

use serde::{Deserialize, Serialize};

/// The smooth loss ℓ of a score s = x·w and a target y, of which f is the mean over rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Loss {
    /// Half the square, ½(s - y)².
    #[serde(alias = "squared")]
    Quadratic,
    /// The logistic loss, log(1 + exp(-ys)) with y = ±1.
    Logistic,
}

/// max |σ''| = 1/(6√3), rounded up.
const LOGISTIC_THIRD: f64 = 0.096_225_044_864_937_64;

impl Loss {
    /// ℓ'(s), the derivative in the score s for the target y.
    pub fn slope(self, y: f64, s: f64) -> f64 {
        match self {
            Self::Quadratic => s - y,
            Self::Logistic => -y * sigmoids(-y * s).0,
        }
    }

    /// ℓ''(s), the second derivative in the score s; y = ±1 does not matter.
    pub fn curvature(self, s: f64) -> f64 {
        match self {
            Self::Quadratic => 1.0,
            Self::Logistic => {
                // σ(s)σ(-s), and not σ(1-σ), keeps its relative accuracy in the tails.
                let (up, down) = sigmoids(s);
                up * down
            }
        }
    }

    /// sup ℓ'' and a Lipschitz constant of ℓ''.
    pub fn bounds(self) -> (f64, f64) {
        match self {
            Self::Quadratic => (1.0, 0.0),
            Self::Logistic => (0.25, LOGISTIC_THIRD),
        }
    }
}

/// σ(s) and σ(-s), σ(s) = 1/(1+e⁻ˢ), without overflow.
fn sigmoids(s: f64) -> (f64, f64) {
    let e = (-s.abs()).exp();
    let (large, small) = (1.0 / (1.0 + e), e / (1.0 + e));
    if s >= 0.0 {
        (large, small)
    } else {
        (small, large)
    }
}

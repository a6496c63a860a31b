//! The kinds of objectives that instances are drawn with.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// An objective by name: what a spec asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "claims", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ObjectiveKind {
    /// Least squares.
    LeastSquares,
    /// Logistic loss.
    Logistic,
    /// Mean absolute error: piecewise affine.
    Absolute,
    /// Cross-entropy of a softmax.
    CrossEntropy,
    /// Least squares with scores that depend on λ directly, so that ∇₂E moves with w and with the
    /// rows.
    JointLeastSquares,
    /// Logistic loss of such scores.
    JointLogistic,
    /// Mean absolute error of such scores.
    JointAbsolute,
}

impl ObjectiveKind {
    /// All with their names.
    pub const NAMES: [(&'static str, Self); 7] = [
        ("least-squares", Self::LeastSquares),
        ("logistic", Self::Logistic),
        ("absolute", Self::Absolute),
        ("cross-entropy", Self::CrossEntropy),
        ("joint-least-squares", Self::JointLeastSquares),
        ("joint-logistic", Self::JointLogistic),
        ("joint-absolute", Self::JointAbsolute),
    ];

    /// The kind of a name.
    ///
    /// # Errors
    /// An unknown name; the error lists the names.
    pub fn from_name(name: &str) -> Result<Self> {
        let row = Self::NAMES.iter().find(|(n, _)| *n == name);
        row.map(|(_, k)| *k).ok_or_else(|| {
            let names: Vec<&str> = Self::NAMES.iter().map(|n| n.0).collect();
            let text = format!("unknown objective {name:?}; one of {}", names.join(", "));
            Error::input(text).in_field("objective")
        })
    }

    /// A simpler one to try when this one fails a check: without scores of λ, then least squares.
    pub fn simpler(self) -> Option<Self> {
        match self {
            Self::LeastSquares => None,
            Self::JointLogistic => Some(Self::Logistic),
            Self::JointAbsolute => Some(Self::Absolute),
            Self::JointLeastSquares | Self::Logistic | Self::Absolute | Self::CrossEntropy => {
                Some(Self::LeastSquares)
            }
        }
    }

    /// Scores depend on λ directly.
    pub fn is_joint(self) -> bool {
        matches!(
            self,
            Self::JointLeastSquares | Self::JointLogistic | Self::JointAbsolute
        )
    }
}

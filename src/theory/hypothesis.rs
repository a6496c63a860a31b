//! The hypotheses of the theorems as checked data: which one an instance breaks, and how.

use crate::truth::{Truth, Unsolved};

/// A hypothesis that a theorem or a claim requires of an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Hypothesis {
    /// Assumption 3.1(i): Φ is a continuous selection of Lipschitz-smooth maps. Every map of this
    /// crate is.
    PiecewiseSmooth,
    /// Assumption 3.1(ii): ‖D_{Φ,1}‖sup ≤ q < 1, certified.
    Contraction,
    /// All active pieces have equal derivatives at (w(λ), λ), so that D_imp = D_fix = {J}.
    UniqueDerivative,
    /// Φ is affine in w on every piece, so that the tail after identification is a linear
    /// recursion.
    PiecewiseAffine,
}

impl Hypothesis {
    /// All hypotheses with the names they have in claims.
    pub const NAMES: [(&'static str, Self); 4] = [
        ("piecewise-smooth", Self::PiecewiseSmooth),
        ("contraction", Self::Contraction),
        ("unique-derivative", Self::UniqueDerivative),
        ("piecewise-affine", Self::PiecewiseAffine),
    ];

    /// The name in claims.
    pub fn name(self) -> &'static str {
        Self::NAMES
            .iter()
            .find(|(_, h)| *h == self)
            .map_or("", |(n, _)| n)
    }

    /// What it says.
    pub fn statement(self) -> &'static str {
        match self {
            Self::PiecewiseSmooth => {
                "Assumption 3.1(i): Φ is a continuous selection of Lipschitz-smooth maps"
            }
            Self::Contraction => "Assumption 3.1(ii): ‖D_Φ,1‖ ≤ q < 1 everywhere",
            Self::UniqueDerivative => {
                "all pieces active at (w(λ), λ) have the same derivative, D_fix = {J}"
            }
            Self::PiecewiseAffine => "Φ is affine in w on every piece",
        }
    }

    /// How a solved instance breaks it, if so.
    pub fn broken(self, truth: &Truth) -> Option<String> {
        match self {
            Self::UniqueDerivative if !truth.moduli().kinks.is_empty() => {
                Some(self.says(&format!(
                    "units {:?} are at a kink at w(λ), within rounding",
                    truth.moduli().kinks
                )))
            }
            Self::PiecewiseAffine if truth.constants.l1 > 0.0 => {
                Some(self.says("∂₁Φ varies on a piece"))
            }
            _ => None,
        }
    }

    /// How an instance without a certified w(λ) breaks it: of these only Assumption 3.1(i) is known
    /// to hold.
    pub fn broken_by(self, unsolved: &Unsolved) -> Option<String> {
        (self != Self::PiecewiseSmooth).then(|| self.says(&unsolved.to_string()))
    }

    fn says(self, why: &str) -> String {
        format!("hypothesis `{}` does not hold: {why}", self.name())
    }
}

//! A check as claims name it.

use super::check::Check;
use super::keys::Keys;
use crate::case::{Algorithm, Method};
use crate::error::Result;

/// A check as claims name it.
pub struct Entry {
    /// The name in claims.
    pub name: &'static str,
    /// What it is, in half a line.
    pub about: &'static str,
    /// The methods it is for.
    pub fits: For,
    /// Reads its own keys.
    pub parse: fn(&mut Keys) -> Result<Box<dyn Check>>,
}

/// The methods that a check is for.
#[derive(Clone, Copy, Debug)]
pub enum For {
    /// ITD, AID-FP and AID-CG in all modes.
    Deterministic,
    /// ITD and AID-FP in all modes: what has an error at every step.
    StepByStep,
    /// NSID and SID.
    Stochastic,
    /// All of them.
    Any,
    /// These.
    These(&'static [Method]),
}

impl For {
    /// Whether a method is among them.
    pub fn holds(self, method: Method) -> bool {
        match self {
            Self::Deterministic => !method.is_stochastic(),
            Self::StepByStep => matches!(method.algorithm, Algorithm::Itd | Algorithm::AidFp),
            Self::Stochastic => method.is_stochastic(),
            Self::Any => true,
            Self::These(methods) => methods.contains(&method),
        }
    }

    /// Their names.
    pub fn names(self) -> String {
        let fitting = Method::NAMES.iter().filter(|(_, m)| self.holds(*m));
        fitting.map(|(n, _)| *n).collect::<Vec<_>>().join(", ")
    }
}

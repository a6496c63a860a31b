//! The methods by name: an algorithm and the mode in which it differentiates.

use crate::error::{Error, Result};

/// The iteration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// Iterative differentiation, equation (13).
    Itd,
    /// Approximate implicit differentiation by fixed-point iteration, equation (14).
    AidFp,
    /// Approximate implicit differentiation by conjugate gradients (Section 4).
    AidCg,
    /// Implicit differentiation by any solver of the linear system, at its limit.
    Implicit,
    /// Nonsmooth stochastic implicit differentiation, Algorithms 1 and 3.
    Nsid,
    /// Stochastic implicit differentiation of Grazzi et al. (2023): NSID with G := identity.
    Sid,
}

/// The order in which derivatives are accumulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Mode {
    /// Carries D (d×m); memory of d·m numbers.
    Forward,
    /// Carries an adjoint (d); gives Dᵀy (m).
    Reverse,
    /// The same with O(√t) stored iterates.
    Checkpointed,
}

/// A method under test. Its name stands in claims and verdicts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Method {
    /// The iteration.
    pub algorithm: Algorithm,
    /// The mode.
    pub mode: Mode,
}

impl Method {
    /// ITD in forward mode.
    pub const ITD: Self = Self::new(Algorithm::Itd, Mode::Forward);
    /// ITD in reverse mode over the stored trajectory.
    pub const ITD_REVERSE: Self = Self::new(Algorithm::Itd, Mode::Reverse);
    /// ITD in reverse mode with O(√t) checkpoints.
    pub const ITD_CHECKPOINTED: Self = Self::new(Algorithm::Itd, Mode::Checkpointed);
    /// AID by fixed-point iteration, reverse mode.
    pub const AID_FP: Self = Self::new(Algorithm::AidFp, Mode::Reverse);
    /// AID by fixed-point iteration, forward mode.
    pub const AID_FP_FORWARD: Self = Self::new(Algorithm::AidFp, Mode::Forward);
    /// AID by conjugate gradients, reverse mode.
    pub const AID_CG: Self = Self::new(Algorithm::AidCg, Mode::Reverse);
    /// Any solver of the linear system, reverse mode: one estimate, the limit of AID.
    pub const IMPLICIT: Self = Self::new(Algorithm::Implicit, Mode::Reverse);
    /// NSID.
    pub const NSID: Self = Self::new(Algorithm::Nsid, Mode::Reverse);
    /// SID.
    pub const SID: Self = Self::new(Algorithm::Sid, Mode::Reverse);

    /// The pairs there are, with their names.
    pub const NAMES: [(&'static str, Self); 9] = [
        ("itd", Self::ITD),
        ("itd-reverse", Self::ITD_REVERSE),
        ("itd-checkpointed", Self::ITD_CHECKPOINTED),
        ("aid-fp", Self::AID_FP),
        ("aid-fp-forward", Self::AID_FP_FORWARD),
        ("aid-cg", Self::AID_CG),
        ("implicit", Self::IMPLICIT),
        ("nsid", Self::NSID),
        ("sid", Self::SID),
    ];

    const fn new(algorithm: Algorithm, mode: Mode) -> Self {
        Self { algorithm, mode }
    }

    /// The name in claims and verdicts; empty for a pair that is no method.
    pub fn name(self) -> &'static str {
        let row = Self::NAMES.iter().find(|(_, m)| *m == self);
        row.map_or("", |(n, _)| n)
    }

    /// The method of a name.
    ///
    /// # Errors
    /// An unknown name; the error lists the names.
    pub fn from_name(name: &str) -> Result<Self> {
        let row = Self::NAMES.iter().find(|(n, _)| *n == name);
        row.map(|(_, m)| *m).ok_or_else(|| {
            let names: Vec<&str> = Self::NAMES.iter().map(|n| n.0).collect();
            let text = format!("unknown method {name:?}; one of {}", names.join(", "));
            Error::input(text).in_field("method")
        })
    }

    /// Differentiates at a given w instead of along the iteration.
    pub fn is_aid(self) -> bool {
        self.algorithm != Algorithm::Itd
    }

    /// Gives Dᵀy instead of D.
    pub fn is_reverse(self) -> bool {
        self.mode != Mode::Forward
    }

    /// Takes samples.
    pub fn is_stochastic(self) -> bool {
        matches!(self.algorithm, Algorithm::Nsid | Algorithm::Sid)
    }
}

impl std::fmt::Display for Method {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_found_again() {
        for (name, method) in Method::NAMES {
            assert_eq!(Method::from_name(name).unwrap(), method);
            assert_eq!(method.name(), name);
        }
        let error = Method::from_name("idt").unwrap_err().to_string();
        assert!(error.contains("aid-fp-forward"), "{error}");
    }
}

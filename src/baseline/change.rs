//! One difference between a run and its baseline.

use serde::Serialize;

/// What became of something that was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Standing {
    /// A verdict fails: the theorem is violated.
    Violated,
    /// Within the theorem, but beyond what was recorded.
    Drifted,
    /// Fewer instances decide than before.
    LessDecided,
    /// It was recorded, and is not there any more.
    Gone,
    /// Nearer to theory, or more decided.
    Improved,
    /// It was not recorded.
    New,
}

impl Standing {
    /// All of them, the worst first.
    pub const ALL: [Self; 6] = [
        Self::Violated,
        Self::Drifted,
        Self::LessDecided,
        Self::Gone,
        Self::Improved,
        Self::New,
    ];

    /// The word in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Violated => "violated",
            Self::Drifted => "drifted",
            Self::LessDecided => "less decided",
            Self::Gone => "gone",
            Self::Improved => "improved",
            Self::New => "new",
        }
    }

    /// Asks for a decision: the run is not what the baseline says.
    pub fn is_drift(self) -> bool {
        matches!(self, Self::Drifted | Self::LessDecided | Self::Gone)
    }
}

/// How sure a change is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Significance {
    /// Seen instance by instance, beyond rounding: on so many of so many.
    Exact(usize, usize),
    /// A p-value, and what it had to be below.
    Chance(f64, f64),
    /// A relative distance from what theory predicts, and the most that may be.
    Distance(f64, f64),
}

/// One difference between a run and its baseline.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Change {
    /// What became of it.
    pub standing: Standing,
    /// Claim by name.
    pub claim: String,
    /// kind.family; empty where all families of the claim speak together.
    pub family: String,
    /// Check by name; empty where the change is one of the whole family or claim.
    pub check: String,
    /// "rate", "constant", "slack", "floor", "shift" or "decided"; empty likewise.
    pub quantity: String,
    /// Recorded: a median, or a share.
    pub old: Option<f64>,
    /// The interval recorded with it.
    pub interval: Option<[f64; 2]>,
    /// Measured now.
    pub new: Option<f64>,
    /// How sure it is.
    pub significance: Option<Significance>,
    /// The instance that moved most, or the worst failing verdict.
    pub instance: Option<String>,
    /// How many changes this one stands for: failing verdicts, checks that are gone or new.
    pub count: usize,
}

impl Change {
    /// A change of a claim and a family, without numbers.
    pub fn of(standing: Standing, claim: &str, family: &str) -> Self {
        Self {
            standing,
            claim: claim.into(),
            family: family.into(),
            check: String::new(),
            quantity: String::new(),
            old: None,
            interval: None,
            new: None,
            significance: None,
            instance: None,
            count: 1,
        }
    }
}

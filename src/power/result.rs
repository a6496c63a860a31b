//! What to measure of the power of claims, and what comes out.

use serde::{Deserialize, Serialize};

use crate::claims::Profile;

/// What stands in the place of a name.
pub(super) const LOOKS_RIGHT: &str = "looks right";
pub(super) const UNKNOWN: &str = "unknown";

/// What to measure.
#[derive(Clone, Debug)]
pub struct Options {
    /// Seed of the run.
    pub seed: u64,
    /// Profile whose instances are used.
    pub profile: Profile,
    /// At most this many instances of every family of every claim.
    pub instances: usize,
    /// Random faults per size and method; 0 leaves the curve out.
    pub random: usize,
    /// Threads; all cores if `None`.
    pub jobs: Option<usize>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: 0,
            profile: Profile::Quick,
            instances: 2,
            random: 40,
            jobs: None,
        }
    }
}

/// How one claim did against a fault.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClaimPower {
    /// Claim by name.
    pub claim: String,
    /// Instances on which it failed the implementation.
    pub failed: usize,
    /// Instances it judged.
    pub judged: usize,
}

/// One fault in one method.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FaultPower {
    /// Name of the fault in the catalogue.
    pub fault: String,
    /// What is wrong.
    pub about: String,
    /// Method by name.
    pub method: String,
    /// Some claim failed it.
    pub caught: bool,
    /// `claim/check` that did first.
    pub by: Option<String>,
    /// Instances judged up to then, that one included; all of them if none failed.
    pub after: usize,
    /// The diagnosis: a name, several that cannot be told apart, "unknown", or "looks right".
    pub named: String,
    /// Confidence of the best suspect, in [0, 1].
    pub confidence: f64,
    /// Claim by claim.
    pub claims: Vec<ClaimPower>,
}

/// Detection of random faults of one size by one claim, or by all ("overall").
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SizePower {
    /// Size of the faults relative to the largest entry of what they move.
    pub size: f64,
    /// Method by name.
    pub method: String,
    /// Claim by name, or "overall".
    pub claim: String,
    /// Faults caught.
    pub caught: usize,
    /// Faults drawn.
    pub drawn: usize,
}

/// The result of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Power {
    /// Format version.
    pub schema: u32,
    /// Seed of the run.
    pub seed: u64,
    /// Named faults, in the order of the catalogue.
    pub faults: Vec<FaultPower>,
    /// Correct variants: `caught` is a false alarm.
    pub variants: Vec<FaultPower>,
    /// Faults and variants that none of the claims has an instance for, as (name, method): neither
    /// caught nor missed.
    #[serde(default)]
    pub unseen: Vec<(String, String)>,
    /// Detection against size.
    pub sizes: Vec<SizePower>,
}

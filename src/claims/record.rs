//! Records: what figures and baselines are made of, with where it comes from.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::checks::Data;

/// Format version of `records.jsonl`.
pub const RECORDS_SCHEMA: u32 = 2;

/// Where a record comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Origin {
    /// Claim by name.
    pub claim: String,
    /// Check of the claim by name, or the drawing.
    pub check: String,
    /// Method by name.
    pub method: String,
    /// Kind of instance.
    pub kind: String,
    /// Family of the claim.
    pub family: usize,
    /// Instance of the family.
    pub index: usize,
    /// Seed of the instance.
    pub seed: u64,
}

impl Origin {
    /// The instance id, as in verdicts.
    pub fn instance(&self) -> String {
        format!("{}.{}.{}", self.kind, self.family, self.index)
    }
}

/// One line of `records.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Record {
    /// Where it comes from.
    pub origin: Origin,
    /// What was recorded.
    pub data: Data,
}

impl Record {
    /// Data with their origin.
    pub fn new(origin: Origin, data: Data) -> Self {
        Self { origin, data }
    }

    /// By what the same quantity is found in another run: claim/kind.family/check/quantity.
    /// Instances of a family share it.
    pub fn key(&self) -> String {
        let o = &self.origin;
        let quantity = self.data.quantity();
        format!("{}/{}.{}/{}/{quantity}", o.claim, o.kind, o.family, o.check)
    }
}

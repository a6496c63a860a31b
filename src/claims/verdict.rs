//! Verdicts: plain data, one JSON object a line.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::checks::{Reason, Ruling, Unit};
use crate::instances::Spec;
use crate::numerals::numbers;
use crate::numerals::schema::Float;

/// Format version of `verdicts.jsonl`.
pub const SCHEMA: u32 = 1;

/// The instance a verdict speaks of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct InstanceId {
    /// Kind by name.
    pub kind: String,
    /// Unique within the claim: kind, family, index.
    pub id: String,
    /// The seed the instance was drawn with.
    pub seed: u64,
    /// The request; with the seed it determines the instance.
    pub spec: Spec,
    /// Draws given up, because they could not decide the claim by what is exact alone. Where none
    /// could, this is the first one.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub redrawn: usize,
}

/// A failing instance made small.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Smallest {
    /// The request; with the seed it determines the instance.
    pub spec: Spec,
    /// The seed.
    pub seed: u64,
    /// The measured quantity there.
    #[serde(with = "numbers")]
    #[schemars(with = "Float")]
    pub measured: f64,
    /// What it was compared with.
    #[serde(with = "numbers")]
    #[schemars(with = "Float")]
    pub bound: f64,
}

/// What a failing implementation looks like.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Diagnosis {
    /// Its answers are right where the diagnosis looked.
    LooksRight,
    /// No fault of the catalogue explains them, or more than three do.
    Unknown,
    /// At most three names, the best first.
    Names(Vec<Named>),
}

/// A fault by name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Named {
    /// As in the catalogue.
    pub fault: String,
    /// How sure, in [0, 1]; below [`CONFIDENT`](crate::tol::CONFIDENT) it is not told.
    pub confidence: f64,
}

impl std::fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::LooksRight => f.write_str("its answers are right where the diagnosis looked"),
            Self::Unknown => {
                f.write_str("no fault of the catalogue explains it, or more than three do")
            }
            Self::Names(names) => {
                let each = names
                    .iter()
                    .map(|n| format!("{} (confidence {:.2})", n.fault, n.confidence));
                write!(f, "looks like {}", each.collect::<Vec<_>>().join(" or "))
            }
        }
    }
}

/// One line of `verdicts.jsonl`; field order is part of the format.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Verdict {
    /// [`SCHEMA`].
    pub schema: u32,
    /// `claim/instance/check`, unique in a run; what `replay` takes.
    pub id: String,
    /// Claim by name.
    pub claim: String,
    /// "Theorem 4.1", "Lemma 2.5", ...
    pub theorem: String,
    /// Method by name.
    pub method: String,
    /// The instance.
    pub instance: InstanceId,
    /// The outcome.
    pub status: Ruling,
    /// Kind of check: bound, limit, local-rate, exact-trajectory, ...
    pub check: String,
    /// The measured quantity at the step that decides.
    #[serde(with = "numbers")]
    #[schemars(with = "Float")]
    pub measured: f64,
    /// What it was compared with.
    #[serde(with = "numbers")]
    #[schemars(with = "Float")]
    pub bound: f64,
    /// bound/measured for upper bounds, the permitted relative deviation for two-sided checks.
    #[serde(with = "numbers")]
    #[schemars(with = "Float")]
    pub slack: f64,
    /// In words: the deciding step, the floor, what would have been caught, the reason.
    pub detail: String,
    /// The command that runs this verdict again.
    pub replay: String,
    /// What the headroom is counted in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Unit>,
    /// How far from the opposite ruling, in that unit; below 1 it fails. NaN where that has no
    /// meaning.
    #[serde(default = "nan", with = "numbers", skip_serializing_if = "is_nan")]
    #[schemars(with = "Float")]
    pub headroom: f64,
    /// The bound is attained by design: a headroom of 1 is no close call.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub attained: bool,
    /// The first violating step of a failure, the tightest one of a pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<usize>,
    /// Why nothing was decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// A failing instance made small.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smallest: Option<Smallest>,
    /// What a failing implementation looks like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diagnosis: Option<Diagnosis>,
}

fn is_zero(n: &usize) -> bool {
    *n == 0
}

fn nan() -> f64 {
    f64::NAN
}

fn is_nan(x: &f64) -> bool {
    x.is_nan()
}

impl Verdict {
    /// The check by name: the last part of the id. Several checks of a claim may be of one kind.
    pub fn check_name(&self) -> &str {
        self.id.rsplit('/').next().unwrap_or(&self.id)
    }

    /// The line of `verdicts.jsonl`, without the newline.
    pub fn to_line(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

//! The form of the files.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::flag::Flag;
use super::recipe::{Formula, Recipe, checksum};
use crate::error::{Error, Result};
use crate::instances::bound;
use crate::numerals::locate;
use crate::wire::{Case, Estimate, Number, Objective, Problem, Row};

/// Format version.
pub const SCHEMA: u32 = 1;

/// One file: cases that share a problem and a purpose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct VectorFile {
    /// 1.
    pub schema: u32,
    /// The name of the group and of the file; it never changes.
    pub id: String,
    /// What the group is for.
    pub comment: String,
    /// What its cases are made to show; `flags.json` says what each means.
    pub flags: Vec<Flag>,
    /// How the expected values were obtained.
    pub truth: TruthNote,
    /// Where the group comes from.
    pub provenance: String,
    /// The problem of all its cases.
    pub problem: ProblemOrRecipe,
    /// The cases.
    pub cases: Vec<VectorCase>,
}

/// How values were obtained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct TruthNote {
    /// By which computation.
    pub method: String,
    /// Decimal digits carried; the values printed are rounded once to binary64.
    pub digits: u32,
    /// How they were checked another way.
    pub check: String,
}

/// A problem, or the formula of a large one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected a problem or a recipe")]
#[non_exhaustive]
pub enum ProblemOrRecipe {
    /// The formula, with what the problem hashes to once written out.
    Recipe {
        /// Which formula.
        recipe: Formula,
        /// d.
        dim: usize,
        /// FNV-1a, 64 bits, in hexadecimal: over the little-endian bytes of all numbers of the
        /// problem, fields in the order of the protocol, matrices row by row.
        checksum: String,
    },
    /// The problem.
    Problem(Problem),
}

// The fields of `Case` again: flattening that one in would accept fields that nobody knows.
/// A case without what it shares with its group, and its answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct VectorCase {
    /// Its name; it never changes.
    pub id: String,
    /// As in the protocol.
    pub method: String,
    /// λ.
    pub lambda: Row,
    /// As in the protocol.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub w0: Option<Row>,
    /// As in the protocol.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub w: Option<Row>,
    /// As in the protocol.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<Vec<Row>>,
    /// As in the protocol.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cotangent: Option<Row>,
    /// As in the protocol.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub want: Option<String>,
    /// As in the protocol.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<Vec<usize>>,
    /// As in the protocol.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inner: Option<String>,
    /// As in the protocol.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objective: Option<Objective>,
    /// As in the protocol.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inner_samples: Option<Vec<Vec<usize>>>,
    /// As in the protocol.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub samples: Option<Vec<Vec<usize>>>,
    /// As in the protocol.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step_sizes: Option<Row>,
    /// The answer.
    pub expected: Expected,
}

/// What a correct implementation answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[schemars(deny_unknown_fields)]
#[non_exhaustive]
pub enum Expected {
    /// These numbers. An estimate is right if its Euclidean distance from the one printed is at
    /// most error + floor.
    Point {
        /// One per step.
        estimates: Vec<Estimate>,
        /// How far the printed ones are from the exact ones at most.
        error: Row,
        /// How far those of a correct binary64 implementation may be from the exact ones.
        floor: Row,
    },
    /// At ties any allowed selection is right. An estimate is wrong if it is further than radius +
    /// error + floor from the first member; every member is right.
    Set {
        /// With the weights 0, ½ and 1 at ties, in this order.
        members: Vec<Member>,
        /// How far any selection may be from the first member.
        radius: Row,
        /// As for a point.
        error: Row,
        /// As for a point.
        floor: Row,
    },
    /// The case must be refused.
    Refuse {
        /// What ratecert says of it.
        why: String,
    },
}

/// One selection at ties.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Member {
    /// The weight at ties.
    pub tie: Number,
    /// One per step.
    pub estimates: Vec<Estimate>,
}

impl VectorFile {
    /// Reads a file.
    ///
    /// # Errors
    /// Names line and field: malformed JSON, unknown or missing fields, another schema.
    pub fn parse(text: &str) -> Result<Self> {
        let file: Self = locate::located(text)?;
        if file.schema != SCHEMA {
            let text = format!("only schema {SCHEMA} is known, got {}", file.schema);
            return Err(Error::input(text).in_field("schema"));
        }
        Ok(file)
    }

    /// The cases as messages, each with what is expected.
    ///
    /// # Errors
    /// A recipe whose checksum is not that of its problem, or of a problem too large to write out.
    pub fn messages(&self) -> Result<Vec<(Case, &Expected)>> {
        let problem = match &self.problem {
            ProblemOrRecipe::Problem(problem) => problem.clone(),
            ProblemOrRecipe::Recipe {
                recipe,
                dim,
                checksum: said,
            } => {
                bound("dim")
                    .check_count(*dim)
                    .map_err(|e| e.in_field("problem"))?;
                let recipe = Recipe {
                    recipe: *recipe,
                    dim: *dim,
                };
                let problem = recipe.problem();
                let found = checksum(&problem);
                if found != *said {
                    let text = format!("the problem written out has {found}");
                    return Err(Error::input(text).in_field("problem.checksum"));
                }
                problem
            }
        };
        let message = |c: &VectorCase| Case {
            id: c.id.clone(),
            method: c.method.clone(),
            problem: problem.clone(),
            lambda: c.lambda.clone(),
            w0: c.w0.clone(),
            w: c.w.clone(),
            path: c.path.clone(),
            cotangent: c.cotangent.clone(),
            want: c.want.clone(),
            steps: c.steps.clone(),
            inner: c.inner.clone(),
            objective: c.objective.clone(),
            inner_samples: c.inner_samples.clone(),
            samples: c.samples.clone(),
            step_sizes: c.step_sizes.clone(),
        };
        Ok(self
            .cases
            .iter()
            .map(|c| (message(c), &c.expected))
            .collect())
    }
}

//! The message that asks.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::number::{Number, Row, Rows};
use super::problem::Problem;

/// A case: what is to be estimated, of what, and where.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
#[non_exhaustive]
pub struct Case {
    /// Comes back with the answer.
    pub id: String,
    /// itd, aid-fp, aid-cg, implicit, nsid, sid or hypergradient.
    pub method: String,
    /// The problem.
    pub problem: Problem,
    /// λ (m).
    pub lambda: Row,
    /// Where ITD starts (d); a constant, without derivative. For `implicit`: find w(λ) from here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub w0: Option<Row>,
    /// Where AID, NSID and SID differentiate (d).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub w: Option<Row>,
    /// Points w_0, w_1, ... at which ITD linearises instead of running Φ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<Vec<Row>>,
    /// y (d): estimates are Dᵀy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cotangent: Option<Row>,
    /// "jacobian": estimates are D, as a list of d rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub want: Option<String>,
    /// Strictly increasing numbers of steps after which an estimate is wanted; none for `implicit`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<Vec<usize>>,
    /// The method behind a hypergradient: itd or aid-fp.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inner: Option<String>,
    /// E of a hypergradient.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objective: Option<Objective>,
    /// The J minibatches of w̄ and ∂₂T̂, 0-based indices of rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inner_samples: Option<Vec<Vec<usize>>>,
    /// One minibatch for every update of v.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub samples: Option<Vec<Vec<usize>>>,
    /// η_i, one for every update of v.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step_sizes: Option<Row>,
}

/// An outer objective.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[schemars(deny_unknown_fields)]
#[allow(non_snake_case)]
#[non_exhaustive]
pub enum Objective {
    /// E(w, λ) = ‖Xw - y‖²/(2n) + ½·ridge·‖λ‖².
    LeastSquares {
        /// X, n×d.
        X: Rows,
        /// y, n.
        y: Row,
        /// The weight of ½‖λ‖².
        ridge: Number,
    },
}

//! What an instance is asked to be, and how it gets simpler.

use serde::{Deserialize, Serialize};

use super::kind::Kind;
use crate::error::{Bound, Error, Result};
use crate::objectives::ObjectiveKind;

/// A request for one instance: together with a seed it determines every bit of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "claims", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// The kind, by name.
    pub kind: Kind,
    /// d = dim w.
    pub dim: usize,
    /// m = dim λ (fixed to 2 for elastic nets, 1 for the tight family).
    pub params: usize,
    /// n, the data rows of an elastic net and other regressions; h, the units of a layer; the forms
    /// of a max-min map; the number of kinks of a kind that is built on them; unused otherwise.
    pub rows: usize,
    /// Contraction factor q asked for, a bound of ‖D_{Φ,1}‖sup.
    pub q: f64,
    /// R asked for: Euclidean distance from w(λ) to the nearest other piece.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub margin: Option<f64>,
    /// λ given instead of drawn (real data).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lambda: Option<[f64; 2]>,
    /// ‖y‖ asked for (Euclidean; 1 if absent): tiny, huge and zero cotangents reveal absolute
    /// tolerances.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cotangent: Option<f64>,
    /// τ asked for: w_0 is set so that Theorem 4.1's τ is this (kinds built backwards from w(λ)).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tau: Option<usize>,
    /// Points w_t other than w_{t+1} = Φ(w_t), which ITD and AID are given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<Path>,
    /// The outer objective of a bilevel problem, drawn with the instance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objective: Option<ObjectiveKind>,
    /// Round numbers and w_0 = 0: what a shrunk instance looks like.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub plain: bool,
}

impl Spec {
    /// The names of its fields, in the order in which they are read.
    pub const FIELDS: [&'static str; 12] = [
        "kind",
        "dim",
        "params",
        "rows",
        "q",
        "margin",
        "lambda",
        "cotangent",
        "tau",
        "path",
        "objective",
        "plain",
    ];
}

/// Where points that are given come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "claims", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Path {
    /// w_{t+1} = Φ(w_t + β(w_t - w_{t-1})) with Nesterov's β for κ.
    Accelerated,
    /// w_{t+1} = (w_t + Φ(w_t))/2 (Krasnoselskii-Mann).
    Averaged,
    /// Random points that tend to w(λ), from nowhere in particular.
    Given,
    /// w(λ) itself at every step: where it lies on kinks, every step meets every tie.
    Rest,
}

/// The permitted ranges: one row each.
pub const BOUNDS: [Bound; 7] = [
    Bound {
        name: "dim",
        what: "the dimension d",
        min: 1.0,
        max: 1000.0,
    },
    Bound {
        name: "params",
        what: "the number of parameters m",
        min: 1.0,
        max: 1000.0,
    },
    Bound {
        name: "rows",
        what: "the number of rows or units",
        min: 1.0,
        max: 20_000.0,
    },
    Bound {
        name: "q",
        what: "the contraction factor q",
        min: 0.001,
        max: 0.9999,
    },
    Bound {
        name: "margin",
        what: "the margin R",
        min: 1e-9,
        max: 1.0,
    },
    Bound {
        name: "tau",
        what: "the number of steps τ",
        min: 0.0,
        max: 1000.0,
    },
    Bound {
        name: "cotangent",
        what: "the norm of the cotangent",
        min: 1e-100,
        max: 1e100,
    },
];

/// The bound of a field of that name; of an unknown one, the first row of [`BOUNDS`].
pub fn bound(name: &str) -> &'static Bound {
    BOUNDS.iter().find(|b| b.name == name).unwrap_or(&BOUNDS[0])
}

impl Spec {
    /// Refuses requests that no instance meets.
    ///
    /// # Errors
    /// A field out of its range in [`BOUNDS`], a τ for a kind that is not built backwards from
    /// w(λ), an objective that does not fit; the field is named.
    pub fn validate(&self) -> Result<()> {
        bound("dim").check_count(self.dim)?;
        bound("params").check_count(self.params)?;
        bound("rows").check_count(self.rows)?;
        bound("q").check(self.q)?;
        if let Some(margin) = self.margin {
            bound("margin").check(margin)?;
        }
        if let Some(tau) = self.tau {
            bound("tau").check(tau as f64)?;
            if !self.kind.is_built_backwards() {
                let text = format!("{} is not built backwards from w(λ)", self.kind.name());
                return Err(Error::input(text).in_field("tau"));
            }
        }
        if let Some(norm) = self.cotangent.filter(|norm| *norm != 0.0) {
            bound("cotangent").check(norm)?;
        }
        if self.objective == Some(ObjectiveKind::CrossEntropy) && self.dim < 2 {
            let text = "cross-entropy needs dim ≥ 2: one score cannot tell classes apart";
            return Err(Error::input(text).in_field("objective"));
        }
        match self.lambda {
            Some([l1, l2]) if !(l1 > 0.0 && l2 >= 0.0 && l1.is_finite() && l2.is_finite()) => Err(
                Error::input(format!("needs λ₁ > 0 and λ₂ ≥ 0, got [{l1}, {l2}]"))
                    .in_field("lambda"),
            ),
            _ => Ok(()),
        }
    }
}

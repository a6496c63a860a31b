//! Messages about maps that the implementation brings itself.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::number::{Number, Row, floats, row};
use crate::error::{Error, Result};
use crate::served::{Drawn, Evaluation, ServedSpec, What};

/// A map that a subject serves, as its hello announces it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
#[non_exhaustive]
pub struct ServedMap {
    /// What it is called in requests and verdicts.
    pub name: String,
    /// d = dim w.
    pub dim: usize,
    /// m = dim λ.
    pub params: usize,
    /// A start for fixed-point iterations (d).
    pub w0: Row,
    /// The λ at which it is examined (m).
    pub lambda: Row,
    /// Where it may be evaluated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<Domain>,
    /// The products it has: vjp, jvp.
    pub products: Vec<String>,
    /// Relative accuracy of an iterative solve inside Φ; 0 where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tolerance: Option<Number>,
    /// n where Φ = G(E T̂(·, i)) with i below n; 0 where it is not a mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub samples: Option<usize>,
    /// It serves the outer map G as well: Φ = G(T(w, λ), λ).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outer: Option<bool>,
    /// Its hypergradient, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hypergradient: Option<ServedHypergradient>,
}

/// Boxes in which a served map may be evaluated, one [lo, hi] per coordinate.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
#[non_exhaustive]
pub struct Domain {
    /// Of λ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lambda: Option<Vec<[Number; 2]>>,
    /// Of w.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub w: Option<Vec<[Number; 2]>>,
}

/// A hypergradient routine that a subject serves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
#[non_exhaustive]
pub struct ServedHypergradient {
    /// itd, aid-fp, implicit or nsid.
    pub inner: String,
    /// Relative residual of its linear solve.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub linear_tolerance: Option<Number>,
    /// ‖Φ(w) - w‖ at which its own w is left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step_tolerance: Option<Number>,
}

/// One evaluation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
#[non_exhaustive]
pub struct Eval {
    /// Comes back with the value; absent within `evals`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The map by name.
    pub map: String,
    /// phi, vjp, jvp, hypergradient, outer, outer-vjp or outer-jvp.
    pub what: String,
    /// w (d).
    pub w: Row,
    /// λ (m).
    pub lambda: Row,
    /// vjp: u (d); jvp: [dw, dλ] (d + m); hypergradient: the cotangent (d).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub u: Option<Row>,
    /// T̂(·, i) instead of T.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample: Option<usize>,
    /// Steps of a hypergradient by itd, aid-fp or nsid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<Vec<usize>>,
    /// nsid: J index lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inner_samples: Option<Vec<Vec<usize>>>,
    /// nsid: one index list per update.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub samples: Option<Vec<Vec<usize>>>,
    /// nsid: one step size per update.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step_sizes: Option<Row>,
}

/// Many evaluations at once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
#[non_exhaustive]
pub struct Evals {
    /// Comes back with the values.
    pub id: String,
    /// 1 to 1,024 of them.
    pub items: Vec<Eval>,
}

impl ServedMap {
    /// The announcement of a map.
    pub fn of(spec: &ServedSpec) -> Self {
        let boxes = |rows: &[[f64; 2]]| -> Vec<[Number; 2]> {
            rows.iter().map(|r| r.map(Number)).collect()
        };
        let products = [("vjp", spec.products.vjp), ("jvp", spec.products.jvp)];
        let served = products.into_iter().filter(|p| p.1);
        Self {
            name: spec.name.clone(),
            dim: spec.dim,
            params: spec.params,
            w0: row(&spec.w0),
            lambda: row(&spec.lambda),
            domain: spec.domain.as_ref().map(|d| Domain {
                lambda: Some(boxes(&d.lambda)),
                w: d.w.as_ref().map(|w| boxes(w)),
            }),
            products: served.map(|p| p.0.into()).collect(),
            tolerance: Some(Number(spec.tolerance)),
            samples: Some(spec.samples),
            outer: Some(spec.outer),
            hypergradient: spec.hypergradient.map(|h| ServedHypergradient {
                inner: h.inner.name().into(),
                linear_tolerance: Some(Number(h.linear_tolerance)),
                step_tolerance: Some(Number(h.step_tolerance)),
            }),
        }
    }
}

impl Eval {
    /// The message that asks for this of a map, without an id.
    pub fn of(map: &str, e: &Evaluation) -> Self {
        let drawn = e.drawn.as_ref();
        Self {
            id: None,
            map: map.into(),
            what: e.what.name().into(),
            w: row(&e.w),
            lambda: row(&e.lambda),
            u: (!e.u.is_empty()).then(|| row(&e.u)),
            sample: e.sample,
            steps: (!e.steps.is_empty()).then(|| e.steps.clone()),
            inner_samples: drawn.map(|d| d.inner_samples.clone()),
            samples: drawn.map(|d| d.samples.clone()),
            step_sizes: drawn.map(|d| row(&d.step_sizes)),
        }
    }

    /// The evaluation that is asked for.
    ///
    /// # Errors
    /// An unknown word.
    pub fn evaluation(&self) -> Result<Evaluation> {
        let all = [
            What::Phi,
            What::Vjp,
            What::Jvp,
            What::Hypergradient,
            What::Outer,
            What::OuterVjp,
            What::OuterJvp,
        ];
        let what = all.into_iter().find(|w| w.name() == self.what);
        let what = what.ok_or_else(|| {
            let names: Vec<&str> = all.iter().map(|w| w.name()).collect();
            let text = format!("expected one of {}", names.join(", "));
            Error::input(text).in_field("what")
        })?;
        Ok(Evaluation {
            what,
            w: floats(&self.w),
            lambda: floats(&self.lambda),
            u: self.u.as_deref().map(floats).unwrap_or_default(),
            sample: self.sample,
            steps: self.steps.clone().unwrap_or_default(),
            drawn: self.samples.as_ref().map(|samples| Drawn {
                inner_samples: self.inner_samples.clone().unwrap_or_default(),
                samples: samples.clone(),
                step_sizes: self.step_sizes.as_deref().map(floats).unwrap_or_default(),
            }),
        })
    }
}

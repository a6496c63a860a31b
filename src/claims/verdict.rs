//! Verdicts and the curves and fits recorded beside them: plain data, one JSON object a line.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::instances::Spec;
use crate::linalg::eigen::Enclosure;

/// Format version of `verdicts.jsonl` and `records.jsonl`.
pub const SCHEMA: u32 = 1;

/// What became of a check on an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// The claim holds here.
    Pass,
    /// The claim is violated here.
    Fail,
    /// This instance cannot decide the claim (the detail says why).
    Inconclusive,
    /// A hypothesis of the claim does not hold on this instance (the detail names it).
    NotApplicable,
}

impl Status {
    /// All statuses with their names.
    pub const NAMES: [(&'static str, Self); 4] = [
        ("pass", Self::Pass),
        ("fail", Self::Fail),
        ("inconclusive", Self::Inconclusive),
        ("not-applicable", Self::NotApplicable),
    ];

    /// The name in files.
    pub fn name(self) -> &'static str {
        Self::NAMES
            .iter()
            .find(|(_, s)| *s == self)
            .map_or("", |(n, _)| n)
    }
}

/// The instance a verdict speaks of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InstanceId {
    /// Kind by name.
    pub kind: String,
    /// Unique within the claim: kind, family, index.
    pub id: String,
    /// The seed the instance was drawn with.
    pub seed: u64,
    /// The request; with the seed it determines the instance.
    pub spec: Spec,
}

/// One line of `verdicts.jsonl`; field order is part of the format.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
    pub status: Status,
    /// Kind of check: bound, limit, local-rate, exact-trajectory, ...
    pub check: String,
    /// The measured quantity at the step that decides.
    #[serde(with = "float")]
    pub measured: f64,
    /// What it was compared with.
    #[serde(with = "float")]
    pub bound: f64,
    /// bound/measured for upper bounds, the permitted relative deviation for two-sided checks.
    #[serde(with = "float")]
    pub slack: f64,
    /// In words: the deciding step, the floor, what would have been caught, the reason.
    pub detail: String,
    /// The command that runs this verdict again.
    pub replay: String,
}

/// A curve to draw: error and bounds of one instance against the step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// Claim by name.
    pub claim: String,
    /// Method by name.
    pub method: String,
    /// Instance kind and id.
    pub kind: String,
    /// Instance id.
    pub instance: String,
    /// q.
    #[serde(with = "float")]
    pub q: f64,
    /// ρ, spectral radius of ∂₁Φ at w(λ): the middle of its enclosure, NaN where w(λ) is on a kink (∂₁Φ
    /// is a set there).
    #[serde(with = "float")]
    pub rho: f64,
    /// |ρ - `rho`| is at most this; NaN where it was not recorded.
    #[serde(with = "float", default = "unknown")]
    pub rho_radius: f64,
    /// τ, if finite.
    pub tau: Option<usize>,
    /// First step after which the iterates stay on the piece of w(λ).
    pub identified: Option<usize>,
    /// Steps t (AID-FP: k = t).
    pub steps: Vec<usize>,
    /// Measured error.
    #[serde(with = "floats")]
    pub error: Vec<f64>,
    /// The bound at the three levels, each as long as `steps`.
    #[serde(with = "floats")]
    pub paper: Vec<f64>,
    /// The bound with the measured e_t.
    #[serde(with = "floats")]
    pub trajectory: Vec<f64>,
    /// The bound with the refined moduli.
    #[serde(with = "floats")]
    pub sharp: Vec<f64>,
    /// Rounding floor.
    #[serde(with = "floats")]
    pub floor: Vec<f64>,
}

impl Curve {
    /// ρ with what is not known of it.
    pub fn rho(&self) -> Enclosure {
        Enclosure {
            lower: (self.rho - self.rho_radius).max(0.0),
            upper: self.rho + self.rho_radius,
        }
    }
}

fn unknown() -> f64 {
    f64::NAN
}

/// A fitted rate beside the predicted one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fit {
    /// Claim by name.
    pub claim: String,
    /// Method by name.
    pub method: String,
    /// Instance kind.
    pub kind: String,
    /// Instance id.
    pub instance: String,
    /// pure: C ρᵗ; resonant: (α+βt) ρᵗ; 1/k: a power of γ+k, with the slope that the exact finite-k curve has.
    pub growth: String,
    /// ρ, β's predicted value for resonant growth, or the slope for 1/k.
    #[serde(with = "float")]
    pub predicted: f64,
    /// The fitted value.
    #[serde(with = "float")]
    pub fitted: f64,
    /// 95 % interval of the fit; for 1/k at the level of its test.
    #[serde(with = "float")]
    pub lower: f64,
    /// 95 % interval of the fit.
    #[serde(with = "float")]
    pub upper: f64,
    /// R² of the fit.
    #[serde(with = "float")]
    pub r_squared: f64,
    /// First and last step of the window.
    pub window: [usize; 2],
}

/// Exact moments of a stochastic method against the number of updates, with what bounds or predicts them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MomentCurve {
    /// Claim by name.
    pub claim: String,
    /// Method by name.
    pub method: String,
    /// Instance kind.
    pub kind: String,
    /// Instance id.
    pub instance: String,
    /// What is drawn: "limit", "plateau" or "schedule".
    pub figure: String,
    /// γ of the steps β/(γ+i).
    #[serde(with = "float")]
    pub gamma: f64,
    /// Numbers of updates k.
    pub steps: Vec<usize>,
    /// Curves, each as long as `steps`; a limit is a constant curve.
    pub series: Vec<Series>,
}

/// Curves or points in a plane that belong to one check on one instance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plot {
    /// Claim by name.
    pub claim: String,
    /// Method by name.
    pub method: String,
    /// Instance kind.
    pub kind: String,
    /// Instance id.
    pub instance: String,
    /// What is drawn: "implicit-set", "excess" or "margin".
    pub figure: String,
    /// A few words beside the panel's heading.
    pub note: String,
    /// What is drawn, in the order of the legend.
    pub series: Vec<Points>,
}

impl Plot {
    /// Without claim and instance, which are filled in where the record is made.
    pub fn new(figure: &str, note: String, series: Vec<Points>) -> Self {
        Self {
            claim: String::new(),
            method: String::new(),
            kind: String::new(),
            instance: String::new(),
            figure: figure.into(),
            note,
            series,
        }
    }
}

/// A named list of points.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Points {
    /// What it is called in a legend.
    pub name: String,
    /// Abscissas.
    #[serde(with = "floats")]
    pub x: Vec<f64>,
    /// Ordinates, as many.
    #[serde(with = "floats")]
    pub y: Vec<f64>,
}

impl Points {
    /// Of pairs.
    pub fn new(name: impl Into<String>, points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        let (x, y) = points.into_iter().unzip();
        Self {
            name: name.into(),
            x,
            y,
        }
    }
}

/// A named curve.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// What it is.
    pub name: String,
    /// Its values.
    #[serde(with = "floats")]
    pub values: Vec<f64>,
}

/// How loose a bound is on one instance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Slack {
    /// Claim by name.
    pub claim: String,
    /// Method by name.
    pub method: String,
    /// Instance kind.
    pub kind: String,
    /// Instance id.
    pub instance: String,
    /// Level of the bound by name.
    pub level: String,
    /// q.
    #[serde(with = "float")]
    pub q: f64,
    /// R.
    #[serde(with = "float")]
    pub r: f64,
    /// The last step t whose error stands clear of rounding (AID-FP: k = t).
    pub step: usize,
    /// Bound over exact error at that step.
    #[serde(with = "float")]
    pub slack: f64,
}

/// Exact errors and printed bounds of ITD at t and of AID-FP at w_t with k = t, for t = 0, 1, ...
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Race {
    /// Claim by name.
    pub claim: String,
    /// Instance kind.
    pub kind: String,
    /// Instance id.
    pub instance: String,
    /// q.
    #[serde(with = "float")]
    pub q: f64,
    /// R.
    #[serde(with = "float")]
    pub r: f64,
    /// τ, if finite.
    pub tau: Option<usize>,
    /// First step after which the iterates stay on the piece of w(λ).
    pub identified: Option<usize>,
    /// ‖D_t - J‖.
    #[serde(with = "floats")]
    pub itd: Vec<f64>,
    /// ‖Dᵗ_{w_t} - J‖.
    #[serde(with = "floats")]
    pub aid: Vec<f64>,
    /// Theorem 4.1 for ITD.
    #[serde(with = "floats")]
    pub itd_bound: Vec<f64>,
    /// Theorem 4.1 for AID-FP.
    #[serde(with = "floats")]
    pub aid_bound: Vec<f64>,
}

/// One line of `records.jsonl`: what the figures are drawn from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "kebab-case")]
pub enum Record {
    /// Error and bounds against the step.
    Curve(Curve),
    /// Fitted against predicted rate.
    Fit(Fit),
    /// Exact moments against the number of updates.
    Moments(MomentCurve),
    /// How loose a bound is.
    Slack(Slack),
    /// AID-FP against ITD.
    Race(Race),
    /// Points in a plane.
    Plot(Plot),
}

/// Floats as numbers, NaN and infinities as the strings of the protocol.
mod float {
    use super::Value;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(x: &f64, s: S) -> Result<S::Ok, S::Error> {
        crate::instances::number(*x).serialize(s)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<f64, D::Error> {
        let value = Value::deserialize(d)?;
        super::read(&value)
            .ok_or_else(|| serde::de::Error::custom(format!("expected a number, got {value}")))
    }
}

/// The same for lists.
mod floats {
    use super::Value;
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(x: &[f64], s: S) -> Result<S::Ok, S::Error> {
        s.collect_seq(x.iter().map(|v| crate::instances::number(*v)))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<f64>, D::Error> {
        Vec::<Value>::deserialize(d)?
            .iter()
            .map(|v| {
                super::read(v)
                    .ok_or_else(|| serde::de::Error::custom(format!("expected a number, got {v}")))
            })
            .collect()
    }
}

fn read(value: &Value) -> Option<f64> {
    match value.as_str() {
        None => value.as_f64(),
        Some("NaN") => Some(f64::NAN),
        Some("Infinity") => Some(f64::INFINITY),
        Some("-Infinity") => Some(f64::NEG_INFINITY),
        Some(_) => None,
    }
}

impl Verdict {
    /// The line of `verdicts.jsonl`, without the newline.
    pub fn to_line(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

//! What checks leave behind for figures and baselines, beside their verdicts: plain data.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::linalg::eigen::Enclosure;
use crate::numerals::numbers;
use crate::numerals::schema::Float;

/// Error and bounds of one instance against the step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Curve {
    /// q, a certified upper bound of ‖D_Φ,1‖sup (spectral norm).
    #[serde(with = "numbers")]
    #[schemars(with = "Float")]
    pub q: f64,
    /// ρ, spectral radius of ∂₁Φ at w(λ): the middle of its enclosure.
    #[serde(with = "numbers")]
    #[schemars(with = "Float")]
    pub rho: f64,
    /// |ρ - `rho`| is at most this.
    #[serde(with = "numbers")]
    #[schemars(with = "Float")]
    pub rho_radius: f64,
    /// τ, if finite.
    pub tau: Option<usize>,
    /// First step after which the iterates stay on the piece of w(λ); none where there is no single
    /// piece.
    pub identified: Option<usize>,
    /// Steps t (AID-FP: k = t).
    pub steps: Vec<usize>,
    /// Measured error.
    #[serde(with = "numbers")]
    #[schemars(with = "Vec<Float>")]
    pub error: Vec<f64>,
    /// The bound a priori, as long as `steps`.
    #[serde(with = "numbers")]
    #[schemars(with = "Vec<Float>")]
    pub paper: Vec<f64>,
    /// The bound with the measured e_t.
    #[serde(with = "numbers")]
    #[schemars(with = "Vec<Float>")]
    pub trajectory: Vec<f64>,
    /// The bound with the refined moduli.
    #[serde(with = "numbers")]
    #[schemars(with = "Vec<Float>")]
    pub sharp: Vec<f64>,
    /// Rounding floor.
    #[serde(with = "numbers")]
    #[schemars(with = "Vec<Float>")]
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

/// A fitted rate beside the predicted one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Fit {
    /// pure: C ρᵗ; resonant: (α+βt) ρᵗ; 1/k: a power of γ+k, with the slope that the exact finite-k
    /// curve has.
    pub growth: String,
    /// ρ, β's predicted value for resonant growth, or the slope for 1/k.
    #[serde(with = "numbers")]
    #[schemars(with = "Float")]
    pub predicted: f64,
    /// The fitted value.
    #[serde(with = "numbers")]
    #[schemars(with = "Float")]
    pub fitted: f64,
    /// 95 % interval of the fit; for 1/k at the level of its test.
    #[serde(with = "numbers")]
    #[schemars(with = "Float")]
    pub lower: f64,
    /// 95 % interval of the fit.
    #[serde(with = "numbers")]
    #[schemars(with = "Float")]
    pub upper: f64,
    /// Half the width of what is accepted around `predicted`.
    #[serde(with = "numbers")]
    #[schemars(with = "Float")]
    pub accepted: f64,
    /// R² of the fit.
    #[serde(with = "numbers")]
    #[schemars(with = "Float")]
    pub r_squared: f64,
    /// The steps fitted, in order.
    pub steps: Vec<usize>,
}

/// Exact moments of a stochastic method against the number of updates, with what bounds or predicts
/// them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Moments {
    /// What is drawn: "limit", "constant", "plateau", "schedule", "simulated", "bilevel" or
    /// "bilevel-schedule".
    pub figure: String,
    /// γ of the steps β/(γ+i).
    #[serde(with = "numbers")]
    #[schemars(with = "Float")]
    pub gamma: f64,
    /// Numbers of updates k.
    pub steps: Vec<usize>,
    /// Curves, each as long as `steps`; a limit is a constant curve.
    pub series: Vec<Series>,
}

/// A named curve.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Series {
    /// What it is.
    pub name: String,
    /// Its values.
    #[serde(with = "numbers")]
    #[schemars(with = "Vec<Float>")]
    pub values: Vec<f64>,
}

impl Series {
    /// A named curve.
    pub fn new(name: impl Into<String>, values: Vec<f64>) -> Self {
        let name = name.into();
        Self { name, values }
    }
}

/// Curves or points in a plane.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Plot {
    /// What is drawn: "implicit-set", "excess" or "margin".
    pub figure: String,
    /// A few words beside the panel's heading.
    pub note: String,
    /// What is drawn, in the order of the legend.
    pub series: Vec<Points>,
}

impl Plot {
    /// A plot of these series.
    pub fn new(figure: &str, note: String, series: Vec<Points>) -> Self {
        let figure = figure.into();
        Self {
            figure,
            note,
            series,
        }
    }
}

/// A named list of points.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Points {
    /// What it is called in a legend.
    pub name: String,
    /// Abscissas.
    #[serde(with = "numbers")]
    #[schemars(with = "Vec<Float>")]
    pub x: Vec<f64>,
    /// Ordinates, as many.
    #[serde(with = "numbers")]
    #[schemars(with = "Vec<Float>")]
    pub y: Vec<f64>,
}

impl Points {
    /// Of pairs.
    pub fn new(name: impl Into<String>, points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        let (x, y) = points.into_iter().unzip();
        let name = name.into();
        Self { name, x, y }
    }
}

/// How loose a bound is on one instance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Slack {
    /// Level of the bound by name.
    pub level: String,
    /// q, a certified upper bound of ‖D_Φ,1‖sup (spectral norm).
    #[serde(with = "numbers")]
    #[schemars(with = "Float")]
    pub q: f64,
    /// R, the distance of w(λ) to the nearest other piece (Euclidean).
    #[serde(with = "numbers")]
    #[schemars(with = "Float")]
    pub r: f64,
    /// The last step t whose error stands clear of rounding (AID-FP: k = t).
    pub step: usize,
    /// Bound over exact error at that step.
    #[serde(with = "numbers")]
    #[schemars(with = "Float")]
    pub slack: f64,
    /// Whether the error at that step stands clear of rounding: where it does not, the slack says
    /// nothing. AID-FP's error may be at rounding where ITD's is not.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    pub clear: bool,
}

impl Slack {
    /// Whether there is an error above rounding, and a bound of it.
    pub fn compared(&self) -> bool {
        self.clear && self.slack.is_finite() && self.slack > 0.0
    }
}

fn yes() -> bool {
    true
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks for a reference"
)]
fn is_true(value: &bool) -> bool {
    *value
}

/// Exact errors and printed bounds of ITD at t and of AID-FP at w_t with k = t, for t = 0, 1, ...
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Race {
    /// q, a certified upper bound of ‖D_Φ,1‖sup (spectral norm).
    #[serde(with = "numbers")]
    #[schemars(with = "Float")]
    pub q: f64,
    /// R, the distance of w(λ) to the nearest other piece (Euclidean).
    #[serde(with = "numbers")]
    #[schemars(with = "Float")]
    pub r: f64,
    /// τ, if finite.
    pub tau: Option<usize>,
    /// First step after which the iterates stay on the piece of w(λ).
    pub identified: Option<usize>,
    /// ‖D_t - J‖.
    #[serde(with = "numbers")]
    #[schemars(with = "Vec<Float>")]
    pub itd: Vec<f64>,
    /// ‖Dᵗ_{w_t} - J‖.
    #[serde(with = "numbers")]
    #[schemars(with = "Vec<Float>")]
    pub aid: Vec<f64>,
    /// Theorem 4.1 for ITD.
    #[serde(with = "numbers")]
    #[schemars(with = "Vec<Float>")]
    pub itd_bound: Vec<f64>,
    /// Theorem 4.1 for AID-FP.
    #[serde(with = "numbers")]
    #[schemars(with = "Vec<Float>")]
    pub aid_bound: Vec<f64>,
    /// Rounding floors of `itd`; empty in older records.
    #[serde(with = "numbers", default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<Float>")]
    pub itd_floor: Vec<f64>,
    /// Rounding floors of `aid`; empty in older records.
    #[serde(with = "numbers", default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<Float>")]
    pub aid_floor: Vec<f64>,
}

/// What one check, or one drawing, recorded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Data {
    /// Error and bounds against the step.
    Curve(Curve),
    /// Fitted against predicted rate.
    Fit(Fit),
    /// Exact moments against the number of updates.
    Moments(Moments),
    /// How loose a bound is.
    Slack(Slack),
    /// AID-FP against ITD.
    Race(Race),
    /// Points in a plane.
    Plot(Plot),
}

impl Data {
    /// What is recorded, as a part of the key by which it is found in another run.
    pub fn quantity(&self) -> String {
        match self {
            Self::Curve(_) => "curve".into(),
            Self::Fit(f) => format!("fit-{}", f.growth),
            Self::Moments(m) => format!("moments-{}", m.figure),
            Self::Slack(s) => format!("slack-{}", s.level),
            Self::Race(_) => "race".into(),
            Self::Plot(p) => format!("plot-{}", p.figure),
        }
    }
}

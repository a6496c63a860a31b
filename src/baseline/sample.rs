//! What is taken from a run: a value per decided instance, for each family, check and quantity.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::checks::{Data, Ruling, Unit};
use crate::claims::{Label, Record, Verdict};
use crate::tol::COMPARABLE;

/// The run that something was measured in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Origin {
    /// Version of ratecert.
    pub version: String,
    /// Profile by name.
    pub profile: String,
    /// Seed of the run.
    pub seed: u64,
    /// Hash of the claim's text.
    pub digest: String,
}

impl Origin {
    /// The run of this version, profile, seed and digest.
    pub fn new(version: &str, profile: &str, seed: u64, digest: &str) -> Self {
        Self {
            version: version.into(),
            profile: profile.into(),
            seed,
            digest: digest.into(),
        }
    }

    /// Both runs drew the same instances.
    pub fn draws_like(&self, other: &Self) -> bool {
        let key = |o: &'_ Self| (o.seed, [&o.profile, &o.digest].map(String::clone));
        key(self) == key(other)
    }
}

/// What a value is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Quantity {
    /// Fitted over predicted rate, growth or exponent: 1 where theory is met.
    Rate,
    /// Measured over predicted constant: 1 where theory is met.
    Constant,
    /// Bound over error: how loose a bound is; 1 where it is attained.
    Slack,
    /// The exponent of samples that an implementation drew, over the predicted one: 1 where theory
    /// is met.
    Exponent,
    /// Bound over what samples showed.
    SampledSlack,
    /// Rounding floor over deviation.
    Floor,
}

impl Quantity {
    /// The name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rate => "rate",
            Self::Constant => "constant",
            Self::Slack => "slack",
            Self::Exponent => "exponent",
            Self::SampledSlack => "sampled-slack",
            Self::Floor => "floor",
        }
    }

    /// Determined by the instance: the same on every machine but for rounding. A deviation in units
    /// of rounding is all rounding, and samples are an implementation's own.
    pub fn is_deterministic(self) -> bool {
        matches!(self, Self::Rate | Self::Constant | Self::Slack)
    }

    /// Theory predicts 1.
    pub fn is_ratio(self) -> bool {
        matches!(self, Self::Rate | Self::Constant | Self::Exponent)
    }
}

/// A quantity of a check on a family.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct Series {
    /// kind.family of the claim.
    pub family: String,
    /// Check of the claim by name, or the level of a bound.
    pub check: String,
    /// What the values are.
    pub quantity: Quantity,
}

/// Values by instance of the family.
pub type Sample = BTreeMap<usize, f64>;

/// How many instances a check decided, of all that were drawn for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Decided {
    /// Instances that were decided.
    pub decided: usize,
    /// Draws: the decided and undecided ones, those to which the claim does not apply, and those
    /// given up before any method ran.
    pub of: usize,
}

/// What a claim measured in a run.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Measured {
    /// The run.
    pub origin: Origin,
    /// How many verdicts fail.
    pub violated: usize,
    /// The one with the least headroom, by id.
    pub worst: Option<String>,
    /// Values.
    pub samples: BTreeMap<Series, Sample>,
    /// Decided instances by family and check.
    pub decided: BTreeMap<(String, String), Decided>,
}

impl Measured {
    /// Of the verdicts and records of one claim.
    pub fn of<'a>(
        origin: Origin,
        verdicts: impl IntoIterator<Item = &'a Verdict>,
        records: impl IntoIterator<Item = &'a Record>,
    ) -> Self {
        let mut out = Self {
            origin,
            ..Self::default()
        };
        let mut fitted: Vec<(Series, usize)> = Vec::new();
        let mut least = f64::INFINITY;
        for record in records {
            let o = &record.origin;
            let (check, quantity, value) = match &record.data {
                Data::Fit(f) => {
                    let sampled = f.growth == "1/k";
                    let what = if sampled {
                        Quantity::Exponent
                    } else {
                        Quantity::Rate
                    };
                    (o.check.clone(), what, f.fitted / f.predicted)
                }
                Data::Slack(s) => (format!("slack-{}", s.level), Quantity::Slack, s.slack),
                _ => continue,
            };
            let series = Series {
                family: format!("{}.{}", o.kind, o.family),
                check,
                quantity,
            };
            if quantity == Quantity::Rate {
                fitted.push((series.clone(), o.index));
            }
            out.add(series, o.index, value);
        }
        for v in verdicts {
            let Some(label) = Label::parse(&v.instance.id) else {
                continue;
            };
            let family = format!("{}.{}", label.kind, label.family);
            let check = v.id.rsplit('/').next().unwrap_or(&v.check).to_owned();
            if v.status == Ruling::Fail {
                out.violated += 1;
                // What is no number is the worst.
                let headroom = if v.headroom.is_nan() { 0.0 } else { v.headroom };
                if out.worst.is_none() || headroom < least {
                    (least, out.worst) = (headroom, Some(v.id.clone()));
                }
            }
            let counts = out
                .decided
                .entry((family.clone(), check.clone()))
                .or_default();
            counts.of = counts
                .of
                .saturating_add(v.instance.redrawn.saturating_add(1));
            counts.decided += usize::from(v.status.is_decided());
            let (quantity, value) = match v.unit {
                Some(Unit::Tolerance) => (Quantity::Constant, v.measured / v.bound),
                Some(Unit::Bound) if SAMPLED.contains(&v.check.as_str()) => {
                    (Quantity::SampledSlack, v.headroom)
                }
                Some(Unit::Bound | Unit::Modulus | Unit::Excess) => (Quantity::Slack, v.headroom),
                Some(Unit::Floor) => (Quantity::Floor, v.headroom),
                _ => continue,
            };
            let as_rate = Series {
                family: family.clone(),
                check: check.clone(),
                quantity: Quantity::Rate,
            };
            // The same number with its interval stands in the fit.
            let is_fit = quantity == Quantity::Constant && fitted.contains(&(as_rate, label.index));
            if v.status.is_decided() && !is_fit {
                let series = Series {
                    family,
                    check,
                    quantity,
                };
                out.add(series, label.index, value);
            }
        }
        out
    }

    /// What has no value between the ends of [`COMPARABLE`] says nothing that could be compared.
    /// Values are kept as they stand in files.
    fn add(&mut self, series: Series, index: usize, value: f64) {
        if COMPARABLE.contains(&value) && index < INSTANCES {
            self.samples
                .entry(series)
                .or_default()
                .insert(index, rounded(value));
        }
    }
}

/// Kinds of checks that judge samples which the implementation drew.
const SAMPLED: [&str; 2] = ["simulation", "sampled-bound"];

/// Instances of a family, at most, as in claims.
pub(super) const INSTANCES: usize = 100_000;

/// Digits of values: what is below is far below what counts as equal.
const DIGITS: usize = 9;

/// A number as it stands in files.
pub(super) fn rounded(x: f64) -> f64 {
    let last = DIGITS - 1;
    format!("{x:.last$e}").parse().unwrap_or(x)
}

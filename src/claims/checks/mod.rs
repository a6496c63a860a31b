//! The checks: each plans the runs it needs and judges what comes back. Pure functions.

mod bound;
mod constant;
mod exact_trajectory;
mod limit;
mod local_rate;
mod ordering;
mod tight;

use super::claim::{Check, RawCheck};
use super::evidence::{Comparison, Exact, Request};
use super::verdict::{Fit, Status};
use crate::claims::stochastic::StochasticCheck;
use crate::error::{Error, Result};
use crate::methods::Method;
use crate::theory::Level;

/// What is checked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CheckKind {
    /// error ≤ slack · bound at every step, to the rounding floor.
    Bound(Level),
    /// The error reaches the rounding floor against J.
    Limit,
    /// The error decays at the local rate ρ, two-sidedly.
    LocalRate(Growth),
    /// Every estimate equals the exact recursion to the rounding floor.
    ExactTrajectory,
    /// The PAPER bound is attained at every step.
    Tight,
    /// AID-FP's PAPER bound at k = t is below ITD's for all t.
    Ordering,
    /// The constants of the theory hold on samples, two-sidedly where they are attained.
    Constant,
    /// A check of NSID or SID, judged on its own path.
    Stochastic(StochasticCheck),
}

/// How the error grows beside ρᵗ (theory, section 4 (c)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Growth {
    /// C ρᵗ: columns of D whose ∂₂Φ does not vary with w on the active piece; AID-FP with k = t.
    Pure,
    /// (α + βt) ρᵗ: ITD's columns whose ∂₂Φ varies with w.
    Resonant,
}

impl Growth {
    /// The name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pure => "pure",
            Self::Resonant => "resonant",
        }
    }
}

/// What a check found on one instance.
#[derive(Clone, Debug)]
pub(super) struct Finding {
    pub(super) status: Status,
    pub(super) measured: f64,
    pub(super) bound: f64,
    pub(super) slack: f64,
    pub(super) detail: String,
    pub(super) fit: Option<Fit>,
}

impl Finding {
    pub(super) fn inconclusive(detail: impl Into<String>) -> Self {
        Self {
            status: Status::Inconclusive,
            measured: f64::NAN,
            bound: f64::NAN,
            slack: f64::NAN,
            detail: detail.into(),
            fit: None,
        }
    }

    fn decided(holds: bool, measured: f64, bound: f64, slack: f64, detail: String) -> Self {
        let status = if holds { Status::Pass } else { Status::Fail };
        Self {
            status,
            measured,
            bound,
            slack,
            detail,
            fit: None,
        }
    }
}

impl CheckKind {
    pub(super) fn resolve(raw: &RawCheck, method: Method) -> Result<Self> {
        if method.stochastic().is_some() {
            return StochasticCheck::resolve(raw).map(Self::Stochastic);
        }
        if raw.replicates.is_some() {
            return Err(
                Error::input("belongs to checks of nsid and sid that sample")
                    .in_field("replicates"),
            );
        }
        let level = || {
            let name = raw
                .level
                .as_deref()
                .ok_or_else(|| Error::input("is missing").in_field("level"))?;
            Level::NAMES
                .iter()
                .find(|(n, _)| *n == name)
                .map(|(_, l)| *l)
                .ok_or_else(|| {
                    Error::input(format!(
                        "unknown level {name:?}; one of paper, trajectory, sharp"
                    ))
                    .in_field("level")
                })
        };
        let growth = || match raw.growth.as_deref() {
            Some("pure") => Ok(Growth::Pure),
            Some("resonant") if !method.is_aid() => Ok(Growth::Resonant),
            Some("resonant") => Err(Error::input(
                "AID-FP has no resonant columns: its error is C·ρᵗ with k = t",
            )
            .in_field("growth")),
            Some(other) => Err(Error::input(format!(
                "unknown growth {other:?}; one of pure, resonant"
            ))
            .in_field("growth")),
            None => Err(Error::input("is missing").in_field("growth")),
        };
        let kind = match raw.check.as_str() {
            "bound" => Self::Bound(level()?),
            "limit" => Self::Limit,
            "local-rate" => Self::LocalRate(growth()?),
            "exact-trajectory" => Self::ExactTrajectory,
            "tight" => Self::Tight,
            "ordering" => Self::Ordering,
            "constant" => Self::Constant,
            other => {
                let names = "bound, limit, local-rate, exact-trajectory, tight, ordering, constant";
                return Err(
                    Error::input(format!("unknown check {other:?}; one of {names}"))
                        .in_field("check"),
                );
            }
        };
        let stray = [
            ("level", raw.level.is_some(), matches!(kind, Self::Bound(_))),
            (
                "growth",
                raw.growth.is_some(),
                matches!(kind, Self::LocalRate(_)),
            ),
        ];
        for (field, given, wanted) in stray {
            if given && !wanted {
                return Err(
                    Error::input(format!("does not belong to check {:?}", raw.check))
                        .in_field(field),
                );
            }
        }
        Ok(kind)
    }

    /// The kind as it stands in verdicts.
    pub fn label(self) -> &'static str {
        match self {
            Self::Bound(_) => "bound",
            Self::Limit => "limit",
            Self::LocalRate(_) => "local-rate",
            Self::ExactTrajectory => "exact-trajectory",
            Self::Tight => "tight",
            Self::Ordering => "ordering",
            Self::Constant => "constant",
            Self::Stochastic(check) => check.label(),
        }
    }

    pub(super) fn default_name(self) -> String {
        match self {
            Self::Bound(level) => format!("bound-{}", level.name()),
            Self::LocalRate(growth) => format!("local-rate-{}", growth.name()),
            Self::Stochastic(check) => check.name().to_string(),
            other => other.label().to_string(),
        }
    }

    /// What a pass would have caught, in words.
    pub(super) fn catches(self, slack: f64) -> String {
        match self {
            Self::Bound(level) => format!(
                "An error above {slack} times the {} bound at any step, beyond rounding.",
                level.name()
            ),
            Self::Limit => "A wrong limit: any deviation from J beyond the rounding floor (quoted in each verdict).".into(),
            Self::LocalRate(_) => format!("A local rate off by more than {} %.", 100.0 * slack),
            Self::ExactTrajectory => {
                "Any deviation from the exact recursion at any step beyond the rounding floor (quoted in each verdict).".into()
            }
            Self::Tight => "Any slack or excess at any step where the bound is an equality.".into(),
            Self::Ordering => "A constant or power in either bound that breaks their order.".into(),
            Self::Constant => "A constant that is too small, and R, ‖D_Φ,2‖ or L that is too large where it is attained.".into(),
            Self::Stochastic(check) => check.catches(slack),
        }
    }

    /// Looks at constants only: no method runs.
    pub fn needs_no_method(self) -> bool {
        matches!(self, Self::Ordering | Self::Constant)
    }

    /// The runs wanted.
    pub(super) fn plan(self, check: &Check, exact: &Exact, method: Method) -> Vec<Request> {
        match self {
            Self::Bound(_) | Self::ExactTrajectory | Self::Tight => {
                Request::along(exact, method, check.steps)
            }
            Self::Limit => limit::plan(exact, method).requests(),
            Self::LocalRate(_) => local_rate::plan(exact, method),
            Self::Ordering | Self::Constant | Self::Stochastic(_) => Vec::new(),
        }
    }

    /// Judges the comparisons of those runs.
    pub(super) fn judge(
        self,
        check: &Check,
        exact: &Exact,
        method: Method,
        seen: &[Comparison],
    ) -> Finding {
        match self {
            Self::Bound(level) => bound::judge(check, level, exact, method, seen),
            Self::Limit => limit::judge(check, exact, method, seen),
            Self::LocalRate(growth) => local_rate::judge(check, growth, exact, method, seen),
            Self::ExactTrajectory => exact_trajectory::judge(check, exact, seen),
            Self::Tight => tight::judge(check, exact, method, seen),
            Self::Ordering => ordering::judge(check, exact),
            Self::Constant => constant::judge(check, exact),
            Self::Stochastic(_) => {
                Finding::inconclusive("a check of NSID or SID on a deterministic instance")
            }
        }
    }
}

//! The checks: each plans the runs it needs and judges what comes back. Pure functions.

mod bound;
mod constant;
mod exact_trajectory;
mod gap;
mod identification;
pub(crate) mod kinks;
mod limit;
mod local_rate;
mod modulus;
mod ordering;
mod tail;
mod termination;
#[cfg(test)]
mod tests;
mod tight;

pub(super) use termination::{allowance as termination_floor, dimension as termination_dimension};

use super::claim::{Check, RawCheck};
use super::evidence::{Comparison, Exact, Request};
use super::verdict::{Fit, Plot, Status};
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
    /// The iterates are on the piece of w(λ) for good from τ on at the latest.
    Identification,
    /// Lemma 2.5 at random and adversarial pairs of points.
    Modulus,
    /// The constants of the theory hold on samples, two-sidedly where they are attained.
    Constant,
    /// Conjugate gradients are at the limit of AID after as many steps as their system has unknowns.
    Termination,
    /// ITD's PAPER bound over AID-FP's grows at least like min(t,τ)M/R as R → 0.
    Gap,
    /// Both PAPER bounds against κ, two-sidedly.
    Kappa,
    /// After identification the error is the exact linear tail.
    Tail,
    /// A check on sets (solutions on kinks).
    Kink(kinks::KinkCheck),
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
    /// What a figure of this check shows, if it has one.
    pub(super) plot: Option<Plot>,
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
            plot: None,
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
            plot: None,
        }
    }
}

/// `measured` as a part of what is allowed; nothing measured is 0 even where nothing is allowed.
pub(super) fn part(measured: f64, allowed: f64) -> f64 {
    if measured == 0.0 {
        0.0
    } else {
        measured / allowed
    }
}

/// Is `ratio` further beyond its bound than `worst`? NaN is worse than any number, and nothing is worse than NaN.
pub(super) fn is_worse(ratio: f64, worst: f64) -> bool {
    !worst.is_nan() && !(ratio <= worst)
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
            "identification" => Self::Identification,
            "modulus" => Self::Modulus,
            "gap" => Self::Gap,
            "kappa" => Self::Kappa,
            // It compares columns of D, which reverse mode does not give.
            "tail" if method == Method::Itd => Self::Tail,
            "tail" => return Err(Error::input("belongs to itd").in_field("check")),
            "termination" if method == Method::AidCg => Self::Termination,
            "termination" => {
                return Err(Error::input("belongs to aid-cg").in_field("check"));
            }
            // The v of AID's reverse mode is no product of steps: only its limit is known to be of a set.
            "set-bound" if method.is_aid() && method.is_reverse() => {
                return Err(Error::input(
                    "belongs to itd, itd-reverse, itd-checkpointed and aid-fp-forward",
                )
                .in_field("check"));
            }
            "set-bound" => Self::Kink(kinks::KinkCheck::Bound(level()?)),
            "joint-limit" if !method.is_aid() => {
                return Err(
                    Error::input("belongs to aid-fp, aid-fp-forward and aid-cg").in_field("check")
                );
            }
            other if kinks::KinkCheck::NAMES.iter().any(|(n, _)| *n == other) => {
                let found = kinks::KinkCheck::NAMES.iter().find(|(n, _)| *n == other);
                Self::Kink(found.map_or(kinks::KinkCheck::Selections, |f| f.1))
            }
            other => {
                let names = "bound, limit, local-rate, exact-trajectory, tight, ordering, constant, termination, gap, kappa, tail, identification, modulus";
                return Err(
                    Error::input(format!("unknown check {other:?}; one of {names}"))
                        .in_field("check"),
                );
            }
        };
        let stray = [
            (
                "level",
                raw.level.is_some(),
                matches!(
                    kind,
                    Self::Bound(_) | Self::Kink(kinks::KinkCheck::Bound(_))
                ),
            ),
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
            Self::Identification => "identification",
            Self::Modulus => "modulus",
            Self::Termination => "termination",
            Self::Gap => "gap",
            Self::Kappa => "kappa",
            Self::Tail => "tail",
            Self::Kink(k) => k.label(),
            Self::Stochastic(check) => check.label(),
        }
    }

    pub(super) fn default_name(self) -> String {
        match self {
            Self::Bound(level) => format!("bound-{}", level.name()),
            Self::LocalRate(growth) => format!("local-rate-{}", growth.name()),
            Self::Kink(kinks::KinkCheck::Bound(level)) => format!("set-bound-{}", level.name()),
            Self::Stochastic(check) => check.name().to_string(),
            other => other.label().to_string(),
        }
    }

    /// What a pass would have caught, in words.
    pub(super) fn catches(self, slack: f64) -> String {
        match self {
            Self::Bound(level) if slack == 1.0 => {
                format!("An error above the {} bound at any step, beyond rounding.", level.name())
            }
            Self::Bound(level) => {
                format!("An error above {slack} times the {} bound at any step, beyond rounding.", level.name())
            }
            Self::Limit => "A wrong limit: any deviation from J beyond the rounding floor (quoted in each verdict).".into(),
            Self::LocalRate(Growth::Pure) => format!("A local rate off by more than {} %.", 100.0 * slack),
            Self::LocalRate(Growth::Resonant) => {
                format!("A growth of ‖E_t‖ρ⁻ᵗ off by more than {} %.", 100.0 * slack)
            }
            Self::ExactTrajectory => {
                "Any deviation from the exact recursion at any step beyond the rounding floor (quoted in each verdict).".into()
            }
            Self::Tight => "Any slack or excess at any step where the bound is an equality.".into(),
            Self::Ordering => "A constant or power in either bound that breaks their order.".into(),
            Self::Kink(k) => k.catches().into(),
            Self::Constant => "A constant that is too small, and R, ‖D_Φ,2‖ or L that is too large where it is attained.".into(),
            Self::Identification => "A τ that is off, and an R that is too large.".into(),
            Self::Modulus => "A modulus of D_Φ that is too small anywhere, or too large just beyond the nearest kink.".into(),
            Self::Gap => "A bound whose dependence on R is not M/R, or a τ that is off.".into(),
            Self::Kappa => "A wrong power of q, or a factor t where there is none.".into(),
            Self::Tail => "Any deviation from the exact tail after identification beyond the rounding floor.".into(),
            Self::Termination => "A wrong system, selection or recursion: any deviation from the direct solve beyond its floor (quoted in each verdict).".into(),
            Self::Stochastic(check) => check.catches(slack),
        }
    }

    /// Looks at constants only: no method runs.
    pub fn needs_no_method(self) -> bool {
        match self {
            Self::Kink(k) => k.needs_no_method(),
            other => matches!(
                other,
                Self::Ordering
                    | Self::Constant
                    | Self::Gap
                    | Self::Kappa
                    | Self::Identification
                    | Self::Modulus
            ),
        }
    }

    /// The runs wanted.
    pub(super) fn plan(self, check: &Check, exact: &Exact, method: Method) -> Vec<Request> {
        match self {
            Self::Bound(_) | Self::Tight => Request::along(exact, method, check.steps),
            // Twice: an implementation that keeps state between calls is right only the first time.
            Self::ExactTrajectory => {
                let mut requests = Request::along(exact, method, check.steps);
                requests.extend(requests.clone());
                requests
            }
            Self::Limit => limit::plan(exact, method).requests(),
            Self::LocalRate(_) => local_rate::plan(exact, method),
            Self::Ordering
            | Self::Constant
            | Self::Gap
            | Self::Kappa
            | Self::Identification
            | Self::Modulus
            | Self::Stochastic(_) => Vec::new(),
            Self::Tail => Request::along(exact, method, check.steps),
            Self::Termination => termination::plan(exact),
            Self::Kink(k) => k.plan(check, exact, method),
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
            Self::Termination => termination::judge(check, exact, seen),
            Self::Identification => identification::judge(check, exact),
            Self::Modulus => modulus::judge(check, exact),
            Self::Gap => gap::judge(check, exact),
            Self::Kappa => gap::rates(check, exact),
            Self::Tail => tail::judge(check, exact, seen),
            Self::Kink(k) => k.judge(check, exact, method, seen),
            Self::Stochastic(_) => {
                Finding::inconclusive("a check of NSID or SID on a deterministic instance")
            }
        }
    }
}

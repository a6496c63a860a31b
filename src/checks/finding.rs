//! What a check found on one instance.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::data::Data;
use crate::tol::{ATTAINED, COARSE};

/// What became of a check on an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Ruling {
    /// The claim holds here.
    Pass,
    /// The claim is violated here.
    Fail,
    /// This instance cannot decide the claim (the detail says why).
    Inconclusive,
    /// A hypothesis of the claim does not hold on this instance (the detail names it), or the
    /// implementation does not do such cases.
    NotApplicable,
}

impl Ruling {
    /// All rulings with their names.
    pub const NAMES: [(&'static str, Self); 4] = [
        ("pass", Self::Pass),
        ("fail", Self::Fail),
        ("inconclusive", Self::Inconclusive),
        ("not-applicable", Self::NotApplicable),
    ];

    /// The name in files.
    pub fn name(self) -> &'static str {
        let row = Self::NAMES.iter().find(|(_, r)| *r == self);
        row.map_or("", |(n, _)| n)
    }

    /// Pass or fail.
    pub fn is_decided(self) -> bool {
        matches!(self, Self::Pass | Self::Fail)
    }
}

/// What the slack of a finding is measured in, and so what its headroom is a multiple of.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Unit {
    /// Bound over error: headroom h means that an error h times larger would have failed.
    Bound,
    /// Rounding floor over deviation.
    Floor,
    /// Permitted over seen relative deviation of a two-sided test.
    Tolerance,
    /// Constant over what was sampled of it.
    Modulus,
    /// An equality of exact numbers: there is no headroom.
    Exact,
    /// The smallest shift of a mean that would have been seen, in standard deviations or the mean
    /// itself.
    Shift,
    /// Measured over what it has to exceed.
    Excess,
}

/// Why an instance decides nothing.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Reason {
    /// A unit is within rounding of its kink, so that selections are not determined.
    AmbiguousUnits,
    /// Exact arithmetic, or an enumeration, would be too large.
    TooLarge,
    /// Too few steps between identification and the rounding floor.
    TooFewPoints,
    /// The exact sequence itself does not show the rate in this window, or has not settled.
    NotSettled,
    /// Neither an element near enough nor a separating direction was found.
    NoSeparation,
    /// What is claimed does not occur on this instance.
    NothingToSee,
    /// κ is too large for what floating point can show.
    IllConditioned,
    /// The sample was too small to see anything.
    NoPower,
    /// A hypothesis of the claim is broken.
    Hypothesis,
    /// Products and values disagree as little as those of a program with a tolerance inside.
    Inexact,
    /// Another check already speaks of the run that failed.
    FailedElsewhere,
    /// The implementation does not do such cases.
    Skipped,
    /// Something could not be computed.
    Error,
}

/// What a check found on one instance.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The outcome.
    pub ruling: Ruling,
    /// The measured quantity at the step that decides.
    pub measured: f64,
    /// What it was compared with.
    pub bound: f64,
    /// bound/measured for upper bounds, the permitted relative deviation for two-sided checks.
    pub slack: f64,
    /// In words: the deciding step, the floor, what would have been caught, the reason.
    pub detail: String,
    /// What the headroom is counted in; none where nothing was decided.
    pub unit: Option<Unit>,
    /// How far the finding is from the opposite one, in that unit; below 1 it fails.
    pub headroom: f64,
    /// The bound is attained: a headroom of 1 is no close call.
    pub attained: bool,
    /// The first violating step, or the tightest one.
    pub step: Option<usize>,
    /// Why nothing was decided.
    pub reason: Option<Reason>,
    /// What figures and baselines are made of.
    pub data: Vec<Data>,
    /// Which of the runs that the check was given failed it.
    pub blame: Option<usize>,
}

impl Finding {
    /// Nothing decided, and why.
    pub fn undecided(reason: Reason, detail: impl Into<String>) -> Self {
        Self {
            ruling: Ruling::Inconclusive,
            measured: f64::NAN,
            bound: f64::NAN,
            slack: f64::NAN,
            detail: detail.into(),
            unit: None,
            headroom: f64::NAN,
            attained: false,
            step: None,
            reason: Some(reason),
            data: Vec::new(),
            blame: None,
        }
    }

    /// The claim says nothing about this instance.
    pub fn not_applicable(reason: Reason, detail: impl Into<String>) -> Self {
        Self {
            ruling: Ruling::NotApplicable,
            ..Self::undecided(reason, detail)
        }
    }

    /// Decided, with a slack that is its headroom.
    pub fn decided(
        holds: bool,
        unit: Unit,
        [measured, bound, slack]: [f64; 3],
        detail: impl Into<String>,
    ) -> Self {
        // An equality: what is claimed is the best there is, and nothing came close to failing.
        let reached = holds && matches!(unit, Unit::Bound | Unit::Modulus) && slack <= ATTAINED;
        Self {
            attained: reached,
            ruling: if holds { Ruling::Pass } else { Ruling::Fail },
            measured,
            bound,
            slack,
            unit: Some(unit),
            // What holds by rounding in the bound alone has none to spare.
            headroom: if holds && slack < 1.0 { 1.0 } else { slack },
            reason: None,
            ..Self::undecided(Reason::Error, detail)
        }
    }

    /// An upper bound: `measured` against `bound`.
    pub fn below(
        holds: bool,
        unit: Unit,
        measured: f64,
        bound: f64,
        detail: impl Into<String>,
    ) -> Self {
        Self::decided(holds, unit, [measured, bound, bound / measured], detail)
    }

    /// A violation that has no number.
    pub fn failed(unit: Unit, detail: impl Into<String>) -> Self {
        Self::decided(false, unit, [f64::NAN; 3], detail)
    }

    /// The check is about one matrix J, and the derivative is a set here.
    pub fn of_a_set() -> Self {
        Self::not_applicable(
            Reason::Hypothesis,
            "a unit is at its kink at w(λ): the derivative is a set, and this check is about one matrix",
        )
    }

    /// Counted otherwise than in the slack.
    #[must_use]
    pub fn headroom(self, headroom: f64) -> Self {
        Self { headroom, ..self }
    }

    /// At this step.
    #[must_use]
    pub fn at_step(self, step: usize) -> Self {
        let step = Some(step);
        Self { step, ..self }
    }

    /// Attained by design.
    #[must_use]
    pub fn attained(self) -> Self {
        let attained = true;
        Self { attained, ..self }
    }

    /// With something recorded.
    #[must_use]
    pub fn with(mut self, data: impl IntoIterator<Item = Data>) -> Self {
        self.data.extend(data);
        self
    }

    /// Decided by this one of the runs.
    #[must_use]
    pub fn blaming(self, run: usize) -> Self {
        let blame = Some(run);
        Self { blame, ..self }
    }
}

/// `measured` as a part of what is allowed; nothing measured is 0 even where nothing is allowed.
pub fn part(measured: f64, allowed: f64) -> f64 {
    if measured == 0.0 {
        0.0
    } else {
        measured / allowed
    }
}

/// Where rounding hides more than a comparison could show; exact values that are all 0 are compared
/// as they are.
pub(super) fn coarse(relative: f64) -> Option<Finding> {
    let text = || format!("rounding could hide a relative deviation of {relative:.1e}");
    let hides = relative.is_finite() && relative > COARSE;
    hides.then(|| Finding::undecided(Reason::IllConditioned, text()))
}

/// What relative deviation would have failed, in words; nothing where every exact value is 0.
pub(super) fn resolved(relative: f64) -> String {
    if relative.is_finite() {
        format!(
            "; a relative deviation of {relative:.1e} where rounding matters least would have failed"
        )
    } else {
        String::new()
    }
}

/// Is `ratio` further beyond its bound than `worst`? NaN is worse than any number, and nothing is
/// worse than NaN.
pub fn is_worse(ratio: f64, worst: f64) -> bool {
    !worst.is_nan() && !(ratio <= worst)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Later numbers do not hide a NaN, and 0 of 0 is nothing.
    #[test]
    fn the_worst_ratio_keeps_nan() {
        let mut worst = f64::NEG_INFINITY;
        for (measured, allowed) in [(0.0, 0.0), (1.0, 2.0), (f64::NAN, 1.0), (3.0, 1.0)] {
            let ratio = part(measured, allowed);
            if is_worse(ratio, worst) {
                worst = ratio;
            }
        }
        assert!(worst.is_nan());
        assert_eq!(part(0.0, 0.0), 0.0);
        assert!(part(1.0, 0.0).is_infinite());
    }
}

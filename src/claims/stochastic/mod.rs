//! The checks of NSID and SID: exact expectations where they exist, tests with a stated false-alarm
//! probability where they do not.
//!
//! Owns what each check asks of an instance and of an implementation, and its verdict. Pure: indices come
//! from seeded generators, nothing is retried.

mod exact;
mod inner_law;
mod known;
mod moments;
mod protocol;
mod rate;
mod sampled_bound;
mod sid;
mod simulation;
mod theorem;

#[cfg(test)]
mod tests;

pub use known::Known;

use super::checks::{CheckKind, Finding};
use super::claim::{Check, Claim, RawCheck};
use super::judge::{Judged, Label};
use super::verdict::{MomentCurve, Record, Series, Status, Verdict};
use crate::error::{Bound, Error, Result};
use crate::instances::StochasticInstance;
use crate::methods::nsid::StochasticDifferentiator;
use crate::stats::equal_share;
use crate::theory::{Hypothesis, LemmaD3, Rate, Unmet};
use crate::truth::expectation::solution;

/// What is checked of NSID or SID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StochasticCheck {
    /// With indices and steps given, every estimate equals the double-double recursion.
    ExactTrajectory,
    /// Lemma D.2 with the true ‖v_0 - v̂‖, for every i, and its constant-step form.
    LemmaD2,
    /// Lemma D.3 for every i.
    LemmaD3,
    /// (γ+k)·MSE → tr Σ, two-sidedly.
    LimitConstant,
    /// Constant steps settle where the plateau equation says.
    Plateau,
    /// SID settles at its exact bias.
    SidPlateau,
    /// Theorem 5.4 with the exact E‖r - r*‖².
    Theorem54,
    /// Theorem 5.5 along its schedule, and the floors left by holding t, J or k fixed.
    Theorem55,
    /// Replicates against exact means and variances.
    Simulation {
        /// Independent runs.
        replicates: usize,
    },
    /// Theorem 5.4 end to end with a random w, by betting.
    SampledBound {
        /// Independent runs.
        replicates: usize,
    },
}

const REPLICATES: Bound = Bound {
    name: "replicates",
    what: "the number of replicates",
    min: 1.0,
    max: 10_000_000.0,
};

/// Statistical checks that may share one α. Fixed, so that a share depends neither on the profile nor on
/// the selection of claims, and a verdict can be replayed alone; a run with more of them splits further.
pub const LEDGER_CAPACITY: usize = 1 << 14;

impl StochasticCheck {
    pub(super) fn resolve(raw: &RawCheck) -> Result<Self> {
        for (field, given) in [
            ("level", raw.level.is_some()),
            ("growth", raw.growth.is_some()),
        ] {
            if given {
                let text = format!("does not belong to check {:?}", raw.check);
                return Err(Error::input(text).in_field(field));
            }
        }
        let replicates = || {
            let n = raw
                .replicates
                .ok_or_else(|| Error::input("is missing").in_field("replicates"))?;
            REPLICATES.check_count(n)
        };
        let check = match raw.check.as_str() {
            "exact-trajectory" => Self::ExactTrajectory,
            "lemma-d2" => Self::LemmaD2,
            "lemma-d3" => Self::LemmaD3,
            "limit-constant" => Self::LimitConstant,
            "plateau" => Self::Plateau,
            "sid-plateau" => Self::SidPlateau,
            "theorem-5-4" => Self::Theorem54,
            "theorem-5-5" => Self::Theorem55,
            "simulation" => Self::Simulation {
                replicates: replicates()?,
            },
            "sampled-bound" => Self::SampledBound {
                replicates: replicates()?,
            },
            other => {
                let names = "exact-trajectory, lemma-d2, lemma-d3, limit-constant, plateau, sid-plateau, theorem-5-4, theorem-5-5, simulation, sampled-bound";
                let text =
                    format!("unknown check {other:?} of a stochastic method; one of {names}");
                return Err(Error::input(text).in_field("check"));
            }
        };
        if raw.replicates.is_some() && !check.is_statistical() {
            let text = format!("does not belong to check {:?}", raw.check);
            return Err(Error::input(text).in_field("replicates"));
        }
        Ok(check)
    }

    /// Decided by samples, at a share of α.
    pub fn is_statistical(self) -> bool {
        matches!(self, Self::Simulation { .. } | Self::SampledBound { .. })
    }

    /// The name in claims.
    pub fn name(self) -> &'static str {
        match self {
            Self::ExactTrajectory => "exact-trajectory",
            Self::LemmaD2 => "lemma-d2",
            Self::LemmaD3 => "lemma-d3",
            Self::LimitConstant => "limit-constant",
            Self::Plateau => "plateau",
            Self::SidPlateau => "sid-plateau",
            Self::Theorem54 => "theorem-5-4",
            Self::Theorem55 => "theorem-5-5",
            Self::Simulation { .. } => "simulation",
            Self::SampledBound { .. } => "sampled-bound",
        }
    }

    /// Looks at an implementation; the others are about the theorems alone.
    pub fn needs_method(self) -> bool {
        matches!(
            self,
            Self::ExactTrajectory | Self::Simulation { .. } | Self::SampledBound { .. }
        )
    }

    /// The kind in verdicts.
    pub fn label(self) -> &'static str {
        match self {
            Self::ExactTrajectory => "exact-trajectory",
            Self::LemmaD2 | Self::LemmaD3 | Self::Plateau | Self::SidPlateau => "expectation",
            Self::LimitConstant => "limit",
            Self::Theorem54 | Self::Theorem55 => "bound",
            Self::Simulation { .. } => "simulation",
            Self::SampledBound { .. } => "sampled-bound",
        }
    }

    pub(super) fn catches(self, slack: f64) -> String {
        let percent = 100.0 * slack;
        match self {
            Self::ExactTrajectory => "Any deviation of an estimate from the recursion with the given indices and steps beyond the rounding floor (quoted in each verdict).".into(),
            Self::LemmaD2 => "A constant of Lemma D.2 that is too small at any i: the start from v_0 = 0, σ̂₁ from v_0 = v̂.".into(),
            Self::LemmaD3 => "A bound of Lemma D.3 that is too small at any i from v_0 = 0, where ‖y‖/(1-q) and γ decide, seldom σ̂₁.".into(),
            Self::LimitConstant => format!("A limit of (γ+k)·MSE more than {percent} % off tr Σ, on either side."),
            Self::Plateau => "A constant-step plateau other than the fixed point of the second-moment recursion.".into(),
            Self::SidPlateau => format!("A plateau of SID more than {percent} % off its exact bias, or NSID not below it where its exact limit is at most half of it."),
            Self::Theorem54 => "A constant of Theorem 5.4 that is too small where it matters.".into(),
            Self::Theorem55 => "A mean square error above C/k along the schedule, or less than a quarter of the exact floor where t, J or k is held fixed (the floors judged are named in each verdict).".into(),
            Self::Simulation { .. } => "A mean, mean square error or slope of log MSE on log(γ+k) that differs from the exact one by more than the quoted shift.".into(),
            Self::SampledBound { .. } => "A mean square error above the bound by more than the quoted ratio: the bound is loose, so only gross errors.".into(),
        }
    }
}

/// Statistical checks a claim makes on one instance.
pub fn statistical_checks(claim: &Claim) -> usize {
    let statistical = |c: &&Check| matches!(c.kind, CheckKind::Stochastic(s) if s.is_statistical());
    claim.checks.iter().filter(statistical).count()
}

/// The false-alarm probability of each of the `planned` statistical checks of a whole run.
///
/// # Errors
/// When `alpha` is outside (0, 1].
pub fn share(alpha: f64, planned: usize) -> Result<f64> {
    equal_share(alpha, planned.max(LEDGER_CAPACITY))
}

/// Everything a check looks at.
struct Setting<'a> {
    claim: &'a Claim,
    check: &'a Check,
    instance: &'a StochasticInstance,
    label: &'a Label,
    q: f64,
    /// False-alarm probability of this check.
    share: f64,
}

/// Judges `subject` on `instance` by every check of `claim`; each statistical one at false-alarm probability `share`.
pub fn judge(
    claim: &Claim,
    instance: &StochasticInstance,
    label: &Label,
    share: f64,
    subject: &mut dyn StochasticDifferentiator,
) -> Judged {
    let mut judged = Judged::default();
    let q = instance.map.q(&instance.lambda);
    let unmet = claim.hypotheses.iter().find_map(|h| broken(*h, instance));
    for check in &claim.checks {
        let setting = Setting {
            claim,
            check,
            instance,
            label,
            q,
            share,
        };
        let mut finding = match (&unmet, check.kind) {
            (Some(why), _) => not_applicable(why.clone()),
            (None, CheckKind::Stochastic(kind)) => {
                examine(&setting, kind, subject, &mut judged.records)
            }
            (None, _) => Finding::inconclusive("a deterministic check on a stochastic instance"),
        };
        judged.records.extend(finding.fit.take().map(Record::Fit));
        judged.verdicts.push(verdict(&setting, finding));
    }
    judged
}

/// Names the fault of a failing implementation on one instance: several names fit equally well, none means unknown.
pub fn name_fault(
    claim: &Claim,
    instance: &StochasticInstance,
    label: &Label,
    subject: &mut dyn StochasticDifferentiator,
) -> Vec<&'static str> {
    let Some(check) = claim.checks.first() else {
        return Vec::new();
    };
    let setting = Setting {
        claim,
        check,
        instance,
        label,
        q: instance.map.q(&instance.lambda),
        share: 0.0,
    };
    exact::name_fault(&setting, subject).unwrap_or_default()
}

fn examine(
    setting: &Setting<'_>,
    kind: StochasticCheck,
    subject: &mut dyn StochasticDifferentiator,
    records: &mut Vec<Record>,
) -> Finding {
    let outcome = match kind {
        StochasticCheck::ExactTrajectory => exact::judge(setting, subject),
        StochasticCheck::LemmaD2 => moments::lemma_d2(setting),
        StochasticCheck::LemmaD3 => moments::lemma_d3(setting),
        StochasticCheck::LimitConstant => moments::limit(setting, records),
        StochasticCheck::Plateau => moments::plateau_reached(setting, records),
        StochasticCheck::SidPlateau => sid::judge(setting, records),
        StochasticCheck::Theorem54 => theorem::judge(setting),
        StochasticCheck::Theorem55 => rate::judge(setting, records),
        StochasticCheck::Simulation { replicates } => {
            if setting.label.plot {
                records.extend(simulation::beside_exact(setting, replicates, subject));
            }
            simulation::means(setting, replicates, subject)
        }
        StochasticCheck::SampledBound { replicates } => {
            sampled_bound::judge(setting, replicates, subject)
        }
    };
    outcome.unwrap_or_else(|e| Finding::inconclusive(e.to_string()))
}

/// Why a hypothesis does not hold on an instance, if so.
pub fn broken(h: Hypothesis, instance: &StochasticInstance) -> Option<String> {
    let q = instance.map.q(&instance.lambda);
    match h {
        Hypothesis::Contraction if !(q < 1.0) => Some(format!(
            "hypothesis `contraction` does not hold: ‖D_T,1‖ ≤ q < 1 is not certified, q = {q:.6}"
        )),
        Hypothesis::UniqueDerivative => {
            let Some(s) = solution(&instance.map, &instance.lambda) else {
                return Some("w(λ) is not certified".into());
            };
            let d = s.w.len();
            let (mut u, mut w) = (vec![0.0; d], vec![0.0; d]);
            instance.map.apply(&s.w, &instance.lambda, &mut u, &mut w);
            let r = instance.map.kink_distance(&u, &instance.lambda);
            (r <= 2.0 * s.error).then(|| {
                format!("hypothesis `unique-derivative` does not hold: a unit of G is {r:e} from its kink at w(λ)")
            })
        }
        _ => None,
    }
}

fn not_applicable(why: String) -> Finding {
    Finding {
        status: Status::NotApplicable,
        ..Finding::inconclusive(why)
    }
}

fn decided(holds: bool, measured: f64, bound: f64, detail: String) -> Finding {
    Finding {
        status: if holds { Status::Pass } else { Status::Fail },
        measured,
        bound,
        slack: bound / measured,
        detail,
        fit: None,
        plot: None,
    }
}

/// A hypothesis that an instance cannot meet is a reason, not an error.
fn met<T>(outcome: std::result::Result<T, Unmet>) -> Result<T> {
    outcome.map_err(|e| Error::input(format!("hypothesis not met: {e}")))
}

fn verdict(setting: &Setting<'_>, finding: Finding) -> Verdict {
    let drawn = (&setting.instance.spec, setting.instance.seed);
    crate::claims::judge::verdict(setting.claim, setting.check, drawn, setting.label, finding)
}

impl Setting<'_> {
    /// Lemma D.3 for the minibatches of the instance, at its w.
    fn lemma_d3(&self) -> LemmaD3 {
        self.lemma_d3_at(&self.instance.w)
    }

    fn lemma_d3_at(&self, w: &[f64]) -> LemmaD3 {
        let i = self.instance;
        LemmaD3 {
            q: self.q,
            sigma1: i.map.variance(w, &i.lambda, i.batch).sigma1,
            y_norm: crate::linalg::product::norm2(&i.cotangent),
        }
    }

    /// Lemma D.3's steps.
    fn rate(&self) -> Result<Rate> {
        met(self.lemma_d3().rate(1.0, 1.0))
    }

    fn record(&self, figure: &str, gamma: f64, steps: Vec<usize>, series: Vec<Series>) -> Record {
        Record::Moments(MomentCurve {
            claim: self.claim.name.clone(),
            method: self.claim.method.name().into(),
            kind: self.instance.spec.kind.name().into(),
            instance: self.label.instance.clone(),
            figure: figure.into(),
            gamma,
            steps,
            series,
        })
    }
}

fn series(name: &str, values: Vec<f64>) -> Series {
    Series {
        name: name.into(),
        values,
    }
}

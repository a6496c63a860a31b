//! Verdicts counted: per claim and over a run.
//!
//! Owns which verdict stands for a claim and the word for the outcome. Must not know the mathematics:
//! a slack is a recorded number, smallest first.

use std::collections::BTreeSet;

use serde::Serialize;

use super::run::{ClaimInfo, Run};
use crate::claims::verdict::{Status, Verdict};

/// How many verdicts there are of each status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Counts {
    /// [`Status::Pass`].
    pub pass: usize,
    /// [`Status::Fail`].
    pub fail: usize,
    /// [`Status::Inconclusive`].
    pub inconclusive: usize,
    /// [`Status::NotApplicable`].
    pub not_applicable: usize,
}

impl Counts {
    /// Counts `verdicts`.
    pub fn of<'a>(verdicts: impl IntoIterator<Item = &'a Verdict>) -> Self {
        let mut counts = Self::default();
        for v in verdicts {
            *match v.status {
                Status::Pass => &mut counts.pass,
                Status::Fail => &mut counts.fail,
                Status::Inconclusive => &mut counts.inconclusive,
                Status::NotApplicable => &mut counts.not_applicable,
            } += 1;
        }
        counts
    }

    /// All verdicts.
    pub fn total(&self) -> usize {
        self.pass + self.fail + self.inconclusive + self.not_applicable
    }

    /// The outcome these counts amount to: one failure violates, one pass without a failure holds.
    pub fn outcome(&self) -> Outcome {
        if self.fail > 0 {
            Outcome::Violated
        } else if self.pass > 0 {
            Outcome::Holds
        } else if self.inconclusive > 0 {
            Outcome::Inconclusive
        } else if self.not_applicable > 0 {
            Outcome::NotApplicable
        } else {
            Outcome::NotJudged
        }
    }
}

/// What became of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// At least one verdict fails.
    Violated,
    /// At least one verdict passes and none fails.
    Holds,
    /// No instance decided it.
    Inconclusive,
    /// Its hypotheses held nowhere.
    NotApplicable,
    /// There is no verdict.
    NotJudged,
}

impl Outcome {
    /// The word in tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Violated => "VIOLATED",
            Self::Holds => "holds",
            Self::Inconclusive => "inconclusive",
            Self::NotApplicable => "not applicable",
            Self::NotJudged => "not judged",
        }
    }

    /// The name in files and style sheets.
    pub fn name(self) -> &'static str {
        match self {
            Self::Violated => "violated",
            Self::Holds => "holds",
            Self::Inconclusive => "inconclusive",
            Self::NotApplicable => "not-applicable",
            Self::NotJudged => "not-judged",
        }
    }
}

/// One claim with its verdicts.
#[derive(Clone, Debug)]
pub struct Tally<'a> {
    /// Claim by name.
    pub claim: &'a str,
    /// What the claim says, where the run recorded it.
    pub info: Option<&'a ClaimInfo>,
    /// "Theorem 4.1", ...; empty if neither recorded nor in a verdict.
    pub theorem: &'a str,
    /// Method by name; likewise.
    pub method: &'a str,
    /// Different instances among the verdicts.
    pub instances: usize,
    /// Verdicts by status.
    pub counts: Counts,
    /// All verdicts of the claim, in file order.
    pub verdicts: Vec<&'a Verdict>,
    /// The failing ones, smallest slack first (NaN before all: nothing is worse), else file order.
    pub failing: Vec<&'a Verdict>,
    /// The smallest slack among the passing verdicts of each kind of check, in the order the kinds first
    /// occur: slacks of different kinds do not compare.
    pub tightest: Vec<&'a Verdict>,
}

impl<'a> Tally<'a> {
    fn new(claim: &'a str, info: Option<&'a ClaimInfo>, verdicts: Vec<&'a Verdict>) -> Self {
        let mut failing: Vec<&Verdict> = verdicts
            .iter()
            .copied()
            .filter(|v| v.status == Status::Fail)
            .collect();
        failing.sort_by(|a, b| {
            b.slack
                .is_nan()
                .cmp(&a.slack.is_nan())
                .then(a.slack.total_cmp(&b.slack))
        });
        let mut tightest: Vec<&Verdict> = Vec::new();
        for &v in verdicts
            .iter()
            .filter(|v| v.status == Status::Pass && !v.slack.is_nan())
        {
            match tightest.iter_mut().find(|t| t.check == v.check) {
                None => tightest.push(v),
                Some(t) if v.slack < t.slack => *t = v,
                Some(_) => {}
            }
        }
        let instances: BTreeSet<&str> = verdicts.iter().map(|v| v.instance.id.as_str()).collect();
        let recorded = |get: fn(&ClaimInfo) -> &str| info.map(get).filter(|s| !s.is_empty());
        let first = verdicts.first();
        Self {
            claim,
            info,
            theorem: recorded(|i| &i.theorem)
                .or(first.map(|v| v.theorem.as_str()))
                .unwrap_or(""),
            method: recorded(|i| &i.method)
                .or(first.map(|v| v.method.as_str()))
                .unwrap_or(""),
            instances: instances.len(),
            counts: Counts::of(verdicts.iter().copied()),
            verdicts,
            failing,
            tightest,
        }
    }

    /// What became of the claim.
    pub fn outcome(&self) -> Outcome {
        self.counts.outcome()
    }

    /// The verdict that stands for the claim: the worst failing one, else the tightest of its first kind of
    /// check.
    pub fn worst(&self) -> Option<&'a Verdict> {
        self.failing.first().or(self.tightest.first()).copied()
    }

    /// What a pass would have caught, if that is known and the claim passes.
    pub fn caught(&self) -> Option<&'a str> {
        let caught = self
            .info
            .map(|i| i.caught.as_str())
            .filter(|c| !c.is_empty());
        caught.filter(|_| self.outcome() == Outcome::Holds)
    }
}

/// A run with its verdicts grouped by claim.
#[derive(Clone, Debug)]
pub struct Summary<'a> {
    /// The claims of `run.json` in its order, then claims that only verdicts name, in file order.
    pub claims: Vec<Tally<'a>>,
    /// Over all claims.
    pub counts: Counts,
}

impl<'a> Summary<'a> {
    /// Groups the verdicts of `run`.
    pub fn of(run: &'a Run) -> Self {
        let mut groups: Vec<(&str, Option<&ClaimInfo>, Vec<&Verdict>)> = run
            .info
            .claims
            .iter()
            .map(|c| (c.name.as_str(), Some(c), Vec::new()))
            .collect();
        let mut at = 0;
        for v in &run.verdicts {
            // Verdicts of a claim stand together, so the last group is nearly always the right one.
            if groups.get(at).is_none_or(|g| g.0 != v.claim) {
                at = groups
                    .iter()
                    .position(|g| g.0 == v.claim)
                    .unwrap_or_else(|| {
                        groups.push((&v.claim, None, Vec::new()));
                        groups.len() - 1
                    });
            }
            groups[at].2.push(v);
        }
        Self {
            claims: groups
                .into_iter()
                .map(|(name, info, verdicts)| Tally::new(name, info, verdicts))
                .collect(),
            counts: Counts::of(&run.verdicts),
        }
    }

    /// Claims with this outcome.
    pub fn claims_that(&self, outcome: Outcome) -> usize {
        self.claims
            .iter()
            .filter(|t| t.outcome() == outcome)
            .count()
    }

    /// The result in one sentence.
    pub fn headline(&self) -> String {
        let all = self.claims.len();
        let (violated, holds) = (
            self.claims_that(Outcome::Violated),
            self.claims_that(Outcome::Holds),
        );
        let undecided = all - violated - holds;
        if all == 0 {
            return "No claims were run".into();
        }
        if violated > 0 {
            return format!(
                "{violated} of {} violated",
                super::format::count(all, "claim")
            );
        }
        if holds == 0 {
            return "Nothing was violated, and nothing could be judged".into();
        }
        let rest = if undecided > 0 {
            format!("; {undecided} could not be judged")
        } else {
            String::new()
        };
        match (holds == all, all) {
            (true, 1) => "The claim holds".into(),
            (true, _) => format!("All {all} claims hold"),
            (false, _) => format!("{holds} of {all} claims hold{rest}"),
        }
    }

    /// "12 claims, 812 verdicts: 800 pass, 0 fail, 12 inconclusive, 0 not applicable".
    pub fn closing(&self) -> String {
        let c = &self.counts;
        format!(
            "{}, {}: {} pass, {} fail, {} inconclusive, {} not applicable",
            super::format::count(self.claims.len(), "claim"),
            super::format::count(c.total(), "verdict"),
            c.pass,
            c.fail,
            c.inconclusive,
            c.not_applicable
        )
    }
}

//! What becomes of a claim, given its verdicts.
//!
//! Owns the counts by ruling, for each check and for the claim, and the rule that turns them into
//! an outcome.

use std::fmt;

use serde::Serialize;

use super::verdict::Verdict;
use crate::checks::Ruling;

/// How many verdicts there are of each ruling.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Counts {
    /// [`Ruling::Pass`].
    pub pass: usize,
    /// [`Ruling::Fail`].
    pub fail: usize,
    /// [`Ruling::Inconclusive`].
    pub inconclusive: usize,
    /// [`Ruling::NotApplicable`].
    pub not_applicable: usize,
}

impl Counts {
    /// Counts `verdicts`.
    pub fn of<'a>(verdicts: impl IntoIterator<Item = &'a Verdict>) -> Self {
        let mut counts = Self::default();
        verdicts.into_iter().for_each(|v| counts.add(v.status));
        counts
    }

    /// Adds those of another count.
    pub fn join(&mut self, other: &Self) {
        self.pass += other.pass;
        self.fail += other.fail;
        self.inconclusive += other.inconclusive;
        self.not_applicable += other.not_applicable;
    }

    /// Counts one.
    pub fn add(&mut self, ruling: Ruling) {
        *match ruling {
            Ruling::Pass => &mut self.pass,
            Ruling::Fail => &mut self.fail,
            Ruling::Inconclusive => &mut self.inconclusive,
            Ruling::NotApplicable => &mut self.not_applicable,
        } += 1;
    }

    /// All verdicts.
    pub fn total(&self) -> usize {
        self.applicable() + self.not_applicable
    }

    /// Verdicts that say something of the claim.
    pub fn decided(&self) -> usize {
        self.pass + self.fail
    }

    /// Verdicts that should have said something of the claim: its hypotheses held there.
    pub fn applicable(&self) -> usize {
        self.decided() + self.inconclusive
    }

    /// Decided among applicable verdicts, in [0, 1]; none where the claim applied nowhere.
    pub fn share(&self) -> Option<f64> {
        let all = self.applicable();
        (all > 0).then(|| self.decided() as f64 / all as f64)
    }
}

/// What became of a claim, or of a run of several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Outcome {
    /// At least one verdict fails.
    Violated,
    /// None fails, and each check that applied somewhere decided at least one instance.
    Holds,
    /// None fails in this shard. Only the whole run says whether the claim holds.
    Open,
    /// None fails, but some check that applied decided no instance.
    Undecided,
    /// Its hypotheses held nowhere.
    NotApplicable,
    /// There is no verdict.
    NotJudged,
}

impl Outcome {
    /// The name in files and style sheets.
    pub fn name(self) -> &'static str {
        match self {
            Self::Violated => "violated",
            Self::Holds => "holds",
            Self::Open => "open",
            Self::Undecided => "undecided",
            Self::NotApplicable => "not-applicable",
            Self::NotJudged => "not-judged",
        }
    }

    /// Of a run, by the outcomes of its claims: one violation violates it, one undecided claim
    /// leaves it undecided, and claims that applied nowhere count only where there is nothing else.
    pub fn of_run(claims: impl IntoIterator<Item = Self>) -> Self {
        // The order of the variants, but for a claim that holds: one that does not weighs more.
        let rank = |o: &Self| match o {
            Self::Violated => 0,
            Self::Undecided => 1,
            Self::Open => 2,
            Self::Holds => 3,
            Self::NotApplicable => 4,
            Self::NotJudged => 5,
        };
        claims
            .into_iter()
            .min_by_key(rank)
            .unwrap_or(Self::NotJudged)
    }
}

/// One check of a claim over all instances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CheckCounts<'a> {
    /// The check by name: the last part of the ids of its verdicts.
    pub check: &'a str,
    /// Its verdicts.
    pub counts: Counts,
}

/// A claim by its verdicts.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Standing<'a> {
    /// Over all checks.
    pub counts: Counts,
    /// For each check, in the order they first occur.
    pub checks: Vec<CheckCounts<'a>>,
    /// What became of the claim.
    pub outcome: Outcome,
}

impl<'a> Standing<'a> {
    /// Of the verdicts of one claim. In a `whole` run each check must have decided an instance, or
    /// the claim does not hold: a check that is inconclusive everywhere has shown nothing, however
    /// often the others pass. Exempt is a check for which nothing but "not applicable" came back. A
    /// shard has seen a part of the instances only, so that it concludes nothing but violations.
    pub fn of(verdicts: impl IntoIterator<Item = &'a Verdict>, whole: bool) -> Self {
        let mut checks: Vec<CheckCounts<'a>> = Vec::new();
        for v in verdicts {
            let check = v.check_name();
            let at = checks.iter().position(|c| c.check == check);
            let at = at.unwrap_or_else(|| {
                let counts = Counts::default();
                checks.push(CheckCounts { check, counts });
                checks.len() - 1
            });
            checks[at].counts.add(v.status);
        }
        Self::counted(checks, whole)
    }

    /// The same of verdicts that were counted before.
    pub fn counted(checks: Vec<CheckCounts<'a>>, whole: bool) -> Self {
        let mut counts = Counts::default();
        checks.iter().for_each(|c| counts.join(&c.counts));
        let outcome = if counts.fail > 0 {
            Outcome::Violated
        } else if counts.total() == 0 {
            Outcome::NotJudged
        } else if counts.applicable() == 0 && whole {
            Outcome::NotApplicable
        } else if !whole {
            Outcome::Open
        } else if counts.pass == 0 || checks.iter().any(CheckCounts::is_silent) {
            Outcome::Undecided
        } else {
            Outcome::Holds
        };
        Self {
            counts,
            checks,
            outcome,
        }
    }

    /// The checks that applied somewhere and decided nothing.
    pub fn silent(&self) -> impl Iterator<Item = &'a str> {
        let silent = self.checks.iter().filter(|c| c.is_silent());
        silent.map(|c| c.check)
    }
}

impl<'a> CheckCounts<'a> {
    /// Of a check by name.
    pub fn new(check: &'a str, counts: Counts) -> Self {
        Self { check, counts }
    }

    fn is_silent(&self) -> bool {
        self.counts.share() == Some(0.0)
    }
}

/// The word in tables.
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Violated => "VIOLATED",
            Self::Holds => "holds",
            Self::Open => "open",
            Self::Undecided => "undecided",
            Self::NotApplicable => "not applicable",
            Self::NotJudged => "not judged",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claims::InstanceId;
    use crate::instances::{Kind, Spec};

    fn verdict(index: usize, check: &str, status: Ruling) -> Verdict {
        let id = format!("a/tight.0.{index}/{check}");
        Verdict {
            schema: 1,
            replay: format!("ratecert replay {id}"),
            claim: "a".into(),
            theorem: String::new(),
            method: "itd".into(),
            instance: InstanceId {
                kind: "tight".into(),
                id: format!("tight.0.{index}"),
                seed: 0,
                spec: Spec::typical(Kind::Tight, 3),
                redrawn: 0,
            },
            status,
            check: check.into(),
            measured: f64::NAN,
            bound: f64::NAN,
            slack: f64::NAN,
            detail: String::new(),
            id,
            unit: None,
            headroom: f64::NAN,
            attained: false,
            step: None,
            reason: None,
            smallest: None,
            diagnosis: None,
        }
    }

    /// One letter a verdict, instances one after another: p, f, i, n.
    fn outcome(checks: &[(&str, &str)], whole: bool) -> (Outcome, Option<f64>) {
        let mut verdicts = Vec::new();
        for (check, rulings) in checks {
            for (i, letter) in rulings.chars().enumerate() {
                let row = Ruling::NAMES.iter().find(|r| r.0.starts_with(letter));
                verdicts.push(verdict(i, check, row.unwrap().1));
            }
        }
        let standing = Standing::of(&verdicts, whole);
        (standing.outcome, standing.counts.share())
    }

    /// One pass was enough before, although the other check of the claim was inconclusive
    /// everywhere.
    #[test]
    fn each_check_must_decide_an_instance() {
        use Outcome::{Holds, NotApplicable, NotJudged, Open, Undecided, Violated};
        for (checks, whole, in_a_shard, share) in [
            (&[("a", "pp"), ("b", "ii")][..], Undecided, Open, Some(0.5)),
            (
                &[("a", "pp"), ("b", "in")],
                Undecided,
                Open,
                Some(2.0 / 3.0),
            ),
            (&[("a", "pi"), ("b", "ip")], Holds, Open, Some(0.5)),
            (&[("a", "pp"), ("b", "nn")], Holds, Open, Some(1.0)),
            (&[("a", "pf"), ("b", "ii")], Violated, Violated, Some(0.5)),
            (&[("a", "ii"), ("b", "nn")], Undecided, Open, Some(0.0)),
            (&[("a", "nn")], NotApplicable, Open, None),
            (&[], NotJudged, NotJudged, None),
        ] {
            assert_eq!(outcome(checks, true), (whole, share), "{checks:?}");
            assert_eq!(outcome(checks, false), (in_a_shard, share), "{checks:?}");
        }
    }

    #[test]
    fn checks_that_decided_nothing_are_named() {
        let verdicts = [
            verdict(0, "bound-paper", Ruling::Pass),
            verdict(0, "local-rate", Ruling::Inconclusive),
            verdict(1, "bound-paper", Ruling::Inconclusive),
        ];
        let standing = Standing::of(&verdicts, true);
        assert_eq!(standing.silent().collect::<Vec<_>>(), ["local-rate"]);
        assert_eq!(standing.checks[0].counts.share(), Some(0.5));
    }

    #[test]
    fn a_run_is_as_good_as_its_worst_claim_that_applied() {
        use Outcome::{Holds, NotApplicable, NotJudged, Open, Undecided, Violated};
        for (claims, run) in [
            (&[Holds, NotApplicable, NotJudged][..], Holds),
            (&[Holds, Undecided], Undecided),
            (&[Undecided, Violated, Holds], Violated),
            (&[Open, NotJudged], Open),
            (&[NotApplicable, NotJudged], NotApplicable),
            (&[], NotJudged),
        ] {
            assert_eq!(Outcome::of_run(claims.iter().copied()), run);
        }
    }
}

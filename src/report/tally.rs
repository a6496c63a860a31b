//! Verdicts counted: per claim and over a run.
//!
//! Owns which verdict stands for a claim and the headline. Must not know the mathematics: a slack
//! is a recorded number, smallest first, and what becomes of a claim is asked of `claims`.

use std::collections::BTreeSet;

use super::gather::{ClaimCount, Counted};
use super::order::worst_first;
use super::run::{ClaimInfo, Run};
use crate::checks::Ruling;
use crate::claims::{CheckCounts, Counts, Outcome, Standing, Verdict};

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
    /// Verdicts by ruling, over all checks and for each, and the outcome.
    pub standing: Standing<'a>,
    /// The verdicts of the claim, in file order; in a very large run some of them.
    pub verdicts: Vec<&'a Verdict>,
    /// The failing ones, the worst first, else file order.
    pub failing: Vec<&'a Verdict>,
    /// The smallest slack among the passing verdicts of each kind of check, in the order the kinds
    /// first occur: slacks of different kinds do not compare.
    pub tightest: Vec<&'a Verdict>,
}

impl<'a> Tally<'a> {
    fn new(
        claim: &'a str,
        info: Option<&'a ClaimInfo>,
        verdicts: Vec<&'a Verdict>,
        counted: Option<&'a ClaimCount>,
        whole: bool,
    ) -> Self {
        let mut failing: Vec<&Verdict> = verdicts
            .iter()
            .copied()
            .filter(|v| v.status == Ruling::Fail)
            .collect();
        failing.sort_by(|a, b| worst_first(a, b));
        let mut tightest: Vec<&Verdict> = Vec::new();
        for &v in verdicts
            .iter()
            .filter(|v| v.status == Ruling::Pass && !v.slack.is_nan())
        {
            match tightest.iter_mut().find(|t| t.check == v.check) {
                None => tightest.push(v),
                Some(t) if v.slack < t.slack => *t = v,
                Some(_) => {}
            }
        }
        let different = || {
            let ids = verdicts.iter().map(|v| v.instance.id.as_str());
            ids.collect::<BTreeSet<_>>().len()
        };
        let check = |(check, counts): &'a (String, Counts)| CheckCounts::new(check, *counts);
        let standing = match counted {
            Some(c) => Standing::counted(c.checks.iter().map(check).collect(), whole),
            None => Standing::of(verdicts.iter().copied(), whole),
        };
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
            instances: counted.map_or_else(different, |c| c.instances),
            standing,
            verdicts,
            failing,
            tightest,
        }
    }

    /// What became of the claim.
    pub fn outcome(&self) -> Outcome {
        self.standing.outcome
    }

    /// The verdict that stands for the claim: the worst failing one, else the tightest of its first
    /// kind of check.
    pub fn worst(&self) -> Option<&'a Verdict> {
        self.failing.first().or(self.tightest.first()).copied()
    }

    /// What a pass would have caught, if that is known and the claim passes, in a shard so far.
    pub fn caught(&self) -> Option<&'a str> {
        let caught = self
            .info
            .map(|i| i.caught.as_str())
            .filter(|c| !c.is_empty());
        caught.filter(|_| matches!(self.outcome(), Outcome::Holds | Outcome::Open))
    }
}

/// A run with its verdicts grouped by claim.
#[derive(Clone, Debug)]
pub struct Summary<'a> {
    /// The claims of `run.json` in its order, then claims that only verdicts name, in file order.
    pub claims: Vec<Tally<'a>>,
    /// Over all claims.
    pub counts: Counts,
    /// What became of the run.
    pub outcome: Outcome,
    /// (i, n) where the run is shard i of n.
    shard: Option<(usize, usize)>,
    counted: Option<&'a Counted>,
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
        let shard = run.info.shard;
        let counted = run.counted.as_ref();
        let of = |name: &str| counted.and_then(|c| c.claims.get(name));
        let claims: Vec<Tally<'_>> = groups
            .into_iter()
            .map(|(name, info, own)| Tally::new(name, info, own, of(name), shard.is_none()))
            .collect();
        let mut counts = Counts::default();
        claims.iter().for_each(|t| counts.join(&t.standing.counts));
        Self {
            outcome: Outcome::of_run(claims.iter().map(Tally::outcome)),
            claims,
            counts,
            shard,
            counted,
        }
    }

    /// Draws that could not decide their claim and were drawn again before any method ran.
    pub fn redrawn(&self) -> usize {
        if let Some(counted) = self.counted {
            return counted.claims.values().map(|c| c.redrawn).sum();
        }
        let of = |t: &Tally<'_>| {
            let each = t
                .verdicts
                .iter()
                .map(|v| (&v.instance.id, v.instance.redrawn));
            each.collect::<BTreeSet<_>>()
                .iter()
                .map(|i| i.1)
                .sum::<usize>()
        };
        self.claims.iter().map(of).sum()
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
        if self.counts.pass == 0 {
            return "Nothing was violated, and nothing could be judged".into();
        }
        if let Some((i, n)) = self.shard {
            return format!("Nothing was violated in shard {i} of {n}; the whole run decides");
        }
        if holds == 0 {
            return "Nothing was violated, and no claim was decided".into();
        }
        let rest = if undecided > 0 {
            format!("; {undecided} could not be decided")
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
        let redrawn = match self.redrawn() {
            0 => String::new(),
            n => format!("; {} given up", super::format::count(n, "draw")),
        };
        format!(
            "{}, {}: {} pass, {} fail, {} inconclusive, {} not applicable; {} decided{redrawn}",
            super::format::count(self.claims.len(), "claim"),
            super::format::count(c.total(), "verdict"),
            c.pass,
            c.fail,
            c.inconclusive,
            c.not_applicable,
            super::format::percent(c.decided(), c.applicable())
        )
    }

    /// The claims with checks that applied somewhere and decided nothing, and these checks. In a
    /// shard the others may have decided them: there are none.
    pub fn silent(&self) -> Vec<(&'a str, String)> {
        let whole = self.claims.iter().filter(|_| self.shard.is_none());
        let named = whole.map(|t| (t.claim, t.standing.silent().collect::<Vec<_>>().join(", ")));
        named.filter(|(_, checks)| !checks.is_empty()).collect()
    }
}

//! A run of any size, read line by line: counted in full, and of its verdicts and records as many
//! kept as a report shows.
//!
//! Owns which ones those are. Up to [`KEPT`] verdicts all are, so that nothing is thinned in an
//! ordinary run. Every rule is "the first, or the least, so many of a group": what is dropped early
//! would be dropped at the end as well, so that the result does not depend on when it is done.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use super::lines::{parse_record, parse_verdict};
use super::names::Names;
use super::order::{by_headroom, by_slack, worst_first};
use crate::checks::{Data, Reason, Ruling};
use crate::claims::{Counts, Record, Verdict};
use crate::error::Result;
use crate::files::{Extent, Lines};

/// Verdicts, and records, of which a run has all in its report.
pub(super) const KEPT: usize = 50_000;

/// Of one claim at least: the first verdicts, those with the least headroom, other ones.
const FIRST: usize = 30;
const CLOSE: usize = 20;
const OTHERS: usize = 300;

/// Records of one quantity.
const OF_A_KEY: usize = 200;

/// Bytes of a file that are held.
const PIECE: usize = 1 << 20;

/// All verdicts of a run of which not all were kept.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counted {
    /// By claim.
    pub claims: BTreeMap<String, ClaimCount>,
    /// Undecided and not applicable ones by reason and claim.
    pub open: BTreeMap<(bool, Option<Reason>, String), usize>,
    /// Verdicts in all, and records.
    pub verdicts: usize,
    /// Records in all.
    pub records: usize,
    /// Records that were kept.
    pub kept_records: usize,
}

/// All verdicts of one claim.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClaimCount {
    /// For each check, in the order they first occur.
    pub checks: Vec<(String, Counts)>,
    /// Different instances.
    pub instances: usize,
    /// Draws given up.
    pub redrawn: usize,
    last: String,
}

/// What is kept so far.
pub(super) struct Gather {
    /// [`KEPT`], or fewer in tests.
    most: usize,
    counted: Counted,
    verdicts: Vec<(usize, Verdict)>,
    records: Vec<(usize, Record)>,
}

impl Gather {
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            counted: Counted::default(),
            verdicts: Vec::new(),
            records: Vec::new(),
        }
    }

    /// Of the recorded files of a directory, `verdicts.jsonl` and `records.jsonl`, and what the two
    /// hold. A missing `records.jsonl` is an empty one.
    ///
    /// # Errors
    /// Names file, line and field.
    pub(super) fn read(dir: &Path) -> Result<(Self, [Extent; 2])> {
        let mut gather = Self::new(KEPT);
        let mut names = Names::default();
        let mut lines = Lines::open(&dir.join("verdicts.jsonl"), PIECE)?;
        while lines.advance()? {
            let verdict = parse_verdict(lines.line()?);
            let verdict = verdict.and_then(|v| names.verdict(&v).map(|()| v));
            gather.verdict(verdict.map_err(|e| lines.blame(e))?);
        }
        let path = dir.join("records.jsonl");
        let mut extents = [lines.extent(), Extent::of("")];
        if !path.try_exists().is_ok_and(|there| !there) {
            let mut lines = Lines::open(&path, PIECE)?;
            while lines.advance()? {
                let record = parse_record(lines.line()?);
                let record = record.and_then(|r| names.record(&r).map(|()| r));
                gather.record(record.map_err(|e| lines.blame(e))?);
            }
            extents[1] = lines.extent();
        }
        Ok((gather, extents))
    }

    pub(super) fn counts(&self) -> (usize, usize) {
        (self.counted.verdicts, self.counted.records)
    }

    pub(super) fn verdict(&mut self, verdict: Verdict) {
        self.counted.add(&verdict);
        self.verdicts.push((self.counted.verdicts, verdict));
        if self.verdicts.len() > 2 * self.most {
            self.thin_verdicts();
        }
    }

    pub(super) fn record(&mut self, record: Record) {
        self.counted.records += 1;
        self.records.push((self.counted.records, record));
        if self.records.len() > 2 * self.most {
            self.thin_records();
        }
    }

    /// Verdicts and records in the order of their files; the counts where not all of them are
    /// there.
    pub(super) fn finish(mut self) -> (Vec<Verdict>, Vec<Record>, Option<Counted>) {
        let (verdicts, records) = self.counts();
        if verdicts > self.most {
            self.thin_verdicts();
        }
        if records > self.most {
            self.thin_records();
        }
        self.counted.kept_records = self.records.len();
        let thinned = verdicts.max(records) > self.most;
        let verdicts = self.verdicts.into_iter().map(|(_, v)| v).collect();
        let records = self.records.into_iter().map(|(_, r)| r).collect();
        (verdicts, records, thinned.then_some(self.counted))
    }

    fn thin_verdicts(&mut self) {
        let mut groups: HashMap<&str, Vec<usize>> = HashMap::new();
        for (at, (_, v)) in self.verdicts.iter().enumerate() {
            groups.entry(&v.claim).or_default().push(at);
        }
        let mut kept: BTreeSet<usize> = BTreeSet::new();
        for own in groups.values() {
            kept.extend(&own[..own.len().min(FIRST)]);
            let verdict = |at: usize| &self.verdicts[at].1;
            let least = |of: &dyn Fn(&Verdict) -> bool, order: Order| {
                let mut some: Vec<usize> =
                    own.iter().copied().filter(|at| of(verdict(*at))).collect();
                some.sort_by(|a, b| order(verdict(*a), verdict(*b)));
                some
            };
            let passes = |v: &Verdict| v.status == Ruling::Pass;
            kept.extend(least(&passes, by_headroom).iter().take(CLOSE));
            let fails = |v: &Verdict| v.status == Ruling::Fail;
            kept.extend(least(&fails, worst_first).iter().take(OTHERS));
            let mut open: BTreeMap<Open, usize> = BTreeMap::new();
            for &at in own {
                let v = verdict(at);
                if v.status.is_decided() {
                    continue;
                }
                let seen = open.entry((v.status == Ruling::NotApplicable, v.reason));
                let seen = seen.or_default();
                *seen += 1;
                if *seen <= OTHERS {
                    kept.insert(at);
                }
            }
            // The tightest of each kind of check, and the closest call of each unit.
            kept.extend(firsts(least(&passes, by_slack), |at| {
                verdict(at).check.as_str()
            }));
            let unit = |at| (verdict(at).unit, verdict(at).attained);
            kept.extend(firsts(least(&passes, by_headroom), unit));
            kept.extend(firsts(own.clone(), |at| verdict(at).instance.kind.as_str()));
            // The order in which kinds of checks first occur.
            let mut with_slack = own.clone();
            with_slack.retain(|at| passes(verdict(*at)) && !verdict(*at).slack.is_nan());
            kept.extend(firsts(with_slack, |at| verdict(at).check.as_str()));
        }
        let mut at = 0;
        self.verdicts.retain(|_| {
            at += 1;
            kept.contains(&(at - 1))
        });
    }

    fn thin_records(&mut self) {
        let mut groups: HashMap<String, Vec<usize>> = HashMap::new();
        let mut kept: BTreeSet<usize> = BTreeSet::new();
        for (at, (_, r)) in self.records.iter().enumerate() {
            match r.data {
                Data::Fit(_) | Data::Slack(_) | Data::Race(_) => {
                    groups.entry(r.key()).or_default().push(at);
                }
                // Drawn of a few instances only.
                _ => {
                    kept.insert(at);
                }
            }
        }
        for own in groups.values() {
            kept.extend(&own[..own.len().min(OF_A_KEY)]);
            let slack = |at: &usize| match &self.records[*at].1.data {
                Data::Slack(s) => s.slack,
                _ => f64::INFINITY,
            };
            kept.extend(own.iter().min_by(|a, b| slack(a).total_cmp(&slack(b))));
        }
        let mut at = 0;
        self.records.retain(|_| {
            at += 1;
            kept.contains(&(at - 1))
        });
    }
}

impl Counted {
    fn add(&mut self, v: &Verdict) {
        self.verdicts += 1;
        if !self.claims.contains_key(&v.claim) {
            self.claims.insert(v.claim.clone(), ClaimCount::default());
        }
        if let Some(claim) = self.claims.get_mut(&v.claim) {
            claim.add(v);
        }
        if !v.status.is_decided() {
            let apart = v.status == Ruling::NotApplicable;
            *{
                self.open
                    .entry((apart, v.reason, v.claim.clone()))
                    .or_default()
            } += 1;
        }
    }
}

impl ClaimCount {
    fn add(&mut self, v: &Verdict) {
        let check = v.check_name();
        let at = self.checks.iter().position(|(name, _)| name == check);
        let at = at.unwrap_or_else(|| {
            self.checks.push((check.into(), Counts::default()));
            self.checks.len() - 1
        });
        self.checks[at].1.add(v.status);
        // Verdicts of an instance stand together.
        if self.last != v.instance.id {
            self.last.clone_from(&v.instance.id);
            self.instances += 1;
            self.redrawn = self.redrawn.saturating_add(v.instance.redrawn);
        }
    }
}

/// Whether the claim did not apply, and why nothing was decided.
type Open = (bool, Option<Reason>);

type Order = fn(&Verdict, &Verdict) -> Ordering;

/// The first of each group.
fn firsts<K: PartialEq>(sorted: Vec<usize>, key: impl Fn(usize) -> K) -> Vec<usize> {
    let mut seen: Vec<K> = Vec::new();
    let mut out = Vec::new();
    for at in sorted {
        let own = key(at);
        if !seen.contains(&own) {
            seen.push(own);
            out.push(at);
        }
    }
    out
}

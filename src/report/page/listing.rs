//! All verdicts, a group per claim: failing ones, undecided ones, then by theorem.

use super::claim::said;
use super::spans::{Span, spans};
use super::status::{Shape, ruled, shape};
use super::theorems::{THEOREMS, place_of};
use super::words::{digits, grouped, headroom};
use crate::checks::Ruling;
use crate::claims::Verdict;
use crate::report::order::by_headroom;
use crate::report::tally::Tally;

/// Passing verdicts of one claim on the page, those with the least headroom first; and other ones.
/// Pages are sent by mail and opened on phones: what is left out is said, and stands in
/// verdicts.jsonl.
pub(super) const PASSING: usize = 20;
pub(super) const OTHERS: usize = 300;

/// The verdicts of one claim.
pub(super) struct Group<'a> {
    pub(super) stem: String,
    pub(super) name: &'a str,
    pub(super) method: &'a str,
    /// Id of its theorem.
    pub(super) theorem: &'static str,
    pub(super) shape: Shape,
    pub(super) said: String,
    pub(super) replay: &'a str,
    pub(super) rows: Vec<Row<'a>>,
    /// What is left out; empty where nothing is.
    pub(super) left_out: String,
}

/// One verdict.
pub(super) struct Row<'a> {
    /// The id without the claim.
    pub(super) name: &'a str,
    /// Name of the ruling in filters.
    pub(super) ruling: &'static str,
    pub(super) word: &'static str,
    pub(super) class: &'static str,
    pub(super) measured: String,
    pub(super) bound: String,
    pub(super) headroom: String,
    pub(super) detail: Vec<Span>,
}

impl<'a> Row<'a> {
    fn new(v: &'a Verdict) -> Self {
        let name = v.id.strip_prefix(v.claim.as_str());
        Self {
            name: name.map_or(v.id.as_str(), |n| n.trim_start_matches('/')),
            ruling: v.status.name(),
            word: ruled(v.status),
            class: shape(v.status).class(),
            measured: digits(v.measured),
            bound: digits(v.bound),
            headroom: headroom(v),
            detail: spans(&v.detail),
        }
    }
}

impl Row<'_> {
    /// Most rows do, and say so in as few bytes as possible.
    pub(super) fn passes(&self) -> bool {
        self.ruling == Ruling::Pass.name()
    }
}

impl<'a> Group<'a> {
    fn new(tally: &Tally<'a>, stem: &str) -> Self {
        let mut sorted = tally.verdicts.clone();
        // Ties keep the order of the file; what has no headroom comes last.
        sorted.sort_by(|a, b| {
            let by_status = rank(a.status).cmp(&rank(b.status));
            by_status.then_with(|| by_headroom(a, b))
        });
        let passing = |v: &Verdict| v.status == Ruling::Pass;
        let mut rows = Vec::new();
        let (mut passed, mut others) = (0, 0);
        let counts = &tally.standing.counts;
        for v in &sorted {
            let (seen, most) = if passing(v) {
                (&mut passed, PASSING)
            } else {
                (&mut others, OTHERS)
            };
            *seen += 1;
            if *seen <= most {
                rows.push(Row::new(v));
            }
        }
        Self {
            stem: stem.to_owned(),
            name: tally.claim,
            method: tally.method,
            theorem: THEOREMS[place_of(tally)].id,
            shape: Shape::of(tally.outcome()),
            said: said(&tally.standing.counts),
            replay: sorted.first().map_or("", |v| &v.replay),
            rows,
            left_out: left_out(counts.pass, counts.total() - counts.pass, (passed, others)),
        }
    }
}

/// Of so many there are so many at hand, of which at most [`PASSING`] and [`OTHERS`] are shown.
fn left_out(passed: usize, others: usize, (_, at_hand): (usize, usize)) -> String {
    let mut parts = Vec::new();
    let shown = at_hand.min(OTHERS);
    if others > shown {
        parts.push(format!("{shown} of {} that do not pass", grouped(others)));
    }
    if passed > PASSING {
        parts.push(format!(
            "{PASSING} of {} that pass, least headroom first",
            grouped(passed)
        ));
    }
    parts.join("; ")
}

/// The groups of all claims that have verdicts; `stems` are the ids of `claims`.
pub(super) fn groups<'a>(claims: &[Tally<'a>], stems: &[String]) -> Vec<Group<'a>> {
    let with_verdicts = claims
        .iter()
        .zip(stems)
        .filter(|(t, _)| !t.verdicts.is_empty());
    let mut order: Vec<_> = with_verdicts.collect();
    order.sort_by_key(|(t, _)| {
        let c = &t.standing.counts;
        (c.fail == 0, c.inconclusive == 0, place_of(t))
    });
    order
        .into_iter()
        .map(|(t, stem)| Group::new(t, stem))
        .collect()
}

fn rank(ruling: Ruling) -> u8 {
    match ruling {
        Ruling::Fail => 0,
        Ruling::Inconclusive => 1,
        Ruling::NotApplicable => 2,
        Ruling::Pass => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_said() {
        assert_eq!(left_out(PASSING, OTHERS, (PASSING, OTHERS)), "");
        assert_eq!(
            left_out(417, 1000, (417, 1000)),
            "300 of 1\u{202f}000 that do not pass; 20 of 417 that pass, least headroom first"
        );
    }
}

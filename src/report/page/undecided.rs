//! What was not decided, by reason and not by claim.

use super::spans::{Span, spans};
use super::words::grouped;
use crate::checks::{Reason, Ruling};
use crate::claims::Verdict;
use crate::report::facts::why;
use crate::report::run::Run;

/// Instances listed below one reason.
const SHOWN: usize = 60;

/// One reason with its verdicts.
pub(super) struct ReasonView<'a> {
    pub(super) words: String,
    pub(super) count: String,
    /// Whether the claim did not apply, rather than could not be decided.
    pub(super) apart: bool,
    pub(super) claims: Vec<(&'a str, String, String)>,
    pub(super) rows: Vec<Instance<'a>>,
    /// How many more there are.
    pub(super) more: usize,
}

/// One verdict that decides nothing.
pub(super) struct Instance<'a> {
    pub(super) id: &'a str,
    pub(super) detail: Vec<Span>,
}

/// Whether the claim did not apply, and why.
type Key = (bool, Option<Reason>);

/// Undecided first, then what did not apply; in each the most frequent first. `stem` gives the id
/// of a claim.
pub(super) fn reasons<'a>(run: &'a Run, stem: impl Fn(&str) -> String) -> Vec<ReasonView<'a>> {
    let mut groups: Vec<(Key, Vec<&Verdict>)> = Vec::new();
    for v in run.verdicts.iter().filter(|v| !v.status.is_decided()) {
        let key = (v.status == Ruling::NotApplicable, v.reason);
        match groups.iter_mut().find(|g| g.0 == key) {
            Some(group) => group.1.push(v),
            None => groups.push((key, vec![v])),
        }
    }
    let mut groups: Vec<_> = { groups.into_iter() }
        .map(|(key, all)| {
            let claims = claims(run, key, &all);
            (key, all, claims)
        })
        .collect();
    let total = |claims: &[(&str, usize)]| claims.iter().map(|c| c.1).sum::<usize>();
    groups.sort_by_key(|((apart, _), _, claims)| (*apart, std::cmp::Reverse(total(claims))));
    let views = groups
        .into_iter()
        .map(|((apart, reason), all, claims)| ReasonView {
            words: reason.map_or("No reason was recorded".into(), |r| capital(why(r))),
            count: grouped(total(&claims)),
            apart,
            claims: { claims.iter() }
                .map(|(name, n)| (*name, stem(name), grouped(*n)))
                .collect(),
            rows: { all.iter() }
                .take(SHOWN)
                .map(|v| Instance {
                    id: &v.id,
                    detail: spans(&v.detail),
                })
                .collect(),
            more: total(&claims).saturating_sub(SHOWN.min(all.len())),
        });
    views.collect()
}

/// Name and number of verdicts of each claim: counted, or of those at hand.
fn claims<'a>(run: &'a Run, key: Key, all: &[&'a Verdict]) -> Vec<(&'a str, usize)> {
    if let Some(counted) = &run.counted {
        let own = { counted.open.iter() }.filter(|((apart, why, _), _)| (*apart, *why) == key);
        return own.map(|((_, _, claim), n)| (claim.as_str(), *n)).collect();
    }
    let mut out: Vec<(&str, usize)> = Vec::new();
    for v in all {
        match out.iter_mut().find(|(name, _)| *name == v.claim) {
            Some((_, n)) => *n += 1,
            None => out.push((&v.claim, 1)),
        }
    }
    out
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or(String::new(), |c| {
        // Greek letters are symbols.
        if c.is_ascii() {
            c.to_uppercase().chain(chars).collect()
        } else {
            text.to_owned()
        }
    })
}

//! One claim as the page shows it.
//!
//! Owns the row of a claim and what opens below it.

use super::closest::{Closest, nearest};
use super::extras::PowerView;
use super::spans::{Span, spans};
use super::status::{Shape, Status};
use super::theorems::place_of;
use super::words::{counted, grouped, method};
use crate::claims::{Counts, Outcome};
use crate::report::tally::Tally;

/// The row of a claim.
pub(super) struct ClaimView<'a> {
    /// Its part of ids: `c-` the row, `v-` the verdicts, `fail-` the card.
    pub(super) stem: String,
    /// The row of the table of theorems.
    pub(super) place: usize,
    pub(super) name: &'a str,
    /// The title, or the name where there is none.
    pub(super) title: Vec<Span>,
    /// Whether the name is still to be said.
    pub(super) titled: bool,
    pub(super) status: Status,
    pub(super) method: String,
    pub(super) passed: String,
    pub(super) decided: String,
    /// Empty where there is none.
    pub(super) undecided: String,
    /// None where power was not measured.
    pub(super) power: Option<String>,
    pub(super) statement: Vec<Span>,
    /// Empty where it is not known.
    pub(super) caught: Vec<Span>,
    /// What a pass "would have caught", or "a pass would have caught".
    pub(super) caught_lead: &'static str,
    /// Theorem, source and kind.
    pub(super) origin: Vec<Span>,
    pub(super) checks: Vec<CheckView<'a>>,
    pub(super) instances: String,
    /// Checks that applied somewhere and decided nothing.
    pub(super) silent: String,
    pub(super) closest: Option<Closest<'a>>,
    pub(super) all: String,
}

/// One check of a claim over all its instances.
pub(super) struct CheckView<'a> {
    pub(super) name: &'a str,
    pub(super) counts: String,
}

impl<'a> ClaimView<'a> {
    pub(super) fn new(tally: &Tally<'a>, stem: String, power: Option<&PowerView>) -> Self {
        let counts = &tally.standing.counts;
        let text = |get: fn(&crate::report::ClaimInfo) -> &str| tally.info.map_or("", get);
        let title = text(|i| &i.title);
        let origin: Vec<&str> = [tally.theorem, text(|i| &i.source), text(|i| &i.kind)]
            .into_iter()
            .filter(|s| !s.is_empty())
            .collect();
        let closest = nearest(&[tally]);
        Self {
            place: place_of(tally),
            name: tally.claim,
            title: spans(if title.is_empty() { tally.claim } else { title }),
            titled: !title.is_empty(),
            status: Status::of(tally.outcome()),
            method: method(tally.method),
            passed: grouped(counts.pass),
            decided: grouped(counts.applicable()),
            undecided: match counts.inconclusive {
                0 => String::new(),
                n => grouped(n),
            },
            power: power.map(|p| caught(p, tally.claim)),
            statement: spans(text(|i| &i.statement).trim()),
            caught: spans(text(|i| &i.caught)),
            caught_lead: match tally.outcome() {
                Outcome::Holds | Outcome::Open => "Would have caught",
                _ => "A pass would have caught",
            },
            origin: spans(&origin.join(" · ")),
            checks: checks(tally),
            instances: instances(tally),
            silent: tally.standing.silent().collect::<Vec<_>>().join(", "),
            closest,
            all: counted(counts.total(), "verdict"),
            stem,
        }
    }

    /// Is there anything to open?
    pub(super) fn has_verdicts(&self) -> bool {
        !self.checks.is_empty()
    }

    pub(super) fn is_violated(&self) -> bool {
        self.status.shape == Shape::Violated
    }
}

fn caught(power: &PowerView, claim: &str) -> String {
    let own = power.claims.iter().find(|c| c.claim == claim);
    own.map_or("–".into(), |c| {
        format!("{}/{}", c.caught.len(), c.tried.len())
    })
}

fn checks<'a>(tally: &Tally<'a>) -> Vec<CheckView<'a>> {
    let each = tally.standing.checks.iter();
    each.map(|c| CheckView {
        name: c.check,
        counts: said(&c.counts),
    })
    .collect()
}

/// "3 fail, 12 pass, 1 undecided": what there is of each.
pub(super) fn said(c: &Counts) -> String {
    let each = [
        (c.fail, "fail"),
        (c.pass, "pass"),
        (c.inconclusive, "undecided"),
        (c.not_applicable, "not applicable"),
    ];
    let some = each.into_iter().filter(|(n, _)| *n > 0);
    let words: Vec<String> = some
        .map(|(n, word)| format!("{} {word}", grouped(n)))
        .collect();
    if words.is_empty() {
        "no verdict".into()
    } else {
        words.join(", ")
    }
}

fn instances(tally: &Tally<'_>) -> String {
    let mut kinds: Vec<&str> = tally
        .verdicts
        .iter()
        .map(|v| v.instance.kind.as_str())
        .collect();
    kinds.sort_unstable();
    kinds.dedup();
    match kinds.len() {
        0 => "none".into(),
        1 => format!("{} of kind {}", grouped(tally.instances), kinds[0]),
        n => format!(
            "{} of {n} kinds: {}",
            grouped(tally.instances),
            kinds.join(", ")
        ),
    }
}

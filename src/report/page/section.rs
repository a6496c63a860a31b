//! One theorem of the page with its claims, figures and closest call.

use std::collections::BTreeSet;

use super::claim::ClaimView;
use super::closest::{Closest, nearest};
use super::extras::PowerView;
use super::figures::FigureView;
use super::status::{Shape, Status};
use super::theorems::Theorem;
use super::words::{counted, grouped, share};
use crate::claims::{Counts, Outcome};
use crate::report::tally::Tally;

/// A row of the scoreboard, and the section it leads to.
pub(super) struct Section<'a> {
    pub(super) theorem: &'static Theorem,
    pub(super) status: Status,
    pub(super) claims: Vec<ClaimView<'a>>,
    pub(super) figures: Vec<FigureView<'a>>,
    pub(super) closest: Option<Closest<'a>>,
    pub(super) number: String,
    pub(super) verdicts: String,
    pub(super) undecided: String,
    pub(super) decided: String,
    /// None where power was not measured.
    pub(super) power: Option<String>,
    /// "23 claims, 2 766 verdicts, 36 undecided".
    pub(super) counts: String,
}

impl<'a> Section<'a> {
    /// Of the claims that belong to `theorem`, with their tallies.
    pub(super) fn new(
        theorem: &'static Theorem,
        members: Vec<(&Tally<'a>, ClaimView<'a>)>,
        figures: Vec<FigureView<'a>>,
        power: Option<&PowerView>,
    ) -> Self {
        let mut counts = Counts::default();
        members
            .iter()
            .for_each(|(t, _)| counts.join(&t.standing.counts));
        let tallies: Vec<&Tally<'a>> = members.iter().map(|(t, _)| *t).collect();
        let names: Vec<&str> = members.iter().map(|(t, _)| t.claim).collect();
        let outcomes: Vec<Outcome> = members.iter().map(|(t, _)| t.outcome()).collect();
        Self {
            theorem,
            status: status(&outcomes),
            figures,
            closest: nearest(&tallies),
            number: grouped(members.len()),
            verdicts: grouped(counts.total()),
            undecided: grouped(counts.inconclusive),
            decided: share(counts.decided(), counts.applicable()),
            power: power.map(|p| caught(p, &names)),
            counts: format!(
                "{}, {}, {} undecided",
                counted(members.len(), "claim"),
                counted(counts.total(), "verdict"),
                grouped(counts.inconclusive)
            ),
            claims: members.into_iter().map(|(_, view)| view).collect(),
        }
    }
}

/// What became of a theorem, by its claims.
fn status(outcomes: &[Outcome]) -> Status {
    if outcomes.is_empty() {
        return Status::new(Shape::None, "no claim");
    }
    let that = |wanted: Outcome| outcomes.iter().filter(|o| **o == wanted).count();
    match Outcome::of_run(outcomes.iter().copied()) {
        Outcome::Violated => Status::new(
            Shape::Violated,
            format!("{} violated", that(Outcome::Violated)),
        ),
        Outcome::Undecided => Status::new(
            Shape::Undecided,
            format!("{} undecided", that(Outcome::Undecided)),
        ),
        other => Status::of(other),
    }
}

/// Faults that some claim of the theorem catches, of those that one of them was tried on.
fn caught(power: &PowerView, claims: &[&str]) -> String {
    let own = || {
        power
            .claims
            .iter()
            .filter(|c| claims.contains(&c.claim.as_str()))
    };
    let tried: BTreeSet<&str> = own().flat_map(|c| &c.tried).map(String::as_str).collect();
    let caught: BTreeSet<&str> = own().flat_map(|c| &c.caught).map(String::as_str).collect();
    if tried.is_empty() {
        "–".into()
    } else {
        format!("{}/{}", caught.len(), tried.len())
    }
}

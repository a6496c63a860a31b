//! The table `certify` prints, and what follows it.
//!
//! Owns columns, alignment and colour on a terminal. Must not know files or mathematics.

use std::fmt::Write as _;

use super::facts::{figures, sentences, why};
use super::format::{WIDTH, count, visible, wrapped};
use super::page::{by_theorem, nearest};
use super::replay::command;
use super::run::Run;
use super::tally::{Summary, Tally};
use crate::checks::Ruling;
use crate::claims::{Outcome, Verdict};

/// Failing verdicts shown for one claim.
pub(super) const SHOWN: usize = 3;

/// Undecided verdicts of one reason that are named, where not all are.
const NAMED: usize = 2;

/// What is printed beside the table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Shown {
    /// ANSI escapes.
    pub colour: bool,
    /// All undecided verdicts with what they say, instead of two for each reason.
    pub undecided: bool,
    /// What passes would have caught.
    pub caught: bool,
}

impl Shown {
    /// With ANSI escapes or without.
    #[must_use]
    pub fn coloured(self, colour: bool) -> Self {
        Self { colour, ..self }
    }

    /// With all undecided verdicts.
    #[must_use]
    pub fn undecided(self, undecided: bool) -> Self {
        Self { undecided, ..self }
    }

    /// With what passes would have caught.
    #[must_use]
    pub fn caught(self, caught: bool) -> Self {
        Self { caught, ..self }
    }
}

/// The columns: heading, width, flush right. Together they are 79 wide; a name that does not fit
/// stands on a line of its own.
const COLUMNS: [(&str, usize, bool); 6] = [
    ("claim", 27, false),
    ("verdict", 10, false),
    ("pass", 5, true),
    ("fail", 4, true),
    ("open", 4, true),
    ("closest call", 17, false),
];

/// The claims by theorem, a line each; below them the checks that decided nothing, the undecided
/// verdicts by reason, the failing ones (at most three a claim), and the counts. Ends with a
/// newline.
pub fn text(run: &Run, shown: Shown) -> String {
    let summary = Summary::of(run);
    let paint = Paint(shown.colour);
    let mut out = String::new();
    table(&mut out, &summary, paint);
    silent(&mut out, &summary);
    undecided(&mut out, run, shown.undecided);
    if shown.caught {
        caught(&mut out, &summary.claims);
    }
    for tally in summary.claims.iter().filter(|t| !t.failing.is_empty()) {
        failures(&mut out, run, tally, paint);
    }
    if !out.is_empty() {
        out.push('\n');
    }
    out + &closing(&summary) + "\n"
}

/// The counts, in two lines where one is too long.
fn closing(summary: &Summary<'_>) -> String {
    let line = summary.closing();
    if line.chars().count() <= WIDTH {
        return line;
    }
    line.replacen("; ", ";\n", 1)
}

/// A sentence of foreign words that begins in column `indent`.
fn sentence(text: &str, indent: usize) -> String {
    let space = " ".repeat(indent + 2);
    wrapped(&visible(text), &space[2..], &space)
}

/// The closest call of a claim, or its worst failure.
pub(super) fn closest(tally: &Tally<'_>) -> String {
    nearest(&[tally]).map_or_else(|| "–".into(), |c| c.headroom)
}

fn table(out: &mut String, summary: &Summary<'_>, paint: Paint) {
    if summary.claims.is_empty() {
        return;
    }
    let heads = COLUMNS.map(|(head, ..)| head.to_owned());
    line(out, &heads, |_, cell| paint.bold(cell));
    for (theorem, claims) in by_theorem(&summary.claims) {
        let _ = writeln!(out, "{}", paint.bold(&theorem));
        for tally in claims {
            line(out, &cells(tally), |column, cell| match column {
                1 => paint.outcome(tally.outcome(), cell),
                _ => cell.to_owned(),
            });
        }
    }
}

fn cells(t: &Tally<'_>) -> [String; 6] {
    let c = &t.standing.counts;
    [
        visible(t.claim),
        match t.outcome() {
            Outcome::NotApplicable => "n/a".into(),
            other => other.to_string(),
        },
        c.pass.to_string(),
        c.fail.to_string(),
        c.inconclusive.to_string(),
        closest(t),
    ]
}

/// Cells are padded before they are painted, and the last is not padded at all.
fn line(out: &mut String, cells: &[String; 6], paint: impl Fn(usize, &str) -> String) {
    *out += "  ";
    for (column, (cell, (_, width, right))) in cells.iter().zip(COLUMNS).enumerate() {
        let long = cell.chars().count();
        if column == 0 && long > width {
            let _ = write!(out, "{}\n  {}", paint(column, cell), " ".repeat(width));
            continue;
        }
        let padding = " ".repeat(width.saturating_sub(long));
        let painted = paint(column, cell);
        if column > 0 {
            *out += "  ";
        }
        if right {
            *out += &padding;
            *out += &painted;
        } else if column + 1 < cells.len() {
            *out += &painted;
            *out += &padding;
        } else {
            *out += &painted;
        }
    }
    out.push('\n');
}

fn silent(out: &mut String, summary: &Summary<'_>) {
    let silent = summary.silent();
    if silent.is_empty() {
        return;
    }
    *out += "\nchecks that decided no instance:\n";
    for (claim, checks) in silent {
        let line = format!("{}: {}", visible(claim), visible(&checks));
        let _ = writeln!(out, "{}", wrapped(&line, "  ", "    "));
    }
}

/// Undecided verdicts by reason, in the order in which reasons occur, and how many there are: in a
/// very large run more than are at hand.
pub(super) fn by_reason(run: &Run) -> Vec<(&'static str, usize, Vec<&Verdict>)> {
    let mut reasons: Vec<(&str, Vec<&Verdict>)> = Vec::new();
    let open = |v: &&Verdict| v.status == Ruling::Inconclusive;
    for v in run.verdicts.iter().filter(open) {
        let reason = v.reason.map_or("no reason is recorded", why);
        match reasons.iter_mut().find(|r| r.0 == reason) {
            Some((_, own)) => own.push(v),
            None => reasons.push((reason, vec![v])),
        }
    }
    let counted = |reason: &str| {
        let open = run.counted.iter().flat_map(|c| &c.open);
        let own = open.filter(|((apart, r, _), _)| {
            !apart && r.map_or("no reason is recorded", why) == reason
        });
        own.map(|(_, n)| n).sum::<usize>()
    };
    let each = reasons.into_iter();
    each.map(|(reason, own)| (reason, own.len().max(counted(reason)), own))
        .collect()
}

/// Undecided verdicts by reason; all of them with their details, or a few ids for each.
fn undecided(out: &mut String, run: &Run, all: bool) {
    let reasons = by_reason(run);
    if reasons.is_empty() {
        return;
    }
    *out += "\nundecided:\n";
    for (reason, all_of_it, own) in reasons {
        let _ = writeln!(out, "  {reason}: {}", count(all_of_it, "verdict"));
        let shown = if all { own.len() } else { NAMED.min(own.len()) };
        for v in &own[..shown] {
            let _ = writeln!(out, "    {}", visible(&v.id));
            if all {
                let _ = writeln!(out, "{}", sentence(&v.detail, 6));
            }
        }
        let more = all_of_it - shown;
        if more > 0 {
            let how = if all {
                "in verdicts.jsonl"
            } else {
                "-v shows all"
            };
            let _ = writeln!(out, "    and {more} more ({how})");
        }
    }
}

/// What passes would have caught, each sentence once with the claims it is true of.
pub(super) fn by_sentence<'a>(claims: &[Tally<'a>]) -> Vec<(&'a str, Vec<&'a str>)> {
    let mut known: Vec<(&str, Vec<&str>)> = Vec::new();
    for (claim, sentence) in claims.iter().filter_map(|t| Some((t.claim, t.caught()?))) {
        match known.iter_mut().find(|k| k.0 == sentence) {
            Some((_, own)) => own.push(claim),
            None => known.push((sentence, vec![claim])),
        }
    }
    known
}

fn caught(out: &mut String, claims: &[Tally<'_>]) {
    let known = by_sentence(claims);
    if known.is_empty() {
        return;
    }
    *out += "\nwhat the passing claims would have caught:\n";
    for (caught, claims) in known {
        let _ = writeln!(out, "{}", sentence(&claims.join(", "), 2));
        let _ = writeln!(out, "{}", sentence(caught, 4));
    }
}

fn failures(out: &mut String, run: &Run, tally: &Tally<'_>, paint: Paint) {
    let theorem = if tally.theorem.is_empty() {
        String::new()
    } else {
        format!(" ({})", visible(tally.theorem))
    };
    let heading = format!("{} is violated{theorem}", visible(tally.claim));
    let _ = writeln!(out, "\n{}", paint.outcome(Outcome::Violated, &heading));
    for v in tally.failing.iter().take(SHOWN) {
        let _ = writeln!(out, "  {}", visible(&v.id));
        let _ = writeln!(out, "    {}", figures(v));
        for said in sentences(v) {
            let _ = writeln!(out, "{}", sentence(&said, 4));
        }
        let _ = writeln!(out, "    replay: {}", visible(&command(run, v)));
    }
    let fail = tally.standing.counts.fail;
    if fail > SHOWN {
        let _ = writeln!(out, "  and {}", count(fail - SHOWN, "more failing verdict"));
    }
}

/// ANSI colours, or none.
#[derive(Clone, Copy)]
struct Paint(bool);

impl Paint {
    fn outcome(self, outcome: Outcome, text: &str) -> String {
        self.with(
            match outcome {
                Outcome::Violated => "1;31",
                Outcome::Holds => "32",
                Outcome::Open | Outcome::Undecided | Outcome::NotJudged => "33",
                Outcome::NotApplicable => "2",
            },
            text,
        )
    }

    fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    fn with(self, code: &str, text: &str) -> String {
        if self.0 {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}

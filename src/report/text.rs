//! The table `certify` prints, and what follows it.
//!
//! Owns columns, alignment and colour on a terminal. Must not know files or mathematics.

use std::fmt::Write as _;

use super::facts::{figures, sentences};
use super::format::{count, number, percent, visible};
use super::run::Run;
use super::tally::{Summary, Tally};
use crate::claims::Outcome;

/// Failing verdicts shown for one claim.
pub(super) const SHOWN: usize = 3;

const HEADER: [&str; 11] = [
    "claim",
    "theorem",
    "method",
    "instances",
    "pass",
    "fail",
    "inconclusive",
    "n/a",
    "decided",
    "tightest slack",
    "verdict",
];

/// Columns of [`HEADER`] that hold counts or a share, and are set flush right.
const COUNTS: std::ops::RangeInclusive<usize> = 3..=8;

/// The table of claims; below it the checks that decided nothing, what the passing claims would
/// have caught, the failing verdicts of the others (at most three each), and the counts. Ends with
/// a newline. With `colour`, ANSI escapes.
pub fn text(run: &Run, colour: bool) -> String {
    let summary = Summary::of(run);
    let paint = Paint(colour);
    let mut out = String::new();
    table(&mut out, &summary.claims, paint);
    silent(&mut out, &summary);
    caught(&mut out, &summary.claims);
    for tally in summary.claims.iter().filter(|t| !t.failing.is_empty()) {
        failures(&mut out, tally, paint);
    }
    if !out.is_empty() {
        out.push('\n');
    }
    out + &summary.closing() + "\n"
}

/// The slack that stands for a claim, with the kind of check it belongs to.
pub(super) fn tightest(tally: &Tally<'_>) -> String {
    tally.worst().map_or_else(
        || "-".into(),
        |v| format!("{} {}", number(v.slack), visible(&v.check)),
    )
}

fn table(out: &mut String, claims: &[Tally<'_>], paint: Paint) {
    if claims.is_empty() {
        return;
    }
    let rows: Vec<[String; 11]> = claims.iter().map(cells).collect();
    let mut widths = HEADER.map(|h| h.chars().count());
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    line(out, &HEADER.map(str::to_owned), &widths, |_, cell| {
        paint.bold(cell)
    });
    for (row, tally) in rows.iter().zip(claims) {
        line(out, row, &widths, |column, cell| {
            if column == HEADER.len() - 1 {
                paint.outcome(tally.outcome(), cell)
            } else {
                cell.to_owned()
            }
        });
    }
}

fn cells(t: &Tally<'_>) -> [String; 11] {
    let c = &t.standing.counts;
    [
        visible(t.claim),
        visible(t.theorem),
        visible(t.method),
        t.instances.to_string(),
        c.pass.to_string(),
        c.fail.to_string(),
        c.inconclusive.to_string(),
        c.not_applicable.to_string(),
        percent(c.decided(), c.applicable()),
        tightest(t),
        t.outcome().to_string(),
    ]
}

/// Cells are padded before they are painted, and the last is not padded at all.
fn line(
    out: &mut String,
    cells: &[String; 11],
    widths: &[usize; 11],
    paint: impl Fn(usize, &str) -> String,
) {
    for (column, (cell, width)) in cells.iter().zip(widths).enumerate() {
        let padding = " ".repeat(width - cell.chars().count());
        let painted = paint(column, cell);
        if column > 0 {
            *out += "  ";
        }
        if COUNTS.contains(&column) {
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
        let _ = writeln!(out, "  {}: {}", visible(claim), visible(&checks));
    }
}

fn caught(out: &mut String, claims: &[Tally<'_>]) {
    let known: Vec<(&str, &str)> = claims
        .iter()
        .filter_map(|t| Some((t.claim, t.caught()?)))
        .collect();
    if known.is_empty() {
        return;
    }
    *out += "\nwhat the passing claims would have caught:\n";
    for (claim, sentence) in known {
        let _ = writeln!(out, "  {}: {}", visible(claim), visible(sentence));
    }
}

fn failures(out: &mut String, tally: &Tally<'_>, paint: Paint) {
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
        for sentence in sentences(v) {
            let _ = writeln!(out, "    {}", visible(&sentence));
        }
        let _ = writeln!(out, "    replay: {}", visible(&v.replay));
    }
    if tally.failing.len() > SHOWN {
        let _ = writeln!(
            out,
            "  and {}",
            count(tally.failing.len() - SHOWN, "more failing verdict")
        );
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

//! The five-second verdict: headline, one sentence, exit code.

use super::failure::Failure;
use super::status::Shape;
use super::words::{counted, grouped};
use crate::claims::{Counts, Outcome};
use crate::report::conformance;
use crate::report::run::Run;
use crate::report::tally::Summary;

/// What stands at the head of a page.
pub(super) struct Hero {
    pub(super) shape: Shape,
    pub(super) headline: String,
    /// Counts in a sentence.
    pub(super) sentence: String,
    /// The exit code of the command, and when it is another.
    pub(super) exit: String,
    /// The exit code under `--strict`, where that differs.
    pub(super) strict: bool,
    /// What all violations look like: a fault and what is wrong; none where they differ.
    pub(super) culprit: Option<(String, &'static str)>,
}

impl Hero {
    pub(super) fn new(run: &Run, summary: &Summary<'_>, failures: &[Failure<'_>]) -> Self {
        let counts = &summary.counts;
        let (headline, shape, code) = match &run.info.subject {
            Some(subject) => {
                let given_up = subject.given_up.is_some();
                let shape = match (counts.fail > 0 || given_up, counts.pass) {
                    (true, _) => Shape::Violated,
                    (false, 0) => Shape::Undecided,
                    (false, _) => Shape::Holds,
                };
                let code = match shape {
                    Shape::Violated => 1,
                    Shape::Undecided => 3,
                    _ => 0,
                };
                (conformance::headline(run), shape, code)
            }
            None => {
                let code = match summary.outcome {
                    Outcome::Violated => 1,
                    Outcome::Holds | Outcome::Open => 0,
                    _ => 3,
                };
                (summary.headline(), Shape::of(summary.outcome), code)
            }
        };
        Self {
            shape,
            headline,
            sentence: sentence(counts),
            exit: format!("Exit code {code}"),
            strict: code == 0 && counts.inconclusive > 0,
            culprit: culprit(failures),
        }
    }
}

fn sentence(c: &Counts) -> String {
    let all = counted(c.applicable(), "verdict");
    let mut out = match (c.fail, c.pass) {
        (0, 0) => format!("No verdict of {} decides anything.", grouped(c.total())),
        (0, pass) => format!("{} of {all} pass and none fails.", grouped(pass)),
        (1, _) => format!("1 of {all} fails."),
        (fail, _) => format!("{} of {all} fail.", grouped(fail)),
    };
    match c.inconclusive {
        0 => {}
        1 => out += " 1 is undecided.",
        n => out += &format!(" {} are undecided.", grouped(n)),
    }
    out
}

/// The first suspect, if it is that of every card with one, and there is one.
fn culprit(failures: &[Failure<'_>]) -> Option<(String, &'static str)> {
    let mut first = failures.iter().filter_map(|f| f.suspects.first());
    let named = first.next()?;
    let same = first.all(|s| s.name == named.name);
    let all = failures.iter().all(|f| !f.suspects.is_empty());
    (same && all).then(|| (named.name.clone(), named.about))
}

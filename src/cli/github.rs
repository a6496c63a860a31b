//! What a run tells GitHub Actions, where it runs there: a summary of the job, an annotation for
//! each violated claim.
//!
//! Owns the names of its variables and the escapes of its commands. Must not know what is judged.

use std::fs::OpenOptions;
use std::io::Write as _;

use super::output;
use crate::claims::Outcome;
use crate::report::{self, Run, Summary};

/// Annotations of one step that GitHub shows.
const SHOWN: usize = 10;

/// Appends the Markdown of a run to the job's summary and annotates violated claims, under `strict`
/// undecided ones too. Elsewhere it does nothing. What cannot be written is said and changes no
/// exit code.
pub(super) fn tell(run: &Run, strict: bool) {
    if std::env::var_os("GITHUB_ACTIONS").is_none_or(|v| v != "true") {
        return;
    }
    if let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|p| !p.is_empty()) {
        let file = OpenOptions::new().create(true).append(true).open(&path);
        let text = match run.info.subject {
            Some(_) => report::conformance_markdown(std::slice::from_ref(run)),
            None => report::markdown(run),
        };
        let written = file.and_then(|mut f| f.write_all(text.as_bytes()));
        if let Err(e) = written {
            output::say(&format!("GITHUB_STEP_SUMMARY cannot be written: {e}"));
        }
    }
    for line in annotations(run, strict) {
        // Commands are read from both streams; stdout is for data.
        output::say(&line);
    }
}

/// Violated claims before undecided ones.
fn annotations(run: &Run, strict: bool) -> Vec<String> {
    let summary = Summary::of(run);
    let (mut violated, mut undecided) = (Vec::new(), Vec::new());
    for tally in &summary.claims {
        let c = &tally.standing.counts;
        let silent = matches!(tally.outcome(), Outcome::Undecided | Outcome::NotJudged);
        if let Some(worst) = tally.failing.first() {
            let text = format!(
                "{} of {} verdicts fail; worst: {}: {}. {}",
                c.fail,
                c.total(),
                worst.id,
                worst.detail,
                report::replay_command(run, worst)
            );
            violated.push(command(
                "error",
                &format!("{} is violated", tally.claim),
                &text,
            ));
        } else if silent || (strict && c.inconclusive > 0) {
            let text = format!(
                "{} of {} verdicts decide nothing",
                c.inconclusive,
                c.total()
            );
            undecided.push(command(
                "error",
                &format!("{} is undecided", tally.claim),
                &text,
            ));
        }
    }
    violated.extend(undecided);
    violated.truncate(SHOWN);
    violated
}

/// `::error title=...::...`, with what would end it escaped.
fn command(kind: &str, title: &str, text: &str) -> String {
    let escaped = |text: &str| report::visible(text).replace('%', "%25");
    let title = escaped(title).replace(':', "%3A").replace(',', "%2C");
    format!("::{kind} title={title}::{}", escaped(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_end_a_command_or_begin_another() {
        assert_eq!(
            command("error", "a: b, c", "50 %\n::error::x\r"),
            "::error title=a%3A b%2C c::50 %25 ::error::x"
        );
    }
}

//! `summary.md`: the result as a CI job summary.
//!
//! Owns Markdown and its escaping. Must not know files or mathematics.

use std::fmt::Write as _;

use super::facts::{figures, sentences};
use super::format::{count, percent, visible};
use super::replay::command;
use super::run::Run;
use super::tally::{Summary, Tally};
use super::text::{SHOWN, by_reason, by_sentence, closest};
use crate::claims::Outcome;

/// The run as GitHub-flavoured Markdown: headline, table, failing verdicts (at most three a claim).
pub fn markdown(run: &Run) -> String {
    let summary = Summary::of(run);
    let mut out = format!("# {}\n\n{}.\n", summary.headline(), summary.closing());
    let _ = writeln!(out, "\n{}", conditions(run));
    if !summary.claims.is_empty() {
        out += "\n| claim | theorem | method | instances | pass | fail | inconclusive | n/a | decided | closest call | verdict |\n";
        out += "|---|---|---|--:|--:|--:|--:|--:|--:|---|---|\n";
        for tally in &summary.claims {
            row(&mut out, tally);
        }
    }
    let silent = summary.silent();
    if !silent.is_empty() {
        out += "\n## Checks that decided no instance\n\n";
        for (claim, checks) in silent {
            let _ = writeln!(out, "- {}: {}", code(claim), escape(&checks));
        }
    }
    let failing: Vec<&Tally<'_>> = summary
        .claims
        .iter()
        .filter(|t| !t.failing.is_empty())
        .collect();
    if !failing.is_empty() {
        out += "\n## Violations\n";
    }
    for tally in failing {
        violations(&mut out, run, tally);
    }
    let reasons = by_reason(run);
    if !reasons.is_empty() {
        out += "\n## Undecided\n\n";
    }
    for (reason, all, own) in reasons {
        let first = own.first().map_or("", |v| &v.id);
        let _ = writeln!(
            out,
            "- {}: {}, such as {}",
            escape(reason),
            count(all, "verdict"),
            code(first)
        );
    }
    let caught = by_sentence(&summary.claims);
    if !caught.is_empty() {
        out += "\n<details><summary>What the passing claims would have caught</summary>\n\n";
        for (sentence, claims) in caught {
            let claims: Vec<String> = claims.into_iter().map(code).collect();
            let _ = writeln!(out, "- {}: {}", claims.join(", "), escape(sentence));
        }
        out += "\n</details>\n";
    }
    out
}

fn conditions(run: &Run) -> String {
    let info = &run.info;
    let shard = info
        .shard
        .map_or(String::new(), |(i, n)| format!(", shard {i} of {n}"));
    let started = if info.started.is_empty() {
        String::new()
    } else {
        format!(", started {}", escape(&info.started))
    };
    format!(
        "ratecert {}, profile {}, seed {}{shard}, {}{started}, {:.1} s.",
        escape(&info.version),
        code(&info.profile),
        info.seed,
        count(info.instances, "instance"),
        info.seconds
    )
}

fn row(out: &mut String, t: &Tally<'_>) {
    let c = &t.standing.counts;
    let word = match t.outcome() {
        Outcome::Violated => "**violated**".into(),
        other => other.to_string(),
    };
    let _ = writeln!(
        out,
        "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {word} |",
        code(t.claim),
        escape(t.theorem),
        escape(t.method),
        t.instances,
        c.pass,
        c.fail,
        c.inconclusive,
        c.not_applicable,
        percent(c.decided(), c.applicable()),
        escape(&closest(t))
    );
}

fn violations(out: &mut String, run: &Run, tally: &Tally<'_>) {
    let _ = writeln!(out, "\n### {}\n", code(tally.claim));
    if let Some(info) = tally.info.filter(|i| !i.statement.is_empty()) {
        let _ = writeln!(out, "{}\n", escape(&info.statement));
    }
    for v in tally.failing.iter().take(SHOWN) {
        let _ = writeln!(out, "- {}: {}  ", code(&v.id), escape(&figures(v)));
        for sentence in sentences(v) {
            let _ = writeln!(out, "  {}  ", escape(&sentence));
        }
        let _ = writeln!(out, "  replay: {}", code(&command(run, v)));
    }
    let fail = tally.standing.counts.fail;
    if fail > SHOWN {
        let _ = writeln!(out, "- and {}", count(fail - SHOWN, "more failing verdict"));
    }
}

/// Text that must read as written: a backslash before everything Markdown or HTML gives a meaning.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in visible(text).chars() {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '$' => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out
}

/// Inline code; the fence is longer than any run of backticks inside, a pipe is escaped for tables.
fn code(text: &str) -> String {
    let text = visible(text).replace('|', "\\|");
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let space = if text.is_empty() || text.starts_with('`') || text.ends_with('`') {
        " "
    } else {
        ""
    };
    format!("{fence}{space}{text}{space}{fence}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_escapes() {
        assert_eq!(escape("a_b|<i>\n*c*"), "a\\_b\\|&lt;i&gt; \\*c\\*");
        assert_eq!(code("a``b|c"), "```a``b\\|c```");
        assert_eq!(code("`x"), "`` `x ``");
    }
}

//! `index.html`: one page that needs nothing else, not even a script.
//!
//! Owns the page. Must not know files or mathematics.

use std::fmt::Write as _;

use super::facts::{figures as measured, sentences};
use super::figure::Figure;
use super::format::{count, escape, number, percent};
use super::run::Run;
use super::tally::{Summary, Tally};
use crate::checks::Ruling;
use crate::claims::{Outcome, Verdict};

const STYLE: &str = include_str!("style.css");

/// Rows of one claim on the page; a browser on a phone gives up on much longer tables. What is left
/// out is said, failing verdicts come first and are never left out of their own section.
const ROWS: usize = 2000;

/// The page of a run with its figures inlined.
pub fn html(run: &Run, figures: &[Figure]) -> String {
    page(run, figures, None, "")
}

/// The same with another headline, and a section before the others.
pub(super) fn page(run: &Run, figures: &[Figure], subject: Option<&str>, section: &str) -> String {
    let summary = Summary::of(run);
    let headline = match subject {
        Some(headline) => escape(headline),
        None => escape(&summary.headline()),
    };
    let mut out = head(&headline);
    header(&mut out, run, &summary, &headline, !figures.is_empty());
    out += section;
    violations(&mut out, &summary);
    claims(&mut out, &summary);
    drawings(&mut out, figures);
    verdicts(&mut out, &summary);
    out + "</body>\n</html>\n"
}

/// What a page begins with, up to its body.
pub(super) fn head(title: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title} - ratecert</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n"
    )
}

fn header(out: &mut String, run: &Run, summary: &Summary<'_>, headline: &str, drawn: bool) {
    let outcome = summary.outcome.name();
    let _ = writeln!(
        out,
        "<header>\n<h1 class=\"{outcome}\">{headline}</h1>\n<p>{}</p>",
        escape(&summary.closing())
    );
    let info = &run.info;
    let mut facts = vec![
        ("version", info.version.clone()),
        ("profile", info.profile.clone()),
        ("seed", info.seed.to_string()),
        ("instances", info.instances.to_string()),
        ("false-alarm probability", number(info.alpha)),
    ];
    if let Some((i, n)) = info.shard {
        facts.push(("shard", format!("{i} of {n}")));
    }
    if !info.started.is_empty() {
        facts.push(("started", info.started.clone()));
    }
    facts.push(("duration", format!("{:.1} s", info.seconds)));
    *out += "<p class=\"soft\">";
    for (i, (name, value)) in facts.iter().enumerate() {
        let _ = write!(
            out,
            "{}{name} {}",
            if i > 0 { " · " } else { "" },
            escape(value)
        );
    }
    *out += "</p>\n<nav>";
    if summary.counts.fail > 0 {
        *out += "<a href=\"#violations\">Violations</a>";
    }
    if run.info.subject.is_some() {
        *out += "<a href=\"#conformance\">What it gets right</a>";
    }
    *out += "<a href=\"#claims\">Claims</a>";
    if drawn {
        *out += "<a href=\"#figures\">Figures</a>";
    }
    *out += "<a href=\"#verdicts\">All verdicts</a></nav>\n</header>\n";
}

fn violations(out: &mut String, summary: &Summary<'_>) {
    if summary.counts.fail == 0 {
        return;
    }
    *out += "<section id=\"violations\">\n<h2>Violations</h2>\n";
    for tally in summary.claims.iter().filter(|t| !t.failing.is_empty()) {
        let _ = writeln!(out, "<h3>{}</h3>", titled(tally));
        for (i, v) in tally.failing.iter().enumerate() {
            // The first ones open, the rest behind one summary line.
            if i == super::text::SHOWN {
                let rest = count(tally.failing.len() - i, "more failing verdict");
                let _ = writeln!(out, "<details>\n<summary>{rest}</summary>");
            }
            card(out, v);
        }
        if tally.failing.len() > super::text::SHOWN {
            *out += "</details>\n";
        }
    }
    *out += "</section>\n";
}

fn card(out: &mut String, v: &Verdict) {
    let _ = writeln!(
        out,
        "<div class=\"card fail\">\n<p><code>{}</code></p>\n<p>{}; check {}, instance kind {}, seed {}</p>",
        escape(&v.id),
        measured(v),
        escape(&v.check),
        escape(&v.instance.kind),
        v.instance.seed
    );
    for sentence in sentences(v) {
        let _ = writeln!(out, "<p>{}</p>", escape(&sentence));
    }
    let _ = writeln!(out, "<pre>{}</pre>\n</div>", escape(&v.replay));
}

fn claims(out: &mut String, summary: &Summary<'_>) {
    *out += "<section id=\"claims\">\n<h2>Claims</h2>\n";
    if summary.claims.is_empty() {
        *out += "<p>None.</p>\n</section>\n";
        return;
    }
    *out += "<table class=\"claims\">\n<thead><tr><th>claim</th><th>method</th><th class=\"n\">instances</th>\
             <th class=\"n\">pass</th><th class=\"n\">fail</th><th class=\"n\">inconclusive</th><th class=\"n\">n/a</th>\
             <th class=\"n\">decided</th><th>tightest slack</th><th>verdict</th></tr></thead>\n<tbody>\n";
    let silent = summary.silent();
    for t in &summary.claims {
        let _ = write!(out, "<tr><td>{}", titled(t));
        facts(out, t);
        if let Some((_, checks)) = silent.iter().find(|s| s.0 == t.claim) {
            let checks = escape(checks);
            let _ = write!(
                out,
                "<br><span class=\"undecided\">Decided no instance: {checks}</span>"
            );
        }
        let _ = write!(
            out,
            "</td><td data-label=\"method\">{}</td>",
            escape(t.method)
        );
        let c = &t.standing.counts;
        let numbers = [
            ("instances", t.instances),
            ("pass", c.pass),
            ("fail", c.fail),
            ("inconclusive", c.inconclusive),
            ("not applicable", c.not_applicable),
        ];
        for (label, n) in numbers {
            let _ = write!(out, "<td class=\"n\" data-label=\"{label}\">{n}</td>");
        }
        let _ = writeln!(
            out,
            "<td class=\"n\" data-label=\"decided\">{}</td>\
             <td data-label=\"tightest slack\">{}</td><td data-label=\"verdict\" class=\"{}\">{}</td></tr>",
            percent(c.decided(), c.applicable()),
            slacks(t),
            t.outcome().name(),
            t.outcome()
        );
    }
    *out += "</tbody>\n</table>\n</section>\n";
}

/// What the claim says, under its name.
fn facts(out: &mut String, t: &Tally<'_>) {
    let (statement, source, kind, caught) = t.info.map_or(("", "", "", ""), |i| {
        (
            i.statement.as_str(),
            i.source.as_str(),
            i.kind.as_str(),
            i.caught.as_str(),
        )
    });
    if !statement.is_empty() {
        let _ = write!(out, "<br>{}", escape(statement));
    }
    let origin: Vec<&str> = [t.theorem, source, kind]
        .into_iter()
        .filter(|s| !s.is_empty())
        .collect();
    if !origin.is_empty() {
        let _ = write!(
            out,
            "<br><span class=\"soft\">{}</span>",
            escape(&origin.join(" · "))
        );
    }
    if !caught.is_empty() {
        let lead = if matches!(t.outcome(), Outcome::Holds | Outcome::Open) {
            "Would have caught"
        } else {
            "A pass would have caught"
        };
        let _ = write!(
            out,
            "<br><span class=\"soft\">{lead}: {}</span>",
            escape(caught)
        );
    }
}

fn titled(t: &Tally<'_>) -> String {
    let name = format!("<code>{}</code>", escape(t.claim));
    match t.info.map(|i| i.title.as_str()) {
        Some(title) if !title.is_empty() => format!("<strong>{}</strong> {name}", escape(title)),
        _ => name,
    }
}

fn slacks(t: &Tally<'_>) -> String {
    if t.tightest.is_empty() {
        return "-".into();
    }
    let each: Vec<String> = t
        .tightest
        .iter()
        .map(|v| {
            format!(
                "<span class=\"whole\">{} {}</span>",
                number(v.slack),
                escape(&v.check)
            )
        })
        .collect();
    each.join("<br>")
}

fn drawings(out: &mut String, figures: &[Figure]) {
    if figures.is_empty() {
        return;
    }
    *out += "<section id=\"figures\">\n<h2>Figures</h2>\n";
    for f in figures {
        // Inside HTML the document's own XML declaration would be a parse error.
        let svg = f.svg.find("<svg").map_or(f.svg.as_str(), |at| &f.svg[at..]);
        let _ = writeln!(
            out,
            "<figure id=\"{}\">\n<div role=\"img\" aria-label=\"{}\">{}</div>\n<figcaption>{}</figcaption>\n</figure>",
            escape(&f.name),
            escape(&f.title),
            svg.trim_end(),
            escape(&f.caption)
        );
    }
    *out += "</section>\n";
}

fn verdicts(out: &mut String, summary: &Summary<'_>) {
    *out += "<section id=\"verdicts\">\n<h2>All verdicts</h2>\n";
    for t in &summary.claims {
        let c = &t.standing.counts;
        let _ = writeln!(
            out,
            "<details>\n<summary><code>{}</code>: {} pass, {} fail, {} inconclusive, {} not applicable</summary>",
            escape(t.claim),
            c.pass,
            c.fail,
            c.inconclusive,
            c.not_applicable
        );
        let mut rows: Vec<&Verdict> = t.verdicts.clone();
        rows.sort_by_key(|v| rank(v.status));
        if rows.len() > ROWS {
            let _ = writeln!(
                out,
                "<p class=\"soft\">The first {ROWS} of {}; the others are in verdicts.jsonl.</p>",
                rows.len()
            );
        }
        *out += "<div class=\"scroll\">\n<table>\n<thead><tr><th>status</th><th>verdict</th><th class=\"n\">measured</th>\
                 <th class=\"n\">bound</th><th class=\"n\">slack</th><th>detail</th></tr></thead>\n<tbody>\n";
        for v in rows.into_iter().take(ROWS) {
            let _ = writeln!(
                out,
                "<tr><td class=\"{}\">{}</td><td><code>{}</code></td><td class=\"n\">{}</td><td class=\"n\">{}</td>\
                 <td class=\"n\">{}</td><td>{}</td></tr>",
                v.status.name(),
                v.status.name().replace('-', " "),
                escape(&v.id),
                number(v.measured),
                number(v.bound),
                number(v.slack),
                sentences(v)
                    .iter()
                    .map(|s| escape(s))
                    .collect::<Vec<_>>()
                    .join("<br>")
            );
        }
        *out += "</tbody>\n</table>\n</div>\n</details>\n";
    }
    *out += "</section>\n";
}

/// Failing verdicts first, then what asks for a look.
fn rank(ruling: Ruling) -> u8 {
    match ruling {
        Ruling::Fail => 0,
        Ruling::Inconclusive => 1,
        Ruling::NotApplicable => 2,
        Ruling::Pass => 3,
    }
}

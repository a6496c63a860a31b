//! `junit.xml`: one suite a claim, one case a verdict.
//!
//! Owns the dialect that CI servers read. Must not know anything else about the verdicts.

use std::fmt::Write as _;

use super::format::escape;
use super::run::Run;
use super::tally::{Counts, Summary, Tally};
use super::text::figures;
use crate::claims::verdict::{Status, Verdict};

/// The run as JUnit XML. Inconclusive and not applicable verdicts are skipped cases with their reason.
pub fn junit(run: &Run) -> String {
    let summary = Summary::of(run);
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let started = attribute("timestamp", &run.info.started);
    // The time is that of the whole run: verdicts carry none, so that their bytes are reproducible.
    let seconds = if run.info.seconds.is_finite() {
        run.info.seconds
    } else {
        0.0
    };
    let _ = writeln!(
        out,
        "<testsuites name=\"ratecert\"{} time=\"{seconds:.3}\"{started}>",
        numbers(&summary.counts)
    );
    for tally in &summary.claims {
        suite(&mut out, tally, run);
    }
    out + "</testsuites>\n"
}

fn suite(out: &mut String, tally: &Tally<'_>, run: &Run) {
    let _ = writeln!(
        out,
        "  <testsuite name=\"{}\"{}>",
        escape(tally.claim),
        numbers(&tally.counts)
    );
    let (seed, version) = (run.info.seed.to_string(), &run.info.version);
    let properties = [
        ("theorem", tally.theorem),
        ("method", tally.method),
        ("seed", &seed),
        ("version", version.as_str()),
    ];
    *out += "    <properties>\n";
    for (name, value) in properties {
        let _ = writeln!(
            out,
            "      <property name=\"{name}\" value=\"{}\"/>",
            escape(value)
        );
    }
    *out += "    </properties>\n";
    for v in &tally.verdicts {
        case(out, v);
    }
    *out += "  </testsuite>\n";
}

fn case(out: &mut String, v: &Verdict) {
    let name =
        v.id.strip_prefix(&v.claim)
            .and_then(|rest| rest.strip_prefix('/'))
            .unwrap_or(&v.id);
    let _ = write!(
        out,
        "    <testcase classname=\"{}\" name=\"{}\"",
        escape(&v.claim),
        escape(name)
    );
    match v.status {
        Status::Pass => *out += "/>\n",
        Status::Fail => {
            let message = figures(v);
            let _ = writeln!(
                out,
                ">\n      <failure type=\"{}\" message=\"{}\">{}\nreplay: {}</failure>\n    </testcase>",
                escape(&v.check),
                escape(&message),
                escape(&v.detail),
                escape(&v.replay)
            );
        }
        Status::Inconclusive | Status::NotApplicable => {
            let reason = format!("{}: {}", v.status.name().replace('-', " "), v.detail);
            let _ = writeln!(
                out,
                ">\n      <skipped message=\"{}\"/>\n    </testcase>",
                escape(&reason)
            );
        }
    }
}

fn numbers(c: &Counts) -> String {
    let skipped = c.inconclusive + c.not_applicable;
    format!(
        " tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{skipped}\"",
        c.total(),
        c.fail
    )
}

fn attribute(name: &str, value: &str) -> String {
    if value.is_empty() {
        String::new()
    } else {
        format!(" {name}=\"{}\"", escape(value))
    }
}

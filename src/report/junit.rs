//! `junit.xml`: one suite a claim, one case a verdict.
//!
//! Owns what of a verdict a CI server is shown. Must not know the dialect (the crate `quick_junit`
//! writes it) nor anything else about the verdicts.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::facts::{figures, sentences, why};
use super::format::visible;
use super::replay::command;
use super::run::Run;
use super::tally::{Summary, Tally};
use crate::checks::Ruling;
use crate::claims::Verdict;

/// The run as JUnit XML. Inconclusive and not applicable verdicts are skipped cases with their
/// reason.
pub fn junit(run: &Run) -> String {
    let mut report = Report::new("ratecert");
    // The time is that of the whole run: verdicts carry none, so that their bytes are reproducible.
    report.set_time(Duration::try_from_secs_f64(run.info.seconds).unwrap_or_default());
    for tally in &Summary::of(run).claims {
        report.add_test_suite(suite(tally, run));
    }
    // Writing to a string does not fail, and the crate escapes what it is given.
    report.to_string().unwrap_or_default()
}

fn suite(tally: &Tally<'_>, run: &Run) -> TestSuite {
    let mut suite = TestSuite::new(visible(tally.claim));
    let seed = run.info.seed.to_string();
    // Where not all of them are cases.
    let all = match run.counted {
        None => String::new(),
        Some(_) => tally.standing.counts.total().to_string(),
    };
    for (name, value) in [
        ("theorem", tally.theorem),
        ("method", tally.method),
        ("seed", &seed),
        ("version", &run.info.version),
        ("started", &run.info.started),
        ("verdicts", &all),
    ] {
        if !value.is_empty() {
            suite.add_property((name, visible(value).as_str()));
        }
    }
    suite.add_test_cases(tally.verdicts.iter().map(|v| case(run, v)));
    suite
}

fn case(run: &Run, v: &Verdict) -> TestCase {
    let status = match v.status {
        Ruling::Pass => TestCaseStatus::success(),
        Ruling::Fail => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_type(visible(&v.check));
            status.set_message(visible(&figures(v)));
            let mut lines: Vec<String> = sentences(v).iter().map(|s| visible(s)).collect();
            lines.push(format!("replay: {}", visible(&command(run, v))));
            status.set_description(lines.join("\n"));
            status
        }
        Ruling::Inconclusive | Ruling::NotApplicable => {
            let mut status = TestCaseStatus::skipped();
            let reason = v.status.name().replace('-', " ");
            let why = v.reason.map_or("", why);
            let parts = [&reason, why, &v.detail]
                .into_iter()
                .filter(|p| !p.is_empty());
            status.set_message(visible(&parts.collect::<Vec<_>>().join(": ")));
            status
        }
    };
    let inside = v.id.strip_prefix(&v.claim);
    let name = inside.and_then(|rest| rest.strip_prefix('/'));
    let mut case = TestCase::new(visible(name.unwrap_or(&v.id)), status);
    case.set_classname(visible(&v.claim));
    case
}

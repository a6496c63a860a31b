//! The result as one JSON object, for `--format json`.
//!
//! Owns the shape of that object. Must not know files.

use serde::Serialize;
use serde_json::Value;

use super::run::{Run, RunInfo};
use super::tally::{Summary, Tally};
use crate::claims::{CheckCounts, Counts, Outcome, SCHEMA, Verdict};
use crate::numerals::number;

#[derive(Serialize)]
struct Object<'a> {
    schema: u32,
    headline: String,
    outcome: Outcome,
    counts: Counts,
    run: &'a RunInfo,
    claims: Vec<Claim<'a>>,
    verdicts: &'a [Verdict],
}

#[derive(Serialize)]
struct Claim<'a> {
    claim: &'a str,
    theorem: &'a str,
    method: &'a str,
    outcome: Outcome,
    instances: usize,
    counts: Counts,
    /// Decided among applicable verdicts; null where the claim applied nowhere.
    decided: Option<f64>,
    checks: Vec<Check<'a>>,
    tightest: Vec<Tightest<'a>>,
    failing: Vec<&'a str>,
    caught: Option<&'a str>,
}

#[derive(Serialize)]
struct Check<'a> {
    check: &'a str,
    counts: Counts,
    decided: Option<f64>,
}

#[derive(Serialize)]
struct Tightest<'a> {
    check: &'a str,
    id: &'a str,
    slack: Value,
}

/// The run as a JSON object (one line, ends with a newline): the headline, the counts, the claims
/// with their decided share (and that of each check), their failing and tightest verdicts by id,
/// and all verdicts as in `verdicts.jsonl`.
pub fn json(run: &Run) -> String {
    let summary = Summary::of(run);
    let object = Object {
        schema: SCHEMA,
        headline: summary.headline(),
        outcome: summary.outcome,
        counts: summary.counts,
        run: &run.info,
        claims: summary.claims.iter().map(claim).collect(),
        verdicts: &run.verdicts,
    };
    serde_json::to_string(&object).unwrap_or_default() + "\n"
}

fn claim<'a>(tally: &Tally<'a>) -> Claim<'a> {
    let tightest = |v: &&'a Verdict| Tightest {
        check: &v.check,
        id: &v.id,
        slack: number(v.slack),
    };
    let check = |c: &CheckCounts<'a>| Check {
        check: c.check,
        counts: c.counts,
        decided: c.counts.share(),
    };
    Claim {
        claim: tally.claim,
        theorem: tally.theorem,
        method: tally.method,
        outcome: tally.outcome(),
        instances: tally.instances,
        counts: tally.standing.counts,
        decided: tally.standing.counts.share(),
        checks: tally.standing.checks.iter().map(check).collect(),
        tightest: tally.tightest.iter().map(tightest).collect(),
        failing: tally.failing.iter().map(|v| v.id.as_str()).collect(),
        caught: tally.caught(),
    }
}

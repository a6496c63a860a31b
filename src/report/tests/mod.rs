//! Fixtures, and the tests of counting and of the table.

use std::fs;

use super::*;
use crate::checks::{Curve, Data, Fit, Reason, Ruling, Unit};
use crate::claims::{InstanceId, Origin, Outcome, Record, Verdict};
use crate::instances::{Kind, Spec};

mod facts;
mod gather;
mod pages;
mod reading;
mod xml;

pub(in crate::report) use xml::well_formed;

pub(in crate::report) fn verdict(
    claim: &str,
    index: usize,
    check: &str,
    status: Ruling,
    slack: f64,
) -> Verdict {
    let (id, replay) = (
        format!("{claim}/tight/{index}/{check}"),
        format!("ratecert replay {claim}/tight/{index}/{check}"),
    );
    Verdict {
        schema: 1,
        id,
        claim: claim.into(),
        theorem: "Theorem 4.1".into(),
        method: "itd".into(),
        instance: InstanceId {
            kind: "tight".into(),
            id: format!("tight/{index}"),
            seed: 7,
            spec: Spec::typical(Kind::Tight, 3),
            redrawn: 0,
        },
        status,
        check: check.into(),
        measured: 0.25,
        bound: 0.25 * slack,
        slack,
        detail: format!("step {index} decides"),
        replay,
        unit: None,
        headroom: f64::NAN,
        attained: false,
        step: None,
        reason: None,
        smallest: None,
        diagnosis: None,
    }
}

pub(in crate::report) fn origin(claim: &str) -> Origin {
    Origin {
        claim: claim.into(),
        check: "bound".into(),
        method: "itd".into(),
        kind: "tight".into(),
        family: 0,
        index: 0,
        seed: 7,
    }
}

pub(in crate::report) fn claim(name: &str) -> ClaimInfo {
    ClaimInfo {
        name: name.into(),
        title: "A bound".into(),
        statement: "error ≤ bound at every t".into(),
        source: "the paper".into(),
        theorem: "Theorem 4.1".into(),
        kind: "upper".into(),
        method: "itd".into(),
        caught: String::new(),
        digest: String::new(),
        families: Vec::new(),
    }
}

pub(in crate::report) fn curve() -> Curve {
    let steps: Vec<usize> = (0..=20).collect();
    let powers = |c: f64, q: f64| {
        steps
            .iter()
            .map(|t| c * q.powi(*t as i32))
            .collect::<Vec<f64>>()
    };
    Curve {
        q: 0.5,
        rho: 0.25,
        rho_radius: 0.0,
        tau: Some(4),
        identified: Some(3),
        error: powers(1.0, 0.25),
        paper: powers(8.0, 0.5),
        trajectory: powers(4.0, 0.5),
        sharp: powers(2.0, 0.4),
        floor: vec![1e-16; 21],
        steps,
    }
}

pub(in crate::report) fn fit() -> Fit {
    Fit {
        growth: "pure".into(),
        predicted: 0.5,
        fitted: 0.5001,
        lower: 0.4999,
        upper: 0.5003,
        accepted: 0.025,
        r_squared: 0.999,
        steps: (3..=18).collect(),
    }
}

pub(in crate::report) fn run() -> Run {
    let verdicts = vec![
        verdict("bound-itd", 0, "bound", Ruling::Pass, 1.5),
        verdict("bound-itd", 1, "bound", Ruling::Pass, 1.0004),
        verdict("bound-itd", 1, "limit", Ruling::Pass, 0.02),
        verdict("bound-itd", 2, "bound", Ruling::NotApplicable, f64::NAN),
        verdict("rate-itd", 0, "local-rate", Ruling::Inconclusive, f64::NAN),
        verdict("dimp-itd", 0, "bound", Ruling::Fail, 0.9),
        verdict("dimp-itd", 1, "bound", Ruling::Fail, 0.5),
        verdict("dimp-itd", 2, "bound", Ruling::Fail, 0.75),
        verdict("dimp-itd", 3, "bound", Ruling::Fail, 0.8),
        verdict("dimp-itd", 4, "bound", Ruling::Pass, 2.0),
    ];
    let mut claims: Vec<ClaimInfo> = ["bound-itd", "rate-itd", "dimp-itd", "unused"]
        .map(claim)
        .to_vec();
    claims[0].caught = "a factor q off by 1 %".into();
    Run {
        info: info(claims),
        verdicts,
        records: vec![
            Record {
                origin: origin("bound-itd"),
                data: Data::Curve(curve()),
            },
            Record {
                origin: origin("rate-itd"),
                data: Data::Fit(fit()),
            },
        ],
        counted: None,
        place: None,
    }
}

fn info(claims: Vec<ClaimInfo>) -> RunInfo {
    RunInfo {
        subject: None,
        version: "0.1.0".into(),
        build: String::new(),
        profile: "quick".into(),
        times: 1,
        verdicts: None,
        records: None,
        statistical_checks: 0,
        seed: 0,
        started: String::new(),
        seconds: 1.25,
        instances: 5,
        shard: None,
        alpha: 1e-9,
        claims,
        claims_from: None,
        replaced: Vec::new(),
    }
}

pub(in crate::report) fn empty() -> Run {
    Run {
        info: info(Vec::new()),
        verdicts: Vec::new(),
        records: Vec::new(),
        counted: None,
        place: None,
    }
}

pub(in crate::report) fn all_failing() -> Run {
    let mut run = run();
    run.verdicts
        .iter_mut()
        .for_each(|v| v.status = Ruling::Fail);
    run
}

/// Text that has to be escaped everywhere, in every field that others write.
pub(in crate::report) fn hostile() -> Run {
    let nasty = "<b>&\"'`|*_]]>\u{0}\u{1b}[31m\n-- \u{fffe}${x}";
    let mut run = all_failing();
    for v in &mut run.verdicts {
        for field in [
            &mut v.id,
            &mut v.theorem,
            &mut v.method,
            &mut v.check,
            &mut v.detail,
            &mut v.replay,
        ] {
            field.push_str(nasty);
        }
        v.instance.kind.push_str(nasty);
    }
    run.verdicts[1].status = Ruling::Inconclusive;
    for c in &mut run.info.claims {
        for field in [
            &mut c.title,
            &mut c.statement,
            &mut c.source,
            &mut c.theorem,
            &mut c.kind,
            &mut c.caught,
        ] {
            field.push_str(nasty);
        }
    }
    run.info.version.push_str(nasty);
    run.info.started.push_str(nasty);
    for r in &mut run.records {
        let o = &mut r.origin;
        for field in [&mut o.claim, &mut o.method, &mut o.kind] {
            field.push_str(nasty);
        }
        match &mut r.data {
            Data::Fit(_) | Data::Curve(_) | Data::Race(_) => {}
            Data::Slack(s) => s.level.push_str(nasty),
            Data::Plot(p) => p.note.push_str(nasty),
            Data::Moments(m) => m.figure.push_str(nasty),
        }
    }
    run
}

#[test]
fn the_table_reads_like_this() {
    let expected = "  claim                        verdict      pass  fail  open  closest call
Theorem 4.1: linear rates of ITD and AID-FP
  bound-itd                    holds           3     0     0  ×1.00 bound
  rate-itd                     undecided       0     0     1  –
  dimp-itd                     VIOLATED        1     4     0  ×0.5 bound
  unused                       not judged      0     0     0  –

checks that decided no instance:
  rate-itd: local-rate

undecided:
  too few steps between identification and the rounding floor: 1 verdict
    rate-itd/tight/0/local-rate

dimp-itd is violated (Theorem 4.1)
  dimp-itd/tight/1/bound
    measured 0.25, bound 0.125
    step 1 decides
    headroom 0.5 (bound over error)
    replay: ratecert replay dimp-itd/tight/1/bound
  dimp-itd/tight/2/bound
    measured 0.25, bound 0.1875
    step 2 decides
    headroom 0.75 (bound over error)
    replay: ratecert replay dimp-itd/tight/2/bound
  dimp-itd/tight/3/bound
    measured 0.25, bound 0.2
    step 3 decides
    headroom 0.8 (bound over error)
    replay: ratecert replay dimp-itd/tight/3/bound
  and 1 more failing verdict

4 claims, 10 verdicts: 4 pass, 4 fail, 1 inconclusive, 1 not applicable;
88 % decided
";
    let mut run = run();
    for v in &mut run.verdicts {
        match v.status {
            Ruling::Inconclusive => v.reason = Some(Reason::TooFewPoints),
            _ => (v.unit, v.headroom) = (Some(Unit::Bound), v.slack),
        }
    }
    run.verdicts[2].headroom = f64::INFINITY;
    assert_eq!(text(&run, Shown::default()), expected);
    // The table fits a terminal; everything else is on demand, and said once.
    let all = text(&run, Shown::default().undecided(true).caught(true));
    assert!(all.lines().take(6).all(|l| l.chars().count() <= 80));
    assert!(all.contains("    rate-itd/tight/0/local-rate\n      step 0 decides\n"));
    assert!(all.contains("caught:\n  bound-itd\n    a factor q off by 1 %\n"));
}

/// A long name stands on a line of its own, and columns stay where they are.
#[test]
fn a_long_name_does_not_move_the_columns() {
    let mut run = run();
    let long = "a-claim-with-a-name-that-is-longer-than-its-column";
    run.info.claims[3].name = long.into();
    let text = text(&run, Shown::default());
    let mut lines = text.lines().skip_while(|l| !l.contains(long));
    assert_eq!(lines.next().map(str::trim), Some(long));
    assert!(
        lines
            .next()
            .unwrap()
            .starts_with(&format!("{}not judged", " ".repeat(31)))
    );
}

/// Draws that were given up are counted once for each instance, not for each of its checks.
#[test]
fn draws_that_were_given_up_are_said() {
    let mut run = run();
    for (n, v) in run.verdicts.iter_mut().enumerate() {
        v.instance.redrawn = if n == 1 || n == 2 { 3 } else { 0 };
    }
    let closing = Summary::of(&run).closing();
    assert!(
        closing.ends_with("88 % decided; 3 draws given up"),
        "{closing}"
    );
}

#[test]
fn colour_adds_escapes_and_nothing_else() {
    let painted = text(&run(), Shown::default().coloured(true));
    assert!(
        painted.contains("\u{1b}[1;31mVIOLATED\u{1b}[0m")
            && painted.contains("\u{1b}[32mholds\u{1b}[0m")
    );
    let mut plain = String::new();
    let mut rest = painted.as_str();
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        plain += before;
        rest = after.split_once('m').unwrap().1;
    }
    assert_eq!(plain + rest, text(&run(), Shown::default()));
}

#[test]
fn foreign_text_cannot_move_the_cursor() {
    assert!(!text(&hostile(), Shown::default().caught(true).undecided(true)).contains('\u{1b}'));
    assert!(!markdown(&hostile()).contains('\u{1b}'));
}

#[test]
fn an_empty_run_is_reported_as_such() {
    let run = empty();
    assert_eq!(
        text(&run, Shown::default().coloured(true)),
        "0 claims, 0 verdicts: 0 pass, 0 fail, 0 inconclusive, 0 not applicable;\n- decided\n"
    );
    assert!(markdown(&run).starts_with("# No claims were run\n"));
    assert_eq!(well_formed(&junit(&run)), Ok(1));
    let page = html(&run, &[]);
    assert!(page.contains("</svg>No claims were run</h1>") && page.contains("Exit code 3"));
    assert_eq!(Summary::of(&run).outcome, Outcome::NotJudged);
}

#[test]
fn headlines_say_what_happened() {
    let headline = |run: &Run| Summary::of(run).headline();
    assert_eq!(headline(&run()), "1 of 4 claims violated");
    assert_eq!(headline(&all_failing()), "3 of 4 claims violated");
    let mut r = run();
    r.verdicts.retain(|v| v.status != Ruling::Fail);
    assert_eq!(headline(&r), "2 of 4 claims hold; 2 could not be decided");
    r.verdicts.retain(|v| v.status != Ruling::Pass);
    assert_eq!(
        headline(&r),
        "Nothing was violated, and nothing could be judged"
    );
    r = run();
    r.verdicts.truncate(2);
    r.info.claims.truncate(1);
    assert_eq!(headline(&r), "The claim holds");
    r.info.shard = Some((1, 2));
    assert_eq!(
        headline(&r),
        "Nothing was violated in shard 1 of 2; the whole run decides"
    );
    assert_eq!(Summary::of(&r).outcome, Outcome::Open);
    assert!(Summary::of(&r).silent().is_empty());
    // Passing is not enough where a check of the claim decided nothing.
    r.info.shard = None;
    r.verdicts.push(verdict(
        "bound-itd",
        0,
        "limit",
        Ruling::Inconclusive,
        f64::NAN,
    ));
    assert_eq!(
        headline(&r),
        "Nothing was violated, and no claim was decided"
    );
}

/// What a claim was not decided by is said on every page, with its decided share.
#[test]
fn a_check_that_decided_nothing_is_named() {
    let mut run = run();
    run.verdicts
        .retain(|v| v.check != "limit" && v.status != Ruling::Fail);
    run.verdicts.push(verdict(
        "bound-itd",
        0,
        "limit",
        Ruling::Inconclusive,
        f64::NAN,
    ));
    let summary = Summary::of(&run);
    assert_eq!(summary.claims[0].outcome(), Outcome::Undecided);
    assert_eq!(summary.outcome, Outcome::Undecided);
    assert!(text(&run, Shown::default()).contains("decided no instance:\n  bound-itd: limit\n"));
    let summary = markdown(&run);
    assert!(summary.contains("- `bound-itd`: limit\n") && summary.contains("| 66 % |"));
    let page = html(&run, &[]);
    let silent = "<dt>Decided no instance</dt><dd class=\"open\">limit</dd>";
    assert!(page.contains(silent) && page.contains(">2<span class=\"mut\">/3</span></td>"));
    let value: serde_json::Value = serde_json::from_str(&json(&run)).unwrap();
    assert_eq!(value["claims"][0]["outcome"], "undecided");
    assert_eq!(value["claims"][0]["checks"][1]["check"], "limit");
    assert_eq!(value["claims"][0]["checks"][1]["decided"], 0.0);
}

#[test]
fn the_tightest_slack_is_kept_by_kind_of_check() {
    let run = run();
    let summary = Summary::of(&run);
    let ids: Vec<&str> = summary.claims[0]
        .tightest
        .iter()
        .map(|v| v.id.as_str())
        .collect();
    assert_eq!(ids, ["bound-itd/tight/1/bound", "bound-itd/tight/1/limit"]);
    assert_eq!(summary.claims[2].worst().map(|v| v.slack), Some(0.5));
}

#[test]
fn a_claim_that_only_verdicts_name_is_shown() {
    let mut run = run();
    run.info.claims.clear();
    let summary = Summary::of(&run);
    let names: Vec<&str> = summary.claims.iter().map(|t| t.claim).collect();
    assert_eq!(names, ["bound-itd", "rate-itd", "dimp-itd"]);
    assert!(html(&run, &[]).contains("Theorem 4.1"));
}

/// Slacks of different kinds of checks do not compare, and those of rates are all alike.
#[test]
fn the_worst_failure_is_that_with_the_least_headroom() {
    let mut run = all_failing();
    for (i, v) in run.verdicts.iter_mut().enumerate() {
        (v.slack, v.headroom) = (0.01, 1.0 / (2.0 + i as f64));
    }
    let last = run.verdicts.last().unwrap();
    let summary = Summary::of(&run);
    let own = summary.claims.iter().find(|t| t.claim == last.claim);
    assert_eq!(own.unwrap().failing[0].id, last.id);
    let verdicts = run.verdicts.len();
    run.verdicts[verdicts / 2].headroom = f64::NAN;
    let lost = &run.verdicts[verdicts / 2];
    let summary = Summary::of(&run);
    let own = summary.claims.iter().find(|t| t.claim == lost.claim);
    assert_eq!(own.unwrap().failing[0].id, lost.id);
}

//! Naming is measured out of sample: a second implementation of the methods with its own mistakes,
//! written from the methods' text (equations (13), (14), Algorithms 1 and 3, the data of the
//! problems) and not by the catalogue's code. Every mistake is caught; of those named at least four
//! in five are named right; correct ones do not fail.

use std::sync::atomic::AtomicBool;

use super::foreign::{Row, faults, right};
use ratecert::case::Method;
use ratecert::checks::Ruling;
use ratecert::claims::{Claim, Diagnosis, Profile, conformance};
use ratecert::runner::Plan;

/// The kinds of instances that the foreign implementation knows.
const KINDS: [&str; 10] = [
    "affine-symmetric",
    "affine-non-normal",
    "layer-relu",
    "layer-leaky-relu",
    "layer-tanh",
    "elastic-net",
    "elastic-net-wide",
    "sum-elastic-net",
    "sum-tiny",
    "noise-tanh",
];
/// Checks that together see every mistake.
const CHECKS: [&str; 3] = ["exact-trajectory", "limit", "termination"];

/// What any implementation is held to, on a few kinds, and with cotangents of every size.
fn claim(row: &Row) -> Claim {
    let mut claim = conformance(row.method).unwrap();
    let known = |kind: &str| KINDS.contains(&kind);
    claim.families.retain(|f| known(f.kind.name()));
    claim.checks.retain(|c| CHECKS.contains(&c.check.label()));
    claim
}

/// The failing verdicts of an implementation, with their diagnoses.
fn failures(row: &Row) -> Vec<(String, Option<Diagnosis>)> {
    let plan = Plan {
        claims: vec![claim(row)],
        // Not every instance shows a cap or a sign.
        profile: match row.method {
            Method::AID_CG | Method::AID_FP => Profile::Quick,
            _ => Profile::Test,
        },
        seed: 5,
        jobs: Some(2),
        shard: None,
        times: 1,
        alpha: 1e-9,
        factory: row,
    };
    let output = plan.run(None, &AtomicBool::new(false), &|_, _| ()).unwrap();
    let failed = output
        .verdicts
        .into_iter()
        .filter(|v| v.status == Ruling::Fail);
    failed.map(|v| (v.id, v.diagnosis)).collect()
}

fn words(diagnosis: Option<&Diagnosis>) -> String {
    match diagnosis {
        None => "-".into(),
        Some(Diagnosis::LooksRight) => "looks right".into(),
        Some(Diagnosis::Names(names)) => {
            let one = |n: &ratecert::claims::Named| format!("{} ({:.2})", n.fault, n.confidence);
            names.iter().map(one).collect::<Vec<_>>().join(" or ")
        }
        Some(_) => "unknown".into(),
    }
}

fn hits(row: &Row, diagnosis: &Diagnosis) -> Option<bool> {
    let Diagnosis::Names(names) = diagnosis else {
        return None;
    };
    assert!(names.len() <= 3);
    Some(names.iter().any(|n| row.names.contains(&n.fault.as_str())))
}

#[test]
fn mistakes_of_others_are_caught_and_mostly_named_right() {
    let (mut caught, mut named, mut named_right) = (0, 0, 0);
    let (mut verdicts_named, mut verdicts_right) = (0, 0);
    let all = faults();
    assert!(all.len() >= 35);
    println!(
        "{:34} {:15} {:>6}  first diagnosis",
        "mistake", "method", "failed"
    );
    for row in &all {
        let failed = failures(row);
        let diagnosed: Vec<&Diagnosis> = failed.iter().filter_map(|f| f.1.as_ref()).collect();
        let judged: Vec<bool> = diagnosed.iter().filter_map(|d| hits(row, d)).collect();
        verdicts_named += judged.len();
        verdicts_right += judged.iter().filter(|hit| **hit).count();
        caught += usize::from(!failed.is_empty());
        // What somebody sees first who looks for a name.
        if let Some(first) = judged.first() {
            named += 1;
            named_right += usize::from(*first);
        }
        let first = diagnosed.iter().find(|d| hits(row, d).is_some());
        let shown = first.or(diagnosed.first()).copied();
        let mark = match judged.first() {
            Some(true) => "right",
            Some(false) => "WRONG",
            None => "",
        };
        println!(
            "{:34} {:15} {:>6}  {} {mark} ({}/{} verdicts)",
            row.about,
            row.method.name(),
            failed.len(),
            words(shown),
            judged.iter().filter(|hit| **hit).count(),
            judged.len(),
        );
    }
    println!(
        "named right {named_right} / named {named} / caught {caught} of {}",
        all.len()
    );
    println!("by verdict: named right {verdicts_right} / named {verdicts_named}");
    assert_eq!(caught, all.len());
    assert!(named_right * 5 >= named * 4, "{named_right} of {named}");
    assert!(
        verdicts_right * 5 >= verdicts_named * 4,
        "{verdicts_right} of {verdicts_named}"
    );
    assert!(
        named * 2 >= caught,
        "only {named} of {caught} have a name at all"
    );
}

#[test]
fn what_is_right_does_not_fail() {
    for row in right() {
        let failed = failures(&row);
        assert!(
            failed.is_empty(),
            "{} {}: {failed:?}",
            row.about,
            row.method
        );
    }
}

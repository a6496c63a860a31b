//! The formats other people's files and tools rely on, frozen: a change here is a change of schema
//! and wants a version bump and a line in CHANGELOG.md.

use ratecert::case::Method;
use ratecert::checks::{Curve, Data, Fit};
use ratecert::claims::{Claim, Origin, Profile, Record, Verdict};
use ratecert::instances::{BOUNDS, Kind};
use ratecert::theory::{Hypothesis, Level};

const CLAIM: &str = r#"schema = 1
name = "a"
title = "t"
statement = "s"
theorem = "Theorem 4.1"
source = "s"
kind = "upper"
method = "itd"
hypotheses = []
[[instances]]
kind = "tight"
count = { test = 1, quick = 1, full = 1 }
[[checks]]
check = "bound"
level = "paper"
slack = 1.0
reason = "r"
"#;

/// The parser's own list of the keys it knows, from its refusal of an unknown one.
fn keys(from: &str, to: &str) -> String {
    Claim::parse(&CLAIM.replacen(from, to, 1), "a.toml")
        .unwrap_err()
        .to_string()
}

#[test]
fn claim_files() {
    let names = |v: Vec<&str>| v.join(" ");
    let text = [
        keys("schema = 1", "schema = 1\nx = 1"),
        keys("kind = \"tight\"", "kind = \"tight\"\nx = 1"),
        keys("test = 1,", "test = 1, x = 1,"),
        keys("check = \"bound\"", "check = \"bound\"\nx = 1"),
        keys("check = \"bound\"", "check = \"x\""),
        keys("level = \"paper\"", "level = \"x\""),
        keys("kind = \"upper\"", "kind = \"x\""),
        format!(
            "methods: {}",
            names(Method::NAMES.iter().map(|m| m.0).collect())
        ),
        format!(
            "hypotheses: {}",
            names(Hypothesis::NAMES.iter().map(|m| m.0).collect())
        ),
        format!(
            "levels: {}",
            names(Level::NAMES.iter().map(|m| m.0).collect())
        ),
        format!(
            "profiles: {}",
            names(Profile::NAMES.iter().map(|m| m.0).collect())
        ),
        format!("kinds: {}", names(Kind::ALL.iter().map(|m| m.1).collect())),
        BOUNDS
            .iter()
            .map(|b| format!("{} in [{:e}, {:e}]", b.name, b.min, b.max))
            .collect::<Vec<_>>()
            .join("\n"),
    ];
    insta::assert_snapshot!(text.join("\n"));
}

/// A verdict with every field there is.
const VERDICT: &str = r#"{"schema":1,"id":"itd-bound/tight.0.1/bound-paper","claim":"itd-bound","theorem":"Theorem 4.1",
"method":"itd","instance":{"kind":"tight","id":"tight.0.1","seed":18446744073709551615,"spec":{"kind":"elastic-net-margin",
"dim":3,"params":2,"rows":6,"q":0.8,"margin":0.01}},"status":"fail","check":"bound","measured":"NaN","bound":"Infinity",
"slack":0.1,"detail":"ρ < 1","replay":"ratecert replay itd-bound/tight.0.1/bound-paper","unit":"bound","headroom":0.5,
"attained":true,"step":4,"reason":"too-large","smallest":{"spec":{"kind":"tight","dim":1,"params":1,"rows":1,"q":0.5},"seed":3,
"measured":2.0,"bound":1.0},"diagnosis":{"names":[{"fault":"stale-iterate","confidence":0.97}]}}"#;

#[test]
fn verdicts_and_records() {
    let verdict: Verdict = serde_json::from_str(VERDICT).unwrap();
    let curve = Curve {
        q: 0.5,
        rho: 0.25,
        rho_radius: 0.0,
        tau: Some(3),
        identified: None,
        steps: vec![0, 1],
        error: vec![1.0, 5e-324],
        paper: vec![2.0, f64::INFINITY],
        trajectory: vec![2.0, 1.0],
        sharp: vec![1.0, 1.0],
        floor: vec![0.0, 1e-16],
    };
    let fit = Fit {
        growth: "pure".into(),
        predicted: 0.5,
        fitted: 0.5,
        lower: 0.4,
        upper: 0.6,
        r_squared: 1.0,
        accepted: 0.005,
        steps: vec![3, 5, 9],
    };
    let line = verdict.to_line();
    assert_eq!(
        serde_json::from_str::<Verdict>(&line).unwrap().to_line(),
        line,
        "a verdict survives its own format"
    );
    let origin = serde_json::json!({
        "claim": "c", "check": "local-rate-pure", "method": "itd", "kind": "tight", "family": 0,
        "index": 1, "seed": 7,
    });
    let origin: Origin = serde_json::from_value(origin).unwrap();
    let record = |data| Record::new(origin.clone(), data);
    let fit = record(Data::Fit(fit));
    assert_eq!(fit.key(), "c/tight.0/local-rate-pure/fit-pure");
    assert_eq!(fit.origin.instance(), "tight.0.1");
    let records: Vec<String> = [record(Data::Curve(curve)), fit]
        .iter()
        .map(|r| serde_json::to_string(r).unwrap())
        .collect();
    insta::assert_snapshot!(format!("{line}\n{}", records.join("\n")));
}

//! The formats other people's files and tools rely on, frozen: a change here is a change of schema and
//! wants a version bump and a line in CHANGELOG.md.

use ratecert::claims::verdict::{Curve, Fit, InstanceId, Record, SCHEMA, Status, Verdict};
use ratecert::claims::{Claim, Profile};
use ratecert::instances::{BOUNDS, Kind, Spec};
use ratecert::methods::Method;
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

#[test]
fn verdicts_and_records() {
    let verdict = Verdict {
        schema: SCHEMA,
        id: "itd-bound/tight.0.1/bound-paper".into(),
        claim: "itd-bound".into(),
        theorem: "Theorem 4.1".into(),
        method: "itd".into(),
        instance: InstanceId {
            kind: "tight".into(),
            id: "tight.0.1".into(),
            seed: 18_446_744_073_709_551_615,
            spec: Spec::typical(Kind::ElasticNetMargin, 3),
        },
        status: Status::NotApplicable,
        check: "bound".into(),
        measured: f64::NAN,
        bound: f64::INFINITY,
        slack: 0.1,
        detail: "ρ < 1".into(),
        replay: "ratecert replay itd-bound/tight.0.1/bound-paper".into(),
    };
    let curve = Curve {
        claim: "c".into(),
        method: "itd".into(),
        kind: "tight".into(),
        instance: "tight.0.1".into(),
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
        claim: "c".into(),
        method: "itd".into(),
        kind: "tight".into(),
        instance: "tight.0.1".into(),
        growth: "pure".into(),
        predicted: 0.5,
        fitted: 0.5,
        lower: 0.4,
        upper: 0.6,
        r_squared: 1.0,
        window: [3, 9],
    };
    let line = verdict.to_line();
    assert_eq!(
        serde_json::from_str::<Verdict>(&line).unwrap().to_line(),
        line,
        "a verdict survives its own format"
    );
    let records: Vec<String> = [Record::Curve(curve), Record::Fit(fit)]
        .iter()
        .map(|r| serde_json::to_string(r).unwrap())
        .collect();
    insta::assert_snapshot!(format!("{line}\n{}", records.join("\n")));
}

//! Runs and the files they leave.

use std::fs;
use std::path::Path;

use super::{Sandbox, failing, stdout};

#[test]
fn certify_leaves_a_complete_report_and_the_same_bytes_at_any_thread_count() {
    let s = Sandbox::new();
    let a = s.run(&["certify", "itd-*", "--profile", "test", "--jobs", "1"]);
    assert_eq!(
        a.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&a.stderr)
    );
    assert!(stdout(&a).contains("itd-bound"));
    let latest = s.path().join("reports/latest");
    for file in [
        "run.json",
        "verdicts.jsonl",
        "junit.xml",
        "summary.md",
        "index.html",
        "figures",
    ] {
        assert!(latest.join(file).exists(), "{file}");
    }
    let first = fs::read(latest.join("verdicts.jsonl")).unwrap();
    assert_eq!(
        s.run(&["certify", "itd-*", "--profile", "test", "--jobs", "2"])
            .status
            .code(),
        Some(0)
    );
    assert_eq!(first, fs::read(latest.join("verdicts.jsonl")).unwrap());
    // Sharding changes which verdicts there are, not their bytes.
    let mut lines: Vec<String> = Vec::new();
    for shard in ["1/2", "2/2"] {
        s.run(&[
            "certify",
            "itd-*",
            "--profile",
            "test",
            "--shard",
            shard,
            "--out",
            "shard",
        ]);
        let text = fs::read_to_string(s.path().join("shard/verdicts.jsonl")).unwrap();
        lines.extend(text.lines().map(String::from));
    }
    let mut whole: Vec<String> = String::from_utf8(first)
        .unwrap()
        .lines()
        .map(String::from)
        .collect();
    lines.sort();
    whole.sort();
    assert_eq!(lines, whole);
}

#[test]
fn replay_and_report_read_the_run() {
    let s = Sandbox::new();
    s.run(&["certify", "itd-tight", "--profile", "test"]);
    let verdicts = fs::read_to_string(s.path().join("reports/latest/verdicts.jsonl")).unwrap();
    let line: serde_json::Value = serde_json::from_str(verdicts.lines().next().unwrap()).unwrap();
    let id = line["id"].as_str().unwrap();
    let out = s.run(&["replay", id]);
    assert_eq!(out.status.code(), Some(0));
    assert!(stdout(&out).contains("recorded") && stdout(&out).contains("sharp"));
    assert!(
        s.refused(&["replay", "no/such/id"])
            .contains("has no verdict")
    );
    assert!(
        s.refused(&["replay", id, "--run", "nowhere"])
            .contains("`ratecert certify` makes a run")
    );
    // Every recorded instance can be had as a file, from the run or from its spec and seed alone.
    for line in verdicts.lines() {
        let v: serde_json::Value = serde_json::from_str(line).unwrap();
        let (spec, seed) = (
            v["instance"]["spec"].to_string(),
            v["instance"]["seed"].to_string(),
        );
        let made = s.run(&["generate", "--spec", &spec, "--seed", &seed]);
        let made: serde_json::Value = serde_json::from_slice(&made.stdout).unwrap();
        s.run(&[
            "replay",
            v["id"].as_str().unwrap(),
            "--instance-out",
            "i.json",
        ]);
        let written = fs::read_to_string(s.path().join("i.json")).unwrap();
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&written).unwrap(),
            made
        );
    }
    fs::remove_file(s.path().join("reports/latest/index.html")).unwrap();
    assert_eq!(s.run(&["report"]).status.code(), Some(0));
    assert!(s.path().join("reports/latest/index.html").exists());
    assert!(
        s.refused(&["report", "--run", "nowhere"])
            .contains("no run.json")
    );
}

#[test]
fn a_directory_that_is_no_run_is_not_overwritten() {
    let s = Sandbox::new();
    fs::create_dir(s.path().join("mine")).unwrap();
    fs::write(s.path().join("mine/thesis.txt"), "years of work").unwrap();
    assert!(
        s.refused(&["certify", "itd-tight", "--out", "mine"])
            .contains("not the output of a run")
    );
    assert_eq!(
        fs::read_to_string(s.path().join("mine/thesis.txt")).unwrap(),
        "years of work"
    );
}

#[test]
fn files_beside_a_run_that_are_not_its_own_stay() {
    let s = Sandbox::new();
    let run = ["certify", "aid-fp-below-itd", "--profile", "test", "--out"];
    for (out, beside) in [
        ("keep.v2", "keep.old"),
        ("doc", "doc.old"),
        ("doc", "doc.partial"),
    ] {
        assert!(s.run(&[&run[..], &[out]].concat()).status.success());
        let mine = s.path().join(beside).join("mine.txt");
        fs::create_dir_all(mine.parent().unwrap()).unwrap();
        fs::write(&mine, "mine").unwrap();
        assert!(s.run(&[&run[..], &[out]].concat()).status.success());
        assert_eq!(fs::read_to_string(&mine).unwrap(), "mine");
        assert!(s.path().join(out).join("run.json").exists());
        fs::remove_dir_all(s.path().join(beside)).unwrap();
    }
    // A run beside, too: `doc.old` was the place where `doc` was put for a moment.
    assert!(s.run(&[&run[..], &["doc.old"]].concat()).status.success());
    let earlier = fs::read(s.path().join("doc.old/run.json")).unwrap();
    assert!(s.run(&[&run[..], &["doc"]].concat()).status.success());
    assert_eq!(
        fs::read(s.path().join("doc.old/run.json")).unwrap(),
        earlier
    );
}

/// What runs write fits the schemas that are published, line by line.
#[test]
fn files_of_a_run_fit_their_schemas() {
    let s = Sandbox::new();
    let claims = [
        "itd-bound",
        "itd-local-rate",
        "nsid-limit",
        "identification",
        "kink-itd-bound",
        "mine",
    ];
    failing(&s);
    let arguments = [
        &["certify"],
        &claims[..],
        &["--profile", "test", "--claims", "my claims"],
    ]
    .concat();
    s.run(&arguments);
    s.run(&["certify", "itd-tight", "--profile", "test", "--out", "r"]);
    s.run(&["baseline", "update", "--run", "r", "--baselines", "b"]);
    let validator = |name: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("docs/schemas/{name}.json"));
        let published = fs::read_to_string(path).unwrap();
        assert_eq!(
            stdout(&s.run(&["schema", name])),
            published,
            "`just schemas` writes it again"
        );
        jsonschema::validator_for(&serde_json::from_str(&published).unwrap()).unwrap()
    };
    for (name, file, lines) in [
        ("verdict", "reports/latest/verdicts.jsonl", true),
        ("record", "reports/latest/records.jsonl", true),
        ("run", "reports/latest/run.json", false),
        ("baseline", "b/itd-tight.json", false),
    ] {
        let validator = validator(name);
        let text = fs::read_to_string(s.path().join(file)).unwrap();
        let parts: Vec<&str> = if lines {
            text.lines().collect()
        } else {
            vec![&text]
        };
        assert!(!parts.is_empty());
        for part in parts {
            let value = serde_json::from_str(part).unwrap();
            let error = validator.validate(&value).err();
            assert!(error.is_none(), "{name}: {error:?} in {part}");
        }
    }
}

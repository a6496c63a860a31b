//! What is printed of a run.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::{CLAIM, Sandbox, failing, stdout};

/// What is printed to be typed works as it stands: in the table, the summary and JUnit.
#[test]
fn replay_commands_run_as_they_are_printed() {
    let s = Sandbox::new();
    let out = failing(&s);
    assert_eq!(out.status.code(), Some(1));
    let printed = stdout(&out);
    let command = printed
        .lines()
        .find_map(|l| l.trim().strip_prefix("replay: "));
    let command = command.unwrap();
    for file in ["summary.md", "junit.xml"] {
        let text = fs::read_to_string(s.path().join("a run").join(file)).unwrap();
        let text = text.replace("&apos;", "'").replace("&#39;", "'");
        assert!(text.contains(command), "{command} in {file}");
    }
    let bin = Path::new(env!("CARGO_BIN_EXE_ratecert")).parent().unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let again = Command::new("sh")
        .args(["-c", command])
        .current_dir(s.path())
        .env("PATH", path)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&again.stderr);
    assert_eq!(again.status.code(), Some(1), "{text}");
    assert!(stdout(&again).contains("exceeds the paper bound"));
}

/// Eighty columns, one line of verdicts a claim, explanations on demand.
#[test]
fn the_table_fits_a_terminal_and_explains_on_demand() {
    let s = Sandbox::new();
    let arguments = ["certify", "*-tight", "kink-itd-*", "--profile", "test"];
    let out = stdout(&s.run(&arguments));
    assert!(
        out.lines()
            .all(|l| l.chars().count() <= 80 || l.contains("verdicts:")),
        "{out}"
    );
    assert!(out.contains("\nTheorem 4.1: linear rates") && !out.contains("caught"));
    let verbose = stdout(&s.run(&[&arguments[..], &["-v"]].concat()));
    assert_eq!(verbose.matches("would have caught:").count(), 1);
    let sentences = verbose.lines().filter(|l| l.starts_with("    "));
    let mut sentences: Vec<&str> = sentences.collect();
    let count = sentences.len();
    sentences.sort_unstable();
    sentences.dedup();
    assert_eq!(sentences.len(), count, "said twice: {verbose}");
}

#[test]
fn undecided_verdicts_are_named_with_their_reasons() {
    let s = Sandbox::new();
    fs::create_dir(s.path().join("c")).unwrap();
    // λ at which no draw shows the rate.
    let claim = CLAIM
        .replace(
            "check = \"bound\"\nlevel = \"paper\"",
            "check = \"local-rate\"\ngrowth = \"pure\"",
        )
        .replace("slack = 1.0", "slack = 0.01")
        .replace(
            "kind = \"affine-normal\"\ndim = [1, 4]",
            "kind = \"diabetes\"\nlambda = [[0.3, 0.1], [0.05, 0.2]]",
        );
    fs::write(s.path().join("c/mine.toml"), claim).unwrap();
    let out = s.run(&["certify", "mine", "--claims", "c"]);
    let text = stdout(&out);
    assert_eq!(out.status.code(), Some(0), "{text}");
    assert!(
        text.contains("\nundecided:\n  ")
            && text.contains("    mine/diabetes.0.0/local-rate-pure\n")
    );
    assert!(text.contains("draws given up"));
    let strict = s.run(&["certify", "mine", "--claims", "c", "--strict"]);
    assert_eq!(strict.status.code(), Some(3));
    assert!(
        stdout(&strict).contains("instead of ρ = "),
        "the detail says why"
    );
}

#[test]
fn github_gets_a_summary_and_annotations() {
    let s = Sandbox::new();
    failing(&s);
    let run = |on: &str| {
        Command::new(env!("CARGO_BIN_EXE_ratecert"))
            .args(["certify", "mine", "--claims", "my claims", "--out", "a run"])
            .args(["--profile", "test", "--format", "json"])
            .current_dir(s.path())
            .env("GITHUB_ACTIONS", on)
            .env("GITHUB_STEP_SUMMARY", s.path().join("summary"))
            .output()
            .unwrap()
    };
    run("false");
    assert!(!s.path().join("summary").exists());
    let out = run("true");
    let said = String::from_utf8(out.stderr).unwrap();
    assert!(
        said.contains("::error title=mine is violated::1 of 1 verdicts fail; worst: mine/"),
        "{said}"
    );
    serde_json::from_slice::<serde_json::Value>(&out.stdout).unwrap();
    run("true");
    let summary = fs::read_to_string(s.path().join("summary")).unwrap();
    assert_eq!(
        summary.matches("# 1 of 1 claim violated").count(),
        2,
        "{summary}"
    );
}

/// A theorem of each kind on the first instance of a claim: in words, every constant, the bounds.
#[test]
fn theorems_are_explained() {
    let s = Sandbox::new();
    for claim in [
        "itd-bound",
        "aid-fp-bound",
        "nsid-bound",
        "baid-fp-bound",
        "nsid-bilevel-bound",
    ] {
        let out = s.run(&["explain", claim]);
        assert_eq!(out.status.code(), Some(0));
        // Certified errors are rounding.
        let text = stdout(&out);
        let kept = text.lines().filter(|l| !l.contains("certified error"));
        insta::assert_snapshot!(claim, kept.collect::<Vec<_>>().join("\n"));
    }
}

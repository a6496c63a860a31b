//! The command line as a user meets it: exit codes, messages, files.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

struct Sandbox(TempDir);

impl Sandbox {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_ratecert"))
            .args(arguments)
            .current_dir(self.path())
            .env("NO_COLOR", "1")
            .output()
            .unwrap()
    }

    /// Runs and expects exit code 2 with one line on stderr; returns it.
    fn refused(&self, arguments: &[&str]) -> String {
        let out = self.run(arguments);
        let err = String::from_utf8(out.stderr).unwrap();
        assert_eq!(out.status.code(), Some(2), "{arguments:?}: {err}");
        assert!(!err.contains("panicked"), "{err}");
        err.trim_end().to_string()
    }
}

fn stdout(out: &Output) -> String {
    String::from_utf8(out.stdout.clone()).unwrap()
}

const CLAIM: &str = r#"schema = 1
name = "mine"
title = "A claim of mine"
statement = "AID-FP stays below its bound."
theorem = "Theorem 4.1"
source = "a user"
kind = "upper"
method = "aid-fp"
hypotheses = ["contraction"]

[[instances]]
kind = "affine-normal"
dim = [1, 4]
count = { test = 1, quick = 3, full = 5 }

[[checks]]
check = "bound"
level = "paper"
slack = 1.0
reason = "the theorem"
"#;

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
    assert!(!s.path().join("reports/latest.partial").exists());
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
fn kinds_are_described() {
    let s = Sandbox::new();
    for (_, kind, ..) in ratecert::instances::Kind::ALL {
        let text = stdout(&s.run(&["generate", kind, "--describe"]));
        assert!(
            text.starts_with(kind) && text.contains("Fields of the spec"),
            "{text}"
        );
    }
    let text = stdout(&s.run(&["generate", "sum-logistic-group", "--describe"]));
    assert!(text.contains("ω_g = √|g|"), "{text}");
}

#[test]
fn generate_and_explain_understand_each_other() {
    let s = Sandbox::new();
    assert!(stdout(&s.run(&["generate", "--list"])).contains("elastic-net-margin"));
    let out = s.run(&["generate", "elastic-net", "--dim", "3", "--seed", "5"]);
    assert_eq!(out.status.code(), Some(0));
    fs::write(s.path().join("i.json"), &out.stdout).unwrap();
    let out = s.run(&["explain", "itd-bound", "--instance", "i.json"]);
    assert_eq!(
        out.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    let text = stdout(&out);
    for word in ["Hypotheses", "holds", "‖D_fix‖sup", "paper", "τ"] {
        assert!(text.contains(word), "{word} missing in\n{text}");
    }
    assert_eq!(s.run(&["explain", "aid-fp-limit"]).status.code(), Some(0));
}

/// Every stochastic kind is written with exact expectations, and what is written explains a claim
/// in the same numbers as what was drawn.
#[test]
fn stochastic_instances_are_written_and_read_back() {
    let s = Sandbox::new();
    let kinds = ratecert::instances::Kind::ALL.iter();
    for (own, kind, ..) in kinds.filter(|k| k.0.is_stochastic()) {
        let size = if own.uses("dim") {
            &["--dim", "3"][..]
        } else {
            &[]
        };
        let out = s.run(&[&["generate", kind, "--seed", "5"], size].concat());
        assert_eq!(out.status.code(), Some(0), "{kind}");
        let value: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
        assert!(value["truth"]["gamma"].as_f64() > Some(0.0), "{kind}");
        let read = ratecert::instances::InstanceFile::parse(&stdout(&out)).unwrap();
        let mut again = ratecert::instances::InstanceFile::to_json(&read);
        again.insert("truth".into(), value["truth"].clone());
        assert_eq!(serde_json::Value::Object(again), value, "{kind}");
        fs::write(s.path().join("i.json"), &out.stdout).unwrap();
        let text = stdout(&s.run(&["explain", "nsid-bound", "--instance", "i.json"]));
        for word in ["Hypotheses", "holds", "tr Σ", "Lemma D.3", "σ₂'"] {
            assert!(text.contains(word), "{kind}: {word} missing in\n{text}");
        }
    }
    let wrong = |text: &str| {
        fs::write(s.path().join("i.json"), text).unwrap();
        s.refused(&["explain", "nsid-limit", "--instance", "i.json"])
    };
    let good = stdout(&s.run(&["generate", "noise-kink", "--dim", "2"]));
    assert!(wrong(&good.replace("\"dim\":2", "\"dim\":3")).contains("`spec.dim`"));
    let other = good.replacen("\"kind\":\"noise-kink\"", "\"kind\":\"noise-tanh\"", 1);
    assert!(wrong(&other).contains("`kind`"));
    assert!(wrong(&good.replace("\"batch\":1", "\"batch\":0")).contains("`batch`"));
    assert!(wrong(&good.replace("\"nonnegative\"", "\"ball\"")).contains("problem.outer.kind"));
    assert!(wrong(&good.replace("\"bilinear\":[]", "\"bilinear\":[[[1]]]")).contains("bilinear"));
    assert!(wrong("{").contains("not valid JSON"));
    let deterministic = stdout(&s.run(&["generate", "affine-normal"]));
    assert!(
        wrong(&deterministic)
            .contains("nsid-limit is about nsid, which takes a problem with samples")
    );
}

#[test]
fn bad_usage_is_refused_with_one_message() {
    let s = Sandbox::new();
    assert!(
        s.refused(&["certify", "no-such-claim"])
            .contains("no claim matches \"no-such-claim\"")
    );
    for bad in [
        vec!["certify", "--profile", "huge"],
        vec!["certify", "--shard", "3/2"],
        vec!["certify", "--shard", "0/2"],
        vec!["certify", "--alpha", "1.5"],
        vec!["certify", "--jobs", "0"],
        vec!["certify", "--seed", "-1"],
        vec!["nonsense"],
    ] {
        s.refused(&bad);
    }
    assert!(
        s.refused(&["certify", "--resume"])
            .contains("nothing to resume")
    );
    assert!(
        s.refused(&["generate", "affine-normal", "--dim", "1000000000"])
            .contains("field `dim`: the dimension d must be between 1 and 1000, got 1000000000")
    );
    assert!(
        s.refused(&["generate", "affine-normal", "--q", "1"])
            .contains("field `q`")
    );
    assert!(
        s.refused(&["generate", "nothing"])
            .contains("unknown kind \"nothing\"")
    );
    assert!(
        s.refused(&["generate", "diabetes", "--q", "0.5"])
            .contains("--q changes nothing of diabetes, whose fields are lambda")
    );
    assert!(
        s.refused(&["generate", "--spec", "{}"])
            .contains("--spec: missing field")
    );
    assert!(
        s.refused(&["certify", "itd-tight", "--alpha", "1e-320"])
            .contains("alpha")
    );
    assert!(
        !s.path().join("reports/latest").exists(),
        "bad input leaves nothing behind"
    );
}

#[test]
fn bad_instances_name_file_line_and_field() {
    let s = Sandbox::new();
    let cases = [
        ("", "i.json:1: not valid JSON"),
        ("{\"problem\": {", "i.json:1: not valid JSON"),
        ("{\"lambda\": [1]}", "i.json: field `problem`: is missing"),
        (
            "{\"problem\":{\"kind\":\"affine\",\n\"A\":[[0.5, 0]],\n\"B\":[[1]],\"c\":[0]},\"lambda\":[1]}",
            "i.json:2: field `problem.A`: expected 1×1 numbers, got 1×2",
        ),
        (
            "{\"problem\":{\"kind\":\"affine\",\n\"A\":[[1.5]],\n\"B\":[[1]],\"c\":[0]},\"lambda\":[1]}",
            "i.json: field `problem`: w(λ) is not known: Assumption 3.1(ii)",
        ),
        (
            "{\"problem\":{\"kind\":\"elastic-net\",\"X\":[[1]],\"y\":[1],\"step\":0.5},\n\"lambda\":[1,-2]}",
            "i.json:2: field `lambda[1]`: λ2 must be nonnegative, got -2",
        ),
        (
            "{\"problem\":{\"kind\":\"affine\",\"A\":[[\"NaN\"]],\"B\":[[1]],\"c\":[0]},\"lambda\":[1]}",
            "field `problem.A[0][0]`: must be finite, got NaN",
        ),
    ];
    for (text, want) in cases {
        fs::write(s.path().join("i.json"), text).unwrap();
        let message = s.refused(&["explain", "itd-bound", "--instance", "i.json"]);
        assert!(message.contains(want), "{message}\nwants {want}");
    }
    assert!(
        s.refused(&["explain", "itd-bound", "--instance", "none.json"])
            .contains("none.json")
    );
}

#[test]
fn a_users_claim_runs_and_bad_claims_name_file_line_and_field() {
    let s = Sandbox::new();
    let dir = s.path().join("claims");
    fs::create_dir(&dir).unwrap();
    fs::write(dir.join("mine.toml"), CLAIM).unwrap();
    let out = s.run(&["certify", "mine", "--claims", "claims"]);
    assert_eq!(
        out.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    assert!(stdout(&out).contains("mine"));
    let before = fs::read(s.path().join("reports/latest/run.json")).unwrap();
    let swaps = [
        (
            "level = \"paper\"",
            "level = \"papier\"",
            "mine.toml:18: field `checks[0].level`: unknown level \"papier\"",
        ),
        (
            "level = \"paper\"",
            "levle = \"paper\"",
            "mine.toml:16: field `checks[0].level`: is missing, while there is `levle`",
        ),
        (
            "dim = [1, 4]",
            "dim = [4, 1]",
            "mine.toml:13: field `instances[0].dim`: the range must not decrease",
        ),
        (
            "dim = [1, 4]",
            "q = 1.0",
            "mine.toml:13: field `instances[0].q`: the contraction factor q must be",
        ),
        (
            "dim = [1, 4]",
            "dim = 1000000000",
            "mine.toml:13: field `instances[0].dim`: the dimension d must be",
        ),
        (
            "method = \"aid-fp\"",
            "method = \"aid\"",
            "mine.toml:8: field `method`: unknown method \"aid\"",
        ),
        (
            "schema = 1",
            "schema = 7",
            "mine.toml:1: field `schema`: only schema 1 is known",
        ),
        (
            "reason = \"the theorem\"",
            "reason = \"\"",
            "mine.toml:20: field `checks[0].reason`: a slack needs a reason",
        ),
        ("[[checks]]", "[[checks", "mine.toml:16"),
    ];
    for (from, to, want) in swaps {
        assert!(CLAIM.contains(from));
        fs::write(dir.join("mine.toml"), CLAIM.replacen(from, to, 1)).unwrap();
        let message = s.refused(&["certify", "--claims", "claims"]);
        assert!(message.contains(want), "{message}\nwants {want}");
    }
    assert_eq!(
        before,
        fs::read(s.path().join("reports/latest/run.json")).unwrap(),
        "nothing overwritten"
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
fn an_interrupted_run_resumes_to_the_same_bytes() {
    let s = Sandbox::new();
    s.run(&["certify", "itd-bound", "--profile", "test"]);
    let whole = fs::read(s.path().join("reports/latest/verdicts.jsonl")).unwrap();
    // What an interrupted run leaves: the plan and some lines of the journal, the last one cut
    // short.
    let partial = s.path().join("reports/latest.partial");
    let mut child = Command::new(env!("CARGO_BIN_EXE_ratecert"))
        .args(["certify", "--profile", "full", "itd-bound", "--jobs", "1"])
        .current_dir(s.path())
        .spawn()
        .unwrap();
    while fs::metadata(partial.join("journal.jsonl")).map_or(0, |m| m.len()) < 20_000 {
        if child.try_wait().unwrap().is_some() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(
        whole,
        fs::read(s.path().join("reports/latest/verdicts.jsonl")).unwrap(),
        "the old run stays"
    );
    let journal = partial.join("journal.jsonl");
    if journal.exists() {
        let text = fs::read(&journal).unwrap();
        fs::write(&journal, &text[..text.len() - 7]).unwrap();
        assert!(
            s.refused(&["certify", "itd-bound", "--resume"])
                .contains("belongs to another run")
        );
        let out = s.run(&["certify", "--profile", "full", "itd-bound", "--resume"]);
        assert_eq!(
            out.status.code(),
            Some(0),
            "{}",
            String::from_utf8_lossy(&out.stderr)
        );
        let resumed = fs::read(s.path().join("reports/latest/verdicts.jsonl")).unwrap();
        s.run(&["certify", "--profile", "full", "itd-bound"]);
        assert_eq!(
            resumed,
            fs::read(s.path().join("reports/latest/verdicts.jsonl")).unwrap()
        );
    }
}

#[test]
fn completions_and_help_exist() {
    let s = Sandbox::new();
    assert!(stdout(&s.run(&["completions", "bash"])).contains("ratecert"));
    let help = stdout(&s.run(&["--help"]));
    for command in ["certify", "report", "explain", "generate", "replay"] {
        assert!(help.contains(command));
    }
}

/// ρ comes with what is known of it, and where there is none that is said.
#[test]
fn the_local_rate_is_never_a_bare_number() {
    let s = Sandbox::new();
    let truth = |kind: &str, dim: &[&str]| {
        let out = s.run(&[&["generate", kind, "--seed", "77"], dim].concat());
        fs::write(s.path().join("i.json"), &out.stdout).unwrap();
        let value: serde_json::Value = serde_json::from_str(&stdout(&out)).unwrap();
        let text = stdout(&s.run(&["explain", "itd-bound", "--instance", "i.json"]));
        (value["truth"].clone(), text)
    };
    for (kind, dim, rho) in [
        ("affine-non-normal", "20", 0.147_384_854_545_386_5),
        ("elastic-net-near-duplicated", "40", 0.800_000_006_889_862),
    ] {
        let (t, text) = truth(kind, &["--dim", dim]);
        let radius = t["rho_radius"].as_f64().unwrap();
        assert!((t["rho"].as_f64().unwrap() - rho).abs() <= radius + 1e-15 && radius < 1e-10);
        assert!(text.contains(&format!("{rho:.6}")), "{text}");
    }
    let (t, text) = truth("kink-two-cycle", &[]);
    assert!(t["rho"].is_null() && t["rho_reason"].as_str().unwrap().contains("kink"));
    assert!(
        text.contains("not defined") && !text.contains("NaN"),
        "{text}"
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
        let again = s.run(&[&run[..], &[out]].concat());
        // Where the name is needed for a moment, the run is refused.
        assert_eq!(again.status.code(), Some(if out == "doc" { 2 } else { 0 }));
        assert_eq!(fs::read_to_string(&mine).unwrap(), "mine");
        assert!(s.path().join(out).join("run.json").exists());
        fs::remove_dir_all(s.path().join(beside)).unwrap();
    }
}

/// A failing claim in a directory with a blank, its run in another one.
fn failing(s: &Sandbox) -> Output {
    let dir = s.path().join("my claims");
    fs::create_dir_all(&dir).unwrap();
    fs::write(
        dir.join("mine.toml"),
        CLAIM.replace("slack = 1.0", "slack = 1e-9"),
    )
    .unwrap();
    s.run(&[
        "certify",
        "mine",
        "--claims",
        "my claims",
        "--out",
        "a run",
        "--profile",
        "test",
    ])
}

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

/// The recipe of the README, literally: copy a claim, change it, run it.
#[test]
fn a_copied_claim_takes_the_place_of_the_one_it_was_copied_from() {
    let s = Sandbox::new();
    fs::create_dir(s.path().join("mine")).unwrap();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("rates/claims/itd-tight.toml");
    fs::copy(source, s.path().join("mine/itd-tight.toml")).unwrap();
    let out = s.run(&[
        "certify",
        "itd-tight",
        "--claims",
        "mine",
        "--profile",
        "test",
    ]);
    assert_eq!(out.status.code(), Some(0));
    let said = String::from_utf8_lossy(&out.stderr);
    assert!(
        said.contains("take the place of those built in: itd-tight"),
        "{said}"
    );
    assert!(stdout(&out).contains("\n1 claim, "));
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
fn negative_numbers_are_refused_as_numbers() {
    let s = Sandbox::new();
    for (arguments, want) in [
        (
            vec!["certify", "--seed", "-1"],
            "invalid value '-1' for '--seed <SEED>'",
        ),
        (
            vec!["certify", "--jobs", "-2"],
            "invalid value '-2' for '--jobs <JOBS>'",
        ),
        (
            vec!["generate", "elastic-net", "--q", "-1"],
            "the contraction factor q must be",
        ),
        (
            vec!["generate", "elastic-net", "--margin", "0.1"],
            "--margin changes nothing of elastic-net",
        ),
        (
            vec!["generate", "diabetes", "--dim", "3"],
            "--dim changes nothing of diabetes",
        ),
    ] {
        let said = s.refused(&arguments);
        assert!(said.contains(want) && !said.contains("tip:"), "{said}");
    }
    let said = s.refused(&["certify", "a\u{1b}[31mb"]);
    assert!(!said.contains('\u{1b}'), "{said}");
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

/// A run against itself, against one that was tampered with, and against nothing.
#[test]
fn baselines_tell_drift_from_violation() {
    let s = Sandbox::new();
    let certify = [
        "certify",
        "itd-tight",
        "aid-fp-tight",
        "--profile",
        "test",
        "--out",
        "r",
    ];
    assert_eq!(s.run(&certify).status.code(), Some(0));
    let check = ["baseline", "check", "--run", "r", "--baselines", "b"];
    assert!(s.refused(&check).contains("b holds no baselines"));
    let update = ["baseline", "update", "--run", "r", "--baselines", "b"];
    let out = s.run(&update);
    assert_eq!(out.status.code(), Some(0));
    assert!(stdout(&out).contains("- Baseline of `itd-tight`: new."));
    let out = s.run(&check);
    assert_eq!(out.status.code(), Some(0), "{}", stdout(&out));
    assert!(stdout(&out).starts_with("no drift: "));
    let path = s.path().join("r/verdicts.jsonl");
    let good = fs::read_to_string(&path).unwrap();
    // The bound of one claim twice as loose.
    let loose = |l: &str| {
        let mut v: serde_json::Value = serde_json::from_str(l).unwrap();
        if v["claim"] == "itd-tight" && v["headroom"].is_f64() {
            v["headroom"] = (2.0 * v["headroom"].as_f64().unwrap()).into();
        }
        v.to_string() + "\n"
    };
    fs::write(&path, good.lines().map(loose).collect::<String>()).unwrap();
    let out = s.run(&check);
    assert_eq!(out.status.code(), Some(4), "{}", stdout(&out));
    assert!(
        stdout(&out).contains("drifted       itd-tight tight.0"),
        "{}",
        stdout(&out)
    );
    let json: serde_json::Value =
        serde_json::from_slice(&s.run(&[&check[..], &["--format", "json"]].concat()).stdout)
            .unwrap();
    assert_eq!(json["changes"][0]["standing"], "drifted");
    fs::write(
        &path,
        good.replacen("\"status\":\"pass\"", "\"status\":\"fail\"", 1),
    )
    .unwrap();
    assert_eq!(s.run(&check).status.code(), Some(1));
    assert_eq!(
        s.run(&update).status.code(),
        Some(1),
        "nothing is recorded of it"
    );
    fs::write(&path, good).unwrap();
    assert_eq!(s.run(&check).status.code(), Some(0));
    s.run(&[
        "certify",
        "itd-tight",
        "--profile",
        "test",
        "--out",
        "r",
        "--shard",
        "1/2",
    ]);
    assert!(s.refused(&check).contains("one shard of a run"));
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

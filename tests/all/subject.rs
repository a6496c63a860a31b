//! Implementations in other processes: what is caught, what is not, and what goes wrong on the way.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::{Value, json};

use ratecert::claims::{Verdict, subject_claims};
use ratecert::conformance;
use ratecert::methods::Ours;
use ratecert::served::ServedSpec;
use ratecert::wire::Server;

fn ratecert(arguments: &[&str], folder: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ratecert"));
    command.args(arguments).current_dir(folder);
    command.env("NO_COLOR", "1").output().unwrap()
}

/// `ratecert subject` against `ratecert serve` with these options.
fn against(options: &[&str], serve: &[&str], folder: &Path) -> (Output, Vec<Verdict>) {
    let mut arguments = vec!["subject", "--profile", "test", "--out", "out"];
    arguments.extend(options);
    arguments.extend(["--", env!("CARGO_BIN_EXE_ratecert"), "serve"]);
    arguments.extend(serve);
    let output = ratecert(&arguments, folder);
    let text = fs::read_to_string(folder.join("out/verdicts.jsonl")).unwrap_or_default();
    let verdicts = text.lines().map(|l| serde_json::from_str(l).unwrap());
    (output, verdicts.collect())
}

fn failing(verdicts: &[Verdict]) -> Vec<&Verdict> {
    let failed = |v: &&Verdict| v.status == ratecert::checks::Ruling::Fail;
    verdicts.iter().filter(failed).collect()
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn said(output: &Output) -> String {
    let both = [&output.stdout, &output.stderr];
    both.map(|b| String::from_utf8_lossy(b).into_owned())
        .concat()
}

/// Mistakes that people reported in public: the right values pass, what the mistake gives fails,
/// and where a tie leaves a choice every convention passes.
#[test]
fn field_reports_are_told_right_from_wrong() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/field-reports.jsonl");
    let claims = subject_claims().unwrap();
    let judged = |case: &Value, estimates: &Value| {
        let result = json!({"type": "result", "id": case["id"], "estimates": estimates});
        let out = conformance::check(&claims, &format!("{case}\n{result}\n")).unwrap();
        assert!(!out.verdicts.is_empty());
        out.verdicts
    };
    let mut reports = 0;
    for line in fs::read_to_string(path).unwrap().lines() {
        let report: Value = serde_json::from_str(line).unwrap();
        let (name, case) = (&report["name"], &report["case"]);
        reports += 1;
        if !report["correct"].is_null() {
            let verdicts = judged(case, &report["correct"]);
            let wrong = failing(&verdicts);
            assert!(wrong.is_empty(), "{name}: {}", wrong[0].detail);
        }
        for (convention, estimate) in report["accept"].as_object().into_iter().flatten() {
            let verdicts = judged(case, &json!([estimate]));
            let wrong = failing(&verdicts);
            assert!(
                wrong.is_empty(),
                "{name}, {convention}: {}",
                wrong[0].detail
            );
        }
        if !report["faulty"].is_null() {
            let verdicts = judged(case, &report["faulty"]);
            assert!(!failing(&verdicts).is_empty(), "{name}: the mistake passes");
        }
    }
    assert_eq!(reports, 25);
}

#[test]
fn this_crate_passes_and_the_same_seed_gives_the_same_bytes() {
    let (a, b) = (folder(), folder());
    let bytes = [&a, &b].map(|f| {
        let (output, verdicts) = against(
            &["--record", "said.jsonl", "--check-protocol"],
            &[],
            f.path(),
        );
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        assert!(verdicts.len() > 200 && failing(&verdicts).is_empty());
        fs::read(f.path().join("out/verdicts.jsonl")).unwrap()
    });
    assert_eq!(bytes[0], bytes[1]);
    // What was recorded is judged the same: every ruling, by the same numbers.
    let output = ratecert(&["check", "said.jsonl", "--out", "again"], a.path());
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let read = |dir: &str| -> Vec<Verdict> {
        let text = fs::read_to_string(a.path().join(dir).join("verdicts.jsonl")).unwrap();
        text.lines()
            .map(|l| serde_json::from_str(l).unwrap())
            .collect()
    };
    let (live, recorded) = (read("out"), read("again"));
    for v in live.iter().filter(|v| v.check != "repeatable") {
        let same = recorded
            .iter()
            .find(|r| r.id == v.id)
            .unwrap_or_else(|| panic!("{}", v.id));
        assert_eq!(
            (v.status, v.measured.to_bits()),
            (same.status, same.measured.to_bits()),
            "{}",
            v.id
        );
    }
    let badge = fs::read_to_string(a.path().join("out/badge.json")).unwrap();
    assert!(badge.contains("brightgreen"), "{badge}");
}

/// A planted fault is caught across the process boundary, made small and named.
#[test]
fn a_fault_in_another_process_is_caught_made_small_and_named() {
    for (fault, method) in [("missing-second", "aid-fp"), ("missing-cotangent", "nsid")] {
        let folder = folder();
        let (output, verdicts) = against(&[method], &["--fault", fault], folder.path());
        assert_eq!(output.status.code(), Some(1), "{fault}: {}", said(&output));
        let failed = failing(&verdicts);
        let named = |v: &&&Verdict| {
            v.diagnosis
                .as_ref()
                .is_some_and(|d| d.to_string().contains(fault))
        };
        assert!(
            failed.iter().any(|v| named(&v)),
            "{fault}: {:?}",
            failed[0].diagnosis
        );
        assert!(failed.iter().any(|v| v.smallest.is_some()), "{fault}");
        assert!(said(&output).contains("again: ratecert subject --profile test --case"));
        // This crate's own method would be judged in its place.
        let (id, again) = (&failed[0].id, &failed[0].replay);
        assert!(again.contains(&format!("serve --fault {fault}")), "{again}");
        let output = ratecert(&["replay", id, "--run", "out"], folder.path());
        assert_eq!(output.status.code(), Some(2));
        let text = format!("{id} is about an implementation in another process; `{again}`");
        assert!(said(&output).contains(&text), "{}", said(&output));
    }
}

/// A fixed case has no spec to make small: a random one that fails the same check is looked for.
#[test]
fn failing_fixed_cases_come_with_a_small_random_one() {
    let folder = folder();
    let only = ["--case", "above-50-aid-fp"];
    let (output, verdicts) = against(&only, &["--fault", "missing-second"], folder.path());
    let failed = failing(&verdicts);
    assert!(!failed.is_empty(), "{}", said(&output));
    let smallest = failed.iter().find_map(|v| v.smallest.as_ref());
    assert!(smallest.unwrap().spec.dim < 50, "{smallest:?}");
}

#[test]
fn what_is_kept_between_calls_is_told_from_what_is_wrong_at_once() {
    let folder = folder();
    let (output, verdicts) = against(&["aid-fp"], &["--fault", "state-kept"], folder.path());
    if output.status.code() == Some(2) {
        panic!("{}", said(&output));
    }
    assert!(!failing(&verdicts).is_empty());
}

/// Each trouble has a check of its own; the last of stderr is quoted; three end it.
#[test]
fn troubles_with_the_conversation_have_names_of_their_own() {
    for (trouble, check, given_up) in [
        ("crash", "crash", true),
        ("hang", "hang", true),
        ("malformed", "malformed", true),
        ("out-of-order", "out-of-order", true),
        ("wrong-shape", "wrong-shape", false),
        ("non-finite", "non-finite", false),
        ("error", "error", false),
        ("endless", "malformed", true),
    ] {
        let folder = folder();
        let options = ["itd", "aid-fp", "--timeout", "1"];
        let serve = ["--trouble", trouble, "--after", "5"];
        let (output, verdicts) = against(&options, &serve, folder.path());
        let text = said(&output);
        assert_eq!(output.status.code(), Some(1), "{trouble}: {text}");
        let failed = failing(&verdicts);
        assert!(
            failed.iter().all(|v| v.check == check),
            "{trouble}: {}",
            failed[0].check
        );
        assert!(failed.len() >= 3, "{trouble}: {}", failed.len());
        assert_eq!(text.contains("was given up"), given_up, "{trouble}: {text}");
        if trouble == "crash" {
            assert!(
                failed[0].detail.contains("this is the last thing it said"),
                "{}",
                failed[0].detail
            );
        }
        if trouble == "error" {
            assert!(
                failed[0].detail.contains("ValueError: not today"),
                "{}",
                failed[0].detail
            );
        }
        assert!(
            failed
                .iter()
                .all(|v| v.smallest.is_none() && v.diagnosis.is_none())
        );
    }
}

#[test]
fn what_cannot_be_started_or_is_no_subject_is_said() {
    let folder = folder();
    let output = ratecert(&["subject", "--", "./no-such-program"], folder.path());
    assert_eq!(output.status.code(), Some(2));
    assert!(
        said(&output).contains("./no-such-program cannot be started"),
        "{}",
        said(&output)
    );
    assert!(!folder.path().join("reports").exists());
    let output = ratecert(&["subject"], folder.path());
    assert_eq!(output.status.code(), Some(2));
    let output = ratecert(&["subject", "no-such-claim", "--", "true"], folder.path());
    assert_eq!(output.status.code(), Some(2));
    // It ends without a word.
    let output = ratecert(&["subject", "--out", "out", "--", "true"], folder.path());
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(
        said(&output).contains("it did not say hello: crash"),
        "{}",
        said(&output)
    );
    // It says something else.
    let output = ratecert(
        &["subject", "--out", "out", "--", "echo", "good morning"],
        folder.path(),
    );
    assert_eq!(output.status.code(), Some(1));
    assert!(
        said(&output).contains("it did not say hello"),
        "{}",
        said(&output)
    );
}

/// A subject does not see tokens of the process that starts it.
#[cfg(unix)]
#[test]
fn secrets_stay_at_home() {
    let folder = folder();
    let seen = folder.path().join("seen");
    let script = format!(
        "env > {}; exec {} serve",
        seen.display(),
        env!("CARGO_BIN_EXE_ratecert")
    );
    let run = |more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ratecert"));
        command
            .args(["subject", "nsid", "--profile", "test", "--out", "out"])
            .args(more);
        command
            .args(["--", "sh", "-c", &script])
            .current_dir(folder.path());
        command
            .env("GITHUB_TOKEN", "s3cret")
            .env("OMP_NUM_THREADS", "1");
        assert_eq!(command.output().unwrap().status.code(), Some(0));
        fs::read_to_string(&seen).unwrap()
    };
    let environment = run(&[]);
    assert!(!environment.contains("s3cret") && environment.contains("OMP_NUM_THREADS=1"));
    assert!(run(&["--inherit-env"]).contains("s3cret"));
}

/// The other way round: the test process starts ratecert and answers on its pipes.
#[test]
fn a_test_process_can_start_ratecert() {
    let folder = folder();
    let mut child = Command::new(env!("CARGO_BIN_EXE_ratecert"))
        .args(["subject", "--stdio", "--profile", "test", "--out", "out"])
        .current_dir(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let (mut to, from) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let mut server = Server::new(&Ours, "in-process", "1");
    for line in BufReader::new(from).lines() {
        match server.answer(&line.unwrap()) {
            Some(answer) => writeln!(to, "{answer}").unwrap(),
            None => break,
        }
    }
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let run = fs::read_to_string(folder.path().join("out/run.json")).unwrap();
    assert!(run.contains("\"name\": \"in-process\""), "{run}");
}

/// Shards of a subject that passes, joined, are the bytes of one conversation; those of another
/// one, or of other claims, are not taken for its own.
#[test]
fn shards_of_a_subject_are_the_whole() {
    let folder = folder();
    let serve = [env!("CARGO_BIN_EXE_ratecert"), "serve"];
    let asked = |out: &str, shard: &[&str], command: &[&str]| {
        let options = ["--profile", "test", "--times", "2", "--out", out];
        let arguments = [
            &["subject", "itd", "aid-fp"],
            &options[..],
            shard,
            &["--"],
            command,
        ]
        .concat();
        let output = ratecert(&arguments, folder.path());
        (output.status.code(), said(&output))
    };
    assert_eq!(asked("whole", &[], &serve).0, Some(0));
    for i in ["1/3", "2/3", "3/3"] {
        let (code, said) = asked(&format!("shards/{}", &i[..1]), &["--shard", i], &serve);
        assert_eq!(code, Some(0), "{said}");
    }
    let merged = |out: &str| {
        let output = ratecert(&["merge", "shards", "--out", out], folder.path());
        (output.status.code(), said(&output))
    };
    let (code, text) = merged("joined");
    assert_eq!(code, Some(0), "{text}");
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    assert!(read("whole/verdicts.jsonl") == read("joined/verdicts.jsonl"));
    let info = |name: &str| {
        let mut info: Value = serde_json::from_str(&read(name)).unwrap();
        for time in ["started", "seconds"] {
            info[time] = Value::Null;
        }
        info["subject"]["waited"] = Value::Null;
        info
    };
    assert_eq!(info("whole/run.json"), info("joined/run.json"));
    assert!(read("joined/conformance.md").contains("ratecert"));
    // A violation of one shard is one of all.
    let faulty = [&serve[..], &["--fault", "mask-tolerance"]].concat();
    asked("shards/2", &["--shard", "2/3"], &faulty);
    let (code, text) = merged("other");
    assert_eq!(code, Some(2));
    assert!(
        text.contains("are not of one run: command of the subject"),
        "{text}"
    );
    let fewer = [
        "--profile",
        "test",
        "--times",
        "2",
        "--shard",
        "2/3",
        "--out",
        "shards/2",
        "--",
    ];
    ratecert(
        &[&["subject", "itd"], &fewer[..], &serve].concat(),
        folder.path(),
    );
    assert!(merged("other").1.contains("number of claims 2 and 1"));
}

/// A machine on which the subject does not start takes its own cases from the whole, and no others.
#[cfg(unix)]
#[test]
fn a_shard_whose_subject_never_said_hello_is_merged_as_what_it_is() {
    let folder = folder();
    let serve = format!("'{}' serve", env!("CARGO_BIN_EXE_ratecert"));
    let line = format!(
        "test ! -e down && if test -e other; then {serve} | sed -u s/ratecert/other/; else exec {serve}; fi"
    );
    let shard = |i: usize, machine: &str| {
        let file = folder.path().join(machine);
        fs::write(&file, "").unwrap();
        let (shard, out) = (format!("{i}/3"), format!("shards/{i}"));
        let arguments = ["subject", "itd", "--profile", "test", "--times", "2"];
        let rest = ["--shard", &shard, "--out", &out, "--", "sh", "-c", &line];
        let output = ratecert(&[&arguments[..], &rest].concat(), folder.path());
        fs::remove_file(file).unwrap();
        output.status.code()
    };
    let merged = || {
        let output = ratecert(&["merge", "shards", "--out", "joined"], folder.path());
        (output.status.code(), said(&output))
    };
    assert_eq!(shard(1, "down"), Some(1));
    assert_eq!(shard(2, "up"), Some(0));
    // It is no measure of the others, which have to be of one subject.
    assert_eq!(shard(3, "other"), Some(0));
    let (code, text) = merged();
    assert_eq!(code, Some(2));
    assert!(text.contains("are not of one run: subject "), "{text}");
    assert_eq!(shard(3, "up"), Some(0));
    let (code, text) = merged();
    assert_eq!(code, Some(1), "{text}");
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    let info: Value = serde_json::from_str(&read("joined/run.json")).unwrap();
    let subject = &info["subject"];
    assert_eq!(subject["name"], "ratecert");
    let why = subject["given_up"].to_string();
    assert!(why.contains("did not say hello"), "{subject}");
    let parts: Vec<String> = (1..=3)
        .map(|i| read(&format!("shards/{i}/verdicts.jsonl")))
        .collect();
    assert_eq!(parts[0], "");
    assert_eq!(read("joined/verdicts.jsonl"), parts.concat());
}

/// An error that names no case belongs to the one that is asked; in a recording it would be
/// nobody's.
#[cfg(unix)]
#[test]
fn an_error_without_a_name_is_recorded_with_one() {
    let folder = folder();
    let line = format!(
        r#"'{}' serve --trouble error | sed -u 's/"type":"error","id":"[^"]*",/"type":"error",/' | tee raw"#,
        env!("CARGO_BIN_EXE_ratecert")
    );
    let subject = [
        "subject",
        "aid-cg",
        "--profile",
        "test",
        "--out",
        "out",
        "--record",
        "said",
    ];
    let output = ratecert(
        &[&subject[..], &["--", "sh", "-c", &line]].concat(),
        folder.path(),
    );
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    let raw = read("raw");
    let mut errors = raw.lines().filter(|l| l.contains(r#""type":"error""#));
    assert!(errors.all(|l| !l.contains(r#""id""#)), "{raw}");
    let text = read("said");
    let errors = text.lines().filter(|l| l.contains(r#""type":"error""#));
    let ids = errors.map(|l| serde_json::from_str::<Value>(l).unwrap()["id"].clone());
    let ids: Vec<Value> = ids.collect();
    assert!(
        !ids.is_empty() && ids.iter().all(|id| id.is_string() && id != ""),
        "{ids:?}"
    );
    let output = ratecert(&["check", "said", "--out", "again"], folder.path());
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
}

/// Looking into a pipe would wait for ever.
#[cfg(unix)]
#[test]
fn a_recording_goes_into_no_pipe() {
    let folder = folder();
    let made = Command::new("mkfifo")
        .arg("pipe")
        .current_dir(folder.path())
        .status();
    assert!(made.unwrap().success());
    let output = ratecert(
        &["subject", "--record", "pipe", "--", "false"],
        folder.path(),
    );
    assert_eq!(output.status.code(), Some(2));
    assert!(
        said(&output).contains("pipe is no regular file"),
        "{}",
        said(&output)
    );
}

#[test]
fn recordings_that_are_none_are_refused_with_their_line() {
    let folder = folder();
    let case = r#"{"type":"case","id":"a","method":"itd","problem":{"kind":"affine","A":[[0.5]],"B":[[1.0]],"c":[1.0]},"lambda":[0.0],"w0":[2.0],"cotangent":[1.0],"steps":[0,1]}"#;
    let result = r#"{"type":"result","id":"a","estimates":[[0.0],[1.0]]}"#;
    let check = |text: &str| -> (Option<i32>, String) {
        let path: PathBuf = folder.path().join("said.jsonl");
        fs::write(&path, text).unwrap();
        let output = ratecert(&["check", "said.jsonl"], folder.path());
        (output.status.code(), said(&output))
    };
    assert_eq!(check(&format!("{case}\n{result}\n")).0, Some(0));
    for (text, message) in [
        (String::new(), "there is no case with an answer"),
        (
            format!("{case}\n"),
            "said.jsonl:1: the case \"a\" has no answer",
        ),
        (
            format!("{result}\n"),
            "said.jsonl:1: field `id`: no case \"a\"",
        ),
        (format!("{case}\n{{\"type\":\"result\"\n"), "said.jsonl:2"),
        (format!("{case}\n[1]\n"), "said.jsonl:2"),
        (
            case.replace("\"steps\":[0,1]", "\"steps\":[1,1]") + "\n",
            "strictly increasing",
        ),
        (
            case.replace("\"lambda\":[0.0]", "\"lambda\":[0.0,1.0]") + "\n",
            "lambda",
        ),
        (case.replace("[[0.5]]", "[[0.5],[1.0]]") + "\n", "problem"),
        (
            case.replace("\"itd\"", "\"idt\"") + "\n",
            "unknown method \"idt\"",
        ),
        (case.replace("[0,1]", "[0,3000]") + "\n", "at most 2000"),
        (case.replace("2.0", "\"NaN\"") + "\n", "must be finite"),
    ] {
        let (code, said) = check(&text);
        assert_eq!(code, Some(2), "{text}\n{said}");
        assert!(said.contains(message), "{text}\n{said}");
    }
    let wrong = result.replace("[1.0]]", "[1.5]]");
    assert_eq!(check(&format!("{case}\n{wrong}\n")).0, Some(1));
}

fn plan(only: &str) -> conformance::Conformance {
    conformance::Conformance {
        claims: subject_claims().unwrap(),
        times: 1,
        shard: None,
        profile: ratecert::claims::Profile::Test,
        seed: 3,
        patience: std::time::Duration::from_secs(1),
        strict: true,
        only: vec![only.into()],
    }
}

/// What `subject` finds of the maps of a server.
fn examined<'s>(
    server: impl Fn() -> Server<'s> + Sync + 's,
    stop: &AtomicBool,
) -> ratecert::Result<conformance::Conformed> {
    let launch = ratecert::subject::Local::new(server);
    plan("map/").run(&launch, stop, &mut |_, _| {}, &mut |_| Ok(()))
}

/// Of a map of two dimensions with ∂Φᵀ.
fn spec(name: &str) -> ServedSpec {
    let mut spec = ServedSpec::new(name, vec![0.0; 2], vec![0.5, -0.25]);
    spec.products.jvp = false;
    spec
}

#[test]
fn maps_announced_wrongly_fail() {
    let stop = AtomicBool::new(false);
    type Slip = fn(&mut ratecert::wire::ServedMap);
    let slips: [(Slip, &str); 4] = [
        (|m| m.dim = 3, "expected 3 numbers, got 2"),
        (|m| m.products = vec!["jac".into()], "expected vjp or jvp"),
        (
            |m| m.tolerance = Some(ratecert::wire::Number(2.0)),
            "below 1",
        ),
        (|m| m.outer = Some(true), "beside samples only"),
    ];
    for (slip, text) in slips {
        let server = || {
            let server = Server::new(&Ours, "mine", "1").serving(&spec("a"), Mine(1.0));
            server.saying(|h| h.maps.iter_mut().flatten().for_each(slip))
        };
        let found = examined(server, &stop).unwrap().verdicts;
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].check, "malformed");
        assert_eq!(found[0].status, ratecert::checks::Ruling::Fail);
        assert!(found[0].detail.contains(text), "{}", found[0].detail);
    }
}

/// Names stand in every question and in the ids of verdicts.
#[test]
fn names_of_maps_are_short_plain_and_their_own() {
    let stop = AtomicBool::new(false);
    let said = |names: [&str; 2]| {
        let server = || {
            let server = Server::new(&Ours, "mine", "1");
            let server = server.serving(&spec("a"), Mine(1.0));
            let server = server.serving(&spec("b"), Mine(1.0));
            server.saying(|h| {
                for (map, name) in h.maps.iter_mut().flatten().zip(names) {
                    map.name = name.into();
                }
            })
        };
        examined(server, &stop).unwrap().given_up
    };
    let long = "x".repeat(201);
    for (names, text) in [
        (["a", "a"], "`maps[1].name`: another map is called \"a\""),
        (["a", ""], "`maps[1].name`: must have 1 to 200 bytes"),
        ([&long, "b"], "`maps[0].name`: must have 1 to 200 bytes"),
        (
            ["a\u{1b}[2J", "b"],
            "`maps[0].name`: must have 1 to 200 bytes",
        ),
    ] {
        let why = said(names).unwrap();
        assert!(why.contains("it did not say hello: malformed"), "{why}");
        assert!(why.contains(text), "{why}");
    }
}

/// A map that asks for an end when it is first evaluated, and counts how often it is.
struct Stopping<'a>(&'a AtomicBool, &'a AtomicUsize, bool);

impl ratecert::served::ServedMap for Stopping<'_> {
    fn phi(&mut self, w: &[f64], l: &[f64]) -> ratecert::Result<Vec<f64>> {
        self.0.fetch_or(self.2, Ordering::Relaxed);
        self.1.fetch_add(1, Ordering::Relaxed);
        Mine(1.0).phi(w, l)
    }

    fn vjp(&mut self, w: &[f64], l: &[f64], u: &[f64]) -> ratecert::Result<(Vec<f64>, Vec<f64>)> {
        Mine(1.0).vjp(w, l, u)
    }
}

#[test]
fn an_interrupt_ends_in_the_middle_of_a_map_and_before_the_next() {
    let evaluated = |stops: bool| {
        let (stop, count) = (AtomicBool::new(false), AtomicUsize::new(0));
        let server = || {
            let server = Server::new(&Ours, "mine", "1");
            let server = server.serving(&spec("a"), Stopping(&stop, &count, stops));
            server.serving(&spec("b"), Stopping(&stop, &count, stops))
        };
        let found = examined(server, &stop);
        (found, count.load(Ordering::Relaxed))
    };
    let (found, whole) = evaluated(false);
    assert!(found.unwrap().given_up.is_none());
    let (found, cut) = evaluated(true);
    assert_eq!(
        found.unwrap_err().to_string(),
        "all cases were asked, not all maps"
    );
    assert!(100 * cut < whole, "{cut} of {whole} evaluations");
}

/// Explaining asks and computes as long again; a run that was stopped does not begin with it.
#[test]
fn an_interrupt_after_the_last_case_ends_before_the_explanation() {
    let launch = ratecert::subject::Local::new(|| Server::new(&Ours, "mine", "1"));
    let mut plan = plan("aid-cg/");
    plan.claims.truncate(1);
    let stop = AtomicBool::new(false);
    let mut progress = |done, total| stop.store(done == total, Ordering::Relaxed);
    let found = plan.run(&launch, &stop, &mut progress, &mut |_| Ok(()));
    assert_eq!(
        found.unwrap_err().to_string(),
        "all was asked, nothing was explained"
    );
}

/// Φ(w, λ) = tanh(Vw + λ)/2 as a program, its derivative off by a factor in one row.
struct Mine(f64);

impl ratecert::served::ServedMap for Mine {
    fn phi(&mut self, w: &[f64], l: &[f64]) -> ratecert::Result<Vec<f64>> {
        Ok((0..2).map(|i| 0.5 * input(w, l, i).tanh()).collect())
    }

    fn vjp(&mut self, w: &[f64], l: &[f64], u: &[f64]) -> ratecert::Result<(Vec<f64>, Vec<f64>)> {
        let slope = |i: usize| 0.5 * (1.0 - input(w, l, i).tanh().powi(2)) * u[i];
        let g = [slope(0) * self.0, slope(1)];
        let by_w = (0..2).map(|j| V[0][j] * g[0] + V[1][j] * g[1]);
        Ok((by_w.collect(), g.to_vec()))
    }
}

const V: [[f64; 2]; 2] = [[1.0, 0.5], [-0.5, 0.75]];

fn input(w: &[f64], l: &[f64], i: usize) -> f64 {
    V[i][0] * w[0] + V[i][1] * w[1] + l[i]
}

/// A map of one's own is judged over the protocol as it is in this process.
#[test]
fn a_served_map_is_judged_over_the_protocol() {
    use ratecert::served::{Options, ServedSpec, examine};
    let mut spec = ServedSpec::new("mine", vec![0.0; 2], vec![0.5, -0.25]);
    spec.products.jvp = false;
    for (factor, wrong) in [(1.0, false), (1.001, true)] {
        let here = examine(&spec, &mut Mine(factor), 3, &Options::default()).unwrap();
        let server = || Server::new(&Ours, "mine", "1").serving(&spec, Mine(factor));
        let there = examined(server, &std::sync::atomic::AtomicBool::new(false)).unwrap();
        assert_eq!(there.verdicts.len(), here.findings.len());
        for (v, found) in there.verdicts.iter().zip(&here.findings) {
            assert_eq!(
                (v.check.as_str(), v.status),
                (found.check, found.finding.ruling)
            );
            assert!(v.detail.starts_with(&found.finding.detail), "{}", v.detail);
        }
        let failed = failing(&there.verdicts);
        assert_eq!(failed.iter().any(|v| v.check == "conservative"), wrong);
    }
}

/// Ties drawn anew for every case are right, whatever the seed; so are other conventions.
#[test]
fn correct_variants_are_not_failed() {
    use ratecert::case::{Answer, Case, Factory, Implementation, Method};
    use ratecert::conformance::Conformance;
    use ratecert::methods::{AidCg, AidFp, AidFpForward, Implicit, ItdForward, ItdReverse};
    use ratecert::subject::Local;
    use std::cell::Cell;

    struct AtRandom(Method, Cell<u64>);
    impl Implementation for AtRandom {
        fn run(&mut self, case: &Case<'_>) -> Answer {
            let next = self
                .1
                .get()
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            self.1.set(next);
            let tie = (next >> 11) as f64 / (1u64 << 53) as f64;
            match self.0 {
                Method::ITD => ItdForward { tie }.run(case),
                Method::ITD_REVERSE => ItdReverse { tie }.run(case),
                Method::AID_FP => AidFp { tie }.run(case),
                Method::AID_FP_FORWARD => AidFpForward { tie }.run(case),
                Method::AID_CG => {
                    let mut m = AidCg::default();
                    m.tie = tie;
                    m.run(case)
                }
                Method::IMPLICIT => Implicit { tie }.run(case),
                other => Ours.make(other).unwrap().run(case),
            }
        }
    }
    struct Random;
    impl Factory for Random {
        fn make(&self, method: Method) -> ratecert::Result<Box<dyn Implementation + '_>> {
            Ok(Box::new(AtRandom(method, Cell::new(7))))
        }
    }
    for seed in 0..3 {
        let plan = Conformance {
            claims: subject_claims().unwrap(),
            times: 1,
            shard: None,
            profile: ratecert::claims::Profile::Test,
            seed,
            patience: std::time::Duration::from_secs(1),
            strict: true,
            only: Vec::new(),
        };
        let launch = Local::new(|| {
            // Now and then it always finds its own points.
            Server::new(&Random, "random ties", "1")
                .saying(|hello| hello.own_point = Some(seed == 2))
        });
        let stop = std::sync::atomic::AtomicBool::new(false);
        let out = plan
            .run(&launch, &stop, &mut |_, _| {}, &mut |_| Ok(()))
            .unwrap();
        let failed = failing(&out.verdicts);
        assert!(
            failed.is_empty(),
            "{seed}: {} {}",
            failed[0].id,
            failed[0].detail
        );
        assert!(out.verdicts.len() > 200);
    }
}

/// Every ninth fault of the catalogue behind the protocol; `ratecert power --subject` runs all.
#[test]
fn planted_faults_are_caught_behind_the_protocol() {
    use ratecert::faults::catalogue;
    let claims = ratecert::claims::subject_claims().unwrap();
    let mut caught = 0;
    for fault in catalogue().into_iter().step_by(9) {
        // What is drawn and scheduled is not the subject's over the protocol.
        if [
            "epoch-shuffling",
            "never-last-sample",
            "same-seed",
            "schedule-off-by-one",
            "schedule-constant",
            // Nor are samples of an objective.
            "shared-outer-samples",
            "cotangent-per-step",
        ]
        .contains(&fault.name)
        {
            continue;
        }
        let folder = folder();
        // What is claimed of methods that cannot have it takes time alone.
        let claims = claims.iter().filter(|c| fault.occurs_in(c.method));
        let claims: Vec<&str> = claims.map(|c| c.name.as_str()).collect();
        let (output, verdicts) = against(&claims, &["--fault", fault.name], folder.path());
        assert_eq!(
            output.status.code(),
            Some(1),
            "{} passes: {}",
            fault.name,
            said(&output)
        );
        assert!(!failing(&verdicts).is_empty());
        caught += 1;
    }
    assert!(caught >= 10, "{caught}");
}

#[test]
fn several_subjects_stand_on_one_page() {
    let folder = folder();
    for (name, fault) in [("right", "dense"), ("wrong", "sign-lost")] {
        let arguments = [
            "subject",
            "aid-fp",
            "--profile",
            "test",
            "--name",
            name,
            "--out",
            name,
            "--",
            env!("CARGO_BIN_EXE_ratecert"),
            "serve",
            "--fault",
            fault,
        ];
        ratecert(&arguments, folder.path());
    }
    let output = ratecert(
        &[
            "report", "--run", "right", "--run", "wrong", "--out", "both",
        ],
        folder.path(),
    );
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let page = fs::read_to_string(folder.path().join("both/index.html")).unwrap();
    let markdown = fs::read_to_string(folder.path().join("both/conformance.md")).unwrap();
    assert!(
        page.contains(
            "<th scope=\"col\" role=\"columnheader\" class=\"r\">right</th><th scope=\"col\" role=\"columnheader\" class=\"r\">wrong</th>"
        ),
        "{page}"
    );
    assert!(
        markdown.contains("| method | right | wrong |"),
        "{markdown}"
    );
    // What is not a comparison is not overwritten.
    fs::write(folder.path().join("both/notes.txt"), "mine").unwrap();
    let output = ratecert(
        &[
            "report", "--run", "right", "--run", "wrong", "--out", "both",
        ],
        folder.path(),
    );
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("notes.txt"), "{}", said(&output));
}

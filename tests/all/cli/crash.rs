//! Runs that are killed, interfered with, or have nowhere to write.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rand::{RngExt as _, SeedableRng as _};
use rand_pcg::Pcg64Mcg;

use super::{Sandbox, stdout};

/// A run of a fraction of a second.
const RUN: [&str; 4] = ["certify", "itd-*", "--profile", "test"];

fn spawn(s: &Sandbox, arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_ratecert"))
        .args(arguments)
        .current_dir(s.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn verdicts(dir: &Path) -> Vec<u8> {
    fs::read(dir.join("verdicts.jsonl")).unwrap()
}

/// Names in a directory that begin with a dot.
fn hidden(dir: &Path) -> Vec<String> {
    let names = fs::read_dir(dir).unwrap();
    let names = names.map(|e| e.unwrap().file_name().into_string().unwrap());
    names.filter(|n| n.starts_with('.')).collect()
}

/// Lines of the journals of unfinished runs in a directory.
fn remembered(dir: &Path) -> usize {
    let lines = |name: String| {
        let journal = fs::read(dir.join(name).join("journal")).unwrap_or_default();
        journal.iter().filter(|b| **b == b'\n').count()
    };
    hidden(dir).into_iter().map(lines).sum()
}

/// `kill -9` at fifty moments, each run going on from the one before: the directory holds the old
/// run or the new one at any time, nothing that was remembered is lost, and the bytes in the end
/// are those of a run that nobody disturbed.
#[test]
fn fifty_kills_lose_nothing_and_change_no_byte() {
    let s = Sandbox::new();
    let dir = s.path().join("r");
    let begun = Instant::now();
    assert!(
        s.run(&[&RUN[..], &["--out", "whole", "--seed", "2"]].concat())
            .status
            .success()
    );
    let long = begun.elapsed();
    let whole = verdicts(&s.path().join("whole"));
    assert!(
        s.run(&[&RUN[..], &["--out", "r", "--seed", "1"]].concat())
            .status
            .success()
    );
    let old = verdicts(&dir);
    let seed = 20_261_127;
    let mut random = Pcg64Mcg::seed_from_u64(seed);
    let again = [&RUN[..], &["--out", "r", "--seed", "2", "--jobs", "2"]].concat();
    let (mut kills, mut seen) = (0, 0);
    while kills < 50 {
        let known = remembered(s.path());
        let resumed = [&again[..], &["--resume"]].concat();
        let mut child = spawn(&s, if known > 0 { &resumed } else { &again });
        // Some moments are close together, so that runs are seen at all their stages.
        std::thread::sleep(long.mul_f64(random.random_range(0.0..0.4)));
        let finished = child.try_wait().unwrap().is_some();
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;
        let left = remembered(s.path());
        // Between the two renames it is in neither place; the next run puts it back.
        let Ok(now) = fs::read(dir.join("verdicts.jsonl")) else {
            assert!(left > 0, "kill {kills}: nothing is there");
            continue;
        };
        assert!(
            now == old || now == whole,
            "kill {kills}: neither the old run nor the new one"
        );
        if now == old {
            assert!(
                left >= known,
                "kill {kills}: {known} jobs were remembered, {left} are"
            );
            assert!(!finished, "kill {kills}: it ended without a result");
        }
        seen = seen.max(left);
        if now == whole {
            // On to the next one.
            assert!(
                s.run(&[&RUN[..], &["--out", "r", "--seed", "1"]].concat())
                    .status
                    .success()
            );
        }
    }
    assert!(seen > 0, "no kill came after the first job");
    let resume = remembered(s.path()) > 0;
    let last = if resume { &["--resume"][..] } else { &[] };
    let out = s.run(&[&again[..], last].concat());
    assert!(
        out.status.success(),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    assert_eq!(verdicts(&dir), whole);
    for name in ["records.jsonl", "figures/README.md"] {
        let [a, b] = ["r", "whole"].map(|d| fs::read(s.path().join(d).join(name)).unwrap());
        assert!(a == b, "{name}");
    }
    assert_eq!(remembered(s.path()), 0);
}

/// Two runs into one directory at once: one of them does it, the other one says why not.
#[test]
fn two_runs_at_once_do_not_mix() {
    let s = Sandbox::new();
    let run = |seed| [&RUN[..], &["--out", "r", "--seed", seed]].concat();
    let mut first = spawn(&s, &run("1"));
    let begun = Instant::now();
    while hidden(s.path()).is_empty() && begun.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(1));
    }
    let second = s.run(&run("2"));
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    let ended = first.wait().unwrap();
    assert!(ended.success());
    let seed = |dir: &str| {
        let text = fs::read_to_string(s.path().join(dir).join("run.json")).unwrap();
        serde_json::from_str::<serde_json::Value>(&text).unwrap()["seed"].clone()
    };
    // A second one that came late runs after the first.
    if second.status.code() == Some(2) {
        assert!(said.contains("another ratecert is writing to"), "{said}");
        assert_eq!(seed("r"), 1);
    } else {
        assert_eq!(seed("r"), 2);
    }
    assert!(hidden(s.path()).is_empty(), "{:?}", hidden(s.path()));
}

/// What `--out` cannot be, before anything is computed: the full profile would take minutes.
#[test]
fn a_bad_directory_is_refused_at_once() {
    let s = Sandbox::new();
    fs::write(s.path().join("file"), "mine").unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("gone", s.path().join("dangling")).unwrap();
    let long = "x".repeat(300);
    let mut bad = vec![".", "..", "", "/", "file", "file/below", &long];
    if cfg!(unix) {
        bad.extend(["dangling", "/proc", "/dev/null"]);
    }
    let begun = Instant::now();
    for out in bad {
        let said = s.refused(&["certify", "--profile", "full", "--out", out]);
        assert!(!said.is_empty(), "{out}");
    }
    assert!(
        begun.elapsed() < Duration::from_secs(20),
        "something was computed"
    );
    assert_eq!(fs::read_to_string(s.path().join("file")).unwrap(), "mine");
    assert!(hidden(s.path()).is_empty());
}

/// The journal as a file that cannot grow.
#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_is_full_is_said_and_what_is_saved_is_resumed() {
    let s = Sandbox::new();
    let script = format!(
        "ulimit -f 40; trap '' XFSZ; exec {} {} --out r --seed 3",
        env!("CARGO_BIN_EXE_ratecert"),
        RUN.map(|a| format!("'{a}'")).join(" ")
    );
    let mut shell = Command::new("bash");
    let out = shell
        .args(["-c", &script])
        .current_dir(s.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert_eq!(out.status.code(), Some(2), "{said}");
    assert!(
        said.contains("journal") && !said.contains("panicked"),
        "{said}"
    );
    assert!(!s.path().join("r").exists());
    let saved = remembered(s.path());
    assert!(saved > 0);
    let resumed = s.run(&[&RUN[..], &["--out", "r", "--seed", "3", "--resume"]].concat());
    assert!(
        resumed.status.success(),
        "{}",
        String::from_utf8_lossy(&resumed.stderr)
    );
    s.run(&[&RUN[..], &["--out", "whole", "--seed", "3"]].concat());
    assert_eq!(
        verdicts(&s.path().join("r")),
        verdicts(&s.path().join("whole"))
    );
}

/// The journal's directory is taken away while the run is under way.
#[cfg(unix)]
#[test]
fn a_directory_that_vanishes_is_said() {
    let s = Sandbox::new();
    fs::create_dir(s.path().join("in")).unwrap();
    let mut child = spawn(&s, &[&RUN[..], &["--out", "in/r", "--seed", "3"]].concat());
    let begun = Instant::now();
    while hidden(&s.path().join("in")).is_empty() && begun.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(1));
    }
    // It may be making files meanwhile.
    while fs::remove_dir_all(s.path().join("in")).is_err() && s.path().join("in").exists() {}
    assert_eq!(child.wait().unwrap().code(), Some(2));
}

/// A run whose files were cut or doubled is not read as if it were whole.
#[test]
fn readers_check_that_a_run_is_whole() {
    let s = Sandbox::new();
    s.run(&["certify", "itd-bound", "--profile", "test", "--out", "r"]);
    for name in ["verdicts.jsonl", "records.jsonl"] {
        let path = s.path().join("r").join(name);
        let good = fs::read_to_string(&path).unwrap();
        let first = good.find('\n').unwrap() + 1;
        let doubled = good.clone() + &good[..first];
        for bad in [good[first..].to_owned(), doubled, String::new()] {
            fs::write(&path, bad).unwrap();
            let update = ["baseline", "update", "--run", "r", "--baselines", "b"];
            for command in [&["report", "--run", "r"][..], &update] {
                let said = s.refused(command);
                assert!(
                    said.contains(name) && said.contains("run.json counts"),
                    "{said}"
                );
            }
        }
        fs::write(&path, good).unwrap();
    }
    assert_eq!(s.run(&["report", "--run", "r"]).status.code(), Some(0));
}

/// stdout that takes nothing: a violation is still a violation, and a success is none.
#[cfg(target_os = "linux")]
#[test]
fn a_print_that_fails_hides_no_exit_code() {
    let s = Sandbox::new();
    let failing = super::failing(&s);
    assert_eq!(failing.status.code(), Some(1));
    let full = |arguments: &[&str]| {
        let to = fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .unwrap();
        let out = Command::new(env!("CARGO_BIN_EXE_ratecert"))
            .args(arguments)
            .current_dir(s.path())
            .stdout(to)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&out.stderr).into_owned();
        assert!(said.contains("stdout"), "{said}");
        out.status.code()
    };
    let mine = ["certify", "mine", "--claims", "my claims", "--out", "a run"];
    assert_eq!(full(&[&mine[..], &["--profile", "test"]].concat()), Some(1));
    let good = ["certify", "itd-tight", "--profile", "test", "--out", "r"];
    assert_eq!(full(&good), Some(2));
    // The report is there all the same.
    assert!(s.path().join("r/index.html").exists());
    let id = verdicts(&s.path().join("a run"));
    let id: serde_json::Value =
        serde_json::from_slice(id.split(|b| *b == b'\n').next().unwrap()).unwrap();
    let id = id["id"].as_str().unwrap();
    let update = ["baseline", "update", "--run", "r", "--baselines", "b"];
    assert_eq!(s.run(&update).status.code(), Some(0));
    let check = ["baseline", "check", "--run", "a run", "--baselines", "b"];
    assert_eq!(full(&check), s.run(&check).status.code());
    let replay = ["replay", id, "--run", "a run", "--claims", "my claims"];
    assert_eq!(full(&replay), Some(1));
}

/// Three shards and `merge` leave the files of one process, the page among them.
#[test]
fn merged_shards_are_the_whole_run() {
    let (s, other) = (Sandbox::new(), Sandbox::new());
    let claims = [
        "certify",
        "itd-*",
        "nsid-limit",
        "--profile",
        "test",
        "--times",
        "2",
    ];
    assert!(
        s.run(&[&claims[..], &["--out", "run"]].concat())
            .status
            .success()
    );
    for i in ["1", "2", "3"] {
        let own = ["--shard", &format!("{i}/3"), "--out", &format!("s{i}")];
        assert!(other.run(&[&claims[..], &own].concat()).status.success());
    }
    let merged = other.run(&["merge", "s2", "s3", "s1", "--out", "run"]);
    assert!(
        merged.status.success(),
        "{}",
        String::from_utf8_lossy(&merged.stderr)
    );
    let [whole, joined] = [&s, &other].map(|s| s.path().join("run"));
    let mut names = Vec::new();
    for dir in ["", "figures"] {
        for entry in fs::read_dir(whole.join(dir)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                names.push(path.strip_prefix(&whole).unwrap().to_path_buf());
            }
        }
    }
    assert!(names.len() > 8, "{names:?}");
    // When and how long is another matter, and is written here and there.
    let plain = |dir: &Path, name: &Path| {
        let info = fs::read_to_string(dir.join("run.json")).unwrap();
        let info: serde_json::Value = serde_json::from_str(&info).unwrap();
        let seconds = info["seconds"].as_f64().unwrap();
        let text = fs::read_to_string(dir.join(name)).unwrap();
        let mut text = text.replace(info["started"].as_str().unwrap(), "WHEN");
        for long in [
            seconds.to_string(),
            format!("{seconds:.1} s"),
            format!("time=\"{seconds:.3}\""),
        ] {
            text = text.replace(&long, "LONG");
        }
        text
    };
    for name in &names {
        assert!(plain(&whole, name) == plain(&joined, name), "{name:?}");
    }
    // A merged run is a run: it is read, and a verdict of it replayed.
    assert!(other.run(&["report", "--run", "run"]).status.success());
    let lines = verdicts(&joined);
    let first: serde_json::Value =
        serde_json::from_slice(lines.split(|b| *b == b'\n').next().unwrap()).unwrap();
    let out = other.run(&["replay", first["id"].as_str().unwrap(), "--run", "run"]);
    assert_eq!(out.status.code(), Some(0));
    assert!(stdout(&out).contains("recorded"));
    // What is not all of it is refused, and leaves what is there.
    let said = other.refused(&["merge", "s1", "s3", "--out", "run"]);
    assert!(said.contains("shard 2 of 3 is missing"), "{said}");
    assert!(joined.join("run.json").exists());
    assert!(
        other
            .refused(&["merge", "run", "--out", "x"])
            .contains("is no shard")
    );
}

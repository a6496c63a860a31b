//! The README works as it stands: its commands are run, its output is what comes.
//!
//! Commands of the built program run here, in an empty directory with the recorded baselines;
//! those that build something are run by `.ci/run`, and must stand there.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const README: &str = include_str!("../../README.md");
const GATE: &str = include_str!("../../.ci/run");
const PYTHON: &str = include_str!("../../python/ci.sh");

/// The blocks of a language, in order.
fn blocks(language: &str) -> Vec<&'static str> {
    let start = format!("```{language}\n");
    let parts = README.split(start.as_str()).skip(1);
    parts.map(|p| p.split("```").next().unwrap()).collect()
}

/// Commands without their comments.
fn commands() -> Vec<&'static str> {
    let lines = blocks("sh").into_iter().flat_map(str::lines);
    let commands = lines.map(|l| l.split(" #").next().unwrap().trim());
    commands.filter(|l| !l.is_empty()).collect()
}

/// A directory as the README finds it.
fn checkout() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("rates/baselines");
    for part in ["", "samples"] {
        let to = dir.path().join("rates/baselines").join(part);
        fs::create_dir_all(&to).unwrap();
        for entry in fs::read_dir(root.join(part)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
            }
        }
    }
    dir
}

fn run(command: &str, dir: &Path) -> Output {
    let bin = Path::new(env!("CARGO_BIN_EXE_ratecert")).parent().unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    Command::new("sh")
        .args(["-c", command])
        .current_dir(dir)
        .env("PATH", path)
        .env("NO_COLOR", "1")
        .output()
        .unwrap()
}

#[test]
fn every_command_of_the_readme_runs() {
    let dir = checkout();
    let (mut ran, mut built) = (0, 0);
    for command in commands() {
        if command.starts_with("cargo ") {
            assert!(GATE.contains(command), "{command} is not in .ci/run");
            built += 1;
            continue;
        }
        let out = run(command, dir.path());
        // A subject with a mistake in it is meant to fail.
        let want = i32::from(command.contains("--fault"));
        let said = String::from_utf8_lossy(&out.stderr);
        assert_eq!(out.status.code(), Some(want), "{command}: {said}");
        ran += 1;
    }
    assert!(ran >= 5 && built >= 2, "{ran} {built}");
    assert!(README.contains("`pip install ./python`") && PYTHON.contains("pip install"));
}

#[test]
fn what_is_shown_as_output_is_output() {
    let command = commands()
        .into_iter()
        .find(|c| c.contains("--fault"))
        .unwrap();
    let out = run(command, checkout().path());
    let printed = String::from_utf8(out.stdout).unwrap();
    let shown = blocks("text").concat();
    for line in shown.lines().filter(|l| !l.is_empty()) {
        assert!(printed.contains(line), "{line:?} is not in\n{printed}");
    }
    assert!(shown.lines().count() > 5);
}

#[test]
fn what_is_linked_and_shown_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for part in README.split("](").skip(1) {
        let target = part.split(')').next().unwrap();
        assert!(root.join(target).exists(), "{target}");
    }
    // One screen and a half.
    assert!(README.lines().count() <= 80, "{}", README.lines().count());
}

/// Names of commands in the table are commands, and none is missing.
#[test]
fn the_table_of_commands_is_complete() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/commands.md"));
    let text = text.unwrap();
    let rows = text.lines().filter_map(|l| l.strip_prefix("| `ratecert "));
    let mut listed: Vec<&str> = rows.map(|r| r.split([' ', '`']).next().unwrap()).collect();
    let out = run("ratecert --help", Path::new("/"));
    let help = String::from_utf8(out.stdout).unwrap();
    let (_, list) = help.split_once("Commands:").unwrap();
    let list = list.split("Options:").next().unwrap().lines();
    let mut known: Vec<&str> = list
        .filter_map(|l| l.strip_prefix("  ").filter(|l| !l.starts_with(' ')))
        .map(|l| l.split(' ').next().unwrap())
        .filter(|name| *name != "help" && !name.is_empty())
        .collect();
    listed.sort_unstable();
    known.sort_unstable();
    assert_eq!(listed, known);
    for (command, said) in [
        ("ratecert man", ".TH ratecert 1"),
        ("ratecert completions bash", "_ratecert()"),
        ("ratecert completions zsh", "#compdef ratecert"),
        ("ratecert completions fish", "complete -c ratecert"),
    ] {
        let out = run(command, Path::new("/"));
        assert!(
            String::from_utf8(out.stdout).unwrap().contains(said),
            "{command}"
        );
    }
}

//! The command line as a user meets it: exit codes, messages, files.

mod baselines;
mod bytes;
mod certify;
mod claims;
mod crash;
mod instances;
mod printed;
mod usage;

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

/// A claim of a user.
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

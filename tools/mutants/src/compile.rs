//! Builds of the instrumented crate: which mutants compile, and the executables of the tests.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::Result;
use crate::schemata::{Blamed, blamed};

/// Cargo on the instrumented tree.
pub struct Cargo {
    pub tree: PathBuf,
    pub target: PathBuf,
}

/// A test executable: the name of its target and where it is.
pub struct Executable {
    pub target: String,
    pub path: PathBuf,
}

#[derive(Deserialize)]
struct Line {
    reason: String,
    message: Option<Message>,
    target: Option<Target>,
    profile: Option<Profile>,
    executable: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Message {
    level: String,
    rendered: Option<String>,
    spans: Vec<Place>,
}

#[derive(Deserialize)]
struct Place {
    file_name: String,
    byte_start: usize,
    is_primary: bool,
    expansion: Option<Expansion>,
}

/// The call of the macro that a place is in.
#[derive(Deserialize)]
struct Expansion {
    span: Box<Place>,
}

impl Place {
    /// What is there, or where the macro is called.
    fn blamed(&self, files: &BTreeMap<PathBuf, String>) -> Option<Blamed> {
        match files.get(Path::new(&self.file_name)) {
            Some(text) => blamed(text, self.byte_start),
            None => self.expansion.as_ref()?.span.blamed(files),
        }
    }
}

#[derive(Deserialize)]
struct Target {
    name: String,
}

#[derive(Deserialize)]
struct Profile {
    test: bool,
}

impl Cargo {
    /// What the compiler refuses in the library and its unit tests: the mutants, and the places
    /// that no mutant is to blame for. Both are empty when it compiles. `files` are the
    /// instrumented ones.
    pub fn check(&self, files: &BTreeMap<PathBuf, String>) -> Result<Vec<Blamed>> {
        let (success, lines) = self.run(&["check", "--profile", "test", "--lib"])?;
        let messages = lines.into_iter().filter_map(|line| line.message);
        let errors = messages.filter(|m| m.level == "error" && !m.spans.is_empty());
        let mut found = Vec::new();
        let mut unexplained = String::new();
        for mut error in errors {
            error.spans.sort_by_key(|span| !span.is_primary);
            let places = error.spans.iter().filter_map(|span| span.blamed(files));
            let places: Vec<Blamed> = places.collect();
            let mutant = places.iter().find(|b| matches!(b, Blamed::Mutant(_)));
            match mutant.or(places.first()) {
                Some(blamed) => found.push(*blamed),
                None => unexplained += &error.rendered.unwrap_or_default(),
            }
        }
        if found.is_empty() && !success {
            return Err(format!("the instrumented crate does not compile\n{unexplained}").into());
        }
        Ok(found)
    }

    /// Builds the unit tests and these integration tests.
    pub fn build(&self, tests: &[String]) -> Result<Vec<Executable>> {
        let mut arguments = vec!["test", "--no-run", "--lib"];
        for test in tests {
            arguments.extend(["--test", test]);
        }
        let (success, lines) = self.run(&arguments)?;
        if !success {
            let messages = lines.into_iter().filter_map(|line| line.message?.rendered);
            return Err(messages.collect::<String>().into());
        }
        let tested = |line: &Line| line.profile.as_ref().is_some_and(|p| p.test);
        let executables = lines.into_iter().filter(tested).filter_map(|line| {
            Some(Executable {
                target: line.target?.name,
                path: line.executable?,
            })
        });
        Ok(executables.collect())
    }

    fn run(&self, arguments: &[&str]) -> Result<(bool, Vec<Line>)> {
        let out = Command::new("cargo")
            .args(arguments)
            .args(["--message-format=json", "--quiet"])
            .current_dir(&self.tree)
            .env("CARGO_TARGET_DIR", &self.target)
            // The code of mutants is odd on purpose.
            .env("RUSTFLAGS", "--cap-lints=allow")
            .env("CARGO_PROFILE_TEST_DEBUG", "0")
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()?;
        let mut lines = Vec::new();
        for line in out
            .stdout
            .split(|b| *b == b'\n')
            .filter(|l| l.starts_with(b"{"))
        {
            let line: Line = serde_json::from_slice(line)?;
            if ["compiler-message", "compiler-artifact"].contains(&line.reason.as_str()) {
                lines.push(line);
            }
        }
        Ok((out.status.success(), lines))
    }
}

/// Whether a test can tell a mutant: not those that read the sources or texts about them, and not
/// the fuzzer.
pub fn can_tell(test: &str) -> bool {
    const LEFT_OUT: [&str; 6] = ["api", "docs", "fuzz", "layering", "readme", "schemas"];
    let module = test.split("::").next().unwrap_or_default();
    !LEFT_OUT.contains(&module)
}

/// The programs of integration tests of a tree.
pub fn integration_tests(tree: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(tree.join("tests"))? {
        let path = entry?.path();
        let alone = path.extension().is_some_and(|e| e == "rs");
        if alone || path.join("main.rs").exists() {
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            names.push(name.into_owned());
        }
    }
    names.sort();
    Ok(names)
}

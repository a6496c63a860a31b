//! The command line: arguments, exit codes, file names. No mathematics.
//!
//! Data goes to stdout, progress and messages to stderr. Exit codes: 0 all claims hold; 1 a claim is
//! violated; 2 bad usage or bad input; 3 inconclusive under `--strict`, or nothing could be judged;
//! 130 interrupted, `--resume` goes on.

mod certify;
mod explain;
mod generate;
mod output;
mod power;
mod replay;
mod report;
mod truth;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use crate::claims::Profile;
use crate::error::{Error, Result};

/// Default output directory of `certify`, default input of `report` and `replay`.
const LATEST: &str = "reports/latest";

#[derive(Parser)]
#[command(
    name = "ratecert",
    version,
    about = "Verifies convergence-rate claims of nonsmooth implicit differentiation",
    long_about = "Verifies convergence-rate claims of nonsmooth implicit differentiation on random contractions, \
                  elastic nets and real data, against exact ground truth. With no command it runs `certify`."
)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Run the claims, print a table of verdicts and leave a report
    Certify(certify::Arguments),
    /// Draw the report of a run again from its recorded files
    Report(report::Arguments),
    /// Put a claim in words and evaluate every constant on an instance
    Explain(explain::Arguments),
    /// Print an instance with its ground truth as JSON
    Generate(generate::Arguments),
    /// Run one verdict again from its recorded seed, verbosely
    Replay(replay::Arguments),
    /// Measure which planted faults the claims catch, and how they name them
    Power(power::Arguments),
    /// Print shell completions
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// Parses the command line, runs the command, returns its exit code.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match arguments
        .command
        .unwrap_or_else(|| Command::Certify(certify::Arguments::default()))
    {
        Command::Certify(a) => certify::run(&a),
        Command::Report(a) => report::run(&a),
        Command::Explain(a) => explain::run(&a),
        Command::Generate(a) => generate::run(&a),
        Command::Replay(a) => replay::run(&a),
        Command::Power(a) => power::run(&a),
        Command::Completions { shell } => {
            let mut text = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "ratecert", &mut text);
            output::print(&String::from_utf8_lossy(&text)).map(|()| Exit::Holds)
        }
    };
    match done {
        Ok(exit) => exit.into(),
        Err(e) => {
            output::complain(&e);
            if e.is_interrupted() {
                ExitCode::from(130)
            } else {
                ExitCode::from(2)
            }
        }
    }
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    Holds,
    Violated,
    Undecided,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Holds => 0,
            Exit::Violated => 1,
            Exit::Undecided => 3,
        })
    }
}

/// The catalogue: the embedded claims and those of `--claims`.
fn catalogue(directory: Option<&PathBuf>) -> Result<crate::claims::Catalogue> {
    let mut catalogue = crate::claims::Catalogue::builtin()?;
    if let Some(dir) = directory {
        catalogue.add_directory(dir)?;
    }
    Ok(catalogue)
}

fn profile(name: &str) -> std::result::Result<Profile, String> {
    Profile::from_name(name).map_err(|e| e.to_string())
}

/// I/N with 1 ≤ I ≤ N.
fn shard(text: &str) -> std::result::Result<(usize, usize), String> {
    let parsed = text
        .split_once('/')
        .and_then(|(i, n)| Some((i.parse().ok()?, n.parse().ok()?)));
    match parsed {
        Some((i, n)) if 1 <= i && i <= n && n <= 10_000 => Ok((i, n)),
        _ => Err(format!("expected I/N with 1 ≤ I ≤ N ≤ 10000, got {text:?}")),
    }
}

/// A probability in (0, 1).
fn alpha(text: &str) -> std::result::Result<f64, String> {
    match text.parse::<f64>() {
        Ok(a) if a > 0.0 && a < 1.0 => Ok(a),
        _ => Err(format!("expected a number in (0, 1), got {text:?}")),
    }
}

/// At least one thread.
fn jobs(text: &str) -> std::result::Result<usize, String> {
    match text.parse::<usize>() {
        Ok(n) if (1..=1024).contains(&n) => Ok(n),
        _ => Err(format!(
            "expected a number of threads from 1 to 1024, got {text:?}"
        )),
    }
}

/// Reads a file as text.
fn read(path: &std::path::Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(|e| Error::io(path, &e))
}

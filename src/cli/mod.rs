//! The command line: arguments, exit codes, file names. No mathematics.
//!
//! Data goes to stdout, progress and messages to stderr. Exit codes: 0 all claims hold; 1 a claim
//! is violated; 2 bad usage or bad input; 3 inconclusive under `--strict`, or nothing could be
//! judged; 4 a run drifted from its baseline; 130 interrupted, `--resume` goes on.
#![forbid(unsafe_code)]

mod baseline;
mod certify;
mod check;
mod exit;
mod explain;
mod generate;
mod github;
mod manual;
mod merge;
mod output;
mod place;
mod power;
mod replay;
mod report;
mod reproduce;
mod schema;
mod serve;
mod subject;
mod truth;
mod values;
mod vectors;

use std::process::ExitCode;
use std::sync::LazyLock;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use exit::Exit;

/// The exit codes, for `--help`.
static EXIT_CODES: LazyLock<String> = LazyLock::new(|| {
    let line = |(exit, meaning): &(Exit, &str)| format!("\n  {:>3}  {meaning}", exit.code());
    let lines: String = Exit::MEANINGS.iter().map(line).collect();
    format!("Exit codes:{lines}")
});

#[derive(Parser)]
#[command(
    name = "ratecert",
    version,
    about = "Verifies convergence-rate claims of nonsmooth implicit differentiation",
    long_about = "Verifies convergence-rate claims of nonsmooth implicit differentiation on random contractions, \
                  elastic nets and real data, against exact ground truth. With no command it runs `certify`.",
    after_help = EXIT_CODES.as_str(),
)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Run the claims, print a table of verdicts and leave a report
    Certify(certify::Arguments),
    /// Compare a run with recorded rates, or record it
    Baseline(baseline::Arguments),
    /// Join the shards of a run
    Merge(merge::Arguments),
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
    /// Run an experiment of the paper at its sizes, against exact ground truth
    Reproduce(reproduce::Arguments),
    /// Judge an implementation in another process over the protocol
    Subject(subject::Arguments),
    /// Serve this crate's methods over the protocol, right or wrong: something to try `subject` on
    Serve(serve::Arguments),
    /// Judge recorded cases and answers
    Check(check::Arguments),
    /// Check or rewrite the ground-truth vectors
    Vectors(vectors::Arguments),
    /// Print the JSON Schema of a file of a run, or of its baselines
    Schema(schema::Arguments),
    /// Print the manual page, or write those of all commands
    Man {
        /// Directory that gets a page for each command
        #[arg(long, value_name = "DIR")]
        dir: Option<std::path::PathBuf>,
    },
    /// Print shell completions
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// A negative number after an option is its value, so that what is said of it is about numbers and
/// not about options.
fn command() -> clap::Command {
    let takes = |a: clap::Arg| match a.get_action().takes_values() && !a.is_positional() {
        true => a.allow_negative_numbers(true),
        false => a,
    };
    Arguments::command().mut_subcommands(|c| c.mut_args(takes))
}

fn parse() -> Arguments {
    let matches = command().get_matches();
    Arguments::from_arg_matches(&matches).unwrap_or_else(|e| e.exit())
}

/// Parses the command line, runs the command, returns its exit code.
pub fn main() -> ExitCode {
    let arguments = parse();
    let done = match arguments
        .command
        .unwrap_or_else(|| Command::Certify(certify::Arguments::default()))
    {
        Command::Certify(a) => certify::run(&a),
        Command::Baseline(a) => baseline::run(&a),
        Command::Merge(a) => merge::run(&a),
        Command::Report(a) => report::run(&a),
        Command::Explain(a) => explain::run(&a),
        Command::Generate(a) => generate::run(&a),
        Command::Replay(a) => replay::run(&a),
        Command::Power(a) => power::run(&a),
        Command::Reproduce(a) => reproduce::run(&a),
        Command::Subject(a) => subject::run(&a),
        Command::Serve(a) => serve::run(&a),
        Command::Check(a) => check::run(&a),
        Command::Schema(a) => schema::run(&a),
        Command::Vectors(a) => vectors::run(&a),
        Command::Man { dir } => manual::write(command(), dir.as_deref()),
        Command::Completions { shell } => {
            let mut text = Vec::new();
            clap_complete::generate(shell, &mut command(), "ratecert", &mut text);
            output::print(&String::from_utf8_lossy(&text)).map(|()| Exit::Holds)
        }
    };
    match done {
        Ok(exit) => exit.into(),
        Err(e) => {
            output::complain(&e);
            if e.is_interrupted() {
                Exit::Interrupted.into()
            } else {
                Exit::Refused.into()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Beginnings of the commands in an example: what follows `;` or `<(`, up to `>` or `)`.
    fn commands(line: &str) -> Vec<String> {
        let parts = line.split("ratecert ").skip(1);
        let ends = |c| matches!(c, ';' | '>' | ')');
        parts
            .map(|p| p.split(ends).next().unwrap_or("").replace('\'', ""))
            .collect()
    }

    #[test]
    fn the_examples_of_the_manual_are_read() {
        for (page, _, how) in manual::EXAMPLES {
            for typed in commands(how) {
                let words = ["ratecert"].into_iter().chain(typed.split_whitespace());
                let read = command().try_get_matches_from(words);
                assert!(read.is_ok(), "{page}: {typed}: {}", read.unwrap_err());
            }
            let named = command();
            let sub = page.strip_prefix("ratecert-");
            assert!(
                sub.is_none_or(|s| named.find_subcommand(s).is_some()),
                "{page}"
            );
        }
    }
}

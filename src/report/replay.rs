//! The command that runs a verdict again, as it has to be typed.
//!
//! Owns the options that a verdict does not know: its bytes depend neither on where the run lies
//! nor on where claims were read from.

use std::borrow::Cow;

use super::run::Run;
use crate::claims::Verdict;

/// The beginning of commands that look a verdict up in a run; others are complete.
const LOOKS_UP: &str = "ratecert replay ";

/// The command of a verdict with `--run` and `--claims` where the run needs them.
pub fn command(run: &Run, v: &Verdict) -> String {
    let mut command = v.replay.clone();
    if !command.starts_with(LOOKS_UP) {
        return command;
    }
    for (option, value) in [("--run", &run.place), ("--claims", &run.info.claims_from)] {
        if let Some(value) = value {
            command += &format!(" {option} {}", quoted(value));
        }
    }
    command
}

/// A run whose verdicts name complete commands.
pub(super) fn with_commands(run: &Run) -> Cow<'_, Run> {
    if run.place.is_none() && run.info.claims_from.is_none() {
        return Cow::Borrowed(run);
    }
    let mut own = run.clone();
    for (verdict, v) in own.verdicts.iter_mut().zip(&run.verdicts) {
        verdict.replay = command(run, v);
    }
    Cow::Owned(own)
}

/// An argument as a shell takes it.
fn quoted(argument: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@%+".contains(c);
    if !argument.is_empty() && argument.chars().all(plain) {
        return argument.to_owned();
    }
    format!("'{}'", argument.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_quoted_where_a_shell_would_split_them() {
        for (text, want) in [
            ("runs/a-1", "runs/a-1"),
            ("", "''"),
            ("my run", "'my run'"),
            ("a'b", r"'a'\''b'"),
            ("$HOME", "'$HOME'"),
        ] {
            assert_eq!(quoted(text), want);
        }
    }
}

//! Writing to the terminal: stdout for data, stderr for messages and progress.

use std::io::{IsTerminal, Write};
use std::path::Path;

use super::exit::Exit;
use crate::error::{Error, Result};
use crate::report::visible;

/// Prints data to stdout; a reader that has gone away (`| head`) is not an error.
pub(super) fn print(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => Err(Error::io("stdout", &e)),
        _ => Ok(()),
    }
}

/// Prints what a command found and ends it with `exit`. What cannot be printed is said; it hides
/// no violation, and is an error where there is none.
pub(super) fn end(text: &str, exit: Exit) -> Exit {
    match print(text) {
        Ok(()) => exit,
        Err(e) => {
            complain(&e);
            if exit == Exit::Holds {
                Exit::Refused
            } else {
                exit
            }
        }
    }
}

/// One message to stderr.
pub(super) fn say(message: &str) {
    // Nobody can be told that stderr is closed.
    let _ = writeln!(std::io::stderr().lock(), "{message}");
}

/// Says where the report is.
pub(super) fn point_to(report: &Path) {
    say(&format!("report: {}", report.display()));
}

/// The error that ends a command.
pub(super) fn complain(error: &Error) {
    say(&format!("ratecert: {}", visible(&error.to_string())));
}

/// Whether stdout wants colour.
pub(super) fn colour() -> bool {
    let plain = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
    !plain && !is_dumb() && std::io::stdout().is_terminal()
}

/// A terminal that cannot move its cursor.
fn is_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|t| t == "dumb")
}

/// A progress bar on a terminal, nothing elsewhere.
pub(super) fn bar(total: usize) -> indicatif::ProgressBar {
    if is_dumb() || !std::io::stderr().is_terminal() {
        return indicatif::ProgressBar::hidden();
    }
    let bar = indicatif::ProgressBar::new(total as u64);
    let template = "{bar:30} {pos}/{len} instances, {rate}, {eta} left";
    if let Ok(style) = indicatif::ProgressStyle::with_template(template) {
        let rate = |state: &indicatif::ProgressState, out: &mut dyn std::fmt::Write| {
            // Nobody can be told that the bar is not drawn.
            let _ = write!(out, "{:.0}/s", state.per_sec());
        };
        bar.set_style(style.with_key("rate", rate));
    }
    bar
}

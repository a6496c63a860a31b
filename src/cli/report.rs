//! `report`: draw a recorded run again; recomputes nothing.

use std::path::PathBuf;

use super::exit::Exit;
use super::output;
use super::values::LATEST;
use crate::error::{Error, Result};

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Directory of the run
    #[arg(long, value_name = "DIR", default_value = LATEST)]
    run: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit> {
    if !arguments.run.join("run.json").exists() {
        return Err(Error::usage(format!(
            "{} holds no run (no run.json); make one with `ratecert certify`",
            arguments.run.display()
        )));
    }
    crate::report::redraw(&arguments.run)?;
    output::say(&format!(
        "report: {}",
        arguments.run.join("index.html").display()
    ));
    Ok(Exit::Holds)
}

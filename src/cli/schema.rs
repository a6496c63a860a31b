//! `schema`: the JSON Schemas of the files of a run.

use super::exit::Exit;
use super::output;
use crate::error::{Error, Result};
use crate::report::result_schemas;

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Of a line of verdicts.jsonl or records.jsonl, of run.json, or of a file of baselines
    #[arg(value_parser = ["verdict", "record", "run", "baseline", "samples"])]
    name: String,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit> {
    let all = result_schemas();
    let names: Vec<&str> = all.iter().map(|s| s.0).collect();
    let Some((_, schema)) = all.iter().find(|s| s.0 == arguments.name) else {
        let (name, names) = (&arguments.name, names.join(", "));
        return Err(Error::usage(format!(
            "no schema {name:?}; there are {names}"
        )));
    };
    let text = serde_json::to_string_pretty(schema).unwrap_or_default();
    output::print(&(text + "\n"))?;
    Ok(Exit::Holds)
}

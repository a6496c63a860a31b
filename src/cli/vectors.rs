//! `vectors`: the ground-truth vectors written, or compared with what is computed now.

use std::path::PathBuf;

use super::exit::Exit;
use super::output;
use crate::error::Result;
use crate::vectors;

#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Compute every vector again and compare it with the files, byte by byte
    Verify {
        /// Directory of the vectors
        #[arg(long, value_name = "DIR", default_value = "vectors")]
        dir: PathBuf,
    },
    /// Write the vectors and the schemas
    Generate {
        /// Directory of the vectors
        #[arg(long, value_name = "DIR", default_value = "vectors")]
        dir: PathBuf,
    },
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit> {
    match &arguments.command {
        Command::Generate { dir } => {
            let count = vectors::generate(dir)?;
            output::say(&format!("{count} files in {}", dir.display()));
            Ok(Exit::Holds)
        }
        Command::Verify { dir } => {
            let differences = vectors::verify(dir)?;
            if differences.is_empty() {
                let text = "every vector is what is computed now\n";
                return Ok(output::end(text, Exit::Holds));
            }
            Ok(output::end(
                &(differences.join("\n") + "\n"),
                Exit::Violated,
            ))
        }
    }
}

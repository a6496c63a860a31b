//! `check`: judge a recorded conversation.

use std::path::PathBuf;
use std::time::Instant;

use super::certify::now;
use super::exit::Exit;
use super::output;
use super::subject::{Format, Told, as_run, exit, printed, taken, write};
use super::values;
use crate::claims::subject_claims;
use crate::conformance;
use crate::error::Result;

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Lines as `subject --record` writes them: a hello of the subject, cases and their answers
    file: PathBuf,
    /// Where the report goes; none is written by default
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Exit with 3 if anything is inconclusive
    #[arg(long)]
    strict: bool,
    /// What is printed
    #[arg(long, default_value = "text")]
    format: Format,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit> {
    let place = arguments.out.as_deref().map(taken).transpose()?;
    let text = values::read(&arguments.file)?;
    let (started, clock) = (now(), Instant::now());
    let claims = subject_claims()?;
    let conformed = conformance::check(&claims, &text);
    let conformed = conformed.map_err(|e| e.in_file(arguments.file.display().to_string()))?;
    let told = Told {
        profile: "recorded",
        times: 1,
        shard: None,
        seed: 0,
        started,
        seconds: clock.elapsed().as_secs_f64(),
        command: String::new(),
        name: None,
    };
    let run = as_run(&claims, conformed, told);
    if let (Some(out), Some(place)) = (&arguments.out, place) {
        write(&run, place)?;
        let page = out.join("index.html");
        output::point_to(&page);
    }
    let text = printed(&run, arguments.format);
    Ok(output::end(&text, exit(&run, arguments.strict)))
}

//! `merge`: shards into one run.

use std::path::PathBuf;

use super::baseline;
use super::exit::Exit;
use super::output;
use super::place;
use super::{certify, subject};
use crate::error::Result;
use crate::files::Resume;
use crate::merge::Shards;
use crate::report::{self, Extras, Run, Shown};

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The directories of all shards of a run, in any order
    #[arg(required = true, value_name = "DIR")]
    shards: Vec<PathBuf>,
    /// Where the whole run goes
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Baselines that the report compares with, rates/baselines by default where it
    /// exists
    #[arg(long, value_name = "DIR")]
    baselines: Option<PathBuf>,
    /// Exit with 3 if anything is inconclusive
    #[arg(long)]
    strict: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit> {
    let shards = Shards::read(&arguments.shards, &arguments.out)?;
    let place = place::take(
        &arguments.out,
        report::run_tenant(),
        "ratecert merge",
        Resume::Never,
    )?;
    let fresh = place.fresh()?;
    let bar = output::bar(shards.info().instances);
    let joined = shards.join(&fresh, &|done| bar.set_position(done));
    bar.finish_and_clear();
    joined?;
    let run = Run::gathered(&fresh)?.lying_in(&arguments.out);
    let extras = Extras {
        drift: baseline::shown(&run, arguments.baselines.as_ref(), || baseline::known(&run)),
        ..Extras::default()
    };
    report::draw(&run, &fresh, &extras)?;
    place::fill(place)?;
    let shown = Shown::default().coloured(output::colour());
    let (text, exit) = match run.info.subject {
        Some(_) => (
            report::conformance_text(&run),
            subject::exit(&run, arguments.strict),
        ),
        None => (
            report::text(&run, shown.undecided(arguments.strict)),
            certify::exit(&run, arguments.strict),
        ),
    };
    let exit = output::end(&text, exit);
    output::point_to(&arguments.out.join("index.html"));
    Ok(exit)
}

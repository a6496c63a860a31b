//! `reproduce`: the experiments of the paper, at its sizes.

use std::path::{Path, PathBuf};

use super::certify::interruptible;
use super::exit::Exit;
use super::output;
use super::place;
use super::values;
use crate::error::{Error, Result};
use crate::files::{self, Journal, Resume};
use crate::reproduce::{self, Scale, experiment};

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Which: figure-1, figure-2-elastic-net, figure-2-poisoning
    experiment: String,
    /// Sizes: those of the paper, or small ones that take seconds [default: the paper's; for
    /// poisoning 5,000 images of MNIST]
    #[arg(long)]
    scale: Option<ScaleName>,
    /// Number of problems [default: what the scale says]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1000))]
    seeds: Option<u64>,
    /// A directory with MNIST's training images and labels, plain or .gz [default: what ships with
    /// ratecert; with --scale paper random images of MNIST's shape]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Threads; all cores by default
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
    /// Where the figure and the numbers go [default: reports/EXPERIMENT]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Go on from an interrupted reproduction with the same options; =if-any: begin anew where
    /// there is none
    #[arg(long, value_name = "WHEN", num_args = 0..=1, require_equals = true, default_value = "never", hide_default_value = true, default_missing_value = "always", hide_possible_values = true, value_parser = values::resume())]
    resume: Resume,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum ScaleName {
    Small,
    Paper,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit> {
    let scale = match arguments.scale {
        Some(ScaleName::Small) => Scale::Small,
        Some(ScaleName::Paper) => Scale::Paper,
        None => Scale::Usual,
    };
    let data = arguments.data.as_deref();
    let chosen = experiment(&arguments.experiment, scale, arguments.seeds, data)?;
    let by_default = || Path::new("reports").join(chosen.directory());
    let out = arguments.out.clone().unwrap_or_else(by_default);
    let tenant = reproduce::tenant(chosen.name());
    let fingerprint = format!("{} build {}", chosen.fingerprint(), env!("RATECERT_BUILD"));
    let place = place::take(&out, tenant, &fingerprint, arguments.resume)?;
    let journal = Journal::open(&place.journal())?;
    let stop = interruptible();
    let bar = output::bar(chosen.jobs().len());
    let results = reproduce::run(chosen.as_ref(), &journal, arguments.jobs, &stop, &|done| {
        bar.set_position(done as u64);
    });
    bar.finish_and_clear();
    let results = results.map_err(|e| {
        if e.is_interrupted() {
            Error::interrupted("interrupted; go on with --resume")
        } else {
            e
        }
    })?;
    if let Err(e) = reproduce::check_usable(&results) {
        // There is nothing to go on from.
        place.abandon()?;
        return Err(e);
    }
    let findings = chosen.conclude(&results);
    let fresh = place.fresh()?;
    let write = |name: &str, text: &str| files::put(&fresh.join(name), text);
    write(
        "experiment.json",
        &reproduce::json(chosen.as_ref(), &results, &findings),
    )?;
    let title = chosen.title();
    #[cfg(feature = "plots")]
    {
        let name = chosen.name();
        let words = (findings.finding(), findings.caption.as_str());
        let words = (words.0.as_str(), words.1);
        let figure = crate::report::figures::experiment(name, &title, words, &findings.panels);
        write(&format!("{name}.svg"), &figure.svg)?;
    }
    write(
        "summary.md",
        &reproduce::markdown(chosen.as_ref(), &findings, cfg!(feature = "plots")),
    )?;
    place::fill(place)?;
    let mut text = format!("{title}\n");
    for s in &findings.statements {
        let seen = match s.seen {
            Some(true) => "seen      ",
            Some(false) => "NOT SEEN  ",
            None => "not judged",
        };
        text += &format!("  {seen}  {}\n              {}\n", s.says, s.measured);
    }
    let holds = findings.statements.iter().all(|s| s.seen != Some(false));
    let exit = if holds { Exit::Holds } else { Exit::Violated };
    let exit = output::end(&text, exit);
    output::point_to(&out.join("summary.md"));
    Ok(exit)
}

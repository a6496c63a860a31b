//! `reproduce`: the experiments of the paper, at its sizes.

use std::path::{Path, PathBuf};

use super::certify::interruptible;
use super::exit::Exit;
use super::output;
use crate::error::{Error, Result};
use crate::reproduce::{self, Journal, Scale, experiment};

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Which: figure-1, figure-2-elastic-net
    experiment: String,
    /// Sizes: those of the paper, or small ones that take seconds
    #[arg(long, default_value = "paper")]
    scale: ScaleName,
    /// Number of problems [default: what the scale says]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1000))]
    seeds: Option<u64>,
    /// Threads; all cores by default
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
    /// Where the figure and the numbers go [default: reports/EXPERIMENT]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Go on from an interrupted reproduction with the same options
    #[arg(long)]
    resume: bool,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum ScaleName {
    Small,
    Paper,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit> {
    let scale = match arguments.scale {
        ScaleName::Small => Scale::Small,
        ScaleName::Paper => Scale::Paper,
    };
    let chosen = experiment(&arguments.experiment, scale, arguments.seeds)?;
    let out = arguments.out.clone();
    let out = out.unwrap_or_else(|| Path::new("reports").join(chosen.name()));
    if out.exists() && !reproduce::is_ours(&out) {
        let text = format!("{} holds more than a reproduction writes", out.display());
        return Err(Error::usage(text));
    }
    std::fs::create_dir_all(&out).map_err(|e| Error::io(&out, &e))?;
    let mut left = out.clone().into_os_string();
    left.push(".journal");
    let journal = Journal::open(Path::new(&left), &chosen.fingerprint(), arguments.resume)?;
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
    let findings = chosen.conclude(&results);
    let write = |name: &str, text: &str| {
        let path = out.join(name);
        std::fs::write(&path, text).map_err(|e| Error::io(&path, &e))
    };
    let (name, title) = (chosen.name(), chosen.title());
    #[cfg(feature = "plots")]
    {
        let (caption, panels) = (&findings.caption, &findings.panels);
        let figure = crate::report::figures::experiment(name, &title, caption, panels);
        write(&format!("{name}.svg"), &figure.svg)?;
    }
    write(
        "experiment.json",
        &reproduce::json(chosen.as_ref(), &results, &findings),
    )?;
    write(
        "summary.md",
        &reproduce::markdown(chosen.as_ref(), &findings),
    )?;
    journal.remove()?;
    let mut text = format!("{title}\n");
    for s in &findings.statements {
        let seen = if s.holds { "seen    " } else { "NOT SEEN" };
        text += &format!("  {seen}  {}\n            {}\n", s.says, s.measured);
    }
    output::print(&text)?;
    output::say(&format!("report: {}", out.join("summary.md").display()));
    let holds = findings.statements.iter().all(|s| s.holds);
    Ok(if holds { Exit::Holds } else { Exit::Violated })
}

//! `baseline`: a run against what is recorded, or recorded in its place.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::exit::Exit;
use super::output;
use super::values::{LATEST, catalogue};
use crate::baseline::{Baselines, Comparison, DIRECTORY, Measured, Origin, compare};
use crate::error::{Error, Result};
use crate::report::{DriftView, Run, drift_changelog, drift_headline, drift_text, drift_view};

#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Compare a run with the baselines; exit with 4 where it drifted, 1 where a claim is violated
    Check(Check),
    /// Record a run in the place of the baselines, and say what changed
    Update(Places),
}

#[derive(clap::Args)]
struct Check {
    #[command(flatten)]
    places: Places,
    /// What is printed
    #[arg(long, default_value = "text")]
    format: Format,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Format {
    Text,
    Json,
}

#[derive(clap::Args)]
struct Places {
    /// Directory of the run
    #[arg(long, value_name = "DIR", default_value = LATEST)]
    run: PathBuf,
    /// Directory of the baselines
    #[arg(long, value_name = "DIR", default_value = DIRECTORY)]
    baselines: PathBuf,
    /// Directory with further claims (*.toml), as the run had them
    #[arg(long = "claims", value_name = "DIR")]
    claims_dir: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit> {
    match &arguments.what {
        What::Check(check) => self::check(check),
        What::Update(places) => update(places),
    }
}

fn check(arguments: &Check) -> Result<Exit> {
    let places = &arguments.places;
    let baselines = Baselines::at(&places.baselines);
    if !baselines.exist() {
        return Err(Error::usage(format!(
            "{} holds no baselines; `ratecert baseline update` records a run there",
            places.baselines.display()
        )));
    }
    let run = whole(&places.run)?;
    let found = against(&run, &baselines, &names(places)?)?;
    output::print(&match arguments.format {
        Format::Text => drift_text(&found),
        Format::Json => serde_json::to_string(&found).unwrap_or_default() + "\n",
    })?;
    Ok(if found.is_violated() {
        Exit::Violated
    } else if found.has_drift() {
        Exit::Drifted
    } else {
        Exit::Holds
    })
}

fn update(places: &Places) -> Result<Exit> {
    let baselines = Baselines::at(&places.baselines);
    let run = whole(&places.run)?;
    let names = names(places)?;
    let found = against(&run, &baselines, &names)?;
    if found.is_violated() {
        output::print(&drift_text(&found))?;
        output::say("nothing is recorded of a run that violates a claim");
        return Ok(Exit::Violated);
    }
    let measured = measured(&run);
    for (claim, measured) in &measured {
        baselines.write(claim, measured)?;
    }
    for gone in baselines.claims()? {
        if !measured.contains_key(&gone) && !names.contains(&gone) {
            baselines.remove(&gone)?;
        }
    }
    output::print(&drift_text(&found))?;
    let lines = drift_changelog(&found);
    if !lines.is_empty() {
        output::print(&format!(
            "\nfor CHANGELOG.md, where this is meant:\n{lines}"
        ))?;
    }
    output::say(&format!("recorded in {}", places.baselines.display()));
    Ok(Exit::Holds)
}

/// What the page of a run shows of its baselines, and the result in a line; nothing where there are
/// none, or the run is a part or of a subject.
pub(super) fn shown(run: &Run, dir: &Path, names: &BTreeSet<String>) -> Result<Option<DriftView>> {
    let baselines = Baselines::at(dir);
    if run.info.shard.is_some() || run.info.subject.is_some() || !baselines.exist() {
        return Ok(None);
    }
    let found = against(run, &baselines, names)?;
    output::say(&format!("baseline: {}", drift_headline(&found)));
    Ok(Some(drift_view(&found, &dir.display().to_string())))
}

/// The run of a directory, which is no shard.
fn whole(dir: &Path) -> Result<Run> {
    let run = Run::read(dir)?;
    let refuse = |why: &str| Err(Error::usage(format!("{} is {why}", dir.display())));
    if run.info.shard.is_some() {
        return refuse("one shard of a run; the whole of it has a baseline");
    }
    if run.info.subject.is_some() {
        return refuse("the run of a subject, whose cases have no families");
    }
    Ok(run)
}

/// The claims there are.
fn names(places: &Places) -> Result<BTreeSet<String>> {
    let catalogue = catalogue(places.claims_dir.as_ref())?;
    Ok(catalogue.claims().iter().map(|c| c.name.clone()).collect())
}

fn against(run: &Run, baselines: &Baselines, names: &BTreeSet<String>) -> Result<Comparison> {
    let exists = |claim: &str| names.contains(claim);
    Ok(compare(&baselines.read()?, &measured(run), exists))
}

/// What the claims of a run measured, by name.
fn measured(run: &Run) -> BTreeMap<String, Measured> {
    let one = |claim: &crate::report::ClaimInfo| {
        let info = &run.info;
        let origin = Origin::new(&info.version, &info.profile, info.seed, &claim.digest);
        let verdicts = run.verdicts.iter().filter(|v| v.claim == claim.name);
        let records = run.records.iter().filter(|r| r.origin.claim == claim.name);
        (claim.name.clone(), Measured::of(origin, verdicts, records))
    };
    run.info.claims.iter().map(one).collect()
}

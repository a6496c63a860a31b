//! `baseline`: a run against what is recorded, or recorded in its place.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::exit::Exit;
use super::output;
use super::values::{LATEST, catalogue};
use crate::baseline::{Baselines, Comparison, DIRECTORY, Measured, Origin, compare};
use crate::claims::{Catalogue, Record, Verdict};
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
    Update(Update),
}

#[derive(clap::Args)]
struct Check {
    #[command(flatten)]
    places: Places,
    /// Recorded claims that were not run count as gone
    #[arg(long)]
    all: bool,
    /// What is printed
    #[arg(long, default_value = "text")]
    format: Format,
}

#[derive(clap::Args)]
struct Update {
    #[command(flatten)]
    places: Places,
    /// Remove what is recorded of claims that are no more
    #[arg(long)]
    prune: bool,
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
    /// Directory with further claims (*.toml): recorded claims of that name are not gone where they
    /// were not run
    #[arg(long = "claims", value_name = "DIR")]
    claims_dir: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit> {
    match &arguments.what {
        What::Check(check) => self::check(check),
        What::Update(update) => self::update(update),
    }
}

fn check(arguments: &Check) -> Result<Exit> {
    let places = &arguments.places;
    let baselines = Baselines::at(&places.baselines);
    if !baselines.exist()? {
        return Err(Error::usage(format!(
            "{} holds no baselines; `ratecert baseline update` records a run there",
            places.baselines.display()
        )));
    }
    let run = whole(&places.run)?;
    let names = if arguments.all {
        BTreeSet::new()
    } else {
        names(places, &run)?
    };
    let found = against(&run, &baselines, &names)?;
    let text = match arguments.format {
        Format::Text => drift_text(&found),
        Format::Json => serde_json::to_string(&found).unwrap_or_default() + "\n",
    };
    let exit = if found.claims == 0 && !found.is_violated() {
        Exit::Undecided
    } else if found.is_violated() {
        Exit::Violated
    } else if found.has_drift() {
        Exit::Drifted
    } else {
        Exit::Holds
    };
    Ok(output::end(&text, exit))
}

/// Claims that are named in an error.
const SAID: usize = 10;

fn update(arguments: &Update) -> Result<Exit> {
    let places = &arguments.places;
    let baselines = Baselines::at(&places.baselines);
    let run = whole(&places.run)?;
    let names = names(places, &run)?;
    let found = against(&run, &baselines, &names)?;
    if found.is_violated() {
        output::say("nothing is recorded of a run that violates a claim");
        return Ok(output::end(&drift_text(&found), Exit::Violated));
    }
    if let Some(profile) = &found.other_profile {
        return Err(Error::usage(format!(
            "{} was recorded with profile {profile}, the run is of profile {}; remove the directory to start anew",
            places.baselines.display(),
            run.info.profile
        )));
    }
    let measured = measured(&run);
    let silent = |m: &&Measured| m.decided.values().all(|c| c.decided == 0);
    if measured.is_empty() || measured.values().any(|m| silent(&m)) {
        let silent = measured
            .iter()
            .filter(|(_, m)| silent(m))
            .map(|(c, _)| c.as_str());
        let mut names: Vec<&str> = silent.collect();
        if names.len() > SAID {
            names.truncate(SAID);
            names.push("others");
        }
        return Err(Error::usage(format!(
            "{} decides nothing of {}; nothing is recorded of it",
            places.run.display(),
            if names.is_empty() {
                "any claim".into()
            } else {
                names.join(", ")
            }
        )));
    }
    for (claim, measured) in &measured {
        baselines.write(claim, measured)?;
    }
    for gone in baselines.claims()? {
        if measured.contains_key(&gone) || names.contains(&gone) {
            continue;
        }
        if arguments.prune {
            baselines.remove(&gone)?;
        } else {
            output::say(&format!(
                "{gone} is no claim any more; --prune removes its baseline"
            ));
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

/// What the page of a run shows of its baselines, whose result is said in a line; nothing where
/// there are none, or the run is a part or of a subject. Baselines that cannot be read are said,
/// and cost nobody a run.
pub(super) fn shown(
    run: &Run,
    dir: Option<&PathBuf>,
    names: impl FnOnce() -> Result<BTreeSet<String>>,
) -> Option<DriftView> {
    // Of a very large run not all records are at hand.
    if run.info.shard.is_some() || run.info.subject.is_some() || run.is_large() {
        return None;
    }
    let given = dir.is_some();
    let dir = dir.map_or(Path::new(DIRECTORY), PathBuf::as_path);
    let baselines = Baselines::at(dir);
    let found = baselines.exist().and_then(|exist| match exist {
        true => names()
            .and_then(|names| against(run, &baselines, &names))
            .map(Some),
        false if given => Err(Error::usage(format!(
            "{} holds no baselines",
            dir.display()
        ))),
        false => Ok(None),
    });
    match found {
        Ok(found) => {
            let found = found?;
            output::say(&format!("baseline: {}", drift_headline(&found)));
            Some(drift_view(&found, &dir.display().to_string()))
        }
        Err(e) => {
            output::complain(&e);
            output::say("the report is without a comparison");
            None
        }
    }
}

/// The run of a directory, which is no shard.
fn whole(dir: &Path) -> Result<Run> {
    let run = Run::read(dir).map_err(|e| match dir.exists() {
        true => e,
        false => Error::usage(format!(
            "{e}; `ratecert certify` makes a run, --run DIR names one"
        )),
    })?;
    let refuse = |why: &str| Err(Error::usage(format!("{} is {why}", dir.display())));
    if run.info.shard.is_some() {
        return refuse("one shard of a run; the whole of it has a baseline");
    }
    if run.info.subject.is_some() {
        return refuse("the run of a subject; baselines are for runs of `certify`");
    }
    Ok(run)
}

/// The claims there are: those built in, and those of the directory that is named, or else what a
/// run knew.
fn names(places: &Places, run: &Run) -> Result<BTreeSet<String>> {
    match &places.claims_dir {
        Some(dir) => Ok(named(&catalogue(Some(dir))?)),
        None => known(run),
    }
}

/// The claims that a run knew: those built in, its own, and those of its directory, where that is
/// still there. Claims that cannot be read are not gone: nothing is said of them, or removed.
pub(super) fn known(run: &Run) -> Result<BTreeSet<String>> {
    let mut catalogue = Catalogue::builtin()?;
    let had = run.info.claims_from.as_ref().map(Path::new);
    if let Some(dir) = had.filter(|dir| dir.is_dir()) {
        catalogue.add_directory(dir)?;
    }
    let own = run.info.claims.iter().map(|c| c.name.clone());
    Ok(named(&catalogue).into_iter().chain(own).collect())
}

/// The names of a catalogue.
pub(super) fn named(catalogue: &Catalogue) -> BTreeSet<String> {
    catalogue.claims().iter().map(|c| c.name.clone()).collect()
}

fn against(run: &Run, baselines: &Baselines, names: &BTreeSet<String>) -> Result<Comparison> {
    let exists = |claim: &str| names.contains(claim);
    Ok(compare(&baselines.read()?, &measured(run), exists))
}

/// The hash, the verdicts and the records of a claim.
type Parts<'r> = (&'r str, Vec<&'r Verdict>, Vec<&'r Record>);

/// What the claims of a run measured, by name; claims that only verdicts name among them.
fn measured(run: &Run) -> BTreeMap<String, Measured> {
    let info = &run.info;
    let mut claims: BTreeMap<&str, Parts<'_>> = BTreeMap::new();
    for claim in &info.claims {
        claims.entry(&claim.name).or_default().0 = &claim.digest;
    }
    for v in &run.verdicts {
        claims.entry(&v.claim).or_default().1.push(v);
    }
    for r in &run.records {
        claims.entry(&r.origin.claim).or_default().2.push(r);
    }
    let one = |(name, (digest, verdicts, records)): (&str, Parts<'_>)| {
        let origin = Origin::new(&info.version, &info.profile, info.seed, digest);
        (name.to_owned(), Measured::of(origin, verdicts, records))
    };
    claims.into_iter().map(one).collect()
}

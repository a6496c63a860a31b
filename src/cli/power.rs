//! `power`: the fault catalogue against the claims.

use std::path::{Path, PathBuf};

use super::exit::Exit;
use super::output;
use super::values::{self, catalogue};
use crate::claims::{Catalogue, subject_claims};
use crate::error::{Error, Result};
use crate::files::{self, Lock};
use crate::power::{self, Options};
use crate::tol::MOST_TEXT;

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Names or globs of claims; all by default
    #[arg(value_name = "CLAIM")]
    claims: Vec<String>,
    /// Seed of the run
    #[arg(long, default_value_t = 0, value_parser = super::values::seed)]
    seed: u64,
    /// Threads; all cores by default
    #[arg(long, value_parser = values::jobs)]
    jobs: Option<usize>,
    /// Directory with further claims (*.toml)
    #[arg(long = "claims", value_name = "DIR")]
    claims_dir: Option<PathBuf>,
    /// Plant the faults behind the protocol and let `subject` find them
    #[arg(long, conflicts_with = "claims_dir")]
    subject: bool,
    /// Also write power.json and detection.svg there
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit> {
    let claims = if arguments.subject {
        Catalogue::of(subject_claims()?).select(&arguments.claims)?
    } else {
        catalogue(arguments.claims_dir.as_ref())?.select(&arguments.claims)?
    };
    if let Some(dir) = &arguments.out {
        std::fs::create_dir_all(dir).map_err(|e| Error::io(dir, &e))?;
    }
    let _lock = match &arguments.out {
        Some(dir) => check_ours(dir).and_then(|()| Lock::of(dir))?,
        None => None,
    };
    let options = Options {
        seed: arguments.seed,
        jobs: arguments.jobs,
        ..Options::default()
    };
    let power = if arguments.subject {
        power::of_protocol(&claims, &options)?
    } else {
        power::run(&claims, &options)?
    };
    if let Some(dir) = &arguments.out {
        files::note(dir, ["power.json"])?;
        let text = serde_json::to_string_pretty(&power).unwrap_or_default() + "\n";
        files::put(&dir.join("power.json"), text)?;
        #[cfg(feature = "plots")]
        if let Some(figure) = crate::report::figures::detection(&detections(&power)) {
            let name = format!("{}.svg", figure.name);
            files::note(dir, [name.as_str()])?;
            files::put(&dir.join(name), figure.svg)?;
        }
    }
    let missed = power.faults.iter().any(|f| !f.caught);
    let false_alarm = power.variants.iter().any(|v| v.caught);
    let exit = if missed || false_alarm {
        Exit::Violated
    } else if power.faults.is_empty() {
        Exit::Undecided
    } else {
        Exit::Holds
    };
    Ok(output::end(&power.to_text(), exit))
}

/// Refuses to write over files that are none of ours: a figure is one only beside our numbers.
fn check_ours(dir: &Path) -> Result<()> {
    files::check_no_links(dir, ["power.json", "detection.svg"])?;
    let path = dir.join("power.json");
    let text = files::read_regular(&path, MOST_TEXT).unwrap_or_default();
    let value: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    if value["faults"].is_array() {
        return Ok(());
    }
    for path in [path, dir.join("detection.svg")] {
        if std::fs::symlink_metadata(&path).is_ok() {
            let text = format!("{} exists and is not what `power` wrote", path.display());
            return Err(Error::usage(text));
        }
    }
    Ok(())
}

#[cfg(feature = "plots")]
fn detections(power: &power::Power) -> Vec<crate::report::figures::Detection> {
    let sizes = power.sizes.iter();
    sizes
        .map(|s| crate::report::figures::Detection {
            method: s.method.clone(),
            claim: s.claim.clone(),
            size: s.size,
            caught: s.caught,
            drawn: s.drawn,
        })
        .collect()
}

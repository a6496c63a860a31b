//! `report`: draw a recorded run again, or compare runs of several subjects; recomputes nothing.

use std::path::{Path, PathBuf};

use super::baseline;
use super::exit::Exit;
use super::output;
use super::place;
use super::values::LATEST;
use crate::error::{Error, Result};
use crate::files::{self, Lock, Resume, Tenant};
use crate::numerals::locate::located;
use crate::power::Power;
use crate::report::{self, Caught, Extras, PowerView, Run};
use crate::tol::MOST_TEXT;

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Directory of the run; several of `subject` are compared on one page
    #[arg(long, value_name = "DIR", default_value = LATEST)]
    run: Vec<PathBuf>,
    /// Where the comparison of several runs goes
    #[arg(long, value_name = "DIR", default_value = "reports/comparison")]
    out: PathBuf,
    /// power.json of `ratecert power --out`, shown beside the claims of one run
    #[arg(long, value_name = "FILE")]
    power: Option<PathBuf>,
    /// Baselines that one run is compared with, rates/baselines by default where it
    /// exists
    #[arg(long, value_name = "DIR")]
    baselines: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit> {
    for dir in &arguments.run {
        if !dir.join("run.json").exists() {
            return Err(Error::usage(format!(
                "{} holds no run (no run.json); make one with `ratecert certify`",
                dir.display()
            )));
        }
    }
    let page = match arguments.run.as_slice() {
        [dir] => {
            let _lock = Lock::of(dir)?;
            let run = Run::gathered(dir)?;
            let extras = Extras {
                power: arguments.power.as_deref().map(measured).transpose()?,
                drift: baseline::shown(&run, arguments.baselines.as_ref(), || {
                    baseline::known(&run)
                }),
            };
            report::draw(&run, dir, &extras)?;
            dir.join("index.html")
        }
        _ if arguments.power.is_some() => {
            return Err(Error::usage(
                "--power belongs to one run, not to a comparison",
            ));
        }
        several => compare(several, &arguments.out)?,
    };
    output::point_to(&page);
    Ok(Exit::Holds)
}

/// What planted faults the claims caught, as `power` left it.
fn measured(path: &Path) -> Result<PowerView> {
    let text = files::read(path, MOST_TEXT)?;
    let power: Power = located(&text).map_err(|e| e.in_file(path.display().to_string()))?;
    let mut claims: Vec<Caught> = Vec::new();
    for fault in &power.faults {
        let name = format!("{} in {}", fault.fault, fault.method);
        for c in fault.claims.iter().filter(|c| c.judged > 0) {
            let at = claims.iter().position(|k| k.claim == c.claim);
            let at = at.unwrap_or_else(|| {
                let claim = c.claim.clone();
                claims.push(Caught {
                    claim,
                    caught: Vec::new(),
                    tried: Vec::new(),
                });
                claims.len() - 1
            });
            claims[at].tried.push(name.clone());
            if c.failed > 0 {
                claims[at].caught.push(name.clone());
            }
        }
    }
    Ok(PowerView {
        caught: power.faults.iter().filter(|f| f.caught).count(),
        tried: power.faults.len(),
        claims,
    })
}

/// The page and the Markdown of several subjects, in place of an earlier comparison.
fn compare(dirs: &[PathBuf], out: &Path) -> Result<PathBuf> {
    let runs = dirs
        .iter()
        .map(|dir| Run::read(dir))
        .collect::<Result<Vec<_>>>()?;
    let stranger = runs.iter().position(|r| r.info.subject.is_none());
    if let Some(n) = stranger {
        return Err(Error::usage(format!(
            "{} is no run of `ratecert subject`; only those are compared",
            dirs[n].display()
        )));
    }
    let tenant = Tenant {
        noun: "comparison".into(),
        // Older ones say nothing of themselves.
        proof: ("conformance.md", |_, _| false),
        wrote: |_, _| false,
    };
    let place = place::take(out, tenant, "a comparison", Resume::Never)?;
    let fresh = place.fresh()?;
    files::put(
        &fresh.join("conformance.md"),
        report::conformance_markdown(&runs),
    )?;
    files::put(&fresh.join("index.html"), report::conformance_html(&runs))?;
    place::fill(place)?;
    Ok(out.join("index.html"))
}

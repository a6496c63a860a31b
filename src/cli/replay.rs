//! `replay`: one verdict again, from the claim, spec and seed recorded with it.

use std::fmt::Write as _;
use std::path::PathBuf;

use super::exit::Exit;
use super::generate;
use super::output;
use super::values::{LATEST, catalogue};
use crate::checks::{Curve, Data, Moments, Ruling};
use crate::claims::Verdict;
use crate::error::{Error, Result};
use crate::instances::Instance;
use crate::methods::Ours;
use crate::report;
use crate::runner;

/// Ids of verdicts that are named for one that is incomplete.
const ALIKE: usize = 4;

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Id of the verdict: claim/instance/check
    id: String,
    /// Directory of the run
    #[arg(long, value_name = "DIR", default_value = LATEST)]
    run: PathBuf,
    /// Directory with further claims (*.toml)
    #[arg(long = "claims", value_name = "DIR")]
    claims_dir: Option<PathBuf>,
    /// Write the instance and its ground truth to a file, as `generate` does
    #[arg(long, value_name = "FILE")]
    instance_out: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit> {
    let found = report::find(&arguments.run, &arguments.id, ALIKE);
    let found = found.map_err(|e| match arguments.run.exists() {
        true => e,
        false => Error::usage(format!(
            "{e}; `ratecert certify` makes a run, --run DIR names one"
        )),
    })?;
    let Some(verdict) = &found.verdict else {
        let hint = if found.alike.is_empty() {
            "; --run DIR names another run".to_string()
        } else {
            format!("; it has {}", found.alike.join(", "))
        };
        let run = arguments.run.display();
        let text = format!("{run} has no verdict {:?}{hint}", arguments.id);
        return Err(Error::usage(text));
    };
    let info = &found.info;
    if info.subject.is_some() {
        let text = format!(
            "{} is about an implementation in another process; `{}` asks it again",
            verdict.id, verdict.replay
        );
        return Err(Error::usage(text));
    }
    if let Some(path) = &arguments.instance_out {
        let of = &verdict.instance;
        let text = generate::written(&Instance::generate(&of.spec, of.seed)?)?;
        crate::files::put(path, text)?;
    }
    let claims = catalogue(arguments.claims_dir.as_ref())?
        .select(std::slice::from_ref(&verdict.claim))
        .map_err(|e| match arguments.claims_dir {
            None => Error::usage(format!("{e}; a claim of your own needs --claims DIR")),
            Some(_) => e,
        })?;
    let mut recorded_claims = info.claims.iter();
    let was = recorded_claims.find(|c| c.name == verdict.claim);
    if let Some(was) = was
        && !was.digest.is_empty()
        && was.digest != format!("{:016x}", claims[0].digest)
    {
        let from = info.claims_from.as_deref().unwrap_or("DIR");
        return Err(Error::usage(format!(
            "{} is not the claim that the run judged; --claims {from} names its directory",
            verdict.claim
        )));
    }
    let judged = runner::replay(
        &claims[0],
        verdict,
        (info.alpha, info.statistical_checks),
        &Ours,
    )?;
    let again = judged
        .verdicts
        .iter()
        .find(|v| v.id == arguments.id)
        .ok_or_else(|| {
            Error::usage(format!(
                "the claim {:?} no longer has the check of {:?}",
                verdict.claim, arguments.id
            ))
        })?;
    let mut text = String::new();
    let spec = serde_json::to_string(&again.instance.spec).unwrap_or_default();
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "{}\n  instance {spec}, seed {}",
        again.id, again.instance.seed
    );
    show(&mut text, "recorded", verdict);
    show(&mut text, "now", again);
    for record in &judged.records {
        match &record.data {
            Data::Curve(curve) => table(&mut text, curve),
            Data::Moments(m) => moments(&mut text, m),
            // What they show stands in the verdict.
            Data::Slack(_) | Data::Race(_) | Data::Plot(_) => {}
            Data::Fit(fit) => {
                let _ = writeln!(
                    text,
                    "  fit ({}): {} in [{}, {}], predicted {}, R² {}, steps {}..{}",
                    fit.growth,
                    fit.fitted,
                    fit.lower,
                    fit.upper,
                    fit.predicted,
                    fit.r_squared,
                    fit.steps.first().copied().unwrap_or(0),
                    fit.steps.last().copied().unwrap_or(0)
                );
            }
        }
    }
    let exit = match again.status {
        Ruling::Pass => Exit::Holds,
        Ruling::Fail => Exit::Violated,
        Ruling::Inconclusive | Ruling::NotApplicable => Exit::Undecided,
    };
    Ok(output::end(&text, exit))
}

fn show(text: &mut String, when: &str, v: &Verdict) {
    let _ = writeln!(
        text,
        "  {when:9} {}: measured {:e}, bound {:e}, slack {:e}\n            {}",
        v.status.name(),
        v.measured,
        v.bound,
        v.slack,
        v.detail
    );
}

fn moments(text: &mut String, m: &Moments) {
    let names: String = m
        .series
        .iter()
        .map(|s| format!(" {:>24}", s.name))
        .collect();
    let _ = writeln!(
        text,
        "  {} (γ = {})\n  {:>8}{names}",
        m.figure, m.gamma, "k"
    );
    for (i, k) in m.steps.iter().enumerate() {
        let values: String = m
            .series
            .iter()
            .map(|s| format!(" {:>24.6e}", s.values.get(i).copied().unwrap_or(f64::NAN)))
            .collect();
        let _ = writeln!(text, "  {k:>8}{values}");
    }
}

fn table(text: &mut String, c: &Curve) {
    let tau = c.tau.map_or("none".into(), |t| t.to_string());
    let identified = c
        .identified
        .map_or("not within the run".into(), |t| t.to_string());
    let _ = writeln!(
        text,
        "  q = {}, ρ = {}, τ = {tau}, identified at {identified}",
        c.q,
        c.rho()
    );
    let _ = writeln!(
        text,
        "  {:>5} {:>12} {:>12} {:>12} {:>12} {:>12}",
        "t", "error", "paper", "trajectory", "sharp", "floor"
    );
    for i in 0..c.steps.len() {
        let _ = writeln!(
            text,
            "  {:>5} {:>12.4e} {:>12.4e} {:>12.4e} {:>12.4e} {:>12.4e}",
            c.steps[i], c.error[i], c.paper[i], c.trajectory[i], c.sharp[i], c.floor[i]
        );
    }
}

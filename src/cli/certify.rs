//! `certify`: run the claims, print the verdicts, leave a report.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use super::baseline;
use super::exit::Exit;
use super::github;
use super::output;
use super::place;
use super::values::{self, LATEST};
use crate::checks::REGISTRY;
use crate::claims::{Claim, Outcome, Profile};
use crate::error::{Error, Result};
use crate::files::{Journal, Resume};
use crate::methods::Ours;
use crate::report::{self, ClaimInfo, Extras, FamilyInfo, Run, RunInfo, Shown, Summary};
use crate::runner::Plan;
use crate::tol::RUN_ALPHA;

/// What claims can be made of, for `--help`.
static CHECKS: LazyLock<String> = LazyLock::new(|| {
    let width = REGISTRY.iter().map(|e| e.name.len()).max().unwrap_or(0);
    let rest = " ".repeat(width + 4);
    let lines = REGISTRY
        .iter()
        .map(|e| report::wrapped(e.about, &format!("  {:width$}  ", e.name), &rest));
    let lines: Vec<String> = lines.collect();
    format!("Checks that a claim can name:\n{}", lines.join("\n"))
});

#[derive(clap::Args)]
#[command(after_long_help = CHECKS.as_str())]
pub(super) struct Arguments {
    /// Names or globs of claims; all by default
    #[arg(value_name = "CLAIM")]
    claims: Vec<String>,
    /// How many instances: quick for every CI run, full for the night (test: what `cargo test`
    /// draws)
    #[arg(long, default_value = "quick", value_parser = values::profile())]
    profile: Profile,
    /// So many times as many instances of each family
    #[arg(long, value_name = "K", default_value_t = 1, value_parser = values::times)]
    times: usize,
    /// Seed of the run
    #[arg(long, default_value_t = 0, value_parser = super::values::seed)]
    seed: u64,
    /// Threads; all cores by default
    #[arg(long, value_parser = values::jobs)]
    jobs: Option<usize>,
    /// Run only every N-th instance, starting with the I-th
    #[arg(long, value_name = "I/N", value_parser = values::shard)]
    shard: Option<(usize, usize)>,
    /// False-alarm probability shared by all statistical checks of the run
    #[arg(long, default_value_t = RUN_ALPHA, value_parser = values::alpha)]
    alpha: f64,
    /// Directory with further claims (*.toml)
    #[arg(long = "claims", value_name = "DIR")]
    claims_dir: Option<PathBuf>,
    /// Exit with 3 if anything is inconclusive
    #[arg(long)]
    strict: bool,
    /// Where the report goes
    #[arg(long, value_name = "DIR", default_value = LATEST)]
    out: PathBuf,
    /// What is printed
    #[arg(long, default_value = "text")]
    format: Format,
    /// Baselines that the report compares with, rates/baselines by default where it
    /// exists
    #[arg(long, value_name = "DIR")]
    baselines: Option<PathBuf>,
    /// Print what passes would have caught, and every undecided verdict with its reason
    #[arg(long, short)]
    verbose: bool,
    /// Go on from an interrupted run with the same options; =if-any: begin anew where there is
    /// none
    #[arg(long, value_name = "WHEN", num_args = 0..=1, require_equals = true, default_value = "never", hide_default_value = true, default_missing_value = "always", hide_possible_values = true, value_parser = values::resume())]
    resume: Resume,
}

impl Default for Arguments {
    fn default() -> Self {
        Self {
            claims: Vec::new(),
            profile: Profile::Quick,
            times: 1,
            seed: 0,
            jobs: None,
            shard: None,
            alpha: RUN_ALPHA,
            claims_dir: None,
            strict: false,
            out: LATEST.into(),
            format: Format::Text,
            baselines: None,
            verbose: false,
            resume: Resume::Never,
        }
    }
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Format {
    Text,
    Json,
    Junit,
    Markdown,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit> {
    let catalogue = values::catalogue(arguments.claims_dir.as_ref())?;
    let claims = catalogue.select(&arguments.claims)?;
    let plan = Plan {
        claims,
        profile: arguments.profile,
        times: arguments.times,
        seed: arguments.seed,
        jobs: arguments.jobs,
        shard: arguments.shard,
        alpha: arguments.alpha,
        factory: &Ours,
    };
    plan.validate()?;
    let tenant = report::run_tenant();
    let (fingerprint, resume) = (plan.fingerprint(), arguments.resume);
    let place = place::take(&arguments.out, tenant, &fingerprint, resume)?;
    let journal = Journal::open(&place.journal())?;
    let started = now();
    let clock = Instant::now();
    let stop = interruptible();
    let bar = output::bar(plan.len() as usize);
    let outcome = plan.run(Some(&journal), &stop, &|done, _| {
        bar.set_position(done as u64)
    });
    bar.finish_and_clear();
    let outcome = outcome.map_err(|e| {
        if e.is_interrupted() {
            let how = if place.has_begun() {
                "; go on with --resume"
            } else {
                ""
            };
            Error::interrupted(format!("interrupted; {e}{how}"))
        } else {
            e
        }
    })?;
    let run = Run {
        info: RunInfo {
            version: env!("CARGO_PKG_VERSION").into(),
            build: env!("RATECERT_BUILD").into(),
            profile: plan.profile.name().into(),
            times: plan.times,
            seed: plan.seed,
            started,
            seconds: clock.elapsed().as_secs_f64(),
            instances: outcome.instances,
            shard: plan.shard,
            verdicts: None,
            records: None,
            alpha: plan.alpha,
            statistical_checks: plan.statistical_checks(),
            claims: { plan.claims.iter() }
                .map(|claim| ClaimInfo {
                    families: { plan.families(claim).into_iter() }
                        .map(FamilyInfo::from)
                        .collect(),
                    ..info(claim)
                })
                .collect(),
            claims_from: arguments
                .claims_dir
                .as_ref()
                .map(|d| d.display().to_string()),
            replaced: { catalogue.replaced().iter() }
                .filter(|name| plan.claims.iter().any(|c| c.name == **name))
                .cloned()
                .collect(),
            subject: None,
        },
        verdicts: outcome.verdicts,
        records: outcome.records,
        counted: None,
        place: None,
    }
    .lying_in(&arguments.out);
    let fresh = place.fresh()?;
    let extras = Extras {
        drift: baseline::shown(&run, arguments.baselines.as_ref(), || {
            Ok(baseline::named(&catalogue))
        }),
        ..Extras::default()
    };
    report::write_with(&run, &fresh, &extras)?;
    place::fill(place)?;
    let text = match arguments.format {
        Format::Text => report::text(&run, arguments.shown()),
        Format::Json => report::json(&run),
        Format::Junit => report::junit(&run),
        Format::Markdown => report::markdown(&run),
    };
    let exit = output::end(&text, exit(&run, arguments.strict));
    output::point_to(&arguments.out.join("index.html"));
    github::tell(&run, arguments.strict);
    Ok(exit)
}

impl Arguments {
    fn shown(&self) -> Shown {
        Shown::default()
            .coloured(output::colour())
            .undecided(self.strict || self.verbose)
            .caught(self.verbose)
    }
}

/// What the report says about a claim.
pub(super) fn info(claim: &Claim) -> ClaimInfo {
    ClaimInfo {
        name: claim.name.clone(),
        title: claim.title.clone(),
        statement: claim.statement.clone(),
        source: claim.source.clone(),
        theorem: claim.theorem.clone(),
        kind: claim.kind.name().into(),
        method: claim.method.name().into(),
        caught: claim.caught(),
        digest: format!("{:016x}", claim.digest),
        families: Vec::new(),
    }
}

/// A violated claim, a claim of a whole run that some check decided nowhere, and what `--strict`
/// asks.
pub(super) fn exit(run: &Run, strict: bool) -> Exit {
    let summary = Summary::of(run);
    match summary.outcome {
        Outcome::Violated => Exit::Violated,
        Outcome::Holds | Outcome::Open if !(strict && summary.counts.inconclusive > 0) => {
            Exit::Holds
        }
        // A shard of a small run may have no instance.
        _ if run.info.shard.is_some() && run.info.instances == 0 => Exit::Holds,
        _ => Exit::Undecided,
    }
}

/// Set by the first interrupt; the second one ends the process the hard way.
pub(super) fn interruptible() -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    let handler = move || {
        if flag.swap(true, Ordering::Relaxed) {
            crate::subject::end_all();
            std::process::exit(Exit::Interrupted.code().into());
        }
        output::say("stopping after the instances under way; interrupt again to stop at once");
    };
    // A second handler in one process (tests) is refused; the run then simply cannot be interrupted
    // softly.
    let _ = ctrlc::set_handler(handler);
    stop
}

/// UTC now as RFC 3339.
pub(super) fn now() -> String {
    let seconds = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |d| d.as_secs());
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Civil date from days since 1970-01-01 (Hinnant's algorithm).
    let z = days + 719_468;
    let era = z / 146_097;
    let doe = z % 146_097;
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let day = doy - (153 * mp + 2) / 5 + 1;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    let year = yoe + era * 400 + u64::from(month <= 2);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z",
        rest / 3600,
        rest % 3600 / 60,
        rest % 60
    )
}

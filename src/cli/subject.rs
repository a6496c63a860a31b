//! `subject`: judge an implementation in another process.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::certify::{info, interruptible, now};
use super::exit::Exit;
use super::github;
use super::output;
use super::place;
use super::values;
use crate::claims::{Catalogue, Claim, Counts, Profile, subject_claims};
use crate::conformance::{Conformance, Conformed};
use crate::error::{Error, Result};
use crate::files::{Place, Resume};
use crate::report::{self, Run, RunInfo, SubjectInfo};
use crate::subject::{Launch, Program, Stdio};
use crate::tol::{RUN_ALPHA, Roundoff};

const AFTER: &str = "\
The protocol is described in docs/protocol.md. The subject sees a small part of the environment \
(PATH, HOME, locale, thread counts and the like, no tokens); --inherit-env passes on all of it.

Examples:
  ratecert subject -- python my_implementation.py
  ratecert subject itd 'aid-*' --seed 3 -- ./my-implementation
  ratecert subject --case empty-support -- python my_implementation.py";

#[derive(clap::Args)]
#[command(after_help = AFTER)]
pub(super) struct Arguments {
    /// Names or globs of what is claimed of it (itd, aid-fp, aid-cg, implicit, nsid, ...); all that
    /// it does by default
    #[arg(value_name = "CLAIM")]
    claims: Vec<String>,
    /// How many cases: at most 300 in quick
    #[arg(long, default_value = "quick", value_parser = values::profile())]
    profile: Profile,
    /// So many times as many drawn cases
    #[arg(long, value_name = "K", default_value_t = 1, value_parser = values::times)]
    times: usize,
    /// Only the I-th of N parts of the drawn cases; the first has the fixed ones too, the last the
    /// maps. `merge` joins them
    #[arg(long, value_name = "I/N", value_parser = values::shard, conflicts_with = "cases")]
    shard: Option<(usize, usize)>,
    /// Seed of the random cases
    #[arg(long, default_value_t = 0, value_parser = super::values::seed)]
    seed: u64,
    /// Seconds that an answer may take; hello gets at least 60
    #[arg(long, value_name = "S", default_value_t = 30.0, value_parser = seconds)]
    timeout: f64,
    /// Only cases whose id contains this (may be given several times)
    #[arg(long = "case", value_name = "ID")]
    cases: Vec<String>,
    /// What the subject is called in the report, instead of what it says
    #[arg(long)]
    name: Option<String>,
    /// Where the report goes
    #[arg(long, value_name = "DIR", default_value = "reports/subject")]
    out: PathBuf,
    /// Write the cases and answers to a file that `check` reads
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Refuse fields that the protocol does not have
    #[arg(long)]
    check_protocol: bool,
    /// Give the subject the whole environment
    #[arg(long)]
    inherit_env: bool,
    /// Exit with 3 if anything is inconclusive
    #[arg(long)]
    strict: bool,
    /// What is printed
    #[arg(long, default_value = "text")]
    format: Format,
    /// The subject started ratecert, and talks on its stdin and stdout
    #[arg(long, conflicts_with = "command")]
    stdio: bool,
    /// The command that starts the subject
    #[arg(last = true, value_name = "CMD", required_unless_present = "stdio")]
    command: Vec<String>,
}

#[derive(Clone, Copy, clap::ValueEnum)]
pub(super) enum Format {
    Text,
    Json,
    Junit,
    Markdown,
}

fn seconds(text: &str) -> std::result::Result<f64, String> {
    match text.parse::<f64>() {
        Ok(s) if s > 0.0 && s <= 86_400.0 => Ok(s),
        _ => Err(format!("expected seconds in (0, 86400], got {text:?}")),
    }
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit> {
    let claims = Catalogue::of(subject_claims()?).select(&arguments.claims)?;
    if let Some(path) = &arguments.record {
        check_recording(path, &arguments.out)?;
    }
    let launch: Box<dyn Launch> = if arguments.stdio {
        Box::new(Stdio::default())
    } else {
        Box::new(Program::new(
            arguments.command.clone(),
            arguments.inherit_env,
        )?)
    };
    let place = taken(&arguments.out)?;
    let plan = Conformance {
        claims,
        profile: arguments.profile,
        times: arguments.times,
        shard: arguments.shard,
        seed: arguments.seed,
        patience: Duration::from_secs_f64(arguments.timeout),
        strict: arguments.check_protocol,
        only: arguments.cases.clone(),
    };
    let started = now();
    let clock = Instant::now();
    let stop = interruptible();
    let bar = output::bar(0);
    let mut progress = |done: usize, total: usize| {
        bar.set_length(total as u64);
        bar.set_position(done as u64);
    };
    let mut recording: Option<fs::File> = None;
    // Nothing is written before the subject has said hello.
    let mut record = |line: &str| {
        let Some(path) = &arguments.record else {
            return Ok(());
        };
        let io = |e: std::io::Error| Error::io(path, &e);
        if recording.is_none() {
            recording = Some(fs::File::create(path).map_err(io)?);
        }
        match &mut recording {
            Some(file) => writeln!(file, "{line}").map_err(io),
            None => Ok(()),
        }
    };
    let conformed = plan.run(launch.as_ref(), &stop, &mut progress, &mut record);
    bar.finish_and_clear();
    let conformed = conformed?;
    let told = Told {
        profile: arguments.profile.name(),
        times: arguments.times,
        shard: arguments.shard,
        seed: arguments.seed,
        started,
        seconds: clock.elapsed().as_secs_f64(),
        command: launch.command(),
        name: arguments.name.clone(),
    };
    let run = as_run(&plan.claims, conformed, told);
    write(&run, place)?;
    let text = printed(&run, arguments.format);
    let mut exit = exit(&run, arguments.strict);
    if arguments.stdio {
        output::say(text.trim_end());
    } else {
        exit = output::end(&text, exit);
    }
    output::point_to(&arguments.out.join("index.html"));
    github::tell(&run, arguments.strict);
    Ok(exit)
}

/// What the command knows besides what came out.
pub(super) struct Told {
    pub(super) profile: &'static str,
    pub(super) times: usize,
    pub(super) shard: Option<(usize, usize)>,
    pub(super) seed: u64,
    pub(super) started: String,
    pub(super) seconds: f64,
    pub(super) command: String,
    pub(super) name: Option<String>,
}

pub(super) fn as_run(claims: &[Claim], conformed: Conformed, told: Told) -> Run {
    let said = conformed.declaration.as_ref();
    let single = said.is_some_and(|d| d.roundoff == Roundoff::SINGLE);
    // Shards must agree in what was asked; `merge` leaves out what had no case.
    let whole = told.shard.is_none();
    let judged = |c: &&Claim| !whole || conformed.verdicts.iter().any(|v| v.claim == c.name);
    Run {
        info: RunInfo {
            version: env!("CARGO_PKG_VERSION").into(),
            build: env!("RATECERT_BUILD").into(),
            times: told.times,
            verdicts: None,
            records: None,
            statistical_checks: 0,
            profile: told.profile.into(),
            seed: told.seed,
            started: told.started,
            seconds: told.seconds,
            instances: conformed.sent,
            shard: told.shard,
            alpha: RUN_ALPHA,
            claims: claims.iter().filter(judged).map(info).collect(),
            claims_from: None,
            replaced: Vec::new(),
            subject: Some(SubjectInfo {
                name: told
                    .name
                    .or_else(|| said.map(|d| d.name.clone()))
                    .unwrap_or_default(),
                version: said.map(|d| d.version.clone()).unwrap_or_default(),
                command: told.command,
                dtype: if single { "f32" } else { "f64" }.into(),
                cases: conformed.sent,
                left_out: conformed.left_out,
                not_posed: conformed.not_posed,
                unknown: said.map(|d| d.unknown.clone()).unwrap_or_default(),
                waited: conformed.waited.as_secs_f64(),
                given_up: conformed.given_up,
            }),
        },
        verdicts: conformed.verdicts,
        records: Vec::new(),
        counted: None,
        place: None,
    }
}

/// Refuses to record over a file that is no recording, or into the directory of the report.
fn check_recording(path: &Path, out: &Path) -> Result<()> {
    let refuse = |why: &str| {
        let text = format!("{} {why}; choose another --record", path.display());
        Err(Error::usage(text))
    };
    if resolved(path).starts_with(resolved(out)) {
        return refuse("is inside the directory of the report, which is replaced");
    }
    match fs::metadata(path) {
        Err(_) => return Ok(()),
        // Looking into a pipe would wait for who writes it.
        Ok(there) if !there.is_file() => return refuse("is no regular file"),
        Ok(_) => {}
    }
    let begins = fs::File::open(path).and_then(|mut file| {
        let mut start = [0; 20];
        let read = file.read(&mut start)?;
        Ok(start[..read].to_vec())
    });
    match begins {
        Ok(start) if start.is_empty() || is_message(&start) => Ok(()),
        _ => refuse("exists and is no recording"),
    }
}

/// Takes the directory of the report, before anything is asked.
pub(super) fn taken(out: &Path) -> Result<Place> {
    place::take(out, report::run_tenant(), "ratecert subject", Resume::Never)
}

/// Fills it.
pub(super) fn write(run: &Run, place: Place) -> Result<()> {
    report::write(run, &place.fresh()?)?;
    place::fill(place)
}

/// Whether a file begins as recordings do.
fn is_message(start: &[u8]) -> bool {
    let kinds = ["hello", "case", "result", "skipped", "error"];
    let begins = |kind: &&str| start.starts_with(format!("{{\"type\":\"{kind}\"").as_bytes());
    kinds.iter().any(begins)
}

/// Links and dots followed as far as the path is there.
fn resolved(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    for there in absolute.ancestors() {
        if let (Ok(real), Ok(rest)) = (fs::canonicalize(there), absolute.strip_prefix(there)) {
            return if rest.as_os_str().is_empty() {
                real
            } else {
                real.join(rest)
            };
        }
    }
    absolute
}

pub(super) fn printed(run: &Run, format: Format) -> String {
    match format {
        Format::Text => report::conformance_text(run),
        Format::Json => report::json(run),
        Format::Junit => report::junit(run),
        Format::Markdown => report::conformance_markdown(std::slice::from_ref(run)),
    }
}

/// A failure or a subject given up, nothing judged, and what `--strict` asks.
pub(super) fn exit(run: &Run, strict: bool) -> Exit {
    let counts = Counts::of(&run.verdicts);
    let given_up = run.info.subject.as_ref().and_then(|s| s.given_up.as_ref());
    if counts.fail > 0 || given_up.is_some() {
        Exit::Violated
    } else if counts.pass == 0 || (strict && counts.inconclusive > 0) {
        Exit::Undecided
    } else {
        Exit::Holds
    }
}

//! The files of baselines: for each claim its estimates, and beside them the samples they are made
//! of.
//!
//! `DIR/<claim>.json` is small, in a stable order, an estimate a line: what a reviewer reads.
//! `DIR/samples/<claim>.json` holds the values by instance: what runs are compared with.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::estimate::Estimated;
use super::sample::{Decided, Measured, Origin, Quantity, Series, rounded};
use crate::error::{Error, Result};
use crate::files;
use crate::numerals::locate::located;
use crate::tol::COMPARABLE;

/// Where baselines lie in a repository.
pub const DIRECTORY: &str = "rates/baselines";

/// Format version of both files.
const SCHEMA: u32 = 1;

/// Characters of a claim's name.
const LONGEST: usize = 100;

/// Largest file that is read: those of a claim have some kilobytes.
const LARGEST: u64 = 1 << 24;

/// The estimates of a claim: what is read and reviewed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Baseline {
    /// Format version.
    pub schema: u32,
    /// Claim by name.
    pub claim: String,
    /// The run it was measured in.
    #[serde(flatten)]
    pub origin: Origin,
    /// Decided instances, with the interval of their share.
    pub decided: Vec<DecidedLine>,
    /// Medians with their intervals.
    pub estimates: Vec<EstimateLine>,
}

/// Decided instances of a check on a family.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct DecidedLine {
    /// kind.family.
    pub family: String,
    /// Check by name.
    pub check: String,
    /// Decided instances and draws.
    #[serde(flatten)]
    pub counts: Decided,
    /// Where the share lies, at 95 %.
    pub share: [f64; 2],
}

/// A quantity of a check on a family.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct EstimateLine {
    /// kind.family.
    pub family: String,
    /// Check by name, or the level of a bound.
    pub check: String,
    /// What is measured.
    pub quantity: Quantity,
    /// The estimate.
    #[serde(flatten)]
    pub estimate: Estimated,
}

/// What both files begin with.
#[derive(Serialize)]
struct Head<'a> {
    schema: u32,
    claim: &'a str,
    #[serde(flatten)]
    origin: &'a Origin,
}

/// The values of a claim by instance.
#[derive(Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Samples {
    /// Format version.
    pub schema: u32,
    /// Claim by name.
    pub claim: String,
    /// A line each.
    pub samples: Vec<SampleLine>,
}

/// A quantity of a check on a family, instance by instance.
#[derive(Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct SampleLine {
    /// kind.family.
    pub family: String,
    /// Check by name, or the level of a bound.
    pub check: String,
    /// What is measured.
    pub quantity: Quantity,
    /// By instance; null where there is none.
    pub values: Vec<Option<f64>>,
}

impl Baseline {
    /// Of what a claim measured.
    pub fn of(claim: &str, measured: &Measured) -> Self {
        let decided = measured.decided.iter().map(|((family, check), counts)| {
            let share = counts.interval().map(rounded);
            DecidedLine {
                family: family.clone(),
                check: check.clone(),
                counts: *counts,
                share,
            }
        });
        let estimates = measured.samples.iter().filter_map(|(series, sample)| {
            let exact = Estimated::of(sample)?;
            Some(EstimateLine {
                family: series.family.clone(),
                check: series.check.clone(),
                quantity: series.quantity,
                estimate: Estimated {
                    median: rounded(exact.median),
                    interval: exact.interval.map(rounded),
                    ..exact
                },
            })
        });
        Self {
            schema: SCHEMA,
            claim: claim.into(),
            origin: measured.origin.clone(),
            decided: decided.collect(),
            estimates: estimates.collect(),
        }
    }
}

/// A directory of baselines.
#[derive(Clone, Debug)]
pub struct Baselines {
    dir: PathBuf,
}

impl Baselines {
    /// Those of a directory, which need not exist.
    pub fn at(dir: &Path) -> Self {
        let dir = dir.to_path_buf();
        Self { dir }
    }

    /// Whether anything is recorded there.
    ///
    /// # Errors
    /// When the directory is there and cannot be read.
    pub fn exist(&self) -> Result<bool> {
        Ok(!self.claims()?.is_empty())
    }

    /// The claims recorded, in order.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn claims(&self) -> Result<Vec<String>> {
        let entries = match fs::read_dir(&self.dir) {
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            other => other.map_err(|e| Error::io(&self.dir, &e))?,
        };
        let mut names = Vec::new();
        for entry in entries {
            let path = entry.map_err(|e| Error::io(&self.dir, &e))?.path();
            let name = path.file_stem().and_then(|n| n.to_str());
            if let (Some(name), true) = (name, path.extension().is_some_and(|e| e == "json")) {
                names.push(name.to_owned());
            }
        }
        names.sort();
        Ok(names)
    }

    /// What is recorded, by claim.
    ///
    /// # Errors
    /// Names file, line and field; also a file whose claim is not the one it is named after.
    pub fn read(&self) -> Result<BTreeMap<String, Measured>> {
        let claims = self.claims()?;
        let each = claims.into_iter().map(|claim| {
            let measured = self.read_claim(&claim)?;
            Ok((claim, measured))
        });
        each.collect()
    }

    fn read_claim(&self, claim: &str) -> Result<Measured> {
        let path = self.dir.join(format!("{claim}.json"));
        let estimates: Baseline = read(&path)?;
        check(&path, claim, (estimates.schema, &estimates.claim))?;
        let path = self.samples(claim);
        let samples: Samples = read(&path)?;
        check(&path, claim, (samples.schema, &samples.claim))?;
        let decided = estimates.decided.into_iter();
        let wrong = |field: String, text: &str| {
            let error = Error::input(text).in_field(field);
            error.in_file(path.display().to_string())
        };
        for (n, line) in samples.samples.iter().enumerate() {
            let bad = |v: &f64| !COMPARABLE.contains(v);
            if line.values.iter().flatten().any(bad) {
                let field = format!("samples[{n}].values");
                return Err(wrong(field, "must be finite and positive"));
            }
        }
        let samples = samples.samples.into_iter().map(|line| {
            let series = Series {
                family: line.family,
                check: line.check,
                quantity: line.quantity,
            };
            let values = line.values.into_iter().enumerate();
            (series, values.filter_map(|(n, v)| Some((n, v?))).collect())
        });
        let decided: BTreeMap<_, _> = decided.map(|d| ((d.family, d.check), d.counts)).collect();
        if decided.values().any(|c: &Decided| c.decided > c.of) {
            let error = Error::input("decided more than were drawn").in_field("decided");
            let path = self.dir.join(format!("{claim}.json"));
            return Err(error.in_file(path.display().to_string()));
        }
        Ok(Measured {
            origin: estimates.origin,
            violated: 0,
            worst: None,
            samples: samples.collect(),
            decided,
        })
    }

    fn samples(&self, claim: &str) -> PathBuf {
        self.dir.join("samples").join(format!("{claim}.json"))
    }

    /// Records what a claim measured, in place of what was recorded of it.
    ///
    /// # Errors
    /// When the system refuses; the error names the file.
    pub fn write(&self, claim: &str, measured: &Measured) -> Result<()> {
        let claim = named(claim)?;
        let baseline = Baseline::of(claim, measured);
        let head = Head {
            schema: SCHEMA,
            claim,
            origin: &measured.origin,
        };
        let lists = [
            ("decided", each(&baseline.decided)),
            ("estimates", each(&baseline.estimates)),
        ];
        put(
            &self.dir.join(format!("{claim}.json")),
            &pretty(&head, &lists),
        )?;
        let line = |(series, sample): (&Series, &BTreeMap<usize, f64>)| SampleLine {
            family: series.family.clone(),
            check: series.check.clone(),
            quantity: series.quantity,
            values: {
                let last = sample.keys().next_back().copied().unwrap_or(0);
                (0..=last).map(|n| sample.get(&n).copied()).collect()
            },
        };
        let lines: Vec<SampleLine> = measured.samples.iter().map(line).collect();
        let text = pretty(&head, &[("samples", each(&lines))]);
        put(&self.samples(claim), &text)
    }

    /// Removes what is recorded of a claim that is no more.
    ///
    /// # Errors
    /// When the system refuses; the error names the file.
    pub fn remove(&self, claim: &str) -> Result<()> {
        let claim = named(claim)?;
        for path in [self.dir.join(format!("{claim}.json")), self.samples(claim)] {
            match fs::remove_file(&path) {
                Err(e) if e.kind() != ErrorKind::NotFound => return Err(Error::io(&path, &e)),
                _ => {}
            }
        }
        Ok(())
    }
}

/// A name that may become that of a file: a run may have been made by others.
fn named(claim: &str) -> Result<&str> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if claim.is_empty() || claim.len() > LONGEST || !claim.chars().all(allowed) {
        let text = format!("{claim:?} is no name of a claim: a-z, 0-9 and -, {LONGEST} at most");
        return Err(Error::input(text));
    }
    Ok(claim)
}

fn check(path: &Path, claim: &str, (schema, named): (u32, &str)) -> Result<()> {
    let (field, message) = if schema != SCHEMA {
        let text = format!("format version {schema} is not supported, only {SCHEMA} is");
        ("schema", text)
    } else if named != claim {
        (
            "claim",
            format!("is {named:?} in a file named after {claim:?}"),
        )
    } else {
        return Ok(());
    };
    let error = Error::input(message).in_field(field);
    Err(error.in_file(path.display().to_string()))
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let text = files::read_regular(path, LARGEST)?;
    located(&text).map_err(|e| e.in_file(path.display().to_string()))
}

fn put(path: &Path, text: &str) -> Result<()> {
    let parent = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(parent).map_err(|e| Error::io(parent, &e))?;
    files::put(path, text)
}

/// JSON with a field a line, then lists with an entry a line.
fn pretty(head: &impl Serialize, lists: &[(&str, Vec<String>)]) -> String {
    let fields = serde_json::to_string(head).unwrap_or_default();
    let mut out = format!("{{\n  {}", fields.trim_matches(['{', '}']));
    for (name, entries) in lists {
        let lines: Vec<String> = entries.iter().map(|e| format!("\n    {e}")).collect();
        let _ = write!(out, ",\n  \"{name}\": [{}\n  ]", lines.join(","));
    }
    out + "\n}\n"
}

fn each<T: Serialize>(entries: &[T]) -> Vec<String> {
    let line = |e: &T| serde_json::to_string(e).unwrap_or_default();
    entries.iter().map(line).collect()
}

//! A run as plain data, and a run directory read back.
//!
//! Owns the content of `run.json` and how the three recorded files are read, with errors that
//! name file, line and field. Must not know how anything is displayed, nor what a claim means.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::checks::{Curve, Data, Moments, Plot};
use crate::claims::{RECORDS_SCHEMA, Record, SCHEMA, Verdict};
use crate::error::{Error, Result};
use crate::numerals::locate::located;

/// Format version of a run directory, as it stands in `run.json`; it speaks for `records.jsonl`
/// too, whose lines carry none. Version 1 had records without origin.
pub const RUN_SCHEMA: u32 = RECORDS_SCHEMA;

/// What was asked of a run and how long it took: the content of `run.json` (beside `"schema"`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunInfo {
    /// Version of the program.
    pub version: String,
    /// Profile by name.
    pub profile: String,
    /// The seed everything is derived from.
    pub seed: u64,
    /// Start as an RFC 3339 string; empty where no clock was read.
    pub started: String,
    /// Wall time in seconds.
    pub seconds: f64,
    /// Instances the run drew.
    pub instances: usize,
    /// (i, n) for shard i of n, counted from 1.
    pub shard: Option<(usize, usize)>,
    /// False-alarm probability of all statistical checks together.
    pub alpha: f64,
    /// The claims of the run, in the order they are shown.
    pub claims: Vec<ClaimInfo>,
    /// The directory of further claims, as it was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claims_from: Option<String>,
    /// Those of them that stood in the place of claims that are built in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replaced: Vec<String>,
    /// The implementation in another process that was judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<SubjectInfo>,
}

/// An implementation in another process.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SubjectInfo {
    /// What it is called.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The command that starts it; empty where it started ratecert, or was recorded.
    pub command: String,
    /// f64 or f32.
    pub dtype: String,
    /// Cases that it was asked.
    pub cases: usize,
    /// Cases left out, because it does not do them.
    pub left_out: usize,
    /// Cases that could not be posed: their instance is not solved.
    #[serde(default)]
    pub not_posed: usize,
    /// Methods and families that it names and the protocol does not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<String>,
    /// Seconds spent waiting for its answers.
    pub waited: f64,
    /// Why it was given up, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_up: Option<String>,
}

/// What a claim says, for the reader of a report.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ClaimInfo {
    /// Name, as in [`Verdict::claim`].
    pub name: String,
    /// Short title.
    pub title: String,
    /// The statement in words.
    pub statement: String,
    /// Where it is printed.
    pub source: String,
    /// "Theorem 4.1", "Lemma 2.5", ...
    pub theorem: String,
    /// Kind of claim: upper bound, tight, two-sided, ...
    pub kind: String,
    /// Method by name.
    pub method: String,
    /// One sentence: what a pass would have caught. May be empty.
    pub caught: String,
    /// Hash of its text, in hexadecimal: whether two runs speak of the same claim.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub digest: String,
}

/// Everything a report is made of.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// What was asked.
    pub info: RunInfo,
    /// The verdicts, in the order of `verdicts.jsonl`.
    pub verdicts: Vec<Verdict>,
    /// Curves and fits, in the order of `records.jsonl`.
    pub records: Vec<Record>,
    /// Its directory, where that has to be named to find it again. Stands in no file.
    pub place: Option<String>,
}

impl RunInfo {
    /// The text of `run.json`.
    pub fn to_json(&self) -> String {
        #[derive(Serialize)]
        struct File<'a> {
            schema: u32,
            #[serde(flatten)]
            info: &'a RunInfo,
        }
        serde_json::to_string_pretty(&File {
            schema: RUN_SCHEMA,
            info: self,
        })
        .unwrap_or_default()
            + "\n"
    }

    /// Reads the text of `run.json`. Unknown fields are ignored.
    ///
    /// # Errors
    /// Names line and field: malformed JSON, a missing or mistyped field, another schema.
    pub fn parse(text: &str) -> Result<Self> {
        check_schema(text, RUN_SCHEMA)?;
        located(text)
    }
}

/// Where runs go if nothing else is said, and are looked for.
pub const LATEST: &str = "reports/latest";

impl Run {
    /// The same run in a directory that its commands name, unless it is [`LATEST`].
    #[must_use]
    pub fn lying_in(mut self, dir: &Path) -> Self {
        let named = dir != Path::new(LATEST);
        self.place = named.then(|| dir.display().to_string());
        self
    }

    /// Reads `run.json`, `verdicts.jsonl` and `records.jsonl` of `dir`. A missing `records.jsonl`
    /// is an empty one: figures are then left out.
    ///
    /// # Errors
    /// Names file, line and field.
    pub fn read(dir: &Path) -> Result<Self> {
        let path = dir.join("run.json");
        let info = RunInfo::parse(&read(&path)?).map_err(|e| in_file(e, &path))?;
        let path = dir.join("verdicts.jsonl");
        let verdicts = parse_verdicts(&read(&path)?).map_err(|e| in_file(e, &path))?;
        let path = dir.join("records.jsonl");
        let text = match fs::read_to_string(&path) {
            Err(e) if e.kind() == ErrorKind::NotFound => String::new(),
            other => other.map_err(|e| Error::io(&path, &e))?,
        };
        let records = parse_records(&text).map_err(|e| in_file(e, &path))?;
        Ok(Self {
            info,
            verdicts,
            records,
            place: None,
        }
        .lying_in(dir))
    }
}

/// The text of `verdicts.jsonl`.
pub fn verdict_lines(verdicts: &[Verdict]) -> String {
    lines(verdicts)
}

/// The text of `records.jsonl`.
pub fn record_lines(records: &[Record]) -> String {
    lines(records)
}

fn lines<T: Serialize>(items: &[T]) -> String {
    let mut out = String::new();
    for item in items {
        out += &serde_json::to_string(item).unwrap_or_default();
        out.push('\n');
    }
    out
}

/// Reads the text of `verdicts.jsonl`; blank lines are skipped.
///
/// # Errors
/// Names line and field.
pub fn parse_verdicts(text: &str) -> Result<Vec<Verdict>> {
    each_line(text, |line| {
        check_schema(line, SCHEMA)?;
        located(line)
    })
}

/// Reads the text of `records.jsonl`; blank lines are skipped.
///
/// # Errors
/// Names line and field; also columns that differ in length.
pub fn parse_records(text: &str) -> Result<Vec<Record>> {
    each_line(text, |line| {
        let record: Record = located(line)?;
        let checked = match &record.data {
            Data::Curve(c) => check_curve(c),
            Data::Plot(p) => check_plot(p),
            Data::Moments(m) => check_moments(m),
            // These are drawn as far as they go.
            Data::Fit(_) | Data::Slack(_) | Data::Race(_) => Ok(()),
        };
        checked.map_err(|e| e.in_field("data"))?;
        Ok(record)
    })
}

fn each_line<T>(text: &str, parse: impl Fn(&str) -> Result<T>) -> Result<Vec<T>> {
    let lines = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(i, line)| parse(line).map_err(|e| e.at_line(i + 1)))
        .collect()
}

fn check_schema(text: &str, wanted: u32) -> Result<()> {
    #[derive(Deserialize)]
    struct Versioned {
        schema: u32,
    }
    let message = match located::<Versioned>(text)?.schema {
        found if found == wanted => return Ok(()),
        older if older < wanted => format!(
            "format version {older} is of an older ratecert, this one reads {wanted}; run `certify` again"
        ),
        newer => format!("format version {newer} is not supported, only {wanted} is"),
    };
    Err(Error::input(message).in_field("schema"))
}

fn check_curve(curve: &Curve) -> Result<()> {
    let columns = [
        ("error", &curve.error),
        ("paper", &curve.paper),
        ("trajectory", &curve.trajectory),
        ("sharp", &curve.sharp),
        ("floor", &curve.floor),
    ];
    let lengths = columns
        .iter()
        .try_for_each(|(name, column)| check_length(name, column, "steps", curve.steps.len()));
    lengths.map_err(|e| e.in_field("curve"))
}

fn check_plot(plot: &Plot) -> Result<()> {
    for (i, s) in plot.series.iter().enumerate() {
        let checked = check_length("y", &s.y, "x", s.x.len());
        checked.map_err(|e| e.in_field(format!("plot.series[{i}]")))?;
    }
    Ok(())
}

fn check_moments(moments: &Moments) -> Result<()> {
    for (i, s) in moments.series.iter().enumerate() {
        let checked = check_length("values", &s.values, "steps", moments.steps.len());
        checked.map_err(|e| e.in_field(format!("moments.series[{i}]")))?;
    }
    Ok(())
}

fn check_length(name: &str, column: &[f64], like: &str, wanted: usize) -> Result<()> {
    if column.len() == wanted {
        return Ok(());
    }
    let message = format!(
        "expected {wanted} numbers as in {like}, got {}",
        column.len()
    );
    Err(Error::input(message).in_field(name))
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(|e| Error::io(path, &e))
}

fn in_file(error: Error, path: &Path) -> Error {
    error.in_file(path.display().to_string())
}

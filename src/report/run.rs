//! A run as plain data, and a run directory read back.
//!
//! Owns the content of `run.json` and how the three recorded files are read, with errors that
//! name file, line and field. Must not know how anything is displayed, nor what a claim means.

use std::borrow::Cow;
use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::gather::{Counted, Gather, KEPT};
use super::lines::{check_schema, parse_records, parse_verdicts};
use super::names::{Names, at_most};
use crate::claims::{RECORDS_SCHEMA, Record, Verdict};
use crate::error::{Error, Result};
use crate::files::{self, Extent};
use crate::numerals::locate::located;
use crate::tol::{MOST_CLAIMS, MOST_DATA, MOST_TEXT};

/// Format version of a run directory, as it stands in `run.json`; it speaks for `records.jsonl`
/// too, whose lines carry none. Version 1 had records without origin.
pub const RUN_SCHEMA: u32 = RECORDS_SCHEMA;

/// What was asked of a run and how long it took: the content of `run.json` (beside `"schema"`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunInfo {
    /// Version of the program.
    pub version: String,
    /// Hash of its sources, in hexadecimal: runs of one build alone are parts of one run.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub build: String,
    /// Profile by name.
    pub profile: String,
    /// So many times as many of each family as the profile says.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub times: usize,
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
    /// `verdicts.jsonl` as it was written. Older runs do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdicts: Option<Extent>,
    /// `records.jsonl` as it was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub records: Option<Extent>,
    /// False-alarm probability of all statistical checks together.
    pub alpha: f64,
    /// How many statistical checks share it, those of all shards together.
    #[serde(default)]
    pub statistical_checks: usize,
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
    /// Its families of instances in order, in all shards together.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub families: Vec<FamilyInfo>,
}

/// A family of instances of a claim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FamilyInfo {
    /// Kind of instance.
    pub kind: String,
    /// How many the whole run draws.
    pub count: u64,
}

impl From<(&str, u64)> for FamilyInfo {
    fn from((kind, count): (&str, u64)) -> Self {
        let kind = kind.into();
        Self { kind, count }
    }
}

fn one() -> usize {
    1
}

fn is_one(n: &usize) -> bool {
    *n == 1
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
    /// The counts of a run so large that not all of its verdicts and records are here.
    pub counted: Option<Counted>,
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
        let info: Self = located(text)?;
        at_most("claims", info.claims.len(), MOST_CLAIMS).map_err(|e| e.in_field("claims"))?;
        Ok(info)
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

    /// What a report shows of the run in `dir`: of a very large one its counts, and of its verdicts
    /// and records some. Memory does not grow with their number.
    ///
    /// # Errors
    /// As [`Run::read`].
    pub fn gathered(dir: &Path) -> Result<Self> {
        let info = read_info(dir)?;
        let (gather, [verdicts, records]) = Gather::read(dir)?;
        check_extent(
            info.verdicts.as_ref(),
            &verdicts,
            &dir.join("verdicts.jsonl"),
        )?;
        check_extent(info.records.as_ref(), &records, &dir.join("records.jsonl"))?;
        Ok(Self::of(info, gather).lying_in(dir))
    }

    fn of(info: RunInfo, gather: Gather) -> Self {
        let (verdicts, records, counted) = gather.finish();
        Self {
            info,
            verdicts,
            records,
            counted,
            place: None,
        }
    }

    /// Too large for all of it to be shown.
    pub fn is_large(&self) -> bool {
        self.counted.is_some() || self.verdicts.len().max(self.records.len()) > KEPT
    }

    /// What a report shows of it, as [`Run::gathered`] reads it.
    pub(super) fn shown(&self) -> Cow<'_, Self> {
        if self.counted.is_some() || !self.is_large() {
            return Cow::Borrowed(self);
        }
        self.shown_up_to(KEPT)
    }

    /// The same, in a run of more than `most` verdicts or records.
    pub(super) fn shown_up_to(&self, most: usize) -> Cow<'_, Self> {
        let mut gather = Gather::new(most);
        self.verdicts.iter().for_each(|v| gather.verdict(v.clone()));
        self.records.iter().for_each(|r| gather.record(r.clone()));
        let own = Self::of(self.info.clone(), gather);
        Cow::Owned(Self {
            place: self.place.clone(),
            ..own
        })
    }

    /// Reads `run.json`, `verdicts.jsonl` and `records.jsonl` of `dir`, all of them. A missing
    /// `records.jsonl` is an empty one: figures are then left out.
    ///
    /// # Errors
    /// Names file, line and field; also more names than there may be, and a file that is not as its
    /// run wrote it.
    pub fn read(dir: &Path) -> Result<Self> {
        let info = read_info(dir)?;
        let path = dir.join("verdicts.jsonl");
        let text = read(&path)?;
        let verdicts = parse_verdicts(&text).map_err(|e| in_file(e, &path))?;
        let mut names = Names::default();
        let seen = verdicts.iter().try_for_each(|v| names.verdict(v));
        seen.map_err(|e| in_file(e, &path))?;
        check_extent(info.verdicts.as_ref(), &Extent::of(&text), &path)?;
        let path = dir.join("records.jsonl");
        let there = path.exists();
        let text = if there { read(&path)? } else { String::new() };
        let records = parse_records(&text).map_err(|e| in_file(e, &path))?;
        let seen = records.iter().try_for_each(|r| names.record(r));
        seen.map_err(|e| in_file(e, &path))?;
        check_extent(info.records.as_ref(), &Extent::of(&text), &path)?;
        Ok(Self {
            info,
            verdicts,
            records,
            counted: None,
            place: None,
        }
        .lying_in(dir))
    }
}

/// `run.json` of a directory.
///
/// # Errors
/// Names file, line and field.
pub fn read_info(dir: &Path) -> Result<RunInfo> {
    let path = dir.join("run.json");
    let text = files::read_regular(&path, MOST_TEXT)?;
    RunInfo::parse(&text).map_err(|e| in_file(e, &path))
}

/// A file that is not as its run wrote it is damaged, or of another run.
fn check_extent(wrote: Option<&Extent>, found: &Extent, path: &Path) -> Result<()> {
    let checked = wrote.map_or(Ok(()), |wrote| wrote.check(found));
    checked.map_err(|e| in_file(e, path))
}

fn read(path: &Path) -> Result<String> {
    files::read_regular(path, MOST_DATA)
}

fn in_file(error: Error, path: &Path) -> Error {
    error.in_file(path.display().to_string())
}

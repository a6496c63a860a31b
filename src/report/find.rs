//! One verdict of a run, without the others.

use std::path::Path;

use super::lines::parse_verdict;
use super::run::{RunInfo, read_info};
use crate::claims::Verdict;
use crate::error::Result;
use crate::files::Lines;

/// Bytes of the file that are held.
const PIECE: usize = 1 << 20;

/// What was looked for in a run.
#[derive(Debug)]
pub struct Found {
    /// What was asked of the run.
    pub info: RunInfo,
    /// The verdict of that id.
    pub verdict: Option<Verdict>,
    /// Where there is none, the first ids that begin like it.
    pub alike: Vec<String>,
}

/// Looks for the verdict with an id; where there is none, for at most `most` that begin like it.
///
/// # Errors
/// Names file, line and field.
pub fn find(dir: &Path, id: &str, most: usize) -> Result<Found> {
    let mut found = Found {
        info: read_info(dir)?,
        verdict: None,
        alike: Vec::new(),
    };
    let quoted = serde_json::to_string(id).unwrap_or_default();
    let part = quoted.trim_end_matches('"');
    let mut lines = Lines::open(&dir.join("verdicts.jsonl"), PIECE)?;
    while found.verdict.is_none() && lines.advance()? {
        let line = lines.line()?;
        if !line.contains(part) {
            continue;
        }
        let verdict = parse_verdict(line).map_err(|e| lines.blame(e))?;
        if verdict.id == id {
            found.verdict = Some(verdict);
        } else if verdict.id.starts_with(id) && found.alike.len() < most {
            found.alike.push(verdict.id);
        }
    }
    Ok(found)
}

//! The lines of `verdicts.jsonl` and `records.jsonl`.
//!
//! Owns how they are written and read, with errors that name line and field.

use serde::{Deserialize, Serialize};

use crate::checks::{Curve, Data, Moments, Plot};
use crate::claims::{Record, SCHEMA, Verdict};
use crate::error::{Error, Result};
use crate::numerals::locate::located;

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
    each_line(text, parse_verdict)
}

pub(super) fn parse_verdict(line: &str) -> Result<Verdict> {
    check_schema(line, SCHEMA)?;
    located(line)
}

/// Reads the text of `records.jsonl`; blank lines are skipped.
///
/// # Errors
/// Names line and field; also columns that differ in length.
pub fn parse_records(text: &str) -> Result<Vec<Record>> {
    each_line(text, parse_record)
}

pub(super) fn parse_record(line: &str) -> Result<Record> {
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

pub(super) fn check_schema(text: &str, wanted: u32) -> Result<()> {
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

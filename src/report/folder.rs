//! The files of a run directory.
//!
//! Owns their names and which are written when. Must not know what stands in them.

use std::fs;
use std::path::Path;

use super::conformance::{badge, conformance_markdown};
use super::figure::Figure;
use super::junit::junit;
use super::markdown::{escape, markdown};
use super::page::{Extras, html_with};
use super::run::{Run, record_lines, verdict_lines};
use crate::error::{Error, Result};

/// Writes everything there is to say of `run` into `dir`, which exists: `run.json`,
/// `verdicts.jsonl`, `records.jsonl`, `junit.xml`, `summary.md`, `index.html`, and `figures/*.svg` with
/// `figures/README.md`.
///
/// # Errors
/// When the system refuses; the error names the file.
pub fn write(run: &Run, dir: &Path) -> Result<()> {
    write_with(run, dir, &Extras::default())
}

/// The same; the page shows what other commands know of the claims as well.
///
/// # Errors
/// As [`write()`].
pub fn write_with(run: &Run, dir: &Path, extras: &Extras) -> Result<()> {
    put(&dir.join("run.json"), &run.info.to_json())?;
    put(&dir.join("verdicts.jsonl"), &verdict_lines(&run.verdicts))?;
    put(&dir.join("records.jsonl"), &record_lines(&run.records))?;
    draw_all(run, dir, extras)
}

/// Draws everything again in a run directory from its recorded files, which stay as they are.
/// Returns the run that was read.
///
/// # Errors
/// When a recorded file cannot be read (the error names file, line and field) or one cannot be
/// written.
pub fn redraw(dir: &Path) -> Result<Run> {
    redraw_with(dir, &Extras::default())
}

/// The same; the page shows what other commands know of the claims as well.
///
/// # Errors
/// As [`redraw`].
pub fn redraw_with(dir: &Path, extras: &Extras) -> Result<Run> {
    let run = Run::read(dir)?;
    draw_all(&run, dir, extras)?;
    Ok(run)
}

fn draw_all(run: &Run, dir: &Path, extras: &Extras) -> Result<()> {
    put(&dir.join("junit.xml"), &junit(run))?;
    if run.info.subject.is_some() {
        put(&dir.join("badge.json"), &badge(run))?;
        let page = conformance_markdown(std::slice::from_ref(run));
        put(&dir.join("conformance.md"), &page)?;
    }
    put(&dir.join("summary.md"), &markdown(run))?;
    let figures = figures_of(run);
    if !figures.is_empty() {
        let folder = dir.join("figures");
        fs::create_dir_all(&folder).map_err(|e| Error::io(&folder, &e))?;
        for figure in &figures {
            put(&folder.join(format!("{}.svg", figure.name)), &figure.svg)?;
        }
        put(&folder.join("README.md"), &index(&figures))?;
    }
    put(&dir.join("index.html"), &html_with(run, &figures, extras))
}

/// The figures with what they say, for people who look into the folder.
fn index(figures: &[Figure]) -> String {
    let mut out = String::from("# Figures of this run\n");
    for f in figures {
        // Names of claims and instances are others' words.
        let [title, finding, caption] = [&f.title, &f.finding, &f.caption].map(|t| escape(t));
        out += &format!(
            "\n## {title}\n\n![{title}]({}.svg)\n\n**{finding}** {caption}\n",
            f.name
        );
    }
    out
}

#[cfg(feature = "plots")]
pub(super) fn figures_of(run: &Run) -> Vec<Figure> {
    super::figures::draw(&run.verdicts, &run.records)
}

/// Without the feature `plots` there are none.
#[cfg(not(feature = "plots"))]
pub(super) fn figures_of(_: &Run) -> Vec<Figure> {
    Vec::new()
}

fn put(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).map_err(|e| Error::io(path, &e))
}

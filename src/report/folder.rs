//! The files of a run directory.
//!
//! Owns their names and which are written when. Must not know what stands in them.

use std::fs;
use std::path::Path;

use super::conformance::{badge, conformance_markdown};
use super::figure::Figure;
use super::junit::junit;
use super::lines::{record_lines, verdict_lines};
use super::markdown::{escape, markdown};
use super::page::{Extras, grouped, html_with};
use super::run::{Run, RunInfo};
use crate::error::{Error, Result};
use crate::files::{self, Extent, Tenant, put};

/// What of a directory a run may replace.
pub fn run_tenant() -> Tenant {
    Tenant {
        noun: "run".into(),
        proof: ("run.json", |v, _| {
            // Later ones name their build, and left a list.
            let is_run = v["schema"].is_u64() && v["claims"].is_array();
            is_run && v["version"].is_string() && v["build"].is_null()
        }),
        wrote: |name, _| {
            let figure = { name.strip_prefix("figures/") }
                .is_some_and(|f| f.ends_with(".svg") || f == "README.md");
            figure || WRITTEN.contains(&name)
        },
    }
}

/// What versions before 0.3 left in the directory of a run, `power` among them.
const WRITTEN: &[&str] = &[
    "badge.json",
    "conformance.md",
    "index.html",
    "junit.xml",
    "power.json",
    "power.txt",
    "records.jsonl",
    "run.json",
    "summary.md",
    "verdicts.jsonl",
];

/// Writes everything there is to say of `run` into `dir`, which exists: `run.json`,
/// `verdicts.jsonl`, `records.jsonl`, `junit.xml`, `summary.md`, `index.html`, and `figures/*.svg`
/// with `figures/README.md`.
///
/// # Errors
/// When the system refuses; the error names the file. A run of which not all is at hand.
pub fn write(run: &Run, dir: &Path) -> Result<()> {
    write_with(run, dir, &Extras::default())
}

/// The same; the page shows what other commands know of the claims as well.
///
/// # Errors
/// As [`write()`].
pub fn write_with(run: &Run, dir: &Path, extras: &Extras) -> Result<()> {
    if run.counted.is_some() {
        let text = "not all verdicts of the run are at hand; `draw` draws what is";
        return Err(Error::usage(text));
    }
    let (verdicts, records) = (verdict_lines(&run.verdicts), record_lines(&run.records));
    let info = RunInfo {
        verdicts: Some(Extent::of(&verdicts)),
        records: Some(Extent::of(&records)),
        ..run.info.clone()
    };
    put(&dir.join("run.json"), info.to_json())?;
    put(&dir.join("verdicts.jsonl"), verdicts)?;
    put(&dir.join("records.jsonl"), records)?;
    draw(run, dir, extras)
}

/// Draws everything of a run that was read from `dir`.
///
/// # Errors
/// When the system refuses; the error names the file.
pub fn draw(run: &Run, dir: &Path, extras: &Extras) -> Result<()> {
    let run = &*run.shown();
    let figures = figures_of(run);
    let mut drawn = vec![
        ("index.html".into(), html_with(run, &figures, extras)),
        ("junit.xml".into(), junit(run)),
        ("summary.md".into(), markdown(run)),
    ];
    if run.info.subject.is_some() {
        let page = conformance_markdown(std::slice::from_ref(run));
        drawn.push(("badge.json".into(), badge(run)));
        drawn.push(("conformance.md".into(), page));
    }
    if !figures.is_empty() {
        let readme = index(&figures);
        let of = |f: Figure| (format!("figures/{}.svg", f.name), f.svg);
        drawn.extend(figures.into_iter().map(of));
        drawn.push(("figures/README.md".into(), readme));
    }
    let names = || drawn.iter().map(|(name, _)| name.as_str());
    files::check_no_links(dir, names().chain(["figures"]))?;
    // Who comes after a crash knows whose they are.
    files::note(dir, names())?;
    if names().any(|name| name.starts_with("figures/")) {
        let folder = dir.join("figures");
        fs::create_dir_all(&folder).map_err(|e| Error::io(&folder, &e))?;
    }
    let mut all = drawn.iter();
    all.try_for_each(|(name, text)| put(&dir.join(name), text))
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
    let run = Run::gathered(dir)?;
    draw(&run, dir, extras)?;
    Ok(run)
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
    let mut figures = super::figures::draw(&run.verdicts, &run.records);
    if let Some(c) = &run.counted {
        let [kept, all] = [run.verdicts.len(), c.verdicts].map(grouped);
        let [some, records] = [c.kept_records, c.records].map(grouped);
        for figure in &mut figures {
            figure.caption += &format!(
                " Drawn from a part of the run, {kept} of {all} verdicts and {some} of {records} records: the first ones and the worst; numbers in it are of that part."
            );
        }
    }
    figures
}

/// Without the feature `plots` there are none.
#[cfg(not(feature = "plots"))]
pub(super) fn figures_of(_: &Run) -> Vec<Figure> {
    Vec::new()
}

//! A finished directory in place of an old one.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// Puts a finished directory in place of `dir` by renaming; the old one goes only after the new one
/// stands.
///
/// # Errors
/// When `dir` exists and is not a run (no run.json), or renaming fails.
pub fn replace(dir: &Path, fresh: &Path) -> Result<()> {
    let io = |path: &Path| {
        let path = path.to_path_buf();
        move |e: std::io::Error| Error::io(&path, &e)
    };
    check_replaceable(dir)?;
    if !dir.exists() {
        return fs::rename(fresh, dir).map_err(io(dir));
    }
    let old = sibling(dir, "old");
    // What a crash between the two renames left behind; anything else is not ours to remove.
    check_replaceable(&old)?;
    if old.exists() {
        fs::remove_dir_all(&old).map_err(io(&old))?;
    }
    fs::rename(dir, &old).map_err(io(dir))?;
    if let Err(e) = fs::rename(fresh, dir) {
        let _ = fs::rename(&old, dir);
        return Err(Error::io(dir, &e));
    }
    fs::remove_dir_all(&old).map_err(io(&old))
}

/// A name beside `dir`: its own with `suffix` appended.
pub fn sibling(dir: &Path, suffix: &str) -> PathBuf {
    let mut name = dir.file_name().unwrap_or(dir.as_os_str()).to_os_string();
    name.push(".");
    name.push(suffix);
    dir.with_file_name(name)
}

/// Refuses to overwrite a directory that is not the output of a run.
///
/// # Errors
/// When `dir` is a file, or a directory with anything in it that no run writes, or without
/// run.json.
pub fn check_replaceable(dir: &Path) -> Result<()> {
    if !dir.exists() {
        return Ok(());
    }
    let refuse = |why: String| {
        let text = format!("{} exists and {why}; choose another --out", dir.display());
        Err(Error::usage(text))
    };
    let Ok(entries) = fs::read_dir(dir) else {
        return refuse("is not the output of a run".into());
    };
    let names: Vec<String> = entries
        .map_while(|e| Some(e.ok()?.file_name().to_string_lossy().into_owned()))
        .collect();
    if !(names.is_empty() || names.iter().any(|n| n == "run.json")) {
        return refuse("is not the output of a run".into());
    }
    if !names.is_empty() && !is_run(&dir.join("run.json")) {
        return refuse("its run.json is not that of a run".into());
    }
    let figures = fs::read_dir(dir.join("figures")).into_iter().flatten();
    let figures = figures.filter_map(|e| Some(e.ok()?.file_name().to_string_lossy().into_owned()));
    if let Some(other) = { figures }.find(|n| !n.ends_with(".svg") && n != "README.md") {
        return refuse(format!("holds figures/{other}, which no run writes"));
    }
    match names.iter().find(|n| !WRITTEN.contains(&n.as_str())) {
        Some(other) => refuse(format!("holds {other}, which no run writes")),
        None => Ok(()),
    }
}

/// A file as runs write their own: an object with a schema and claims.
fn is_run(path: &Path) -> bool {
    let text = fs::read_to_string(path).unwrap_or_default();
    let value: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    value["schema"].is_u64() && value["claims"].is_array()
}

/// What runs leave in their directory, `power` among them.
const WRITTEN: &[&str] = &[
    "badge.json",
    "conformance.md",
    "figures",
    "index.html",
    "junit.xml",
    "power.json",
    "power.txt",
    "records.jsonl",
    "run.json",
    "summary.md",
    "verdicts.jsonl",
];

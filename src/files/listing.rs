//! Whose directory it is: the files that a command wrote there, by its own list.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::read::read_regular;
use super::write::{PREFIX, UNFINISHED, put};
use crate::error::{Error, Result};
use crate::tol::{MOST_FILES, MOST_TEXT};

/// The file of a directory of ours that lists the others.
pub const LIST: &str = ".ratecert.json";

/// What a kind of command leaves in its directory.
#[derive(Clone, Debug)]
pub struct Tenant {
    /// "run", "reproduction of figure-1", ...
    pub noun: String,
    /// A file that older versions, which left no list, always wrote, and whether what stands in it
    /// is of this noun.
    pub proof: (&'static str, fn(&serde_json::Value, &str) -> bool),
    /// Whether older versions wrote a file of this name (`figures/x.svg`) for this noun.
    pub wrote: fn(&str, &str) -> bool,
}

#[derive(Serialize, Deserialize)]
struct List {
    /// What the directory holds.
    holds: String,
    /// Names below it; `/` between the parts.
    files: BTreeSet<String>,
}

impl List {
    /// Whether it is on the list, the list itself, a file that was being written when its writer
    /// was killed, or a directory that was made for what is on the list.
    fn has(&self, name: &str) -> bool {
        let own = name.rsplit('/').next().unwrap_or(name);
        let unfinished = own.starts_with(PREFIX) && own.ends_with(UNFINISHED);
        let empty = || name.ends_with('/') && self.files.iter().any(|f| f.starts_with(name));
        name == LIST || unfinished || self.files.contains(name) || empty()
    }
}

impl Tenant {
    /// The files of `dir` that one of these may replace: all that are there.
    ///
    /// # Errors
    /// A usage error that says what is there instead: a directory of something else, a file that no
    /// such command wrote, a link, a directory within.
    pub(super) fn replaceable(&self, dir: &Path) -> Result<BTreeSet<String>> {
        let (shown, noun) = (dir.display(), self.noun.as_str());
        let refuse = |why: String| {
            let text = format!("{shown} exists and {why}; choose another directory");
            Err(Error::usage(text))
        };
        if fs::symlink_metadata(dir).is_err() {
            return Ok(BTreeSet::new());
        }
        let Some(there) = walk(dir)? else {
            return refuse(format!("is not the output of a {noun}"));
        };
        if there.is_empty() {
            return Ok(there);
        }
        let listed: Box<dyn Fn(&str) -> bool> = match list(dir) {
            Some(list) if list.holds == noun => Box::new(move |name| list.has(name)),
            Some(list) => return refuse(format!("holds a {}, not a {noun}", list.holds)),
            None => {
                let (file, proves) = self.proof;
                let text = read_regular(&dir.join(file), MOST_TEXT).unwrap_or_default();
                let value = serde_json::from_str(&text).unwrap_or_default();
                if !there.contains(file) {
                    return refuse(format!("is not the output of a {noun}"));
                }
                if !proves(&value, noun) {
                    return refuse(format!("its {file} is not that of a {noun}"));
                }
                Box::new(|name| (self.wrote)(name, noun))
            }
        };
        match there.iter().find(|name| !listed(name)) {
            Some(other) => refuse(format!("holds {other}, which no {noun} wrote")),
            None => Ok(there),
        }
    }

    /// Lists what stands in `dir` as written by one of these.
    ///
    /// # Errors
    /// What the system refuses.
    pub(super) fn list(&self, dir: &Path) -> Result<()> {
        let mut files = walk(dir)?.unwrap_or_default();
        files.remove(LIST);
        write(
            dir,
            &List {
                holds: self.noun.clone(),
                files,
            },
        )
    }
}

/// Adds files to the list of a directory that has one, before they are written.
///
/// # Errors
/// What the system refuses.
pub fn note<'a>(dir: &Path, names: impl IntoIterator<Item = &'a str>) -> Result<()> {
    match list(dir) {
        None => Ok(()),
        Some(mut list) => {
            list.files.extend(names.into_iter().map(String::from));
            write(dir, &list)
        }
    }
}

fn write(dir: &Path, list: &List) -> Result<()> {
    let text = serde_json::to_string_pretty(list).unwrap_or_default() + "\n";
    put(&dir.join(LIST), text)
}

fn list(dir: &Path) -> Option<List> {
    let text = read_regular(&dir.join(LIST), MOST_TEXT).ok()?;
    serde_json::from_str(&text).ok()
}

/// The files of `dir` and of the directories in it, by name; none where it is no directory. What is
/// neither, or lies deeper, stands in it under a name that no list has.
fn walk(dir: &Path) -> Result<Option<BTreeSet<String>>> {
    let mut found = BTreeSet::new();
    let Ok(outer) = fs::read_dir(dir) else {
        return match fs::metadata(dir) {
            Ok(there) if there.is_dir() => Err(Error::usage(format!(
                "{} cannot be looked into",
                dir.display()
            ))),
            _ => Ok(None),
        };
    };
    for entry in outer {
        let entry = entry.map_err(|e| Error::io(dir, &e))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let kind = entry.file_type().map_err(|e| Error::io(dir, &e))?;
        if kind.is_file() {
            found.insert(name);
        } else if kind.is_dir() {
            let inner = fs::read_dir(entry.path()).map_err(|e| Error::io(entry.path(), &e))?;
            let mut empty = true;
            for below in inner {
                let below = below.map_err(|e| Error::io(entry.path(), &e))?;
                let file = below.file_type().is_ok_and(|t| t.is_file());
                let below = below.file_name().to_string_lossy().into_owned();
                found.insert(format!("{name}/{below}{}", if file { "" } else { "/" }));
                empty = false;
                check_count(dir, &found)?;
            }
            if empty {
                found.insert(format!("{name}/"));
            }
        } else {
            found.insert(format!("{name} (no file)"));
        }
        check_count(dir, &found)?;
    }
    Ok(Some(found))
}

fn check_count(dir: &Path, found: &BTreeSet<String>) -> Result<()> {
    if found.len() <= MOST_FILES {
        return Ok(());
    }
    let text = format!("{} holds more files than any run", dir.display());
    Err(Error::usage(text))
}

//! Directories of output, journals, and reading within bounds.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

mod journal;
mod place;
mod reading;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Entry {
    job: usize,
    said: String,
}

fn entry(job: usize) -> Entry {
    Entry {
        job,
        // Characters of several bytes: a cut may fall inside one.
        said: format!("‖w_{job} - w(λ)‖ ≤ ½ε"),
    }
}

/// All names below a directory.
fn names(dir: &Path) -> Vec<String> {
    let mut out = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if entry.file_type().unwrap().is_dir() {
            out.extend(
                names(&entry.path())
                    .into_iter()
                    .map(|n| format!("{name}/{n}")),
            );
            out.push(format!("{name}/"));
        } else {
            out.push(name);
        }
    }
    out.sort();
    out
}

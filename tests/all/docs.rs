//! The chapters of `docs/` keep up with the code: every fault of the catalogue has an entry, every
//! status of a verdict is explained, and the index lists every chapter.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use ratecert::checks::Ruling;
use ratecert::faults::catalogue;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs")
}

fn chapter(name: &str) -> String {
    let path = folder().join(name);
    fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The text between this heading of the second level and the next one.
fn section<'t>(text: &'t str, heading: &str) -> &'t str {
    let start = format!("\n## {heading}\n");
    let (_, rest) = text
        .split_once(start.as_str())
        .unwrap_or_else(|| panic!("no heading {heading:?}"));
    rest.split_once("\n## ").map_or(rest, |(part, _)| part)
}

/// What stands in backticks in the first cell of a row.
fn entries(text: &str) -> Vec<&str> {
    text.lines()
        .filter_map(|line| Some(line.strip_prefix("| `")?.split_once("` |")?.0))
        .collect()
}

/// No fault without an entry, no entry without a fault, none twice.
#[test]
fn every_fault_has_an_entry() {
    let text = chapter("when-a-check-fails.md");
    let listed = entries(section(&text, "By diagnosis"));
    let unique: BTreeSet<&str> = listed.iter().copied().collect();
    assert_eq!(unique.len(), listed.len(), "an entry occurs twice");
    let known: BTreeSet<&str> = catalogue().iter().map(|fault| fault.name).collect();
    let missing: Vec<_> = known.difference(&unique).collect();
    let stale: Vec<_> = unique.difference(&known).collect();
    assert!(
        missing.is_empty() && stale.is_empty(),
        "docs/when-a-check-fails.md lacks {missing:?} and has entries for no fault {stale:?}"
    );
}

/// Each cell of an entry says something.
#[test]
fn no_entry_is_empty() {
    let text = chapter("when-a-check-fails.md");
    let rows = section(&text, "By diagnosis")
        .lines()
        .filter(|line| line.starts_with("| `"));
    for row in rows {
        // An escaped bar stands inside a cell.
        let row = row.replace("\\|", "");
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        assert_eq!(cells.len(), 4, "{row}");
        assert!(cells.iter().all(|cell| !cell.is_empty()), "{row}");
    }
}

/// The statuses of a verdict are explained under the names they have in files.
#[test]
fn every_status_is_explained() {
    let text = chapter("verdicts.md");
    let part = section(&text, "The fields");
    for (name, _) in Ruling::NAMES {
        assert!(part.contains(&format!("**{name}**")), "{name}");
    }
}

/// The index lists every chapter.
#[test]
fn the_index_lists_every_chapter() {
    let index = chapter("README.md");
    for entry in fs::read_dir(folder()).unwrap() {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        if name.ends_with(".md") && name != "README.md" {
            assert!(
                index.contains(&format!("({name})")),
                "docs/README.md lacks {name}"
            );
        }
    }
}

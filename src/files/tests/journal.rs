use std::fs;

use tempfile::TempDir;

use super::super::*;
use super::{Entry, entry};

/// Cut at every byte of the last line, as a loss of power may.
#[test]
fn a_journal_loses_only_the_line_that_is_cut() {
    let t = TempDir::new().unwrap();
    let path = t.path().join("journal");
    let journal = Journal::open(&path).unwrap();
    (0..3).for_each(|job| journal.append(&entry(job)).unwrap());
    let whole = fs::read(&path).unwrap();
    let first = |n: usize| -> Vec<Entry> { (0..n).map(entry).collect() };
    for cut in 0..=whole.len() {
        fs::write(&path, &whole[..cut]).unwrap();
        let lines = whole[..cut].iter().filter(|b| **b == b'\n').count();
        let journal = Journal::open(&path).unwrap();
        assert_eq!(journal.entries::<Entry>().unwrap(), first(lines), "{cut}");
        (lines..3).for_each(|job| journal.append(&entry(job)).unwrap());
        assert_eq!(fs::read(&path).unwrap(), whole, "{cut}");
    }
}

/// Any byte of any line changed, and zeros as some file systems leave them: that line is lost and
/// known to be, no other.
#[test]
fn a_journal_passes_over_damaged_lines() {
    let t = TempDir::new().unwrap();
    let path = t.path().join("journal");
    let journal = Journal::open(&path).unwrap();
    (0..3).for_each(|job| journal.append(&entry(job)).unwrap());
    let whole = fs::read(&path).unwrap();
    for at in 0..whole.len() {
        for byte in [whole[at] ^ 1, 0, b'\n'] {
            if byte == whole[at] {
                continue;
            }
            let mut bytes = whole.clone();
            bytes[at] = byte;
            fs::write(&path, &bytes).unwrap();
            let found = Journal::open(&path).unwrap().entries::<Entry>().unwrap();
            let line = whole[..at].iter().filter(|b| **b == b'\n').count();
            let kept: Vec<Entry> = (0..3).filter(|n| *n != line).map(entry).collect();
            // A line end that is lost takes the next line with it, or the rest if there is none.
            let joined: Vec<Entry> = kept.iter().filter(|e| e.job != line + 1).cloned().collect();
            assert!(found == kept || found == joined, "{at}: {found:?}");
        }
    }
    let mut bytes = whole.clone();
    bytes.extend([0; 100]);
    fs::write(&path, &bytes).unwrap();
    let journal = Journal::open(&path).unwrap();
    assert_eq!(journal.entries::<Entry>().unwrap().len(), 3);
    assert_eq!(fs::read(&path).unwrap(), whole);
}

//! Finished jobs of an unfinished run.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use serde::{Deserialize, Serialize};

use crate::claims::{Record, Verdict};
use crate::error::{Error, Result};

/// Finished jobs of an unfinished run, in `<out>.partial/journal.jsonl`.
pub struct Journal {
    path: PathBuf,
    file: Mutex<fs::File>,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    job: usize,
    verdicts: Vec<Verdict>,
    records: Vec<Record>,
}

impl Journal {
    /// Starts a journal in `dir` (created; emptied unless `resume`).
    ///
    /// # Errors
    /// `resume` without a journal, or with one of another plan; the directory cannot be written.
    pub fn open(dir: &Path, fingerprint: &str, resume: bool) -> Result<Self> {
        let (head, path) = (dir.join("plan.txt"), dir.join("journal.jsonl"));
        if resume {
            let found = fs::read_to_string(&head).map_err(|_| {
                Error::usage(format!(
                    "nothing to resume: {} does not exist",
                    head.display()
                ))
            })?;
            if found != fingerprint {
                return Err(Error::usage(format!(
                    "{} belongs to another run ({found}); finish it with its own options or leave out --resume",
                    dir.display()
                )));
            }
        } else {
            if dir.exists() {
                let empty = fs::read_dir(dir).is_ok_and(|mut e| e.next().is_none());
                if !(head.exists() || empty) {
                    let text = format!("{} exists and is not what a run left", dir.display());
                    return Err(Error::usage(text));
                }
                fs::remove_dir_all(dir).map_err(|e| Error::io(dir, &e))?;
            }
            fs::create_dir_all(dir).map_err(|e| Error::io(dir, &e))?;
            fs::write(&head, fingerprint).map_err(|e| Error::io(&head, &e))?;
        }
        let file = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)
            .map_err(|e| Error::io(&path, &e))?;
        Ok(Self {
            path,
            file: Mutex::new(file),
        })
    }

    /// Entries so far; a line cut short by a crash ends the reading.
    pub(super) fn finished(&self) -> Result<Vec<(usize, Finished)>> {
        // A crash may have cut a line inside a character.
        let bytes = fs::read(&self.path).map_err(|e| Error::io(&self.path, &e))?;
        let text = String::from_utf8_lossy(&bytes);
        let mut entries = Vec::new();
        let mut intact = 0;
        for line in text.split_inclusive('\n') {
            match serde_json::from_str::<Entry>(line) {
                Ok(e) if line.ends_with('\n') => {
                    entries.push((
                        e.job,
                        Finished {
                            verdicts: e.verdicts,
                            records: e.records,
                        },
                    ));
                }
                _ => break,
            }
            intact += line.len();
        }
        if intact < bytes.len() {
            let file = self
                .file
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            file.set_len(intact as u64)
                .map_err(|e| Error::io(&self.path, &e))?;
        }
        Ok(entries)
    }

    pub(super) fn append(&self, job: usize, judged: &Finished) -> Result<()> {
        let entry = Entry {
            job,
            verdicts: judged.verdicts.clone(),
            records: judged.records.clone(),
        };
        let mut line = serde_json::to_string(&entry).unwrap_or_default();
        line.push('\n');
        let mut file = self
            .file
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        file.write_all(line.as_bytes())
            .map_err(|e| Error::io(&self.path, &e))
    }
}

/// What a job left behind.
#[derive(Clone, Debug, Default)]
pub(super) struct Finished {
    pub(super) verdicts: Vec<Verdict>,
    pub(super) records: Vec<Record>,
}

//! Finished jobs of an unfinished reproduction.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::experiment::Measured;
use crate::error::{Error, Result};

/// A line per finished job, after one that says what is reproduced.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: Mutex<fs::File>,
}

impl Journal {
    /// Starts a journal at `path`, or goes on with it.
    ///
    /// # Errors
    /// One that is there and is not to be resumed, or is to be and is not there, or belongs to
    /// another reproduction; a path that cannot be written.
    pub fn open(path: &Path, fingerprint: &str, resume: bool) -> Result<Self> {
        let io = |e: std::io::Error| Error::io(path, &e);
        let there = path.try_exists().map_err(io)?;
        if there && !resume {
            let text = format!(
                "{} is what an interrupted reproduction left: go on with --resume, or remove it",
                path.display()
            );
            return Err(Error::usage(text));
        }
        if !there && resume {
            let text = format!("nothing to resume: {} does not exist", path.display());
            return Err(Error::usage(text));
        }
        let mut options = fs::OpenOptions::new();
        let file = options.create(true).append(true).read(true).open(path);
        let mut file = file.map_err(io)?;
        if there {
            let bytes = fs::read(path).map_err(io)?;
            let text = String::from_utf8_lossy(&bytes);
            let head = text.lines().next().unwrap_or_default();
            // A crash may have cut the first line, too: then nothing is finished.
            let cut = !bytes.contains(&b'\n') && fingerprint.starts_with(head);
            if head != fingerprint && !cut {
                let text = format!(
                    "{} belongs to another reproduction: {head}; this one is {fingerprint}; remove it to start anew",
                    path.display()
                );
                return Err(Error::usage(text));
            }
            // A crash may have cut the last line, inside a character too.
            let whole = bytes.iter().rposition(|b| *b == b'\n').map_or(0, |n| n + 1);
            file.set_len(whole as u64).map_err(io)?;
        }
        if file.metadata().map_err(io)?.len() == 0 {
            file.write_all(format!("{fingerprint}\n").as_bytes())
                .map_err(io)?;
        }
        Ok(Self {
            path: path.to_path_buf(),
            file: Mutex::new(file),
        })
    }

    /// What is finished.
    ///
    /// # Errors
    /// A file that cannot be read, or a line that is no job.
    pub fn finished(&self) -> Result<Vec<Measured>> {
        let text = fs::read_to_string(&self.path).map_err(|e| Error::io(&self.path, &e))?;
        let lines = text.lines().enumerate().skip(1);
        let read = |(n, line): (usize, &str)| {
            serde_json::from_str(line).map_err(|e| {
                let file = self.path.display().to_string();
                Error::input(e.to_string()).at_line(n + 1).in_file(file)
            })
        };
        lines.map(read).collect()
    }

    /// Remembers a job, on the disk before it returns.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, measured: &Measured) -> Result<()> {
        let io = |e: std::io::Error| Error::io(&self.path, &e);
        let line = serde_json::to_string(measured).map_err(|e| Error::usage(e.to_string()))?;
        let mut file = self
            .file
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let before = file.metadata().map_err(io)?.len();
        let written = file.write_all(format!("{line}\n").as_bytes());
        if let Err(e) = written.and_then(|()| file.sync_data()) {
            // Half a line would hide all that come after it.
            file.set_len(before).map_err(io)?;
            return Err(io(e));
        }
        Ok(())
    }

    /// Removes it: the reproduction is done.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove(self) -> Result<()> {
        fs::remove_file(&self.path).map_err(|e| Error::io(&self.path, &e))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reproduce::experiment::{Fact, Job};

    fn measured(seed: u64) -> Measured {
        Measured {
            job: Job { panel: 0, seed },
            curves: Vec::new(),
            identified: Some(3),
            facts: vec![Fact::new("q", f64::NAN), Fact::new("rho", 0.1 + 0.2)],
            failed: None,
        }
    }

    #[test]
    fn what_is_written_is_found_again_wherever_the_last_line_is_cut() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal");
        assert!(Journal::open(&path, "one", true).is_err());
        let journal = Journal::open(&path, "one", false).unwrap();
        journal.write(&measured(1)).unwrap();
        journal.write(&measured(2)).unwrap();
        let whole = fs::read(&path).unwrap();
        assert!(Journal::open(&path, "one", false).is_err());
        assert!(Journal::open(&path, "two", true).is_err());
        let first = whole
            .iter()
            .enumerate()
            .filter(|b| *b.1 == b'\n')
            .nth(1)
            .unwrap()
            .0
            + 1;
        for cut in first..whole.len() {
            fs::write(&path, &whole[..cut]).unwrap();
            let journal = Journal::open(&path, "one", true).unwrap();
            let found = journal.finished().unwrap();
            // NaN is not equal to itself.
            assert_eq!(
                format!("{found:?}"),
                format!("{:?}", [measured(1)]),
                "{cut}"
            );
            journal.write(&measured(2)).unwrap();
            assert_eq!(fs::read(&path).unwrap(), whole);
        }
        // The first line, too.
        for cut in 0..=3 {
            fs::write(&path, &whole[..cut]).unwrap();
            let journal = Journal::open(&path, "one", true).unwrap();
            assert!(journal.finished().unwrap().is_empty(), "{cut}");
            journal.write(&measured(1)).unwrap();
            journal.write(&measured(2)).unwrap();
            assert_eq!(fs::read(&path).unwrap(), whole);
        }
        journal.remove().unwrap();
        assert!(!path.exists());
    }
}

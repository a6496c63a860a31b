//! Reading within bounds.

use std::fs::{self, File};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::extent::{Extent, Tally};
use crate::error::{Error, Result};
use crate::tol::{MOST_FILES, MOST_LINE};

/// The text of a file that the user names, of at most `most` bytes. Pipes are read as well.
///
/// # Errors
/// What the system refuses, a longer file, bytes that are no UTF-8; the error names the file.
pub fn read(path: &Path, most: u64) -> Result<String> {
    let named = |e: Error| e.in_file(path.display().to_string());
    let file = File::open(path).map_err(|e| Error::io(path, &e))?;
    if file.metadata().is_ok_and(|m| m.is_dir()) {
        return Err(named(Error::input("is a directory")));
    }
    let mut bytes = Vec::new();
    let read = file.take(most + 1).read_to_end(&mut bytes);
    read.map_err(|e| Error::io(path, &e))?;
    if bytes.len() as u64 > most {
        return Err(named(too_long(most)));
    }
    text(bytes).map_err(named)
}

/// [`read`] for files that were found and not named: one that is no regular file, and could keep
/// us waiting for ever, is refused unopened.
///
/// # Errors
/// As [`read`].
pub fn read_regular(path: &Path, most: u64) -> Result<String> {
    regular(path)?;
    read(path, most)
}

fn regular(path: &Path) -> Result<fs::Metadata> {
    let found = fs::metadata(path).map_err(|e| Error::io(path, &e))?;
    if found.is_file() {
        return Ok(found);
    }
    let text = "is no regular file";
    Err(Error::input(text).in_file(path.display().to_string()))
}

/// The entries of a directory by name.
///
/// # Errors
/// What the system refuses, more than [`MOST_FILES`] of them.
pub fn entries(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).map_err(|e| Error::io(dir, &e))? {
        found.push(entry.map_err(|e| Error::io(dir, &e))?.path());
        if found.len() > MOST_FILES {
            let text = format!("holds more than {MOST_FILES} files");
            return Err(Error::input(text).in_file(dir.display().to_string()));
        }
    }
    found.sort();
    Ok(found)
}

/// The lines of a file one after another, in memory for one. The file is open only while a piece of
/// it is read, so that thousands can be read side by side.
#[derive(Debug)]
pub struct Lines {
    path: PathBuf,
    piece: usize,
    /// As it was opened first: another one may take its place.
    length: u64,
    changed: Option<SystemTime>,
    /// What is read and not given out: from `from` on.
    read: Vec<u8>,
    from: usize,
    /// Where in the file the next piece begins.
    offset: u64,
    /// Number of the line that came last.
    at: usize,
    tally: Tally,
}

impl Lines {
    /// At the beginning of a regular file, which is read in pieces of so many bytes.
    ///
    /// # Errors
    /// What the system refuses; a file that is none.
    pub fn open(path: &Path, piece: usize) -> Result<Self> {
        let found = regular(path)?;
        Ok(Self {
            path: path.to_path_buf(),
            piece,
            length: found.len(),
            changed: found.modified().ok(),
            read: Vec::new(),
            from: 0,
            offset: 0,
            at: 0,
            tally: Tally::default(),
        })
    }

    /// Goes to the next line; false at the end. Blank lines are passed over.
    ///
    /// # Errors
    /// What the system refuses, a line of more than [`MOST_LINE`] bytes; the error names file and
    /// line.
    pub fn advance(&mut self) -> Result<bool> {
        loop {
            if self.at > 0 {
                self.from += self.length()? + 1;
            }
            self.at += 1;
            if self.from >= self.read.len() && !self.refill()? {
                return Ok(false);
            }
            let length = self.length()?;
            if !self.read[self.from..self.from + length]
                .trim_ascii()
                .is_empty()
            {
                self.tally.lines += 1;
                return Ok(true);
            }
        }
    }

    /// The line that came last, without its end.
    ///
    /// # Errors
    /// Bytes that are no UTF-8.
    pub fn line(&self) -> Result<&str> {
        let rest = self.read.get(self.from..).unwrap_or_default();
        let end = memchr(rest).unwrap_or(rest.len());
        let line = std::str::from_utf8(&rest[..end]);
        line.map_err(|_| self.blame(Error::input("is not UTF-8")))
    }

    /// What was read so far; at the end, what the file holds.
    pub fn extent(&self) -> Extent {
        self.tally.extent()
    }

    /// An error of the line that came last.
    pub fn blame(&self, error: Error) -> Error {
        let file = self.path.display().to_string();
        error.at_line(self.at).in_file(file)
    }

    /// Length of the line at `from`, which is read to its end first.
    fn length(&mut self) -> Result<usize> {
        let mut seen = 0;
        loop {
            let rest = self.read.get(self.from + seen..).unwrap_or_default();
            if let Some(end) = memchr(rest) {
                return Ok(seen + end);
            }
            seen += rest.len();
            if seen as u64 > MOST_LINE {
                return Err(self.blame(too_long(MOST_LINE)));
            }
            if !self.refill()? {
                return Ok(seen);
            }
        }
    }

    /// Reads a piece behind what is not given out; false at the end of the file.
    fn refill(&mut self) -> Result<bool> {
        let io = |e: std::io::Error| Error::io(&self.path, &e);
        let given = self.from.min(self.read.len());
        self.read.drain(..given);
        self.from -= given;
        let mut file = File::open(&self.path).map_err(io)?;
        let now = file.metadata().map_err(io)?;
        if (now.len(), now.modified().ok()) != (self.length, self.changed) {
            let text = "was changed while it was read";
            return Err(Error::input(text).in_file(self.path.display().to_string()));
        }
        file.seek(SeekFrom::Start(self.offset)).map_err(io)?;
        let got = file.take(self.piece as u64).read_to_end(&mut self.read);
        let got = got.map_err(io)?;
        self.tally.bytes(&self.read[self.read.len() - got..]);
        self.offset += got as u64;
        Ok(got > 0)
    }
}

fn memchr(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|b| *b == b'\n')
}

fn text(bytes: Vec<u8>) -> Result<String> {
    String::from_utf8(bytes).map_err(|e| {
        let valid = e.utf8_error().valid_up_to();
        let before = &e.as_bytes()[..valid];
        let line = before.iter().filter(|b| **b == b'\n').count() + 1;
        Error::input("is not UTF-8").at_line(line)
    })
}

fn too_long(most: u64) -> Error {
    Error::input(format!("is longer than {} MiB", most >> 20))
}

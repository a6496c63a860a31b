//! What an unfinished run has finished.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};

/// A line per finished job: its checksum (CRC-32, eight hexadecimal digits), a blank, JSON.
///
/// A crash, a full disk or a loss of power can only take lines away: what is cut short or damaged
/// is known by its checksum and passed over.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: Mutex<Written>,
}

#[derive(Debug)]
struct Written {
    file: File,
    length: u64,
    synced: Instant,
}

/// Between two times that it is on the disk for certain: what came after the last one goes with the
/// power.
const SYNC: Duration = Duration::from_secs(2);

impl Journal {
    /// Opens a journal, an empty one where there is none, and cuts it after the last whole line.
    ///
    /// # Errors
    /// What the system refuses.
    pub fn open(path: &Path) -> Result<Self> {
        let io = |e: std::io::Error| Error::io(path, &e);
        if fs::symlink_metadata(path).is_ok_and(|m| !m.is_file()) {
            let text = format!("{} is not what a run left", path.display());
            return Err(Error::usage(text));
        }
        let mut options = OpenOptions::new();
        let file = options.create(true).append(true).read(true).open(path);
        let file = file.map_err(io)?;
        let length = whole(&file).map_err(io)?;
        file.set_len(length).map_err(io)?;
        Ok(Self {
            path: path.to_path_buf(),
            file: Mutex::new(Written {
                file,
                length,
                synced: Instant::now(),
            }),
        })
    }

    /// How many lines there are; none where there is no journal.
    pub(super) fn lines(path: &Path) -> usize {
        let is_file = fs::symlink_metadata(path).is_ok_and(|m| m.is_file());
        let Some(Ok(file)) = is_file.then(|| File::open(path)) else {
            return 0;
        };
        let pieces = BufReader::new(file).split(b'\n').map_while(|l| l.ok());
        pieces.count()
    }

    /// The intact lines in order.
    ///
    /// # Errors
    /// What the system refuses.
    pub fn entries<T: DeserializeOwned>(&self) -> Result<Vec<T>> {
        let io = |e: std::io::Error| Error::io(&self.path, &e);
        let mut stream = BufReader::new(File::open(&self.path).map_err(io)?);
        let mut entries = Vec::new();
        let mut line = Vec::new();
        while stream.read_until(b'\n', &mut line).map_err(io)? > 0 {
            entries.extend(parse::<T>(&line));
            line.clear();
        }
        Ok(entries)
    }

    /// Appends a job. After an error the journal is as it was.
    ///
    /// # Errors
    /// What the system refuses: a full disk, a directory that has gone.
    pub fn append<T: Serialize>(&self, entry: &T) -> Result<()> {
        let io = |e: std::io::Error| Error::io(&self.path, &e);
        let json = serde_json::to_string(entry).map_err(|e| Error::usage(e.to_string()))?;
        let line = format!("{:08x} {json}\n", crc32fast::hash(json.as_bytes()));
        let mut written = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let mut done = written.file.write_all(line.as_bytes());
        if done.is_ok() && written.synced.elapsed() > SYNC {
            // One that was taken away takes lines, and nobody will find them.
            done = fs::metadata(&self.path).and_then(|_| written.file.sync_data());
            written.synced = Instant::now();
        }
        match done {
            Ok(()) => {
                written.length += line.len() as u64;
                Ok(())
            }
            Err(e) => {
                // Half a line would run into the next one.
                written.file.set_len(written.length).map_err(io)?;
                Err(io(e))
            }
        }
    }
}

/// The length up to the end of the last line.
fn whole(file: &File) -> std::io::Result<u64> {
    let mut stream = BufReader::new(file);
    let (mut length, mut line) = (0, Vec::new());
    loop {
        line.clear();
        let read = stream.read_until(b'\n', &mut line)?;
        if !line.ends_with(b"\n") {
            return Ok(length);
        }
        length += read as u64;
    }
}

fn parse<T: DeserializeOwned>(line: &[u8]) -> Option<T> {
    let line = line.strip_suffix(b"\n")?;
    let (sum, json) = (line.get(..8)?, line.get(9..)?);
    let sum = u32::from_str_radix(std::str::from_utf8(sum).ok()?, 16).ok()?;
    if line[8] != b' ' || crc32fast::hash(json) != sum {
        return None;
    }
    serde_json::from_slice(json).ok()
}

//! One command at a time in a directory.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use super::write::PREFIX;
use crate::error::{Error, Result};

/// Held while a command computes what a directory is to hold, or draws in it. A file beside the
/// directory, since the directory itself is replaced; the system releases it when the process
/// ends, however it ends.
#[derive(Debug)]
pub struct Lock {
    path: PathBuf,
    file: File,
}

impl Lock {
    /// Takes the lock of a directory that is there; none where nothing can be written beside it,
    /// and nobody could replace it.
    ///
    /// # Errors
    /// As [`Lock::take`].
    pub fn of(dir: &Path) -> Result<Option<Self>> {
        let real = fs::canonicalize(dir).map_err(|e| Error::io(dir, &e))?;
        match (real.parent(), real.file_name()) {
            (Some(parent), Some(name)) => {
                let closed = tempfile::tempfile_in(parent).is_err();
                { !closed }.then(|| Self::take(parent, name)).transpose()
            }
            _ => Err(Error::usage(format!(
                "{} is no directory of a run",
                dir.display()
            ))),
        }
    }

    /// Whether a directory belongs to who took the lock, and nobody else can look into it.
    #[cfg(unix)]
    pub(super) fn is_private(&self, found: &fs::Metadata) -> bool {
        use std::os::unix::fs::MetadataExt as _;
        let own = self.file.metadata().map(|m| m.uid());
        own.is_ok_and(|uid| uid == found.uid()) && found.mode() & 0o077 == 0
    }

    /// Elsewhere directories below the user's own are.
    #[cfg(not(unix))]
    pub(super) fn is_private(&self, _: &fs::Metadata) -> bool {
        true
    }

    /// Takes the lock of `parent`/`name`.
    ///
    /// # Errors
    /// When another process has it; when no file can be made in `parent`.
    pub fn take(parent: &Path, name: &std::ffi::OsStr) -> Result<Self> {
        let path = parent.join(file_name(name));
        let io = |e: std::io::Error| Error::io(&path, &e);
        loop {
            if fs::symlink_metadata(&path).is_ok_and(|m| !m.is_file()) {
                let text = format!("{} is not the lock of a run; remove it", path.display());
                return Err(Error::usage(text));
            }
            let mut options = OpenOptions::new();
            options.read(true).write(true).create(true).truncate(false);
            let file = options.open(&path).map_err(io)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    let dir = parent.join(name);
                    let text = format!(
                        "another ratecert is writing to {}; wait for it or choose another directory",
                        dir.display()
                    );
                    return Err(Error::usage(text));
                }
                // A file system without locks: better unguarded than unusable.
                Err(TryLockError::Error(e)) if e.kind() == std::io::ErrorKind::Unsupported => {}
                Err(TryLockError::Error(e)) => return Err(io(e)),
            }
            // Its last holder may have removed it between our opening and locking.
            if is_at(&file, &path) {
                return Ok(Self { path, file });
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Removed while it is held: who opened it before finds another file there, or none.
        if is_at(&self.file, &self.path) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Short whatever the name, and never that of a directory of ours.
fn file_name(name: &std::ffi::OsStr) -> String {
    let mut hash = crc32fast::Hasher::new();
    hash.update(name.as_encoded_bytes());
    format!("{PREFIX}{:08x}.lock", hash.finalize())
}

#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    match (file.metadata(), fs::symlink_metadata(path)) {
        (Ok(a), Ok(b)) => (a.dev(), a.ino()) == (b.dev(), b.ino()),
        _ => false,
    }
}

/// Elsewhere an open file is not removed by others.
#[cfg(not(unix))]
fn is_at(_: &File, path: &Path) -> bool {
    path.exists()
}

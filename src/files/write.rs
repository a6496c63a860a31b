//! Writing whole.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use crate::error::{Error, Result};

/// How names of files begin that stand beside others for a while, and how those end that are being
/// written.
pub(super) const PREFIX: &str = ".ratecert-";
pub(super) const UNFINISHED: &str = ".tmp";

/// Refuses to write files of a directory where a link stands that leads elsewhere.
///
/// # Errors
/// Names the link.
pub fn check_no_links<'a>(dir: &Path, names: impl IntoIterator<Item = &'a str>) -> Result<()> {
    for name in names {
        let path = dir.join(name);
        if fs::symlink_metadata(&path).is_ok_and(|m| m.is_symlink()) {
            let text = format!("{} is a link and leads elsewhere", path.display());
            return Err(Error::usage(text));
        }
    }
    Ok(())
}

/// Writes a file so that it is there whole or as it was before: what looks at it meanwhile, or
/// comes after a crash, never sees half of it.
///
/// # Errors
/// What the system refuses; the error names the file.
pub fn put(path: &Path, text: impl AsRef<[u8]>) -> Result<()> {
    let io = |e: std::io::Error| Error::io(path, &e);
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    // Through a link to the file it leads to; a device or a pipe is no file to be replaced.
    let (at, kept) = match fs::metadata(path) {
        Ok(there) if !there.is_file() => return fs::write(path, text).map_err(io),
        Ok(there) => (
            fs::canonicalize(path).map_err(io)?,
            Some(there.permissions()),
        ),
        Err(_) => (path.to_path_buf(), None),
    };
    let beside = at.parent().unwrap_or(parent);
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX).suffix(UNFINISHED);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // What the user's mask leaves of it, as of any new file.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(beside).map_err(io)?;
    file.write_all(text.as_ref()).map_err(io)?;
    if let Some(permissions) = kept {
        file.as_file().set_permissions(permissions).map_err(io)?;
    }
    file.as_file().sync_data().map_err(io)?;
    file.persist(&at).map_err(|e| io(e.error))?;
    Ok(())
}

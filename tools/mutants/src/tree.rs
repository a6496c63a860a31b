//! The copy of the crate that is instrumented.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Result;

/// The switch, which becomes a module of the crate.
const RUNTIME: &str = include_str!("runtime.rs");

/// The files of the crate at `root` that git does not ignore, as they are on disk; its tools are no
/// part of it.
pub fn sources(root: &Path) -> Result<BTreeMap<PathBuf, Vec<u8>>> {
    let mut command = Command::new("git");
    command.current_dir(root).args([
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ]);
    let out = command.output()?;
    if !out.status.success() {
        return Err(String::from_utf8_lossy(&out.stderr).into());
    }
    let listed = String::from_utf8(out.stdout)?;
    let mut files = BTreeMap::new();
    for name in listed.split_terminator('\0') {
        if name.starts_with("tools/") {
            continue;
        }
        match fs::read(root.join(name)) {
            Ok(bytes) => {
                files.insert(name.into(), bytes);
            }
            // Deleted, and not yet committed so.
            Err(e) if e.kind() == ErrorKind::NotFound => (),
            Err(e) => return Err(format!("{name}: {e}").into()),
        }
    }
    Ok(files)
}

/// Gives the crate the module that the instrumented files call.
pub fn add_runtime(files: &mut BTreeMap<PathBuf, Vec<u8>>) -> Result<()> {
    let lib = files
        .get_mut(Path::new("src/lib.rs"))
        .ok_or("the crate has no src/lib.rs")?;
    lib.extend_from_slice(b"\n#[doc(hidden)]\npub mod mutants;\n");
    files.insert("src/mutants.rs".into(), RUNTIME.into());
    Ok(())
}

/// Writes what differs, so that only that is built again, and removes what is no longer there.
pub fn write(root: &Path, files: &BTreeMap<PathBuf, Vec<u8>>) -> Result<()> {
    let mut there = BTreeSet::new();
    if root.exists() {
        below(root, &mut there)?;
    }
    for path in there {
        if path
            .strip_prefix(root)
            .is_ok_and(|p| !files.contains_key(p))
        {
            fs::remove_file(path)?;
        }
    }
    for (name, bytes) in files {
        let path = root.join(name);
        if fs::read(&path).is_ok_and(|old| old == *bytes) {
            continue;
        }
        fs::create_dir_all(path.parent().unwrap_or(root))?;
        fs::write(&path, bytes)?;
    }
    Ok(())
}

fn below(dir: &Path, out: &mut BTreeSet<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            below(&entry.path(), out)?;
        } else {
            out.insert(entry.path());
        }
    }
    Ok(())
}

/// FNV-1a of files with their names.
pub fn hash<'a>(files: impl IntoIterator<Item = (&'a PathBuf, &'a Vec<u8>)>) -> String {
    let mut sum = 0xcbf2_9ce4_8422_2325_u64;
    for (name, bytes) in files {
        let name = name.as_os_str().as_encoded_bytes();
        let parts = [name, &[0], &bytes.len().to_le_bytes(), bytes];
        for byte in parts.into_iter().flatten() {
            sum = (sum ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    format!("{sum:016x}")
}

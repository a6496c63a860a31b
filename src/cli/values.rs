//! Values that several commands take: their defaults and how they are read.

use std::path::{Path, PathBuf};

use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::claims::{Catalogue, Profile};
use crate::error::Result;
use crate::files::Resume;
use crate::tol::MOST_DATA;

pub(super) use crate::report::LATEST;

/// The catalogue: the embedded claims and those of `--claims`, which take the place of embedded
/// ones of their name; that is said.
pub(super) fn catalogue(directory: Option<&PathBuf>) -> Result<Catalogue> {
    let mut catalogue = Catalogue::builtin()?;
    if let Some(dir) = directory {
        catalogue.add_directory(dir)?;
        let replaced = catalogue.replaced();
        if !replaced.is_empty() {
            let (names, dir) = (replaced.join(", "), dir.display());
            super::output::say(&format!(
                "claims of {dir} take the place of those built in: {names}"
            ));
        }
    }
    Ok(catalogue)
}

/// The profiles by name, which help and completions list.
pub(super) fn profile() -> impl TypedValueParser<Value = Profile> {
    let names = Profile::NAMES.map(|(name, _)| name);
    PossibleValuesParser::new(names).try_map(|name| Profile::from_name(&name))
}

/// When `--resume` goes on from an unfinished run.
pub(super) fn resume() -> impl TypedValueParser<Value = Resume> {
    PossibleValuesParser::new(["never", "if-any", "always"]).map(|name| match name.as_str() {
        "always" => Resume::Always,
        "if-any" => Resume::IfAny,
        _ => Resume::Never,
    })
}

/// I/N with 1 ≤ I ≤ N.
pub(super) fn shard(text: &str) -> std::result::Result<(usize, usize), String> {
    let parsed = text
        .split_once('/')
        .and_then(|(i, n)| Some((i.parse().ok()?, n.parse().ok()?)));
    match parsed {
        Some((i, n)) if 1 <= i && i <= n && n <= 10_000 => Ok((i, n)),
        _ => Err(format!("expected I/N with 1 ≤ I ≤ N ≤ 10000, got {text:?}")),
    }
}

/// From 1 to 10,000.
pub(super) fn times(text: &str) -> std::result::Result<usize, String> {
    match text.parse::<usize>() {
        Ok(n) if (1..=10_000).contains(&n) => Ok(n),
        _ => Err(format!("expected a number from 1 to 10000, got {text:?}")),
    }
}

/// Any seed.
pub(super) fn seed(text: &str) -> std::result::Result<u64, String> {
    let max = u64::MAX;
    text.parse()
        .map_err(|_| format!("expected a whole number from 0 to {max}"))
}

/// A probability in (0, 1).
pub(super) fn alpha(text: &str) -> std::result::Result<f64, String> {
    match text.parse::<f64>() {
        Ok(a) if a > 0.0 && a < 1.0 => Ok(a),
        _ => Err(format!("expected a number in (0, 1), got {text:?}")),
    }
}

/// At least one thread.
pub(super) fn jobs(text: &str) -> std::result::Result<usize, String> {
    match text.parse::<usize>() {
        Ok(n) if (1..=1024).contains(&n) => Ok(n),
        _ => Err(format!(
            "expected a number of threads from 1 to 1024, got {text:?}"
        )),
    }
}

/// Reads a file as text, within the bounds of such files.
pub(super) fn read(path: &Path) -> Result<String> {
    crate::files::read(path, MOST_DATA)
}

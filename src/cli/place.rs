//! Directories of output, and what the user is told of them.

use std::path::Path;

use super::output;
use crate::error::Result;
use crate::files::{Place, Resume, Tenant};

/// Takes a directory, and says what was found there.
pub(super) fn take(dir: &Path, tenant: Tenant, fingerprint: &str, resume: Resume) -> Result<Place> {
    let place = Place::open(dir, tenant, fingerprint, resume)?;
    place.news().iter().for_each(|text| output::say(text));
    Ok(place)
}

/// Puts the finished files in place, and says what could not be removed: the files stand all the
/// same.
pub(super) fn fill(place: Place) -> Result<()> {
    let left = place.finish()?;
    left.iter().for_each(|text| output::say(text));
    Ok(())
}

//! One call that certifies a map of one's own.

use crate::error::Error;
use crate::served::{Options, Report, ServedMap, ServedSpec, examine};

/// Why a served map is not certified.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum NotCertified {
    /// A check fails.
    Failed(Box<Report>),
    /// The description cannot be meant.
    Refused(Error),
}

impl std::fmt::Display for NotCertified {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Failed(report) => write!(f, "{report}"),
            Self::Refused(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for NotCertified {}

/// Examines a map Φ(w, λ) that is known only as a program (see [`crate::served`]).
///
/// # Errors
/// The report where a check fails, or the reason why the description is refused.
pub fn certify_map(
    spec: &ServedSpec,
    map: &mut dyn ServedMap,
    seed: u64,
) -> Result<Report, NotCertified> {
    let report = examine(spec, map, seed, &Options::default()).map_err(NotCertified::Refused)?;
    if report.holds() {
        Ok(report)
    } else {
        Err(NotCertified::Failed(Box::new(report)))
    }
}

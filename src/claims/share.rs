//! The false-alarm budget of the checks that sample.

use crate::error::Result;
use crate::stats::equal_share;

/// Statistical checks that may share one α. Fixed, so that a share depends neither on the profile
/// nor on the selection of claims, and a verdict can be replayed alone; a run with more of them
/// splits further.
pub const LEDGER_CAPACITY: usize = 1 << 14;

/// The false-alarm probability of each of the `planned` statistical checks of a whole run.
///
/// # Errors
/// When `alpha` is outside (0, 1].
pub fn share(alpha: f64, planned: usize) -> Result<f64> {
    equal_share(alpha, planned.max(LEDGER_CAPACITY))
}

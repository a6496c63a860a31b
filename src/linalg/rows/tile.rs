//! How many sums a loop holds at once.

/// Partial sums of a score.
pub(super) const LANES: usize = 8;

/// Rows whose scores are held before their sums are made.
pub(super) const BLOCK: usize = 36;

/// Rows of coefficients that are read together, where vectors hold so many numbers: as many as the
/// registers allow. [`super::kernel::scores`] takes the same.
pub(super) const fn group(lanes: usize) -> usize {
    match lanes {
        8 => 5,
        2 | 4 => 2,
        _ => 1,
    }
}

//! One false-alarm probability for a whole run, split over its statistical checks.
//!
//! Owns the splitting, fixed in advance. Must not know what is checked.
//!
//! **Guarantee.** Let a run make M checks, check i rejecting a true hypothesis with
//! probability at most α_i. By the union bound the probability of any false rejection in
//! the run is at most Σ α_i over the true hypotheses, whatever the dependence between the
//! checks; the shares of [`equal_share`] have Σ α_i ≤ α, in floating point too. A share depends on
//! the number of all checks of the whole run and on nothing a shard, a thread
//! or the order of execution could change: a check has the same verdict in every sharding, and the
//! shards of one run together spend α once.

use crate::error::{Error, Result};
use crate::tol;

use super::sequential::ALPHA;

/// α/M for each of the M = `checks` checks of the whole run, rounded down so that all shares sum to
/// at most α.
///
/// # Errors
/// When `alpha` is outside (0, 1], there are no checks, or the share underflows.
///
/// ```
/// use ratecert::stats::ledger::equal_share;
///
/// let share = equal_share(1e-9, 1000)?;
/// assert!(share < 1e-12 && share > 0.999e-12);
/// # Ok::<(), ratecert::Error>(())
/// ```
pub fn equal_share(alpha: f64, checks: usize) -> Result<f64> {
    ALPHA.check(alpha)?;
    if checks == 0 {
        return Err(Error::input("a ledger needs at least one check").in_field("checks"));
    }
    // The quotient and the product carry three roundings; the rest is room for a sum of the shares.
    let share = alpha * (1.0 / checks as f64) * (1.0 - 2.0 * tol::gamma(checks + 4));
    if share >= f64::MIN_POSITIVE {
        Ok(share)
    } else {
        Err(Error::input("the share underflows").in_field("alpha"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::Dd;

    #[test]
    fn shares_never_exceed_alpha() {
        let alpha = tol::RUN_ALPHA;
        for checks in [1, 2, 3, 7, 1000, 12_345] {
            let share = equal_share(alpha, checks).unwrap();
            let sum = Dd::from(share) * Dd::from(checks as f64);
            assert!(sum <= Dd::from(alpha) && sum.hi() > 0.999_999 * alpha);
            // Added one after the other, too.
            assert!((0..checks).fold(0.0, |sum, _| sum + share) <= alpha);
        }
    }

    #[test]
    fn bad_input_is_refused_by_name() {
        let field = |alpha, checks| {
            equal_share(alpha, checks)
                .unwrap_err()
                .field()
                .map(str::to_owned)
        };
        assert_eq!(field(0.0, 3).unwrap(), "alpha");
        assert_eq!(field(0.1, 0).unwrap(), "checks");
        assert_eq!(field(f64::MIN_POSITIVE, 3).unwrap(), "alpha");
    }
}

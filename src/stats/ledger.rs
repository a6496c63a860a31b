//! One false-alarm probability for a whole run, split over its statistical checks.
//!
//! Owns the splitting (shares fixed in advance) and Holm's step-down (after the fact).
//! Must not know what is checked.
//!
//! **Guarantee.** Let a run make M checks, check i rejecting a true hypothesis with
//! probability at most α_i. By the union bound the probability of any false rejection in
//! the run is at most Σ α_i over the true hypotheses, whatever the dependence between the
//! checks; [`Ledger`] makes shares with Σ α_i ≤ α, in floating point too. A share depends on
//! the number (or weights) of all checks of the whole run and on nothing a shard, a thread
//! or the order of execution could change: a check has the same verdict in every sharding, and the
//! shards of one run together spend α once.
//!
//! **Holm** (Scand. J. Statist. 6 (1979)). With p-values p_(1) ≤ … ≤ p_(M), reject (1), …, (j-1),
//! where j is the first index with p_(j) > α/(M-j+1). Proof that the probability of any false
//! rejection is at most α: let T be the set of true hypotheses, m = |T|. With probability at least 1-α every
//! p_i, i in T, exceeds α/m (union bound, P(p_i ≤ x) ≤ x). On that event let k be the rank
//! of the first true hypothesis; the k-1 before it are false, so k-1 ≤ M-m, M-k+1 ≥ m,
//! and p_(k) > α/m ≥ α/(M-k+1): the step-down stops there at the latest. ∎
//! An e-value e (nonnegative, mean at most 1 under the hypothesis) gives the p-value min(1, 1/e) by Markov's inequality.
//!
//! **Holm by shards.** With M the checks of the whole run, Holm on a shard's p-values
//! rejects only what Holm on the whole run rejects: let the whole run stop at p_(g) > α/(M-g+1) and
//! take the shard's smallest p-value p ≥ p_(g). At most g-1 of the shard's precede it, so its threshold
//! there is at most α/(M-g+1) < p: the shard stops too.

use crate::error::{Error, Result};
use crate::tol;

use super::sequential::ALPHA;

/// The false-alarm probability of a run where none is stated.
pub const DEFAULT_ALPHA: f64 = tol::RUN_ALPHA;

/// Shares of one α, fixed before any sample is drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Ledger {
    alpha: f64,
    checks: usize,
    /// One weight per check; empty for equal shares.
    weights: Vec<f64>,
    /// Sum of the weights, rounded.
    total: f64,
}

impl Ledger {
    /// α/M for each of the M = `checks` checks of the whole run.
    ///
    /// # Errors
    /// When `alpha` is outside (0, 1] or there are no checks.
    pub fn equal(alpha: f64, checks: usize) -> Result<Self> {
        ALPHA.check(alpha)?;
        if checks == 0 {
            return Err(Error::input("a ledger needs at least one check").in_field("checks"));
        }
        Ok(Self {
            alpha,
            checks,
            weights: Vec::new(),
            total: checks as f64,
        })
    }

    /// α w_i/Σw for check i: more for checks that need sensitivity. The weights
    /// must be chosen before the samples are drawn.
    ///
    /// # Errors
    /// When `alpha` is outside (0, 1], or a weight is not positive and finite, or there are none.
    pub fn weighted(alpha: f64, weights: &[f64]) -> Result<Self> {
        let mut ledger = Self::equal(alpha, weights.len())?;
        if let Some(i) = weights.iter().position(|w| !(*w > 0.0 && w.is_finite())) {
            return Err(Error::input(format!(
                "weights must be positive and finite, got {}",
                weights[i]
            ))
            .in_field(format!("weights[{i}]")));
        }
        ledger.total = weights.iter().sum();
        if !ledger.total.is_finite() {
            return Err(Error::input("weights are too large").in_field("weights"));
        }
        ledger.weights = weights.to_vec();
        Ok(ledger)
    }

    /// The probability split.
    pub fn alpha(&self) -> f64 {
        self.alpha
    }

    /// Number of checks of the whole run.
    pub fn checks(&self) -> usize {
        self.checks
    }

    /// The false-alarm probability of check `index`, rounded down so that all shares sum to at most α.
    ///
    /// # Errors
    /// When there is no such check, or its share underflows.
    pub fn share(&self, index: usize) -> Result<f64> {
        if index >= self.checks {
            return Err(Error::input(format!(
                "check {index} is not one of the {} that share alpha",
                self.checks
            ))
            .in_field("index"));
        }
        let weight = self.weights.get(index).copied().unwrap_or(1.0);
        // The sum of the weights carries checks-1 roundings, the share three more.
        let share = self.alpha * (weight / self.total) * (1.0 - 2.0 * tol::gamma(self.checks + 4));
        if share >= f64::MIN_POSITIVE {
            Ok(share)
        } else {
            Err(Error::input("the share underflows").in_field("alpha"))
        }
    }
}

/// Holm's step-down over the p-values of the whole run, or of one shard of it: which are
/// rejected at familywise level `alpha` when the run makes `checks` checks in all.
///
/// # Errors
/// When `alpha` is outside (0, 1], a p-value is outside [0, 1], or `checks` is less than their number.
pub fn holm(alpha: f64, checks: usize, p_values: &[f64]) -> Result<Vec<bool>> {
    ALPHA.check(alpha)?;
    if checks < p_values.len() {
        return Err(Error::input(format!(
            "{checks} checks cannot have {} p-values",
            p_values.len()
        ))
        .in_field("checks"));
    }
    if let Some(i) = p_values.iter().position(|p| !(0.0..=1.0).contains(p)) {
        return Err(Error::input(format!(
            "p-values must be between 0 and 1, got {}",
            p_values[i]
        ))
        .in_field(format!("p_values[{i}]")));
    }
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|a, b| p_values[*a].total_cmp(&p_values[*b]));
    let mut rejected = vec![false; p_values.len()];
    for (rank, &i) in order.iter().enumerate() {
        // p(M-j+1) > α, with the product rounded up.
        let left = (checks - rank) as f64;
        if p_values[i] * left * (1.0 + tol::gamma(4)) > alpha {
            break;
        }
        rejected[i] = true;
    }
    Ok(rejected)
}

/// min(1, 1/E) for an e-value given by its logarithm.
pub fn p_of_log_e_value(log_e_value: f64) -> f64 {
    (-log_e_value).exp().min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::summation;

    #[test]
    fn shares_never_exceed_alpha() {
        for checks in [1, 2, 3, 7, 1000, 12_345] {
            let l = Ledger::equal(DEFAULT_ALPHA, checks).unwrap();
            let sum = summation::sum((0..checks).map(|i| l.share(i).unwrap()));
            assert!(sum <= DEFAULT_ALPHA && sum > 0.999_999 * DEFAULT_ALPHA);
        }
        let w: Vec<f64> = (1..500).map(|i| 1.0 / f64::from(i)).collect();
        let l = Ledger::weighted(0.01, &w).unwrap();
        let sum = summation::sum((0..w.len()).map(|i| l.share(i).unwrap()));
        assert!(sum <= 0.01 && sum > 0.009_999_99);
        assert!((l.share(0).unwrap() / l.share(9).unwrap() - 10.0).abs() < 1e-12);
        assert_eq!((l.alpha(), l.checks()), (0.01, 499));
    }

    /// Holm's own kind of example, worked by hand: thresholds 0.05/4, /3, /2, /1.
    #[test]
    fn holm_by_hand() {
        let p = [0.01, 0.04, 0.03, 0.005];
        assert_eq!(holm(0.05, 4, &p).unwrap(), [true, false, false, true]);
        let p = [0.01, 0.04, 0.02, 0.005];
        assert_eq!(holm(0.05, 4, &p).unwrap(), [true; 4]);
        // Bonferroni would reject only two of them.
        assert_eq!(p.iter().filter(|p| **p <= 0.05 / 4.0).count(), 2);
        assert_eq!(holm(0.05, 4, &[]).unwrap(), Vec::<bool>::new());
    }

    /// Every split into two shards rejects a subset of the whole, and never less
    /// than Bonferroni.
    #[test]
    fn shards_of_holm_are_within_the_whole() {
        let p = [0.001, 0.2, 0.009, 0.0101, 0.012, 0.6, 0.006];
        let whole = holm(0.05, 7, &p).unwrap();
        for mask in 0_u32..128 {
            for side in [0, 1] {
                let members: Vec<usize> = (0..7).filter(|i| (mask >> i) & 1 == side).collect();
                let part: Vec<f64> = members.iter().map(|i| p[*i]).collect();
                for (i, r) in members.iter().zip(holm(0.05, 7, &part).unwrap()) {
                    assert!(!r || whole[*i]);
                    assert!(r || p[*i] > 0.05 / 7.0);
                }
            }
        }
        assert_eq!(whole.iter().filter(|r| **r).count(), 5);
    }

    #[test]
    fn bad_input_is_refused_by_name() {
        let field = |e: Error| e.field().map(str::to_owned);
        assert_eq!(field(Ledger::equal(0.0, 3).unwrap_err()).unwrap(), "alpha");
        assert_eq!(field(Ledger::equal(0.1, 0).unwrap_err()).unwrap(), "checks");
        assert_eq!(
            field(Ledger::weighted(0.1, &[1.0, 0.0]).unwrap_err()).unwrap(),
            "weights[1]"
        );
        let l = Ledger::equal(0.1, 3).unwrap();
        assert_eq!(field(l.share(3).unwrap_err()).unwrap(), "index");
        let tiny = Ledger::equal(f64::MIN_POSITIVE, 3).unwrap();
        assert_eq!(field(tiny.share(0).unwrap_err()).unwrap(), "alpha");
        assert_eq!(
            field(holm(0.1, 1, &[0.5; 2]).unwrap_err()).unwrap(),
            "checks"
        );
        assert_eq!(
            field(holm(0.1, 2, &[0.5, f64::NAN]).unwrap_err()).unwrap(),
            "p_values[1]"
        );
        assert_eq!(p_of_log_e_value(-3.0), 1.0);
        assert_eq!(p_of_log_e_value(f64::INFINITY), 0.0);
    }
}

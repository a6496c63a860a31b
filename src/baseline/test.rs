//! One comparison of recorded with new values: by instance, by ranks, by distance from theory.

use std::collections::BTreeMap;

use super::change::{Change, Significance, Standing};
use super::estimate::Estimated;
use super::sample::{Decided, Measured, Quantity, Sample, Series};
use crate::stats::ranks::{fisher_less, least_rank_sum, rank_sum};
use crate::tol::{
    BASELINE_FARTHER, BASELINE_FEWEST, BASELINE_RESAMPLED, BASELINE_ROUNDING, BASELINE_SHIFT,
};

/// One comparison, of a family or of all families of a check together.
pub(super) struct Test<'a> {
    claim: &'a str,
    family: &'a str,
    check: &'a str,
    /// Both drew the same instances.
    paired: bool,
    /// As many instances were decided as before: a value that is missing is lost.
    whole: bool,
    /// All recorded values of the check and quantity, of all families.
    recorded: Vec<&'a Sample>,
    what: What<'a>,
}

enum What<'a> {
    Values(Quantity, Vec<(&'a Sample, &'a Sample)>),
    Share(Decided, Decided),
}

/// The comparisons of a claim: each family by itself, and all families of a check together.
pub(super) fn tests<'a>(claim: &'a str, then: &'a Measured, now: &'a Measured) -> Vec<Test<'a>> {
    let paired = then.origin.draws_like(&now.origin);
    let mut out = Vec::new();
    let mut strata: BTreeMap<(&str, Quantity), Vec<(&Sample, &Sample)>> = BTreeMap::new();
    for (series, sample) in &now.samples {
        let Some(before) = then.samples.get(series) else {
            continue;
        };
        let Series {
            family,
            check,
            quantity,
        } = series;
        strata
            .entry((check, *quantity))
            .or_default()
            .push((before, sample));
        let counts = |m: &Measured| m.decided.get(&(family.clone(), check.clone())).copied();
        out.push(Test {
            claim,
            family,
            check,
            paired,
            whole: counts(then) == counts(now),
            recorded: recorded(then, check, *quantity),
            what: What::Values(*quantity, vec![(before, sample)]),
        });
    }
    let mut shares: BTreeMap<&str, (Decided, Decided, usize)> = BTreeMap::new();
    for ((family, check), is) in &now.decided {
        let Some(was) = then.decided.get(&(family.clone(), check.clone())) else {
            continue;
        };
        let all = shares.entry(check).or_default();
        for (sum, one) in [(&mut all.0, was), (&mut all.1, is)] {
            sum.decided = sum.decided.saturating_add(one.decided);
            sum.of = sum.of.saturating_add(one.of);
        }
        all.2 += 1;
        out.push(Test {
            claim,
            family,
            check,
            paired,
            whole: true,
            recorded: Vec::new(),
            what: What::Share(*was, *is),
        });
    }
    // Where instances are the same, families already say all there is.
    let together = |check, recorded, what| Test {
        claim,
        family: "",
        check,
        paired: false,
        whole: true,
        recorded,
        what,
    };
    for ((check, quantity), pairs) in strata {
        if pairs.len() > 1 && !(paired && quantity.is_deterministic()) {
            let all = recorded(then, check, quantity);
            out.push(together(check, all, What::Values(quantity, pairs)));
        }
    }
    for (check, (was, is, families)) in shares {
        if families > 1 && !paired {
            out.push(together(check, Vec::new(), What::Share(was, is)));
        }
    }
    out
}

/// The recorded values of a check and quantity, of all families.
fn recorded<'a>(then: &'a Measured, check: &str, quantity: Quantity) -> Vec<&'a Sample> {
    let own = |s: &Series| s.check == check && s.quantity == quantity;
    then.samples
        .iter()
        .filter(|(s, _)| own(s))
        .map(|(_, v)| v)
        .collect()
}

impl Test<'_> {
    fn is_statistical(&self) -> bool {
        match &self.what {
            What::Values(quantity, _) => !(self.paired && quantity.is_deterministic()),
            What::Share(..) => !self.paired,
        }
    }

    /// The least p-value it can have, where it is one by chance.
    pub(super) fn least(&self) -> Option<f64> {
        match &self.what {
            _ if !self.is_statistical() => None,
            What::Values(_, pairs) => {
                let sizes = pairs.iter().map(|(a, b)| (a.len(), b.len()));
                Some(least_rank_sum(&sizes.collect::<Vec<_>>()))
            }
            What::Share(was, is) => Some(2.0 * fisher_less((was.of, was.of), (0, is.of))),
        }
    }

    pub(super) fn can_tell(&self, alpha: f64) -> bool {
        let ratio = matches!(&self.what, What::Values(q, _) if q.is_ratio());
        ratio || self.least().is_none_or(|p| p < alpha)
    }

    pub(super) fn change(&self, alpha: f64) -> Option<Change> {
        match &self.what {
            What::Share(was, is) => self.of_share(*was, *is, alpha),
            What::Values(quantity, pairs) if self.is_statistical() => {
                let far = || self.by_distance(*quantity, pairs);
                // Other samples of the same instances still have the same exponent.
                let alike = self.paired && *quantity == Quantity::Exponent;
                let moved = || {
                    alike
                        .then(|| self.by_instance(*quantity, pairs[0]))
                        .flatten()
                };
                { self.by_ranks(*quantity, pairs, alpha) }
                    .or_else(far)
                    .or_else(moved)
            }
            What::Values(quantity, pairs) => self.by_instance(*quantity, pairs[0]),
        }
    }

    fn of_share(&self, was: Decided, is: Decided, alpha: f64) -> Option<Change> {
        let (before, now) = ((was.decided, was.of), (is.decided, is.of));
        let (standing, significance) = if self.paired {
            // The same draws decide the same way, but for what lies at a threshold: all is said.
            let standing = match was.share().total_cmp(&is.share()) {
                _ if was == is => return None,
                std::cmp::Ordering::Less => Standing::Improved,
                _ => Standing::LessDecided,
            };
            (standing, Significance::Exact(is.decided, is.of))
        } else {
            // Both sides are looked at: a half for each.
            let (less, more) = (fisher_less(before, now), fisher_less(now, before));
            let alpha = alpha / 2.0;
            if less < alpha {
                (Standing::LessDecided, Significance::Chance(less, alpha))
            } else if more < alpha {
                (Standing::Improved, Significance::Chance(more, alpha))
            } else {
                return None;
            }
        };
        Some(Change {
            check: self.check.into(),
            quantity: "decided".into(),
            old: Some(was.share()),
            interval: Some(was.interval()),
            new: Some(is.share()),
            significance: Some(significance),
            ..Change::of(standing, self.claim, self.family)
        })
    }

    /// Instance by instance: what is deterministic to rounding, exponents of samples coarsely.
    fn by_instance(&self, quantity: Quantity, (was, is): (&Sample, &Sample)) -> Option<Change> {
        let both = is
            .iter()
            .filter_map(|(n, new)| Some((*n, *was.get(n)?, *new)));
        let both: Vec<(usize, f64, f64)> = both.collect();
        let room = match quantity {
            Quantity::Exponent => BASELINE_RESAMPLED,
            _ => BASELINE_ROUNDING,
        };
        let moved = |(_, a, b): &&(usize, f64, f64)| (b / a - 1.0).abs() > room;
        let count = both.iter().filter(moved).count();
        let interval = Estimated::of(was).map(|e| e.interval);
        let lost: Vec<&usize> = was.keys().filter(|n| !is.contains_key(n)).collect();
        if let (0, Some(first), true) = (count, lost.first(), self.whole) {
            let mut change = Change::of(Standing::Gone, self.claim, self.family);
            (change.check, change.quantity) = (self.check.into(), quantity.name().into());
            change.instance = Some(format!("{}.{first}", self.family));
            change.count = lost.len();
            return Some(change);
        }
        if count == 0 {
            return None;
        }
        // The instance that moved most speaks, one that moved for the worse before all others: a
        // median may stand still, and a gain hides no loss.
        let worse = |p: &(usize, f64, f64)| standing(quantity, (p.1, p.2)) == Standing::Drifted;
        let far = |p: &(usize, f64, f64)| (worse(p), (p.2 / p.1).ln().abs());
        let farther = |a: &(usize, f64, f64), b: &(usize, f64, f64)| {
            let (a, b) = (far(a), far(b));
            a.0.cmp(&b.0).then(a.1.total_cmp(&b.1))
        };
        let some = both.iter().filter(moved).copied();
        let (n, old, new) = some.max_by(farther)?;
        let significance = Significance::Exact(count, both.len());
        let standing = standing(quantity, (old, new));
        let instance = Some(format!("{}.{n}", self.family));
        Some(Change {
            instance,
            ..self.moved(quantity, standing, (old, new), interval, significance)
        })
    }

    /// What theory says is 1, on other instances or of other samples: a median much farther from it
    /// than any recorded value of these families is no chance.
    fn by_distance(&self, quantity: Quantity, pairs: &[(&Sample, &Sample)]) -> Option<Change> {
        if !quantity.is_ratio() {
            return None;
        }
        let values = |side: usize| -> Sample {
            let of =
                |p: &(&Sample, &Sample)| [p.0, p.1][side].values().copied().collect::<Vec<_>>();
            pairs.iter().flat_map(of).enumerate().collect()
        };
        let (was, is) = (Estimated::of(&values(0))?, Estimated::of(&values(1))?);
        let recorded = || self.recorded.iter().flat_map(|s| s.values());
        if recorded().count() < BASELINE_FEWEST {
            return None;
        }
        let most = recorded().map(|v| (v - 1.0).abs()).fold(0.0, f64::max);
        let allowed = (BASELINE_FARTHER * most).max(BASELINE_SHIFT);
        let distance = (is.median - 1.0).abs();
        if !(distance > allowed) {
            return None;
        }
        let significance = Significance::Distance(distance, allowed);
        let (old, new) = (was.median, is.median);
        Some(self.moved(
            quantity,
            Standing::Drifted,
            (old, new),
            Some(was.interval),
            significance,
        ))
    }

    /// By ranks: a shift that is significant, large enough to matter, and beyond what was recorded.
    fn by_ranks(
        &self,
        quantity: Quantity,
        pairs: &[(&Sample, &Sample)],
        alpha: f64,
    ) -> Option<Change> {
        let strata: Vec<(Vec<f64>, Vec<f64>)> =
            pairs.iter().map(|(a, b)| (coarse(a), coarse(b))).collect();
        let p = rank_sum(&strata);
        if !(p < alpha) {
            return None;
        }
        // Families may be decades apart: a shift is one within families, and so is its size.
        let middle = |s: &Sample| Estimated::of(s).map(|e| e.median.ln());
        let each = pairs
            .iter()
            .filter_map(|(a, b)| Some((middle(a)?, middle(b)?)));
        let each: Vec<(f64, f64)> = each.collect();
        let typical = |values: Vec<f64>| {
            let values: Sample = values.into_iter().enumerate().collect();
            Estimated::of(&values).map(|e| e.median)
        };
        let old = typical(each.iter().map(|e| e.0).collect())?.exp();
        let shift = typical(each.iter().map(|e| e.1 - e.0).collect())?.exp();
        let interval = match pairs {
            [(was, _)] => Estimated::of(was).map(|e| e.interval),
            _ => None,
        };
        let inside = interval.is_some_and(|[lo, hi]| lo <= old * shift && old * shift <= hi);
        if (shift - 1.0).abs() < BASELINE_SHIFT || inside {
            return None;
        }
        let most = (old, old * shift);
        let significance = Significance::Chance(p, alpha);
        let standing = standing(quantity, most);
        Some(self.moved(quantity, standing, most, interval, significance))
    }

    fn moved(
        &self,
        quantity: Quantity,
        standing: Standing,
        (old, new): (f64, f64),
        interval: Option<[f64; 2]>,
        significance: Significance,
    ) -> Change {
        Change {
            check: self.check.into(),
            quantity: quantity.name().into(),
            old: Some(old),
            interval,
            new: Some(new),
            significance: Some(significance),
            ..Change::of(standing, self.claim, self.family)
        }
    }
}

/// Nearer to theory is better, more of a rounding floor to spare too. A bound is a statement: that
/// it is looser or tighter than it was wants to be known.
fn standing(quantity: Quantity, (old, new): (f64, f64)) -> Standing {
    let better = match quantity {
        Quantity::Rate | Quantity::Constant | Quantity::Exponent => new.ln().abs() < old.ln().abs(),
        Quantity::Floor => new > old,
        Quantity::Slack | Quantity::SampledSlack => false,
    };
    if better {
        Standing::Improved
    } else {
        Standing::Drifted
    }
}

/// Logarithms of values, those that differ by rounding tied.
fn coarse(sample: &Sample) -> Vec<f64> {
    let round = |v: &f64| (libm::log(*v) / BASELINE_ROUNDING).round();
    sample.values().map(round).collect()
}

//! A run against its baseline.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::change::{Change, Significance, Standing};
use super::estimate::Estimated;
use super::sample::{Decided, Measured, Quantity, Sample, Series};
use crate::stats::ranks::{fisher_less, rank_sum};
use crate::tol::{BASELINE_ALPHA, BASELINE_ROUNDING, BASELINE_SHIFT};

/// What a comparison found.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Comparison {
    /// The worst first, then by claim.
    pub changes: Vec<Change>,
    /// Claims that were compared.
    pub claims: usize,
    /// Claims that drew the same instances as the baseline.
    pub same_instances: usize,
    /// Recorded claims that were not run.
    pub not_run: usize,
    /// Quantities and shares that were compared.
    pub compared: usize,
}

impl Comparison {
    /// How many changes stand like this.
    pub fn count(&self, standing: Standing) -> usize {
        self.changes
            .iter()
            .filter(|c| c.standing == standing)
            .count()
    }

    /// Something asks for a decision.
    pub fn has_drift(&self) -> bool {
        self.changes.iter().any(|c| c.standing.is_drift())
    }

    /// Some verdict fails.
    pub fn is_violated(&self) -> bool {
        self.count(Standing::Violated) > 0
    }
}

/// Claims of a run by name with what they measured, against those of a baseline. `exists` says
/// whether a recorded claim that was not run is still there.
pub fn compare(
    old: &BTreeMap<String, Measured>,
    new: &BTreeMap<String, Measured>,
    exists: impl Fn(&str) -> bool,
) -> Comparison {
    let tests: Vec<Test<'_>> = new
        .iter()
        .filter_map(|(claim, now)| Some((claim, old.get(claim)?, now)))
        .flat_map(|(claim, then, now)| tests(claim, then, now))
        .collect();
    let chances = tests.iter().filter(|t| t.is_statistical()).count();
    let alpha = BASELINE_ALPHA / chances.max(1) as f64;
    let mut out = Comparison {
        compared: tests.len(),
        ..Comparison::default()
    };
    for (claim, now) in new {
        if let Some(first) = now.violated.first() {
            let mut change = Change::of(Standing::Violated, claim, "");
            change.check = first
                .strip_prefix(&format!("{claim}/"))
                .unwrap_or(first)
                .into();
            out.changes.push(change);
        }
        let Some(then) = old.get(claim) else {
            out.changes.push(Change::of(Standing::New, claim, ""));
            continue;
        };
        out.claims += 1;
        out.same_instances += usize::from(then.origin.draws_like(&now.origin));
        let (was, is) = (checks(then), checks(now));
        let of = |standing, (family, check): &(String, String)| {
            let mut change = Change::of(standing, claim, family);
            change.check.clone_from(check);
            change
        };
        out.changes
            .extend(is.difference(&was).map(|c| of(Standing::New, c)));
        out.changes
            .extend(was.difference(&is).map(|c| of(Standing::Gone, c)));
    }
    for claim in old.keys().filter(|c| !new.contains_key(*c)) {
        if exists(claim) {
            out.not_run += 1;
        } else {
            out.changes.push(Change::of(Standing::Gone, claim, ""));
        }
    }
    out.changes
        .extend(tests.iter().filter_map(|t| t.change(alpha)));
    out.changes.sort_by(|a, b| {
        let key = |c: &Change| {
            (
                c.standing,
                c.claim.clone(),
                c.family.clone(),
                c.check.clone(),
            )
        };
        key(a).cmp(&key(b))
    });
    out
}

fn checks(m: &Measured) -> BTreeSet<(String, String)> {
    m.decided.keys().cloned().collect()
}

/// One comparison, of a family or of all families of a check together.
struct Test<'a> {
    claim: &'a str,
    family: &'a str,
    check: &'a str,
    /// Both drew the same instances.
    paired: bool,
    what: What<'a>,
}

enum What<'a> {
    Values(Quantity, Vec<(&'a Sample, &'a Sample)>),
    Share(Decided, Decided),
}

/// The comparisons of a claim: each family by itself, and all families of a check together.
fn tests<'a>(claim: &'a str, then: &'a Measured, now: &'a Measured) -> Vec<Test<'a>> {
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
        out.push(Test {
            claim,
            family,
            check,
            paired,
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
            sum.decided += one.decided;
            sum.of += one.of;
        }
        all.2 += 1;
        out.push(Test {
            claim,
            family,
            check,
            paired,
            what: What::Share(*was, *is),
        });
    }
    // Where instances are the same, families already say all there is.
    let together = |check, what| Test {
        claim,
        family: "",
        check,
        paired: false,
        what,
    };
    for ((check, quantity), pairs) in strata {
        if pairs.len() > 1 && !(paired && quantity.is_deterministic()) {
            out.push(together(check, What::Values(quantity, pairs)));
        }
    }
    for (check, (was, is, families)) in shares {
        if families > 1 && !paired {
            out.push(together(check, What::Share(was, is)));
        }
    }
    out
}

impl Test<'_> {
    fn is_statistical(&self) -> bool {
        match &self.what {
            What::Values(quantity, _) => !(self.paired && quantity.is_deterministic()),
            What::Share(..) => !self.paired,
        }
    }

    fn change(&self, alpha: f64) -> Option<Change> {
        match &self.what {
            What::Share(was, is) => self.of_share(*was, *is, alpha),
            What::Values(quantity, pairs) if self.is_statistical() => {
                self.by_ranks(*quantity, pairs, alpha)
            }
            What::Values(quantity, pairs) => self.by_instance(*quantity, pairs[0]),
        }
    }

    fn of_share(&self, was: Decided, is: Decided, alpha: f64) -> Option<Change> {
        let (before, now) = ((was.decided, was.of), (is.decided, is.of));
        let (standing, significance) = if self.paired {
            // The same draws decide the same way, but for what lies at a threshold: all is said.
            let standing = match was.share().total_cmp(&is.share()) {
                std::cmp::Ordering::Greater => Standing::LessDecided,
                std::cmp::Ordering::Less => Standing::Improved,
                std::cmp::Ordering::Equal => return None,
            };
            (standing, Significance::Exact(is.decided, is.of))
        } else {
            let (less, more) = (fisher_less(before, now), fisher_less(now, before));
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

    /// What is deterministic, instance by instance, to rounding.
    fn by_instance(&self, quantity: Quantity, (was, is): (&Sample, &Sample)) -> Option<Change> {
        let both = is.iter().filter_map(|(n, new)| Some((*was.get(n)?, *new)));
        let both: Vec<(f64, f64)> = both.collect();
        let moved = |(a, b): &&(f64, f64)| (b / a - 1.0).abs() > BASELINE_ROUNDING;
        let count = both.iter().filter(moved).count();
        if count == 0 {
            return None;
        }
        // The instance that moved most speaks: a median may stand still.
        let far = |p: &(f64, f64)| (p.1 / p.0).ln().abs();
        let most = both
            .iter()
            .copied()
            .max_by(|a, b| far(a).total_cmp(&far(b)))?;
        let significance = Significance::Exact(count, both.len());
        let standing = standing(quantity, most);
        let interval = Estimated::of(was).map(|e| e.interval);
        Some(self.moved(quantity, standing, most, interval, significance))
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
        let pooled = |side: &[f64]| side.iter().copied().enumerate().collect::<Sample>();
        let (before, now): (Vec<_>, Vec<_>) = strata.into_iter().unzip();
        let was = Estimated::of(&pooled(&before.concat()))?;
        let is = Estimated::of(&pooled(&now.concat()))?;
        let shift = (is.median / was.median - 1.0).abs();
        let inside = was.interval[0] <= is.median && is.median <= was.interval[1];
        if shift < BASELINE_SHIFT || inside {
            return None;
        }
        let most = (was.median, is.median);
        let significance = Significance::Chance(p, alpha);
        let standing = standing(quantity, most);
        Some(self.moved(quantity, standing, most, Some(was.interval), significance))
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
        Quantity::Rate | Quantity::Constant => new.ln().abs() < old.ln().abs(),
        Quantity::Floor | Quantity::Shift => new > old,
        Quantity::Slack => false,
    };
    if better {
        Standing::Improved
    } else {
        Standing::Drifted
    }
}

/// Values that differ by rounding count as tied.
fn coarse(sample: &Sample) -> Vec<f64> {
    let round = |v: &f64| {
        let step = libm::ceil(libm::log10(*v)) as i32;
        let unit = libm::pow(10.0, f64::from(step)) * BASELINE_ROUNDING;
        (v / unit).round() * unit
    };
    sample.values().map(round).collect()
}

//! A run against its baseline.

use std::collections::BTreeMap;

use serde::Serialize;

use super::change::{Change, Standing};
use super::coverage::coverage;
use super::sample::Measured;
use super::test::{Test, tests};
use crate::tol::BASELINE_ALPHA;

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
    /// Quantities and shares that were compared, of families and of all families together.
    pub compared: usize,
    /// Those of them that could have shown something: a few instances on each side show nothing by
    /// ranks.
    pub telling: usize,
    /// The profile of the baseline, where it is not that of the run.
    pub other_profile: Option<String>,
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
    let alpha = shared_alpha(&tests);
    let mut out = Comparison {
        compared: tests.len(),
        telling: tests.iter().filter(|t| t.can_tell(alpha)).count(),
        ..Comparison::default()
    };
    for (claim, now) in new {
        if let Some(worst) = &now.worst {
            let mut change = Change::of(Standing::Violated, claim, "");
            (change.instance, change.count) = (Some(worst.clone()), now.violated);
            out.changes.push(change);
        }
        let Some(then) = old.get(claim) else {
            out.changes.push(Change::of(Standing::New, claim, ""));
            continue;
        };
        out.claims += 1;
        out.same_instances += usize::from(then.origin.draws_like(&now.origin));
        if then.origin.profile != now.origin.profile {
            out.other_profile
                .get_or_insert_with(|| then.origin.profile.clone());
        }
        out.changes.extend(coverage(claim, then, now));
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

/// What each test by chance has to be below: the false-alarm probability of all, shared by those
/// that can get there at all. A test whose least p-value is above its share never rejects, and
/// costs nothing (Tarone 1990).
fn shared_alpha(tests: &[Test<'_>]) -> f64 {
    let mut least: Vec<f64> = tests.iter().filter_map(Test::least).collect();
    least.sort_by(f64::total_cmp);
    let fits = |k: &usize| {
        let share = BASELINE_ALPHA / *k as f64;
        least.iter().take_while(|p| **p < share).count() <= *k
    };
    let k = (1..=least.len().max(1)).find(fits).unwrap_or(1);
    BASELINE_ALPHA / k as f64
}

//! What a baseline has and a run has not, and the reverse.

use std::collections::BTreeSet;

use super::change::{Change, Standing};
use super::sample::{Measured, Quantity, Series};

/// What is recorded and no longer there, and the reverse: checks by family, then quantities.
/// Another profile may draw nothing of a family, so that what it lacks is not gone.
pub(super) fn coverage(claim: &str, then: &Measured, now: &Measured) -> Vec<Change> {
    let checks = |m: &Measured| m.decided.keys().cloned().collect::<BTreeSet<_>>();
    let (was, is) = (checks(then), checks(now));
    let mut out = Vec::new();
    if then.origin.profile == now.origin.profile {
        out.extend(grouped(Standing::Gone, claim, &was, &is));
    }
    out.extend(grouped(Standing::New, claim, &is, &was));
    // On other instances a quantity may have no finite value by chance, but not in all families.
    let paired = then.origin.draws_like(&now.origin);
    let key = |s: &Series| {
        let family = if paired {
            s.family.clone()
        } else {
            String::new()
        };
        (family, s.check.clone(), s.quantity)
    };
    let series = |m: &Measured| m.samples.keys().map(key).collect::<BTreeSet<_>>();
    let (had, has) = (series(then), series(now));
    let told = |family: &str, check: &str| {
        let counts = |m: &Measured| m.decided.get(&(family.into(), check.into())).copied();
        counts(then) != counts(now)
    };
    for (family, check, quantity) in had.difference(&has) {
        // Some checks count in floors only where a verdict is decided by rounding.
        if !paired && *quantity == Quantity::Floor {
            continue;
        }
        if !told(family, check) && then.origin.profile == now.origin.profile {
            let mut change = Change::of(Standing::Gone, claim, family);
            (change.check, change.quantity) = (check.clone(), quantity.name().into());
            out.push(change);
        }
    }
    out
}

/// What is in `all` and not in `others`: a claim, a family or a check at a time, whatever is whole.
fn grouped(
    standing: Standing,
    claim: &str,
    all: &BTreeSet<(String, String)>,
    others: &BTreeSet<(String, String)>,
) -> Vec<Change> {
    let of = |family: &str, check: &str, count: usize| {
        let mut change = Change::of(standing, claim, family);
        (change.check, change.count) = (check.into(), count);
        change
    };
    let missing: Vec<&(String, String)> = all.difference(others).collect();
    if missing.len() == all.len() && !missing.is_empty() {
        return vec![of("", "", missing.len())];
    }
    let mut out: Vec<Change> = Vec::new();
    let families: BTreeSet<&str> = missing.iter().map(|m| m.0.as_str()).collect();
    for family in families {
        let own = |m: &&&(String, String)| m.0 == family;
        let gone: Vec<_> = missing.iter().filter(own).collect();
        if others.iter().any(|o| o.0 == family) {
            out.extend(gone.iter().map(|m| of(family, &m.1, 1)));
        } else {
            out.push(of(family, "", gone.len()));
        }
    }
    out
}

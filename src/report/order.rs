//! What of two verdicts a report names first.

use std::cmp::Ordering;

use crate::claims::Verdict;

/// Failing verdicts by how little of their room is left; what has no number before all, for nothing
/// is worse. Slacks decide where headrooms do not: records of older runs have none.
pub(super) fn worst_first(a: &Verdict, b: &Verdict) -> Ordering {
    let by = |x: f64, y: f64| y.is_nan().cmp(&x.is_nan()).then(x.total_cmp(&y));
    by(a.headroom, b.headroom).then_with(|| by(a.slack, b.slack))
}

/// Bounds attained by design after others, what has no headroom last.
pub(super) fn by_headroom(a: &Verdict, b: &Verdict) -> Ordering {
    let key = |v: &Verdict| (v.attained, v.headroom.is_nan());
    { key(a).cmp(&key(b)) }.then_with(|| a.headroom.total_cmp(&b.headroom))
}

/// Least slack first, what has none last.
pub(super) fn by_slack(a: &Verdict, b: &Verdict) -> Ordering {
    let key = |v: &Verdict| v.slack.is_nan();
    { key(a).cmp(&key(b)) }.then_with(|| a.slack.total_cmp(&b.slack))
}

//! The closest call: the check from both sides that came nearest to failing; of what is violated
//! the worst violation.
//!
//! Owns which verdict that is, and how it is said. Bounds attained by design do not count; where
//! there is nothing else, an attained one is shown and called so.

use super::spans::{Span, spans};
use super::words::{beyond, digits, headroom};
use crate::checks::{Ruling, Unit};
use crate::claims::Verdict;
use crate::instances::Spec;
use crate::report::order::worst_first;
use crate::report::tally::Tally;

/// The verdict with the least headroom of some claims.
pub(in crate::report) struct Closest<'a> {
    /// It fails.
    pub(super) fails: bool,
    pub(super) claim: &'a str,
    pub(super) instance: &'a str,
    /// Its sizes: dim 3, params 2, q 0.946.
    pub(super) sizes: String,
    /// How close, in words.
    pub(super) words: String,
    pub(super) detail: Vec<Span>,
    pub(super) replay: &'a str,
    /// ×1.66 floor, attained, ...
    pub(in crate::report) headroom: String,
}

/// Of one claim or several: the worst violation where there is one (what is not a number before
/// all), else the closest call.
pub(in crate::report) fn nearest<'a>(claims: &[&Tally<'a>]) -> Option<Closest<'a>> {
    let worst = claims.iter().filter_map(|t| t.failing.first().copied());
    let worst = worst.min_by(|a, b| worst_first(a, b));
    let calls = || closest(claims.iter().flat_map(|t| t.verdicts.iter().copied()));
    worst.map(Closest::of).or_else(calls)
}

/// Among passing verdicts: a check from both sides; else whatever has a headroom; else one that is
/// attained; else none.
pub(super) fn closest<'a>(
    verdicts: impl Iterator<Item = &'a Verdict> + Clone,
) -> Option<Closest<'a>> {
    let passing = verdicts.filter(|v| v.status == Ruling::Pass);
    let least = |wanted: &dyn Fn(&Verdict) -> bool| {
        let some = passing
            .clone()
            .filter(|v| v.headroom.is_finite() && wanted(v));
        some.min_by(|a, b| a.headroom.total_cmp(&b.headroom))
    };
    let two_sided =
        |v: &Verdict| !v.attained && matches!(v.unit, Some(Unit::Floor | Unit::Tolerance));
    let measured =
        |v: &Verdict| !v.attained && !matches!(v.unit, None | Some(Unit::Exact | Unit::Shift));
    let found = least(&two_sided).or_else(|| least(&measured));
    let found = found.or_else(|| least(&|v| v.attained));
    found.or_else(|| passing.clone().next()).map(Closest::of)
}

impl<'a> Closest<'a> {
    fn of(v: &'a Verdict) -> Self {
        Self {
            fails: v.status == Ruling::Fail,
            claim: &v.claim,
            instance: &v.instance.id,
            sizes: sizes(&v.instance.spec),
            words: words(v),
            detail: spans(&v.detail),
            replay: &v.replay,
            headroom: headroom(v),
        }
    }
}

/// What an instance is, in a few words.
fn sizes(spec: &Spec) -> String {
    let mut out = format!(
        "dim {}, params {}, rows {}, q {}",
        spec.dim,
        spec.params,
        spec.rows,
        digits(spec.q)
    );
    if let Some(margin) = spec.margin {
        out += &format!(", margin {}", digits(margin));
    }
    out
}

fn words(v: &Verdict) -> String {
    if v.status == Ruling::Fail {
        return match beyond(v) {
            factor if factor.is_empty() => "it fails.".into(),
            factor => format!("{factor}."),
        };
    }
    if v.attained {
        return "the bound is attained by design, so that a smaller one would have failed.".into();
    }
    let used = |what: &str| {
        let part = 100.0 / v.headroom;
        let part = if part < 1.0 {
            digits(part)
        } else {
            format!("{part:.0}")
        };
        format!("the deviation is {part} % of {what}.")
    };
    match v.unit {
        Some(Unit::Floor) if v.headroom.is_finite() => used("what rounding may do"),
        Some(Unit::Tolerance) if v.headroom.is_finite() => used("what is accepted"),
        Some(Unit::Bound) if v.headroom.is_finite() => {
            format!(
                "an error {} times as large would have failed.",
                digits(v.headroom)
            )
        }
        Some(Unit::Modulus) if v.headroom.is_finite() => {
            format!(
                "what was sampled is {} % of the constant.",
                digits(100.0 / v.headroom)
            )
        }
        Some(Unit::Excess) if v.headroom.is_finite() => {
            format!(
                "what was measured is {} times what it has to exceed.",
                digits(v.headroom)
            )
        }
        Some(Unit::Exact) => "an equality of exact numbers, which has no headroom.".into(),
        _ => "it holds, and no headroom was recorded.".into(),
    }
}

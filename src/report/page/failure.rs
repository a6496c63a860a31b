//! What fails: a card per violated claim, with what to do now.
//!
//! Owns which failing verdict stands for a claim and what is said of it. The numbers are recorded
//! ones.

use super::spans::{Span, spans};
use super::words::{beyond, counted, digits, grouped};
use crate::checks::{Data, Unit};
use crate::claims::{Diagnosis, Record, Smallest, Verdict};
use crate::faults::{Fault, catalogue};
use crate::instances::Spec;
use crate::report::tally::Tally;
use crate::tol::CONFIDENT;

/// Failing verdicts listed in a card.
const SHOWN: usize = 12;
/// The card of a violated claim.
pub(super) struct Failure<'a> {
    pub(super) stem: String,
    pub(super) name: &'a str,
    pub(super) title: Vec<Span>,
    pub(super) titled: bool,
    /// "1 verdict of 144 fails".
    pub(super) share: String,
    pub(super) theorem: &'a str,
    /// The verdict that stands for the claim: the worst of those whose curve is recorded, so that
    /// picture and numbers speak of one instance; else the worst.
    pub(super) instance: &'a str,
    pub(super) id: &'a str,
    pub(super) check: &'a str,
    pub(super) measured: String,
    pub(super) allowed: String,
    /// What the second number is.
    pub(super) allowed_is: &'static str,
    /// How far beyond; empty where that has no meaning.
    pub(super) factor: String,
    pub(super) step: Option<usize>,
    pub(super) detail: Vec<Span>,
    pub(super) suspects: Vec<Suspect>,
    /// What is said where there is no suspect.
    pub(super) looks: &'static str,
    pub(super) smallest: Option<SmallestView>,
    pub(super) replay: &'a str,
    pub(super) rows: Vec<FailingRow<'a>>,
    pub(super) more: usize,
    pub(super) drawing: Option<Drawing>,
}

/// A fault that the failing implementation looks like.
pub(super) struct Suspect {
    pub(super) name: String,
    /// What is wrong, in the words of the catalogue; empty where it does not know the name.
    pub(super) about: &'static str,
    pub(super) confidence: String,
}

/// The smallest failing instance as a table.
pub(super) struct SmallestView {
    pub(super) rows: Vec<(String, String)>,
    /// The command that writes it to a file.
    pub(super) command: String,
    /// Its kind and dimension in a few words.
    pub(super) words: String,
}

/// One failing verdict.
pub(super) struct FailingRow<'a> {
    pub(super) name: &'a str,
    pub(super) measured: String,
    pub(super) bound: String,
}

/// What it looks like, wide and narrow.
pub(super) struct Drawing {
    pub(super) wide: String,
    pub(super) narrow: Option<String>,
    pub(super) title: String,
    pub(super) caption: String,
    /// Whether it is a curve.
    pub(super) is_curve: bool,
}

impl<'a> Failure<'a> {
    fn new(tally: &Tally<'a>, stem: &str, records: &[Record], known: &[Fault]) -> Option<Self> {
        let worst: &Verdict = tally.failing.first()?;
        let (shown, curve) = exemplar(tally, records).map_or((worst, None), |e| (e.0, Some(e.1)));
        // What is said of it comes before what is known of others.
        let others = tally.failing.iter().copied().filter(|v| v.id != shown.id);
        let ordered: Vec<&Verdict> = std::iter::once(shown).chain(others).collect();
        let title = tally.info.map_or("", |i| i.title.as_str());
        let counts = &tally.standing.counts;
        let fails = if counts.fail == 1 { "fails" } else { "fail" };
        let (suspects, looks) = suspects(&ordered, known);
        let smallest = ordered.iter().find_map(|v| v.smallest.as_ref());
        Some(Self {
            stem: stem.to_owned(),
            name: tally.claim,
            title: spans(if title.is_empty() { tally.claim } else { title }),
            titled: !title.is_empty(),
            share: format!(
                "{} of {} {fails}",
                counted(counts.fail, "verdict"),
                grouped(counts.total())
            ),
            theorem: tally.theorem,
            instance: &shown.instance.id,
            id: &shown.id,
            check: &shown.check,
            measured: digits(shown.measured),
            allowed: digits(shown.bound),
            allowed_is: allowed_is(shown.unit),
            factor: beyond(shown),
            step: shown.step,
            detail: spans(&shown.detail),
            suspects,
            looks,
            smallest: smallest.map(SmallestView::of),
            replay: &shown.replay,
            rows: { tally.failing.iter().take(SHOWN) }
                .map(|v| FailingRow::of(v))
                .collect(),
            more: tally.standing.counts.fail.saturating_sub(SHOWN),
            drawing: drawing(tally, shown, curve),
        })
    }
}

impl<'a> FailingRow<'a> {
    fn of(v: &'a Verdict) -> Self {
        let name = v.id.strip_prefix(v.claim.as_str());
        Self {
            name: name.map_or(v.id.as_str(), |n| n.trim_start_matches('/')),
            measured: digits(v.measured),
            bound: digits(v.bound),
        }
    }
}

/// A card per violated claim, in the order of the claims; `stems` are their ids.
pub(super) fn failures<'a>(
    claims: &[Tally<'a>],
    stems: &[String],
    records: &[Record],
) -> Vec<Failure<'a>> {
    if claims.iter().all(|t| t.failing.is_empty()) {
        return Vec::new();
    }
    let known = catalogue();
    let each = claims.iter().zip(stems);
    each.filter_map(|(t, stem)| Failure::new(t, stem, records, &known))
        .collect()
}

/// What the measured value was compared with.
fn allowed_is(unit: Option<Unit>) -> &'static str {
    match unit {
        Some(Unit::Floor) => "allowed by rounding",
        Some(Unit::Tolerance) => "predicted",
        Some(Unit::Modulus) => "the constant",
        Some(Unit::Excess) => "to be exceeded",
        Some(Unit::Shift) => "expected",
        _ => "allowed",
    }
}

/// Who did it, as far as that is certain; else what can be said.
fn suspects(failing: &[&Verdict], known: &[Fault]) -> (Vec<Suspect>, &'static str) {
    let mut found: Vec<Suspect> = Vec::new();
    let mut looks = "No diagnosis was made.";
    for diagnosis in failing.iter().filter_map(|v| v.diagnosis.as_ref()) {
        match diagnosis {
            Diagnosis::LooksRight => looks = "Its answers are right where the diagnosis looked.",
            Diagnosis::Unknown => looks = "No fault of the catalogue explains it, or too many do.",
            Diagnosis::Names(names) => {
                looks = "No fault of the catalogue explains it with a confidence of 0.5.";
                for n in names.iter().filter(|n| n.confidence >= CONFIDENT) {
                    if found.iter().all(|s| s.name != n.fault) {
                        let row = known.iter().find(|f| f.name == n.fault);
                        found.push(Suspect {
                            name: n.fault.clone(),
                            about: row.map_or("", |f| f.about),
                            confidence: format!("{:.2}", n.confidence),
                        });
                    }
                }
            }
        }
        if !found.is_empty() {
            break;
        }
    }
    (found, looks)
}

impl SmallestView {
    fn of(smallest: &Smallest) -> Self {
        let spec = serde_json::to_value(&smallest.spec).unwrap_or_default();
        let fields = spec.as_object().cloned().unwrap_or_default();
        let known = Spec::FIELDS
            .iter()
            .filter_map(|name| fields.get_key_value(*name));
        let others = fields
            .iter()
            .filter(|(name, _)| !Spec::FIELDS.contains(&name.as_str()));
        let cell = |value: &serde_json::Value| match value {
            serde_json::Value::Number(n) if n.is_f64() => digits(n.as_f64().unwrap_or(f64::NAN)),
            serde_json::Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let mut rows: Vec<(String, String)> = { known.chain(others) }
            .map(|(name, value)| (name.clone(), cell(value)))
            .collect();
        rows.push(("seed".into(), smallest.seed.to_string()));
        rows.push(("measured".into(), digits(smallest.measured)));
        rows.push(("bound".into(), digits(smallest.bound)));
        Self {
            rows,
            command: format!(
                "ratecert generate --spec '{}' --seed {}",
                serde_json::to_string(&smallest.spec).unwrap_or_default(),
                smallest.seed
            ),
            words: format!("smallest instance d\u{a0}=\u{a0}{}", smallest.spec.dim),
        }
    }
}

/// The worst failing verdict whose instance has a recorded curve, and that record.
fn exemplar<'v, 'r>(tally: &Tally<'v>, records: &'r [Record]) -> Option<(&'v Verdict, &'r Record)> {
    let curve = |v: &Verdict| {
        records.iter().find(|r| {
            matches!(r.data, Data::Curve(_))
                && r.origin.claim == v.claim
                && r.origin.instance() == v.instance.id
        })
    };
    let drawn = |v: &&'v Verdict| curve(v).map(|r| (*v, r));
    tally.failing.iter().find_map(drawn)
}

/// The curve of the verdict that stands for the claim where one is recorded, else all instances of
/// the claim.
#[cfg(feature = "plots")]
fn drawing(tally: &Tally<'_>, shown: &Verdict, curve: Option<&Record>) -> Option<Drawing> {
    use super::packed::packed;
    use crate::checks::Ruling;
    use crate::report::figures::{spread, violation};

    let drawn = curve.and_then(|r| violation(r, shown.step, shown.bound));
    if let Some(([wide, narrow], ringed)) = drawn {
        let said = match (shown.step, ringed) {
            (Some(step), true) => format!("The first violating step is {step}, ringed."),
            (Some(step), false) => format!("The first violating step is {step}, not shown here."),
            (None, _) => "No step is singled out.".into(),
        };
        return Some(Drawing {
            wide: packed(&wide),
            narrow: Some(packed(&narrow)),
            title: format!("Error and bounds on {}", shown.instance.id),
            caption: said,
            is_curve: true,
        });
    }
    // One unit per picture: that of the verdict shown.
    let unit = shown.unit;
    let used = |ruling: Ruling| -> Vec<f64> {
        let own = tally
            .verdicts
            .iter()
            .filter(|v| v.status == ruling && v.unit == unit);
        own.map(|v| 1.0 / v.headroom).collect()
    };
    let (passing, failing) = (used(Ruling::Pass), used(Ruling::Fail));
    let [wide, narrow] = spread(&passing, &failing)?;
    let mut caption = format!(
        "{} beyond what is permitted, {} within; each dot is one, by how much of it is used.",
        counted(failing.len(), "verdict"),
        grouped(passing.len())
    );
    let lost = failing.iter().filter(|v| !(v.is_finite() && **v > 0.0));
    let lost = lost.count();
    if lost > 0 {
        caption += &format!(
            " {} beyond it have no number to be drawn at.",
            grouped(lost)
        );
    }
    let decided = tally.verdicts.iter().filter(|v| v.status.is_decided());
    let others = decided.filter(|v| v.unit != unit).count();
    if others > 0 {
        caption += &format!(
            " {} counted otherwise are not shown.",
            counted(others, "verdict")
        );
    }
    Some(Drawing {
        wide: packed(&wide),
        narrow: Some(packed(&narrow)),
        title: "The verdicts of this claim".into(),
        caption,
        is_curve: false,
    })
}

/// Without the feature `plots` nothing is drawn.
#[cfg(not(feature = "plots"))]
fn drawing(_: &Tally<'_>, _: &Verdict, _: Option<&Record>) -> Option<Drawing> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::Ruling;
    use crate::claims::Named;
    use crate::report::tests::verdict;

    #[test]
    fn a_diagnosis_below_one_half_is_not_told() {
        let mut v = verdict("a", 0, "bound", Ruling::Fail, 0.5);
        let named = |fault: &str, confidence| Named {
            fault: fault.into(),
            confidence,
        };
        let names = vec![named("mask-tolerance", 0.49)];
        v.diagnosis = Some(Diagnosis::Names(names));
        let (found, looks) = suspects(&[&v], &catalogue());
        assert!(found.is_empty() && looks.contains("with a confidence of 0.5"));
        let names = vec![named("mask-tolerance", 0.98), named("<b>", 0.6)];
        v.diagnosis = Some(Diagnosis::Names(names));
        let (found, _) = suspects(&[&v], &catalogue());
        let said: Vec<_> = found
            .iter()
            .map(|s| (s.name.as_str(), s.confidence.as_str()))
            .collect();
        assert_eq!(said, [("mask-tolerance", "0.98"), ("<b>", "0.60")]);
        assert!(!found[0].about.is_empty() && found[1].about.is_empty());
        v.diagnosis = None;
        assert_eq!(suspects(&[&v], &[]).1, "No diagnosis was made.");
    }
}

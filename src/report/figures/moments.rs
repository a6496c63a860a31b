//! Panels of exact moments against the number of updates: a ratio that tends to 1 on all
//! instances, a schedule beside what holding one of its parts leaves.

use super::graph::{Dots, Graph, Ink, Line, Scale};
use super::palette::{Colour, TEAL, THEORY, THEORY_DOTTED};
use super::shown::Shown;
use crate::checks::{Moments, Series};
use crate::report::format::count;
use crate::report::page::words::fold;

/// The series whose name starts so.
pub(super) fn named<'a>(moments: &'a Moments, start: &str) -> Option<&'a Series> {
    moments.series.iter().find(|s| s.name.starts_with(start))
}

/// The last value of a series.
pub(super) fn last(moments: &Moments, name: &str) -> Option<f64> {
    named(moments, name)?.values.last().copied()
}

/// The recorded moments of a kind.
pub(super) fn of<'a>(all: &[Shown<'a, Moments>], figure: &str) -> Vec<Shown<'a, Moments>> {
    all.iter().copied().filter(|m| m.figure == figure).collect()
}

/// k and value.
pub(super) fn points(moments: &Moments, series: &Series, shift: f64) -> Vec<(f64, f64)> {
    let all = moments.steps.iter().zip(&series.values);
    all.map(|(k, v)| (*k as f64 + shift, *v))
        .filter(|p| p.0 > 0.0)
        .collect()
}

/// A line of exact moments.
pub(super) fn exact(label: &str, colour: Colour, points: Vec<(f64, f64)>) -> Line {
    Line {
        label: label.into(),
        ink: Ink::line(colour, 1.9),
        points,
        ..Line::default()
    }
}

/// Ratios against (γ+k)/γ, all of which should tend to 1.
pub(super) fn ratios(
    all: &[(Shown<'_, Moments>, Vec<f64>)],
    headline: String,
    title: &str,
) -> Graph {
    let each = all.iter().map(|(m, values)| {
        let points = m.steps.iter().zip(values);
        let points = points.map(|(k, v)| ((m.gamma + *k as f64) / m.gamma, *v));
        Line {
            ink: Ink::line(TEAL, 1.3),
            ..exact("", TEAL, points.filter(|p| p.1 > 0.0).collect())
        }
    });
    let mut lines: Vec<Line> = each.collect();
    let ends = lines.iter().flat_map(|l| l.points.iter().map(|p| p.0));
    let (low, high) = ends.fold((f64::INFINITY, 0.0f64), |(a, b), v| (a.min(v), b.max(v)));
    lines.push(exact("predicted", THEORY, vec![(low, 1.0), (high, 1.0)]));
    Graph {
        headline,
        note: format!("{}, exact moments", count(all.len(), "instance")),
        titles: ["(γ+k) ÷ γ".into(), title.into()],
        x: Scale::Log,
        y: Scale::Log,
        lines,
        ..Graph::default()
    }
}

/// Up to which relative deviation two curves are said to lie on each other.
pub(super) const CLOSE: f64 = 0.05;

/// How far the last ratios are from 1.
pub(super) struct Furthest {
    /// The furthest of those that have a number.
    pub(super) off: f64,
    /// How many have.
    pub(super) known: usize,
    /// How many have not.
    pub(super) missing: usize,
}

impl Furthest {
    /// `; 2 more have no number`, or nothing.
    pub(super) fn rest(&self) -> String {
        rest(self.missing)
    }
}

/// `; 2 more have no number`, or nothing.
pub(super) fn rest(missing: usize) -> String {
    match missing {
        0 => String::new(),
        1 => "; 1 more has no number".into(),
        n => format!("; {n} more have no number"),
    }
}

/// Parts of a finding as one sentence that begins with a capital only where a word of prose does.
pub(super) fn sentence(parts: &[String]) -> String {
    let text = parts.join("; ");
    match text.strip_prefix("holding") {
        Some(rest) => format!("Holding{rest}."),
        None => format!("{text}."),
    }
}

/// How far the last ratios of `recorded` instances are from 1; none where none has a number.
pub(super) fn furthest(
    all: &[(Shown<'_, Moments>, Vec<f64>)],
    recorded: usize,
) -> Option<Furthest> {
    let last = all.iter().filter_map(|(_, v)| v.last());
    let known: Vec<f64> = last
        .map(|r| (r - 1.0).abs())
        .filter(|d| d.is_finite())
        .collect();
    let off = known.iter().copied().reduce(f64::max)?;
    Some(Furthest {
        off,
        known: known.len(),
        missing: recorded.saturating_sub(known.len()),
    })
}

/// What is held in a schedule.
const HELD: [(&str, &str); 3] = [
    ("t held", "t = 1"),
    ("J held", "J = 1"),
    ("k held", "k = 1"),
];

/// What holding one part leaves over the whole schedule at its last step, the least of the three.
fn left(moments: &Moments) -> Option<f64> {
    let all = *moments.series.first()?.values.last()?;
    let each = HELD
        .iter()
        .map(|h| Some(*named(moments, h.0)?.values.last()? / all));
    let each = each.collect::<Option<Vec<f64>>>()?;
    let known = each.iter().all(|r| r.is_finite());
    each.into_iter().reduce(f64::min).filter(|_| known)
}

/// What holding one part has to leave at least over the whole schedule for all to count.
const MATTERS: f64 = 2.0;

/// The schedule on the instance where every part matters most, and what that says.
pub(super) fn schedule(all: &[Shown<'_, Moments>], theorem: &str) -> Option<(Graph, String)> {
    let known = all.iter().filter_map(|m| Some((*m, left(m)?)));
    let (chosen, least) = known.max_by(|a, b| a.1.total_cmp(&b.1))?;
    let whole = chosen.series.first()?;
    let mut lines: Vec<Line> = Vec::new();
    if let Some(bound) = named(&chosen, "Theorem") {
        lines.push(Line {
            ink: Ink::line(THEORY_DOTTED, 1.5),
            ..exact(theorem, THEORY_DOTTED, points(&chosen, bound, 0.0))
        });
    }
    for (start, label) in HELD {
        if let Some(held) = named(&chosen, start) {
            lines.push(Line {
                ink: Ink::line(TEAL, 1.1),
                ..exact(label, TEAL, points(&chosen, held, 0.0))
            });
        }
    }
    lines.push(Line {
        ink: Ink {
            dots: Dots::On,
            ..Ink::line(TEAL, 2.2)
        },
        ..exact("all grow", TEAL, points(&chosen, whole, 0.0))
    });
    let how = whole.name.split_once(", ").map_or("", |n| n.1);
    let graph = Graph {
        headline: if least > MATTERS {
            format!("All must grow: one held leaves {} the error", fold(least))
        } else {
            "Every part grows, or one is held".into()
        },
        note: format!("{}, {how}", chosen.from.instance()),
        titles: ["k".into(), "mean square error".into()],
        x: Scale::Log,
        y: Scale::Log,
        lines,
        ..Graph::default()
    };
    let said = if least > MATTERS {
        format!(
            "t, J and k must all grow: holding one leaves {} the error",
            fold(least)
        )
    } else {
        format!(
            "holding one of t, J and k leaves {} the error where that costs most",
            fold(least)
        )
    };
    Some((graph, said))
}

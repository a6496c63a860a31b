//! Panels of exact moments against the number of updates: a ratio that tends to 1 on all
//! instances, a schedule beside what holding one of its parts leaves.

use super::graph::{Dots, Graph, Ink, Line, Scale};
use super::palette::{Colour, TEAL, THEORY, THEORY_DOTTED};
use super::shown::Shown;
use crate::checks::{Moments, Series};
use crate::report::page::words::fold;

/// The series whose name starts so.
pub(super) fn named<'a>(moments: &'a Moments, start: &str) -> Option<&'a Series> {
    moments.series.iter().find(|s| s.name.starts_with(start))
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
        note: format!("{} instances, exact moments", all.len()),
        titles: ["(γ+k) ÷ γ".into(), title.into()],
        x: Scale::Log,
        y: Scale::Log,
        lines,
        ..Graph::default()
    }
}

/// How far the last ratios are from 1, the furthest.
pub(super) fn furthest(all: &[(Shown<'_, Moments>, Vec<f64>)]) -> Option<f64> {
    let last = all.iter().filter_map(|(_, v)| v.last());
    last.map(|r| (r - 1.0).abs())
        .filter(|d| d.is_finite())
        .reduce(f64::max)
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
    each.collect::<Option<Vec<f64>>>()?
        .into_iter()
        .reduce(f64::min)
}

/// The schedule on the instance where every part matters most, and by how much at least.
pub(super) fn schedule(all: &[Shown<'_, Moments>], theorem: &str) -> Option<(Graph, f64)> {
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
        headline: if least > 2.0 {
            format!("All must grow: one held leaves {} the error", fold(least))
        } else {
            "All grow, or one is held".into()
        },
        note: format!("{}, {how}", chosen.from.instance()),
        titles: ["k".into(), "mean square error".into()],
        x: Scale::Log,
        y: Scale::Log,
        lines,
        ..Graph::default()
    };
    Some((graph, least))
}

//! Replicates of the stochastic methods beside exact expectations.

use super::csv;
use super::graph::{Dots, Graph, Ink, Line, Scale};
use super::moments::{CLOSE, exact, named, of, points, rest};
use super::palette::{THEORY, method_name, of_method};
use super::sheet::{arranged, sheet};
use super::shown::{Shown, claims};
use crate::checks::Moments;
use crate::report::figure::Figure;
use crate::report::format::count;
use crate::report::page::words::digits;

/// Means of replicates beside the exact expectation, one panel a method.
pub(super) fn figure(all: &[Shown<'_, Moments>]) -> Option<Figure> {
    let own = of(all, "simulated");
    let known: Vec<(Shown<'_, Moments>, f64)> =
        own.iter().filter_map(|m| Some((*m, apart(m)?))).collect();
    let mut chosen: Vec<(Shown<'_, Moments>, f64)> = Vec::new();
    for &k in &known {
        if chosen.iter().all(|c| c.0.from.method != k.0.from.method) {
            chosen.push(k);
        }
    }
    let off = known.iter().map(|k| k.1).reduce(f64::max)?;
    let missing = own.len() - known.len();
    let replicates = named(&known.first()?.0, "mean of")?.name.clone();
    let panels = chosen.iter().filter_map(|(m, off)| {
        let (mean, expected) = (named(m, "mean of")?, named(m, "exact")?);
        let method = method_name(&m.from.method);
        Some(Graph {
            headline: if *off <= CLOSE {
                format!("{method}'s replicates lie on the exact curve")
            } else {
                format!("{method}'s replicates beside the exact curve")
            },
            note: m.from.instance(),
            titles: ["k".into(), "mean square error".into()],
            x: Scale::Linear,
            y: Scale::Log,
            lines: vec![
                exact("exact", THEORY, points(m, expected, 0.0)),
                Line {
                    label: method.into(),
                    ink: Ink {
                        dots: Dots::Alone,
                        ..Ink::line(of_method(method), 1.6)
                    },
                    points: points(m, mean, 0.0),
                    ..Line::default()
                },
            ],
            ..Graph::default()
        })
    });
    let [svg, narrow] = sheet(&arranged(panels.collect()));
    Some(Figure {
        name: "replicates".into(),
        title: "Replicates beside the exact expectation".into(),
        finding: format!(
            "The {replicates} {} {} % {} the exact expectation at every k, on {}{}{}.",
            if off <= CLOSE { "stays within" } else { "is at most" },
            digits(100.0 * off),
            if off <= CLOSE { "of" } else { "off" },
            if missing == 0 { "all " } else { "" },
            count(known.len(), "instance"),
            rest(missing)
        ),
        caption: "Dots: mean square errors of independent replicates of the implementation. Line: the exact expectation of the same \
                  quantity, which needs no samples."
            .into(),
        svg,
        narrow: Some(narrow),
        claims: claims(&own),
        data: csv::moments(&own),
    })
}

/// How far the mean is from the expectation at most, relatively; none where either has no number
/// at some k.
fn apart(moments: &Moments) -> Option<f64> {
    let (mean, exact) = (named(moments, "mean of")?, named(moments, "exact")?);
    let each = mean.values.iter().zip(&exact.values);
    let compared = each.filter(|(_, e)| **e != 0.0);
    let off: Vec<f64> = compared.map(|(m, e)| (m / e - 1.0).abs()).collect();
    let known = off.iter().all(|d| d.is_finite());
    off.into_iter().reduce(f64::max).filter(|_| known)
}

//! NSID and SID: the constant of the rate, the schedule, SID's bias; plateaus of constant steps;
//! replicates beside exact expectations.

use std::cmp::Ordering;

use super::csv;
use super::graph::{Dots, Graph, Ink, Line, Scale};
use super::moments::{exact, furthest, named, of, points, ratios, schedule};
use super::palette::{OCHRE, TEAL, THEORY, THEORY_DOTTED, method_name, of_method};
use super::sheet::{arranged, sheet};
use super::shown::{Shown, claims};
use crate::checks::Moments;
use crate::report::figure::Figure;
use crate::report::format::count;
use crate::report::page::words::{digits, fold, times};

type All<'a> = [Shown<'a, Moments>];

/// (γ+k)·MSE over its limit at every k.
fn over_limit<'a>(all: &All<'a>) -> Vec<(Shown<'a, Moments>, Vec<f64>)> {
    let one = |m: &Shown<'a, Moments>| {
        let limit = *named(m, "tr Σ")?.values.last()?;
        let values = m.series.first()?.values.iter().map(|v| v / limit);
        Some((*m, values.collect()))
    };
    all.iter().filter_map(one).collect()
}

/// The three panels of Theorems 5.4 and 5.5; none where nothing of them was recorded.
pub(super) fn rate(all: &All<'_>) -> Option<Figure> {
    let limits = over_limit(&of(all, "limit"));
    let (scheduled, biased) = (of(all, "schedule"), of(all, "plateau"));
    let mut panels = Vec::new();
    let mut said: Vec<String> = Vec::new();
    if let Some(off) = furthest(&limits) {
        said.push(format!(
            "(γ+k)·MSE tends to tr Σ on {} (at most {} % off where the plot ends): O(1/k) with its exact constant",
            count(limits.len(), "instance"),
            digits(100.0 * off)
        ));
        let headline = "The constant, not only the rate".to_owned();
        panels.push(ratios(&limits, headline, "(γ+k)·MSE ÷ tr Σ"));
    }
    if let Some((graph, least)) = schedule(&scheduled, "Theorem 5.5") {
        panels.push(graph);
        if least > 1.0 {
            said.push(format!(
                "t, J and k must all grow: holding one leaves {} the error",
                fold(least)
            ));
        }
    }
    if let Some((graph, kept)) = bias(&biased) {
        panels.push(graph);
        said.push(format!(
            "SID rests at its bias, {} NSID's error",
            fold(kept)
        ));
    }
    if panels.is_empty() {
        return None;
    }
    let shown: Vec<Shown<'_, Moments>> = limits
        .iter()
        .map(|l| l.0)
        .chain(scheduled)
        .chain(biased)
        .collect();
    let [svg, narrow] = sheet(&arranged(panels));
    Some(Figure {
        name: "nsid".into(),
        title: "NSID's rate with its constant, its schedule, and SID's bias".into(),
        finding: format!("{}.", said.join("; ")),
        caption: "All moments are exact, nothing here is sampled. First: the second moment of Algorithm 3 times γ+k over its limit, \
                  the trace of the Lyapunov equation's solution. Then the schedule of Theorem 5.5 against one of t, J, k held at 1, on \
                  the instance where that costs most; and SID, which differentiates through the outer map at every sample, against NSID at the same \
                  samples and steps."
            .into(),
        svg,
        narrow: Some(narrow),
        claims: claims(&shown),
        data: csv::moments(&shown),
    })
}

/// SID's bias on the instance where it is largest against NSID's error, and that ratio.
fn bias(all: &All<'_>) -> Option<(Graph, f64)> {
    let kept = |m: &Shown<'_, Moments>| {
        let last = |name: &str| named(m, name)?.values.last().copied();
        Some(last("SID:")? / last("NSID:")?)
    };
    let known = all.iter().filter_map(|m| Some((*m, kept(m)?)));
    let (m, ratio) = known.max_by(|a, b| a.1.total_cmp(&b.1))?;
    let line = |name: &str, label: &str, colour| {
        let series = named(&m, name)?;
        Some(exact(label, colour, points(&m, series, 0.0)))
    };
    let lines = [
        line("SID's exact", "SID's bias", THEORY),
        line("NSID:", "NSID", TEAL),
        line("SID:", "SID", OCHRE),
    ];
    let graph = Graph {
        headline: "SID keeps its bias, NSID does not".into(),
        note: format!("{}, γ = {}", m.from.instance(), digits(m.gamma)),
        titles: ["k".into(), "E‖r_k − r*‖²".into()],
        x: Scale::Log,
        y: Scale::Log,
        lines: lines.into_iter().flatten().collect(),
        ..Graph::default()
    };
    Some((graph, ratio))
}

/// Constant steps: the mean square error rests on its plateau below Lemma D.2's bound.
pub(super) fn plateaus(all: &All<'_>) -> Option<Figure> {
    let own = of(all, "constant");
    // Where a bound and the other step's plateau do not lie on each other.
    let spread = |m: &Shown<'_, Moments>| {
        let last = |name: &str| named(m, name)?.values.last().copied();
        Some(last("Lemma D.2")? / last("its plateau")?)
    };
    let first = *own
        .iter()
        .max_by(|a, b| spread(a).partial_cmp(&spread(b)).unwrap_or(Ordering::Equal))?;
    let same: Vec<Shown<'_, Moments>> = own
        .iter()
        .copied()
        .filter(|m| m.from.instance() == first.from.instance())
        .take(2)
        .collect();
    let ends = own.iter().filter_map(|m| {
        let last = |name: &str| named(m, name)?.values.last().copied();
        Some([last("E‖")?, last("its plateau")?, last("Lemma D.2")?])
    });
    let ends: Vec<[f64; 3]> = ends.collect();
    let off = ends
        .iter()
        .map(|e| (e[0] / e[1] - 1.0).abs())
        .fold(0.0, f64::max);
    let rooms = || ends.iter().map(|e| e[2] / e[1]);
    let (low, high) = (
        rooms().fold(f64::INFINITY, f64::min),
        rooms().fold(0.0, f64::max),
    );
    let mut lines = Vec::new();
    let longest = same
        .iter()
        .filter_map(|m| m.steps.last())
        .max()
        .copied()
        .unwrap_or(1) as f64;
    let steps: Vec<String> = same.iter().map(|m| step_of(m)).collect();
    for (m, step) in same.iter().zip(&steps) {
        let line = |name: &str, label: String, ink: Ink| {
            let mut points = points(m, named(m, name)?, 0.0);
            // What is constant goes on to the edge.
            let constant = points.last().filter(|_| !name.starts_with('E')).copied();
            points.extend(constant.map(|p| (longest, p.1)));
            Some(Line {
                label,
                ink,
                points,
                ..Line::default()
            })
        };
        lines.extend(line(
            "Lemma D.2",
            format!("bound, {step}"),
            Ink::line(THEORY_DOTTED, 1.5),
        ));
        lines.extend(line("its plateau", String::new(), Ink::line(THEORY, 1.3)));
        lines.extend(line("E‖", format!("step {step}"), Ink::dotted(TEAL, 1.6)));
    }
    let graph = Graph {
        headline: "A smaller step rests lower, later".into(),
        note: format!(
            "{}, dots: exact; solid grey: plateau",
            first.from.instance()
        ),
        titles: ["k".into(), "E‖v_k − v̂‖²".into()],
        x: Scale::Log,
        y: Scale::Log,
        lines,
        ..Graph::default()
    };
    let [svg, narrow] = sheet(&[vec![graph]]);
    Some(Figure {
        name: "nsid-plateau".into(),
        title: "Constant steps: the mean square error and its plateau".into(),
        finding: format!(
            "With a constant step the mean square error falls and then rests on its plateau (within {} % on {}), {} to {} below \
             Lemma D.2's bound: no constant step converges.",
            digits(100.0 * off),
            count(ends.len(), "run"),
            times(low).trim_start_matches('×'),
            fold(high)
        ),
        caption: "Exact second moments of Algorithm 3. Solid grey: the fixed point of their recursion; dotted: ησ̂₁/(1−q²).".into(),
        svg,
        narrow: Some(narrow),
        claims: claims(&own),
        data: csv::moments(&own),
    })
}

/// "η/4" of "E‖v_k - v̂‖², step η/4".
fn step_of(moments: &Moments) -> String {
    let name = moments.series.first().map_or("", |s| s.name.as_str());
    let step = name.rsplit_once("step ").map_or("η", |n| n.1);
    step.to_owned()
}

/// Means of replicates beside the exact expectation, one panel a method.
pub(super) fn replicates(all: &All<'_>) -> Option<Figure> {
    let own = of(all, "simulated");
    let mut chosen: Vec<Shown<'_, Moments>> = Vec::new();
    for &m in &own {
        if chosen.iter().all(|c| c.from.method != m.from.method) {
            chosen.push(m);
        }
    }
    let off = own.iter().filter_map(|m| {
        let (mean, exact) = (named(m, "mean of")?, named(m, "exact")?);
        let each = mean.values.iter().zip(&exact.values);
        let each = each
            .filter(|(_, e)| **e > 0.0)
            .map(|(m, e)| (m / e - 1.0).abs());
        each.reduce(f64::max)
    });
    let off = off.reduce(f64::max)?;
    let replicates = named(own.first()?, "mean of")?.name.clone();
    let panels = chosen.iter().filter_map(|m| {
        let (mean, expected) = (named(m, "mean of")?, named(m, "exact")?);
        let method = method_name(&m.from.method);
        Some(Graph {
            headline: format!("{method}'s replicates lie on the exact curve"),
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
            "The {replicates} stays within {} % of the exact expectation at every k, on all {}.",
            digits(100.0 * off),
            count(own.len(), "instance")
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

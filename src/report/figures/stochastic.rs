//! NSID and SID: the constant of the rate, the schedule, SID's bias.

use super::csv;
use super::graph::{Graph, Scale};
use super::moments::{CLOSE, exact, furthest, last, named, of, points, ratios, schedule, sentence};
use super::palette::{OCHRE, TEAL, THEORY};
use super::sheet::{arranged, sheet};
use super::shown::{Shown, claims};
use crate::checks::Moments;
use crate::report::figure::Figure;
use crate::report::format::count;
use crate::report::page::words::{digits, fold};

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
    let recorded = of(all, "limit");
    let limits = over_limit(&recorded);
    let (scheduled, biased) = (of(all, "schedule"), of(all, "plateau"));
    let mut panels = Vec::new();
    let mut said: Vec<String> = Vec::new();
    let mut caption = vec!["All moments are exact, nothing here is sampled."];
    if let Some(far) = furthest(&limits, recorded.len()) {
        let (instances, off) = (count(far.known, "instance"), digits(100.0 * far.off));
        let (sentence, headline) = if far.off <= CLOSE {
            let sentence = format!(
                "(γ+k)·MSE tends to tr Σ on {instances} (at most {off} % off where the plot ends): O(1/k) with its exact constant"
            );
            (sentence, "The constant, not only the rate")
        } else {
            let sentence = format!(
                "(γ+k)·MSE is at most {off} % off tr Σ where the plot ends, on {instances}"
            );
            (sentence, "(γ+k)·MSE over its limit")
        };
        said.push(sentence + &far.rest());
        panels.push(ratios(&limits, headline.into(), "(γ+k)·MSE ÷ tr Σ"));
        caption.push(
            "\"÷ tr Σ\": the second moment of Algorithm 3 times γ+k over its limit, the trace of the Lyapunov equation's solution.",
        );
    }
    if let Some((graph, sentence)) = schedule(&scheduled, "Theorem 5.5") {
        panels.push(graph);
        said.push(sentence);
        caption.push(
            "\"Mean square error\": the schedule of Theorem 5.5 against one of t, J, k held at 1, on the instance where that costs most.",
        );
    }
    if let Some((graph, sentence)) = bias(&biased) {
        panels.push(graph);
        said.push(sentence);
        caption.push(
            "\"E‖r_k − r*‖²\": SID, which differentiates through the outer map at every sample, against NSID at the same samples and steps.",
        );
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
        finding: sentence(&said),
        caption: caption.join(" "),
        svg,
        narrow: Some(narrow),
        claims: claims(&shown),
        data: csv::moments(&shown),
    })
}

/// SID's bias on the instance where it is largest against NSID's error, and what that says.
fn bias(all: &All<'_>) -> Option<(Graph, String)> {
    let kept = |m: &Shown<'_, Moments>| Some(last(m, "SID:")? / last(m, "NSID:")?);
    let known = all.iter().filter_map(|m| Some((*m, kept(m)?)));
    let known = known.filter(|k| k.1.is_finite());
    let (m, ratio) = known.max_by(|a, b| a.1.total_cmp(&b.1))?;
    let off = last(&m, "SID:").zip(last(&m, "SID's exact"));
    let rests = off.is_some_and(|(at, bias)| (at / bias - 1.0).abs() <= CLOSE);
    let (said, headline) = match (ratio > 1.0, rests) {
        (true, true) => (
            format!("SID rests at its bias, {} NSID's error", fold(ratio)),
            "SID keeps its bias, NSID does not",
        ),
        (true, false) => (
            format!("SID's error is {} NSID's where the plot ends", fold(ratio)),
            "SID's error stays above NSID's",
        ),
        (false, _) => (
            "SID's error is no larger than NSID's where the plot ends".into(),
            "SID's error is no larger than NSID's",
        ),
    };
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
        headline: headline.into(),
        note: format!("{}, γ = {}", m.from.instance(), digits(m.gamma)),
        titles: ["k".into(), "E‖r_k − r*‖²".into()],
        x: Scale::Log,
        y: Scale::Log,
        lines: lines.into_iter().flatten().collect(),
        ..Graph::default()
    };
    Some((graph, said))
}

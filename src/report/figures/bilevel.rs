//! NSID-Bilevel: the constant of what samples leave, and the schedule of Theorem E.6.

use super::csv;
use super::moments::{CLOSE, furthest, named, of, ratios, schedule, sentence};
use super::sheet::{arranged, sheet};
use super::shown::{Shown, claims};
use crate::checks::Moments;
use crate::report::figure::Figure;
use crate::report::format::count;
use crate::report::page::words::digits;

/// The two panels; none where nothing was recorded.
pub(super) fn figure(all: &[Shown<'_, Moments>]) -> Option<Figure> {
    let (constants, scheduled) = (of(all, "bilevel"), of(all, "bilevel-schedule"));
    let over: Vec<_> = constants.iter().filter_map(over_constant).collect();
    let mut panels = Vec::new();
    let mut said: Vec<String> = Vec::new();
    let mut caption = vec!["All moments are exact."];
    if let Some(far) = furthest(&over, constants.len()) {
        let (instances, off) = (count(far.known, "instance"), digits(100.0 * far.off));
        let (verb, headline) = if far.off <= CLOSE {
            let verb = format!(
                "tends to its predicted constant on {instances} (at most {off} % off where the plot ends)"
            );
            (verb, "What samples leave falls like 1/k")
        } else {
            let verb = format!(
                "is at most {off} % off its predicted constant where the plot ends, on {instances}"
            );
            (verb, "What samples leave, over its constant")
        };
        said.push(format!(
            "(γ+k) times what samples leave of a hypergradient's error {verb}{}",
            far.rest()
        ));
        panels.push(ratios(&over, headline.into(), "(γ+k)·variance ÷ constant"));
        caption.push(
            "\"÷ constant\": E Var(g_k | ξ⁽¹⁾, ζ) times γ+k over its predicted constant; what ξ⁽¹⁾ and ζ leave is the floor of J, \
             which no k removes.",
        );
    }
    if let Some((graph, sentence)) = schedule(&scheduled, "Theorem E.6") {
        panels.push(graph);
        said.push(sentence);
        caption.push(
            "\"Mean square error\": along the schedule of Theorem E.6 and with t, J or k held at 1, on the instance where that \
             costs most.",
        );
    }
    if panels.is_empty() {
        return None;
    }
    let shown: Vec<Shown<'_, Moments>> = constants.into_iter().chain(scheduled).collect();
    let [svg, narrow] = sheet(&arranged(panels));
    Some(Figure {
        name: "bilevel".into(),
        title: "Hypergradients of NSID-Bilevel: constant and schedule".into(),
        finding: sentence(&said),
        caption: caption.join(" "),
        svg,
        narrow: Some(narrow),
        claims: claims(&shown),
        data: csv::moments(&shown),
    })
}

/// (γ+k) times what is left of the variance, over the constant that `floor + constant/(γ+k)` has.
fn over_constant<'a>(m: &Shown<'a, Moments>) -> Option<(Shown<'a, Moments>, Vec<f64>)> {
    let (left, predicted, floor) = (
        named(m, "E Var")?,
        named(m, "floor +")?,
        named(m, "floor of")?,
    );
    let k = *m.steps.first()? as f64;
    let constant = (predicted.values.first()? - floor.values.first()?) * (m.gamma + k);
    let values = m.steps.iter().zip(&left.values);
    let values = values.map(|(k, v)| (m.gamma + *k as f64) * v / constant);
    Some((*m, values.collect()))
}

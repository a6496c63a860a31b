//! NSID-Bilevel: the constant of what samples leave, and the schedule of Theorem E.6.

use super::csv;
use super::moments::{furthest, named, of, ratios, schedule};
use super::sheet::{arranged, sheet};
use super::shown::{Shown, claims};
use crate::checks::Moments;
use crate::report::figure::Figure;
use crate::report::format::count;
use crate::report::page::words::{digits, fold};

/// The two panels; none where nothing was recorded.
pub(super) fn figure(all: &[Shown<'_, Moments>]) -> Option<Figure> {
    let (constants, scheduled) = (of(all, "bilevel"), of(all, "bilevel-schedule"));
    let over: Vec<_> = constants.iter().filter_map(over_constant).collect();
    let mut panels = Vec::new();
    let mut said: Vec<String> = Vec::new();
    if let Some(off) = furthest(&over) {
        said.push(format!(
            "(γ+k) times what samples leave of a hypergradient's error tends to its predicted constant on {} (at most {} % off \
             where the plot ends)",
            count(over.len(), "instance"),
            digits(100.0 * off)
        ));
        let headline = "What samples leave falls like 1/k".to_owned();
        panels.push(ratios(&over, headline, "(γ+k)·variance ÷ constant"));
    }
    if let Some((graph, least)) = schedule(&scheduled, "Theorem E.6") {
        panels.push(graph);
        if least > 1.0 {
            said.push(format!(
                "t, J and k must all grow: holding one leaves {} the error",
                fold(least)
            ));
        }
    }
    if panels.is_empty() {
        return None;
    }
    let shown: Vec<Shown<'_, Moments>> = constants.into_iter().chain(scheduled).collect();
    let [svg, narrow] = sheet(&arranged(panels));
    Some(Figure {
        name: "bilevel".into(),
        title: "Hypergradients of NSID-Bilevel: constant and schedule".into(),
        finding: format!("{}.", said.join("; ")),
        caption: "All moments are exact. Left: E Var(g_k | ξ⁽¹⁾, ζ) times γ+k over its predicted constant; what ξ⁽¹⁾ and ζ leave is \
                  the floor of J, which no k removes. Right: mean square errors along the schedule of Theorem E.6 and with t, J or k \
                  held at 1, on the instance where that costs most."
            .into(),
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

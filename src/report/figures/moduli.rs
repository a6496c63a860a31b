//! Sampled values against the constants that bound them: one dot an instance.

use super::csv;
use super::palette::BLUE;
use super::rows::{Row, Spread, Strip};
use super::sheet::{NARROW, WIDE};
use crate::checks::{Ruling, Unit};
use crate::claims::Verdict;
use crate::report::figure::Figure;
use crate::report::format::count;
use crate::report::page::words::digits;
use crate::tol::ATTAINED;

/// Where the axis begins.
const LEAST: f64 = 0.0;
/// And ends: what lies further is drawn there.
const MOST: f64 = 1.15;

/// The figure of all verdicts that compare a sampled value with a constant; none without one.
pub(super) fn figure(verdicts: &[Verdict]) -> Option<Figure> {
    let decided = |v: &&Verdict| matches!(v.status, Ruling::Pass | Ruling::Fail);
    let own: Vec<&Verdict> = verdicts
        .iter()
        .filter(|v| v.unit == Some(Unit::Modulus) && ratio(v).is_finite())
        .filter(decided)
        .collect();
    let mut claims: Vec<String> = Vec::new();
    for v in &own {
        if !claims.contains(&v.claim) {
            claims.push(v.claim.clone());
        }
    }
    let rows: Vec<Row> = claims
        .iter()
        .map(|claim| {
            let values = || own.iter().filter(|v| v.claim == *claim).map(|v| ratio(v));
            let attained = values().filter(|r| is_attained(*r)).count();
            Row {
                name: claim.clone(),
                more: count(values().count(), "instance"),
                colour: BLUE,
                values: values().collect(),
                open: 0,
                median: Some((f64::NAN, attained.to_string())),
            }
        })
        .collect();
    if rows.is_empty() {
        return None;
    }
    let strip = Strip {
        headline: "Sampled values reach the constants and no further".into(),
        axis: Spread::Linear(LEAST, MOST),
        accepted: [f64::NEG_INFINITY, 1.0],
        word: "holds",
        title: "largest sampled value ÷ constant",
        column: "attained",
    };
    let all = count(own.len(), "instance");
    let beyond = own.iter().filter(|v| v.status == Ruling::Fail).count();
    let attained = own.iter().filter(|v| is_attained(ratio(v))).count();
    let least = own.iter().map(|v| ratio(v)).fold(f64::INFINITY, f64::min);
    let finding = if beyond > 0 {
        format!("On {beyond} of {all} a sampled value exceeds its constant.")
    } else {
        format!(
            "No sampled value exceeds its constant, and on {attained} of {all} it is attained: a constant that is too small would show."
        )
    };
    Some(Figure {
        name: "moduli".into(),
        title: "Sampled values against the constants q, L, M, R".into(),
        finding,
        caption: format!(
            "Each dot is one instance: the closest of its sampled pairs, secants and rays. At 1 the constant is \
             attained, to the left of it is room; the one with the most uses {} of its constant.",
            digits(least)
        ),
        svg: strip.drawing(&rows, WIDE),
        narrow: Some(strip.drawing(&rows, NARROW)),
        data: csv::ratios(&own),
        claims,
    })
}

fn ratio(v: &Verdict) -> f64 {
    v.measured / v.bound
}

fn is_attained(ratio: f64) -> bool {
    ratio <= 1.0 && ratio * ATTAINED >= 1.0
}

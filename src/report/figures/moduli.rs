//! Sampled values against the constants that bound them: one dot an instance.

use super::csv;
use super::palette::BLUE;
use super::rows::{Row, Spread, Strip};
use super::sheet::{NARROW, WIDE};
use crate::checks::{Ruling, Unit};
use crate::claims::Verdict;
use crate::report::figure::Figure;
use crate::report::format::{count, numberless};
use crate::report::page::words::digits;
use crate::tol::ATTAINED;

/// Where the axis begins.
const LEAST: f64 = 0.0;
/// And ends: what lies further is drawn there.
const MOST: f64 = 1.15;

/// The figure of all verdicts that compare a sampled value with a constant; none without one.
pub(super) fn figure(verdicts: &[Verdict]) -> Option<Figure> {
    let decided = |v: &&Verdict| matches!(v.status, Ruling::Pass | Ruling::Fail);
    // A constant that is 0, and of which nothing was seen, has no scale to stand on.
    let nothing = |v: &&Verdict| v.status == Ruling::Pass && v.measured == 0.0 && v.bound == 0.0;
    let own: Vec<&Verdict> = verdicts
        .iter()
        .filter(|v| v.unit == Some(Unit::Modulus))
        .filter(|v| decided(v) && !nothing(v))
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
            let all = || own.iter().filter(|v| v.claim == *claim).map(|v| ratio(v));
            let values: Vec<f64> = all().filter(|r| r.is_finite()).collect();
            let attained = values.iter().filter(|r| is_attained(**r)).count();
            Row {
                name: claim.clone(),
                more: count(all().count(), "verdict"),
                colour: BLUE,
                open: all().count() - values.len(),
                values,
                median: Some((f64::NAN, attained.to_string())),
            }
        })
        .collect();
    if rows.is_empty() {
        return None;
    }
    let known = own.iter().map(|v| ratio(v)).filter(|r| r.is_finite());
    let known: Vec<f64> = known.collect();
    let missing = own.len() - known.len();
    let beyond = own.iter().filter(|v| v.status == Ruling::Fail).count();
    let attained = known.iter().filter(|r| is_attained(**r)).count();
    let strip = Strip {
        headline: if beyond > 0 {
            failing(beyond, own.len())
        } else if known.is_empty() {
            "Nothing sampled to compare with the constants".into()
        } else if attained > 0 {
            "Sampled values reach the constants and no further".into()
        } else {
            "Sampled values stay below the constants".into()
        },
        axis: Spread::Linear(LEAST, MOST),
        accepted: [f64::NEG_INFINITY, 1.0],
        word: "holds",
        title: "largest sampled value ÷ constant",
        column: "attained",
    };
    let all = count(known.len(), "verdict");
    let finding = match (beyond, known.len(), attained) {
        (1.., _, _) => format!(
            "{}: a sampled value exceeds its constant or cannot be compared with it.{}",
            failing(beyond, own.len()),
            lacking(missing)
        ),
        (0, 0, _) => "On the constants nothing was measured that has a number.".into(),
        (0, _, 0) => format!(
            "On {all} the sampled values stay below their constants, none of which is attained.{}",
            numberless(missing)
        ),
        _ if missing > 0 => format!(
            "On {all} the sampled values do not exceed their constants, {attained} of which are attained.{}",
            numberless(missing)
        ),
        _ => format!(
            "No sampled value exceeds its constant, and in {attained} of {all} it is attained: a constant that is too small would show."
        ),
    };
    let mut caption = String::from(
        "Each dot is one verdict on an instance: the closest of its sampled pairs, secants and rays. At 1 the constant is \
         attained, to the left of it is room.",
    );
    if let Some(least) = known.iter().copied().reduce(f64::min) {
        caption += &format!(
            " The one with the most room uses {} of its constant.",
            digits(least)
        );
    }
    if missing > 0 {
        caption += " Open marks at the edge: no number.";
    }
    Some(Figure {
        name: "moduli".into(),
        title: "Sampled values against the constants q, L, M, R".into(),
        finding,
        caption,
        svg: strip.drawing(&rows, WIDE),
        narrow: Some(strip.drawing(&rows, NARROW)),
        data: csv::ratios(&own),
        claims,
    })
}

/// 1 of 3 verdicts fails.
fn failing(n: usize, all: usize) -> String {
    let verb = if n == 1 { "fails" } else { "fail" };
    format!("{n} of {} {verb}", count(all, "verdict"))
}

/// How many of all have no number.
fn lacking(n: usize) -> String {
    match n {
        0 => String::new(),
        1 => " 1 has no number.".into(),
        n => format!(" {n} have no number."),
    }
}

fn ratio(v: &Verdict) -> f64 {
    v.measured / v.bound
}

fn is_attained(ratio: f64) -> bool {
    ratio <= 1.0 && ratio * ATTAINED >= 1.0
}

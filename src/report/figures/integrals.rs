//! Path integrals of selections against the increment of Φ: the defect of every instance beside
//! what rounding can do.

use super::csv;
use super::graph::{Dots, Graph, Ink, Line, Scale};
use super::palette::{BLUE, VERMILLION};
use super::sheet::sheet;
use crate::checks::{Ruling, Unit};
use crate::claims::Verdict;
use crate::report::figure::Figure;
use crate::report::format::{count, numberless};
use crate::report::page::words::fold;

/// The theorem whose claims are drawn.
const THEOREM: &str = "Theorem 2.4";

/// The figure; none where no path integral was taken.
pub(super) fn figure(verdicts: &[Verdict]) -> Option<Figure> {
    let own: Vec<&Verdict> = verdicts
        .iter()
        .filter(|v| v.theorem == THEOREM && v.unit == Some(Unit::Floor))
        .filter(|v| matches!(v.status, Ruling::Pass | Ruling::Fail))
        .collect();
    if own.is_empty() {
        return None;
    }
    let mut claims: Vec<String> = Vec::new();
    for v in &own {
        if !claims.contains(&v.claim) {
            claims.push(v.claim.clone());
        }
    }
    let failing = own.iter().filter(|v| v.status == Ruling::Fail).count();
    let has_number = |v: &&Verdict| v.bound > 0.0 && v.bound.is_finite() && v.measured.is_finite();
    let known: Vec<&Verdict> = own.iter().copied().filter(has_number).collect();
    let missing = own.len() - known.len();
    let defects = known.iter().filter(|v| v.measured > 0.0);
    let closest = defects.map(|v| v.bound / v.measured).reduce(f64::min);
    let all = count(known.len(), "instance");
    let finding = if failing > 0 {
        format!(
            "On {failing} of {} the integral of the selection misses the increment of Φ or has no number.",
            count(own.len(), "instance")
        )
    } else if known.is_empty() {
        "Of the path integrals no defect has a number.".into()
    } else {
        let curves = if missing == 0 {
            "Along every curve".to_owned()
        } else {
            format!("On {all}")
        };
        let how = match closest {
            Some(closest) => format!(
                "the closest of {all} stays {} below what rounding can do",
                fold(closest)
            ),
            None => "all defects are exactly 0".into(),
        };
        format!(
            "{curves} the integral of the selection gives back the increment of Φ; {how}.{}",
            numberless(missing)
        )
    };
    let [svg, narrow] = sheet(&[vec![panel(&known, failing, missing)]]);
    Some(Figure {
        name: "path-integrals".into(),
        title: "Path integrals against the increments of Φ".into(),
        finding,
        caption: "Each dot is an instance: the largest defect of its curves against the most that rounding can do. On the line \
                  they are equal, above it the integral is wrong. A slope that is wrong on an interval leaves a defect of order 1; one that is \
                  wrong on a null set cannot be seen, and should not be. Open marks: defects of exactly 0."
            .into(),
        svg,
        narrow: Some(narrow),
        data: csv::ratios(&own),
        claims,
    })
}

fn panel(own: &[&Verdict], failing: usize, missing: usize) -> Graph {
    let that = |fails: bool| {
        let kept = own
            .iter()
            .filter(move |v| (v.status == Ruling::Fail) == fails);
        kept.map(|v| (v.bound, v.measured))
    };
    let dots = |label: &str, colour, fails: bool| Line {
        label: label.into(),
        ink: Ink {
            dots: Dots::Alone,
            ..Ink::line(colour, 0.0)
        },
        points: that(fails).filter(|p| p.1 > 0.0).collect(),
        edge: that(fails).filter(|p| p.1 <= 0.0).map(|p| p.0).collect(),
        ..Line::default()
    };
    let bounds = || own.iter().map(|v| v.bound);
    let (low, high) = (
        bounds().fold(f64::INFINITY, f64::min).log10().floor(),
        bounds().fold(0.0, f64::max).log10().ceil(),
    );
    let equal = [low, high].map(|e| (10f64.powf(e), 10f64.powf(e)));
    let mut lines = vec![
        Line {
            label: "equal: limit".into(),
            ink: Ink::line(VERMILLION, 1.4),
            points: equal.to_vec(),
            ..Line::default()
        },
        dots("", BLUE, false),
        dots("fails", VERMILLION, true),
    ];
    if own.is_empty() {
        lines.clear();
    }
    lines.retain(|l| !l.points.is_empty() || !l.edge.is_empty());
    Graph {
        headline: match failing {
            0 if missing == 0 => "Every defect is within what rounding can do".into(),
            0 => "Defects beside what rounding can do".into(),
            n => format!("{} beyond what rounding can do", count(n, "defect")),
        },
        titles: [
            "what rounding can do".into(),
            "defect of the path integral".into(),
        ],
        x: Scale::Log,
        y: Scale::Log,
        lines,
        ..Graph::default()
    }
}

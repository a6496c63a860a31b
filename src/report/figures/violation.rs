//! What a violation looks like: the curve of the failing instance, or all instances of its claim on
//! one scale.
//!
//! Owns these two drawings, wide and narrow. Must not know which verdict was chosen, nor why.

use super::bounds;
use super::graph::{Ink, Line};
use super::palette::{BLUE, VERMILLION};
use super::rows::{Row, Spread, Strip};
use super::sheet::{NARROW, WIDE, sheet};
use super::shown::Shown;
use crate::checks::Data;
use crate::claims::Record;
use crate::report::format::count;

/// The recorded curve with a ring around the error at `step` and a mark at what was `allowed`
/// there, wide and narrow, and whether there is a ring; none where the record is no curve or an
/// empty one.
pub fn violation(
    record: &Record,
    step: Option<usize>,
    allowed: f64,
) -> Option<([String; 2], bool)> {
    let Data::Curve(data) = &record.data else {
        return None;
    };
    if data.steps.is_empty() {
        return None;
    }
    let from = &record.origin;
    let mut graph = bounds::graph(Shown { from, data }, step);
    let ringed = step.filter(|s| bounds::has_place(data, *s));
    if let Some(step) = ringed {
        graph.headline = format!("The first violating step is {step}");
        if allowed.is_finite() && allowed > 0.0 {
            graph.lines.push(Line {
                label: "allowed".into(),
                ink: Ink::dotted(VERMILLION, 1.6),
                points: vec![(step as f64, allowed)],
                ..Line::default()
            });
        }
    }
    Some((sheet(&[vec![graph]]), ringed.is_some()))
}

/// Instances of a claim by how much of what is permitted each uses, failing ones among them: wide
/// and narrow. None where there are none.
pub fn spread(passing: &[f64], failing: &[f64]) -> Option<[String; 2]> {
    let usable = |v: &f64| *v > 0.0 && v.is_finite();
    let all: Vec<f64> = passing
        .iter()
        .chain(failing)
        .copied()
        .filter(usable)
        .collect();
    if all.is_empty() {
        return None;
    }
    let bad = failing.iter().copied().filter(usable).count();
    let row = Row {
        name: count(all.len(), "verdict"),
        more: format!("{bad} beyond"),
        colour: BLUE,
        open: passing.iter().filter(|v| **v == 0.0).count(),
        values: all,
        median: None,
    };
    let strip = Strip {
        headline: String::new(),
        axis: Spread::Log,
        accepted: [f64::NEG_INFINITY, 1.0],
        word: "passes",
        title: "part of what is permitted",
        column: "",
    };
    let rows = [row];
    Some([WIDE, NARROW].map(|width| strip.drawing(&rows, width)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::{curve, fit, origin, well_formed};

    #[test]
    fn the_step_is_ringed_in_both_widths() {
        let record = Record::new(origin("a"), Data::Curve(curve()));
        let (plain, no) = violation(&record, None, 0.5).unwrap();
        let (ringed, yes) = violation(&record, Some(3), 0.5).unwrap();
        assert!(yes && !no);
        for (with, without) in ringed.iter().zip(&plain) {
            well_formed(with).unwrap();
            assert!(with.len() > without.len());
        }
        assert_eq!(violation(&record, Some(999), 0.5).unwrap(), (plain, false));
        let mut empty = curve();
        empty.steps.clear();
        for other in [Data::Fit(fit()), Data::Curve(empty)] {
            assert!(violation(&Record::new(origin("a"), other), None, 0.5).is_none());
        }
    }

    #[test]
    fn numbers_that_have_no_place_are_left_out() {
        assert!(spread(&[], &[f64::NAN, f64::INFINITY, 0.0]).is_none());
        for svg in spread(&[1e-3, f64::NAN], &[2.0, 1e300]).unwrap() {
            well_formed(&svg).unwrap();
            assert_eq!(svg.matches("<circle").count(), 3, "{svg}");
        }
    }
}

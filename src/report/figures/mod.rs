//! Records → figures, as SVG.
//!
//! Owns what is drawn of a run. Must not know where figures go, nor how a record was computed.
//! Deterministic: the same records give the same bytes.

mod axis;
mod canvas;
mod chart;
mod curves;
mod detection;
mod frame;
mod moments;
mod plots;
mod race;
mod rates;
mod slack;

pub use super::figure::Figure;
pub use detection::{Detection, figure as detection};

use crate::claims::verdict::{Curve, Fit, MomentCurve, Plot, Race, Record, Slack};

/// All figures of a run: for every claim with curves, error and bounds against the step (one panel a kind
/// of instance, at most six in a figure); then the fitted rates against the predicted ones.
pub fn draw(records: &[Record]) -> Vec<Figure> {
    let curves: Vec<&Curve> = records
        .iter()
        .filter_map(|r| {
            if let Record::Curve(c) = r {
                Some(c)
            } else {
                None
            }
        })
        .collect();
    let fits: Vec<&Fit> = records
        .iter()
        .filter_map(|r| {
            if let Record::Fit(f) = r {
                Some(f)
            } else {
                None
            }
        })
        .collect();
    let slacks: Vec<&Slack> = records
        .iter()
        .filter_map(|r| {
            if let Record::Slack(s) = r {
                Some(s)
            } else {
                None
            }
        })
        .collect();
    let races: Vec<&Race> = records
        .iter()
        .filter_map(|r| {
            if let Record::Race(r) = r {
                Some(r)
            } else {
                None
            }
        })
        .collect();
    let moments: Vec<&MomentCurve> = records
        .iter()
        .filter_map(|r| {
            if let Record::Moments(m) = r {
                Some(m)
            } else {
                None
            }
        })
        .collect();
    let plots: Vec<&Plot> = records
        .iter()
        .filter_map(|r| {
            if let Record::Plot(p) = r {
                Some(p)
            } else {
                None
            }
        })
        .collect();
    let mut figures = curves::figures(&curves);
    figures.extend(rates::figure(&fits));
    figures.extend(moments::figures(&moments));
    figures.extend(plots::figures(&plots));
    figures.extend(race::figure(&races));
    figures.extend(slack::figures(&slacks));
    // Two claims may differ only in what a file name cannot hold.
    for i in 1..figures.len() {
        let base = figures[i].name.clone();
        let mut n = 2;
        while figures[..i].iter().any(|f| f.name == figures[i].name) {
            figures[i].name = format!("{base}-{n}");
            n += 1;
        }
    }
    figures
}

/// A file stem: lower-case letters, digits and single dashes.
fn stem(text: &str) -> String {
    let words = text
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|w| !w.is_empty());
    words
        .map(str::to_ascii_lowercase)
        .collect::<Vec<_>>()
        .join("-")
}

#[cfg(test)]
mod tests;

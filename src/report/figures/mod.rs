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

use crate::claims::verdict::Record;

/// All figures of a run: for every claim with curves, error and bounds against the step (one panel a kind
/// of instance, at most six in a figure); then the fitted rates against the predicted ones.
pub fn draw(records: &[Record]) -> Vec<Figure> {
    macro_rules! all {
        ($kind:ident) => {
            records
                .iter()
                .filter_map(|r| match r {
                    Record::$kind(inner) => Some(inner),
                    _ => None,
                })
                .collect::<Vec<_>>()
        };
    }
    let (curves, fits, slacks) = (all!(Curve), all!(Fit), all!(Slack));
    let (races, moments, plots) = (all!(Race), all!(Moments), all!(Plot));
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

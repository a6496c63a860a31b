//! All figures of a run.

use super::shown::Shown;
use super::{curves, moments, plots, race, rates, slack, strip};
use crate::checks::Data;
use crate::claims::Record;
use crate::report::figure::Figure;

/// All figures of a run: for every claim with curves, error and bounds against the step (one panel
/// a kind of instance, at most six in a figure); then the fitted rates against the predicted ones,
/// moments, plots, the race of AID-FP against ITD, how loose the bounds are, and all fitted rates in
/// units of what is accepted.
pub fn draw(records: &[Record]) -> Vec<Figure> {
    macro_rules! all {
        ($kind:ident) => {
            records
                .iter()
                .filter_map(|r| match &r.data {
                    Data::$kind(data) => Some(Shown {
                        from: &r.origin,
                        data,
                    }),
                    _ => None,
                })
                .collect::<Vec<_>>()
        };
    }
    let mut figures = curves::figures(&all!(Curve));
    figures.extend(rates::figure(&all!(Fit)));
    figures.extend(moments::figures(&all!(Moments)));
    figures.extend(plots::figures(&all!(Plot)));
    figures.extend(race::figure(&all!(Race)));
    figures.extend(slack::figures(&all!(Slack)));
    figures.extend(strip::figure(&all!(Fit)));
    for figure in &mut figures {
        figure.name = file_name(&figure.name);
    }
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

/// A name as a file name on any system: records may have been edited.
fn file_name(name: &str) -> String {
    let allowed = |c: char| {
        if c.is_ascii_alphanumeric() || c == '-' {
            c
        } else {
            '-'
        }
    };
    name.chars().take(LONGEST_NAME).map(allowed).collect()
}

/// File systems allow 255 bytes, suffixes included.
const LONGEST_NAME: usize = 120;

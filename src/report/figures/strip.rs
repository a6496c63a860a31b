//! All fitted rates on one scale: what was fitted, less what was predicted, in units of what is
//! accepted.
//!
//! Owns that figure, wide and narrow. Must not know how rates are fitted.

use super::csv;
use super::palette::of_method;
use super::rows::{Row, Spread, Strip};
use super::sheet::{NARROW, WIDE};
use super::shown::{Shown, claims};
use crate::checks::Fit;
use crate::report::figure::Figure;
use crate::report::format::{count, number, numberless};

/// How far the axis reaches; what lies further is drawn at its end.
const REACH: f64 = 1.25;

/// The fits of one method and growth.
struct Kind<'a> {
    method: &'a str,
    growth: &'a str,
    fits: Vec<Shown<'a, Fit>>,
}

/// The figure; none where nothing was fitted.
pub(super) fn figure(fits: &[Shown<'_, Fit>]) -> Option<Figure> {
    let mut kinds: Vec<Kind<'_>> = Vec::new();
    for &fit in fits {
        let (method, growth) = (fit.from.method.as_str(), fit.data.growth.as_str());
        let same = |k: &&mut Kind<'_>| k.method == method && k.growth == growth;
        match kinds.iter_mut().find(same) {
            Some(kind) => kind.fits.push(fit),
            None => kinds.push(Kind {
                method,
                growth,
                fits: vec![fit],
            }),
        }
    }
    let known = || fits.iter().filter(|f| off(f).is_finite());
    let furthest = known().max_by(|a, b| off(a).abs().total_cmp(&off(b).abs()))?;
    let missing = fits.len() - known().count();
    let outside = known().filter(|f| off(f).abs() > 1.0).count();
    let all = count(known().count(), "fitted rate");
    let said = match outside {
        0 if missing == 0 => format!("All {all} are inside what is accepted"),
        0 => format!("{all} inside what is accepted"),
        n => format!("{n} of {all} lie outside what is accepted"),
    };
    let rows: Vec<Row> = kinds.iter().map(row).collect();
    let strip = Strip {
        headline: "Every fitted rate against its prediction".into(),
        axis: Spread::Linear(-REACH, REACH),
        accepted: [-1.0, 1.0],
        word: "accepted",
        title: "(fitted − predicted) ÷ what is accepted",
        column: "",
    };
    Some(Figure {
        name: "fitted-rates".into(),
        title: "Every fitted rate against its prediction".into(),
        finding: format!(
            "{said}; the furthest uses {} % of it.{}",
            number((100.0 * off(furthest).abs()).round()),
            numberless(missing)
        ),
        caption: format!(
            "Each dot is a fit, in units of what is accepted around its prediction. The furthest is {} of {}.{}",
            furthest.from.instance(),
            furthest.from.claim,
            if missing > 0 {
                " Open marks at the edge: no number."
            } else {
                ""
            }
        ),
        svg: strip.drawing(&rows, WIDE),
        narrow: Some(strip.drawing(&rows, NARROW)),
        claims: claims(fits),
        data: csv::fits(fits),
    })
}

/// (fitted - predicted) in units of what is accepted.
fn off(fit: &Fit) -> f64 {
    (fit.fitted - fit.predicted) / fit.accepted
}

fn row(kind: &Kind<'_>) -> Row {
    let values = kind.fits.iter().map(|f| off(f)).filter(|v| v.is_finite());
    let values: Vec<f64> = values.collect();
    Row {
        name: short(kind.method),
        more: format!("{}, {}", growth(kind.growth), count(kind.fits.len(), "fit")),
        colour: of_method(kind.method),
        open: kind.fits.len() - values.len(),
        values,
        median: None,
    }
}

/// Its name with its mode.
fn short(method: &str) -> String {
    match method {
        "aid-fp" => "AID-FP reverse".into(),
        "aid-fp-forward" => "AID-FP forward".into(),
        "itd" => "ITD forward".into(),
        "itd-reverse" => "ITD reverse".into(),
        other => other.to_uppercase(),
    }
}

fn growth(name: &str) -> &str {
    match name {
        "pure" => "rate ρ",
        "resonant" => "t·ρᵗ",
        "1/k" => "1/k",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::{fit, origin, well_formed};

    #[test]
    fn a_fit_outside_is_counted_and_drawn_as_failing() {
        let from = origin("rate-itd");
        let (good, mut bad) = (fit(), fit());
        bad.fitted = 0.6;
        let shown = |data| Shown { from: &from, data };
        let figure = figure(&[shown(&good), shown(&bad)]).unwrap();
        assert!(
            figure
                .finding
                .starts_with("1 of 2 fitted rates lie outside"),
            "{}",
            figure.finding
        );
        for svg in [&figure.svg, figure.narrow.as_ref().unwrap()] {
            well_formed(svg).unwrap();
            assert_eq!(svg.matches("<circle").count(), 2);
        }
        assert!(super::figure(&[]).is_none());
        let unknown = Fit {
            accepted: f64::NAN,
            ..fit()
        };
        assert!(super::figure(&[shown(&unknown)]).is_none());
    }
}

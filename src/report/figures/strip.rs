//! All fitted rates on one scale: what was fitted, less what was predicted, in units of what is
//! accepted.
//!
//! Owns that figure, wide and narrow. Must not know how rates are fitted.

use super::axis::Axis;
use super::canvas::{Anchor, BLUE, Canvas, Colour, INK, OK, SOFT, VERMILLION, draw, fitted, font};
use super::canvas::{BAND, MAUVE, OCHRE, TEAL};
use super::csv;
use super::shown::{Shown, claims};
use crate::checks::Fit;
use crate::report::figure::Figure;
use crate::report::format::{count, number};

/// Drawn beside the headline, and on small screens.
const WIDE: f64 = 560.0;
const NARROW: f64 = 344.0;
const ROW: f64 = 36.0;
const TOP: f64 = 22.0;
const FOOT: f64 = 40.0;
/// How far the axis reaches; what lies further is drawn at its end.
const REACH: f64 = 1.25;
const RADIUS: f64 = 2.6;
/// Dots of a row that would hide each other are moved apart by this, at most [`LANES`] times.
const LANE: f64 = 5.0;
const LANES: i32 = 2;

/// The fits of one method and growth.
struct Kind<'a> {
    method: &'a str,
    growth: &'a str,
    fits: Vec<Shown<'a, Fit>>,
}

/// The figure; none where nothing was fitted.
pub(super) fn figure(fits: &[Shown<'_, Fit>]) -> Option<Figure> {
    let mut kinds: Vec<Kind<'_>> = Vec::new();
    for &fit in fits.iter().filter(|f| off(f).is_finite()) {
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
    let furthest = kinds.iter().flat_map(|k| &k.fits);
    let furthest = furthest.max_by(|a, b| off(a).abs().total_cmp(&off(b).abs()))?;
    let all: usize = kinds.iter().map(|k| k.fits.len()).sum();
    let outside = kinds.iter().flat_map(|k| &k.fits);
    let outside = outside.filter(|f| off(f).abs() > 1.0).count();
    let said = match outside {
        0 => format!(
            "All {} are inside what is accepted",
            count(all, "fitted rate")
        ),
        n => format!(
            "{n} of {} lie outside what is accepted",
            count(all, "fitted rate")
        ),
    };
    let title = "Every fitted rate against its prediction".to_owned();
    Some(Figure {
        name: "fitted-rates".into(),
        caption: format!(
            "{said}; the furthest uses {} % of it ({} of {}).",
            number((100.0 * off(furthest).abs()).round()),
            furthest.from.instance(),
            furthest.from.claim
        ),
        svg: drawing(&kinds, WIDE),
        narrow: Some(drawing(&kinds, NARROW)),
        claims: claims(fits),
        data: csv::fits(fits),
        title,
        part: 0,
    })
}

/// (fitted - predicted) in units of what is accepted.
fn off(fit: &Fit) -> f64 {
    (fit.fitted - fit.predicted) / fit.accepted
}

fn drawing(kinds: &[Kind<'_>], width: f64) -> String {
    let height = TOP + ROW * kinds.len() as f64 + FOOT;
    draw(width, height, &[], |canvas| {
        let left = if width < WIDE { 118.0 } else { 136.0 };
        let x = Axis::linear(-REACH, REACH, (left, width - 12.0));
        let bottom = TOP + ROW * kinds.len() as f64;
        let at = |v: f64| x.at(v).unwrap_or(left);
        canvas.rect((at(-1.0), TOP), (at(1.0), bottom), BAND);
        for edge in [-1.0, 1.0] {
            canvas.line((at(edge), TOP), (at(edge), bottom), OK, 1.2);
        }
        let said = TOP - 10.0;
        canvas.text("accepted", (at(0.0), said), Anchor::Middle, font(12.0), OK);
        for (edge, anchor) in [(-REACH, Anchor::Start), (REACH, Anchor::End)] {
            canvas.text("fails", (at(edge), said), anchor, font(12.0), VERMILLION);
        }
        for (i, kind) in kinds.iter().enumerate() {
            let middle = TOP + ROW * (i as f64 + 0.5);
            row(canvas, kind, &x, (left, middle));
        }
        for (value, label) in [
            (-1.0, "-1"),
            (-0.5, "-½"),
            (0.0, "0"),
            (0.5, "½"),
            (1.0, "1"),
        ] {
            canvas.line((at(value), bottom), (at(value), bottom + 4.0), SOFT, 1.0);
            let place = (at(value), bottom + 13.0);
            canvas.text(label, place, Anchor::Middle, font(12.0), SOFT);
        }
        let place = (at(0.0), bottom + 30.0);
        let axis = "(fitted - predicted) ÷ what is accepted";
        canvas.text(axis, place, Anchor::Middle, font(12.0), SOFT);
    })
}

fn row(canvas: &mut Canvas<'_>, kind: &Kind<'_>, x: &Axis, (left, middle): (f64, f64)) {
    let place = (left - 10.0, middle - 7.0);
    canvas.text(&short(kind.method), place, Anchor::End, font(12.0), INK);
    let place = (left - 10.0, middle + 8.0);
    let fits = format!("{}, {}", growth(kind.growth), count(kind.fits.len(), "fit"));
    canvas.text(&fits, place, Anchor::End, font(12.0), SOFT);
    let mut sorted: Vec<f64> = kind.fits.iter().map(|f| off(f)).collect();
    sorted.sort_by(f64::total_cmp);
    // Where the last dot of each lane lies: the nearest lane that is free takes the next one.
    let mut ends = vec![f64::NEG_INFINITY; 2 * LANES.unsigned_abs() as usize + 1];
    for v in sorted {
        let Some(at) = x.at(v) else { continue };
        let lanes = (0..=LANES).flat_map(|n| [n, -n]);
        let index = |n: i32| (n + LANES).unsigned_abs() as usize;
        let free = { lanes }.find(|n| at - ends[index(*n)] >= 2.0 * RADIUS);
        let lane = free.unwrap_or(0);
        ends[index(lane)] = at;
        let colour = if v.abs() > 1.0 {
            VERMILLION
        } else {
            colour(kind.method)
        };
        canvas.disc((at, middle + LANE * f64::from(lane)), RADIUS, colour);
    }
}

/// Methods that differ in their mode only share a colour.
fn colour(method: &str) -> Colour {
    match method {
        m if m.starts_with("itd") || m.starts_with("bitd") => MAUVE,
        m if m.starts_with("nsid") => TEAL,
        m if m.starts_with("sid") => OCHRE,
        _ => BLUE,
    }
}

/// Its name with its mode.
fn short(method: &str) -> String {
    match method {
        "aid-fp" => "AID-FP reverse".into(),
        "aid-fp-forward" => "AID-FP forward".into(),
        "itd" => "ITD forward".into(),
        "itd-reverse" => "ITD reverse".into(),
        other => fitted(&other.to_uppercase(), 104.0, 12.0),
    }
}

fn growth(name: &str) -> &str {
    match name {
        "pure" => "rate ρ",
        "resonant" => "factor t",
        "1/k" => "slope in k",
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
                .caption
                .starts_with("1 of 2 fitted rates lie outside"),
            "{}",
            figure.caption
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

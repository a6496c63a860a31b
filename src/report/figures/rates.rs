//! Relative deviation of every fitted local rate from the predicted one, with its interval and the
//! accepted band.
//!
//! Owns that figure. Must not know how rates are fitted.

use super::axis::Axis;
use super::canvas::{Anchor, Canvas, Point, bold, draw, font, width};
use super::csv;
use super::frame::{Frame, TEXT};
use super::palette::{BAND, Colour, INK, OK, SOFT, VERMILLION, method_name, of_method};
use super::sheet::{NARROW, WIDE};
use super::shown::{Shown, claims};
use crate::checks::Fit;
use crate::report::figure::Figure;
use crate::report::format::{count, numberless};
use crate::report::page::words::digits;

/// Deviations below this are linear, decades beyond.
const LINEAR: f64 = MILLIONTH;
const MILLIONTH: f64 = 1.0 / 1_000_000.0;
/// A deviation beyond this is drawn at the edge.
const MOST: f64 = 1.0;
const RADIUS: f64 = 3.2;

/// The figure of the fits of pure growth; none without one that can be drawn.
pub(super) fn figure(fits: &[Shown<'_, Fit>]) -> Option<Figure> {
    let pure: Vec<Shown<'_, Fit>> = fits
        .iter()
        .copied()
        .filter(|f| f.growth == "pure")
        .collect();
    let known = |f: &Shown<'_, Fit>| f.fitted.is_finite() && f.accepted.is_finite();
    let drawable = |f: &Shown<'_, Fit>| f.predicted > 0.0 && f.predicted < 1.0 && known(f);
    let drawn: Vec<Shown<'_, Fit>> = pure.iter().copied().filter(drawable).collect();
    let furthest = drawn
        .iter()
        .max_by(|a, b| off(a).abs().total_cmp(&off(b).abs()))?;
    let outside = pure.iter().filter(|f| fails(f)).count();
    let lost = pure.iter().filter(|f| !known(f)).count();
    let close = drawn.iter().filter(|f| off(f).abs() <= LINEAR).count();
    let all = count(drawn.len(), "fitted local rate");
    let [narrowest, widest] = bands(&drawn).map(|b| digits(100.0 * b));
    let finding = if outside > 0 {
        let all = count(pure.len(), "fitted local rate");
        format!(
            "{outside} of {all} lie outside what is accepted around ρ.{}",
            numberless(lost)
        )
    } else {
        let subject = if drawn.len() == pure.len() {
            format!("All {all} lie")
        } else {
            format!("The {all} shown here lie")
        };
        let band = if narrowest == widest {
            format!(" (±{widest} % of ρ)")
        } else {
            String::new()
        };
        format!(
            "{subject} inside what is accepted{band}, {close} of them within 10⁻⁶; the furthest is {} % off \
             ({}): a rate that is wrong, slower or faster, would stand outside.{}",
            digits(100.0 * off(furthest).abs()),
            furthest.from.instance(),
            numberless(lost)
        )
    };
    let mut caption = String::from(
        "Bars: the 95 % interval of the fit. The scale is linear within ±10⁻⁶ and has decades beyond. ",
    );
    caption += &if narrowest == widest {
        format!("Band: the accepted ±{widest} %.")
    } else {
        format!(
            "Band: the widest that is accepted, ±{widest} %; each fit is judged by its own, the narrowest ±{narrowest} %."
        )
    };
    if pure.len() > drawn.len() {
        caption += &format!(
            " Not shown: {} with a predicted rate outside (0, 1) or a number that is not finite.",
            count(pure.len() - drawn.len(), "fit")
        );
    }
    let others = fits.iter().filter(|f| f.growth == "resonant").count();
    if others > 0 {
        caption += &format!(
            " Not shown either: {} of resonant growth, which have no rate of their own.",
            count(others, "fit")
        );
    }
    Some(Figure {
        name: "rates".into(),
        title: "Fitted local rates against the predicted ones".into(),
        finding,
        caption,
        svg: drawing(&drawn, WIDE),
        narrow: Some(drawing(&drawn, NARROW)),
        claims: claims(&drawn),
        data: csv::fits(&drawn),
    })
}

/// Relative deviation.
fn off(fit: &Fit) -> f64 {
    relative(fit, fit.fitted)
}

fn relative(fit: &Fit, value: f64) -> f64 {
    (value - fit.predicted) / fit.predicted
}

fn fails(fit: &Fit) -> bool {
    (fit.fitted - fit.predicted).abs() > fit.accepted
}

/// Half the width of what is accepted, relative to ρ: the narrowest and the widest.
fn bands(fits: &[Shown<'_, Fit>]) -> [f64; 2] {
    let all = || {
        let each = fits.iter().map(|f| f.accepted / f.predicted);
        each.filter(|b| *b > 0.0 && b.is_finite())
    };
    [all().reduce(f64::min), all().reduce(f64::max)].map(|b| b.unwrap_or(0.0))
}

fn drawing(fits: &[Shown<'_, Fit>], wide: f64) -> String {
    let height = 344.0;
    draw(wide, height, |canvas| {
        let frame = Frame {
            left: 66.0,
            top: 74.0,
            right: wide - 16.0,
            bottom: height - 46.0,
        };
        let x = Axis::linear(0.0, 1.0, frame.across());
        let [narrowest, band] = bands(fits);
        let same = digits(100.0 * narrowest) == digits(100.0 * band);
        let y = Axis::signed(LINEAR, band.max(LINEAR), frame.up());
        let headline = match fits.iter().filter(|f| fails(f)).count() {
            0 if same => format!("Rates shown lie within {} % of ρ", digits(100.0 * band)),
            0 => "Rates shown lie inside what is accepted".into(),
            n => format!("{} off ρ", count(n, "rate")),
        };
        canvas.text(&headline, (10.0, 10.0), Anchor::Start, bold(13.0), INK);
        legend(canvas, fits);
        let title = (10.0, frame.top - 12.0);
        canvas.text(
            "fitted ÷ predicted − 1",
            title,
            Anchor::Start,
            font(TEXT),
            SOFT,
        );
        let at = |v: f64| y.at(v).unwrap_or(frame.top);
        canvas.rect((frame.left, at(band)), (frame.right, at(-band)), BAND);
        frame.grid(canvas, &x, &y);
        for edge in [band, -band] {
            canvas.line((frame.left, at(edge)), (frame.right, at(edge)), OK, 1.2);
        }
        let most = if same { "" } else { "at most " };
        let said = format!("accepted: {most}±{} %", digits(100.0 * band));
        let place = (frame.right - 6.0, at(band) + 11.0);
        canvas.text(&said, place, Anchor::End, font(TEXT), OK);
        for side in [
            f64::midpoint(frame.top, at(band)),
            f64::midpoint(frame.bottom, at(-band)),
        ] {
            let place = (frame.right - 6.0, side);
            canvas.text("fails", place, Anchor::End, font(TEXT), VERMILLION);
        }
        for f in fits {
            let deviation = off(f).clamp(-MOST, MOST);
            let Some(point) = x.at(f.predicted).zip(y.at(deviation)) else {
                continue;
            };
            let ends = [f.lower, f.upper].map(|v| y.at(relative(f, v)));
            let colour = if fails(f) {
                VERMILLION
            } else {
                of_method(&f.from.method)
            };
            if let [Some(a), Some(b)] = ends {
                canvas.faint((point.0, a), (point.0, b), colour, 1.2);
            }
            mark(canvas, point, method_name(&f.from.method), colour);
        }
        frame.title(canvas, "predicted local rate ρ");
    })
}

/// ITD has triangles, so that the two are told apart without colour.
fn mark(canvas: &mut Canvas<'_>, (x, y): Point, method: &str, colour: Colour) {
    if method == "ITD" {
        let r = RADIUS;
        let corners = [
            (x, y - 1.25 * r),
            (x + 1.15 * r, y + 0.8 * r),
            (x - 1.15 * r, y + 0.8 * r),
        ];
        canvas.polygon(&corners, colour);
    } else {
        canvas.disc((x, y), RADIUS - 0.4, colour);
    }
}

fn legend(canvas: &mut Canvas<'_>, fits: &[Shown<'_, Fit>]) {
    let mut names: Vec<&str> = Vec::new();
    for f in fits {
        let name = method_name(&f.from.method);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let mut left = 16.0;
    for name in names {
        mark(canvas, (left, 34.0), name, of_method(name));
        canvas.text(name, (left + 9.0, 34.0), Anchor::Start, font(TEXT), INK);
        left += 9.0 + width(name, TEXT) + 20.0;
    }
}

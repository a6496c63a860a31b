//! What a violation looks like: the curve of the failing instance, or all instances of its claim on
//! one scale.
//!
//! Owns these two drawings, wide and narrow. Must not know which verdict was chosen, nor why.

use super::axis::Axis;
use super::canvas::{Anchor, BLUE, OK, SOFT, VERMILLION, draw, font};
use super::curves;
use super::frame::Frame;
use super::shown::Shown;
use crate::checks::{Curve, Data};
use crate::claims::Record;

/// Beside the words, and on small screens.
const WIDTHS: [f64; 2] = [560.0, 344.0];

/// The recorded curve with a ring around the error at `step`, wide and narrow; none where the
/// record is no curve.
pub fn violation(record: &Record, step: Option<usize>) -> Option<[String; 2]> {
    let Data::Curve(data) = &record.data else {
        return None;
    };
    let from = &record.origin;
    Some(WIDTHS.map(|width| drawing(Shown { from, data }, step, width)))
}

fn drawing(curve: Shown<'_, Curve>, step: Option<usize>, width: f64) -> String {
    let (head, below) = if width < WIDTHS[0] {
        (74.0, 300.0)
    } else {
        (56.0, 330.0)
    };
    draw(width, head + below, &curves::DASHES, |canvas| {
        curves::legend(canvas, &[curve], (14.0, width));
        let frame = Frame {
            left: 62.0,
            top: head + 42.0,
            right: width - 14.0,
            bottom: head + below - 46.0,
        };
        curves::panel(canvas, &frame, curve, step);
    })
}

/// Instances of a claim by how much of what is permitted each uses, failing ones among them: wide
/// and narrow. None where there are none.
pub fn spread(passing: &[f64], failing: &[f64]) -> Option<[String; 2]> {
    let usable = |v: &f64| *v > 0.0 && v.is_finite();
    let all = || passing.iter().chain(failing).copied().filter(usable);
    all().next()?;
    Some(WIDTHS.map(|width| {
        let (top, bottom) = (22.0, 110.0);
        draw(width, bottom + 40.0, &[], |canvas| {
            let x = Axis::log(all().chain([1.0]), (14.0, width - 14.0));
            let limit = x.at(1.0).unwrap_or(14.0);
            for (at, label) in x.ticks(if width < WIDTHS[0] { 4 } else { 6 }) {
                canvas.line((at, bottom), (at, bottom + 4.0), SOFT, 1.0);
                canvas.text(
                    &label,
                    (at, bottom + 13.0),
                    Anchor::Middle,
                    font(12.0),
                    SOFT,
                );
            }
            canvas.line((14.0, bottom), (width - 14.0, bottom), SOFT, 1.0);
            canvas.line((limit, top), (limit, bottom), VERMILLION, 1.4);
            // Beside the limit, and inside the drawing where the limit is at its edge.
            let (said, gap) = (top - 10.0, 6.0);
            let between = limit.clamp(62.0, width - 46.0);
            canvas.text("passes", (between - gap, said), Anchor::End, font(12.0), OK);
            canvas.text(
                "fails",
                (between + gap, said),
                Anchor::Start,
                font(12.0),
                VERMILLION,
            );
            for (values, colour, radius) in [(passing, BLUE, 2.6), (failing, VERMILLION, 4.2)] {
                for (i, at) in values.iter().copied().filter(usable).enumerate() {
                    // A golden-ratio sequence spreads them evenly, the same way every time.
                    let part = (i as f64 * 0.618_033_988_749_894_9).fract();
                    let y = top + 8.0 + part * (bottom - top - 16.0);
                    if let Some(x) = x.at(at) {
                        canvas.disc((x, y), radius, colour);
                    }
                }
            }
            let place = (width - 14.0, bottom + 30.0);
            canvas.text(
                "part of what is permitted",
                place,
                Anchor::End,
                font(12.0),
                SOFT,
            );
        })
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::{curve, fit, origin, well_formed};

    #[test]
    fn the_step_is_ringed_in_both_widths() {
        let record = Record::new(origin("a"), Data::Curve(curve()));
        let plain = violation(&record, None).unwrap();
        let ringed = violation(&record, Some(3)).unwrap();
        for (with, without) in ringed.iter().zip(&plain) {
            well_formed(with).unwrap();
            assert!(with.len() > without.len());
        }
        assert_eq!(violation(&record, Some(999)).unwrap(), plain);
        assert!(violation(&Record::new(origin("a"), Data::Fit(fit())), None).is_none());
    }

    #[test]
    fn numbers_that_have_no_place_are_left_out() {
        assert!(spread(&[], &[f64::NAN, f64::INFINITY, 0.0]).is_none());
        for svg in spread(&[1e-3, f64::NAN], &[2.0, 1e300]).unwrap() {
            well_formed(&svg).unwrap();
            assert_eq!(svg.matches("<circle").count(), 3);
        }
    }
}

//! Many values on one scale: a row of dots for each of their kinds.
//!
//! Owns how such a strip looks. Must not know what the values are.

use super::axis::Axis;
use super::canvas::{Anchor, Canvas, bold, draw, fitted, font, width, wrapped};
use super::frame::{Frame, TEXT};
use super::palette::{BAND, Colour, INK, OK, SOFT, VERMILLION};
use super::sheet::WIDE;

/// The values of one kind.
pub(super) struct Row {
    /// Two lines of text at its left: what it is, and more of it.
    pub(super) name: String,
    pub(super) more: String,
    pub(super) colour: Colour,
    pub(super) values: Vec<f64>,
    /// Values at rounding or exactly 0, or without number: open marks at the left edge.
    pub(super) open: usize,
    /// A bar, and what it is.
    pub(super) median: Option<(f64, String)>,
}

/// The scale of all rows.
pub(super) struct Strip {
    /// Its message; may be empty.
    pub(super) headline: String,
    pub(super) axis: Spread,
    /// What is accepted; a limit alone where one end is infinite.
    pub(super) accepted: [f64; 2],
    /// Words for the accepted side; the other one fails.
    pub(super) word: &'static str,
    /// Title of the axis.
    pub(super) title: &'static str,
    /// Title of the column of medians.
    pub(super) column: &'static str,
}

/// How the scale is divided.
pub(super) enum Spread {
    /// Between these.
    Linear(f64, f64),
    /// Whole decades over all values.
    Log,
}

const HEIGHT: f64 = 38.0;
const TOP: f64 = 24.0;
const FOOT: f64 = 44.0;
const RADIUS: f64 = 2.5;

impl Strip {
    /// The rows on a sheet of this width.
    pub(super) fn drawing(&self, rows: &[Row], wide: f64) -> String {
        let lines = wrapped(&self.headline, wide - 20.0, 13.0, 2);
        let head = 18.0 * lines.len() as f64;
        let height = head + TOP + HEIGHT * rows.len() as f64 + FOOT;
        draw(wide, height, |canvas| {
            for (i, line) in lines.iter().enumerate() {
                let place = (10.0, 10.0 + 16.0 * i as f64);
                canvas.text(line, place, Anchor::Start, bold(13.0), INK);
            }
            let column = if self.column.is_empty() { 14.0 } else { 66.0 };
            let frame = Frame {
                left: if wide < WIDE { 128.0 } else { 150.0 },
                top: head + TOP,
                right: wide - column,
                bottom: height - FOOT,
            };
            let x = self.axis(rows, &frame);
            self.ground(canvas, &frame, &x);
            for (i, row) in rows.iter().enumerate() {
                let middle = frame.top + HEIGHT * (i as f64 + 0.5);
                self.row(canvas, &frame, row, &x, middle);
            }
            let place = (wide - 4.0, frame.bottom + 30.0);
            canvas.text(self.column, place, Anchor::End, font(TEXT), SOFT);
            frame.title(canvas, self.title);
        })
    }

    fn axis(&self, rows: &[Row], frame: &Frame) -> Axis {
        match self.axis {
            Spread::Linear(low, high) => Axis::linear(low, high, frame.across()),
            Spread::Log => {
                // A decade beyond each limit: the side that fails is part of the picture, and open
                // marks at the edge lie on no value.
                let [low, high] = self.accepted;
                let ends = [low / 10.0, high * 10.0]
                    .into_iter()
                    .filter(|v| v.is_finite());
                let all = rows.iter().flat_map(|r| r.values.iter().copied());
                Axis::log(all.chain(ends), frame.across())
            }
        }
    }

    fn ground(&self, canvas: &mut Canvas<'_>, frame: &Frame, x: &Axis) {
        let [low, high] = self.accepted;
        let edge = |v: f64, else_: f64| {
            if v.is_finite() {
                x.at(v).unwrap_or(else_)
            } else {
                else_
            }
        };
        let (a, b) = (edge(low, frame.left), edge(high, frame.right));
        canvas.rect((a, frame.top), (b, frame.bottom), BAND);
        frame.foot(canvas, x);
        let said = frame.top - 11.0;
        let (mut from, mut to) = (a, b);
        for (value, at) in [(low, a), (high, b)] {
            if !value.is_finite() {
                continue;
            }
            canvas.line((at, frame.top), (at, frame.bottom), VERMILLION, 1.4);
            let fails = width("fails", TEXT);
            let left = value == low;
            let room = if left {
                at - frame.left
            } else {
                frame.right - at
            };
            // Beside the limit; turned inward where there is no room.
            let (place, anchor) = match (left, room >= fails + 4.0) {
                (true, true) => (at - 6.0, Anchor::End),
                (true, false) => (at - 2.0, Anchor::End),
                (false, true) => (at + 6.0, Anchor::Start),
                (false, false) => (frame.right + 12.0, Anchor::End),
            };
            if left {
                from = at;
            } else {
                to = at;
            }
            canvas.text("fails", (place, said), anchor, font(TEXT), VERMILLION);
        }
        let both = low.is_finite() && high.is_finite();
        let (place, anchor) = match (both, low.is_finite()) {
            (true, _) => (f64::midpoint(from, to), Anchor::Middle),
            (false, true) => (from + 6.0, Anchor::Start),
            (false, false) => (to - 6.0, Anchor::End),
        };
        canvas.text(self.word, (place, said), anchor, font(TEXT), OK);
    }

    fn row(&self, canvas: &mut Canvas<'_>, frame: &Frame, row: &Row, x: &Axis, middle: f64) {
        let room = frame.left - 16.0;
        let second = !row.more.is_empty();
        let first = middle - if second { 7.0 } else { 0.0 };
        let place = (frame.left - 10.0, first);
        let name = fitted(&row.name, room, TEXT);
        canvas.text(&name, place, Anchor::End, font(TEXT), INK);
        let more = fitted(&row.more, room, TEXT);
        let place = (frame.left - 10.0, middle + 8.0);
        canvas.text(&more, place, Anchor::End, font(TEXT), SOFT);
        let [low, high] = self.accepted;
        for (i, value) in row.values.iter().enumerate() {
            let Some(at) = x.at(*value) else { continue };
            // A golden-ratio sequence spreads them evenly, the same way every time.
            let part = (i as f64 * GOLDEN).fract();
            let y = middle + (part - 0.5) * (HEIGHT - 14.0);
            if *value < low || *value > high {
                canvas.disc((at, y), 4.0, VERMILLION);
            } else {
                canvas.faint_disc((at, y), RADIUS, row.colour);
            }
        }
        for i in 0..row.open.min(OPEN) {
            let part = ((i as f64 + 0.5) * GOLDEN).fract();
            let y = middle + (part - 0.5) * (HEIGHT - 14.0);
            canvas.circle((frame.left, y), RADIUS, row.colour, 1.0);
        }
        if let Some((value, text)) = &row.median {
            if let Some(at) = x.at(*value) {
                let half = HEIGHT / 2.0 - 5.0;
                canvas.line((at, middle - half), (at, middle + half), INK, 2.2);
            }
            let place = (frame.right + 62.0, middle);
            canvas.text(text, place, Anchor::End, font(TEXT), INK);
        }
    }
}

const GOLDEN: f64 = 0.618_033_988_749_894_9;
/// Open marks of a row at most.
const OPEN: usize = 12;

//! Plain charts: panels of lines and points under one legend.
//!
//! Owns their layout. Must not know what is plotted.

use super::axis::Axis;
use super::canvas::{Anchor, Canvas, Colour, INK, Point, SOFT, bold, draw, fitted, font, width};
use super::frame::Frame;

/// How an axis is divided.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Scale {
    /// From the least to the largest value, 0 included where `true`.
    Linear(bool),
    /// Whole decades.
    Log,
}

/// How a series is shown.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Look {
    /// A line through the points.
    Line(f64),
    /// A line with dots on it.
    Dotted(f64),
    /// Points alone.
    Points,
}

/// One series of a panel; the same name and colour in several panels share an entry of the legend.
pub(super) struct Series {
    pub(super) name: String,
    pub(super) colour: Colour,
    pub(super) look: Look,
    pub(super) points: Vec<Point>,
}

/// One panel.
pub(super) struct Panel {
    pub(super) heading: String,
    pub(super) note: String,
    pub(super) across: (String, Scale),
    pub(super) up: Scale,
    pub(super) series: Vec<Series>,
    /// Vertical marks: where, what, colour.
    pub(super) marks: Vec<(f64, String, Colour)>,
}

const WIDTH: f64 = 900.0;
const HEAD: f64 = 72.0;
const ROW: f64 = 310.0;
const SAMPLE: f64 = 24.0;

/// The document of a chart with at most two panels in a row. `dashes` are drawn broken wherever
/// their colour occurs.
pub(super) fn chart(title: &str, panels: &[Panel], dashes: &[(Colour, &[f64])]) -> String {
    let columns = if panels.len() == 1 { 1 } else { 2 };
    let rows = panels.len().div_ceil(columns);
    let column = WIDTH / columns as f64;
    let lines = legend_lines(panels);
    let head = HEAD + 18.0 * lines.saturating_sub(1) as f64;
    draw(WIDTH, head + rows as f64 * ROW, dashes, |canvas| {
        canvas.text(
            &fitted(title, WIDTH - 32.0, 16.0),
            (16.0, 20.0),
            Anchor::Start,
            bold(16.0),
            INK,
        );
        for (at, name, colour, look) in entries(panels) {
            sample(canvas, at, colour, look);
            canvas.text(
                &name,
                (at.0 + SAMPLE + 5.0, at.1),
                Anchor::Start,
                font(12.0),
                INK,
            );
        }
        for (i, p) in panels.iter().enumerate() {
            let (left, top) = (
                (i % columns) as f64 * column,
                head + (i / columns) as f64 * ROW,
            );
            let frame = Frame {
                left: left + 62.0,
                top: top + 34.0,
                right: left + column - 20.0,
                bottom: top + ROW - 46.0,
            };
            panel(canvas, &frame, p);
        }
    })
}

fn sample(canvas: &mut Canvas<'_>, (x, y): Point, colour: Colour, look: Look) {
    match look {
        Look::Points => {}
        Look::Line(width) | Look::Dotted(width) => {
            canvas.line((x, y), (x + SAMPLE, y), colour, width);
        }
    }
    if !matches!(look, Look::Line(_)) {
        canvas.disc((x + SAMPLE / 2.0, y), 2.6, colour);
    }
}

/// Place, text and look of every entry of the legend.
fn entries(panels: &[Panel]) -> Vec<(Point, String, Colour, Look)> {
    let mut out: Vec<(Point, String, Colour, Look)> = Vec::new();
    let (mut x, mut y) = (16.0, 46.0);
    for s in panels.iter().flat_map(|p| &p.series) {
        if s.points.is_empty() || out.iter().any(|e| e.1 == s.name) {
            continue;
        }
        let wide = SAMPLE + 5.0 + width(&s.name, 12.0) + 12.0;
        if x + wide > WIDTH - 16.0 {
            (x, y) = (16.0, y + 18.0);
        }
        out.push(((x, y), s.name.clone(), s.colour, s.look));
        x += wide;
    }
    out
}

fn legend_lines(panels: &[Panel]) -> usize {
    let entries = entries(panels);
    let last = entries.last().map_or(46.0, |e| e.0.1);
    ((last - 46.0) / 18.0) as usize + 1
}

fn axis(scale: Scale, values: impl Iterator<Item = f64> + Clone, pixels: (f64, f64)) -> Axis {
    match scale {
        Scale::Log => Axis::log(values, pixels),
        Scale::Linear(zero) => {
            let finite = values.filter(|v| v.is_finite());
            let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| {
                (l.min(v), h.max(v))
            });
            let low = if zero { low.min(0.0) } else { low };
            Axis::linear(low, high, pixels)
        }
    }
}

fn panel(canvas: &mut Canvas<'_>, frame: &Frame, panel: &Panel) {
    let all = || panel.series.iter().flat_map(|s| s.points.iter());
    let x = axis(panel.across.1, all().map(|p| p.0), frame.across());
    let y = axis(panel.up, all().map(|p| p.1), frame.up());
    let heading = frame.top - 22.0;
    let room = frame.right - frame.left - width(&panel.note, 12.0) - 16.0;
    canvas.text(
        &fitted(&panel.heading, room, 13.0),
        (frame.left, heading),
        Anchor::Start,
        bold(13.0),
        INK,
    );
    canvas.text(
        &panel.note,
        (frame.right, heading),
        Anchor::End,
        font(12.0),
        SOFT,
    );
    frame.grid(canvas, &x, &y, (6, 6));
    for (at, name, colour) in &panel.marks {
        if let Some(at) = x.at(*at).filter(|_| x.holds(*at)) {
            canvas.line((at, frame.top), (at, frame.bottom), *colour, 1.6);
            canvas.text(
                name,
                (at, frame.top - 7.0),
                Anchor::Middle,
                font(11.0),
                *colour,
            );
        }
    }
    for s in &panel.series {
        // A value that the axis has not interrupts the line.
        let mut piece: Vec<Point> = Vec::new();
        let mut pieces = Vec::new();
        for (a, b) in &s.points {
            match x.at(*a).zip(y.at(*b)).filter(|_| b.is_finite()) {
                Some(point) => piece.push(point),
                None => pieces.push(std::mem::take(&mut piece)),
            }
        }
        pieces.push(piece);
        for piece in pieces.iter().filter(|p| !p.is_empty()) {
            if let Look::Line(w) | Look::Dotted(w) = s.look {
                canvas.path(piece, s.colour, w);
            }
            if !matches!(s.look, Look::Line(_)) {
                for point in piece {
                    canvas.disc(*point, 2.6, s.colour);
                }
            }
        }
    }
    frame.border(canvas, &panel.across.0);
}

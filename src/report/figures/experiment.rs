//! An experiment: errors of several methods against steps or epochs, medians with their spread.
//!
//! Owns how such panels look. Must not know which experiment it is.

use super::axis::Axis;
use super::canvas::{
    Anchor, BLUE, BROWN, Canvas, Colour, GREEN, INK, MARK_IDENTIFIED, ORANGE, PURPLE, Point, SKY,
    SOFT, VERMILLION, bold, draw, fitted, font, width,
};
use super::frame::Frame;
use super::name::stem;
use crate::report::figure::Figure;
use crate::report::panel::{Line, Panel};

const WIDTH: f64 = 900.0;
const HEAD: f64 = 44.0;
const PANEL: f64 = 430.0;
/// Decades shown below the largest measured error: what is lower is rounding.
const DECADES: i32 = 16;
/// Decades above it up to which bounds are shown.
const ABOVE: i32 = 8;

const COLOURS: [Colour; 8] = [BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY, BROWN, SOFT];

/// One figure of these panels, side by side.
pub fn figure(name: &str, title: &str, caption: &str, panels: &[Panel]) -> Figure {
    let mut labels: Vec<&str> = Vec::new();
    for trace in panels.iter().flat_map(|p| &p.traces) {
        if !labels.contains(&trace.label.as_str()) {
            labels.push(&trace.label);
        }
    }
    let rows = legend_rows(&labels);
    let head = HEAD + 20.0 * rows.len() as f64;
    let svg = draw(WIDTH, head + PANEL, &dashes(panels, &labels), |canvas| {
        let heading = fitted(title, WIDTH - 32.0, 16.0);
        canvas.text(&heading, (16.0, 20.0), Anchor::Start, bold(16.0), INK);
        for (row, entries) in rows.iter().enumerate() {
            let y = HEAD + 20.0 * row as f64;
            for (x, n) in entries {
                canvas.line((*x, y), (x + 22.0, y), COLOURS[n % COLOURS.len()], 2.4);
                canvas.text(labels[*n], (x + 28.0, y), Anchor::Start, font(12.0), INK);
            }
        }
        let across = WIDTH / panels.len().max(1) as f64;
        for (i, panel) in panels.iter().enumerate() {
            let left = i as f64 * across;
            let frame = Frame {
                left: left + 70.0,
                top: head + 34.0,
                right: left + across - 18.0,
                bottom: head + PANEL - 48.0,
            };
            draw_panel(canvas, &frame, panel, &labels);
        }
    });
    Figure {
        name: stem(name),
        title: title.into(),
        caption: caption.into(),
        svg,
        ..Figure::default()
    }
}

/// Entries of the legend by row: where each stands, and which it is.
fn legend_rows(labels: &[&str]) -> Vec<Vec<(f64, usize)>> {
    let mut rows = vec![Vec::new()];
    let mut x = 16.0;
    for (n, label) in labels.iter().enumerate() {
        let wide = 28.0 + width(label, 12.0) + 14.0;
        if x + wide > WIDTH - 16.0 && x > 16.0 {
            rows.push(Vec::new());
            x = 16.0;
        }
        if let Some(row) = rows.last_mut() {
            row.push((x, n));
        }
        x += wide;
    }
    rows
}

fn colour(label: &str, labels: &[&str]) -> Colour {
    let n = labels.iter().position(|l| *l == label).unwrap_or(0);
    COLOURS[n % COLOURS.len()]
}

/// What is predicted is dashed.
fn dashes(panels: &[Panel], labels: &[&str]) -> Vec<(Colour, &'static [f64])> {
    let predicted = { panels.iter().flat_map(|p| &p.traces) }.filter(|t| t.line == Line::Predicted);
    let mut out: Vec<(Colour, &'static [f64])> = vec![(MARK_IDENTIFIED, &[1.5, 3.0])];
    for trace in predicted {
        let own = colour(&trace.label, labels);
        if !out.iter().any(|d| d.0 == own) {
            out.push((own, &[7.0, 4.0]));
        }
    }
    out
}

fn draw_panel(canvas: &mut Canvas<'_>, frame: &Frame, panel: &Panel, labels: &[&str]) {
    let measured = { panel.traces.iter() }.filter(|t| t.line == Line::Measured);
    let values = measured.flat_map(|t| t.median.iter().chain(t.spread.iter().flatten()));
    let most = values
        .copied()
        .filter(|v| v.is_finite())
        .fold(0.0, f64::max);
    let least = most * 10f64.powi(-DECADES);
    let shown = |v: &f64| *v >= least && *v <= 10f64.powi(ABOVE) * most;
    let all =
        { panel.traces.iter() }.flat_map(|t| t.median.iter().chain(t.spread.iter().flatten()));
    let y = Axis::log(all.copied().filter(shown), frame.up());
    let steps = || panel.traces.iter().flat_map(|t| t.x.iter().copied());
    let x = if panel.log_x {
        Axis::log(steps(), frame.across())
    } else {
        Axis::linear(0.0, steps().fold(0.0, f64::max), frame.across())
    };
    let row = frame.top - 16.0;
    let wide = width(&panel.y_title, 12.0);
    canvas.text(
        &panel.y_title,
        (frame.right, row),
        Anchor::End,
        font(12.0),
        SOFT,
    );
    let heading = fitted(&panel.title, frame.right - frame.left - wide - 12.0, 13.0);
    canvas.text(&heading, (frame.left, row), Anchor::Start, bold(13.0), INK);
    frame.grid(canvas, &x, &y, (5, 8));
    if let Some((name, [from, to])) = &panel.mark {
        let ends = [x.at(*from), x.at(*to)];
        for at in ends.into_iter().flatten() {
            canvas.line((at, frame.top), (at, frame.bottom), MARK_IDENTIFIED, 1.6);
        }
        if let Some(at) = ends[1] {
            let wide = width(name, 12.0);
            let left = (at + 6.0).min(frame.right - wide - 4.0);
            let place = (left, frame.top + 12.0);
            canvas.text(name, place, Anchor::Start, font(12.0), MARK_IDENTIFIED);
        }
    }
    for trace in &panel.traces {
        let own = colour(&trace.label, labels);
        let point = |i: usize, v: f64| -> Option<Point> {
            let inside = v.is_finite() && v > 0.0 && y.holds(v);
            x.at(trace.x[i]).zip(y.at(v)).filter(|_| inside)
        };
        for (i, [low, high]) in trace.spread.iter().enumerate() {
            // Down to the edge where it falls below it.
            let ends = [*low, *high].map(|v| x.at(trace.x[i]).zip(y.at(v.max(f64::MIN_POSITIVE))));
            if let ([Some(a), Some(b)], true) = (ends, y.holds(*high)) {
                canvas.faint(a, b, own, 1.6);
            }
        }
        let mut run: Vec<Point> = Vec::new();
        let thick = if trace.line == Line::Measured {
            2.4
        } else {
            1.8
        };
        for i in 0..=trace.x.len() {
            match trace.median.get(i).and_then(|v| point(i, *v)) {
                Some(p) => run.push(p),
                None if run.len() > 1 => canvas.path(&std::mem::take(&mut run), own, thick),
                None => run.clear(),
            }
        }
        if trace.line == Line::Measured {
            for i in 0..trace.x.len() {
                if let Some(p) = point(i, trace.median[i]) {
                    canvas.disc(p, 2.2, own);
                }
            }
        }
    }
    frame.border(canvas, &panel.x_title);
}

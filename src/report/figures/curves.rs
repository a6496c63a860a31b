//! Error and bounds against the step: a panel for each kind of instance.
//!
//! Owns the choice of curves and their panels. Must not know the formulas behind them.

use super::axis::Axis;
use super::canvas::{
    Anchor, BLUE, Canvas, Colour, EDGE, GREEN, INK, MARK_IDENTIFIED, MARK_TAU, Point, SHADE, SOFT,
    VERMILLION, bold, draw, fitted, font, width,
};
use super::csv;
use super::frame::Frame;
use super::name::stem;
use super::shown::{Shown, claims};
use crate::checks::Curve;
use crate::report::figure::Figure;
use crate::report::format::number;
use crate::tol::RHO_DIGITS;

/// Panels of one figure.
const PANELS: usize = 6;
/// Points of one curve: two a pixel at the widest panel, more cannot be seen.
const POINTS: usize = 1600;
/// Dots on the measured error, spread evenly: they tell it from the bounds where curves coincide.
const DOTS: usize = 40;
/// Decades below the lowest rounding floor that are shown: there is nothing to see.
const BELOW_FLOOR: i32 = 3;
/// Decades above the largest error that are shown: a bound of 10³⁰⁰ would flatten everything else.
const ABOVE_ERROR: i32 = 24;
const WIDTH: f64 = 900.0;
/// Length of a line in the legend.
const SAMPLE: f64 = 24.0;

pub(super) const DASHES: [(Colour, &[f64]); 4] = [
    (BLUE, &[9.0, 4.0]),
    (GREEN, &[2.5, 3.0]),
    (MARK_TAU, &[6.0, 4.0]),
    (MARK_IDENTIFIED, &[1.5, 3.0]),
];

/// The figures of all claims with curves: one for each claim and method, several if the kinds of
/// instance are many. Of each kind, the first curve.
pub(super) fn figures(curves: &[Shown<'_, Curve>]) -> Vec<Figure> {
    let mut groups: Vec<(&str, &str, Vec<Shown<'_, Curve>>)> = Vec::new();
    for &curve in curves {
        match groups
            .iter_mut()
            .find(|g| g.0 == curve.from.claim && g.1 == curve.from.method)
        {
            None => groups.push((&curve.from.claim, &curve.from.method, vec![curve])),
            Some((.., kinds)) if kinds.iter().all(|c| c.from.kind != curve.from.kind) => {
                kinds.push(curve)
            }
            Some(_) => {}
        }
    }
    let mut out = Vec::new();
    for (claim, method, kinds) in &groups {
        // The method is part of the name only where the claim alone would not do.
        let several = groups.iter().filter(|g| g.0 == *claim).count() > 1;
        let base = if several {
            format!("curves {claim} {method}")
        } else {
            format!("curves {claim}")
        };
        let parts = kinds.chunks(PANELS).count();
        for (part, panels) in kinds.chunks(PANELS).enumerate() {
            let (suffix, of) = if parts > 1 {
                (
                    format!(" {}", part + 1),
                    format!(" ({} of {parts})", part + 1),
                )
            } else {
                (String::new(), String::new())
            };
            let title = format!("{claim}: error and bounds of {method} against the step{of}");
            out.push(Figure {
                name: stem(&format!("{base}{suffix}")),
                caption: caption(panels),
                svg: figure(&title, panels),
                claims: claims(panels),
                part,
                data: csv::curves(panels),
                title,
                ..Figure::default()
            });
        }
    }
    out
}

/// ρ, with its radius where that reaches the digits shown.
fn local(c: &Curve) -> String {
    if c.rho_radius > RHO_DIGITS * c.rho {
        format!("{} ± {}", number(c.rho), number(c.rho_radius))
    } else {
        number(c.rho)
    }
}

fn caption(panels: &[Shown<'_, Curve>]) -> String {
    let list: Vec<String> = panels
        .iter()
        .map(|c| format!("{} (q {}, ρ {})", c.from.instance(), number(c.q), local(c)))
        .collect();
    let clipped = panels
        .iter()
        .any(|c| c.paper.iter().any(|p| p.is_infinite()));
    let zeros = panels.iter().any(|c| c.error.contains(&0.0));
    let gaps = panels
        .iter()
        .any(|c| c.error.iter().any(|e| !e.is_finite()));
    let mut text = format!(
        "Measured error of one instance of each kind, with the bound at its three levels: as printed, with the measured \
         iterates, and with the refined moduli. Grey: the rounding floor, below which an error says nothing. The dashed mark \
         is τ, from which on the iterates are certain to be on the piece of the solution, the dotted one the step at which \
         they were. Instances: {}.",
        list.join("; ")
    );
    if zeros {
        text += " An error of exactly zero is drawn at the floor.";
    }
    if clipped {
        text += " Where a bound is infinite, its line is interrupted.";
    }
    if gaps {
        text += " Errors that are not finite leave a gap.";
    }
    text
}

fn figure(title: &str, panels: &[Shown<'_, Curve>]) -> String {
    let columns = if panels.len() == 1 { 1 } else { 2 };
    let rows = panels.len().div_ceil(columns);
    let (head, foot) = (66.0, 8.0);
    let row_height = if columns == 1 { 400.0 } else { 300.0 };
    let column_width = WIDTH / columns as f64;
    draw(
        WIDTH,
        head + rows as f64 * row_height + foot,
        &DASHES,
        |canvas| {
            canvas.text(
                &fitted(title, WIDTH - 32.0, 16.0),
                (16.0, 20.0),
                Anchor::Start,
                bold(16.0),
                INK,
            );
            legend(canvas, panels, (46.0, f64::INFINITY));
            for (i, curve) in panels.iter().enumerate() {
                let left = (i % columns) as f64 * column_width;
                let top = head + (i / columns) as f64 * row_height;
                let frame = Frame {
                    left: left + 62.0,
                    top: top + 42.0,
                    right: left + column_width - 20.0,
                    bottom: top + row_height - 46.0,
                };
                panel(canvas, &frame, *curve, None);
            }
        },
    )
}

/// The series of a curve, in drawing order: widest and lowest first, so that coinciding ones show.
fn series(curve: &Curve) -> [(&'static str, &[f64], Colour, f64); 3] {
    [
        ("bound as printed", &curve.paper, VERMILLION, 4.6),
        ("with measured iterates", &curve.trajectory, BLUE, 2.8),
        ("refined", &curve.sharp, GREEN, 2.2),
    ]
}

/// The legend from `top` on, in as many rows as `room` asks for.
pub(super) fn legend(
    canvas: &mut Canvas<'_>,
    panels: &[Shown<'_, Curve>],
    (top, room): (f64, f64),
) {
    let (mut x, mut y) = (16.0, top);
    let mut entry =
        |canvas: &mut Canvas<'_>, label: &str, sample: &dyn Fn(&mut Canvas<'_>, Point)| {
            let wide = SAMPLE + 5.0 + width(label, 12.0);
            if x > 16.0 && x + wide > room {
                (x, y) = (16.0, y + 18.0);
            }
            sample(canvas, (x, y));
            canvas.text(label, (x + SAMPLE + 5.0, y), Anchor::Start, font(12.0), INK);
            x += wide + 10.0;
        };
    entry(canvas, "measured error", &|canvas, (x, y)| {
        canvas.line((x, y), (x + SAMPLE, y), INK, 1.4);
        canvas.disc((x + SAMPLE / 2.0, y), 2.4, INK);
    });
    for (i, (name, _, colour, width)) in series(&panels[0]).into_iter().enumerate() {
        if panels
            .iter()
            .any(|c| series(c)[i].1.iter().any(|v| *v > 0.0 && v.is_finite()))
        {
            entry(canvas, name, &|canvas, (x, y)| {
                canvas.line((x, y), (x + SAMPLE, y), colour, width)
            });
        }
    }
    if panels.iter().any(|c| c.floor.iter().any(|f| *f > 0.0)) {
        entry(canvas, "rounding floor", &|canvas, (x, y)| {
            canvas.rect((x, y), (x + SAMPLE, y + 6.0), SHADE);
            canvas.line((x, y), (x + SAMPLE, y), EDGE, 1.2);
        });
    }
    if panels.iter().any(|c| c.tau.is_some()) {
        entry(canvas, "τ", &|canvas, (x, y)| {
            canvas.line((x, y), (x + SAMPLE, y), MARK_TAU, 1.6)
        });
    }
    if panels.iter().any(|c| c.identified.is_some()) {
        entry(canvas, "identified", &|canvas, (x, y)| {
            canvas.line((x, y), (x + SAMPLE, y), MARK_IDENTIFIED, 1.6)
        });
    }
}

/// One panel; a ring marks the error at the step `ring`.
pub(super) fn panel(
    canvas: &mut Canvas<'_>,
    frame: &Frame,
    curve: Shown<'_, Curve>,
    ring: Option<usize>,
) {
    let steps = &curve.steps;
    let (first, last) = (
        steps.iter().min().copied().unwrap_or(0),
        steps.iter().max().copied().unwrap_or(0),
    );
    let x = Axis::linear(
        first as f64,
        last.max(first.saturating_add(1)) as f64,
        frame.across(),
    );
    let y = vertical(&curve, frame);

    let heading = frame.top - 29.0;
    let moduli = format!("q = {}, ρ = {}", number(curve.q), local(&curve));
    let room = frame.right - frame.left - width(&moduli, 12.0) - 16.0;
    canvas.text(
        &fitted(&curve.from.kind, room, 13.0),
        (frame.left, heading),
        Anchor::Start,
        bold(13.0),
        INK,
    );
    canvas.text(
        &moduli,
        (frame.right, heading),
        Anchor::End,
        font(12.0),
        SOFT,
    );

    let floor = segments(steps, &curve.floor, &x, &y, Past::Held);
    for s in &floor {
        let mut area = s.clone();
        if let (Some(a), Some(b)) = (s.first(), s.last()) {
            area.extend([(b.0, frame.bottom), (a.0, frame.bottom)]);
        }
        canvas.polygon(&area, SHADE);
    }
    frame.grid(canvas, &x, &y, (6, 6));
    for s in &floor {
        canvas.path(s, EDGE, 1.2);
    }
    marks(canvas, frame, &curve, &x, last);
    for (_, values, colour, width) in series(&curve) {
        trace(
            canvas,
            &segments(steps, values, &x, &y, Past::Cut),
            colour,
            width,
        );
    }
    // A zero has no logarithm: it is at least below the floor.
    let error: Vec<f64> = (0..steps.len().min(curve.error.len()))
        .map(|i| {
            if curve.error[i] == 0.0 {
                curve.floor.get(i).copied().unwrap_or(f64::NAN)
            } else {
                curve.error[i]
            }
        })
        .collect();
    let error = segments(steps, &error, &x, &y, Past::Held);
    trace(canvas, &error, INK, 1.4);
    let stride = error
        .iter()
        .map(Vec::len)
        .sum::<usize>()
        .div_ceil(DOTS)
        .max(1);
    for point in error.iter().flatten().step_by(stride) {
        canvas.disc(*point, 2.4, INK);
    }
    let ringed = ring.and_then(|step| {
        let i = steps.iter().position(|s| *s == step)?;
        x.at(step as f64).zip(y.at(*curve.error.get(i)?))
    });
    if let Some(point) = ringed {
        canvas.circle(point, 8.0, VERMILLION, 2.5);
    }
    if steps.is_empty() {
        let middle = (
            f64::midpoint(frame.left, frame.right),
            f64::midpoint(frame.top, frame.bottom),
        );
        canvas.text(
            "no steps recorded",
            middle,
            Anchor::Middle,
            font(12.0),
            SOFT,
        );
    }
    frame.border(canvas, "step t");
}

/// The vertical axis: all values that mean something, see [`BELOW_FLOOR`] and [`ABOVE_ERROR`].
fn vertical(curve: &Curve, frame: &Frame) -> Axis {
    let positive = |values: &[f64]| {
        values
            .iter()
            .copied()
            .filter(|v| *v > 0.0 && v.is_finite())
            .collect::<Vec<f64>>()
    };
    let (floor, error) = (positive(&curve.floor), positive(&curve.error));
    let lowest = floor.iter().copied().fold(f64::INFINITY, f64::min);
    let low = if lowest.is_finite() {
        lowest * 10f64.powi(-BELOW_FLOOR)
    } else {
        0.0
    };
    let largest = error.iter().chain(&floor).copied().fold(0.0, f64::max);
    let high = if largest > 0.0 {
        largest * 10f64.powi(ABOVE_ERROR)
    } else {
        f64::INFINITY
    };
    let all = [
        &curve.error,
        &curve.paper,
        &curve.trajectory,
        &curve.sharp,
        &curve.floor,
    ];
    Axis::log(
        all.into_iter()
            .flatten()
            .copied()
            .filter(|v| *v >= low && *v <= high),
        frame.up(),
    )
}

/// Vertical lines at τ and at identification, labelled above the frame where no data are.
fn marks(canvas: &mut Canvas<'_>, frame: &Frame, curve: &Curve, x: &Axis, last: usize) {
    let y = frame.top - 10.0;
    let marks = [
        (curve.identified, "identified", MARK_IDENTIFIED),
        (curve.tau, "τ", MARK_TAU),
    ];
    let mut labels: Vec<(f64, String, Colour)> = Vec::new();
    for (step, name, colour) in marks {
        let Some(step) = step else { continue };
        if step > last {
            labels.push((
                frame.right,
                format!("{name} {} →", number(step as f64)),
                colour,
            ));
        } else if let Some(at) = x.at(step as f64) {
            canvas.line((at, frame.top), (at, frame.bottom), colour, 1.6);
            labels.push((
                at,
                format!(
                    "{name} {}",
                    if step < 1_000_000 {
                        step.to_string()
                    } else {
                        number(step as f64)
                    }
                ),
                colour,
            ));
        }
    }
    labels.sort_by(|a, b| a.0.total_cmp(&b.0));
    // Centred on the marks, held inside the frame, then pushed apart.
    let size = 12.0;
    let mut spans: Vec<(f64, f64)> = labels
        .iter()
        .map(|(at, text, _)| {
            let w = width(text, size);
            (
                (at - w / 2.0).clamp(frame.left, (frame.right - w).max(frame.left)),
                w,
            )
        })
        .collect();
    if let [a, b] = &mut spans[..] {
        let overlap = a.0 + a.1 + 10.0 - b.0;
        if overlap > 0.0 {
            b.0 = (b.0 + overlap).min((frame.right - b.1).max(frame.left));
            a.0 = a.0.min(b.0 - 10.0 - a.1);
        }
    }
    for ((_, text, colour), (left, _)) in labels.iter().zip(&spans) {
        canvas.text(text, (*left, y), Anchor::Start, font(size), *colour);
    }
}

/// What becomes of values past the ends of the axis.
#[derive(Clone, Copy, PartialEq)]
enum Past {
    /// The line is interrupted.
    Cut,
    /// They are drawn at the edge.
    Held,
}

/// Unbroken runs of points that the axes have; too many are thinned evenly.
fn segments(steps: &[usize], values: &[f64], x: &Axis, y: &Axis, past: Past) -> Vec<Vec<Point>> {
    let n = steps.len().min(values.len());
    let stride = n.div_ceil(POINTS).max(1);
    let mut out: Vec<Vec<Point>> = Vec::new();
    let mut run = Vec::new();
    for i in (0..n).filter(|i| i % stride == 0 || i + 1 == n) {
        let shown = values[i].is_finite() && (past == Past::Held || y.holds(values[i]));
        match x.at(steps[i] as f64).zip(y.at(values[i])).filter(|_| shown) {
            Some(point) => run.push(point),
            None if !run.is_empty() => out.push(std::mem::take(&mut run)),
            None => {}
        }
    }
    if !run.is_empty() {
        out.push(run);
    }
    out
}

/// Draws the runs; one of a single point as a dot.
fn trace(canvas: &mut Canvas<'_>, runs: &[Vec<Point>], colour: Colour, width: f64) {
    for run in runs {
        match run[..] {
            [point] => canvas.disc(point, width, colour),
            _ => canvas.path(run, colour, width),
        }
    }
}

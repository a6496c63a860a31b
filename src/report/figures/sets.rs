//! The derivative at a kink as a set in the plane: D_joint, D_imp and D_fix, and the walks of ITD
//! and AID-FP.

use super::axis::Axis;
use super::canvas::{Anchor, Canvas, Point, bold, draw, font, width};
use super::csv;
use super::frame::{Frame, TEXT};
use super::palette::{BLUE, Colour, INK, MAUVE, OCHRE, SOFT, TEAL, THEORY};
use super::sheet::{NARROW, WIDE};
use super::shown::{Shown, claims};
use crate::checks::{Plot, Points};
use crate::report::figure::Figure;

/// The figure of the first picture of the sets; none where there is none.
pub(super) fn figure(all: &[Shown<'_, Plot>]) -> Option<Figure> {
    let plot = *all.iter().find(|p| p.figure == "implicit-set")?;
    let (finding, ends, headline) = finding(plot.data);
    Some(Figure {
        name: "sets".into(),
        title: "The derivative at a kink: D_joint, D_imp and D_fix".into(),
        finding,
        caption: format!(
            "One unit exactly at its kink at w(λ), d = 1 and two parameters, so that a derivative is a point of the plane \
             ({}, {}). D_joint takes one slope at the kink, D_imp one for each block, D_fix (drawn: its convex hull) any at every step. \
             ITD starts at 0 with a slope drawn at random in every step{ends}.",
            plot.from.instance(),
            plot.note
        ),
        svg: drawing(plot, headline, WIDE),
        narrow: Some(drawing(plot, headline, NARROW)),
        claims: claims(&[plot]),
        data: csv::plots(&[plot]),
    })
}

fn named<'a>(plot: &'a Plot, start: &str) -> Option<&'a Points> {
    plot.series.iter().find(|s| s.name.starts_with(start))
}

fn points(of: &Points) -> Vec<Point> {
    of.x.iter().copied().zip(of.y.iter().copied()).collect()
}

/// Steps of a walk after which its start is forgotten to the eye.
const SETTLED: usize = 8;

/// How many of the late steps of a walk lie outside a set, and how many there are; none where
/// either is missing, too short or not finite.
fn outside(plot: &Plot, walk: &str, set: &str) -> Option<(usize, usize)> {
    let finite = |p: &Point| p.0.is_finite() && p.1.is_finite();
    let (walk, set) = (points(named(plot, walk)?), points(named(plot, set)?));
    let late = walk.get(SETTLED..).filter(|l| !l.is_empty())?;
    if set.len() < 2 || !late.iter().chain(&set).all(finite) {
        return None;
    }
    let left = late.iter().filter(|p| !holds(&set, **p)).count();
    Some((left, late.len()))
}

/// What the walks do, counted.
fn finding(plot: &Plot) -> (String, String, &'static str) {
    let (imp, fix) = (outside(plot, "ITD", "D_imp"), outside(plot, "ITD", "D_fix"));
    let other = ["D_imp", "D_fix"].map(|set| outside(plot, "AID-FP", set).map(|o| o.0));
    let area = |name: &str| named(plot, name).map(points);
    let ends = area("AID-FP").and_then(|w| w.last().copied());
    let ends = ends.zip(area("D_joint"));
    let ends = ends.is_some_and(|(at, set)| near(&set, at));
    let steps = |(left, late): (usize, usize)| match left {
        0 => "none".into(),
        n => format!("{n} of its last {late} steps"),
    };
    let mut text = String::from("At a kink the derivative is a set");
    let mut headline = "The sets at a kink, and the walks";
    match (imp, fix) {
        (Some((0, _)), Some((0, _))) if other == [Some(0), Some(0)] => {
            text += ", and both methods walk into it";
            headline = "Both methods stay in D_imp";
        }
        (Some((0, _)), Some((0, _))) => {
            text += ", and ITD walks into it";
            headline = "ITD stays in D_imp";
        }
        (Some(imp), Some(fix)) => {
            text += &format!(
                ": ITD with random selections leaves D_imp in {}, conv D_fix in {}",
                steps(imp),
                steps(fix)
            );
            headline = if fix.0 > 0 {
                "ITD leaves conv D_fix"
            } else {
                "ITD leaves D_imp, but not conv D_fix"
            };
        }
        _ => {}
    }
    if let Some(left @ (1.., _)) = outside(plot, "AID-FP", "D_fix") {
        text += &format!("; AID-FP leaves conv D_fix in {}", steps(left));
        headline = match fix {
            Some((1.., _)) => "Both methods leave conv D_fix",
            _ => "AID-FP leaves conv D_fix",
        };
    }
    if ends {
        text += "; AID-FP with one selection ends on D_joint";
    }
    text.push('.');
    let how = if ends {
        "; AID-FP takes the slope in the middle in all of them"
    } else {
        ""
    };
    (text, how.to_owned(), headline)
}

/// Whether a closed polygon holds a point, its boundary included within a thousandth of its size.
fn holds(polygon: &[Point], at: Point) -> bool {
    let mut inside = false;
    for pair in polygon.windows(2) {
        let (a, b) = (pair[0], pair[1]);
        if (a.1 > at.1) != (b.1 > at.1) && at.0 < a.0 + (at.1 - a.1) / (b.1 - a.1) * (b.0 - a.0) {
            inside = !inside;
        }
    }
    inside || near(polygon, at)
}

/// Whether a point lies on a polyline, within a thousandth of its size.
fn near(line: &[Point], at: Point) -> bool {
    let size = line
        .iter()
        .fold(0.0f64, |s, p| s.max(p.0.abs()).max(p.1.abs()));
    let distance = line.windows(2).map(|pair| {
        let (a, b) = (pair[0], pair[1]);
        let along = (b.0 - a.0, b.1 - a.1);
        let squared = along.0 * along.0 + along.1 * along.1;
        let part = ((at.0 - a.0) * along.0 + (at.1 - a.1) * along.1) / squared;
        let part = if part.is_finite() {
            part.clamp(0.0, 1.0)
        } else {
            0.0
        };
        (at.0 - a.0 - part * along.0).hypot(at.1 - a.1 - part * along.1)
    });
    distance.fold(f64::INFINITY, f64::min) <= NEAR * size
}

const NEAR: f64 = 0.001;

/// The sets, outermost first: colour of the area, width of its line.
const SETS: [(&str, Colour, f64); 3] = [
    ("D_fix", THEORY, 1.2),
    ("D_imp", OCHRE, 1.4),
    ("D_joint", TEAL, 4.0),
];

fn drawing(plot: Shown<'_, Plot>, headline: &str, wide: f64) -> String {
    let height = if wide < WIDE { 390.0 } else { 414.0 };
    draw(wide, height, |canvas| {
        let frame = Frame {
            left: 50.0,
            top: if wide < WIDE { 86.0 } else { 72.0 },
            right: wide - 58.0,
            bottom: height - 46.0,
        };
        let all = || plot.series.iter();
        let x = axis(all().flat_map(|s| s.x.iter()), frame.across());
        let y = axis(all().flat_map(|s| s.y.iter()), frame.up());
        let at = |p: &Point| x.at(p.0).zip(y.at(p.1));
        let pixels = |name: &str| -> Vec<Point> {
            let own = named(&plot, name).map(points).unwrap_or_default();
            own.iter().filter_map(at).collect()
        };
        frame.grid(canvas, &x, &y);
        frame.title(canvas, "∂w/∂λ₁");
        let title = (10.0, frame.top - 13.0);
        canvas.text("∂w/∂λ₂", title, Anchor::Start, font(TEXT), SOFT);
        for (name, colour, line) in SETS {
            let outline = pixels(name);
            if name != "D_joint" {
                canvas.area(&outline, colour);
            }
            canvas.path(&outline, colour, line);
        }
        let walks = [("ITD", MAUVE), ("AID-FP", BLUE)];
        for (name, colour) in walks {
            let walk = pixels(name);
            for pair in walk.windows(2) {
                canvas.faint(pair[0], pair[1], colour, 0.8);
            }
            for point in &walk {
                mark(canvas, *point, name, colour);
            }
        }
        names(canvas, &frame, &pixels);
        canvas.text(headline, (10.0, 10.0), Anchor::Start, bold(13.0), INK);
        legend(canvas, &plot, wide);
    })
}

/// ITD has triangles, so that the two are told apart without colour.
fn mark(canvas: &mut Canvas<'_>, (x, y): Point, method: &str, colour: Colour) {
    if method == "ITD" {
        let corners = [(x, y - 4.0), (x + 3.6, y + 2.6), (x - 3.6, y + 2.6)];
        canvas.polygon(&corners, colour);
    } else {
        canvas.disc((x, y), 2.8, colour);
    }
}

/// The names of the sets beside them: at the top, at the right, at the bottom.
fn names(canvas: &mut Canvas<'_>, frame: &Frame, pixels: &dyn Fn(&str) -> Vec<Point>) {
    let best = |name: &str, by: &dyn Fn(&Point) -> f64| {
        let all = pixels(name);
        all.into_iter().max_by(|a, b| by(a).total_cmp(&by(b)))
    };
    if let Some((x, y)) = best("D_fix", &|p| -p.1) {
        let place = (x.min(frame.right - 30.0), (y - 10.0).max(frame.top + 4.0));
        canvas.text("conv D_fix", place, Anchor::Middle, bold(TEXT), THEORY);
    }
    if let Some((x, y)) = best("D_imp", &|p| p.0) {
        let place = (x + 7.0, y);
        canvas.text("D_imp", place, Anchor::Start, bold(TEXT), OCHRE);
    }
    if let Some((x, y)) = best("D_joint", &|p| p.1) {
        let place = (x + 7.0, (y + 12.0).min(frame.bottom - 10.0));
        canvas.text("D_joint", place, Anchor::Start, bold(TEXT), TEAL);
    }
}

fn legend(canvas: &mut Canvas<'_>, plot: &Plot, wide: f64) {
    let (mut left, mut top) = (16.0, 34.0);
    for (name, colour) in [("ITD", MAUVE), ("AID-FP", BLUE)] {
        let Some(series) = named(plot, name) else {
            continue;
        };
        let long = width(&series.name, TEXT) + 30.0;
        if left > 16.0 && left + long > wide {
            (left, top) = (16.0, top + 16.0);
        }
        mark(canvas, (left, top), name, colour);
        let place = (left + 9.0, top);
        canvas.text(&series.name, place, Anchor::Start, font(TEXT), INK);
        left += long;
    }
}

/// From the least to the largest value with a little room.
fn axis<'a>(values: impl Iterator<Item = &'a f64>, pixels: (f64, f64)) -> Axis {
    let finite = values.copied().filter(|v| v.is_finite());
    let ends = (f64::INFINITY, f64::NEG_INFINITY);
    let (low, high) = finite.fold(ends, |(l, h), v| (l.min(v), h.max(v)));
    let room = 0.06 * (high - low);
    Axis::linear(low - room, high + room, pixels)
}

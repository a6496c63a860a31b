//! Fitted against predicted rate over all instances, and the deviation with its interval.
//!
//! Owns that figure. Must not know how rates are fitted.

use super::axis::Axis;
use super::canvas::{
    AGREEMENT, Anchor, BLUE, BROWN, Canvas, Colour, GREEN, INK, ORANGE, PURPLE, Point, SKY, SOFT,
    VERMILLION, bold, draw, fitted, font,
};
use super::csv;
use super::frame::Frame;
use super::shown::{Shown, claims};
use crate::checks::Fit;
use crate::claims::Origin;
use crate::report::figure::Figure;
use crate::report::format::{count, number};

const WIDTH: f64 = 900.0;
/// Left to right; past the end they repeat with hollow markers.
const COLOURS: [Colour; 8] = [BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY, INK, BROWN];
const RADIUS: f64 = 4.2;
/// A rate above this is drawn at the edge: it is no rate of convergence, and the others would be
/// squeezed.
const MOST: f64 = 1.2;

/// Shapes of markers, one a method.
#[derive(Clone, Copy)]
enum Shape {
    Circle,
    Triangle,
    Square,
    Diamond,
}

const SHAPES: [Shape; 4] = [
    Shape::Circle,
    Shape::Triangle,
    Shape::Square,
    Shape::Diamond,
];

/// The figure of the pure fits whose rates can be drawn; None if there are none.
pub(super) fn figure(fits: &[Shown<'_, Fit>]) -> Option<Figure> {
    let pure: Vec<Shown<'_, Fit>> = fits
        .iter()
        .copied()
        .filter(|f| f.growth == "pure")
        .collect();
    let drawn: Vec<Shown<'_, Fit>> = pure
        .iter()
        .copied()
        .filter(|f| f.predicted > 0.0 && f.predicted < 1.0 && f.fitted.is_finite())
        .collect();
    if drawn.is_empty() {
        return None;
    }
    let kinds = names(&drawn, |o| &o.kind);
    let methods = names(&drawn, |o| &o.method);
    let height = 66.0 + 420.0 + 26.0 + 19.0 * (kinds.len().div_ceil(COLUMNS) + 1) as f64;
    let title = "Fitted against predicted local rate".to_owned();
    let dashes: [(Colour, &[f64]); 1] = [(AGREEMENT, &[5.0, 4.0])];
    let mut threshold = None;
    let svg = draw(WIDTH, height, &dashes, |canvas| {
        canvas.text(&title, (16.0, 20.0), Anchor::Start, bold(16.0), INK);
        rates(canvas, &drawn, &kinds, &methods);
        threshold = deviations(canvas, &drawn, &kinds, &methods);
        legend(canvas, &kinds, &methods, 66.0 + 420.0 + 12.0);
    });
    let outliers = drawn
        .iter()
        .filter(|f| f.fitted > MOST || f.fitted < 0.0)
        .count();
    Some(Figure {
        name: "rates".into(),
        caption: caption(
            drawn.len(),
            pure.len() - drawn.len(),
            fits.len() - pure.len(),
            outliers,
            threshold,
        ),
        claims: claims(&drawn),
        data: csv::fits(&drawn),
        title,
        svg,
        ..Figure::default()
    })
}

fn caption(
    drawn: usize,
    dropped: usize,
    resonant: usize,
    outliers: usize,
    threshold: Option<f64>,
) -> String {
    let mut text = format!(
        "{} of pure growth Cρᵗ. Left: the fitted against the predicted rate; on the dashed line they agree. Right: the relative \
         deviation (fitted − predicted)/predicted with the 95 % interval of the fit.",
        count(drawn, "fit")
    );
    if let Some(t) = threshold {
        text += &format!(
            " Its scale is logarithmic on both sides of zero and linear between ±{}.",
            number(t)
        );
    }
    if outliers > 0 {
        text += &format!(
            " {} outside the left axis, drawn at its edge.",
            lie(outliers, "rate")
        );
    }
    if dropped > 0 {
        text += &format!(
            " Not shown: {} with a predicted rate outside (0, 1) or no finite fit.",
            count(dropped, "fit")
        );
    }
    if resonant > 0 {
        text += &format!(
            " Not shown either: {} of resonant growth, which have no rate of their own.",
            count(resonant, "fit")
        );
    }
    text
}

fn lie(n: usize, thing: &str) -> String {
    format!(
        "{} {}",
        count(n, thing),
        if n == 1 { "lies" } else { "lie" }
    )
}

/// Different names in alphabetical order.
fn names<'a>(fits: &[Shown<'a, Fit>], of: impl Fn(&'a Origin) -> &'a str) -> Vec<&'a str> {
    let set: std::collections::BTreeSet<&str> = fits.iter().map(|f| of(f.from)).collect();
    set.into_iter().collect()
}

fn rates(canvas: &mut Canvas<'_>, fits: &[Shown<'_, Fit>], kinds: &[&str], methods: &[&str]) {
    let frame = Frame {
        left: 56.0,
        top: 66.0,
        right: 426.0,
        bottom: 436.0,
    };
    let largest = fits
        .iter()
        .flat_map(|f| [f.fitted, f.upper])
        .filter(|v| v.is_finite())
        .fold(1.0, f64::max);
    let high = largest.min(MOST);
    let (x, y) = (
        Axis::linear(0.0, 1.0, frame.across()),
        Axis::linear(0.0, high, frame.up()),
    );
    canvas.text(
        "fitted rate",
        (frame.left, frame.top - 14.0),
        Anchor::Start,
        font(12.0),
        SOFT,
    );
    frame.grid(canvas, &x, &y, (7, 7));
    if let (Some(a), Some(b)) = (y.at(0.0), y.at(1.0)) {
        canvas.line((frame.left, a), (frame.right, b), AGREEMENT, 1.4);
    }
    for f in fits {
        let Some(at) = x.at(f.predicted).zip(y.at(f.fitted)) else {
            continue;
        };
        point(
            canvas,
            at,
            (y.at(f.lower), y.at(f.upper)),
            look(f.from, kinds, methods),
        );
    }
    frame.border(canvas, "predicted rate ρ");
}

fn deviations(
    canvas: &mut Canvas<'_>,
    fits: &[Shown<'_, Fit>],
    kinds: &[&str],
    methods: &[&str],
) -> Option<f64> {
    let frame = Frame {
        left: 514.0,
        top: 66.0,
        right: 884.0,
        bottom: 436.0,
    };
    let relative = |f: &Fit, v: f64| (v - f.predicted) / f.predicted;
    let x = Axis::linear(0.0, 1.0, frame.across());
    let all = fits
        .iter()
        .flat_map(|f| [f.fitted, f.lower, f.upper].map(|v| relative(f, v)));
    let y = Axis::symmetric(all, frame.up());
    canvas.text(
        "relative deviation",
        (frame.left, frame.top - 14.0),
        Anchor::Start,
        font(12.0),
        SOFT,
    );
    frame.grid(canvas, &x, &y, (7, 9));
    if let Some(zero) = y.at(0.0) {
        canvas.line((frame.left, zero), (frame.right, zero), AGREEMENT, 1.4);
    }
    for f in fits {
        let Some(at) = x.at(f.predicted).zip(y.at(relative(f, f.fitted))) else {
            continue;
        };
        let interval = (y.at(relative(f, f.lower)), y.at(relative(f, f.upper)));
        point(canvas, at, interval, look(f.from, kinds, methods));
    }
    frame.border(canvas, "predicted rate ρ");
    y.threshold()
}

/// Colour and filling say the kind, the shape says the method.
#[derive(Clone, Copy)]
struct Look {
    colour: Colour,
    filled: bool,
    shape: Shape,
}

fn look(of: &Origin, kinds: &[&str], methods: &[&str]) -> Look {
    let kind = kinds.iter().position(|k| *k == of.kind).unwrap_or(0);
    let method = methods.iter().position(|m| *m == of.method).unwrap_or(0);
    Look {
        shape: SHAPES[method % SHAPES.len()],
        ..kind_look(kind)
    }
}

fn kind_look(kind: usize) -> Look {
    Look {
        colour: COLOURS[kind % COLOURS.len()],
        filled: (kind / COLOURS.len()).is_multiple_of(2),
        shape: Shape::Circle,
    }
}

fn point(canvas: &mut Canvas<'_>, at: Point, interval: (Option<f64>, Option<f64>), look: Look) {
    if let (Some(a), Some(b)) = interval {
        // Many intervals lie side by side: no caps, and no stronger than they must be.
        canvas.faint((at.0, a), (at.0, b), look.colour, 1.4);
    }
    marker(canvas, at, look);
}

fn marker(canvas: &mut Canvas<'_>, (x, y): Point, look: Look) {
    let r = RADIUS;
    let corners: Vec<Point> = match look.shape {
        Shape::Circle => {
            if look.filled {
                canvas.disc((x, y), r, look.colour);
            } else {
                canvas.circle((x, y), r - 0.7, look.colour, 1.5);
            }
            return;
        }
        Shape::Triangle => vec![
            (x, y - 1.25 * r),
            (x + 1.15 * r, y + 0.8 * r),
            (x - 1.15 * r, y + 0.8 * r),
        ],
        Shape::Square => {
            let h = 0.9 * r;
            vec![
                (x - h, y - h),
                (x + h, y - h),
                (x + h, y + h),
                (x - h, y + h),
            ]
        }
        Shape::Diamond => vec![
            (x, y - 1.3 * r),
            (x + 1.3 * r, y),
            (x, y + 1.3 * r),
            (x - 1.3 * r, y),
        ],
    };
    if look.filled {
        canvas.polygon(&corners, look.colour);
    } else {
        let closed: Vec<Point> = corners.iter().chain(&corners[..1]).copied().collect();
        canvas.path(&closed, look.colour, 1.5);
    }
}

/// Columns of the legend.
const COLUMNS: usize = 4;

fn legend(canvas: &mut Canvas<'_>, kinds: &[&str], methods: &[&str], top: f64) {
    let column = (WIDTH - 32.0) / COLUMNS as f64;
    let mut entry = |i: usize, row: usize, label: &str, look: Look| {
        let (x, y) = (16.0 + i as f64 * column, top + row as f64 * 19.0);
        marker(canvas, (x + 8.0, y), look);
        canvas.text(
            &fitted(label, column - 28.0, 12.0),
            (x + 20.0, y),
            Anchor::Start,
            font(12.0),
            INK,
        );
    };
    // The methods first, in a neutral colour; those past the last column share a shape with an
    // earlier one.
    for (i, name) in methods.iter().enumerate().take(COLUMNS) {
        let shape = SHAPES[i % SHAPES.len()];
        entry(
            i,
            0,
            &format!("method {name}"),
            Look {
                colour: SOFT,
                filled: true,
                shape,
            },
        );
    }
    for (i, name) in kinds.iter().enumerate() {
        entry(i % COLUMNS, 1 + i / COLUMNS, name, kind_look(i));
    }
}

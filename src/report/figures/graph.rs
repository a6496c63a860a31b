//! A panel of lines: a headline, a frame, lines with labels at their ends, marks above.
//!
//! Owns how such a panel looks. Must not know what is plotted.

use super::axis::Axis;
use super::canvas::{Anchor, Canvas, Point, bold, fitted, font, width, wrapped};
use super::frame::{Frame, TEXT};
use super::labels::{above, apart};
use super::palette::{Colour, INK, SOFT, VERMILLION};

/// How an axis is divided.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Scale {
    /// From the least to the largest value.
    Linear,
    /// Between these.
    Between(f64, f64),
    /// Whole decades.
    Log,
}

/// One line of a panel.
#[derive(Clone, Default)]
pub(super) struct Line {
    /// What it is called at its end; may be empty.
    pub(super) label: String,
    pub(super) ink: Ink,
    pub(super) points: Vec<Point>,
    /// Where its values are at rounding or exactly 0: open marks on the lower edge.
    pub(super) edge: Vec<f64>,
    /// Where, and from where to where: faint bars.
    pub(super) bars: Vec<(f64, f64, f64)>,
}

/// How a line is drawn.
#[derive(Clone, Copy)]
pub(super) struct Ink {
    pub(super) colour: Colour,
    pub(super) width: f64,
    pub(super) dots: Dots,
}

/// Marks on the points of a line.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Dots {
    /// None.
    No,
    /// Discs on the line.
    On,
    /// Discs and no line.
    Alone,
}

impl Default for Ink {
    fn default() -> Self {
        Self::line(INK, 1.6)
    }
}

impl Ink {
    pub(super) const fn line(colour: Colour, width: f64) -> Self {
        Self {
            colour,
            width,
            dots: Dots::No,
        }
    }

    pub(super) const fn dotted(colour: Colour, width: f64) -> Self {
        Self {
            colour,
            width,
            dots: Dots::On,
        }
    }
}

/// A panel.
#[derive(Clone)]
pub(super) struct Graph {
    /// Its message.
    pub(super) headline: String,
    /// Which instance it is of.
    pub(super) note: String,
    /// Titles of the axes.
    pub(super) titles: [String; 2],
    pub(super) x: Scale,
    pub(super) y: Scale,
    pub(super) lines: Vec<Line>,
    /// Vertical lines: where, what, and the colour.
    pub(super) marks: Vec<(f64, String, Colour)>,
    /// A ringed point.
    pub(super) ring: Option<Point>,
    /// Room for labels at line ends, at most.
    pub(super) room: f64,
    /// Height of the plotting area.
    pub(super) tall: f64,
}

impl Default for Graph {
    fn default() -> Self {
        Self {
            headline: String::new(),
            note: String::new(),
            titles: [String::new(), String::new()],
            x: Scale::Linear,
            y: Scale::Log,
            lines: Vec::new(),
            marks: Vec::new(),
            ring: None,
            room: ROOM,
            tall: PLOT,
        }
    }
}

/// Dots on a line at most: they tell it from others where they coincide.
const DOTS: usize = 40;
/// Open marks of a line at most.
const OPEN: usize = 24;
/// Points of a line at most: two a pixel at the widest panel.
const POINTS: usize = 1000;
/// What open marks are.
const OPEN_WORD: &str = "rounding or 0";
const HEADLINE: f64 = 13.0;
/// Height of the plotting area.
const PLOT: f64 = 176.0;
/// What stands below it.
const FOOT: f64 = 46.0;
const ROW: f64 = 15.0;
/// Room for labels at line ends, at most.
const ROOM: f64 = 120.0;

impl Graph {
    /// Height of a panel of this width.
    pub(super) fn height(&self, width: f64) -> f64 {
        self.head(width) + self.tall + FOOT
    }

    fn room(&self) -> f64 {
        // What open marks are may have to stand there too.
        let open = self.lines.iter().any(|l| !l.edge.is_empty());
        let open = if open { width(OPEN_WORD, TEXT) } else { 0.0 };
        let labels = self
            .lines
            .iter()
            .map(|l| width(&l.label, TEXT))
            .chain([open]);
        let widest = labels.fold(0.0, f64::max);
        if widest > 0.0 {
            (widest + 18.0).min(self.room)
        } else {
            18.0
        }
    }

    fn frame(&self, (left, bottom): Point, wide: f64) -> Frame {
        Frame {
            left: left + 54.0,
            top: bottom - FOOT - self.tall,
            right: left + wide - self.room(),
            bottom: bottom - FOOT,
        }
    }

    fn headlines(&self, wide: f64) -> Vec<String> {
        wrapped(&self.headline, wide - 20.0, HEADLINE, 2)
    }

    fn notes(&self, wide: f64) -> Vec<String> {
        wrapped(&self.note, wide - 20.0, TEXT, 2)
    }

    /// Height of what stands above the plotting area.
    fn head(&self, wide: f64) -> f64 {
        let frame = self.frame((0.0, 0.0), wide);
        let x = self.axis_x(&frame);
        let placed = self.placed(&frame, &x, wide);
        let rows = placed.iter().map(|p| p.1.row + 1);
        let rows = rows.max().unwrap_or(0) + usize::from(!self.titles[1].is_empty());
        let lines = (self.headlines(wide).len() + self.notes(wide).len() + rows) as f64;
        ROW * lines + 18.0
    }

    fn axis_x(&self, frame: &Frame) -> Axis {
        let all = self.lines.iter().flat_map(|l| {
            let points = l.points.iter().map(|p| p.0);
            points.chain(l.edge.iter().copied())
        });
        match self.x {
            // The frame ends where the data do.
            Scale::Log => Axis::log_between(all.collect::<Vec<_>>().into_iter(), frame.across()),
            other => axis(other, all, frame.across()),
        }
    }

    fn axis_y(&self, frame: &Frame) -> Axis {
        let all = self.lines.iter().flat_map(|l| {
            let bars = l.bars.iter().flat_map(|b| [b.1, b.2]);
            l.points.iter().map(|p| p.1).chain(bars)
        });
        axis(self.y, all, frame.up())
    }

    /// Pixel, text and colour of the marks on the axis, and those beyond it at its end; what lies
    /// before it is left out.
    fn texts(&self, frame: &Frame, x: &Axis) -> Vec<(f64, String, Colour)> {
        let each = self.marks.iter().filter_map(|(at, text, colour)| {
            let beyond = x.beyond(*at).is_some_and(|p| p > frame.right);
            if x.holds(*at) {
                Some((x.at(*at)?, text.clone(), *colour))
            } else {
                beyond.then(|| (frame.right, format!("{text} →"), *colour))
            }
        });
        each.collect()
    }

    fn placed(
        &self,
        frame: &Frame,
        x: &Axis,
        wide: f64,
    ) -> Vec<((f64, String, Colour), super::labels::Placed)> {
        let texts = self.texts(frame, x);
        let plain: Vec<(f64, String)> = texts.iter().map(|t| (t.0, t.1.clone())).collect();
        let left = frame.left - 54.0;
        let places = above(&plain, [left + 10.0, left + wide - 4.0], TEXT);
        texts.into_iter().zip(places).collect()
    }

    /// Draws the panel with its lower left corner at `corner`; `wide` pixels wide and at least
    /// [`Graph::height`] high.
    pub(super) fn draw(&self, canvas: &mut Canvas<'_>, corner: Point, wide: f64, height: f64) {
        let frame = self.frame(corner, wide);
        let (x, y) = (self.axis_x(&frame), self.axis_y(&frame));
        let mut at = corner.1 - height + 10.0;
        let start = corner.0 + 10.0;
        for line in self.headlines(wide) {
            canvas.text(&line, (start, at), Anchor::Start, bold(HEADLINE), INK);
            at += ROW;
        }
        for line in self.notes(wide) {
            canvas.text(&line, (start, at), Anchor::Start, font(TEXT), SOFT);
            at += ROW;
        }
        let placed = self.placed(&frame, &x, wide);
        let rows = placed.iter().map(|p| p.1.row + 1).max().unwrap_or(0) as f64;
        let title = (start, frame.top - 16.0 - ROW * rows);
        canvas.text(&self.titles[1], title, Anchor::Start, font(TEXT), SOFT);
        frame.grid(canvas, &x, &y);
        for ((at, text, colour), place) in &placed {
            // Up to its text.
            let top = frame.top - 4.0 - ROW * place.row as f64;
            if *at < frame.right {
                canvas.line((*at, top), (*at, frame.bottom), *colour, 1.1);
            }
            let at = (place.left, frame.top - 10.0 - ROW * place.row as f64);
            canvas.text(text, at, Anchor::Start, font(TEXT), SOFT);
        }
        let ends: Vec<Option<Point>> = self
            .lines
            .iter()
            .map(|line| drawn(canvas, &frame, line, &x, &y))
            .collect();
        self.labels(canvas, &frame, &ends);
        let ring = self.ring.and_then(|p| x.at(p.0).zip(y.at(p.1)));
        if let Some(point) = ring {
            canvas.circle(point, 8.0, VERMILLION, 2.5);
        }
        if ends.iter().all(Option::is_none) && self.lines.iter().all(|l| l.edge.is_empty()) {
            let middle = (
                f64::midpoint(frame.left, frame.right),
                f64::midpoint(frame.top, frame.bottom),
            );
            canvas.text("nothing recorded", middle, Anchor::Middle, font(TEXT), SOFT);
        }
        frame.title(canvas, &self.titles[0]);
    }

    /// The labels at line ends, pushed apart and tied to their lines; right of them all where lines
    /// end early.
    fn labels(&self, canvas: &mut Canvas<'_>, frame: &Frame, ends: &[Option<Point>]) {
        let named = self.lines.iter().zip(ends).filter_map(|(line, end)| {
            let label = (line.label.clone(), line.ink.colour);
            (!line.label.is_empty()).then_some((label, (*end)?))
        });
        // Where names are long, all stand at the right.
        let early = |(label, end): &((String, Colour), Point)| {
            self.room <= ROOM && end.0 + 20.0 + width(&label.0, TEXT) < frame.right
        };
        let (inside, mut at_right): (Vec<_>, Vec<_>) = named.partition(early);
        let open = self.open_label(canvas, frame);
        at_right.extend(open.map(|end| ((OPEN_WORD.to_owned(), SOFT), end)));
        let wanted: Vec<f64> = at_right.iter().map(|(_, end)| end.1).collect();
        let heights = apart(&wanted, [frame.top + 4.0, frame.bottom]);
        for (((label, ink), end), height) in at_right.iter().zip(heights) {
            let left = frame.right + 12.0;
            if (height - end.1).abs() > 3.0 || end.0 < frame.right - 3.0 {
                let from = (end.0 + 2.0, end.1);
                canvas.line(from, (left - 3.0, height), *ink, 0.8);
            }
            let text = fitted(label, self.room - 14.0, TEXT);
            canvas.text(&text, (left, height), Anchor::Start, font(TEXT), *ink);
        }
        // A lone line that ends early has its label above its end, several have theirs side by
        // side.
        let furthest = inside.iter().map(|i| i.1.0).fold(frame.left, f64::max);
        let lowest = frame.bottom - 36.0;
        let wanted: Vec<f64> = inside
            .iter()
            .map(|(_, end)| (end.1 - 11.0).min(lowest))
            .collect();
        let heights = apart(&wanted, [frame.top + 4.0, lowest]);
        for (((label, ink), end), height) in inside.iter().zip(heights) {
            let left = (furthest + 16.0).min(frame.right - width(label, TEXT));
            if inside.len() > 1 {
                canvas.line((end.0 + 2.0, end.1), (left - 3.0, height), *ink, 0.8);
            }
            canvas.text(label, (left, height), Anchor::Start, font(TEXT), *ink);
        }
    }

    /// What open marks are, said once: above them, or, where there is no room, at the right; then
    /// returns where from.
    fn open_label(&self, canvas: &mut Canvas<'_>, frame: &Frame) -> Option<Point> {
        let x = self.axis_x(frame);
        let first = self.lines.iter().filter_map(|l| l.edge.first().copied());
        let at = x.at(first.reduce(f64::max)?)?;
        let text = OPEN_WORD;
        if at + 12.0 + width(text, TEXT) > frame.right {
            return Some((frame.right, frame.bottom));
        }
        let place = (at + 12.0, frame.bottom - 13.0);
        canvas.text(text, place, Anchor::Start, font(TEXT), SOFT);
        None
    }
}

fn axis(scale: Scale, values: impl Iterator<Item = f64>, pixels: (f64, f64)) -> Axis {
    match scale {
        Scale::Log => Axis::log(values, pixels),
        Scale::Between(low, high) => Axis::linear(low, high, pixels),
        Scale::Linear => {
            let finite = values.filter(|v| v.is_finite());
            let ends = (f64::INFINITY, f64::NEG_INFINITY);
            let (low, high) = finite.fold(ends, |(l, h), v| (l.min(v), h.max(v)));
            Axis::linear(low, high, pixels)
        }
    }
}

/// Draws a line; returns where it ends inside the frame.
fn drawn(canvas: &mut Canvas<'_>, frame: &Frame, line: &Line, x: &Axis, y: &Axis) -> Option<Point> {
    let Ink {
        colour,
        width,
        dots,
    } = line.ink;
    for (at, low, high) in &line.bars {
        if let (Some(at), Some(a), Some(b)) = (x.at(*at), y.at(*low), y.at(*high)) {
            canvas.faint((at, a), (at, b), colour, 1.4);
        }
    }
    // A value that an axis has not interrupts the line.
    let stride = line.points.len().div_ceil(POINTS).max(1);
    let last = line.points.len().saturating_sub(1);
    let mut runs: Vec<Vec<Point>> = vec![Vec::new()];
    for (i, (a, b)) in line.points.iter().enumerate() {
        if i % stride != 0 && i != last {
            continue;
        }
        match x.at(*a).zip(y.beyond(*b)).filter(|_| b.is_finite()) {
            Some(point) => runs.last_mut()?.push(point),
            None => runs.push(Vec::new()),
        }
    }
    let pieces: Vec<Vec<Point>> = runs.iter().flat_map(|r| frame.clipped(r)).collect();
    for piece in &pieces {
        match piece[..] {
            [point] => canvas.disc(point, width.max(2.0), colour),
            _ if dots != Dots::Alone => canvas.path(piece, colour, width),
            _ => {}
        }
    }
    if dots != Dots::No {
        let inside = |p: &&Point| p.1 >= frame.top && p.1 <= frame.bottom;
        let points: Vec<&Point> = runs.iter().flatten().filter(inside).collect();
        let most = if dots == Dots::On { DOTS } else { POINTS };
        for point in points.iter().step_by(points.len().div_ceil(most).max(1)) {
            canvas.disc(**point, 2.3, colour);
        }
    }
    for at in line
        .edge
        .iter()
        .step_by(line.edge.len().div_ceil(OPEN).max(1))
    {
        if let Some(at) = x.at(*at) {
            canvas.circle((at, frame.bottom), 2.6, colour, 1.0);
        }
    }
    pieces.last().and_then(|p| p.last()).copied()
}

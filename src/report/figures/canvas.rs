//! A canvas in pixels with fractions, over plotters' SVG backend.
//!
//! Owns shapes and text in pixels. Must not know what is drawn.
//!
//! The backend places everything on whole units, which leaves steps in a curve at screen
//! resolution; so it draws on a sheet [`FINE`] times as large and only the view box knows. It has
//! no dash patterns either: the colours of broken lines differ from plain ones in their last bits,
//! and the finished document gets the plain colour with the pattern, see [`DASHES`].

use plotters::prelude::{
    DrawingBackend, FontDesc, FontFamily, FontStyle, SVGBackend, ShapeStyle, TextStyle,
};
use plotters::style::Color as _;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::palette::{Colour, DASHES, SHEET};

/// Units of the backend per pixel.
const FINE: f64 = 10.0;

/// The last name is the generic family that every viewer has.
const FONT: &str = "Helvetica, Arial, DejaVu Sans, sans-serif";

/// Width of an average glyph in em: on the wide side, so that text in a wider fallback font still
/// fits.
const GLYPH: f64 = 0.6;

/// A point in pixels from the upper left corner.
pub(super) type Point = (f64, f64);

/// Where the point of a text lies in it.
#[derive(Clone, Copy)]
pub(super) enum Anchor {
    /// At its left end.
    Start,
    /// In the middle.
    Middle,
    /// At its right end.
    End,
}

/// Size and weight of a text.
#[derive(Clone, Copy)]
pub(super) struct Font {
    /// Pixels.
    pub(super) size: f64,
    /// Bold?
    pub(super) bold: bool,
}

/// A font of this size.
pub(super) const fn font(size: f64) -> Font {
    Font { size, bold: false }
}

/// A bold font of this size.
pub(super) const fn bold(size: f64) -> Font {
    Font { size, bold: true }
}

/// The canvas. Drawing into a string cannot fail, so the backend's results are dropped here.
pub(super) struct Canvas<'a> {
    backend: SVGBackend<'a>,
}

/// Runs `draw` on a white canvas of `width` × `height` pixels and returns the document.
pub(super) fn draw(width: f64, height: f64, draw: impl FnOnce(&mut Canvas<'_>)) -> String {
    let mut svg = String::new();
    let (w, h) = (units(width).unsigned_abs(), units(height).unsigned_abs());
    let mut canvas = Canvas {
        backend: SVGBackend::with_string(&mut svg, (w, h)),
    };
    canvas.rect((0.0, 0.0), (width, height), SHEET);
    draw(&mut canvas);
    let _ = canvas.backend.present();
    drop(canvas);
    // Only the first size is the document's; rectangles have no quotes around both in this order.
    let size = format!("width=\"{w}\" height=\"{h}\" viewBox");
    svg = svg.replacen(
        &size,
        &format!("width=\"{width}\" height=\"{height}\" viewBox"),
        1,
    );
    for (broken, plain, lengths) in DASHES {
        let stroke = format!("stroke=\"{}\"", hex(plain));
        let pattern: Vec<String> = lengths.iter().map(|l| units(*l).to_string()).collect();
        let dashed = format!("{stroke} stroke-dasharray=\"{}\"", pattern.join(" "));
        svg = svg.replace(&format!("stroke=\"{}\"", hex(broken)), &dashed);
        // Text keeps the plain colour.
        svg = svg.replace(
            &format!("fill=\"{}\"", hex(broken)),
            &format!("fill=\"{}\"", hex(plain)),
        );
    }
    svg
}

impl Canvas<'_> {
    /// A straight line.
    pub(super) fn line(&mut self, a: Point, b: Point, colour: Colour, width: f64) {
        let _ = self
            .backend
            .draw_line(fine(a), fine(b), &stroke(colour, width));
    }

    /// A straight line that lets through what is below.
    pub(super) fn faint(&mut self, a: Point, b: Point, colour: Colour, width: f64) {
        let style = ShapeStyle {
            color: colour.mix(0.45),
            ..stroke(colour, width)
        };
        let _ = self.backend.draw_line(fine(a), fine(b), &style);
    }

    /// A line through points.
    pub(super) fn path(&mut self, points: &[Point], colour: Colour, width: f64) {
        let _ = self
            .backend
            .draw_path(points.iter().map(|p| fine(*p)), &stroke(colour, width));
    }

    /// A disc that lets through what is below.
    pub(super) fn faint_disc(&mut self, centre: Point, radius: f64, colour: Colour) {
        let style = ShapeStyle {
            color: colour.mix(0.55),
            ..stroke(colour, 0.0)
        };
        let radius = units(radius).unsigned_abs();
        let _ = self.backend.draw_circle(fine(centre), radius, &style, true);
    }

    /// A filled polygon that lets through what is below.
    pub(super) fn area(&mut self, points: &[Point], colour: Colour) {
        let style = ShapeStyle {
            color: colour.mix(0.12),
            ..stroke(colour, 0.0)
        };
        let _ = self
            .backend
            .fill_polygon(points.iter().map(|p| fine(*p)), &style);
    }

    /// A filled polygon.
    pub(super) fn polygon(&mut self, points: &[Point], colour: Colour) {
        let _ = self
            .backend
            .fill_polygon(points.iter().map(|p| fine(*p)), &stroke(colour, 0.0));
    }

    /// A filled rectangle.
    pub(super) fn rect(&mut self, a: Point, b: Point, colour: Colour) {
        let _ = self
            .backend
            .draw_rect(fine(a), fine(b), &stroke(colour, 0.0), true);
    }

    /// A filled disc.
    pub(super) fn disc(&mut self, centre: Point, radius: f64, colour: Colour) {
        let _ = self.backend.draw_circle(
            fine(centre),
            units(radius).unsigned_abs(),
            &stroke(colour, 0.0),
            true,
        );
    }

    /// A circle.
    pub(super) fn circle(&mut self, centre: Point, radius: f64, colour: Colour, width: f64) {
        let _ = self.backend.draw_circle(
            fine(centre),
            units(radius).unsigned_abs(),
            &stroke(colour, width),
            false,
        );
    }

    /// A text, vertically centred on `at`.
    pub(super) fn text(
        &mut self,
        text: &str,
        at: Point,
        anchor: Anchor,
        font: Font,
        colour: Colour,
    ) {
        let h_pos = match anchor {
            Anchor::Start => HPos::Left,
            Anchor::Middle => HPos::Center,
            Anchor::End => HPos::Right,
        };
        let weight = if font.bold {
            FontStyle::Bold
        } else {
            FontStyle::Normal
        };
        // The backend divides sizes by 1.24.
        let desc = FontDesc::new(FontFamily::Name(FONT), font.size * FINE * 1.24, weight);
        let style = TextStyle::from(desc)
            .color(&colour)
            .pos(Pos::new(h_pos, VPos::Center));
        let _ = self
            .backend
            .draw_text(&crate::report::format::visible(text), &style, fine(at));
    }
}

fn stroke(colour: Colour, width: f64) -> ShapeStyle {
    ShapeStyle {
        color: colour.to_rgba(),
        filled: true,
        stroke_width: units(width).unsigned_abs(),
    }
}

/// The nearest unit; `as` saturates, and NaN becomes 0, so no datum can make this panic.
fn units(pixels: f64) -> i32 {
    (pixels * FINE).round().clamp(-1e6, 1e6) as i32
}

fn fine(p: Point) -> (i32, i32) {
    (units(p.0), units(p.1))
}

fn hex(c: Colour) -> String {
    format!("#{:02X}{:02X}{:02X}", c.0, c.1, c.2)
}

/// `text` in lines that fit into `width` pixels in a font of this size, at most `most`; the last
/// one is cut.
pub(super) fn wrapped(text: &str, width: f64, size: f64, most: usize) -> Vec<String> {
    let room = (width / (GLYPH * size)).max(1.0) as usize;
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let full = lines.len() == most.max(1);
        match lines.last_mut() {
            Some(line) if full || line.chars().count() + 1 + word.chars().count() <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.iter().map(|l| fitted(l, width, size)).collect()
}

/// `text` cut to what fits into `width` pixels in a font of this size; an average glyph is
/// [`GLYPH`] em wide.
pub(super) fn fitted(text: &str, width: f64, size: f64) -> String {
    let room = (width / (GLYPH * size)).max(1.0) as usize;
    if text.chars().count() <= room {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(room.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

/// About how many pixels `text` takes in a font of this size.
pub(super) fn width(text: &str, size: f64) -> f64 {
    GLYPH * size * text.chars().count() as f64
}

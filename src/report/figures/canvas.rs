//! A canvas in pixels with fractions, over plotters' SVG backend.
//!
//! Owns colours, line styles and text. Must not know what is drawn.
//!
//! The backend places everything on whole units, which leaves steps in a curve at screen
//! resolution; so it draws on a sheet [`FINE`] times as large and only the view box knows. It has
//! no dash patterns either: a line's colour determines its pattern, written into the finished
//! document.

use plotters::prelude::{
    DrawingBackend, FontDesc, FontFamily, FontStyle, RGBColor, SVGBackend, ShapeStyle, TextStyle,
};
use plotters::style::Color as _;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// Units of the backend per pixel.
const FINE: f64 = 10.0;

/// The last name is the generic family that every viewer has.
const FONT: &str = "Helvetica, Arial, DejaVu Sans, sans-serif";

/// Width of an average glyph in em: on the wide side, so that text in a wider fallback font still
/// fits.
const GLYPH: f64 = 0.6;

/// A colour of the palette.
pub(super) type Colour = RGBColor;

// The style sheet of the page maps the neutral colours to their dark counterparts, by value.
/// Sheet.
pub(super) const SHEET: Colour = RGBColor(0xff, 0xff, 0xff);
/// Area below the rounding floor.
pub(super) const SHADE: Colour = RGBColor(0xed, 0xed, 0xed);
/// Grid.
pub(super) const GRID: Colour = RGBColor(0xe2, 0xe2, 0xe2);
/// Text and measurements.
pub(super) const INK: Colour = RGBColor(0x1a, 0x1a, 0x1a);
/// Secondary text and frames.
pub(super) const SOFT: Colour = RGBColor(0x59, 0x59, 0x59);
/// Edge of the rounding floor.
pub(super) const EDGE: Colour = RGBColor(0x9b, 0x9b, 0x9b);

// Okabe and Ito's palette, told apart with every common colour blindness.
/// Vermillion.
pub(super) const VERMILLION: Colour = RGBColor(0xd5, 0x5e, 0x00);
/// Blue.
pub(super) const BLUE: Colour = RGBColor(0x00, 0x72, 0xb2);
/// Bluish green.
pub(super) const GREEN: Colour = RGBColor(0x00, 0x9e, 0x73);
/// Reddish purple.
pub(super) const PURPLE: Colour = RGBColor(0xcc, 0x79, 0xa7);
/// Orange.
pub(super) const ORANGE: Colour = RGBColor(0xe6, 0x9f, 0x00);
/// Sky blue.
pub(super) const SKY: Colour = RGBColor(0x56, 0xb4, 0xe9);
/// Brown, for an eighth series.
pub(super) const BROWN: Colour = RGBColor(0x8c, 0x56, 0x4b);

// The methods in the strip of rates, dark enough to be read on white.
/// Purple of ITD.
pub(super) const MAUVE: Colour = RGBColor(0xa6, 0x4b, 0x80);
/// Green of NSID.
pub(super) const TEAL: Colour = RGBColor(0x00, 0x80, 0x5e);
/// Orange of SID.
pub(super) const OCHRE: Colour = RGBColor(0xa8, 0x6f, 0x00);
/// What is accepted.
pub(super) const BAND: Colour = RGBColor(0xdd, 0xf0, 0xe9);
/// Edge and name of what is accepted.
pub(super) const OK: Colour = RGBColor(0x00, 0x6b, 0x4f);

/// Dash of the mark τ.
pub(super) const MARK_TAU: Colour = RGBColor(0x8c, 0x4f, 0x8c);
/// Dash of the mark of identification.
pub(super) const MARK_IDENTIFIED: Colour = RGBColor(0x7a, 0x6a, 0x00);
/// Dash of the mark of perfect agreement.
pub(super) const AGREEMENT: Colour = RGBColor(0x59, 0x59, 0x5a);

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

/// Runs `draw` on a white canvas of `width` × `height` pixels and returns the document. Lines of a
/// colour in `dashes` are drawn with that pattern (lengths in pixels of stroke and gap).
pub(super) fn draw(
    width: f64,
    height: f64,
    dashes: &[(Colour, &[f64])],
    draw: impl FnOnce(&mut Canvas<'_>),
) -> String {
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
    for (colour, lengths) in dashes {
        let stroke = format!("stroke=\"{}\"", hex(*colour));
        let pattern: Vec<String> = lengths.iter().map(|l| units(*l).to_string()).collect();
        svg = svg.replace(
            &stroke,
            &format!("{stroke} stroke-dasharray=\"{}\"", pattern.join(" ")),
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

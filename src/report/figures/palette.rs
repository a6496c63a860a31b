//! The colours of all figures.
//!
//! Owns which colour means what, and the patterns of broken lines. Colour is measured, grey is
//! theory, vermillion is a violation and its limit alone. Okabe and Ito's palette, told apart with
//! every common colour blindness, darkened so that text of these colours is read on white. The
//! style sheet of the page maps every one to its counterpart on dark, by value.

use plotters::prelude::RGBColor;

/// A colour of the palette.
pub(super) type Colour = RGBColor;

/// Sheet.
pub(super) const SHEET: Colour = RGBColor(0xff, 0xff, 0xff);
/// Grid.
pub(super) const GRID: Colour = RGBColor(0xe2, 0xe2, 0xe2);
/// Text.
pub(super) const INK: Colour = RGBColor(0x1a, 0x1a, 0x1a);
/// Secondary text and axes.
pub(super) const SOFT: Colour = RGBColor(0x59, 0x59, 0x59);
/// What is accepted.
pub(super) const BAND: Colour = RGBColor(0xdd, 0xf0, 0xe9);
/// Edge and name of what is accepted.
pub(super) const OK: Colour = RGBColor(0x00, 0x6b, 0x4f);
/// A violation, and the limit that it violates.
pub(super) const VERMILLION: Colour = RGBColor(0xd5, 0x5e, 0x00);

/// AID-FP, and what belongs to no method.
pub(super) const BLUE: Colour = RGBColor(0x00, 0x72, 0xb2);
/// ITD.
pub(super) const MAUVE: Colour = RGBColor(0xa6, 0x4b, 0x80);
/// NSID.
pub(super) const TEAL: Colour = RGBColor(0x00, 0x80, 0x5e);
/// SID.
pub(super) const OCHRE: Colour = RGBColor(0xa8, 0x6f, 0x00);
/// AID-CG.
pub(super) const SLATE: Colour = RGBColor(0x4a, 0x5a, 0x9c);
/// A sixth series.
pub(super) const BROWN: Colour = RGBColor(0x8c, 0x56, 0x4b);

/// Theory: sharp bounds, limits, exact values.
pub(super) const THEORY: Colour = RGBColor(0x6b, 0x71, 0x7a);
/// Theory with measured iterates, and where τ lies.
pub(super) const THEORY_DASHED: Colour = RGBColor(0x6b, 0x71, 0x7b);
/// Theory a priori.
pub(super) const THEORY_DOTTED: Colour = RGBColor(0x6b, 0x71, 0x79);

/// Colours of broken lines, what they are in the finished document, and their pattern (lengths of
/// stroke and gap in pixels).
pub(super) const DASHES: [(Colour, Colour, &[f64]); 2] = [
    (THEORY_DASHED, THEORY, &[6.0, 3.0]),
    (THEORY_DOTTED, THEORY, &[1.6, 2.6]),
];

/// The colour of a method; those that differ in their mode only share it.
pub(super) fn of_method(method: &str) -> Colour {
    let name = method.to_ascii_lowercase();
    match name.trim_start_matches("b") {
        m if m.starts_with("itd") => MAUVE,
        m if m.starts_with("nsid") => TEAL,
        m if m.starts_with("sid") => OCHRE,
        m if m.starts_with("aid-cg") => SLATE,
        _ => BLUE,
    }
}

/// How a method is called in a figure.
pub(super) fn method_name(method: &str) -> &str {
    match method.trim_start_matches("b") {
        m if m.starts_with("itd") => "ITD",
        m if m.starts_with("nsid") => "NSID",
        m if m.starts_with("sid") => "SID",
        m if m.starts_with("aid-cg") => "AID-CG",
        m if m.starts_with("aid-fp") => "AID-FP",
        _ => method,
    }
}

//! The frame of a panel: grid, ticks, axis titles.
//!
//! Owns how a plotting area looks. Must not know what is plotted.

use super::axis::Axis;
use super::canvas::{Anchor, Canvas, GRID, INK, SOFT, font};

/// The plotting area in pixels.
#[derive(Clone, Copy)]
pub(super) struct Frame {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
}

/// Size of tick labels and axis titles.
pub(super) const TICK: f64 = 12.0;

impl Frame {
    /// Pixels of the horizontal axis, low to high.
    pub(super) fn across(&self) -> (f64, f64) {
        (self.left, self.right)
    }

    /// Pixels of the vertical axis, low to high.
    pub(super) fn up(&self) -> (f64, f64) {
        (self.bottom, self.top)
    }

    /// Grid lines and tick labels, below the data.
    pub(super) fn grid(&self, canvas: &mut Canvas<'_>, x: &Axis, y: &Axis, most: (usize, usize)) {
        for (at, label) in x.ticks(most.0) {
            canvas.line((at, self.top), (at, self.bottom), GRID, 1.0);
            canvas.line((at, self.bottom), (at, self.bottom + 4.0), SOFT, 1.0);
            canvas.text(
                &label,
                (at, self.bottom + 13.0),
                Anchor::Middle,
                font(TICK),
                INK,
            );
        }
        for (at, label) in y.ticks(most.1) {
            canvas.line((self.left, at), (self.right, at), GRID, 1.0);
            canvas.line((self.left - 4.0, at), (self.left, at), SOFT, 1.0);
            canvas.text(&label, (self.left - 7.0, at), Anchor::End, font(TICK), INK);
        }
    }

    /// The border, above the data, and the title of the horizontal axis.
    pub(super) fn border(&self, canvas: &mut Canvas<'_>, x_title: &str) {
        let corners = [
            (self.left, self.top),
            (self.left, self.bottom),
            (self.right, self.bottom),
            (self.right, self.top),
            (self.left, self.top),
        ];
        canvas.path(&corners, SOFT, 1.0);
        let middle = f64::midpoint(self.left, self.right);
        canvas.text(
            x_title,
            (middle, self.bottom + 30.0),
            Anchor::Middle,
            font(TICK),
            SOFT,
        );
    }
}

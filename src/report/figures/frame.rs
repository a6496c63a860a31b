//! The plotting area of a panel: grid, ticks, axis titles.
//!
//! Owns how it looks. Must not know what is plotted.

use super::axis::Axis;
use super::canvas::{Anchor, Canvas, Point, font};
use super::palette::{GRID, SOFT};

/// The plotting area in pixels.
#[derive(Clone, Copy)]
pub(super) struct Frame {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
}

/// Size of all text but headlines.
pub(super) const TEXT: f64 = 12.0;
/// Ticks of an axis at most.
pub(super) const TICKS: usize = 5;

impl Frame {
    /// Pixels of the horizontal axis, low to high.
    pub(super) fn across(&self) -> (f64, f64) {
        (self.left, self.right)
    }

    /// Pixels of the vertical axis, low to high.
    pub(super) fn up(&self) -> (f64, f64) {
        (self.bottom, self.top)
    }

    /// Grid lines, tick labels and the lower edge, below the data.
    pub(super) fn grid(&self, canvas: &mut Canvas<'_>, x: &Axis, y: &Axis) {
        for (at, label) in y.ticks(TICKS) {
            canvas.line((self.left, at), (self.right, at), GRID, 1.0);
            let place = (self.left - 7.0, at);
            canvas.text(&label, place, Anchor::End, font(TEXT), SOFT);
        }
        self.foot(canvas, x);
    }

    /// Ticks of the horizontal axis and the lower edge.
    pub(super) fn foot(&self, canvas: &mut Canvas<'_>, x: &Axis) {
        for (at, label) in x.ticks(TICKS) {
            canvas.line((at, self.top), (at, self.bottom), GRID, 1.0);
            canvas.line((at, self.bottom), (at, self.bottom + 4.0), SOFT, 1.0);
            let place = (at, self.bottom + 13.0);
            canvas.text(&label, place, Anchor::Middle, font(TEXT), SOFT);
        }
        let (a, b) = ((self.left, self.bottom), (self.right, self.bottom));
        canvas.line(a, b, SOFT, 1.0);
    }

    /// The title of the horizontal axis, at its right end.
    pub(super) fn title(&self, canvas: &mut Canvas<'_>, title: &str) {
        let place = (self.right, self.bottom + 30.0);
        canvas.text(title, place, Anchor::End, font(TEXT), SOFT);
    }

    /// The parts of a polyline between the upper and the lower edge.
    pub(super) fn clipped(&self, points: &[Point]) -> Vec<Vec<Point>> {
        let inside = |p: &Point| p.1 >= self.top && p.1 <= self.bottom;
        let mut out: Vec<Vec<Point>> = Vec::new();
        let mut run: Vec<Point> = points.first().copied().filter(inside).into_iter().collect();
        for pair in points.windows(2) {
            let (a, b) = (pair[0], pair[1]);
            // Where the piece crosses an edge, in its own order.
            let mut cuts: Vec<f64> = [self.top, self.bottom]
                .iter()
                .map(|edge| (edge - a.1) / (b.1 - a.1))
                .filter(|s| *s > 0.0 && *s < 1.0)
                .collect();
            cuts.sort_by(f64::total_cmp);
            for s in cuts {
                let at = (a.0 + s * (b.0 - a.0), a.1 + s * (b.1 - a.1));
                run.push((at.0, at.1.clamp(self.top, self.bottom)));
                if run.len() > 1 {
                    out.push(std::mem::take(&mut run));
                }
            }
            if inside(&b) {
                run.push(b);
            }
        }
        if !run.is_empty() {
            out.push(run);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_cut_at_the_edges() {
        let frame = Frame {
            left: 0.0,
            top: 0.0,
            right: 10.0,
            bottom: 10.0,
        };
        let up = [(0.0, 20.0), (10.0, -10.0)];
        let cut = frame.clipped(&up);
        assert_eq!(cut.len(), 1);
        assert!((cut[0][0].1 - 10.0).abs() < 1e-9 && cut[0][1].1.abs() < 1e-9);
        let there_and_back = [(0.0, 5.0), (1.0, -5.0), (2.0, 5.0)];
        assert_eq!(frame.clipped(&there_and_back).len(), 2);
        assert!(frame.clipped(&[(0.0, -1.0), (1.0, -2.0)]).is_empty());
        assert_eq!(frame.clipped(&[(3.0, 3.0)]), [[(3.0, 3.0)]]);
    }
}

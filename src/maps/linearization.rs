//! A linearisation point with the selection of D_Φ taken there.

use std::borrow::Cow;

use super::constants::Dims;
use crate::linalg::Matrix;

/// How a tie is decided: the weight in [0, 1] of the upper slope of a unit exactly at its kink.
pub enum Tie<'a> {
    /// The same weight at every tie.
    Weight(f64),
    /// Asked for unit i at every tie, in order of i.
    Ask(&'a mut dyn FnMut(usize) -> f64),
}

impl Tie<'_> {
    /// The weight in [0, 1] for unit i.
    pub fn weight(&mut self, unit: usize) -> f64 {
        match self {
            Self::Weight(v) => *v,
            Self::Ask(f) => f(unit),
        }
    }
}

/// Φ(w, λ) and the selection at (w, λ), from which every product is taken.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Linearization<'l> {
    /// The point w (d).
    pub w: Vec<f64>,
    /// λ (m): a copy, or the caller's own where it has a million entries.
    pub lambda: Cow<'l, [f64]>,
    /// Φ(w, λ) (d).
    pub value: Vec<f64>,
    /// Inputs z of the units (as many as [`Dims::units`](crate::maps::Dims)).
    pub z: Vec<f64>,
    /// Slope chosen for every unit: the selection of D_Φ.
    pub slope: Vec<f64>,
    /// Distance of every z_i to its nearest kink; infinite where it has none.
    pub margin: Vec<f64>,
    /// The sign of z_i belongs to the piece (soft-thresholding has slope 1 on both sides of its
    /// kinks).
    pub(super) signed: bool,
    /// Second derivatives of a loss along its rows (n), where there is a loss.
    pub(super) curvature: Vec<f64>,
    /// Input of a prox (d), where a unit is more than a coordinate; a buffer elsewhere.
    pub(super) inner: Vec<f64>,
    /// Buffer of `evaluate`.
    pub(super) workspace: Workspace,
}

impl<'l> Linearization<'l> {
    pub(super) fn new(dims: Dims) -> Self {
        Self {
            w: vec![0.0; dims.w],
            lambda: Cow::Borrowed(&[]),
            value: vec![0.0; dims.w],
            z: vec![0.0; dims.units],
            slope: vec![1.0; dims.units],
            margin: vec![f64::INFINITY; dims.units],
            signed: true,
            curvature: Vec::new(),
            inner: Vec::new(),
            workspace: Workspace::default(),
        }
    }

    /// Sets value, margin and slope of every coordinate, soft-thresholded from z.
    pub(super) fn soften(&mut self, threshold: f64, tie: &mut Tie<'_>) {
        let kept = match tie {
            Tie::Weight(v) => *v,
            Tie::Ask(_) => 0.0,
        };
        let outputs = self.value.iter_mut().zip(&mut self.margin);
        // Without branches, so that the compiler may use vectors.
        for ((z, (value, margin)), slope) in self.z.iter().zip(outputs).zip(&mut self.slope) {
            let excess = z.abs() - threshold;
            *margin = excess.abs();
            // A NaN must come out as NaN, not as an inactive coordinate.
            let hidden = if excess <= 0.0 { 0.0 } else { f64::NAN };
            let hidden_slope = if excess < 0.0 {
                0.0
            } else if excess == 0.0 {
                kept
            } else {
                f64::NAN
            };
            (*value, *slope) = if excess > 0.0 {
                (excess.copysign(*z), 1.0)
            } else {
                (hidden, hidden_slope)
            };
        }
        if let Tie::Ask(weight) = tie {
            for (i, (margin, slope)) in self.margin.iter().zip(&mut self.slope).enumerate() {
                if *margin == 0.0 {
                    *slope = weight(i);
                }
            }
        }
    }

    /// Which piece of Φ is active: equal keys, same piece. A unit with slope 0 has one piece
    /// whatever the sign of its input; with another slope the sign belongs to it (soft-thresholding
    /// has slope 1 on both sides).
    pub fn piece(&self) -> impl Iterator<Item = f64> + '_ {
        let kinked = self.margin.iter().map(|m| m.is_finite());
        self.slope
            .iter()
            .zip(&self.z)
            .zip(kinked)
            .map(|((s, z), kinked)| match (kinked, self.signed) {
                (false, _) => 0.0,
                (true, true) => piece_key(*s, *z),
                (true, false) => *s,
            })
    }

    /// Units exactly at a kink.
    pub fn ties(&self) -> impl Iterator<Item = usize> + '_ {
        self.margin
            .iter()
            .enumerate()
            .filter(|(_, m)| **m == 0.0)
            .map(|(i, _)| i)
    }
}

/// Key of one unit's piece from its slope and its input.
pub(crate) fn piece_key(slope: f64, z: f64) -> f64 {
    if slope == 0.0 {
        0.0
    } else {
        slope + 2.0 * z.signum()
    }
}

/// Buffers reused by the products, so that none allocates once they have their size.
#[derive(Clone, Debug, Default)]
pub struct Workspace {
    pub(super) vector: Vec<f64>,
    /// Holds a masked cotangent while `vector` is in use.
    pub(super) masked: Vec<f64>,
    /// Entries of a vector that are not 0.
    pub(super) entries: Vec<usize>,
    pub(super) matrix: Matrix0,
}

/// A matrix buffer that changes shape without giving up its memory.
#[derive(Clone, Debug)]
pub(super) struct Matrix0(Matrix);

impl Default for Matrix0 {
    fn default() -> Self {
        Self(Matrix::zeros(0, 0))
    }
}

impl Matrix0 {
    /// The buffer with the given shape; contents unspecified.
    pub(super) fn shaped(&mut self, rows: usize, cols: usize) -> &mut Matrix {
        if self.0.shape() != (rows, cols) {
            self.0 = Matrix::zeros(rows, cols);
        }
        &mut self.0
    }
}

impl Workspace {
    pub(super) fn vector(&mut self, len: usize) -> &mut [f64] {
        self.vector.resize(len, 0.0);
        &mut self.vector[..]
    }
}

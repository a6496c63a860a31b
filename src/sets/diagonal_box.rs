//! Images of boxes of diagonal matrices.
//!
//! Owns {L diag(s) R + C : lo ≤ s ≤ hi}, the form of ∂Φ with kinks: SA and
//! [-ηS sign(z), -ηSw] for the elastic net, ASV for a layer. Convex, with at most
//! 2^k corners for k free entries. Must not know distances.

use nalgebra::DMatrix;

use super::rounding::{
    Enclosure, Sum, add_up, carried, collect, euclidean_upper, mul_up, norm_upper, product,
};
use super::shape::{cotangent_column, finite, same_shape};
use crate::error::{Error, Result};

/// Largest number of free entries whose corners are listed by whoever lists them: 4096.
pub const MAX_ENUMERATED: usize = 12;

/// {L diag(s) R + C : s_i ∈ [lo_i, hi_i]}, of shape d × m.
///
/// Entries with lo_i = hi_i are folded into C at construction; only the free ones are kept, in
/// order.
#[derive(Clone, Debug, PartialEq)]
pub struct DiagonalBox {
    left: DMatrix<f64>,
    right: DMatrix<f64>,
    offset: DMatrix<f64>,
    lo: Vec<f64>,
    hi: Vec<f64>,
    rounding: f64,
}

impl DiagonalBox {
    /// The set for `left` (d × k), `right` (k × m), `offset` (d × m), and k bounds on each side.
    ///
    /// Errors: shapes that do not fit, entries that are not finite, lo_i > hi_i.
    pub fn new(
        left: &DMatrix<f64>,
        right: &DMatrix<f64>,
        offset: &DMatrix<f64>,
        lo: &[f64],
        hi: &[f64],
    ) -> Result<Self> {
        let k = left.ncols();
        same_shape("right", right.shape(), (k, right.ncols())).map_err(|e| e.in_field("right"))?;
        same_shape("offset", offset.shape(), (left.nrows(), right.ncols()))
            .map_err(|e| e.in_field("offset"))?;
        for (name, m) in [("left", left), ("right", right), ("offset", offset)] {
            finite(m).map_err(|e| e.in_field(name))?;
        }
        for (name, bounds) in [("lo", lo), ("hi", hi)] {
            if bounds.len() != k || !bounds.iter().all(|v| v.is_finite()) {
                return Err(Error::input(format!(
                    "{k} finite bounds are needed, one per diagonal entry"
                ))
                .in_field(name));
            }
        }
        if let Some(i) = (0..k).find(|&i| lo[i] > hi[i]) {
            return Err(Error::input(format!(
                "the bounds {} and {} are in the wrong order",
                lo[i], hi[i]
            ))
            .in_field(format!("lo[{i}]")));
        }
        let (free, fixed): (Vec<usize>, Vec<usize>) = (0..k).partition(|&i| lo[i] < hi[i]);
        let (offset, rounding) = collect(left.nrows(), right.ncols(), |i, j| {
            let mut sum = Sum::default();
            sum.add(offset[(i, j)]);
            for &l in &fixed {
                sum.add_triple(lo[l], left[(i, l)], right[(l, j)]);
            }
            sum
        });
        Ok(Self {
            left: left.select_columns(&free),
            right: right.select_rows(&free),
            offset,
            lo: free.iter().map(|&i| lo[i]).collect(),
            hi: free.iter().map(|&i| hi[i]).collect(),
            rounding,
        })
    }

    /// (rows, columns) of the elements.
    pub fn shape(&self) -> (usize, usize) {
        self.offset.shape()
    }

    /// Number k of free entries.
    pub fn free_count(&self) -> usize {
        self.lo.len()
    }

    /// Lower bounds of the free entries.
    pub fn lo(&self) -> &[f64] {
        &self.lo
    }

    /// Upper bounds of the free entries.
    pub fn hi(&self) -> &[f64] {
        &self.hi
    }

    /// L, d × k, the columns of the free entries.
    pub fn left(&self) -> &DMatrix<f64> {
        &self.left
    }

    /// R, k × m, the rows of the free entries.
    pub fn right(&self) -> &DMatrix<f64> {
        &self.right
    }

    /// C with the fixed entries folded in, d × m.
    pub fn offset(&self) -> &DMatrix<f64> {
        &self.offset
    }

    /// Radius of rounding (Frobenius norm) of each element.
    pub fn rounding(&self) -> f64 {
        self.rounding
    }

    /// The element at the free entries `s` (not checked against the bounds), and a bound of the
    /// Frobenius norm of its error.
    pub fn at(&self, s: &[f64]) -> Result<(DMatrix<f64>, f64)> {
        same_shape("the diagonal", (s.len(), 1), (self.free_count(), 1))?;
        let (value, error) = self.element(s);
        Ok((value, add_up(error, self.rounding)))
    }

    /// The element at `s` and its own rounding, without that of the set.
    pub(super) fn element(&self, s: &[f64]) -> (DMatrix<f64>, f64) {
        let (rows, cols) = self.shape();
        collect(rows, cols, |i, j| {
            let mut sum = Sum::default();
            sum.add(self.offset[(i, j)]);
            for (l, &s) in s.iter().enumerate() {
                sum.add_triple(s, self.left[(i, l)], self.right[(l, j)]);
            }
            sum
        })
    }

    /// Support function max over the set of ⟨Y, ·⟩ = ⟨Y, C⟩ + Σ_i max(lo_i g_i, hi_i g_i), g_i =
    /// l_iᵀ Y r_i.
    pub fn support(&self, y: &DMatrix<f64>) -> Result<Enclosure> {
        same_shape("the direction", y.shape(), self.shape())?;
        finite(y)?;
        let mut sum = Sum::default();
        for (y, c) in y.iter().zip(self.offset.iter()) {
            sum.add_product(*y, *c);
        }
        self.add_support(y, 1.0, &mut sum);
        sum.lose(mul_up(euclidean_upper(y.as_slice()), self.rounding));
        Ok(Enclosure::new(sum.lower(), sum.upper()))
    }

    /// Adds `sign`·Σ_i max(lo_i g_i, hi_i g_i) to `sum`, `sign` = ±1.
    pub(super) fn add_support(&self, y: &DMatrix<f64>, sign: f64, sum: &mut Sum) {
        let rows = self.shape().0;
        for i in 0..self.free_count() {
            let mut g = Sum::default();
            for (l, column) in self.left.column(i).iter().zip(0..rows) {
                if *l == 0.0 {
                    continue;
                }
                let mut inner = Sum::default();
                for (j, r) in self.right.row(i).iter().enumerate() {
                    inner.add_product(y[(column, j)], *r);
                }
                let (value, error) = inner.value();
                g.add_product(*l, value);
                g.lose(mul_up(l.abs(), error));
            }
            let (g, error) = g.value();
            let s = if g >= 0.0 { self.hi[i] } else { self.lo[i] };
            sum.add_product(sign * s, g);
            // |max(lo g, hi g)| moves by at most max(|lo|,|hi|) times the error of g.
            sum.lose(mul_up(self.lo[i].abs().max(self.hi[i].abs()), error));
        }
    }

    /// {aᵀ y} as single columns: {Rᵀ diag(Lᵀy) s + Cᵀy}.
    pub fn cotangent(&self, y: &[f64]) -> Result<Self> {
        let y = cotangent_column(y, self.shape().0)?;
        let (right, e_right) = product(&self.left.transpose(), &y);
        let (offset, e_offset) = product(&self.offset.transpose(), &y);
        let left = self.right.transpose();
        // An error of the right factor costs every element ‖L‖ max|s| of it.
        let bounds = self.lo.iter().chain(&self.hi);
        let s = bounds.fold(0.0f64, |m, v| m.max(v.abs()));
        let lost = if e_right == 0.0 {
            0.0
        } else {
            mul_up(mul_up(e_right, s), norm_upper(&left))
        };
        Ok(Self {
            left,
            right,
            offset,
            lo: self.lo.clone(),
            hi: self.hi.clone(),
            rounding: add_up(carried(&y, self.rounding), add_up(lost, e_offset)),
        })
    }
}

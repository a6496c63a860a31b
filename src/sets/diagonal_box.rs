//! Images of boxes of diagonal matrices.
//!
//! Owns {L diag(s) R + C : lo ≤ s ≤ hi}, the form of ∂Φ with kinks: SA and
//! [-ηS sign(z), -ηSw] for the elastic net, ASV for a layer. Convex, with at most
//! 2^k vertices for k free entries. Must not know distances.

use std::ops::Range;

use nalgebra::DMatrix;

use super::points::{Hull, Points, block_range, carried, cotangent_column, finite};
use super::rounding::{
    Enclosure, Sum, add_up, collect, euclidean_upper, mul_up, norm_upper, product,
};
use super::same_shape;
use crate::error::{Error, Result};

/// Largest number of free entries whose vertices are listed: 4096 of them.
pub const MAX_ENUMERATED: usize = 12;

/// {L diag(s) R + C : s_i ∈ [lo_i, hi_i]}, of shape d × m.
///
/// Entries with lo_i = hi_i are folded into C at construction; only the free ones are kept, in order.
#[derive(Clone, Debug, PartialEq)]
pub struct DiagonalBox {
    left: DMatrix<f64>,
    right: DMatrix<f64>,
    offset: DMatrix<f64>,
    lo: Vec<f64>,
    hi: Vec<f64>,
    free: Vec<usize>,
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
                add_triple(&mut sum, lo[l], left[(i, l)], right[(l, j)]);
            }
            sum
        });
        Ok(Self {
            left: left.select_columns(&free),
            right: right.select_rows(&free),
            offset,
            lo: free.iter().map(|&i| lo[i]).collect(),
            hi: free.iter().map(|&i| hi[i]).collect(),
            free,
            rounding,
        })
    }

    /// {diag(s) R}: the rows of `right` scaled, as SA for a prox after a gradient step.
    pub fn scaled_rows(right: &DMatrix<f64>, lo: &[f64], hi: &[f64]) -> Result<Self> {
        let d = right.nrows();
        Self::new(
            &DMatrix::identity(d, d),
            right,
            &DMatrix::zeros(d, right.ncols()),
            lo,
            hi,
        )
    }

    /// (rows, columns) of the elements.
    pub fn shape(&self) -> (usize, usize) {
        self.offset.shape()
    }

    /// Number k of free entries.
    pub fn free_count(&self) -> usize {
        self.lo.len()
    }

    /// Which of the entries given at construction are free, in increasing order.
    pub fn free_entries(&self) -> &[usize] {
        &self.free
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

    /// Whether every free entry scales a row of its own in which C is zero, as in SA.
    pub(super) fn scales_its_own_rows(&self) -> bool {
        let mut taken = vec![false; self.shape().0];
        self.left.column_iter().all(|column| {
            let mut rows = (0..column.len()).filter(|&i| column[i] != 0.0);
            let (first, second) = (rows.next(), rows.next());
            second.is_none()
                && first.is_none_or(|i| {
                    !std::mem::replace(&mut taken[i], true)
                        && self.offset.row(i).iter().all(|v| *v == 0.0)
                })
        })
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
                add_triple(&mut sum, s, self.left[(i, l)], self.right[(l, j)]);
            }
            sum
        })
    }

    /// The 2^k vertices (their hull is the set); errors when k exceeds [`MAX_ENUMERATED`].
    pub fn vertices(&self) -> Result<Hull> {
        let k = self.free_count();
        if k > MAX_ENUMERATED {
            return Err(Error::input(format!(
                "{k} free entries have too many vertices to list, at most {MAX_ENUMERATED} can be"
            ))
            .in_field("free_entries"));
        }
        let mut lost: f64 = 0.0;
        let mut s = vec![0.0; k];
        let members = (0..1usize << k)
            .map(|code| {
                for (i, s) in s.iter_mut().enumerate() {
                    *s = if code >> i & 1 == 0 {
                        self.lo[i]
                    } else {
                        self.hi[i]
                    };
                }
                let (value, error) = self.element(&s);
                lost = lost.max(error);
                value
            })
            .collect();
        Points::rounded(members, add_up(self.rounding, lost)).map(Points::into_hull)
    }

    /// Support function max over the set of ⟨Y, ·⟩ = ⟨Y, C⟩ + Σ_i max(lo_i g_i, hi_i g_i), g_i = l_iᵀ Y r_i.
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

    /// Minkowski sum of two boxes: again one, with the free entries of both (numbered one after the other).
    pub fn sum(&self, other: &Self) -> Result<Self> {
        same_shape("the other summand", other.shape(), self.shape())?;
        let (d, m) = self.shape();
        let (k, l) = (self.free_count(), other.free_count());
        let (offset, lost) = collect(d, m, |i, j| {
            let mut sum = Sum::default();
            sum.add(self.offset[(i, j)]);
            sum.add(other.offset[(i, j)]);
            sum
        });
        let mut left = self.left.clone().resize_horizontally(k + l, 0.0);
        left.columns_mut(k, l).copy_from(&other.left);
        let mut right = self.right.clone().resize_vertically(k + l, 0.0);
        right.rows_mut(k, l).copy_from(&other.right);
        Ok(Self {
            left,
            right,
            offset,
            lo: self.lo.iter().chain(&other.lo).copied().collect(),
            hi: self.hi.iter().chain(&other.hi).copied().collect(),
            free: (0..k + l).collect(),
            rounding: add_up(add_up(self.rounding, other.rounding), lost),
        })
    }

    /// What an error of the factors of size `left` or `right` (Frobenius norms) costs every element.
    fn factor_error(&self, left: f64, right: f64) -> f64 {
        let s = self
            .lo
            .iter()
            .chain(&self.hi)
            .fold(0.0f64, |m, v| m.max(v.abs()));
        let of_left = if left == 0.0 {
            0.0
        } else {
            mul_up(mul_up(left, s), norm_upper(&self.right))
        };
        let of_right = if right == 0.0 {
            0.0
        } else {
            mul_up(mul_up(right, s), norm_upper(&self.left))
        };
        add_up(of_left, of_right)
    }

    /// {M a}.
    pub fn left_image(&self, m: &DMatrix<f64>) -> Result<Self> {
        finite(m)?;
        same_shape("the left factor", m.shape(), (m.nrows(), self.shape().0))?;
        let (left, e_left) = product(m, &self.left);
        let (offset, e_offset) = product(m, &self.offset);
        let lost = add_up(self.factor_error(e_left, 0.0), e_offset);
        Ok(Self {
            left,
            offset,
            rounding: add_up(carried(m, self.rounding), lost),
            ..self.clone()
        })
    }

    /// {a M}.
    pub fn right_image(&self, m: &DMatrix<f64>) -> Result<Self> {
        finite(m)?;
        same_shape("the right factor", m.shape(), (self.shape().1, m.ncols()))?;
        let (right, e_right) = product(&self.right, m);
        let (offset, e_offset) = product(&self.offset, m);
        let lost = add_up(self.factor_error(0.0, e_right), e_offset);
        Ok(Self {
            right,
            offset,
            rounding: add_up(carried(m, self.rounding), lost),
            ..self.clone()
        })
    }

    /// {aᵀ y} as single columns: {Rᵀ diag(Lᵀy) s + Cᵀy}.
    pub fn cotangent(&self, y: &[f64]) -> Result<Self> {
        let y = cotangent_column(y, self.shape().0)?;
        let transposed = Self {
            left: self.right.transpose(),
            right: self.left.transpose(),
            offset: self.offset.transpose(),
            ..self.clone()
        };
        transposed.right_image(&y)
    }

    /// The projection to a block of coordinates.
    pub fn block(&self, rows: Range<usize>, cols: Range<usize>) -> Result<Self> {
        block_range(&rows, &cols, self.shape())?;
        Ok(Self {
            left: self.left.rows(rows.start, rows.len()).into_owned(),
            right: self.right.columns(cols.start, cols.len()).into_owned(),
            offset: self
                .offset
                .view((rows.start, cols.start), (rows.len(), cols.len()))
                .into_owned(),
            ..self.clone()
        })
    }
}

/// Adds s·l·r with the rounding of both products.
#[inline]
pub(super) fn add_triple(sum: &mut Sum, s: f64, l: f64, r: f64) {
    if s == 0.0 || l == 0.0 || r == 0.0 {
        return;
    }
    let p = s * l;
    let e = s.mul_add(l, -p);
    sum.add_product(p, r);
    if e != 0.0 {
        sum.add_product(e, r);
    } else if p.abs() < f64::MIN_POSITIVE / f64::EPSILON {
        sum.lose((r.abs() * f64::MIN_POSITIVE).max(f64::MIN_POSITIVE));
    }
}

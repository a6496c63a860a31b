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

/// The convex set {L diag(s) R + C : s_i ∈ [lo_i, hi_i]} of d × m matrices, L d × k, R k × m.
///
/// With s the slopes of the units at their kink it is a block of D_Φ of a piecewise-affine map,
/// where ∂_jΦ = L diag(s) R_j. Entries with lo_i = hi_i are folded into C at construction; only the
/// free ones are kept, in order.
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
    /// # Errors
    /// Shapes that do not fit, entries or bounds that are not finite, lo_i > hi_i; the field is
    /// named.
    ///
    /// ```
    /// use ratecert::linalg::Matrix;
    /// use ratecert::sets::{DiagonalBox, Effort, distance};
    ///
    /// // {(s_1, s_2)ᵀ : 0 ≤ s_i ≤ 1}: L = I and R = (1, 1)ᵀ.
    /// let (l, r) = (Matrix::identity(2, 2), Matrix::from_element(2, 1, 1.0));
    /// let square = DiagonalBox::new(&l, &r, &Matrix::zeros(2, 1), &[0.0; 2], &[1.0; 2])?;
    /// let point = Matrix::from_row_slice(2, 1, &[4.0, 5.0]);
    /// let found = distance(&point, &square, &Effort::default())?;
    /// assert!(found.distance.contains(5.0) && found.distance.width() < 1e-6);
    /// # Ok::<(), ratecert::Error>(())
    /// ```
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

    /// Number k of entries with lo_i < hi_i.
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

    /// Upper bound of the Frobenius distance of each stored element from the exact one of the same
    /// s.
    pub fn rounding(&self) -> f64 {
        self.rounding
    }

    /// The element L diag(s) R + C (d × m) at the free entries `s` (k numbers, not checked against
    /// the bounds), and a bound of the Frobenius norm of its error.
    ///
    /// # Errors
    /// `s` of another length than k.
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

    /// The support function at Y (d × m), an enclosure of the maximum of ⟨Y, X⟩ = tr(YᵀX) over the
    /// set: ⟨Y, C⟩ + Σ_i max(lo_i g_i, hi_i g_i) with g_i = l_iᵀ Y r_i, l_i the columns of L and
    /// r_iᵀ the rows of R.
    ///
    /// # Errors
    /// A Y of another shape, or with an entry that is not finite.
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

    /// The image {Xᵀy : X in the set} as single columns (m × 1), for y of d entries: {Rᵀ diag(Lᵀy)
    /// s + Cᵀy}.
    ///
    /// # Errors
    /// A `y` of another length, or with an entry that is not finite.
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

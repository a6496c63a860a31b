//! Finite sets of matrices and their convex hulls.
//!
//! Owns the set algebra that goes member by member: Minkowski sums and products,
//! cotangent images, inverses, blocks, unions. Must not know distances.

use std::collections::BTreeSet;
use std::ops::Range;

use nalgebra::DMatrix;

use super::rounding::{
    Sum, add_up, carried, collect, euclidean_upper, mul_up, norm_upper, product,
};
use super::shape::{block_range, cotangent_column, same_shape};
use crate::error::{Error, Result};

/// A finite nonempty set of matrices of one shape (not convex unless it has one member), with a
/// radius of rounding.
#[derive(Clone, Debug, PartialEq)]
pub struct Points {
    members: Vec<DMatrix<f64>>,
    rounding: f64,
}

/// The convex hull of finitely many matrices of one shape.
#[derive(Clone, Debug, PartialEq)]
pub struct Hull(Points);

impl Points {
    /// The set of `members`, exact duplicates dropped, order kept, without rounding.
    ///
    /// # Errors
    /// No member, members of different shapes, an entry that is not finite.
    ///
    /// ```
    /// use ratecert::linalg::Matrix;
    /// use ratecert::sets::{Points, excess};
    ///
    /// let number = |x: f64| Matrix::from_element(1, 1, x);
    /// // conv{-1, 1} is the derivative of |x| at 0, {1} the one beside it.
    /// let kink = Points::new(vec![number(-1.0), number(1.0)])?.into_hull();
    /// let smooth = Points::single(number(1.0))?;
    /// assert_eq!(excess(&smooth, &kink)?.upper, 0.0);
    /// // The excess is not symmetric: -1 is 2 away from 1.
    /// let back = excess(kink.points(), &smooth)?;
    /// assert!(back.contains(2.0) && back.width() < 1e-12);
    /// # Ok::<(), ratecert::Error>(())
    /// ```
    pub fn new(members: Vec<DMatrix<f64>>) -> Result<Self> {
        Self::rounded(members, 0.0)
    }

    /// [`Points::new`] for members that are each within `rounding` (Frobenius norm) of the exact
    /// matrix that they stand for.
    ///
    /// # Errors
    /// Those of [`Points::new`], and a radius that is negative or NaN.
    pub fn rounded(members: Vec<DMatrix<f64>>, rounding: f64) -> Result<Self> {
        if rounding.is_nan() || rounding < 0.0 {
            return Err(Error::input(format!(
                "rounding radius must be at least 0, got {rounding}"
            ))
            .in_field("rounding"));
        }
        let Some(shape) = members.first().map(DMatrix::shape) else {
            return Err(Error::input("a set of matrices needs at least one").in_field("members"));
        };
        for (i, member) in members.iter().enumerate() {
            let here = |e: Error| e.in_field(format!("members[{i}]"));
            same_shape("every member", member.shape(), shape).map_err(here)?;
            if !member.iter().all(|v| v.is_finite()) {
                return Err(here(Error::input("every entry must be finite")));
            }
        }
        let mut seen = BTreeSet::new();
        let mut members = members;
        // Adding 0.0 makes the two zeros one.
        members.retain(|m| seen.insert(m.iter().map(|v| (v + 0.0).to_bits()).collect::<Vec<_>>()));
        Ok(Self { members, rounding })
    }

    /// The set of one matrix.
    ///
    /// # Errors
    /// An entry that is not finite.
    pub fn single(member: DMatrix<f64>) -> Result<Self> {
        Self::new(vec![member])
    }

    /// The members, at least one.
    pub fn members(&self) -> &[DMatrix<f64>] {
        &self.members
    }

    /// Upper bound of the Frobenius distance of each stored member from the exact one.
    pub fn rounding(&self) -> f64 {
        self.rounding
    }

    /// (rows, columns) of the members.
    pub fn shape(&self) -> (usize, usize) {
        self.members.first().map_or((0, 0), DMatrix::shape)
    }

    /// Their convex hull.
    pub fn into_hull(self) -> Hull {
        Hull(self)
    }

    /// A certified upper bound of ‖·‖sup over the members (stored, and exact).
    fn size(&self) -> f64 {
        let largest = self.members.iter().map(norm_upper).fold(0.0, f64::max);
        add_up(largest, self.rounding)
    }

    /// Applies an operation that returns a matrix and its own rounding error; `carried` is what
    /// the operation makes of the rounding that was there.
    fn map(&self, carried: f64, f: impl Fn(&DMatrix<f64>) -> (DMatrix<f64>, f64)) -> Result<Self> {
        let mut lost: f64 = 0.0;
        let members = self
            .members
            .iter()
            .map(|m| {
                let (value, error) = f(m);
                lost = lost.max(error);
                value
            })
            .collect();
        Self::rounded(members, add_up(carried, lost))
    }

    /// All pairs of members through `f`.
    fn pairs(
        &self,
        other: &Self,
        carried: f64,
        f: impl Fn(&DMatrix<f64>, &DMatrix<f64>) -> (DMatrix<f64>, f64),
    ) -> Result<Self> {
        let mut lost: f64 = 0.0;
        let mut members = Vec::with_capacity(self.members.len() * other.members.len());
        for a in &self.members {
            for b in &other.members {
                let (value, error) = f(a, b);
                lost = lost.max(error);
                members.push(value);
            }
        }
        Self::rounded(members, add_up(carried, lost))
    }

    /// Minkowski sum A + B = {a + b}. Of vertex sets: the sums of vertices, whose
    /// hull is conv A + conv B.
    ///
    /// # Errors
    /// Different shapes, or a sum that overflows.
    pub fn sum(&self, other: &Self) -> Result<Self> {
        same_shape("the other summand", other.shape(), self.shape())?;
        let (rows, cols) = self.shape();
        self.pairs(other, add_up(self.rounding, other.rounding), |a, b| {
            collect(rows, cols, |i, j| {
                let mut sum = Sum::default();
                sum.add(a[(i, j)]);
                sum.add(b[(i, j)]);
                sum
            })
        })
    }

    /// Minkowski product AB = {ab} of p × q and q × r matrices. Of vertex sets:
    /// the products of vertices, whose hull is conv(AB); AB itself is not convex in general. For a
    /// convex T, Δ(AB, T) is attained at them, because the distance to T is convex in a for fixed b
    /// and in b for fixed a.
    ///
    /// # Errors
    /// Inner sides that differ, or a product that overflows.
    pub fn product(&self, other: &Self) -> Result<Self> {
        let columns = other.shape().1;
        same_shape("the right factor", other.shape(), (self.shape().1, columns))?;
        // ‖(a+e)(b+f) - ab‖_F ≤ ‖a‖‖f‖_F + ‖b‖‖e‖_F + ‖e‖‖f‖, with ‖a‖ + ‖e‖ ≤ size.
        let carried = if self.rounding == 0.0 && other.rounding == 0.0 {
            0.0
        } else {
            add_up(
                mul_up(self.size(), other.rounding),
                mul_up(other.size(), self.rounding),
            )
        };
        self.pairs(other, carried, product)
    }

    /// The image {aᵀy} as single columns, for a cotangent `y` with one entry per row of the
    /// members.
    ///
    /// # Errors
    /// A `y` of another length, or with an entry that is not finite, or a product that overflows.
    pub fn cotangent(&self, y: &[f64]) -> Result<Self> {
        let y = cotangent_column(y, self.shape().0)?;
        self.map(carried(&y, self.rounding), |a| product(&a.transpose(), &y))
    }

    /// The projection to the given rows and columns, such as a partial derivative within a
    /// derivative: it does not increase the excess (Lemma B.1 (vi)).
    ///
    /// # Errors
    /// A range that runs backwards, or out of the members.
    pub fn block(&self, rows: Range<usize>, cols: Range<usize>) -> Result<Self> {
        block_range(&rows, &cols, self.shape())?;
        self.map(self.rounding, |a| {
            (
                a.view((rows.start, cols.start), (rows.len(), cols.len()))
                    .into_owned(),
                0.0,
            )
        })
    }

    /// The set {a⁻¹} of inverses of square members, with an a-posteriori error bound: with X ≈ a⁻¹
    /// and ρ = ‖I - aX‖ < 1, ‖a⁻¹ - X‖_F ≤ ‖X‖_F ρ/(1-ρ), and for the rounding r of a,
    /// ‖a⁻¹‖²r/(1-‖a⁻¹‖r) more.
    ///
    /// # Errors
    /// Members that are not square, or one that is not invertible beyond rounding.
    pub fn inverse(&self) -> Result<Self> {
        let (n, _) = self.shape();
        same_shape("an invertible matrix", self.shape(), (n, n))?;
        let singular = |i: usize| {
            Error::input("not invertible beyond rounding").in_field(format!("members[{i}]"))
        };
        let mut members = Vec::with_capacity(self.members.len());
        let mut lost: f64 = 0.0;
        for (i, a) in self.members.iter().enumerate() {
            let x = a.clone().try_inverse().ok_or_else(|| singular(i))?;
            let (defect, error) = collect(n, n, |r, c| {
                let mut sum = Sum::default();
                if r == c {
                    sum.add(-1.0);
                }
                for l in 0..n {
                    sum.add_product(a[(r, l)], x[(l, c)]);
                }
                sum
            });
            let rho = add_up(norm_upper(&defect), error);
            let room = (1.0 - rho).next_down();
            if !(rho < 1.0 && room > 0.0) {
                return Err(singular(i));
            }
            let size = euclidean_upper(x.as_slice());
            let own = if rho == 0.0 {
                0.0
            } else {
                (mul_up(size, rho) / room).next_up()
            };
            let bound = add_up(size, own);
            let carried = if self.rounding == 0.0 {
                0.0
            } else {
                let room = (1.0 - mul_up(bound, self.rounding)).next_down();
                if room <= 0.0 {
                    return Err(singular(i));
                }
                (mul_up(mul_up(bound, bound), self.rounding) / room).next_up()
            };
            lost = lost.max(add_up(own, carried));
            members.push(x);
        }
        Self::rounded(members, lost)
    }

    /// The union of two sets of one shape; its radius of rounding is the larger one.
    ///
    /// # Errors
    /// Different shapes.
    pub fn union(&self, other: &Self) -> Result<Self> {
        same_shape("the other set", other.shape(), self.shape())?;
        let members = self.members.iter().chain(&other.members).cloned().collect();
        Self::rounded(members, self.rounding.max(other.rounding))
    }
}

impl Hull {
    /// The convex hull of `vertices`.
    ///
    /// # Errors
    /// Those of [`Points::new`].
    pub fn new(vertices: Vec<DMatrix<f64>>) -> Result<Self> {
        Points::new(vertices).map(Hull)
    }

    /// The points it is the hull of (some may be redundant).
    pub fn points(&self) -> &Points {
        &self.0
    }

    /// The matrices it is the hull of.
    pub fn vertices(&self) -> &[DMatrix<f64>] {
        self.0.members()
    }

    /// The image {aᵀy} as single columns: the hull of the images of the vertices.
    ///
    /// # Errors
    /// Those of [`Points::cotangent`].
    pub fn cotangent(&self, y: &[f64]) -> Result<Self> {
        self.0.cotangent(y).map(Hull)
    }
}

//! What an estimate lets one observe of an element X of a set: X itself, or its image Xᵀy.

use super::dyadic::{Ring, columns};
use crate::linalg::{Matrix, Vector};
use crate::sets::{
    DiagonalBox, Effort, Enclosure, Hull, distance, norm_lower, norm_upper, nuclear_upper,
};
use crate::tol::{BOUND_ROOM, UNIT, gamma};
use crate::truth::reference::Columns;

/// What is observed of an implicit derivative X (d×m). Distances are operator norms of X, or
/// Euclidean norms of Xᵀy divided by ‖y‖; the latter never exceed the former.
#[derive(Clone, Copy, Debug)]
pub enum Observed<'a> {
    /// X, d×m.
    Whole,
    /// Xᵀy as a column of m, for this y ≠ 0.
    Cotangent(&'a Vector),
}

impl Observed<'_> {
    /// Whether `shown` can be what is observed of a d×m matrix: its shape fits and every entry is
    /// finite.
    pub(super) fn fits(self, shown: &Matrix, (d, m): (usize, usize)) -> bool {
        let shape = match self {
            Self::Whole => (d, m),
            Self::Cotangent(y) if y.len() == d => (m, 1),
            Self::Cotangent(_) => return false,
        };
        shown.shape() == shape && shown.iter().all(|v| v.is_finite())
    }

    /// What is observed of X, and ‖·‖_F of what rounding took from it.
    pub fn of(self, x: &Matrix) -> (Matrix, f64) {
        match self {
            Self::Whole => (x.clone(), 0.0),
            Self::Cotangent(y) => {
                let u = x.tr_mul(y);
                let lost = gamma(y.len() + 2) * x.norm() * y.norm();
                (Matrix::from_column_slice(u.len(), 1, u.as_slice()), lost)
            }
        }
    }

    /// ‖y‖, enclosed; 1 where X itself is observed.
    pub(super) fn unit(self) -> Enclosure {
        match self {
            Self::Whole => Enclosure::new(1.0, 1.0),
            Self::Cotangent(y) => {
                let y = Matrix::from_column_slice(y.len(), 1, y.as_slice());
                Enclosure::new(norm_lower(&y), norm_upper(&y))
            }
        }
    }

    /// The distance of `shown` to what is observed of an X that is stored with an error of at most
    /// `error` in ‖·‖_F.
    pub(super) fn apart(self, shown: &Matrix, x: &Matrix, error: f64) -> Enclosure {
        let (observed, lost) = self.of(x);
        let difference = shown - observed;
        let (below, above) = (norm_lower(&difference), norm_upper(&difference));
        // ‖·‖_F ≤ √(smaller side)·‖·‖, which does not overflow where its square does.
        let side = difference.nrows().min(difference.ncols()) as f64;
        let lost = (lost + 2.0 * UNIT * above * side.sqrt()) * (1.0 + BOUND_ROOM);
        let distance = self.per_unit(Enclosure::nonnegative(below - lost, above + lost));
        Enclosure::nonnegative(distance.lower - error, distance.upper + error)
    }

    /// A Euclidean distance of images, divided by ‖y‖.
    pub(super) fn per_unit(self, distance: Enclosure) -> Enclosure {
        let unit = self.unit();
        match self {
            Self::Whole => distance,
            Self::Cotangent(_) => Enclosure::nonnegative(
                (distance.lower / unit.upper).next_down(),
                (distance.upper / unit.lower).next_up(),
            ),
        }
    }

    /// The image of a hull.
    pub(super) fn of_hull(self, hull: Hull) -> Option<Hull> {
        match self {
            Self::Whole => Some(hull),
            Self::Cotangent(y) => hull.cotangent(y.as_slice()).ok(),
        }
    }

    /// The distance of `shown` to the image of a hull.
    pub(super) fn distance_to_hull(self, shown: &Matrix, hull: Hull) -> Option<Enclosure> {
        let near = distance(shown, &self.of_hull(hull)?, &Effort::default()).ok()?;
        Some(self.per_unit(near.distance))
    }

    /// The image of a box.
    pub(super) fn of_box(self, set: DiagonalBox) -> Option<DiagonalBox> {
        match self {
            Self::Whole => Some(set),
            Self::Cotangent(y) => set.cotangent(y.as_slice()).ok(),
        }
    }

    /// At least ‖Y‖_* for the Y of [`Self::direction`]: a gap divided by it is a distance.
    pub(super) fn size(self, z: &Matrix) -> f64 {
        nuclear_upper(z) * self.unit().upper * (1.0 + BOUND_ROOM)
    }

    /// The Y, by columns, with ⟨Z, observed of X⟩ = ⟨Y, reduced X⟩ for every X (see
    /// [`Self::reduced`]): it is Z itself, or y where X is reduced to the one column Xz.
    pub(super) fn direction<T: Ring>(self, z: &Matrix) -> Columns<T> {
        match self {
            Self::Whole => columns(z),
            Self::Cotangent(y) => vec![y.iter().map(|v| T::of(*v)).collect()],
        }
    }

    /// What a functional in direction Z depends on of a row of a matrix with m columns: the row
    /// itself, or its product with z. Xz follows the set iteration of X with ∂₂Φ·z in place of ∂₂Φ.
    pub(super) fn reduced<T: Ring>(self, row: Vec<T>, z: &Matrix) -> Vec<T> {
        match self {
            Self::Whole => row,
            Self::Cotangent(_) => {
                let mut sum = T::of(0.0);
                for (r, z) in row.iter().zip(z.iter()) {
                    sum.add_product(r, &T::of(*z));
                }
                vec![sum]
            }
        }
    }

    /// The factor with ‖reduced X‖ ≤ scale·‖X‖.
    pub(super) fn scale(self, z: &Matrix) -> f64 {
        match self {
            Self::Whole => 1.0,
            Self::Cotangent(_) => norm_upper(z),
        }
    }
}

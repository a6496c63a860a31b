//! How far another selection at units within rounding of their kink can carry an estimate away from
//! the exact recursion.
//!
//! Every slope of such a unit lies in the range of its two pieces, so that a step with any of them
//! is within ‖∂₁Φ(hi)D - ∂₁Φ(lo)D‖ + ‖∂₂Φ(hi) - ∂₂Φ(lo)‖ of the step with one of them: the sum over
//! units encloses the set of all selections, the two blocks chosen apart, and contracts by q like
//! every other error. Of a maximum of forms the slopes are weights with sum 1, and Σ(s_j - s'_j)f_j
//! = Σ(s_j - s'_j)(f_j - f_0) for any one form f_0 in doubt: each other one is compared with it.

use super::ground::Truth;
use super::reference::{Columns, Point, Scalar};
use crate::linalg::Dd;
use crate::maps::{Rounding, Tie, Units};
use crate::tol::BOUND_ROOM;

/// The units of one point whose slope rounding may change.
pub(super) struct AmbiguousUnits {
    /// Pairs of points: with the lower and with the upper slope of a unit, or with one form of a
    /// maximum alone and with another.
    ends: Vec<[Point<Dd>; 2]>,
    /// Some unit is in doubt and ∂Φ is not affine in its slope.
    pub(super) unbounded: bool,
}

impl Truth {
    /// Units whose side at w(λ) is not determined for the implementation under test, because their
    /// input is within what it rounds of their kink.
    pub fn ambiguous_units(&self) -> Vec<usize> {
        let given = self.given(self.w());
        let w: Vec<Dd> = given.iter().map(|v| Dd::exactly(*v)).collect();
        let Some(point) = self.naive.at(&w, &mut Tie::Weight(0.0)) else {
            return Vec::new();
        };
        let band = |i: usize| Rounding::at(self.judged.units[i], given.norm());
        let units = 0..point.margin.len();
        units
            .filter(|&i| !(point.margin[i].hi().abs() > band(i)))
            .collect()
    }
}

impl AmbiguousUnits {
    /// A decision is in doubt when |margin_i| ≤ ‖∂z_i/∂w‖·f^w + rounding of z_i.
    pub(super) fn at(truth: &Truth, p: &Point<Dd>, w_norm: f64, fw: f64) -> Self {
        let band =
            |i: usize| truth.sensitivity[i] * fw + Rounding::at(truth.judged.units[i], w_norm + fw);
        let units = (0..p.margin.len()).filter(|&i| !(p.margin[i].hi().abs() > band(i)));
        let mut out = Self {
            ends: Vec::new(),
            unbounded: false,
        };
        let with = |slopes: &[(usize, f64)]| {
            let mut end = p.clone();
            for (i, slope) in slopes {
                end.slope[*i] = Dd::exactly(*slope);
            }
            end
        };
        let range = match truth.map.structure().units {
            Units::Slopes { lo, hi } => Some((lo, hi)),
            Units::Forms(r) => {
                let units: Vec<usize> = units.collect();
                // Unit i·r + j is form j of coordinate i.
                for tied in units.chunk_by(|a, b| a / r == b / r) {
                    let alone = |one: usize| {
                        let weights = tied.iter().map(|&i| (i, f64::from(u8::from(i == one))));
                        with(&weights.collect::<Vec<_>>())
                    };
                    let others = tied[1..].iter();
                    out.ends.extend(others.map(|&i| [alone(tied[0]), alone(i)]));
                }
                return out;
            }
            Units::None | Units::Smooth | Units::Balls(_) | Units::Curved => None,
        };
        for i in units {
            let Some((lo, hi)) = range else {
                out.unbounded = true;
                break;
            };
            out.ends.push([lo, hi].map(|slope| with(&[(i, slope)])));
        }
        out
    }

    /// Whether there is none.
    pub(super) fn is_none(&self) -> bool {
        self.ends.is_empty() && !self.unbounded
    }

    /// Σ ‖∂₁Φ(hi)D - ∂₁Φ(lo)D‖_F.
    pub(super) fn of_w(&self, truth: &Truth, d: &Columns<Dd>) -> f64 {
        self.sum(d.len(), |end, j| truth.naive.push_w(end, &d[j]))
    }

    /// Σ ‖∂₂Φ(hi) - ∂₂Φ(lo)‖_F.
    pub(super) fn of_lambda(&self, truth: &Truth) -> f64 {
        self.sum(truth.lambda.len(), |end, j| truth.naive.column(end, j))
    }

    fn sum(&self, columns: usize, value: impl Fn(&Point<Dd>, usize) -> Vec<Dd>) -> f64 {
        if self.unbounded {
            return f64::INFINITY;
        }
        let jump = |ends: &[Point<Dd>; 2]| {
            let squares = (0..columns).flat_map(|j| {
                let [lo, hi] = [0, 1].map(|side| value(&ends[side], j));
                let pairs = hi.into_iter().zip(lo);
                pairs.map(|(a, b)| (a - b).hi().powi(2)).collect::<Vec<_>>()
            });
            squares.sum::<f64>().sqrt()
        };
        self.ends.iter().map(jump).sum::<f64>() * (1.0 + BOUND_ROOM)
    }
}

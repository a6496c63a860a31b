//! Vertices of D_joint and D_imp; their hulls are those of the sets (see the module above).

use super::super::reference::{Rational, Scalar};
use super::{Image, Kinks};
use crate::linalg::Matrix;
use crate::sets::{Enclosure, Hull, MAX_ENUMERATED, Points};

/// Most kinks for which the 4^k vertices of D_imp are listed; beyond, 2^k of them with a box each.
pub const MAX_IMP_KINKS: usize = 5;

impl Kinks {
    /// Slopes at the kinks for vertex number `code`.
    pub(super) fn corner(&self, code: usize) -> Vec<f64> {
        (0..self.count())
            .map(|i| self.form.range[code >> i & 1])
            .collect()
    }

    /// conv D_joint from its 2^k vertices; `None` beyond 12 kinks.
    pub fn joint_hull(&self) -> Option<Hull> {
        let k = self.count();
        if k > MAX_ENUMERATED {
            return None;
        }
        self.hull((0..1usize << k).map(|c| (c, c)))
    }

    /// conv D_imp from its 4^k vertices; `None` beyond [`MAX_IMP_KINKS`].
    pub fn imp_hull(&self) -> Option<Hull> {
        let k = self.count();
        if k > MAX_IMP_KINKS {
            return None;
        }
        self.hull((0..1usize << k).flat_map(|a| (0..1usize << k).map(move |b| (a, b))))
    }

    fn hull(&self, codes: impl Iterator<Item = (usize, usize)>) -> Option<Hull> {
        let (mut members, mut lost) = (Vec::new(), 0.0f64);
        for (a, b) in codes {
            let (x, error) = self.element(&self.corner(a), &self.corner(b))?;
            members.push(x);
            lost = lost.max(error);
        }
        Points::rounded(members, lost).ok().map(Points::into_hull)
    }

    /// Certified enclosure of the distance of an estimate to (the image of) conv D_joint; `None` beyond 12 kinks.
    pub fn distance_to_joint_hull(&self, image: Image, shown: &Matrix) -> Option<Enclosure> {
        image.distance_to_hull(shown, self.joint_hull()?)
    }
}

impl Kinks {
    /// The distance of `x` to conv D_imp: (lower bound proven in rationals over all vertices, upper bound). `None` beyond 2 kinks or
    /// where rationals are out of reach.
    pub fn imp_gap(&self, x: &Matrix) -> Option<(f64, f64)> {
        const MOST: usize = 2;
        if self.count() > MOST || self.w.len() > crate::tol::EXACT_NEWTON_DIM {
            return None;
        }
        let near = crate::sets::distance(x, &self.imp_hull()?, &Default::default()).ok()?;
        let y = near.separator;
        let size = crate::sets::nuclear_upper(&y);
        if !(size > 0.0) {
            return Some((0.0, near.distance.upper));
        }
        let pair = |columns: &[Vec<Rational>]| {
            let mut sum = Rational::exactly(0.0);
            for (j, column) in columns.iter().enumerate() {
                for (i, v) in column.iter().enumerate() {
                    sum += Rational::exactly(y[(i, j)]) * v;
                }
            }
            sum
        };
        let at: Vec<Vec<Rational>> = x
            .column_iter()
            .map(|c| c.iter().map(|v| Rational::exactly(*v)).collect())
            .collect();
        let at = pair(&at);
        let mut gap: Option<Rational> = None;
        for a in 0..1usize << self.count() {
            for b in 0..1usize << self.count() {
                let vertex = self.exact_element(&self.corner(a), &self.corner(b))?;
                let here = &at - pair(&vertex);
                if gap.as_ref().is_none_or(|g| here < *g) {
                    gap = Some(here);
                }
            }
        }
        let lower = (gap?.to_f64() / size * (1.0 - crate::tol::BOUND_ROOM)).max(0.0);
        Some((lower, near.distance.upper))
    }
}

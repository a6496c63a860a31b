//! Vertices of D_joint and D_imp. Their hulls are those of the sets, as the module above shows.

use super::super::reference::{Rational, Scalar};
use super::{Kinks, MAX_IMP_KINKS, Observed, Set};
use crate::linalg::Matrix;
use crate::sets::{Enclosure, Hull, MAX_ENUMERATED, Points, distance};
use crate::tol::{BOUND_ROOM, EXACT_NEWTON_DIM};

/// Most kinks for which the 2^k vertices of D_joint, or the 4^k of D_imp, are solved for in
/// rationals.
const MAX_EXACT_JOINT: usize = 4;
const MAX_EXACT_IMP: usize = 2;

impl Kinks {
    /// Slopes at the kinks for vertex number `code`.
    pub(super) fn corner(&self, code: usize) -> Vec<f64> {
        (0..self.count())
            .map(|i| self.form.range[code >> i & 1])
            .collect()
    }

    /// The slopes of each vertex of the range, in the order of their numbers.
    pub(crate) fn corners(&self) -> Vec<Vec<f64>> {
        (0..1usize << self.count())
            .map(|c| self.corner(c))
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

    /// A certified enclosure of the distance of an estimate to (the image of) conv D_joint; `None`
    /// beyond 12 kinks.
    pub fn distance_to_joint_hull(&self, observed: Observed, shown: &Matrix) -> Option<Enclosure> {
        observed.distance_to_hull(shown, self.joint_hull()?)
    }

    /// The distance of an estimate to (the image of) conv D_joint or conv D_imp: a lower bound that
    /// is proven in rationals over all vertices, and an upper bound. `None` beyond a few kinks, or
    /// where rationals would be too large.
    pub fn hull_gap(&self, set: Set, observed: Observed, shown: &Matrix) -> Option<(f64, f64)> {
        let k = self.count();
        let most = match set {
            Set::Joint => MAX_EXACT_JOINT,
            Set::Imp => MAX_EXACT_IMP,
        };
        if k > most || self.w.len() > EXACT_NEWTON_DIM {
            return None;
        }
        let all = 1usize << k;
        let (hull, codes): (_, Vec<(usize, usize)>) = match set {
            Set::Joint => (self.joint_hull()?, (0..all).map(|a| (a, a)).collect()),
            Set::Imp => (
                self.imp_hull()?,
                (0..all * all).map(|n| (n / all, n % all)).collect(),
            ),
        };
        let near = distance(shown, &observed.of_hull(hull)?, &Default::default()).ok()?;
        let upper = observed.per_unit(near.distance).upper;
        let z = near.separator;
        let size = observed.size(&z);
        if !(size > 0.0) {
            return Some((0.0, upper));
        }
        let exactly = |v: f64| Rational::exactly(v);
        let direction = |i: usize, j: usize| match observed {
            Observed::Whole => exactly(z[(i, j)]),
            Observed::Cotangent(y) => exactly(y[i]) * exactly(z[j]),
        };
        let at: Rational = z
            .iter()
            .zip(shown.iter())
            .map(|(z, v)| exactly(*z) * exactly(*v))
            .sum();
        let mut gap: Option<Rational> = None;
        for (a, b) in codes {
            let vertex = self.exact_element(&self.corner(a), &self.corner(b))?;
            let mut value = exactly(0.0);
            for (j, column) in vertex.iter().enumerate() {
                for (i, v) in column.iter().enumerate() {
                    value += direction(i, j) * v;
                }
            }
            let here = &at - value;
            if gap.as_ref().is_none_or(|g| here < *g) {
                gap = Some(here);
            }
        }
        let lower = (gap?.to_f64() / size * (1.0 - BOUND_ROOM)).max(0.0);
        Some((lower, upper))
    }
}

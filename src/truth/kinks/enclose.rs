//! Distance of an estimate to (the image of) D_joint and D_imp, enclosed.
//!
//! Lower bounds come from the hull of the vertices, and from branch and bound over the slopes of
//! ∂₁Φ; upper bounds from elements. The slopes of ∂₂Φ enter D_imp affinely, so that at fixed slopes
//! of ∂₁Φ it is the affine image of a box, and convex.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::{Kinks, Observed};
use crate::linalg::{Matrix, Vector};
use crate::sets::{
    DiagonalBox, Effort, Enclosure, Hull, MAX_ENUMERATED, Points, distance, nuclear_upper,
};
use crate::tol::{BOUND_ROOM, KINK_GAP, KINK_NODES, gamma};

/// Most kinks for which the 4^k vertices of D_imp are listed; beyond, 2^k of them with a box each.
pub const MAX_IMP_KINKS: usize = 5;

/// Steps of Gauss-Newton from one start.
const FITTED_STEPS: usize = 12;
/// Rounds of cutting planes for conv D_imp beyond [`MAX_IMP_KINKS`].
const CUTS: usize = 40;

/// Which of the two sets a distance is taken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Set {
    /// D_joint = {(I - SA)⁻¹SB}: each unit has one slope for both blocks.
    Joint,
    /// D_imp of equation (10): the slopes of the two blocks are independent.
    Imp,
}

/// A box of slopes with a lower bound of the distance over it.
struct Node {
    lower: f64,
    mid: Vec<f64>,
    half: Vec<f64>,
}

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for Node {}
impl PartialOrd for Node {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Node {
    /// The node with the smallest lower bound is the first out of the heap.
    fn cmp(&self, other: &Self) -> Ordering {
        other.lower.total_cmp(&self.lower)
    }
}

/// What is known at one choice of the slopes of ∂₁Φ.
pub(super) struct Centre {
    pub(super) distance: Enclosure,
    /// For each kink i, ‖l_i‖ times a bound of the row that multiplies it. κ times their sum, each
    /// times the half-width of its slope, bounds how far an element of the box is from the centre.
    pub(super) rates: Vec<f64>,
}

impl Kinks {
    /// A certified enclosure of the distance of an estimate to D_joint or D_imp, or of Dᵀy to its
    /// image. `None` beyond 12 kinks or for the wrong shape. At most `nodes` boxes of slopes are
    /// opened; the enclosure is as wide as these leave it.
    pub fn distance_to(
        &self,
        set: Set,
        observed: Observed,
        shown: &Matrix,
        nodes: usize,
    ) -> Option<Enclosure> {
        let f = &self.form;
        if self.count() > MAX_ENUMERATED || !observed.fits(shown, self.shape()) {
            return None;
        }
        let outer = match set {
            Set::Joint => self.distance_to_joint_hull(observed, shown)?.lower,
            Set::Imp => self.distance_to_imp_hull(observed, shown)?.lower,
        };
        let mut upper = self.fitted(set, observed, shown)?.1;
        let (lo, hi) = (f.range[0], f.range[1]);
        let k = self.count();
        let first = self.centre(set, observed, shown, &vec![0.5 * (lo + hi); k])?;
        upper = upper.min(first.distance.upper);
        let mut heap = BinaryHeap::from([Node {
            lower: outer,
            mid: vec![0.5 * (lo + hi); k],
            half: vec![0.5 * (hi - lo); k],
        }]);
        let mut opened = 0;
        let mut lower = outer;
        while let Some(node) = heap.pop() {
            lower = lower.max(node.lower).min(upper);
            if k == 0 || opened >= nodes || upper - lower <= KINK_GAP * upper {
                break;
            }
            opened += 1;
            let here = self.centre(set, observed, shown, &node.mid)?;
            upper = upper.min(here.distance.upper);
            // The slope that matters most is halved.
            let weight = |i: usize| here.rates[i] * node.half[i];
            let Some(widest) = (0..k).max_by(|&i, &j| weight(i).total_cmp(&weight(j))) else {
                break;
            };
            for side in [-0.5, 0.5] {
                let (mut mid, mut half) = (node.mid.clone(), node.half.clone());
                mid[widest] += side * half[widest];
                half[widest] *= 0.5;
                let centre = self.centre(set, observed, shown, &mid)?;
                upper = upper.min(centre.distance.upper);
                let radius: f64 = centre.rates.iter().zip(&half).map(|(r, h)| r * h).sum();
                let radius = self.kappa() * radius * (1.0 + gamma(k + 8));
                let bound = (centre.distance.lower - radius).next_down().max(node.lower);
                heap.push(Node {
                    lower: bound,
                    mid,
                    half,
                });
            }
        }
        Some(Enclosure::new(lower.min(upper).max(0.0), upper))
    }

    /// The distance at fixed slopes c of ∂₁Φ, and how fast it can change with them:
    /// X(s) - X(c) = (I-A(s))⁻¹L diag(s-c)(R_1X(c) [+ R_2]).
    pub(super) fn centre(
        &self,
        set: Set,
        observed: Observed,
        shown: &Matrix,
        s: &[f64],
    ) -> Option<Centre> {
        let f = &self.form;
        let left: Vec<f64> = self
            .active
            .iter()
            .map(|&i| f.left.column(i).norm())
            .collect();
        let up = 1.0 + gamma(f.left.nrows() + f.right_w.nrows() + 16);
        if set == Set::Joint {
            let (element, error) = self.element(s, s)?;
            let rows = &f.right_w * &element + &f.right_lambda;
            let rates = self
                .active
                .iter()
                .zip(&left)
                .map(|(&i, l)| {
                    l * (rows.row(i).norm() * up
                        + self.row_lost(i, &element)
                        + f.right_w.row(i).norm() * error
                        + self.form_lost(&element))
                        * up
                })
                .collect();
            return Some(Centre {
                distance: observed.apart(shown, &element, error),
                rates,
            });
        }
        let (set, error, parts) = self.box_at(s)?;
        let set = observed.of_box(set)?;
        let found = observed.per_unit(distance(shown, &set, &Effort::default()).ok()?.distance);
        // The rows R_1,i X over the box are bounded by those of its offset and of every generator
        // at its largest slope.
        let top = f.range[0].abs().max(f.range[1].abs());
        let offset_rows = &f.right_w * &parts.0;
        let moved = &f.right_w * &parts.1;
        let rates = self
            .active
            .iter()
            .zip(&left)
            .map(|(&i, l)| {
                let free: f64 = self
                    .active
                    .iter()
                    .enumerate()
                    .map(|(n, &j)| moved[(i, n)].abs() * top * f.right_lambda.row(j).norm())
                    .sum();
                // The same sum with norms in place of products bounds what forming the rows may
                // have lost.
                let generators = self.active.iter().zip(parts.1.column_iter());
                let sizes: f64 = generators
                    .map(|(&j, g)| g.norm() * top * f.right_lambda.row(j).norm())
                    .sum();
                let lost = gamma(parts.0.nrows() + 8) * (parts.0.norm() + sizes);
                let total =
                    offset_rows.row(i).norm() + free + f.right_w.row(i).norm() * (error + lost);
                l * (total + self.form_lost(&parts.0)) * up
            })
            .collect();
        Some(Centre {
            distance: Enclosure::nonnegative(found.lower - error, found.upper + error),
            rates,
        })
    }

    /// What forming the i-th row of R_1X + R_2 may have lost, however small it came out.
    pub(super) fn row_lost(&self, i: usize, x: &Matrix) -> f64 {
        let f = &self.form;
        let sizes = f.right_w.row(i).norm() * x.norm() + f.right_lambda.row(i).norm();
        gamma(x.nrows() + 8) * sizes
    }

    fn form_lost(&self, x: &Matrix) -> f64 {
        self.form.lost[1] * x.norm() + self.form.lost[2]
    }

    /// D_imp at fixed slopes s of ∂₁Φ, the box {X_0 + Σ s'_i (Gl_i)r₂,iᵀ}; an error bound that
    /// holds for every element of it; and (X_0, [Gl_i]).
    fn box_at(&self, s: &[f64]) -> Option<(DiagonalBox, f64, (Matrix, Matrix))> {
        let f = &self.form;
        let k = self.count();
        let (d, m) = (f.left.nrows(), f.right_lambda.ncols());
        let p = self.product(&self.slopes(s), &f.right_w);
        let fixed = self.product(&self.slopes(&vec![0.0; k]), &f.right_lambda);
        let mut rhs = Matrix::zeros(d, m + k);
        rhs.columns_mut(0, m).copy_from(&fixed);
        for (n, &i) in self.active.iter().enumerate() {
            rhs.set_column(m + n, &f.left.column(i));
        }
        let solved = (Matrix::identity(d, d) - &p).lu().solve(&rhs)?;
        let residual = &p * &solved + &rhs - &solved;
        let right = f.right_lambda.select_rows(&self.active);
        // An element is [X_0 | Gl]·(1, s'r₂), so that its error is that of the columns times
        // 1 + Σ|s'|‖r₂‖.
        let top = f.range[0].abs().max(f.range[1].abs());
        let carried: f64 = 1.0 + right.row_iter().map(|r| r.norm() * top).sum::<f64>();
        let columns = self.kappa()
            * (residual.norm() * (1.0 + gamma(rhs.len() + 4)) + self.step_lost(&solved));
        let x0 = solved.columns(0, m).into_owned();
        let gl = solved.columns(m, k).into_owned();
        let set =
            DiagonalBox::new(&gl, &right, &x0, &vec![f.range[0]; k], &vec![f.range[1]; k]).ok()?;
        let error = columns * carried + self.kappa() * f.left.norm() * f.lost[2] * top.max(1.0);
        Some((set, error * (1.0 + gamma(k + 8)), (x0, gl)))
    }

    /// An element that is likely to be near: its slopes (for ∂₁Φ and for ∂₂Φ) and its certified
    /// distance.
    pub fn fitted(
        &self,
        set: Set,
        observed: Observed,
        shown: &Matrix,
    ) -> Option<([Vec<f64>; 2], f64)> {
        if !observed.fits(shown, self.shape()) {
            return None;
        }
        let mut best: Option<([Vec<f64>; 2], f64)> = None;
        let mut offer = |slopes: &[Vec<f64>; 2]| -> Option<f64> {
            let (element, error) = self.element(&slopes[0], &slopes[1])?;
            let upper = observed.apart(shown, &element, error).upper;
            if best.as_ref().is_none_or(|b| upper < b.1) {
                best = Some((slopes.clone(), upper));
            }
            Some(upper)
        };
        match observed {
            // The slopes with which X comes nearest to LS(R_1X + R_2).
            Observed::Whole => {
                let unit = Matrix::identity(shown.nrows(), shown.nrows());
                let slopes = self.nearest_slopes(set, &unit, shown, shown)?;
                offer(&slopes)?;
            }
            // X itself is not observed: Gauss-Newton from both ends of the ranges and the middle.
            Observed::Cotangent(y) => {
                let [lo, hi] = self.form.range;
                for start in [lo, hi, 0.5 * (lo + hi)] {
                    let mut slopes = [vec![start; self.count()], vec![start; self.count()]];
                    let mut last = offer(&slopes)?;
                    for _ in 0..FITTED_STEPS {
                        let Some(next) = self.gauss_newton(set, y, shown, &slopes) else {
                            break;
                        };
                        slopes = next;
                        let now = offer(&slopes)?;
                        if now >= last * (1.0 - KINK_GAP) {
                            break;
                        }
                        last = now;
                    }
                }
            }
        }
        best
    }

    /// One step of Gauss-Newton. With v = (I-A)⁻ᵀy, Xᵀy moves with the slopes of ∂₁Φ by
    /// Σ(s_i - c_i)(l_iᵀv)(R_1X)_iᵀ, and with those of ∂₂Φ by the same with R_2 in place of R_1X.
    fn gauss_newton(
        &self,
        set: Set,
        y: &Vector,
        shown: &Matrix,
        slopes: &[Vec<f64>; 2],
    ) -> Option<[Vec<f64>; 2]> {
        let x = self.element(&slopes[0], &slopes[1])?.0;
        let a = self.product(&self.slopes(&slopes[0]), &self.form.right_w);
        let v = (Matrix::identity(a.nrows(), a.nrows()) - a.transpose())
            .lu()
            .solve(y)?;
        let row = Matrix::from_row_slice(1, v.len(), v.as_slice());
        // yᵀX = vᵀX - vᵀAX and vᵀX = vᵀL(SR_1X + S'R_2). So the estimate uᵀ is met where the latter
        // is uᵀ + vᵀAX.
        let carried = &row * &a * &x;
        self.nearest_slopes(set, &row, &x, &(shown.transpose() + carried))
    }

    /// The slopes s, s' at the kinks for which F·L(SR_1x + S'R_2) comes nearest to `target`; s' = s
    /// for D_joint.
    pub(super) fn nearest_slopes(
        &self,
        set: Set,
        factor: &Matrix,
        x: &Matrix,
        target: &Matrix,
    ) -> Option<[Vec<f64>; 2]> {
        let f = &self.form;
        let (h, k) = (f.slope.len(), self.count());
        let pushed = &f.right_w * x;
        let own = factor * &f.left;
        let (left, right) = if set == Set::Joint {
            (own, pushed + &f.right_lambda)
        } else {
            let mut left = Matrix::zeros(own.nrows(), 2 * h);
            left.columns_mut(0, h).copy_from(&own);
            left.columns_mut(h, h).copy_from(&own);
            let mut right = Matrix::zeros(2 * h, x.ncols());
            right.rows_mut(0, h).copy_from(&pushed);
            right.rows_mut(h, h).copy_from(&f.right_lambda);
            (left, right)
        };
        let (mut lo, mut hi) = (f.slope.clone(), f.slope.clone());
        for &i in &self.active {
            (lo[i], hi[i]) = (f.range[0], f.range[1]);
        }
        if set == Set::Imp {
            lo.extend_from_within(..);
            hi.extend_from_within(..);
        }
        let offset = Matrix::zeros(target.nrows(), target.ncols());
        let set_of = DiagonalBox::new(&left, &right, &offset, &lo, &hi).ok()?;
        let near = distance(target, &set_of, &Effort::default()).ok()?;
        let s: Vec<f64> = near
            .weights
            .iter()
            .map(|s| s.clamp(f.range[0], f.range[1]))
            .collect();
        Some(if set == Set::Joint {
            [s.clone(), s]
        } else {
            [s[..k].to_vec(), s[k..].to_vec()]
        })
    }

    /// Certified enclosure of the distance to conv D_imp, from its 4^k vertices or by cutting
    /// planes over 2^k boxes.
    pub fn distance_to_imp_hull(&self, observed: Observed, shown: &Matrix) -> Option<Enclosure> {
        if self.count() <= MAX_IMP_KINKS {
            return observed.distance_to_hull(shown, self.imp_hull()?);
        }
        if self.count() > MAX_ENUMERATED {
            return None;
        }
        self.distance_to_imp_hull_by_cuts(observed, shown)
    }

    /// The same from 2^k boxes, each the part of D_imp at a vertex of the slopes of ∂₁Φ. The hull
    /// of some of their elements gives an upper bound; its separator, against the supports of all
    /// boxes, a lower one; and the element that is furthest along it is the next of the hull. With
    /// twelve kinks in fifty dimensions that takes some seconds.
    pub(super) fn distance_to_imp_hull_by_cuts(
        &self,
        observed: Observed,
        shown: &Matrix,
    ) -> Option<Enclosure> {
        let mut boxes = Vec::with_capacity(1 << self.count());
        let mut worst = 0.0f64;
        for code in 0..1usize << self.count() {
            let (set, error, _) = self.box_at(&self.corner(code))?;
            let set = observed.of_box(set)?;
            worst = worst.max(error * observed.unit().upper);
            boxes.push(set);
        }
        let start = self.corner(0);
        let (first, error) = self.element(&start, &start)?;
        let (first, lost) = observed.of(&first);
        // What the members of the hulls below may be off by.
        let mut off = worst.max(error * observed.unit().upper + lost);
        let mut members = vec![first];
        let (mut lower, mut upper) = (0.0f64, f64::INFINITY);
        for _ in 0..CUTS {
            let hull: Hull = Points::rounded(members.clone(), off).ok()?.into_hull();
            let near = distance(shown, &hull, &Effort::default()).ok()?;
            upper = upper.min(near.distance.upper);
            let y = near.separator;
            let size = nuclear_upper(&y);
            if !(size > 0.0) {
                break;
            }
            // The support function of conv D_imp in direction Y is the largest one of the boxes.
            let mut best: Option<(f64, &DiagonalBox)> = None;
            for set in &boxes {
                let top = set.support(&y).ok()?.upper;
                if best.is_none_or(|b| top > b.0) {
                    best = Some((top, set));
                }
            }
            let (top, set) = best?;
            let at = y.dot(shown);
            // Per ‖Y‖_F, which is at most `size`.
            let lost = gamma(shown.len() + 4) * nuclear_upper(shown) + worst;
            lower = lower.max(((at - top) / size - lost) * (1.0 - BOUND_ROOM));
            if upper - lower <= KINK_GAP * upper {
                break;
            }
            let corner: Vec<f64> = (0..set.free_count())
                .map(|i| {
                    let g = (set.left().column(i).transpose()
                        * &y
                        * set.right().row(i).transpose())[(0, 0)];
                    if g >= 0.0 { set.hi()[i] } else { set.lo()[i] }
                })
                .collect();
            let (vertex, error) = set.at(&corner).ok()?;
            off = off.max(worst + error);
            if members.contains(&vertex) {
                break;
            }
            members.push(vertex);
        }
        debug_assert!(lower <= upper, "{lower} is no lower bound beside {upper}");
        Some(observed.per_unit(Enclosure::new(lower.min(upper), upper)))
    }

    /// [`Self::distance_to`] with the usual amount of work.
    pub fn enclose(&self, set: Set, observed: Observed, shown: &Matrix) -> Option<Enclosure> {
        self.distance_to(set, observed, shown, KINK_NODES)
    }
}

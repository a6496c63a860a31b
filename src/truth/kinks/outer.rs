//! Lower bounds of the distance to D_fix: the support function of conv D_fix through its set
//! iteration, in exact numbers.
//!
//! The support function h(Y) = sup {⟨Y, X⟩ : X ∈ D_fix} obeys
//!
//! ```text
//! h(Y) = max over s' of ⟨Y, LS'R_2⟩ + max over s of h((LSR_1)ᵀY),
//! ```
//!
//! and since h is convex both maxima are attained at vertices. Sequences of vertices are opened
//! best first, one slope at a time. What an open branch with direction Z can still add is at most
//! ⟨Z, X_c⟩ + V(Z) for a sublinear V. Either V(Z) = ρ‖Z‖_*, where D_fix lies within
//!
//! ```text
//! ρ = κ sup‖A X_c + B - X_c‖
//! ```
//!
//! of X_c, or V is the smaller bound of [`super::support_bound`]. While some slopes of a step are
//! undecided, ⟨(LSR_1)ᵀY, X_c⟩ = Σ s_i⟨G_i, (R_1X_c)_i⟩ with G = LᵀY is maximal unit by unit, and V
//! is at most its value with the undecided slopes in the middle plus what each of them can move.
//! The search itself runs in binary64, but everything that decides is exact, and V is rounded up: a
//! violation reported from here is proven.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::rc::Rc;

use super::super::reference::{Columns, Rational, Scalar};
use super::dyadic::{Dyadic, Ring, columns};
use super::support_bound::SupportBound;
use super::{Kinks, Observed};
use crate::linalg::Matrix;
use crate::sets::{Effort, MAX_ENUMERATED, Points, distance, norm_upper, nuclear_upper};
use crate::tol::{BOUND_ROOM, KINK_GAP, UNIT, gamma};

/// The hull that gives the first direction starts with all vertices of D_joint up to this many
/// kinks, and with the two extreme ones beyond.
const FEW_KINKS: usize = 4;
/// Multiplications spent on one direction: half a second in binary64, some seconds in exact
/// numbers.
const WORK: usize = 100_000_000;
/// Branches looked at for one direction.
const LOOKED_AT: usize = 100_000;
/// Bits kept of a direction.
const SHORT_BITS: i32 = 20;
/// Directions tried.
const DIRECTIONS: usize = 6;

/// A certified lower bound of the distance to D_fix.
#[derive(Clone, Debug)]
pub struct Outside {
    /// The distance of the estimate to D_fix, or of Dᵀy to its image per ‖y‖, is at least this.
    pub lower: f64,
    /// The direction Z of the proof. With Y = Z, or Y = yZᵀ for an image, ⟨Z, estimate⟩ - h(Y) is
    /// at least `gap` in rationals, and `lower` is gap/‖Y‖_*.
    pub direction: Matrix,
    /// ⟨Z, estimate⟩ - (an upper bound of h(Y)), exactly.
    pub gap: Rational,
}

pub(super) struct Exact<T> {
    left: Vec<Vec<T>>,
    right_w: Vec<Vec<T>>,
    right_lambda: Vec<Vec<T>>,
    /// X_c by columns, and R_1X_c by rows.
    centre: Columns<T>,
    pushed: Vec<Vec<T>>,
    slope: Vec<T>,
    range: [T; 2],
    /// The middle of the range.
    middle: T,
    /// Bounds what can follow an open branch.
    beyond: SupportBound,
    /// ρ: D_fix lies within it of X_c.
    radius: f64,
}

/// A step of the set iteration whose slopes are being decided: the direction Z at its start, and
/// what the step adds for every slope.
struct Level<T> {
    z: Columns<T>,
    /// The sum of ⟨Z, LS'R_2⟩ over the steps so far, this one included.
    so_far: T,
    /// Σ over units away from their kink of s_i g_i, g_i = ⟨(LᵀZ)_i, (R_1X_c)_i⟩.
    fixed: T,
    /// The units at their kink; those that matter most come first.
    order: Vec<Active<T>>,
    /// (LSR_1)ᵀZ with the slopes of those units in the middle of their range.
    middle: Columns<T>,
    /// At least q‖Z‖_*ρ.
    ball: f64,
    /// The vertices of the steps before, and the vertex of ∂₂Φ in this one.
    path: Vec<[usize; 2]>,
    second: usize,
}

/// One unit at its kink in a level.
struct Active<T> {
    /// Its index in `Kinks::active`.
    n: usize,
    /// g_i.
    g: T,
    /// (LᵀZ)_i by columns.
    back: Vec<T>,
    /// How far the unit can move the next Z in ‖·‖_*: at least ‖R_{1,i}‖‖(LᵀZ)_i‖ times half the
    /// range of slopes.
    moves: f64,
    /// How much the unit can add to what follows.
    ahead: f64,
}

/// A level of which the first `decided` slopes are chosen.
struct Branch<T> {
    level: Rc<Level<T>>,
    code: usize,
    decided: usize,
    /// Σ s_i g_i over the slopes that are decided.
    sum: T,
    /// The next Z, with the undecided slopes in the middle of their range.
    z: Columns<T>,
    /// No element that the branch leads to has a larger value than this.
    bound: T,
    /// The same in binary64, for the order.
    key: f64,
}

impl<T> PartialEq for Branch<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl<T> Eq for Branch<T> {}
impl<T> PartialOrd for Branch<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<T> Ord for Branch<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key.total_cmp(&other.key)
    }
}

impl Kinks {
    /// A lower bound of the distance of an estimate to (the image of) D_fix, proven in rationals;
    /// the search ends once it exceeds `enough`. `None` where that cannot be done: with more than
    /// 12 kinks, or with data that were rounded.
    pub fn outside_fix(&self, observed: Observed, shown: &Matrix, enough: f64) -> Option<Outside> {
        let k = self.count();
        if k > MAX_ENUMERATED || self.form.lost != [0.0; 3] || !observed.fits(shown, self.shape()) {
            return None;
        }
        let (centre, radius) = self.ball()?;
        let mut members = vec![centre.clone()];
        let corners = if k <= FEW_KINKS {
            self.corners()
        } else {
            vec![self.corner(0), self.corner((1usize << k) - 1)]
        };
        for s in &corners {
            members.push(self.element(s, s)?.0);
        }
        let mut best: Option<Outside> = None;
        for _ in 0..DIRECTIONS {
            let hull = observed.of_hull(Points::new(members.clone()).ok()?.into_hull())?;
            let near = distance(shown, &hull, &Effort::default()).ok()?;
            let upper = observed.per_unit(near.distance).upper;
            // Any direction proves something, and one of few bits costs less.
            let z = short(&near.separator);
            let size = observed.size(&z);
            if !(size > 0.0) || upper <= 0.0 {
                break;
            }
            let at = inner(&z, shown);
            let target = at.to_f64() - enough * size * (1.0 + KINK_GAP);
            // First in binary64: what is not seen there is not proven in exact numbers either.
            let trial = self.exact_form::<f64>((&centre, radius), observed, &z);
            let (seen, path) = trial.support(self, observed.direction(&z), target)?;
            if at.to_f64() - seen > enough * size {
                let exact = self.exact_form::<Dyadic>((&centre, radius), observed, &z);
                let (top, _) = exact.support(self, observed.direction(&z), target)?;
                let gap = at - top.rational();
                let lower = gap.to_f64() / size * (1.0 - BOUND_ROOM);
                if best.as_ref().is_none_or(|b| lower > b.lower) {
                    best = Some(Outside {
                        lower: lower.max(0.0),
                        direction: z,
                        gap,
                    });
                }
            }
            if best
                .as_ref()
                .is_some_and(|b| b.lower > enough || upper - b.lower <= KINK_GAP * upper)
            {
                break;
            }
            let mut vertex = centre.clone();
            for [a, b] in path.iter().rev() {
                vertex = self.step(&self.corner(*a), &self.corner(*b), &vertex);
            }
            if members.contains(&vertex) {
                break;
            }
            members.push(vertex);
        }
        best
    }

    /// A lower bound of the same distance in binary64, rounded downwards: the distance to a ball
    /// that holds D_fix. It is there for any number of kinks and any data.
    pub fn outside_ball(&self, observed: Observed, shown: &Matrix) -> Option<f64> {
        if !observed.fits(shown, self.shape()) {
            return None;
        }
        let (centre, radius) = self.ball()?;
        Some((observed.apart(shown, &centre, 0.0).lower - radius) * (1.0 - BOUND_ROOM))
    }

    /// X_c and ρ: D_fix lies within ρ of X_c, the element in the middle of the slopes.
    pub(super) fn ball(&self) -> Option<(Matrix, f64)> {
        let [lo, hi] = self.form.range;
        let middle = vec![0.5 * (lo + hi); self.count()];
        let centre = self.element(&middle, &middle)?.0;
        let radius = self.radius(&centre);
        Some((centre, radius))
    }

    /// ρ: D_fix lies within ρ of `centre`, the element in the middle of the slopes.
    fn radius(&self, centre: &Matrix) -> f64 {
        let f = &self.form;
        let [lo, hi] = f.range;
        let middle = vec![0.5 * (lo + hi); self.count()];
        let residual = self.step(&middle, &middle, centre) - centre;
        let pushed = &f.right_w * centre;
        let half = 0.5 * (f.range[1] - f.range[0]).abs();
        let moved: f64 = self
            .active
            .iter()
            .map(|&i| {
                let r2 = f.right_lambda.row(i).norm();
                let lost = self.row_lost(i, centre);
                half * f.left.column(i).norm() * (pushed.row(i).norm() + r2 + lost)
            })
            .sum();
        self.kappa()
            * (norm_upper(&residual)
                + self.step_lost(centre)
                + moved * (1.0 + gamma(4 * centre.len() + 16)))
    }

    /// L, R_1, R_2 and X_c, the latter two reduced to what the direction Z depends on.
    pub(super) fn exact_form<T: Ring>(
        &self,
        (centre, radius): (&Matrix, f64),
        observed: Observed,
        z: &Matrix,
    ) -> Exact<T> {
        let radius = radius * observed.scale(z) * (1.0 + BOUND_ROOM);
        let beyond = self.support_bound(centre, radius, observed, z);
        let rows = |m: &Matrix| -> Vec<Vec<T>> {
            m.row_iter()
                .map(|r| r.iter().map(|v| T::of(*v)).collect())
                .collect()
        };
        let seen = |m: &Matrix| -> Vec<Vec<T>> {
            rows(m)
                .into_iter()
                .map(|r| observed.reduced(r, z))
                .collect()
        };
        let right_w = rows(&self.form.right_w);
        let centre_rows = seen(centre);
        let count = centre_rows.first().map_or(0, Vec::len);
        let centre: Columns<T> = (0..count)
            .map(|j| centre_rows.iter().map(|r| r[j].clone()).collect())
            .collect();
        let pushed = right_w
            .iter()
            .map(|r| centre.iter().map(|c| sum_of_products(r, c)).collect())
            .collect();
        Exact {
            left: rows(&self.form.left),
            right_w,
            pushed,
            centre,
            right_lambda: seen(&self.form.right_lambda),
            slope: self.form.slope.iter().map(|v| T::of(*v)).collect(),
            middle: T::of(0.5).times(&T::of(self.form.range[0]).plus(&T::of(self.form.range[1]))),
            range: self.form.range.map(T::of),
            beyond,
            radius,
        }
    }
}

impl<T: Ring> Exact<T> {
    /// An upper bound of h(Y), refined until it is below `target`, and the sequence of vertices
    /// that comes closest. It is a bound only in an exact ring.
    pub(super) fn support(
        &self,
        kinks: &Kinks,
        y: Columns<T>,
        target: f64,
    ) -> Option<(T, Vec<[usize; 2]>)> {
        let k = kinks.count();
        let zero = T::of(0.0);
        let per_level = self.left.len() * self.slope.len() * y.len() * 2;
        let levels = (WORK / per_level).clamp(8, 5000);
        let start = self.level(kinks, y, zero, Vec::new());
        let mut best = (dot(&start.z, &self.centre), Vec::new());
        let mut heap = BinaryHeap::from([self.open(start)]);
        let mut opened = 1;
        for _ in 0..LOOKED_AT {
            let top = heap.pop()?;
            let room = top.key - best.0.near();
            if top.key < target
                || room <= KINK_GAP * KINK_GAP * (1.0 + top.key.abs())
                || (top.decided == k && opened == levels)
            {
                heap.push(top);
                break;
            }
            if top.decided < k {
                let unit = &top.level.order[top.decided];
                for side in 0..2 {
                    let mut sum = top.sum.clone();
                    sum.add_product(&unit.g, &self.range[side]);
                    // The slope moves from the middle of its range to this end.
                    let off = self.range[side].plus(&self.middle.times(&T::of(-1.0)));
                    let mut z = top.z.clone();
                    for (column, g) in z.iter_mut().zip(&unit.back) {
                        let times = off.times(g);
                        for (o, r) in column.iter_mut().zip(&self.right_w[kinks.active[unit.n]]) {
                            o.add_product(&times, r);
                        }
                    }
                    let code = top.code | side << unit.n;
                    let level = Rc::clone(&top.level);
                    heap.push(self.branch(level, code, top.decided + 1, sum, z));
                }
                continue;
            }
            opened += 1;
            let mut path = top.level.path.clone();
            path.push([top.code, top.level.second]);
            let so_far = top.level.so_far.clone();
            let value = so_far.plus(&dot(&top.z, &self.centre));
            if value > best.0 {
                best = (value, path.clone());
            }
            let level = self.level(kinks, top.z, so_far, path);
            heap.push(self.open(level));
        }
        let mut bounds = heap.into_iter().map(|b| b.bound);
        let first = bounds.next()?;
        let bound = bounds.fold(first, |m, b| if b > m { b } else { m });
        Some((bound, best.1))
    }

    /// The step of the set iteration that follows the direction Z.
    fn level(&self, kinks: &Kinks, z: Columns<T>, so_far: T, path: Vec<[usize; 2]>) -> Level<T> {
        let [lo, hi] = [0, 1].map(|side| self.range[side].near());
        let (mut fixed, mut added, mut second) = (T::of(0.0), so_far, 0);
        let mut order = Vec::new();
        let mut middle = vec![vec![T::of(0.0); self.left.len()]; z.len()];
        for unit in 0..self.slope.len() {
            let back: Vec<T> = z.iter().map(|column| self.back(column, unit)).collect();
            let active = kinks.active.iter().position(|a| *a == unit);
            let slope = match active {
                Some(_) => &self.middle,
                None => &self.slope[unit],
            };
            for (column, b) in middle.iter_mut().zip(&back) {
                let times = slope.times(b);
                if !times.is_null() {
                    for (o, r) in column.iter_mut().zip(&self.right_w[unit]) {
                        o.add_product(&times, r);
                    }
                }
            }
            let g = sum_of_products(&back, &self.pushed[unit]);
            // ⟨Z, LS'R_2⟩ is a sum over units, so that its maximum is found unit by unit.
            let by_lambda = sum_of_products(&back, &self.right_lambda[unit]);
            let Some(n) = active else {
                fixed.add_product(&g, slope);
                added.add_product(&by_lambda, slope);
                continue;
            };
            let [low, high] = [0, 1].map(|side| by_lambda.times(&self.range[side]));
            second |= usize::from(high > low) << n;
            added = added.plus(if high > low { &high } else { &low });
            let norm = |v: &[f64]| v.iter().map(|x| x * x).sum::<f64>().sqrt();
            let near = |v: &[T]| v.iter().map(Ring::near).collect::<Vec<f64>>();
            let half = 0.5 * (hi - lo).abs() * (1.0 + BOUND_ROOM);
            let seen = near(&back);
            order.push(Active {
                n,
                g,
                moves: half * norm(&seen) * norm(&near(&self.right_w[unit])),
                ahead: half * self.beyond.of_unit(n, &seen),
                back,
            });
        }
        order.sort_by(|a, b| b.ahead.total_cmp(&a.ahead));
        Level {
            ball: kinks.q * nuclear(&z).1 * self.radius * (1.0 + BOUND_ROOM),
            so_far: added,
            fixed,
            order,
            middle,
            z,
            path,
            second,
        }
    }

    /// The branch of a level in which no slope is decided yet.
    fn open(&self, level: Level<T>) -> Branch<T> {
        let z = level.middle.clone();
        self.branch(Rc::new(level), 0, 0, T::of(0.0), z)
    }

    fn branch(
        &self,
        level: Rc<Level<T>>,
        code: usize,
        decided: usize,
        sum: T,
        z: Columns<T>,
    ) -> Branch<T> {
        let mut bound = level.so_far.plus(&level.fixed).plus(&sum);
        let (mut moves, mut ahead) = (0.0, 0.0);
        for unit in &level.order[decided..] {
            let [low, high] = [0, 1].map(|side| unit.g.times(&self.range[side]));
            bound = bound.plus(if high > low { &high } else { &low });
            moves += unit.moves;
            ahead += unit.ahead;
        }
        // What follows with the undecided slopes in the middle, and what each of them can add.
        let (rounded, size) = nuclear(&z);
        let ball = level.ball.min((size + moves) * self.radius);
        let ahead = ball.min(self.beyond.of(&rounded, size) + ahead);
        bound = bound.plus(&T::of(ahead * (1.0 + BOUND_ROOM)));
        Branch {
            key: bound.near(),
            level,
            code,
            decided,
            sum,
            z,
            bound,
        }
    }

    /// (Lᵀz)_i for unit i and one column z.
    fn back(&self, z: &[T], unit: usize) -> T {
        let mut sum = T::of(0.0);
        for (row, v) in self.left.iter().zip(z) {
            if !row[unit].is_null() {
                sum.add_product(&row[unit], v);
            }
        }
        sum
    }
}

/// Z rounded to binary64, and a number that is at least ‖Z‖_*. Rounding takes at most four units of
/// every entry, and ‖·‖_* ≤ √m‖·‖_F.
fn nuclear<T: Ring>(z: &Columns<T>) -> (Matrix, f64) {
    let rows = z.first().map_or(0, Vec::len);
    let rounded = Matrix::from_fn(rows, z.len(), |i, j| z[j][i].near());
    let lost = 4.0 * UNIT * rounded.norm() * (1.0 + KINK_GAP);
    let size = nuclear_upper(&rounded) + lost * (z.len() as f64).sqrt();
    (rounded, size)
}

fn sum_of_products<T: Ring>(a: &[T], b: &[T]) -> T {
    let mut sum = T::of(0.0);
    for (x, y) in a.iter().zip(b) {
        sum.add_product(x, y);
    }
    sum
}

fn dot<T: Ring>(a: &Columns<T>, b: &Columns<T>) -> T {
    let mut sum = T::of(0.0);
    for (x, y) in a.iter().zip(b) {
        sum = sum.plus(&sum_of_products(x, y));
    }
    sum
}

/// Y with every entry rounded to twenty bits, counted from the largest one.
fn short(y: &Matrix) -> Matrix {
    let largest = y.amax();
    if !(largest > 0.0 && largest.is_finite()) {
        return y.clone();
    }
    let unit = 2f64.powi(largest.log2().floor() as i32 - SHORT_BITS);
    y.map(|v| (v / unit).round() * unit)
}

fn inner(y: &Matrix, x: &Matrix) -> Rational {
    dot::<Dyadic>(&columns(y), &columns(x)).rational()
}

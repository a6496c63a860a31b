//! What a target shows of (w, D), and what errors of w and D become in it: the one place that tells
//! D, Dᵀy and a hypergradient apart.

use super::exact::Exact;
use super::upper::Upper;
use super::whole::Evidence;
use crate::case::Target;
use crate::linalg::norm::spectral_upper;
use crate::linalg::product::norm2;
use crate::linalg::{Dd, Matrix, Vector};
use crate::objectives::{Objective, Rows};
use crate::theory::{Level, TheoremE3};
use crate::tol::gamma;
use crate::truth::Truth;

/// What is looked at of w and D.
pub(super) struct Shown<'e> {
    seen: Seen<'e>,
    exact: &'e Exact,
}

enum Seen<'e> {
    /// D.
    Whole,
    /// Dᵀy in units of ‖y‖.
    Image(Vector, f64),
    /// Dᵀ∇₁E(w, λ) + ∇₂E(w, λ).
    Hypergradient(&'e Objective),
}

impl<'e> Shown<'e> {
    pub(super) fn of(exact: &'e Exact, target: Target<'e>) -> Self {
        let seen = match target {
            Target::Jacobian => Seen::Whole,
            Target::Cotangent(y) => Seen::Image(Vector::from_column_slice(y), unit(y)),
            Target::Hypergradient(objective) => Seen::Hypergradient(objective),
        };
        Self { seen, exact }
    }

    fn lambda(&self) -> &[f64] {
        &self.exact.truth.lambda
    }

    /// ∇₁E and ∇₂E at a point, in double-double.
    fn gradients(&self, objective: &Objective, w: &Vector) -> [Vec<Dd>; 2] {
        let w: Vec<Dd> = w.iter().map(|v| Dd::from(*v)).collect();
        objective.gradients_exactly(&w, self.lambda(), Rows::All)
    }

    /// What is seen of an exact D at w, not in units.
    pub(super) fn image(&self, d: &Matrix, w: &Vector) -> Matrix {
        match &self.seen {
            Seen::Whole => d.clone(),
            Seen::Image(y, _) => {
                let u = d.tr_mul(y);
                Matrix::from_column_slice(u.len(), 1, u.as_slice())
            }
            Seen::Hypergradient(objective) => {
                let [seed, direct] = self.gradients(objective, w);
                let through = |j: usize| {
                    let add = |sum, (i, g): (usize, &Dd)| sum + Dd::from(d[(i, j)]) * *g;
                    seed.iter().enumerate().fold(direct[j], add).hi()
                };
                Matrix::from_fn(d.ncols(), 1, |j, _| through(j))
            }
        }
    }

    /// Something of the size of an image, in units.
    fn scaled(&self, m: Matrix) -> Matrix {
        match &self.seen {
            Seen::Image(_, unit) => m / *unit,
            Seen::Whole | Seen::Hypergradient(_) => m,
        }
    }

    /// The size of what is seen of an exact D at w.
    pub(super) fn size(&self, d: &Matrix, w: &Vector) -> f64 {
        self.length(&self.scaled(self.image(d, w)))
    }

    /// The Euclidean norm of what is seen. Gradients may be of any size, whose squares are lost.
    pub(super) fn length(&self, m: &Matrix) -> f64 {
        match self.seen {
            Seen::Whole | Seen::Image(..) => m.norm(),
            Seen::Hypergradient(_) => norm2(m.as_slice()),
        }
    }

    /// estimate - what is seen of d at w, in units; NaN for a wrong shape.
    pub(super) fn off(&self, estimate: &Matrix, d: &Matrix, w: &Vector) -> Matrix {
        let want = self.image(d, w);
        if estimate.shape() == want.shape() {
            self.scaled(estimate - want)
        } else {
            Matrix::from_element(1, 1, f64::NAN)
        }
    }

    /// The operator norm of an error of D, the Euclidean one of what else is seen; NaN stays NaN.
    pub(super) fn norm(&self, m: &Matrix) -> f64 {
        match self.seen {
            Seen::Whole if m.iter().any(|v| v.is_nan()) => f64::NAN,
            Seen::Whole => spectral_upper(m),
            Seen::Image(..) | Seen::Hypergradient(_) => self.length(m),
        }
    }

    /// By parameter: column norms of an error of D, entries of what else is seen.
    pub(super) fn columns(&self, m: &Matrix) -> Vec<f64> {
        match self.seen {
            Seen::Whole => m.column_iter().map(|c| c.norm()).collect(),
            Seen::Image(..) | Seen::Hypergradient(_) => m.iter().map(|v| v.abs()).collect(),
        }
    }

    /// The same of the exact error at (D, w), where D - J is `error`.
    pub(super) fn exact_columns(
        &self,
        (d, w): (&Matrix, &Vector),
        error: &Matrix,
        truth: &Truth,
    ) -> Vec<f64> {
        let seen = match (&self.seen, &truth.jacobian) {
            (Seen::Hypergradient(_), Some(j)) => self.image(d, w) - self.image(&j.j, truth.w()),
            _ => self.image(error, w),
        };
        self.columns(&self.scaled(seen))
    }

    /// What rounding of D, and selections at units in doubt, come to in what is seen, at a D of
    /// this norm and at w, of which the implementation has lost `fw` (‖D‖, w, f^w). Where y = 0
    /// nothing is rounded.
    pub(super) fn rounded(
        &self,
        (floor, band): (f64, f64),
        (d_norm, w, fw): (f64, &Vector, f64),
    ) -> (f64, f64) {
        match &self.seen {
            Seen::Whole => (floor, band),
            Seen::Image(y, _) if y.iter().all(|v| *v == 0.0) => (0.0, band),
            // Forming the exact Dᵀy from a rounded D loses γ_d‖D‖ more.
            Seen::Image(y, _) => (floor + gamma(y.len() + 4) * d_norm, band),
            Seen::Hypergradient(objective) => {
                let seed = self.seed_norm(objective, w);
                let w_norm = w.norm();
                // An exact w_t is known here as rounded; points that are given are exact.
                let rounded = self.exact.truth.roundoff().value() * w_norm;
                let moved = if fw > 0.0 { fw + rounded } else { 0.0 };
                let u = self.exact.truth.roundoff();
                let at = (w.as_slice(), self.lambda());
                let [by_w, by_lambda] = objective.lost(at, (moved, u), Rows::All);
                let theirs = u.gamma(w.len() + 4);
                let formed = (theirs + gamma(w.len() + 4)) * d_norm * seed;
                let lost = floor * (seed + by_w) + d_norm * by_w + by_lambda + formed;
                let band = if band == 0.0 {
                    0.0
                } else {
                    band * (seed + by_w)
                };
                (lost, band)
            }
        }
    }

    /// The allowance of a linear solve, per unit, in what is seen at its limit. Where y = 0 nothing
    /// is rounded.
    pub(super) fn at_limit(&self, allowance: f64, d_norm: f64, w: &Vector) -> f64 {
        match &self.seen {
            Seen::Image(y, _) if y.amax() == 0.0 => 0.0,
            Seen::Hypergradient(_) => self.rounded((allowance, 0.0), (d_norm, w, 0.0)).0,
            Seen::Whole | Seen::Image(..) => allowance,
        }
    }

    fn seed_norm(&self, objective: &Objective, w: &Vector) -> f64 {
        let [seed, _] = self.gradients(objective, w);
        norm2(&seed.iter().map(|g| g.hi()).collect::<Vec<_>>())
    }
}

impl Evidence<'_> {
    /// How well the limit of the target is known, in the units of comparisons.
    pub fn limit_error(&self, exact: &Exact) -> f64 {
        let of_j = exact.jacobian_error();
        let Some(upper) = self.upper(exact) else {
            return of_j;
        };
        let (w, seed) = (exact.truth.w(), upper.gradient);
        let away = exact.truth.fixed_point.error;
        let d_norm = exact.jacobian().map_or(0.0, |j| j.norm());
        let [by_w, by_lambda] = [1, 2].map(|j| upper.moduli.omega(j, away));
        // The last term: ∇f as it is kept, rounded.
        of_j * (seed + by_w)
            + d_norm * by_w
            + by_lambda
            + gamma(w.len() + 4) * d_norm * seed
            + gamma(2) * self.limit_size(exact)
    }

    /// The norm of the limit of the target, in the units of comparisons; NaN where J is a set.
    pub fn limit_size(&self, exact: &Exact) -> f64 {
        let shown = Shown::of(exact, self.target);
        let j = exact.jacobian();
        j.map_or(f64::NAN, |j| shown.size(j, exact.truth.w()))
    }

    /// ∇f(λ) and how well it is known, where the target is a hypergradient and J one matrix.
    pub fn hypergradient(&self, exact: &Exact) -> Option<(Vec<f64>, f64)> {
        self.upper(exact)?;
        let image = Shown::of(exact, self.target).image(exact.jacobian()?, exact.truth.w());
        Some((image.as_slice().to_vec(), self.limit_error(exact)))
    }

    /// What errors of D and of w of this size come to at most in what is seen, near w(λ):
    /// ‖δD‖(‖∇₁E‖ + ω_1(‖δw‖)) + ‖J‖ω_1(‖δw‖) + ω_2(‖δw‖), ω of ∇E.
    pub fn carried(&self, exact: &Exact, size: f64) -> f64 {
        let Some(upper) = self.upper(exact) else {
            return size;
        };
        let j_norm = exact.jacobian().map_or(0.0, |j| j.norm());
        let [by_w, by_lambda] = [1, 2].map(|j| upper.moduli.omega(j, size));
        size * (upper.gradient + by_w) + j_norm * by_w + by_lambda
    }

    /// What is known of ∇E at w(λ), where the target is a hypergradient.
    pub fn upper(&self, exact: &Exact) -> Option<&Upper> {
        let Target::Hypergradient(objective) = self.target else {
            return None;
        };
        let make = || {
            let point = &exact.truth.fixed_point;
            let w = exact.truth.w();
            let moduli = objective.moduli(w.as_slice(), &exact.truth.lambda, point.error);
            let seed = Shown::of(exact, self.target).seed_norm(objective, w);
            Upper {
                gradient: (seed + moduli.omega(1, point.error)) * (1.0 + gamma(w.len() + 4)),
                moduli,
            }
        };
        Some(self.upper.get_or_init(make))
    }

    /// Theorem 4.1's bound for ITD at t, or AID-FP at w_t after k steps, at a level; Theorem E.3's
    /// where the target is a hypergradient.
    pub fn bound(&self, exact: &Exact, level: Level, t: usize, k: usize) -> f64 {
        let aid = self.method.is_aid();
        let lower = exact.bound(level, aid, t, k);
        let (Target::Hypergradient(objective), Some(upper)) = (self.target, self.upper(exact))
        else {
            return lower;
        };
        let theorem = TheoremE3 {
            lower: exact.theorem(),
            outer: &upper.moduli,
            gradient: upper.gradient,
        };
        let e = if aid {
            exact.distance_given(t)
        } else {
            exact.distance(t)
        };
        let w = exact.iterate(t);
        let mut seed = Shown::of(exact, self.target).seed_norm(objective, w);
        if !aid {
            // ITD reaches w_t itself, which is known here as rounded.
            let u = exact.truth.roundoff();
            let at = (w.as_slice(), exact.truth.lambda.as_slice());
            let [moved, _] = objective.lost(at, (u.value() * w.norm(), u), Rows::All);
            seed += moved;
        }
        theorem.bound(level, lower, t, (seed, e))
    }
}

/// What errors of Dᵀy are counted in.
pub(super) fn unit(y: &[f64]) -> f64 {
    let norm = norm2(y);
    if norm > 0.0 { norm } else { 1.0 }
}

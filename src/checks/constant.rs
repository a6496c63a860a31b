//! The constants themselves, independently of the bounds: sampled ‖∂₁Φ‖ against q, secants against
//! L, selections against M and ω, bisection along rays against R, ‖D_{Φ,2}‖sup against ∂₂Φ.

use super::check::{Check, Context, Needs};
use super::entry::{Entry, For};
use super::finding::{Finding, Unit};
use super::pieces::nearest_units;
use super::worst::Worst;
use crate::error::Result;
use crate::evidence::{Exact, Run};
use crate::instances::Random;
use crate::linalg::norm::spectral_lower;
use crate::linalg::{Matrix, Vector};
use crate::maps::{Linearization, Tie};
use crate::tol::{RAY_WIDTH, bound_room, gamma};

pub(super) const ENTRY: Entry = Entry {
    name: "constant",
    about: "the constants of the theory hold on samples, two-sidedly where they are attained",
    fits: For::Deterministic,
    parse: |_| Ok(Box::new(Constant)),
};

/// The constants of the theory hold on samples.
#[derive(Debug)]
pub(super) struct Constant;

/// Points sampled per scale.
const SAMPLES: usize = 4;

impl Check for Constant {
    fn label(&self) -> &'static str {
        "constant"
    }

    fn catches(&self, _: f64) -> String {
        "A constant that is too small, and R, ‖D_Φ,2‖ or L that is too large where it is attained."
            .into()
    }

    fn needs(&self) -> Needs {
        Needs::Nothing
    }

    fn judge(&self, c: Context<'_>, _: &[&Run]) -> Result<Finding> {
        let exact = c.e.exact()?;
        if exact.jacobian().is_none() {
            return Ok(Finding::of_a_set());
        }
        let mut sampler = Sampler::new(exact);
        let mut worst = Worst::of_samples();
        sampler.jacobians(&mut worst);
        sampler.rays(&mut worst);
        let holds = worst.ratio <= c.slack * bound_room(0);
        let verb = if holds { "closest" } else { "violated" };
        let detail = format!(
            "{verb}: {}, sampled {:.3e} against {:.3e}",
            worst.what, worst.measured, worst.bound
        );
        let (measured, bound) = (worst.measured, worst.bound);
        Ok(Finding::below(
            holds,
            Unit::Modulus,
            measured,
            bound,
            detail,
        ))
    }
}

struct Sampler<'a> {
    exact: &'a Exact,
    random: Random,
    lin: Linearization<'static>,
}

impl<'a> Sampler<'a> {
    fn new(exact: &'a Exact) -> Self {
        let lin = exact.truth.map.linearization();
        Self {
            exact,
            random: Random::new(exact.seed ^ 0x00C0_FFEE),
            lin,
        }
    }

    /// (∂₁Φ, ∂₂Φ, piece) at u.
    fn at(&mut self, u: &Vector) -> (Matrix, Matrix, Vec<f64>) {
        let map = &self.exact.truth.map;
        map.linearize(
            u.as_slice(),
            &self.exact.truth.lambda,
            &mut Tie::Weight(0.0),
            &mut self.lin,
        );
        (
            map.jacobian_w(&self.lin),
            map.jacobian_lambda(&self.lin),
            self.lin.piece().collect(),
        )
    }

    /// q, L_j, M_j, ω_j and ‖D_{Φ,2}‖sup on samples around w(λ).
    fn jacobians(&mut self, worst: &mut Worst) {
        let truth = &self.exact.truth;
        let d = truth.w().len();
        let star = truth.w().clone();
        let (j1, j2, slopes) = self.at(&star);
        worst.named("‖∂₁Φ(w(λ))‖ ≤ q", spectral_lower(&j1), truth.constants.q);
        worst.named(
            "‖∂₂Φ(w(λ))‖ ≤ ‖D_Φ,2‖sup",
            spectral_lower(&j2),
            truth.moduli().d2_sup,
        );
        if truth.moduli().kinks.is_empty() && j2.amax() > 0.0 {
            // One matrix: the sup is attained, so it must not be above it either.
            let room = truth.moduli().l[1] * truth.fixed_point.error
                + crate::maps::Rounding::at(truth.rounding.push_lambda, star.norm());
            let attained = spectral_lower(&j2) * (1.0 + gamma(8 * d + 64)) + 2.0 * room;
            worst.named("‖D_Φ,2‖sup ≤ ‖∂₂Φ(w(λ))‖", truth.moduli().d2_sup, attained);
        }
        let lost = |norm: f64| crate::maps::Rounding::at(truth.rounding.push_w, norm) * 2.0;
        let lost2 = |norm: f64| crate::maps::Rounding::at(truth.rounding.push_lambda, norm) * 2.0;
        for scale in [0.01, 0.1, 1.0, 10.0] {
            for _ in 0..SAMPLES {
                let u = &star
                    + self.random.normals(d) * (scale * (1.0 + star.norm()) / (d as f64).sqrt());
                let (a1, a2, s) = self.at(&u);
                let e = (&u - &star).norm() + truth.fixed_point.error;
                worst.named(
                    "‖∂₁Φ(u)‖ ≤ q",
                    spectral_lower(&a1) - lost(u.norm()),
                    truth.constants.q,
                );
                let gaps = [
                    (
                        spectral_lower(&(&a1 - &j1)) - lost(u.norm()) * (d as f64).sqrt(),
                        truth.constants.l1,
                    ),
                    (
                        spectral_lower(&(&a2 - &j2)) - lost2(u.norm()),
                        truth.moduli().l[1],
                    ),
                ];
                for (j, (gap, l)) in gaps.into_iter().enumerate() {
                    let m = truth.moduli();
                    if s == slopes || l > 0.0 && m.stairs.is_empty() {
                        worst.named(
                            &format!("secant of ∂_{} ≤ L_{}‖u-w(λ)‖", j + 1, j + 1),
                            gap,
                            l * e,
                        );
                    }
                    worst.named(
                        &format!("selection of D_Φ,{} ≤ ω_{}", j + 1, j + 1),
                        gap,
                        m.omega(j + 1, e),
                    );
                    worst.named(
                        &format!("selection of D_Φ,{} ≤ L e + M_{}", j + 1, j + 1),
                        gap,
                        m.l[j] * e + m.m[j],
                    );
                    worst.named(
                        &format!("Lemma 2.5 for D_Φ,{}", j + 1),
                        gap,
                        m.c(j + 1, e) * e,
                    );
                }
            }
        }
    }

    /// The first change of piece along rays from w(λ): never before R, and at R along the steepest
    /// one.
    fn rays(&mut self, worst: &mut Worst) {
        let truth = &self.exact.truth;
        let r = truth.moduli().r;
        if r.is_infinite() || !truth.moduli().kinks.is_empty() {
            return;
        }
        let star = truth.w().clone();
        let d = star.len();
        let (.., slopes) = self.at(&star);
        let mut nearest = f64::INFINITY;
        let mut directions: Vec<Vector> = (0..SAMPLES)
            .map(|_| self.random.normals(d).normalize())
            .collect();
        // The gradient of the unit that is nearest to its kink: there R is attained.
        let w_norm = star.norm();
        // What R was lowered by: the rounding of the units and the error of w(λ).
        let mut lowered = 0.0f64;
        let step = (r / 8.0).min(1.0);
        for (unit, gradient) in nearest_units(&truth.map, &truth.lambda, &star, step) {
            let size = gradient.norm();
            let band = crate::maps::Rounding::at(truth.rounding.units[unit], w_norm)
                + truth.sensitivity[unit] * truth.fixed_point.error;
            lowered = lowered.max(band / size);
            directions.push(&gradient / size);
            directions.push(-gradient / size);
        }
        for direction in directions {
            // Changes are looked for up to 8R in steps of R/4, then bisected.
            let mut low = 0.0;
            let mut high = None;
            for k in 1..=32 {
                let at = r * f64::from(k) / 4.0;
                if self.at(&(&star + &direction * at)).2 != slopes {
                    high = Some(at);
                    break;
                }
                low = at;
            }
            let Some(mut high) = high else { continue };
            while high - low > RAY_WIDTH * r {
                let mid = 0.5 * (low + high);
                if self.at(&(&star + &direction * mid)).2 == slopes {
                    low = mid
                } else {
                    high = mid
                }
            }
            worst.named("R ≤ first change of piece along a ray", r, high);
            nearest = nearest.min(low);
        }
        // Elsewhere R is a lower bound only.
        if nearest.is_finite() && truth.moduli().r_attained {
            let attained = r * (1.0 + 4.0 * RAY_WIDTH) + 2.0 * lowered;
            worst.named(
                "R is attained along a gradient of a unit",
                nearest,
                attained,
            );
        }
    }
}

//! The constants themselves, independently of the bounds: sampled ‖∂₁Φ‖ against q, secants against L,
//! selections against M and ω, bisection along rays against R, ‖D_{Φ,2}‖sup against ∂₂Φ.

use super::{Check, Exact, Finding};
use crate::instances::Random;
use crate::linalg::norm::spectral_lower;
use crate::linalg::{Matrix, Vector};
use crate::maps::{Linearization, Tie};
use crate::tol::{RAY_WIDTH, bound_room, gamma};

/// Points sampled per scale.
const SAMPLES: usize = 4;

pub(super) fn judge(check: &Check, exact: &Exact) -> Finding {
    let mut sampler = Sampler::new(exact);
    let mut worst = Worst {
        ratio: 0.0,
        measured: 0.0,
        bound: f64::NAN,
        what: String::from("nothing to sample"),
    };
    sampler.jacobians(&mut worst);
    sampler.rays(&mut worst);
    let holds = worst.ratio <= check.slack * bound_room(0);
    let verb = if holds { "closest" } else { "violated" };
    let detail = format!(
        "{verb}: {}, sampled {:e} against {:e}",
        worst.what, worst.measured, worst.bound
    );
    Finding::decided(
        holds,
        worst.measured,
        worst.bound,
        worst.bound / worst.measured,
        detail,
    )
}

/// The largest ratio measured/bound so far.
struct Worst {
    ratio: f64,
    measured: f64,
    bound: f64,
    what: String,
}

impl Worst {
    fn see(&mut self, what: &str, measured: f64, bound: f64) {
        let ratio = if measured <= 0.0 {
            0.0
        } else {
            measured / bound
        };
        if !(ratio <= self.ratio) {
            *self = Self {
                ratio,
                measured,
                bound,
                what: what.into(),
            };
        }
    }
}

struct Sampler<'a> {
    exact: &'a Exact,
    random: Random,
    lin: Linearization,
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
        worst.see("‖∂₁Φ(w(λ))‖ ≤ q", spectral_lower(&j1), truth.constants.q);
        worst.see(
            "‖∂₂Φ(w(λ))‖ ≤ ‖D_Φ,2‖sup",
            spectral_lower(&j2),
            truth.moduli.d2_sup,
        );
        if truth.moduli.kinks.is_empty() && j2.amax() > 0.0 {
            // One matrix: the sup is attained, so it must not be above it either.
            let room = truth.moduli.l[1] * truth.fixed_point.error
                + crate::maps::Rounding::at(truth.rounding.push_lambda, star.norm());
            let attained = spectral_lower(&j2) * (1.0 + gamma(8 * d + 64)) + 2.0 * room;
            worst.see("‖D_Φ,2‖sup ≤ ‖∂₂Φ(w(λ))‖", truth.moduli.d2_sup, attained);
        }
        let lost = |norm: f64| crate::maps::Rounding::at(truth.rounding.push_w, norm) * 2.0;
        let lost2 = |norm: f64| crate::maps::Rounding::at(truth.rounding.push_lambda, norm) * 2.0;
        for scale in [0.01, 0.1, 1.0, 10.0] {
            for _ in 0..SAMPLES {
                let u = &star
                    + self.random.normals(d) * (scale * (1.0 + star.norm()) / (d as f64).sqrt());
                let (a1, a2, s) = self.at(&u);
                let e = (&u - &star).norm() + truth.fixed_point.error;
                worst.see(
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
                        truth.moduli.l[1],
                    ),
                ];
                for (j, (gap, l)) in gaps.into_iter().enumerate() {
                    let m = &truth.moduli;
                    if s == slopes || l > 0.0 && m.stairs.is_empty() {
                        worst.see(
                            &format!("secant of ∂_{} ≤ L_{}‖u-w(λ)‖", j + 1, j + 1),
                            gap,
                            l * e,
                        );
                    }
                    worst.see(
                        &format!("selection of D_Φ,{} ≤ ω_{}", j + 1, j + 1),
                        gap,
                        m.omega(j + 1, e),
                    );
                    worst.see(
                        &format!("selection of D_Φ,{} ≤ L e + M_{}", j + 1, j + 1),
                        gap,
                        m.l[j] * e + m.m[j],
                    );
                    worst.see(
                        &format!("Lemma 2.5 for D_Φ,{}", j + 1),
                        gap,
                        m.c(j + 1, e) * e,
                    );
                }
            }
        }
    }

    /// The first change of piece along rays from w(λ): never before R, and at R along the steepest one.
    fn rays(&mut self, worst: &mut Worst) {
        let truth = &self.exact.truth;
        let r = truth.moduli.r;
        if r.is_infinite() || !truth.moduli.kinks.is_empty() {
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
        for (unit, gradient) in self.closest_units(&star) {
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
            worst.see("R ≤ first change of piece along a ray", r, high);
            nearest = nearest.min(low);
        }
        // Elsewhere R is a lower bound only.
        if nearest.is_finite() && truth.moduli.r_attained {
            let attained = r * (1.0 + 4.0 * RAY_WIDTH) + 2.0 * lowered;
            worst.see(
                "R is attained along a gradient of a unit",
                nearest,
                attained,
            );
        }
    }

    /// The three units nearest to their kink with their gradients ∂z_i/∂w, by differences.
    fn closest_units(&mut self, star: &Vector) -> Vec<(usize, Vector)> {
        let truth = &self.exact.truth;
        let d = star.len();
        let map = &truth.map;
        map.linearize(
            star.as_slice(),
            &truth.lambda,
            &mut Tie::Weight(0.0),
            &mut self.lin,
        );
        let base = self.lin.z.clone();
        let margin = self.lin.margin.clone();
        // z is affine in w within R on the maps whose R is attained: a difference is exact to rounding.
        let step = (truth.moduli.r / 8.0).min(1.0);
        let mut gradients: Vec<(f64, Vector)> = margin
            .into_iter()
            .map(|margin| (margin, Vector::zeros(d)))
            .collect();
        for k in 0..d {
            let mut u = star.clone();
            u[k] += step;
            map.linearize(
                u.as_slice(),
                &truth.lambda,
                &mut Tie::Weight(0.0),
                &mut self.lin,
            );
            for (i, (_, gradient)) in gradients.iter_mut().enumerate() {
                gradient[k] = (self.lin.z[i] - base[i]) / step;
            }
        }
        let radius = |(_, (margin, gradient)): &(usize, (f64, Vector))| margin / gradient.norm();
        let mut units: Vec<(usize, (f64, Vector))> = gradients
            .into_iter()
            .enumerate()
            .filter(|(_, (_, gradient))| gradient.norm() > 0.0)
            .collect();
        units.sort_by(|a, b| radius(a).total_cmp(&radius(b)));
        units.truncate(3);
        units
            .into_iter()
            .map(|(unit, (_, gradient))| (unit, gradient))
            .collect()
    }
}

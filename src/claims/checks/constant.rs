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
        for unit in self.closest_units(&star) {
            directions.push(unit.clone());
            directions.push(-unit);
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
        if nearest.is_finite() {
            // R was lowered by the rounding band and by the error of w(λ).
            let w_norm = star.norm();
            let band = (0..truth.sensitivity.len())
                .filter(|&i| truth.sensitivity[i] > 0.0)
                .map(|i| {
                    crate::maps::Rounding::at(truth.rounding.units[i], w_norm)
                        / truth.sensitivity[i]
                })
                .filter(|b| *b < r)
                .fold(0.0f64, f64::max);
            let attained = r * (1.0 + 4.0 * RAY_WIDTH) + 2.0 * band + 2.0 * truth.fixed_point.error;
            worst.see(
                "R is attained along a gradient of a unit",
                nearest,
                attained,
            );
        }
    }

    /// Unit gradients ∂z_i/∂w, by differences, of the three units nearest to their kink.
    fn closest_units(&mut self, star: &Vector) -> Vec<Vector> {
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
        let mut order: Vec<usize> = (0..base.len())
            .filter(|&i| truth.sensitivity[i] > 0.0)
            .collect();
        let radius = |i: &usize| self.lin.margin[*i] / truth.sensitivity[*i];
        order.sort_by(|a, b| radius(a).total_cmp(&radius(b)));
        order.truncate(3);
        // z is affine in w on these maps: a unit difference is exact to rounding.
        let mut gradients = vec![Vector::zeros(d); order.len()];
        for k in 0..d {
            let mut u = star.clone();
            u[k] += 1.0;
            map.linearize(
                u.as_slice(),
                &truth.lambda,
                &mut Tie::Weight(0.0),
                &mut self.lin,
            );
            for (g, &i) in gradients.iter_mut().zip(&order) {
                g[k] = self.lin.z[i] - base[i];
            }
        }
        gradients
            .into_iter()
            .filter(|g| g.norm() > 0.0)
            .map(|g| g.normalize())
            .collect()
    }
}

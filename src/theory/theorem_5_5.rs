//! Theorem 5.5: NSID with w, J and k growing together.
//!
//! Problem, metric: as Theorem 5.4. Method: NSID with Lemma D.3's steps, J = ⌈a_J k⌉ inner
//! minibatches, w from t = ⌈a_t k⌉ steps of a solver with E‖w_t-w(λ)‖² ≤ ρ₀/t.
//! Guarantee: E Δ(r, D_impᵀy)² ≤ C/k for every k ≥ 1, with the explicit C of
//! [`Theorem55::constant`]; held fixed, any of t, J, k leaves a floor ([`Theorem54::bound`] with
//! the others at 0). The solver: proximal SGD with relative steps a_i = θ/(t₀+i) ≤ 1
//! ([`ProxSgdRate`]): e_{i+1} ≤ (1-a(1-q²)/2)e_i + 2a²s*² if 4aσ₁' ≤ 1-q², s*² the variance at
//! w(λ), so e_t ≤ c/(t₀+t) as in Lemma D.2. Reference: Grazzi, Pontil and Salzo (ICML 2024),
//! Theorem 5.5; Rosasco, Villa and Vũ (2020) for the solver.

use super::lemma_d2::{LemmaD2, Rate, Unmet};
use super::theorem_5_4::Theorem54;
use super::theorem_e6::TheoremE6;

/// The schedule of Theorem 5.5: t = ⌈a_t k⌉ steps for w_t, J = ⌈a_J k⌉ minibatches and k steps of
/// the linear system, for a mean square error of O(1/k).
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Theorem55 {
    /// The constants of Theorem 5.4, uniform over the w in use; ‖y‖ is Y at J = 1 where an
    /// objective is sampled.
    pub constants: Theorem54,
    /// Those of Theorem E.6, where an objective is sampled with J minibatches too.
    pub outer: Option<TheoremE6>,
    /// σ(k) of Lemma D.3, for that ‖y‖.
    pub linear: Rate,
    /// ρ₀ with E‖w_t-w(λ)‖² ≤ ρ₀/t for t ≥ 1.
    pub rho0: f64,
    /// a_t > 0, the steps of the solver of w per step of the linear system.
    pub t_per_k: f64,
    /// a_J > 0, the inner minibatches per step of the linear system.
    pub j_per_k: f64,
}

impl Theorem55 {
    /// t = ⌈a_t k⌉ and J = ⌈a_J k⌉, at least 1.
    pub fn schedule(&self, k: usize) -> (usize, usize) {
        let up = |a: f64| ((a * k as f64).ceil() as usize).max(1);
        (up(self.t_per_k), up(self.j_per_k))
    }

    /// Checks the hypotheses of Theorem 5.4, those on the objective where one is sampled, and those
    /// of the schedule.
    ///
    /// # Errors
    /// The first that fails: those of [`Theorem54::check`], a constant of the objective that is not
    /// finite and nonnegative, a_t > 0, a_J > 0, a finite ρ₀ ≥ 0.
    pub fn check(&self) -> Result<(), Unmet> {
        self.constants.check()?;
        if let Some(outer) = &self.outer {
            outer.check_objective()?;
        }
        for (name, v) in [
            ("t ∝ k, a_t > 0", self.t_per_k),
            ("J ∝ k, a_J > 0", self.j_per_k),
        ] {
            if !(v > 0.0 && v.is_finite()) {
                return Err(Unmet::new(name, v));
            }
        }
        if !(self.rho0 >= 0.0 && self.rho0.is_finite()) {
            return Err(Unmet::new("ρ(t) = O(1/t)", self.rho0));
        }
        Ok(())
    }

    /// The bound of the mean square error E Δ² along the schedule: the square of Theorem 5.4's
    /// bound, or of Theorem E.6's where an objective is sampled.
    ///
    /// # Errors
    /// Those of [`Theorem55::check`], and a σ(k) that is not finite and nonnegative.
    pub fn bound(&self, k: usize) -> Result<f64, Unmet> {
        self.check()?;
        let (t, j) = self.schedule(k);
        let rho = self.rho0 / t as f64;
        let lower = self.constants.bound(rho, j, self.linear.at(k))?;
        let outer = self.outer.map_or(0.0, |outer| outer.outer(rho, j as f64));
        Ok((lower + outer).powi(2))
    }

    /// C with E Δ² ≤ C/k for every k ≥ 1: every factor of Theorem 5.4 that decays is at most its
    /// value at "k = 1" over √k (√ρ ≤ √(ρ₀/a_t k), U ≤ U_1/√k, √σ(k) ≤ √(c/k)), and in products all
    /// but one factor is bounded by its value at k = 1.
    ///
    /// # Errors
    /// Those of [`Theorem55::check`].
    pub fn constant(&self) -> Result<f64, Unmet> {
        self.check()?;
        let rho = self.rho0 / self.t_per_k;
        let u = self.constants.u(rho, self.j_per_k);
        let root = self.constants.terms(
            rho.sqrt(),
            u,
            self.linear.c.sqrt(),
            (self.constants.sigma2 / self.j_per_k).sqrt(),
        );
        let outer = self
            .outer
            .map_or(0.0, |outer| outer.outer(rho, self.j_per_k));
        Ok((root + outer).powi(2))
    }
}

/// E‖w_t - w(λ)‖² of proximal SGD on an affine T̂ (least squares, noise models).
///
/// From ‖w_{i+1}-w*‖ ≤ ‖(1-a)(w_i-w*) + a(T̂(w_i)-T(w*))‖: the mean part contracts, ((1-a)+aq)² ≤
/// 1-a(1-q²), and the variance is at most 2s*² + 2σ₁'‖w_i-w*‖², T̂-T being affine with the noise Δ
/// in its linear part.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProxSgdRate {
    /// q < 1, a bound of ‖D_{T,1}‖sup.
    pub q: f64,
    /// s*² ≥ E‖T̂-T‖² at w(λ), for the solver's minibatches.
    pub s2_star: f64,
    /// λ_max(E\[ΔᵀΔ\]), for the solver's minibatches (equal to σ₁' where ∂₁T̂ is symmetric).
    pub sigma1: f64,
    /// ‖w_0-w(λ)‖² (Euclidean).
    pub initial: f64,
}

impl ProxSgdRate {
    /// θ and t₀ that satisfy the hypotheses: θ = 4/(1-q²), t₀ = θ·max(1, 4σ₁'/(1-q²)).
    pub fn steps(&self) -> (f64, f64) {
        let gap = 1.0 - self.q * self.q;
        let theta = 4.0 / gap;
        (theta, theta * (4.0 * self.sigma1 / gap).max(1.0))
    }

    /// E‖w_t - w(λ)‖² ≤ c/(t₀+t), c = max{ t₀‖w_0-w(λ)‖², 2θ²s*²/(θ(1-q²)/2-1) }, for a_i =
    /// θ/(t₀+i).
    ///
    /// # Errors
    /// The first hypothesis that fails: q < 1, constants that are finite and nonnegative, θ >
    /// 2/(1-q²), t₀ ≥ θ·max(1, 4σ₁'/(1-q²)).
    pub fn rate(&self, theta: f64, offset: f64) -> Result<Rate, Unmet> {
        let process = LemmaD2 {
            q: self.q,
            sigma1_hat: self.s2_star,
            sigma2_hat: self.sigma1,
            initial: self.initial,
        };
        process.check_process()?;
        let gap = 1.0 - self.q * self.q;
        let excess = theta * gap / 2.0 - 1.0;
        if !(excess > 0.0 && theta.is_finite()) {
            return Err(Unmet::new("θ > 2/(1-q²)", theta));
        }
        let least = theta * (4.0 * self.sigma1 / gap).max(1.0);
        if !(offset >= least && offset.is_finite()) {
            return Err(Unmet::new(
                "t₀ ≥ θ max(1, 4σ₁'/(1-q²))",
                format!("t₀ = {offset}, needed {least}"),
            ));
        }
        let c = (offset * self.initial).max(2.0 * theta * theta * self.s2_star / excess);
        Ok(Rate {
            beta: theta,
            gamma: offset,
            c,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::product::norm2;
    use crate::maps::composite::{Composite, Sample};
    use crate::theory::lemma_d3::LemmaD3;
    use crate::tol::bound_room;

    fn instance() -> (Composite, [f64; 2], Vec<f64>) {
        let map =
            Composite::elastic_net(vec![1.0, 0.2, -0.3, 0.9], vec![1.0, 0.8], 2, 0.8).unwrap();
        let lambda = [0.05, 0.3];
        let (mut w, mut u, mut next) = (vec![0.0; 2], vec![0.0; 2], vec![0.0; 2]);
        for _ in 0..5000 {
            map.apply(&w, &lambda, &mut u, &mut next);
            std::mem::swap(&mut w, &mut next);
        }
        (map, lambda, w)
    }

    #[test]
    fn the_constant_covers_the_bound_for_every_k_and_a_fixed_argument_leaves_a_floor() {
        let (map, lambda, w_star) = instance();
        let y = [1.0, -0.5];
        let variance = map.variance(&w_star, &lambda, 1);
        let constants = Theorem54::new(&map, &w_star, &lambda, &y, &variance);
        let linear = LemmaD3 {
            q: constants.q,
            sigma1: variance.sigma1,
            y_norm: norm2(&y),
        }
        .rate(1.0, 1.0)
        .unwrap();
        let theorem = Theorem55 {
            constants,
            outer: None,
            linear,
            rho0: 2.0,
            t_per_k: 0.5,
            j_per_k: 0.1,
        };
        let c = theorem.constant().unwrap();
        for k in (1..2000).chain([10_000, 1_000_000, 100_000_000]) {
            assert!(
                theorem.bound(k).unwrap() <= c / k as f64 * bound_room(k),
                "{k}"
            );
        }
        // The limit of k·bound(k) exists: the rate is 1/k and not faster.
        let scaled = |k: usize| k as f64 * theorem.bound(k).unwrap();
        assert!((scaled(100_000_000) / scaled(1_000_000) - 1.0).abs() < 0.01);
        let k = 1_000_000;
        let (t, j) = theorem.schedule(k);
        assert_eq!((t, j), (500_000, 100_000));
        let far = theorem.bound(k).unwrap().sqrt();
        let rho = 2.0 / t as f64;
        for floor in [
            constants.bound(2.0, j, linear.at(k)).unwrap(),
            constants.bound(rho, 1, linear.at(k)).unwrap(),
            constants.bound(rho, j, linear.at(1)).unwrap(),
        ] {
            assert!(floor > 5.0 * far, "{floor} {far}");
        }
        assert!(
            Theorem55 {
                j_per_k: 0.0,
                ..theorem
            }
            .bound(1)
            .is_err()
        );
        // With an objective its constants are hypotheses too, and the constant covers its part.
        let outer = TheoremE6 {
            lower: constants,
            gradient: 1.5,
            sigma: [0.5, 0.25],
            c: [2.0, 1.0],
        };
        let sampled = |outer| Theorem55 {
            outer: Some(outer),
            ..theorem
        };
        let c = sampled(outer).constant().unwrap();
        for k in [1, 10, 1000, 100_000_000] {
            let bound = sampled(outer).bound(k).unwrap();
            assert!(bound > theorem.bound(k).unwrap() && bound <= c / k as f64 * bound_room(k));
        }
        for unmet in [
            TheoremE6 {
                gradient: f64::NAN,
                ..outer
            },
            TheoremE6 {
                sigma: [0.5, -0.25],
                ..outer
            },
            TheoremE6 {
                c: [f64::INFINITY, 1.0],
                ..outer
            },
        ] {
            assert!(sampled(unmet).bound(1).is_err());
            assert!(sampled(unmet).constant().is_err());
        }
    }

    /// All sequences of ten samples of a two-term sum.
    #[test]
    fn the_solver_rate_holds_for_enumerated_proximal_sgd() {
        let (map, lambda, w_star) = instance();
        let variance = map.variance(&w_star, &lambda, 1);
        let mut largest: f64 = 0.0;
        for w0 in [[0.0, 0.0], [w_star[0], w_star[1]], [5.0, -5.0]] {
            let initial = (w0[0] - w_star[0]).powi(2) + (w0[1] - w_star[1]).powi(2);
            let rate = ProxSgdRate {
                q: map.q(&lambda),
                s2_star: variance.s2,
                sigma1: variance.sigma1,
                initial,
            };
            let (theta, offset) = rate.steps();
            let bound = rate.rate(theta, offset).unwrap();
            let mut states = vec![w0.to_vec()];
            for i in 0..=10 {
                let error = |w: &Vec<f64>| {
                    w.iter()
                        .zip(&w_star)
                        .map(|(a, b)| (a - b).powi(2))
                        .sum::<f64>()
                };
                let mean = states.iter().map(error).sum::<f64>() / states.len() as f64;
                assert!(
                    mean <= bound.at(i) * bound_room(i),
                    "{i}: {mean} {}",
                    bound.at(i)
                );
                largest = largest.max(mean / bound.at(i));
                let a = bound.step(i);
                let step = |w: &Vec<f64>, sample: usize| {
                    let mut u = vec![0.0; 2];
                    map.inner()
                        .apply(w, &lambda, Sample::Batch(&[sample]), &mut u);
                    u.iter_mut()
                        .zip(w)
                        .for_each(|(u, w)| *u = (1.0 - a) * w + a * *u);
                    let mut next = vec![0.0; 2];
                    map.outer().apply_scaled(&u, &lambda, a, &mut next);
                    next
                };
                states = states
                    .iter()
                    .flat_map(|w| [step(w, 0), step(w, 1)])
                    .collect();
            }
        }
        assert!(largest > 0.5, "{largest}");
        let rate = ProxSgdRate {
            q: 0.5,
            s2_star: 1.0,
            sigma1: 1.0,
            initial: 1.0,
        };
        assert!(rate.rate(2.0, 100.0).unwrap_err().hypothesis.contains('θ'));
        assert!(rate.rate(6.0, 10.0).unwrap_err().hypothesis.contains("t₀"));
    }
}

//! Theorem 5.4: mean square error of a stochastic implicit derivative, with an explicit constant.
//!
//! Problem: Φ = G∘T, T = E T̂ (Assumptions 5.1, 5.2); r estimates an element of D_imp(λ)ᵀy.
//! Method: any w with E‖w-w(λ)‖² ≤ ρ; w̄ = J⁻¹Σ T̂(w, λ, ξ_j); any v_k with E‖v_k-v̂‖² ≤ σ(k) given
//! (w, w̄); r = (J⁻¹Σ ∂₂T̂(w, λ, ξ_j)ᵀΓ₁ᵀ + Γ₂ᵀ)v_k (Algorithm 1).
//! Metric: sqrt(E Δ(r, D_impᵀy)²).
//! Guarantee: upper bound. With Y = ‖y‖, κ = 1/(1-q), U = sqrt(s²/J + q²ρ), V = κY + sqrt(σ(k)),
//! C_{·,j} = L_j + M_j/R at w(λ) for T and at T* = T(w(λ), λ) for G, b_T = ‖D_{T,2}(w(λ), λ)‖sup,
//! b_G = ‖D_{G,2}(T*, λ)‖sup:
//!   V sqrt(σ₂'/J) + (b_T + C_{T,2}√ρ + b_G + C_{G,2}U) sqrt(σ(k)) +
//!   (b_T+b_G)κ²Y (C_{T,1}√ρ + qC_{G,1}U) + κY (C_{T,2}√ρ + b_TC_{G,1}U + C_{G,2}U).
//!
//! s² and the σ's hold at the w in use. σ₂' is in the Frobenius norm: Γ₁ shares its samples with
//! ∂₂T̂. Reference: Grazzi, Pontil and Salzo (ICML 2024), Theorem 5.4, constants restored by
//! Minkowski's inequality in L².

use super::lemma_d2::Unmet;
use crate::linalg::product::norm2;
use crate::maps::composite::{Composite, PointModuli, Variance};

/// The data of Theorem 5.4 that do not depend on how long anything runs; all upper bounds, in
/// spectral and Euclidean norms unless said otherwise.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Theorem54 {
    /// q < 1, a bound of ‖D_{T,1}‖sup (Assumption 5.1).
    pub q: f64,
    /// A bound of ‖D_{G,1}‖sup, at most 1 (Assumption 5.1).
    pub outer_norm: f64,
    /// ‖y‖ (Euclidean).
    pub y_norm: f64,
    /// s² ≥ E‖T̂-T‖² for one inner minibatch.
    pub s2: f64,
    /// σ₂' ≥ E‖∂₂T̂-E∂₂T̂‖_F² for one inner minibatch.
    pub sigma2: f64,
    /// C_{T,1} = L_{T,1} + M_{T,1}/R_T at (w(λ), λ), the modulus of D_{T,1} (Lemma 2.5).
    pub ct1: f64,
    /// C_{T,2} likewise, the modulus of D_{T,2}.
    pub ct2: f64,
    /// C_{G,1} = L_{G,1} + M_{G,1}/R_G at (T(w(λ), λ), λ), the modulus of D_{G,1}.
    pub cg1: f64,
    /// C_{G,2} likewise, the modulus of D_{G,2}.
    pub cg2: f64,
    /// b_T = ‖D_{T,2}(w(λ), λ)‖sup.
    pub bt: f64,
    /// b_G = ‖D_{G,2}(T(w(λ), λ), λ)‖sup.
    pub bg: f64,
}

impl Theorem54 {
    /// Collects the constants of `map` at w(λ) = `w_star` (d) for λ (m) and y (d); `inner` is the
    /// variance of one inner minibatch at (or uniformly over) the w in use.
    pub fn new(
        map: &Composite,
        w_star: &[f64],
        lambda: &[f64],
        y: &[f64],
        inner: &Variance,
    ) -> Self {
        let (mut t_star, mut w) = (vec![0.0; map.dim()], vec![0.0; map.dim()]);
        map.apply(w_star, lambda, &mut t_star, &mut w);
        let t: PointModuli = map.inner_moduli(w_star, lambda);
        let g: PointModuli = map.outer_moduli(&t_star, lambda);
        Self {
            q: map.q(lambda),
            // Checked when the map was made.
            outer_norm: 1.0,
            y_norm: norm2(y),
            s2: inner.s2,
            sigma2: inner.sigma2,
            ct1: t.c1(),
            ct2: t.c2(),
            cg1: g.c1(),
            cg2: g.c2(),
            bt: t.b2,
            bg: g.b2,
        }
    }

    /// Checks Assumptions 5.1 and 5.2 as far as they are numbers.
    ///
    /// # Errors
    /// The first hypothesis that fails: q < 1, ‖D_{G,1}‖sup ≤ 1, or a constant that is not finite
    /// and nonnegative.
    pub fn check(&self) -> Result<(), Unmet> {
        if !(0.0..1.0).contains(&self.q) {
            return Err(Unmet::new("‖D_{T,1}‖sup ≤ q < 1", self.q));
        }
        if !(0.0..=1.0).contains(&self.outer_norm) {
            return Err(Unmet::new("‖D_{G,1}‖sup ≤ 1", self.outer_norm));
        }
        for (name, v) in [
            ("‖y‖ is finite", self.y_norm),
            ("s² is finite", self.s2),
            ("σ₂' is finite", self.sigma2),
            ("C_{T,1} is finite (R > 0)", self.ct1),
            ("C_{T,2} is finite (R > 0)", self.ct2),
            ("C_{G,1} is finite (R > 0)", self.cg1),
            ("C_{G,2} is finite (R > 0)", self.cg2),
            ("‖D_{T,2}‖sup is finite", self.bt),
            ("‖D_{G,2}‖sup is finite", self.bg),
        ] {
            if !(v >= 0.0 && v.is_finite()) {
                return Err(Unmet::new(name, v));
            }
        }
        Ok(())
    }

    /// The bound of sqrt(E Δ(r, D_impᵀy)²) for ρ ≥ E‖w-w(λ)‖² (`rho`), J inner minibatches (`j`),
    /// σ(k) ≥ E‖v_k-v̂‖² (`sigma_k`). With U = sqrt(s²/J + q²ρ) and V = ‖y‖/(1-q) + sqrt(σ(k)) it
    /// is
    ///
    /// ```text
    /// V sqrt(σ₂'/J) + (b_T + C_{T,2}√ρ + b_G + C_{G,2}U) sqrt(σ(k))
    ///   + (b_T + b_G) ‖y‖/(1-q)² [C_{T,1}√ρ + q C_{G,1}U]
    ///   + ‖y‖/(1-q) [C_{T,2}√ρ + b_T C_{G,1}U + C_{G,2}U]
    /// ```
    ///
    /// # Errors
    /// Those of [`Theorem54::check`], J = 0, and a ρ or σ(k) that is not finite and nonnegative.
    pub fn bound(&self, rho: f64, j: usize, sigma_k: f64) -> Result<f64, Unmet> {
        self.check()?;
        if j == 0 {
            return Err(Unmet::new("J ≥ 1", j));
        }
        for (name, v) in [
            ("E‖w-w(λ)‖² ≤ ρ < ∞", rho),
            ("E‖v_k-v̂‖² ≤ σ(k) < ∞", sigma_k),
        ] {
            if !(v >= 0.0 && v.is_finite()) {
                return Err(Unmet::new(name, v));
            }
        }
        Ok(self.terms(
            rho.sqrt(),
            self.u(rho, j as f64),
            sigma_k.sqrt(),
            (self.sigma2 / j as f64).sqrt(),
        ))
    }

    /// U = sqrt(s²/J + q²ρ).
    pub(super) fn u(&self, rho: f64, j: f64) -> f64 {
        (self.s2 / j + self.q * self.q * rho).sqrt()
    }

    /// The formula in √ρ, U, sqrt(σ(k)) and sqrt(σ₂'/J).
    pub(super) fn terms(&self, root_rho: f64, u: f64, root_sigma: f64, root_sigma2: f64) -> f64 {
        let kappa = 1.0 / (1.0 - self.q);
        let y = self.y_norm;
        let v = kappa * y + root_sigma;
        v * root_sigma2
            + (self.bt + self.ct2 * root_rho + self.bg + self.cg2 * u) * root_sigma
            + (self.bt + self.bg)
                * kappa
                * kappa
                * y
                * (self.ct1 * root_rho + self.q * self.cg1 * u)
            + kappa * y * (self.ct2 * root_rho + self.bt * self.cg1 * u + self.cg2 * u)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::stream::Stream;
    use crate::linalg::{Matrix, Vector};
    use crate::maps::composite::{Channel, FiniteSum, Inner, Loss, NoiseModel, Outer};
    use crate::theory::lemma_d3::LemmaD3;
    use crate::tol::bound_room;
    use crate::truth::expectation::{Recursion, conditional_readout, reference};

    fn one(v: f64) -> Matrix {
        Matrix::from_element(1, 1, v)
    }

    /// Every ξ⁽¹⁾ of J single samples enumerated, ξ⁽²⁾ in exact expectation: E‖r-r*‖² and the
    /// largest E[‖v_k-v̂‖² | ξ⁽¹⁾].
    fn exact(
        map: &Composite,
        w: &[f64],
        lambda: &[f64],
        y: &[f64],
        r_star: &Vector,
        (j, k): (u32, usize),
        eta: impl Fn(usize) -> f64,
    ) -> (f64, f64) {
        let n = map.inner().population();
        let count = n.pow(j);
        let (mut total, mut sigma): (f64, f64) = (0.0, 0.0);
        for code in 0..count {
            let inner: Vec<usize> = (0..j).map(|l| code / n.pow(l) % n).collect();
            let (gamma, readout) = conditional_readout(map, w, lambda, &inner, 0.0).unwrap();
            let mut recursion = Recursion::nsid(map, w, lambda, &gamma, y, 1).unwrap();
            let at = recursion.moments(k, &eta);
            total += readout.mse(&recursion, &at, r_star) / count as f64;
            sigma = sigma.max(at.mse());
        }
        (total, sigma)
    }

    /// w(λ) by iterating Φ to a standstill.
    fn solve(map: &Composite, lambda: &[f64]) -> Vec<f64> {
        let (mut w, mut u, mut next) = (
            vec![0.0; map.dim()],
            vec![0.0; map.dim()],
            vec![0.0; map.dim()],
        );
        for _ in 0..20_000 {
            map.apply(&w, lambda, &mut u, &mut next);
            std::mem::swap(&mut w, &mut next);
        }
        w
    }

    #[test]
    fn holds_on_enumerated_elastic_nets_and_logistic_sums() {
        let mut s = Stream(11);
        let (mut tried, mut largest): (usize, f64) = (0, 0.0);
        for trial in 0..60 {
            let (d, n, eta) = (1 + trial % 3, 3, 0.6);
            let logistic = trial % 4 == 0;
            let loss = if logistic {
                Loss::Logistic
            } else {
                Loss::Quadratic
            };
            let targets = s
                .vec(n)
                .iter()
                .map(|v| if logistic { v.signum() } else { *v })
                .collect();
            let inner = FiniteSum::new(s.vec(n * d), targets, d, eta, loss).unwrap();
            let outer = match trial % 3 {
                0 => Outer::Soft { eta },
                1 => Outer::GroupSoft {
                    eta,
                    groups: std::iter::once(0..d).collect(),
                    weights: vec![1.0],
                },
                _ => Outer::Nonnegative,
            };
            let map = Composite::new(Inner::FiniteSum(inner), outer).unwrap();
            let lambda = [0.03, 0.4];
            let w_star = solve(&map, &lambda);
            let y = s.vec(d);
            let r_star = reference(&map, &w_star, &lambda, &y, 0.0).unwrap().r;
            for scale in [0.0, 0.01, 0.5] {
                let shift = s.vec(d);
                let w: Vec<f64> = w_star
                    .iter()
                    .zip(&shift)
                    .map(|(a, b)| a + scale * b)
                    .collect();
                let rho = shift.iter().map(|b| (scale * b).powi(2)).sum::<f64>();
                let variance = map.variance(&w, &lambda, 1);
                let theorem = Theorem54::new(&map, &w_star, &lambda, &y, &variance);
                let lemma = LemmaD3 {
                    q: theorem.q,
                    sigma1: variance.sigma1,
                    y_norm: theorem.y_norm,
                };
                let Ok(rate) = lemma.rate(1.0, 1.0) else {
                    continue;
                };
                for k in [0, 3, 60] {
                    let (mse, sigma) =
                        exact(&map, &w, &lambda, &y, &r_star, (2, k), |i| rate.step(i));
                    assert!(sigma <= rate.at(k) * bound_room(k));
                    // With the true σ(k) and with Lemma D.3's.
                    let sharp = theorem.bound(rho, 2, sigma).unwrap();
                    assert!(
                        mse.sqrt() <= sharp * bound_room(k),
                        "trial {trial}: {} {sharp}",
                        mse.sqrt()
                    );
                    assert!(sharp <= theorem.bound(rho, 2, rate.at(k)).unwrap() * bound_room(k));
                    largest = largest.max(mse.sqrt() / sharp);
                    tried += 1;
                }
            }
        }
        assert!(tried > 300 && largest > 0.5, "{tried} {largest}");
    }

    /// G = id, T̂ = (0.3 + λ ± √0.5)w at λ = 0: w(λ) = 0, so ∂₂T vanishes at the solution but not
    /// at w = 0.1.
    #[test]
    fn bounds_with_derivatives_at_the_solution_only_are_refuted() {
        let mut model = NoiseModel::multiplicative(
            one(0.3),
            one(0.5f64.sqrt()),
            one(0.0),
            one(0.0),
            Vector::zeros(1),
        );
        model.bilinear = vec![one(1.0)];
        let map = Composite::new(Inner::Noise(model), Outer::Identity).unwrap();
        let (w, lambda, y, k) = ([0.1], [0.0], [1.0], 1000);
        let variance = map.variance(&w, &lambda, 1);
        assert!((variance.sigma1 - 0.5).abs() < 1e-14);
        let theorem = Theorem54::new(&map, &[0.0], &lambda, &y, &variance);
        assert_eq!((theorem.bt, theorem.bg), (0.0, 0.0));
        let rate = LemmaD3 {
            q: theorem.q,
            sigma1: variance.sigma1,
            y_norm: 1.0,
        }
        .rate(1.0, 1.0)
        .unwrap();
        let (mse, _) = exact(&map, &w, &lambda, &y, &Vector::zeros(1), (1, k), |i| {
            rate.step(i)
        });
        let bound = theorem.bound(0.01, 1, rate.at(k)).unwrap();
        assert!(mse.sqrt() <= bound);
        // The same formula without the move of ∂₂T from w(λ) to w in front of sqrt(σ(k)).
        let wrong = bound - theorem.ct2 * 0.1 * rate.at(k).sqrt();
        assert!(mse.sqrt() > wrong * bound_room(k), "{} {wrong}", mse.sqrt());
    }

    /// A = 0, G = relu, d signs that decide both the mask and the sign of ∂₂T̂: r = Σ_{ξ_a=+} v_a
    /// while D_impᵀy = 0.
    #[test]
    fn the_operator_norm_in_sigma2_is_refuted() {
        let d = 8;
        let unit = |a: usize, v: f64| Vector::from_fn(d, |i, _| if i == a { v } else { 0.0 });
        let channel = |a| Channel {
            n: None,
            m: Some(Matrix::from_column_slice(d, 1, unit(a, 1.0).as_slice())),
            e: Some(unit(a, 0.02)),
        };
        let model = NoiseModel {
            a: Matrix::zeros(d, d),
            bilinear: vec![],
            b: Matrix::zeros(d, 1),
            c: Vector::from_element(d, 0.01),
            channels: (0..d).map(channel).collect(),
        };
        let map = Composite::new(Inner::Noise(model), Outer::Nonnegative).unwrap();
        let (w, lambda, y) = (vec![0.01; d], [0.0], vec![1.0; d]);
        let variance = map.variance(&w, &lambda, 1);
        let theorem = Theorem54::new(&map, &w, &lambda, &y, &variance);
        let rate = LemmaD3 {
            q: theorem.q,
            sigma1: variance.sigma1,
            y_norm: theorem.y_norm,
        }
        .rate(1.0, 1.0)
        .unwrap();
        let k = 200;
        let (mse, sigma) = exact(&map, &w, &lambda, &y, &Vector::zeros(1), (1, k), |i| {
            rate.step(i)
        });
        // v_k = (1 - Π(1-η_i))y is deterministic and near y: E r² = (d + d²)/4 up to that.
        assert!(
            (mse / ((d + d * d) as f64 / 4.0) - 1.0).abs() < 0.05,
            "{mse}"
        );
        assert!(mse.sqrt() <= theorem.bound(0.0, 1, sigma).unwrap());
        // λ_max(E Δ₂Δ₂ᵀ) = 1 in place of ‖·‖_F² = d.
        let wrong = Theorem54 {
            sigma2: 1.0,
            ..theorem
        };
        assert!(mse.sqrt() > wrong.bound(0.0, 1, sigma).unwrap());
    }

    #[test]
    fn unmet_hypotheses_are_named() {
        let map = Composite::elastic_net(vec![1.0, 0.5], vec![1.0], 2, 1.0).unwrap();
        let (lambda, y) = ([0.1, 0.0], [1.0, 0.0]);
        let variance = map.variance(&[0.0; 2], &lambda, 1);
        let theorem = Theorem54::new(&map, &[0.0; 2], &lambda, &y, &variance);
        // λ₂ = 0 and n < d: q = 1.
        assert!(theorem.check().unwrap_err().hypothesis.contains("q < 1"));
        let fine = Theorem54 { q: 0.5, ..theorem };
        assert_eq!(fine.bound(0.0, 0, 0.0).unwrap_err().hypothesis, "J ≥ 1");
        assert!(
            fine.bound(f64::NAN, 1, 0.0)
                .unwrap_err()
                .hypothesis
                .contains('ρ')
        );
        assert!(
            Theorem54 {
                outer_norm: 1.1,
                ..fine
            }
            .check()
            .is_err()
        );
        assert!(
            Theorem54 {
                cg1: f64::INFINITY,
                ..fine
            }
            .check()
            .unwrap_err()
            .hypothesis
            .contains("R > 0")
        );
    }
}

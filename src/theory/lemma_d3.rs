//! Lemma D.3: the rate of the linear system of NSID (Algorithm 3).
//!
//! Problem: v = ∂₁Tᵀ Γ₁ᵀ v + y at any w, any Γ₁ with ‖Γ₁‖ ≤ 1, ‖∂₁T‖ ≤ q < 1.
//! Method: v_{i+1} = (1-η_i)v_i + η_i(∂₁T̂(w, λ, ξ_i)ᵀΓ₁ᵀv_i + y), v_0 = 0, η_i = β/(γ+i).
//! Metric: E‖v_i - v̂‖².
//! Guarantee: upper bound for every i, the same for all w and w̄: Lemma D.2 with
//!   σ̂₁ = 2σ₁'‖y‖²/(1-q)²,  σ̂₂ = 2σ₁'/(1-q)²,  ‖v_0-v̂‖ = ‖v̂‖ ≤ ‖y‖/(1-q),
//! because Var ≤ σ₁'‖v‖² and ‖v‖ ≤ (‖Ψ(v)-v‖ + ‖y‖)/(1-q).
//! Default steps: β = 2/(1-q²), γ = β(1+σ̂₂), and then c = max{ γ‖y‖²/(1-q)²,
//! 8σ₁'‖y‖²/((1-q)²(1-q²)²) }. Reference: Grazzi, Pontil and Salzo (ICML 2024), Lemma D.3.

use super::lemma_d2::{LemmaD2, Rate, Unmet};

/// The data of Lemma D.3: Lemma D.2 for the linear system of NSID (Algorithm 3), E‖v_k - v̂‖² ≤
/// σ(k) = c/(γ+k) whatever w and w̄.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LemmaD3 {
    /// q < 1, an upper bound of ‖D_{T,1}‖sup.
    pub q: f64,
    /// σ₁' ≥ λ_max(E\[ΔΔᵀ\]) for the minibatches in use.
    pub sigma1: f64,
    /// ‖y‖ (Euclidean).
    pub y_norm: f64,
}

impl LemmaD3 {
    /// The constants handed to Lemma D.2: σ̂₁ = 2σ₁'‖y‖²/(1-q)², σ̂₂ = 2σ₁'/(1-q)², and ‖v_0 - v̂‖²
    /// = ‖v̂‖² ≤ ‖y‖²/(1-q)² for v_0 = 0.
    pub fn process(&self) -> LemmaD2 {
        let k2 = (1.0 - self.q).powi(2);
        let y2 = self.y_norm * self.y_norm;
        LemmaD2 {
            q: self.q,
            sigma1_hat: 2.0 * self.sigma1 * y2 / k2,
            sigma2_hat: 2.0 * self.sigma1 / k2,
            initial: y2 / k2,
        }
    }

    /// The lemma's own steps: β = 2/(1-q²) and γ = β(1+σ̂₂).
    ///
    /// # Errors
    /// Those of [`LemmaD2::check_process`].
    pub fn steps(&self) -> Result<(f64, f64), Unmet> {
        let process = self.process();
        process.check_process()?;
        let beta = 2.0 / (1.0 - self.q * self.q);
        Ok((beta, beta * (1.0 + process.sigma2_hat)))
    }

    /// σ(k) = c/(γ+k) for the β and γ of [`LemmaD3::steps`] times `times_beta` and `times_gamma`.
    ///
    /// # Errors
    /// Those of [`LemmaD2::rate`]: a multiplier that breaks a hypothesis is named by it.
    pub fn rate(&self, times_beta: f64, times_gamma: f64) -> Result<Rate, Unmet> {
        let (beta, gamma) = self.steps()?;
        self.process().rate(beta * times_beta, gamma * times_gamma)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::stream::Stream;
    use crate::linalg::{Matrix, Vector};
    use crate::maps::composite::{Composite, FiniteSum, Inner, Loss, NoiseModel, Outer};
    use crate::tol::bound_room;
    use crate::truth::expectation::Recursion;

    /// The largest ratio of the exact E‖v_i-v̂‖² to the bound, over random sums, losses, minibatch
    /// sizes, w, w̄ and multipliers.
    #[test]
    fn exact_expectations_never_exceed_the_bound() {
        let mut s = Stream(3);
        let mut largest: f64 = 0.0;
        for trial in 0..120 {
            let (d, n) = (1 + trial % 4, 2 + trial % 7);
            let loss = if trial % 3 == 0 {
                Loss::Logistic
            } else {
                Loss::Quadratic
            };
            let x = s.vec(n * d);
            let y: Vec<f64> = s
                .vec(n)
                .iter()
                .map(|v| if trial % 3 == 0 { v.signum() } else { *v })
                .collect();
            let eta = 0.2 + 0.2 * (trial % 5) as f64;
            let inner = FiniteSum::new(x, y, d, eta, loss).unwrap();
            let map = Composite::new(Inner::FiniteSum(inner), Outer::Soft { eta }).unwrap();
            let lambda = [0.1, 0.05 + 0.1 * (trial % 4) as f64];
            let (w, cotangent, batch) = (s.vec(d), s.vec(d), 1 + trial % 3);
            let gamma = map.mean_gamma(&w, &lambda, 0.0);
            let q = map.q(&lambda);
            if q >= 1.0 {
                continue;
            }
            let mut recursion =
                Recursion::nsid(&map, &w, &lambda, &gamma, &cotangent, batch).unwrap();
            let y_norm = Vector::from_vec(cotangent).norm();
            let lemma = LemmaD3 {
                q,
                sigma1: map.variance(&w, &lambda, batch).sigma1,
                y_norm,
            };
            for (tb, tg) in [(1.0, 1.0), (0.6, 1.0), (2.0, 5.0)] {
                let rate = lemma.rate(tb, tg).unwrap();
                for (i, e) in recursion
                    .mse_curve(400, |i| rate.step(i))
                    .iter()
                    .enumerate()
                {
                    assert!(
                        *e <= rate.at(i) * bound_room(i),
                        "trial {trial}, step {i}: {e} > {}",
                        rate.at(i)
                    );
                    largest = largest.max(e / rate.at(i));
                }
            }
        }
        assert!(largest > 0.2, "the bound was never approached: {largest}");
    }

    /// d = 1, P_ξ = q ± √σ₁': the process that separates right from wrong constants.
    fn scalar(q: f64, sigma1: f64) -> Recursion {
        let one = |v: f64| Matrix::from_element(1, 1, v);
        let model = NoiseModel::multiplicative(
            one(q),
            one(sigma1.sqrt()),
            one(0.0),
            one(0.0),
            Vector::zeros(1),
        );
        let map = Composite::new(Inner::Noise(model), Outer::Identity).unwrap();
        let gamma = map.mean_gamma(&[0.0], &[0.0], 0.0);
        Recursion::nsid(&map, &[0.0], &[0.0], &gamma, &[1.0], 1).unwrap()
    }

    #[test]
    fn a_missing_factor_in_sigma2_hat_is_refuted() {
        let (q, sigma1) = (0.95, 100.0);
        let right = LemmaD3 {
            q,
            sigma1,
            y_norm: 1.0,
        };
        let exceeds = |rate: Rate| {
            scalar(q, sigma1)
                .mse_curve(20_000, |i| rate.step(i))
                .iter()
                .enumerate()
                .any(|(i, e)| *e > rate.at(i) * bound_room(i))
        };
        assert!(!exceeds(right.rate(1.0, 1.0).unwrap()));
        // σ̂₂ = σ₁' instead of 2σ₁'/(1-q)²: the steps become too long.
        let wrong = LemmaD2 {
            sigma2_hat: sigma1,
            ..right.process()
        };
        let beta = 2.0 / (1.0 - q * q);
        assert!(exceeds(wrong.rate(beta, beta * (1.0 + sigma1)).unwrap()));
    }

    /// From v_0 = v̂ the noise is all there is: (γ+i)·MSE tends to (1+q)/(2(3-q)) of the bound, 0.3
    /// at q = ½, so that a quarter of σ̂₁ is refuted.
    #[test]
    fn a_smaller_sigma1_hat_is_refuted_from_the_solution() {
        let (q, sigma1) = (0.5, 0.1);
        let right = LemmaD3 {
            q,
            sigma1,
            y_norm: 1.0,
        };
        let exceeds = |times: f64| {
            let process = LemmaD2 {
                sigma1_hat: times * right.process().sigma1_hat,
                initial: 0.0,
                ..right.process()
            };
            let (beta, gamma) = right.steps().unwrap();
            let rate = process.rate(beta, gamma).unwrap();
            let mut recursion = scalar(q, sigma1);
            let start = recursion.start_at(&recursion.v_hat().clone());
            let curve = recursion.mse_curve_from(start, 20_000, |i| rate.step(i));
            let mut all = curve.iter().enumerate();
            all.any(|(i, e)| *e > rate.at(i) * bound_room(i))
        };
        assert!(!exceeds(1.0));
        assert!(exceeds(0.25));
    }

    #[test]
    fn closed_form_of_c_and_broken_hypotheses() {
        let lemma = LemmaD3 {
            q: 0.5,
            sigma1: 0.3,
            y_norm: 2.0,
        };
        let rate = lemma.rate(1.0, 1.0).unwrap();
        let want = (rate.gamma * 4.0 / 0.25f64).max(8.0 * 0.3 * 4.0 / (0.25 * 0.75 * 0.75));
        assert!((rate.c - want).abs() <= 1e-12 * want);
        assert_eq!(lemma.rate(0.5, 1.0).unwrap_err().hypothesis, "β > 1/(1-q²)");
        assert_eq!(lemma.rate(1.0, 0.9).unwrap_err().hypothesis, "γ ≥ β(1+σ̂₂)");
        assert!(LemmaD3 { q: 1.0, ..lemma }.rate(1.0, 1.0).is_err());
    }
}

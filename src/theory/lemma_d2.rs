//! Lemma D.2: stochastic fixed-point iteration of a contraction.
//!
//! Problem: Ψ: ℝᵈ → ℝᵈ with ‖Ψ(v)-Ψ(v')‖ ≤ q‖v-v'‖, q < 1, and fixed point v̂; EΨ̂(v, ξ) = Ψ(v),
//! Var Ψ̂(v, ξ) ≤ σ̂₁ + σ̂₂‖Ψ(v)-v‖² (trace).
//! Method: v_{i+1} = v_i + η_i(Ψ̂(v_i, ξ_i) - v_i), independent ξ_i, η_i = β/(γ+i).
//! Metric: E‖v_i - v̂‖².
//! Guarantee: upper bound for every i ≥ 0, if β > 1/(1-q²) and γ ≥ β(1+σ̂₂):
//!   E‖v_i - v̂‖² ≤ c/(γ+i),   c = max{ γ‖v_0-v̂‖², β²σ̂₁/(β(1-q²)-1) }.
//! For a constant η ≤ 1/(1+σ̂₂): E‖v_i - v̂‖² ≤ (1-η(1-q²))ⁱ‖v_0-v̂‖² + ησ̂₁/(1-q²).
//! Reference: Grazzi, Pontil and Salzo (ICML 2024), Lemma D.2; Grazzi et al. (2021), Theorem 4.2;
//! Bottou et al. (2018), Theorem 4.7. Both follow from e_{i+1} ≤ (1-η(1-q²))e_i + η²σ̂₁, which
//! needs η(1+σ̂₂) ≤ 1.

use std::fmt;

/// A hypothesis of a theorem that an instance does not meet.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Unmet {
    /// The hypothesis, as written in the theorem.
    pub hypothesis: &'static str,
    /// What was found instead.
    pub found: String,
}

impl Unmet {
    pub(crate) fn new(hypothesis: &'static str, found: impl fmt::Display) -> Self {
        Self {
            hypothesis,
            found: found.to_string(),
        }
    }
}

impl fmt::Display for Unmet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (found {})", self.hypothesis, self.found)
    }
}

/// The data of Lemma D.2: v_{i+1} = v_i + η_i(Ψ̂(v_i, ξ_i) - v_i), where Ψ = E Ψ̂ is a
/// q-contraction with fixed point v̂ and Var Ψ̂(v) ≤ σ̂₁ + σ̂₂‖Ψ(v) - v‖² (variance in the
/// Euclidean norm).
///
/// ```
/// use ratecert::theory::LemmaD2;
///
/// let lemma = LemmaD2 { q: 0.5, sigma1_hat: 1.0, sigma2_hat: 0.0, initial: 1.0 };
/// // η_i = β/(γ+i) with β > 1/(1-q²) and γ ≥ β(1+σ̂₂): E‖v_i - v̂‖² ≤ c/(γ+i).
/// let rate = lemma.rate(2.0, 2.0).expect("the hypotheses hold");
/// assert_eq!(rate.c, 8.0); // max{ γ‖v_0-v̂‖², β²σ̂₁/(β(1-q²)-1) } = max{ 2, 4/0.5 }
/// assert_eq!(rate.at(6), 1.0);
/// assert!(lemma.rate(1.0, 2.0).is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LemmaD2 {
    /// q < 1, an upper bound of the contraction factor.
    pub q: f64,
    /// σ̂₁ ≥ 0, the part of the variance of Ψ̂ that stays at v̂, an upper bound.
    pub sigma1_hat: f64,
    /// σ̂₂ ≥ 0, the part of the variance of Ψ̂ per ‖Ψ(v) - v‖², an upper bound.
    pub sigma2_hat: f64,
    /// ‖v_0 - v̂‖², an upper bound.
    pub initial: f64,
}

impl LemmaD2 {
    /// Checks what the lemma asks of the process: q in \[0, 1), nonnegative finite constants.
    ///
    /// # Errors
    /// The first hypothesis that fails, with what was found.
    pub fn check_process(&self) -> Result<(), Unmet> {
        if !(0.0..1.0).contains(&self.q) {
            return Err(Unmet::new("Ψ is a q-contraction, 0 ≤ q < 1", self.q));
        }
        for (name, v) in [
            ("σ̂₁ is finite and nonnegative", self.sigma1_hat),
            ("σ̂₂ is finite and nonnegative", self.sigma2_hat),
            ("‖v_0 - v̂‖² is finite and nonnegative", self.initial),
        ] {
            if !(v >= 0.0 && v.is_finite()) {
                return Err(Unmet::new(name, v));
            }
        }
        Ok(())
    }

    /// The rate c/(γ+i) of the steps η_i = β/(γ+i) (Lemma D.2), c = max{ γ‖v_0-v̂‖²,
    /// β²σ̂₁/(β(1-q²)-1) }.
    ///
    /// # Errors
    /// The first hypothesis that fails: those of [`LemmaD2::check_process`], β > 1/(1-q²), γ ≥
    /// β(1+σ̂₂).
    pub fn rate(&self, beta: f64, gamma: f64) -> Result<Rate, Unmet> {
        self.check_process()?;
        let gap = beta * (1.0 - self.q * self.q) - 1.0;
        if !(gap > 0.0 && beta.is_finite()) {
            return Err(Unmet::new(
                "β > 1/(1-q²)",
                format!("β = {beta}, 1/(1-q²) = {}", 1.0 / (1.0 - self.q * self.q)),
            ));
        }
        if !(gamma >= beta * (1.0 + self.sigma2_hat) && gamma.is_finite()) {
            let least = beta * (1.0 + self.sigma2_hat);
            return Err(Unmet::new(
                "γ ≥ β(1+σ̂₂)",
                format!("γ = {gamma}, β(1+σ̂₂) = {least}"),
            ));
        }
        let c = (gamma * self.initial).max(beta * beta * self.sigma1_hat / gap);
        Ok(Rate { beta, gamma, c })
    }

    /// The bound (1-η(1-q²))ⁱ‖v_0-v̂‖² + ησ̂₁/(1-q²) of E‖v_i - v̂‖² for a constant step η. With
    /// e_i = E‖v_i - v̂‖² one step gives e_{i+1} ≤ (1-η(1-q²))e_i + η²σ̂₁ where η(1+σ̂₂) ≤ 1, and
    /// the powers of 1-η(1-q²) sum to at most 1/(η(1-q²)).
    ///
    /// # Errors
    /// The first hypothesis that fails: those of [`LemmaD2::check_process`], 0 < η ≤ 1/(1+σ̂₂).
    pub fn constant_step(&self, eta: f64, i: usize) -> Result<f64, Unmet> {
        self.check_process()?;
        if !(eta > 0.0 && eta * (1.0 + self.sigma2_hat) <= 1.0) {
            return Err(Unmet::new(
                "0 < η ≤ 1/(1+σ̂₂)",
                format!("η = {eta}, σ̂₂ = {}", self.sigma2_hat),
            ));
        }
        let gap = 1.0 - self.q * self.q;
        Ok((1.0 - eta * gap).powf(i as f64) * self.initial + eta * self.sigma1_hat / gap)
    }
}

/// E‖v_i - v̂‖² ≤ c/(γ+i) for the steps η_i = β/(γ+i).
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Rate {
    /// β of the steps.
    pub beta: f64,
    /// γ of the steps and of the bound.
    pub gamma: f64,
    /// c, a bound of (γ+i)E‖v_i - v̂‖² for every i.
    pub c: f64,
}

impl Rate {
    /// c/(γ+i), the bound after i steps.
    pub fn at(&self, i: usize) -> f64 {
        self.c / (self.gamma + i as f64)
    }

    /// η_i = β/(γ+i), the step from v_i to v_{i+1}.
    pub fn step(&self, i: usize) -> f64 {
        self.beta / (self.gamma + i as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Scalar Ψ̂ = qv + a·ξ + b·ξ'(Ψ(v) - v) with signs ξ, ξ': the moments obey a two-term
    /// recursion in closed form, the hypotheses hold with equality.
    fn curve(q: f64, s1: f64, s2: f64, e0: f64, k: usize, eta: impl Fn(usize) -> f64) -> Vec<f64> {
        let mut e = e0;
        let mut out = vec![e];
        for i in 0..k {
            let h = eta(i);
            e = (1.0 - h + h * q).powi(2) * e + h * h * (s1 + s2 * (1.0 - q).powi(2) * e);
            out.push(e);
        }
        out
    }

    /// The curve loses at most 12 roundings a step.
    fn room(i: usize) -> f64 {
        crate::tol::bound_room(i) + crate::tol::gamma(12 * i)
    }

    #[test]
    fn holds_for_every_i_and_every_admissible_step_of_a_scalar_process() {
        for q in [0.0, 0.3, 0.9, 0.99] {
            for (s1, s2, e0) in [
                (1.0, 0.0, 1.0),
                (0.1, 10.0, 4.0),
                (0.0, 3.0, 1.0),
                (5.0, 100.0, 0.0),
            ] {
                let lemma = LemmaD2 {
                    q,
                    sigma1_hat: s1,
                    sigma2_hat: s2,
                    initial: e0,
                };
                for times in [1.01, 2.0, 5.0] {
                    let beta = times / (1.0 - q * q);
                    let rate = lemma.rate(beta, beta * (1.0 + s2)).unwrap();
                    for (i, e) in curve(q, s1, s2, e0, 3000, |i| rate.step(i))
                        .iter()
                        .enumerate()
                    {
                        assert!(*e <= rate.at(i) * room(i), "{q} {s1} {s2} {i}");
                    }
                }
                let eta = 1.0 / (1.0 + s2);
                for (i, e) in curve(q, s1, s2, e0, 1000, |_| eta).iter().enumerate() {
                    // Attained at every step where s1 = 0: η(1+σ̂₂) = 1 and every inequality is an
                    // equality.
                    assert!(*e <= lemma.constant_step(eta, i).unwrap() * room(i));
                }
            }
        }
    }

    #[test]
    fn the_bound_is_attained_at_the_start_and_a_smaller_c_is_refuted() {
        // q = 0, no multiplicative noise: e_i can be followed by hand.
        let lemma = LemmaD2 {
            q: 0.0,
            sigma1_hat: 1.0,
            sigma2_hat: 0.0,
            initial: 0.0,
        };
        let rate = lemma.rate(2.0, 2.0).unwrap();
        assert_eq!(rate.c, 4.0);
        let e = curve(0.0, 1.0, 0.0, 0.0, 1, |i| rate.step(i));
        // e_1 = 1 against c/3 = 4/3: a c 0.7 times as large fails.
        assert!(e[1] <= rate.at(1) && e[1] > 0.7 * rate.at(1));
    }

    #[test]
    fn unmet_hypotheses_are_named() {
        let lemma = LemmaD2 {
            q: 0.5,
            sigma1_hat: 1.0,
            sigma2_hat: 1.0,
            initial: 1.0,
        };
        assert_eq!(
            lemma.rate(1.0, 10.0).unwrap_err().hypothesis,
            "β > 1/(1-q²)"
        );
        assert_eq!(lemma.rate(2.0, 3.9).unwrap_err().hypothesis, "γ ≥ β(1+σ̂₂)");
        assert_eq!(
            lemma.constant_step(0.6, 1).unwrap_err().hypothesis,
            "0 < η ≤ 1/(1+σ̂₂)"
        );
        let wide = LemmaD2 { q: 1.0, ..lemma };
        assert!(
            wide.rate(2.0, 4.0)
                .unwrap_err()
                .to_string()
                .contains("contraction")
        );
        let nan = LemmaD2 {
            sigma1_hat: f64::NAN,
            ..lemma
        };
        assert!(nan.check_process().is_err());
    }
}

//! Is the mean of a nonnegative quantity at most b? An anytime-valid test by betting.
//!
//! Owns the test of H0: E(X_i | X_1..X_{i-1}) ≤ b for X_i ≥ 0 of any law, bounded or not.
//! Must not know what X is (in use: a squared error, with b a theorem's bound).
//!
//! **The test.** For λ in (0,1) the factor f_λ(x) = 1 + λ(x/b - 1) is positive and
//! under H0 has conditional mean at most 1, so that W_n = Σ_k π_k Π_{i≤n} f_{λ_k}(X_i), for a
//! fixed grid λ_1..λ_K and weights π_k = 1/K, is a nonnegative supermartingale with W_0 = 1.
//! Ville's inequality: P(sup_n W_n ≥ 1/α) ≤ α. H0 is rejected as soon as
//! W_n ≥ 1/α; the false-alarm probability is at most α whatever the number of
//! samples, whenever one stops, and 1/sup_n W_n is a p-value. (Ville 1939; Shafer, "Testing by
//! betting", JRSS A 184 (2021); Waudby-Smith, Ramdas, JRSS B 86 (2024).)
//!
//! **What it can see.** The best single λ for a mean of r·b grows log W by about
//! (r-1)²/2σ² per sample, σ² = Var(X/b); the grid is within a factor 2
//! of it over a range of 2¹⁴ and the mixture costs ln K once.

use statrs::distribution::{ContinuousCDF, Normal};

use crate::error::{Bound, Error, Result};
use crate::tol;

/// Number of bets.
const BETS: usize = 16;

/// λ: near 1 for large violations in few samples, 2⁻¹⁴ for heavy tails and many
/// samples. Dyadic, so that 1-λ is exact.
const GRID: [f64; BETS] = {
    let mut grid = [15.0 / 16.0; BETS];
    grid[1] = 0.75;
    let mut k = 2;
    let mut lambda = 0.5;
    while k < BETS {
        grid[k] = lambda;
        lambda *= 0.5;
        k += 1;
    }
    grid
};

/// Power at which [`Outcome::detectable_ratio`] is stated.
pub const POWER: f64 = 0.99;

/// Ratios beyond this are reported as undetectable.
const LARGEST_RATIO: f64 = 18_446_744_073_709_551_616.0;

/// Permitted false-alarm probabilities of one test.
pub(crate) const ALPHA: Bound = Bound {
    name: "alpha",
    what: "false-alarm probability",
    min: f64::MIN_POSITIVE,
    max: 1.0,
};

/// The test of E X ≤ b for X ≥ 0, fed one sample at a time.
///
/// ```
/// use ratecert::stats::sequential::MeanAtMost;
///
/// let mut test = MeanAtMost::new(1.0, 1e-6)?;
/// assert!(!test.extend(&[0.5, 1.5, 0.8, 1.2])?);
/// // Twice the bound, again and again, is not chance.
/// assert!(test.extend(&[2.0; 100])?);
/// assert!(test.outcome().p_value <= 1e-6);
/// # Ok::<(), ratecert::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct MeanAtMost {
    bound: f64,
    alpha: f64,
    bets: [Product; BETS],
    samples: Vec<f64>,
    peak: f64,
    rejected_at: Option<usize>,
}

/// What the test has found so far.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome {
    /// H0 is rejected at level α.
    pub rejected: bool,
    /// Number of samples after which it was.
    pub rejected_at: Option<usize>,
    /// ln of the largest wealth so far, rounded down; infinite after an impossible sample.
    pub log_e_value: f64,
    /// min(1, 1/largest wealth): valid at any stopping time.
    pub p_value: f64,
    /// Samples seen.
    pub samples: usize,
    /// Their mean, in the units of the samples.
    pub mean: f64,
    /// The smallest ratio E(X)/b ≥ 1 that would be rejected with 99 % power at this
    /// number of samples; see [`MeanAtMost::detectable_ratio`].
    pub detectable_ratio: Option<f64>,
}

impl MeanAtMost {
    /// Tests E(X) ≤ `bound` with false-alarm probability at most `alpha`.
    ///
    /// `bound` = 0 says X = 0 almost surely: any positive sample rejects.
    ///
    /// # Errors
    /// When `bound` is negative or not finite, or `alpha` outside (0, 1].
    pub fn new(bound: f64, alpha: f64) -> Result<Self> {
        ALPHA.check(alpha)?;
        if !(bound >= 0.0 && bound.is_finite()) {
            return Err(Error::input(format!(
                "the bound on the mean must be finite and not negative, got {bound}"
            ))
            .in_field("bound"));
        }
        Ok(Self {
            bound,
            alpha,
            bets: [Product::ONE; BETS],
            samples: Vec::new(),
            peak: 0.0,
            rejected_at: None,
        })
    }

    /// Takes one sample; returns whether H0 is rejected by now. An infinite sample has probability
    /// 0 under H0 and rejects.
    ///
    /// # Errors
    /// When `x` is NaN or negative; the state is unchanged then.
    pub fn push(&mut self, x: f64) -> Result<bool> {
        if x.is_nan() || x < 0.0 {
            return Err(
                Error::input(format!("samples must not be negative, got {x}"))
                    .in_field(format!("samples[{}]", self.samples.len())),
            );
        }
        self.samples.push(x);
        if x.is_infinite() || (self.bound == 0.0 && x > 0.0) {
            self.peak = f64::INFINITY;
        } else if self.bound > 0.0 {
            // Cutting an overflowing ratio off only lowers the wealth.
            let ratio = (x / self.bound).min(f64::MAX);
            for (bet, lambda) in self.bets.iter_mut().zip(GRID) {
                bet.multiply((1.0 - lambda) + lambda * ratio);
            }
            // W < 2^(top+1) cannot raise the peak where that is below it already.
            if (self.top() + 1) as f64 * std::f64::consts::LN_2 > self.peak {
                self.peak = self.peak.max(self.log_wealth());
            }
        }
        if self.rejected_at.is_none() && self.peak >= -self.alpha.ln() {
            self.rejected_at = Some(self.samples.len());
        }
        Ok(self.rejected_at.is_some())
    }

    /// Takes all `samples`, in order; returns whether H0 is rejected by now.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    pub fn extend(&mut self, samples: &[f64]) -> Result<bool> {
        for x in samples {
            self.push(*x)?;
        }
        Ok(self.rejected_at.is_some())
    }

    /// Whether H0 is rejected, without the rest of [`outcome`](Self::outcome).
    pub fn rejected(&self) -> bool {
        self.rejected_at.is_some()
    }

    /// The findings so far.
    pub fn outcome(&self) -> Outcome {
        Outcome {
            rejected: self.rejected(),
            rejected_at: self.rejected_at,
            log_e_value: self.peak,
            p_value: (-self.peak).exp().min(1.0),
            samples: self.samples.len(),
            mean: self.mean(),
            detectable_ratio: self.detectable_ratio(),
        }
    }

    fn mean(&self) -> f64 {
        self.samples.iter().sum::<f64>() / self.samples.len() as f64
    }

    /// The largest exponent of a bet.
    fn top(&self) -> i64 {
        self.bets.iter().fold(i64::MIN, |m, b| m.max(b.exponent))
    }

    /// ln W_n, rounded down: each factor and product of it carries at most 4 roundings,
    /// the sum and its logarithm less than 64.
    fn log_wealth(&self) -> f64 {
        let top = self.top();
        let sum: f64 = self.bets.iter().map(|b| b.scaled(top)).sum();
        let log = (sum / BETS as f64).ln() + top as f64 * std::f64::consts::LN_2;
        log - tol::gamma(4 * self.samples.len() + 64) * (1.0 + log.abs())
    }

    /// The smallest r ≥ 1 such that samples r·b·Y, Y = X/mean(X) having the observed
    /// shape, would have been rejected with probability [`POWER`].
    ///
    /// A deterministic computation from the recorded sample: for each λ the log-growth g_i =
    /// ln(1-λ+λrY_i) has observed mean G and variance V, and H0 is taken to be rejected with that
    /// power when nG - z_{0.99} sqrt(nV) ≥ ln(1/α) + ln K for some λ. That is the Gaussian
    /// approximation of Σg_i for the observed shape (the logarithm has light tails even where X has
    /// not), ignoring the other bets and earlier crossings, both of which only help. It tells how
    /// sensitive the test was; it is no part of the guarantee. `None` when b = 0, when nothing but
    /// zeros was seen, or when no ratio is detectable.
    pub fn detectable_ratio(&self) -> Option<f64> {
        let mean = self.mean();
        if !(self.samples.len() >= 2 && mean > 0.0 && mean.is_finite() && self.bound > 0.0) {
            return None;
        }
        let shape: Vec<f64> = self.samples.iter().map(|x| x / mean).collect();
        let z = Normal::standard().inverse_cdf(POWER);
        let needed = (BETS as f64).ln() - self.alpha.ln();
        let detects = |r: f64| {
            GRID.iter().any(|lambda| {
                let (n, g, v) = growth(&shape, *lambda, r);
                n * g - z * (n * v).sqrt() >= needed
            })
        };
        let mut high = 2.0;
        while !detects(high) {
            high *= 2.0;
            if high > LARGEST_RATIO {
                return None;
            }
        }
        let mut low = if high > 2.0 { 0.5 * high } else { 1.0 };
        // Ten halvings: three digits of a figure that is itself an approximation.
        for _ in 0..10 {
            let middle = 0.5 * (low + high);
            if detects(middle) {
                high = middle;
            } else {
                low = middle;
            }
        }
        Some(high)
    }
}

/// Number, mean and variance of ln(1-λ+λrY).
fn growth(shape: &[f64], lambda: f64, r: f64) -> (f64, f64, f64) {
    let n = shape.len() as f64;
    let (mut mean, mut m2, mut count) = (0.0, 0.0, 0.0);
    for y in shape {
        // Welford: the variance of near-constant shapes must not cancel.
        let g = ((1.0 - lambda) + lambda * (r * y)).ln();
        count += 1.0;
        let d = g - mean;
        mean += d / count;
        m2 += d * (g - mean);
    }
    (n, mean, m2 / n)
}

/// A positive product as mantissa·2^exponent: a logarithm without calling one
/// per factor, and without overflow.
#[derive(Clone, Copy, Debug)]
struct Product {
    mantissa: f64,
    exponent: i64,
}

impl Product {
    const ONE: Self = Self {
        mantissa: 1.0,
        exponent: 0,
    };

    /// `factor` must be a positive normal number.
    fn multiply(&mut self, factor: f64) {
        let (m, e) = split(factor);
        let (m, carry) = split(self.mantissa * m);
        self.mantissa = m;
        self.exponent += e + carry;
    }

    /// The product divided by 2^top; 0 below 2⁻¹⁰⁰⁰.
    fn scaled(self, top: i64) -> f64 {
        let e = self.exponent - top;
        if e < -1000 {
            0.0
        } else {
            self.mantissa * 2f64.powi(e as i32)
        }
    }
}

/// v = m·2^e with m in [1, 2), for positive normal v.
fn split(v: f64) -> (f64, i64) {
    let bits = v.to_bits();
    let exponent = (bits >> 52) as i64 - 1023;
    let mantissa = f64::from_bits((bits & ((1 << 52) - 1)) | (1023 << 52));
    (mantissa, exponent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grid_is_as_documented() {
        assert_eq!(&GRID[..4], &[0.9375, 0.75, 0.5, 0.25]);
        assert_eq!(GRID[BETS - 1], 2f64.powi(-14));
    }

    /// W_n against its definition, in plain logarithms.
    #[test]
    fn wealth_is_the_mixture_of_products() {
        let (b, x) = (2.0, [0.0, 1.0, 9.0, 3.5, 0.25, 100.0]);
        let mut t = MeanAtMost::new(b, 0.01).unwrap();
        for n in 1..=x.len() {
            t.push(x[n - 1]).unwrap();
            let wealth: f64 = GRID
                .iter()
                .map(|l| {
                    x[..n]
                        .iter()
                        .map(|x| 1.0 + l * (x / b - 1.0))
                        .product::<f64>()
                })
                .sum::<f64>()
                / BETS as f64;
            assert!((t.log_wealth() - wealth.ln()).abs() < 1e-13);
            assert!(t.log_wealth() < wealth.ln());
        }
    }

    /// The largest wealth of all times is remembered, to the last digits that rounding leaves,
    /// however it goes up and down.
    #[test]
    fn the_peak_is_that_of_all_times() {
        let mut random = crate::linalg::random::Random::new(4);
        for run in 0..30 {
            let (mut t, mut products, mut peak) =
                (MeanAtMost::new(1.0, 1e-6).unwrap(), [1.0; BETS], 0.0f64);
            for _ in 0..60 {
                let x = (random.normal() * 0.8).exp() * (0.6 + 0.03 * f64::from(run));
                t.push(x).unwrap();
                products
                    .iter_mut()
                    .zip(GRID)
                    .for_each(|(p, l)| *p *= 1.0 - l + l * x);
                peak = peak.max((products.iter().sum::<f64>() / BETS as f64).ln());
                let found = t.outcome().log_e_value;
                assert!(
                    found <= peak && peak - found < 1e-11,
                    "{run}: {found} {peak}"
                );
            }
        }
    }

    /// The supermartingale property itself: E f = 1 at a mean of exactly b, so E W_n = 1, by
    /// enumeration of all 3⁶ paths of a three-point law with mean b.
    #[test]
    fn expected_wealth_is_one_at_the_bound() {
        let law = [(0.0, 0.5), (1.0, 0.3), (3.5, 0.2)];
        assert_eq!(law.iter().map(|(x, p)| x * p).sum::<f64>(), 1.0);
        let mut expectation = 0.0;
        for path in 0..3_usize.pow(6) {
            let mut t = MeanAtMost::new(1.0, 0.01).unwrap();
            let (mut p, mut code) = (1.0, path);
            for _ in 0..6 {
                let (x, q) = law[code % 3];
                code /= 3;
                p *= q;
                t.push(x).unwrap();
            }
            expectation += p * t.log_wealth().exp();
        }
        assert!((expectation - 1.0).abs() < 1e-12, "{expectation}");
    }

    #[test]
    fn a_planted_violation_is_found_and_the_bound_itself_is_not() {
        // Mean 1.5 b, deterministic: λ = 15/16 grows by ln(1+15/32) a sample.
        let mut t = MeanAtMost::new(2.0, 1e-9).unwrap();
        assert!(t.extend(&[3.0; 80]).unwrap());
        let o = t.outcome();
        let n = ((1e9_f64).ln() + 16_f64.ln()) / (1.0 + 15.0 / 32.0_f64).ln();
        assert!(o.rejected && o.rejected_at.unwrap() <= n.ceil() as usize);
        assert!(o.p_value <= 1e-9 && o.samples == 80 && o.mean == 3.0);
        let mut t = MeanAtMost::new(2.0, 1e-9).unwrap();
        assert!(!t.extend(&[2.0; 1000]).unwrap());
        assert_eq!((t.outcome().p_value, t.outcome().log_e_value), (1.0, 0.0));
    }

    #[test]
    fn edge_cases() {
        let mut zero = MeanAtMost::new(0.0, 0.01).unwrap();
        assert!(!zero.extend(&[0.0; 100]).unwrap());
        assert_eq!(zero.outcome().detectable_ratio, None);
        assert!(zero.push(f64::MIN_POSITIVE).unwrap());
        assert_eq!(zero.outcome().p_value, 0.0);

        let mut t = MeanAtMost::new(1.0, 0.01).unwrap();
        assert_eq!(t.push(f64::NAN).unwrap_err().field(), Some("samples[0]"));
        t.push(0.5).unwrap();
        assert_eq!(t.push(-1.0).unwrap_err().field(), Some("samples[1]"));
        assert_eq!(t.outcome().samples, 1);
        assert!(t.push(f64::INFINITY).unwrap());
        assert_eq!(
            (t.outcome().rejected_at, t.outcome().p_value),
            (Some(2), 0.0)
        );
        assert_eq!(t.outcome().detectable_ratio, None);

        // Huge and tiny ratios, many of them, stay finite and on the right side.
        let mut t = MeanAtMost::new(1e-300, 0.01).unwrap();
        assert!(t.push(1e300).unwrap() && t.outcome().log_e_value > 600.0);
        let mut t = MeanAtMost::new(1e300, 0.01).unwrap();
        assert!(!t.extend(&[1e-300; 5000]).unwrap());
        assert!(t.log_wealth().is_finite() && t.log_wealth() < 0.0);

        for b in [-1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(MeanAtMost::new(b, 0.1).unwrap_err().field(), Some("bound"));
        }
        for a in [0.0, -1.0, 1.5, f64::NAN] {
            assert_eq!(MeanAtMost::new(1.0, a).unwrap_err().field(), Some("alpha"));
        }
    }

    #[test]
    fn detectable_ratio_of_a_constant_shape_is_exact() {
        // No variance: n ln(1-λ+λr) = ln(1/α) + ln K at λ = 15/16.
        let mut t = MeanAtMost::new(1.0, 1e-6).unwrap();
        t.extend(&[0.3; 20]).unwrap();
        let needed = (1e6_f64.ln() + 16_f64.ln()) / 20.0;
        let r = 1.0 + (needed.exp() - 1.0) * 16.0 / 15.0;
        let got = t.outcome().detectable_ratio.unwrap();
        assert!((got / r - 1.0).abs() < 2e-3, "{got} {r}");
        // A large one is as precise as a small one.
        let mut t = MeanAtMost::new(1.0, 1e-6).unwrap();
        t.extend(&[0.3; 3]).unwrap();
        let needed = (1e6_f64.ln() + 16_f64.ln()) / 3.0;
        let r = 1.0 + (needed.exp() - 1.0) * 16.0 / 15.0;
        let got = t.outcome().detectable_ratio.unwrap();
        assert!(r > 200.0 && (got / r - 1.0).abs() < 2e-3, "{got} {r}");
        // One sample, or nothing but zeros, has no shape.
        for few in [&[0.3][..], &[0.0, 0.0]] {
            let mut t = MeanAtMost::new(1.0, 0.5).unwrap();
            t.extend(few).unwrap();
            assert_eq!(t.outcome().detectable_ratio, None);
        }
        // Scarce positive values cannot carry a verdict at this level, whatever their size.
        let mut t = MeanAtMost::new(1.0, 1e-6).unwrap();
        let mut x = [0.0; 20];
        x[0] = 1.0;
        t.extend(&x).unwrap();
        assert_eq!(t.outcome().detectable_ratio, None);
    }
}

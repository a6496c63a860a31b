//! Do i.i.d. samples have the mean and at most the variance that theory computes?
//!
//! Owns finite-sample tests of H0: |E X - μ| ≤ room, Var X ≤ v for known μ and v, with no
//! other assumption on the law (no boundedness, no normal approximation), so that the false-alarm
//! probability is at most α for every n. Must not know where μ and v come from.
//!
//! **Catoni** ("Challenging the empirical mean and empirical variance: a deviation study", Ann. IHP
//! Prob. Stat. 48 (2012)). Influence function ψ(y) = sign(y) ln(1 + |y| + y²/2), which obeys ψ(y) ≤
//! ln(1 + y + y²/2) and ψ(y) ≥ -ln(1 - y + y²/2). With r(θ) = Σ_i ψ(a(X_i - θ)), under H0 with room
//! = 0,
//! ```text
//!     E exp(±r(μ)) ≤ (1 + a²v/2)ⁿ,    hence    P(|r(μ)| ≥ n ln(1 + a²v/2) + ln(2/α)) ≤ α
//! ```
//! by Markov's inequality on both sides. So p = min(1, 2 exp(n ln(1+a²v/2) - |r(μ)|)) is a p-value,
//! and {θ : |r(θ)| < n ln(1+a²v/2) + ln(2/α)} is a confidence interval because r decreases; the two
//! say the same. The estimate is the zero of r. With room > 0 take r at the nearer end of [μ-room,
//! μ+room] (r decreases, so a mean further in only lowers it).
//!
//! With ε = α/2, L = ln(1/ε) and a² = 2L/(n(v+η²)), Catoni's Proposition 2.4 gives the a-priori
//! radius |θ̂ - E X| ≤ η = sqrt(2vL/(n-2L)) with probability 1-α, for n > 2L: within a
//! factor 1 + L/n of the Gaussian sqrt(2vL/n). This a² = (2L/nv)(1-2L/n) is used for n ≥ 4L and
//! L/(nv) below, where the interval still holds and no radius is given.

use super::estimate::Interval;
use super::regression::check_finite;
use super::sequential::{ALPHA, POWER};
use crate::error::{Error, Result};
use crate::tol;

/// What theory says about the law of the samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Known {
    /// μ, the mean.
    pub mean: f64,
    /// v, the variance or an upper bound of it.
    pub variance: f64,
    /// How far the true mean may be from `mean`: its rounding error, or 0.
    pub room: f64,
}

impl Known {
    /// A mean known exactly.
    pub fn new(mean: f64, variance: f64) -> Self {
        Self {
            mean,
            variance,
            room: 0.0,
        }
    }

    fn check(&self) -> Result<()> {
        for (name, value, least) in [
            ("mean", self.mean, f64::NEG_INFINITY),
            ("variance", self.variance, 0.0),
            ("room", self.room, 0.0),
        ] {
            if !(value.is_finite() && value >= least) {
                return Err(Error::input(format!(
                    "must be finite{}, got {value}",
                    if least == 0.0 {
                        " and not negative"
                    } else {
                        ""
                    }
                ))
                .in_field(name));
            }
        }
        Ok(())
    }

    /// Signed distance of `x` from [mean-room, mean+room].
    fn distance(&self, x: f64) -> f64 {
        let d = x - self.mean;
        d.signum() * (d.abs() - self.room).max(0.0)
    }
}

/// Where the known mean lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Within the confidence interval: not refuted.
    Inside,
    /// Outside of it: H0 is rejected at level α.
    Outside,
}

/// What a two-sided test has found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TwoSided {
    /// `Outside` when `p_value` ≤ α.
    pub verdict: Verdict,
    /// The robust estimate of the mean.
    pub estimate: f64,
    /// Confidence interval of the mean at 1-α, given that the variance is at most v.
    pub interval: Interval,
    /// Radius known before the samples were drawn: |estimate - mean| exceeds it with probability
    /// at most α. `None` for Catoni's estimator with n < 4 ln(2/α).
    pub radius: Option<f64>,
    /// A p-value of H0.
    pub p_value: f64,
    /// A location shift beyond `room` that is found with probability at least 99 %, proven
    /// under the same variance bound. `None` where n is too small for any.
    pub detectable_shift: Option<f64>,
    /// Samples used.
    pub samples: usize,
}

/// Catoni's test for n samples: the numbers fixed before they are drawn.
#[derive(Clone, Copy, Debug)]
struct Catoni {
    known: Known,
    n: f64,
    /// L = ln(2/α).
    log: f64,
    /// The scale a.
    a: f64,
    /// n ln(1 + a²v/2).
    cost: f64,
}

impl Catoni {
    fn new(known: Known, n: usize, alpha: f64) -> Self {
        let n = n as f64;
        let log = std::f64::consts::LN_2 - alpha.ln();
        // a²v.
        let a2v = 2.0 * log / n * (1.0 - 2.0 * log / n).max(0.5);
        Self {
            known,
            n,
            log,
            // A smaller a than the one the cost belongs to is valid, and keeps 1/a positive.
            a: (a2v / known.variance).sqrt().min(f64::MAX.sqrt()),
            cost: n * (0.5 * a2v).ln_1p(),
        }
    }

    fn radius(&self) -> Option<f64> {
        (self.n >= 4.0 * self.log)
            .then(|| (2.0 * self.known.variance * self.log / (self.n - 2.0 * self.log)).sqrt())
    }

    /// r(θ) and Σ|ψ|.
    fn influence(&self, samples: &[f64], theta: f64) -> (f64, f64) {
        let (mut sum, mut absolute) = (0.0, 0.0);
        for x in samples {
            let v = psi(self.a * (x - theta));
            sum += v;
            absolute += v.abs();
        }
        (sum, absolute)
    }

    fn p_value(&self, samples: &[f64]) -> f64 {
        let known = self.known;
        let mut log_e = f64::NEG_INFINITY;
        for side in [1.0, -1.0] {
            let (r, absolute) = self.influence(samples, known.mean + side * known.room);
            // Rounding may not help a rejection: n additions and the errors of ψ.
            let rounding = tol::gamma(samples.len() + 32) * (absolute + self.cost);
            log_e = f64::max(log_e, side * r - self.cost - rounding);
        }
        (2.0 * (-log_e).exp()).min(1.0)
    }

    /// The θ with r(θ) = target, on the side of it away from the centre.
    fn solve(&self, samples: &[f64], target: f64) -> f64 {
        let unit = 1.0 / self.a;
        let excess = |theta: f64| self.influence(samples, theta).0 - target;
        let centre = (self.known.mean, excess(self.known.mean));
        let outwards = |side: f64| {
            let (mut at, mut step) = (centre, unit);
            while side * at.1 > 0.0 && at.0.is_finite() {
                at.0 += side * step;
                at.1 = excess(at.0);
                step *= 2.0;
            }
            at
        };
        // r is Lipschitz with constant a·n: 2⁻⁴⁰ of the unit is far below the width of any
        // interval.
        let (low, high) = decreasing_root(
            &excess,
            outwards(-1.0),
            outwards(1.0),
            unit * 2f64.powi(-40),
        );
        if target > 0.0 { low } else { high }
    }

    /// Under a mean of μ + room + Δ and the same variance bound,
    /// r(μ+room) ≥ -n ln(1 - aΔ + a²(v+Δ²)/2) - ln(1/β) with probability at least 1-β.
    /// The smallest Δ for which that reaches the threshold: with c = ln(1+a²v/2) +
    /// (L+ln(1/β))/n, the smaller root of aΔ - a²Δ²/2 = 1 + a²v/2 - e^{-c}. The power
    /// only grows with the shift because r does.
    fn detectable_shift(&self) -> Option<f64> {
        let log_beta = -(1.0 - POWER).ln();
        let c = (self.cost + self.log + log_beta) / self.n;
        let b = 0.5 * self.a * self.a * self.known.variance - (-c).exp_m1();
        // 1 - sqrt(1-2b) without cancellation.
        (b <= 0.5).then(|| 2.0 * b / (1.0 + (1.0 - 2.0 * b).sqrt()) / self.a)
    }
}

/// Encloses the root of a decreasing function to within `width` between two places where its value,
/// given beside each, is at least and at most 0: by the ITP method (Oliveira and Takahashi 2020),
/// which needs at most one evaluation more than bisection and, on smooth functions, a fifth of it.
fn decreasing_root(
    f: &dyn Fn(f64) -> f64,
    (mut low, mut f_low): (f64, f64),
    (mut high, mut f_high): (f64, f64),
    width: f64,
) -> (f64, f64) {
    let span = high - low;
    let halvings = (span / width).log2().ceil().max(0.0);
    let mut room = 0.5 * width * (halvings + 1.0).exp2();
    while high - low > width {
        let middle = 0.5 * low + 0.5 * high;
        if middle <= low || middle >= high {
            break;
        }
        let secant = (f_low * high - f_high * low) / (f_low - f_high);
        let aside = (middle - secant).abs();
        let side = (middle - secant).signum();
        let truncated = secant + side * aside.min(0.2 / span * (high - low).powi(2));
        let radius = room - 0.5 * (high - low);
        let at = if (truncated - middle).abs() <= radius {
            truncated
        } else {
            middle - side * radius
        };
        // A secant that is no number, or an end again, gives way to the middle.
        let at = if at > low && at < high { at } else { middle };
        let value = f(at);
        if value > 0.0 {
            (low, f_low) = (at, value);
        } else {
            (high, f_high) = (at, value);
        }
        room *= 0.5;
    }
    (low, high)
}

/// Catoni's ψ(y) = sign(y) ln(1 + |y| + y²/2).
fn psi(y: f64) -> f64 {
    let m = y.abs();
    let value = if m < f64::MAX.sqrt() {
        (m + 0.5 * m * m).ln_1p()
    } else {
        2.0 * m.min(f64::MAX).ln() - std::f64::consts::LN_2
    };
    value.copysign(y)
}

/// Catoni's test of |E X - μ| ≤ room given Var X ≤ v, with false-alarm probability at most `alpha`.
///
/// # Errors
/// When there are no samples or some are not finite, `alpha` is outside (0, 1], or `known` is not
/// finite with a variance and room of at least 0.
///
/// ```
/// use ratecert::stats::two_sided::{Known, Verdict, catoni};
///
/// let samples: Vec<f64> = (0..1000).map(|i| if i % 2 == 0 { 1.0 } else { -1.0 }).collect();
/// let inside = catoni(&samples, Known::new(0.0, 1.0), 1e-6)?;
/// assert_eq!(inside.verdict, Verdict::Inside);
/// let outside = catoni(&samples, Known::new(0.5, 1.0), 1e-6)?;
/// assert_eq!(outside.verdict, Verdict::Outside);
/// # Ok::<(), ratecert::Error>(())
/// ```
pub fn catoni(samples: &[f64], known: Known, alpha: f64) -> Result<TwoSided> {
    check(samples, known, alpha)?;
    if known.variance == 0.0 {
        return Ok(constant(samples, known, alpha));
    }
    let test = Catoni::new(known, samples.len(), alpha);
    let p_value = test.p_value(samples);
    let threshold = test.cost + test.log;
    Ok(TwoSided {
        verdict: verdict(p_value, alpha),
        estimate: test.solve(samples, 0.0),
        interval: Interval {
            lower: test.solve(samples, threshold),
            upper: test.solve(samples, -threshold),
            confidence: 1.0 - alpha,
        },
        radius: test.radius(),
        p_value,
        detectable_shift: test.detectable_shift(),
        samples: samples.len(),
    })
}

/// The p-value of [`catoni`] alone, in one pass over the samples.
#[cfg(test)]
pub(super) fn catoni_p_value(samples: &[f64], known: Known, alpha: f64) -> Result<f64> {
    check(samples, known, alpha)?;
    if known.variance == 0.0 {
        return Ok(constant(samples, known, alpha).p_value);
    }
    Ok(Catoni::new(known, samples.len(), alpha).p_value(samples))
}

fn verdict(p_value: f64, alpha: f64) -> Verdict {
    if p_value <= alpha {
        Verdict::Outside
    } else {
        Verdict::Inside
    }
}

fn check(samples: &[f64], known: Known, alpha: f64) -> Result<()> {
    ALPHA.check(alpha)?;
    known.check()?;
    if samples.is_empty() {
        return Err(Error::input("there must be at least one sample").in_field("samples"));
    }
    check_finite("samples", samples)
}

/// v = 0: all samples are the mean, almost surely.
fn constant(samples: &[f64], known: Known, alpha: f64) -> TwoSided {
    let low = samples.iter().copied().fold(f64::INFINITY, f64::min);
    let high = samples.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let p_value = if known.distance(low) == 0.0 && known.distance(high) == 0.0 {
        1.0
    } else {
        0.0
    };
    TwoSided {
        verdict: verdict(p_value, alpha),
        estimate: 0.5 * low + 0.5 * high,
        interval: Interval {
            lower: low,
            upper: high,
            confidence: 1.0 - alpha,
        },
        radius: Some(0.0),
        p_value,
        detectable_shift: Some(2.0 * known.room),
        samples: samples.len(),
    }
}

#[cfg(test)]
mod tests;

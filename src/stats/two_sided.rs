//! Do i.i.d. samples have the mean and at most the variance that theory computes?
//!
//! Owns finite-sample tests of H0: |E X - μ| ≤ room, Var X ≤ v for known μ and v, with no
//! other assumption on the law (no boundedness, no normal approximation), so that the false-alarm
//! probability is at most α for every n. Must not know where μ and v come from.
//!
//! **Catoni** (the default; "Challenging the empirical mean and empirical variance: a deviation
//! study", Ann. IHP Prob. Stat. 48 (2012)). Influence function ψ(y) = sign(y) ln(1 + |y| + y²/2), which obeys
//! ψ(y) ≤ ln(1 + y + y²/2) and ψ(y) ≥ -ln(1 - y + y²/2). With r(θ) = Σ_i ψ(a(X_i - θ)), under H0 with
//! room = 0,
//! ```text
//!     E exp(±r(μ)) ≤ (1 + a²v/2)ⁿ,    hence    P(|r(μ)| ≥ n ln(1 + a²v/2) + ln(2/α)) ≤ α
//! ```
//! by Markov's inequality on both sides. So p = min(1, 2 exp(n ln(1+a²v/2) - |r(μ)|)) is a p-value, and
//! {θ : |r(θ)| < n ln(1+a²v/2) + ln(2/α)} is a confidence interval because r decreases; the
//! two say the same. The estimate is the zero of r. With room > 0 take r at the nearer end of
//! [μ-room, μ+room] (r decreases, so a mean further in only lowers it).
//!
//! With ε = α/2, L = ln(1/ε) and a² = 2L/(n(v+η²)), Catoni's Proposition 2.4 gives the a-priori
//! radius |θ̂ - E X| ≤ η = sqrt(2vL/(n-2L)) with probability 1-α, for n > 2L: within a
//! factor 1 + L/n of the Gaussian sqrt(2vL/n). This a² = (2L/nv)(1-2L/n) is used for n ≥ 4L and
//! L/(nv) below, where the interval still holds and no radius is given.
//!
//! **Median of means** (Nemirovskii, Yudin 1983; here with exact binomial constants):
//! the median of K block means of m = ⌊n/K⌋ samples, K odd, misses E X by more than sqrt(v/(mp)) only if (K+1)/2
//! blocks do, each with probability at most p (Chebyshev). With p such that P(Bin(K,p) ≥ (K+1)/2) ≤ α that is
//! the radius; K minimises it in advance, from n and α alone.

use nalgebra::DMatrix;
use statrs::function::beta::beta_reg;

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
    /// Outside: H0 is rejected at level α.
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
    /// A p-value of H0; for median of means with the number of blocks fixed by α.
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

    /// The θ with r(θ) = target, by bisection, on the side of it away from the centre.
    fn solve(&self, samples: &[f64], target: f64) -> f64 {
        let unit = 1.0 / self.a;
        let above = |theta: f64| self.influence(samples, theta).0 > target;
        let centre = self.known.mean;
        let (mut low, mut high, mut step) = (centre, centre, unit);
        while !above(low) && low.is_finite() {
            low -= step;
            step *= 2.0;
        }
        step = unit;
        while above(high) && high.is_finite() {
            high += step;
            step *= 2.0;
        }
        // r is Lipschitz with constant a·n: 2⁻⁴⁰ of the unit is far below the width of any interval.
        for _ in 0..60 {
            let middle = 0.5 * low + 0.5 * high;
            if middle <= low || middle >= high || high - low <= unit * 2f64.powi(-40) {
                break;
            }
            if above(middle) {
                low = middle;
            } else {
                high = middle;
            }
        }
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

/// Catoni's test; the one to use.
///
/// # Errors
/// When there are no samples or some are not finite, `alpha` is outside (0, 1], or `known` is not
/// finite with a variance and room of at least 0.
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
///
/// # Errors
/// As [`catoni`].
pub fn catoni_p_value(samples: &[f64], known: Known, alpha: f64) -> Result<f64> {
    check(samples, known, alpha)?;
    if known.variance == 0.0 {
        return Ok(constant(samples, known, alpha).p_value);
    }
    Ok(Catoni::new(known, samples.len(), alpha).p_value(samples))
}

/// The test by the median of means, over consecutive blocks; up to K-1 samples at the end are not used.
/// Wider than [`catoni`] by a factor of two or more, but its constants are a
/// binomial tail that anybody can check.
///
/// # Errors
/// As [`catoni`].
pub fn median_of_means(samples: &[f64], known: Known, alpha: f64) -> Result<TwoSided> {
    check(samples, known, alpha)?;
    if known.variance == 0.0 {
        return Ok(constant(samples, known, alpha));
    }
    let (blocks, p) = block_count(samples.len(), alpha);
    let m = samples.len() / blocks;
    let variance = known.variance / m as f64;
    let mut means: Vec<f64> = samples
        .chunks_exact(m)
        .take(blocks)
        .map(|block| block.iter().sum::<f64>() / m as f64)
        .collect();
    means.sort_by(f64::total_cmp);
    let estimate = means[blocks / 2];
    let radius = (variance / p).sqrt();
    let distance = known.distance(estimate);
    let p_value = if distance == 0.0 {
        1.0
    } else {
        tail(blocks, (variance / (distance * distance)).min(1.0))
    };
    Ok(TwoSided {
        verdict: verdict(p_value, alpha),
        estimate,
        interval: Interval {
            lower: estimate - radius,
            upper: estimate + radius,
            confidence: 1.0 - alpha,
        },
        radius: Some(radius),
        p_value,
        detectable_shift: Some(radius + (variance / miss_probability(blocks, 1.0 - POWER)).sqrt()),
        samples: m * blocks,
    })
}

/// The odd K ≤ n that minimises the radius at level α, and its p.
fn block_count(n: usize, alpha: f64) -> (usize, f64) {
    let (mut best, mut best_p, mut best_size) = (1, miss_probability(1, alpha), f64::INFINITY);
    let mut blocks = 1;
    // The size has one minimum but for the steps of n/K; twice past it there is no better.
    while blocks <= n && blocks <= 2 * best + 20 {
        let p = miss_probability(blocks, alpha);
        let size = 1.0 / ((n / blocks) as f64 * p);
        if size < best_size {
            (best, best_p, best_size) = (blocks, p, size);
        }
        blocks += 2;
    }
    (best, best_p)
}

/// The largest p, rounded down, with P(Bin(K,p) ≥ (K+1)/2) ≤ α.
fn miss_probability(blocks: usize, alpha: f64) -> f64 {
    // In logarithms of p: for one block p = α itself, however small.
    let (mut low, mut high) = (alpha.ln(), 0.0);
    for _ in 0..50 {
        let middle: f64 = 0.5 * (low + high);
        if tail(blocks, middle.exp()) <= alpha {
            low = middle;
        } else {
            high = middle;
        }
    }
    // The bisection's last step and the rounding of exp and of the tail.
    low.exp() * (1.0 - tol::BOUND_ROOM)
}

/// P(Bin(K,p) ≥ k) = I_p(k, K-k+1) with k = (K+1)/2 = K-k+1 for odd K.
fn tail(blocks: usize, p: f64) -> f64 {
    let k = blocks.div_ceil(2) as f64;
    beta_reg(k, k, p)
}

/// Several directions of one vector-valued sample, sharing α equally (union bound).
#[derive(Clone, Debug, PartialEq)]
pub struct Directions {
    /// `Outside` when some direction is.
    pub verdict: Verdict,
    /// The direction with the smallest p-value.
    pub worst: usize,
    /// Catoni's test in each direction, at level α/number of directions.
    pub each: Vec<TwoSided>,
}

/// Tests that the rows of `samples` (n×d, i.i.d.) have mean `mean` (d) and covariance at most
/// `covariance` (d×d) in the given `directions` (columns of a d×k matrix, of any length), which
/// must have been chosen without looking at the samples. `room` bounds the
/// Euclidean norm of the error of `mean`.
///
/// # Errors
/// As [`catoni`], and for shapes that do not agree or a negative variance in some direction.
pub fn catoni_directions(
    samples: &DMatrix<f64>,
    mean: &[f64],
    covariance: &DMatrix<f64>,
    room: f64,
    directions: &DMatrix<f64>,
    alpha: f64,
) -> Result<Directions> {
    let d = samples.ncols();
    for (name, got) in [
        ("mean", (mean.len(), 1)),
        ("covariance", covariance.shape()),
        ("directions", directions.shape()),
    ] {
        let wanted = match name {
            "mean" => (d, 1),
            "covariance" => (d, d),
            _ => (d, got.1.max(1)),
        };
        if got != wanted {
            return Err(Error::input(format!(
                "shape {}×{} does not fit samples of dimension {d}",
                got.0, got.1
            ))
            .in_field(name));
        }
    }
    let share = super::ledger::Ledger::equal(alpha, directions.ncols())?.share(0)?;
    let mut each: Vec<TwoSided> = Vec::with_capacity(directions.ncols());
    let mut worst = 0;
    for (j, u) in directions.column_iter().enumerate() {
        let absolute: f64 = u.iter().zip(mean).map(|(u, m)| (u * m).abs()).sum();
        let quadratic = (covariance * u).dot(&u);
        let spread = (covariance.abs() * u.abs()).dot(&u.abs());
        let known = Known {
            mean: u.iter().zip(mean).map(|(u, m)| u * m).sum(),
            // Rounded up, as the variance is an upper bound and the room too.
            variance: quadratic + tol::gamma(2 * d + 2) * spread,
            room: room * u.norm() * (1.0 + tol::gamma(d + 4)) + tol::gamma(d + 1) * absolute,
        };
        let values: Vec<f64> = (samples * u).iter().copied().collect();
        let found =
            catoni(&values, known, share).map_err(|e| e.in_field(format!("directions[{j}]")))?;
        if each.get(worst).is_some_and(|w| found.p_value < w.p_value) {
            worst = j;
        }
        each.push(found);
    }
    let verdict = if each.iter().any(|t| t.verdict == Verdict::Outside) {
        Verdict::Outside
    } else {
        Verdict::Inside
    };
    Ok(Directions {
        verdict,
        worst,
        each,
    })
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

//! The two largest root moduli of a polynomial, enclosed, whatever its condition.
//!
//! A root squaring (Dandelin, Graeffe) maps p to the polynomial of the squared roots; after K of
//! them, with μ_i = |root_i|^{2^K} in decreasing order and e_k the coefficients, |e_k| ≤ C(n,k)
//! μ_1⋯μ_k, and by Landau's inequality at the scale r (the product of max(1, μ_i/r) is at most the
//! Euclidean norm of (e_i r⁻ⁱ)) μ_1⋯μ_k ≤ √(n+1) min_r max_i |e_i| r^{k-i}. The minimum over r is
//! the concave hull of log|e_i| at k, and log μ_1⋯μ_k is concave in k itself: both sides are hulls,
//! and the 2^K-th root leaves nothing of the binomials between them.

use num_bigint::BigInt;
use num_traits::{One, Signed, ToPrimitive, Zero};

use super::enclosure::Enclosure;
use crate::tol::{ROOT_PRECISION, ROOT_SQUARINGS, SPECTRUM_WIDTH, gamma};

/// (m ± r)·2^e.
#[derive(Clone)]
struct Ball {
    m: BigInt,
    r: BigInt,
    e: i128,
}

impl Ball {
    fn exactly(m: BigInt) -> Self {
        Self {
            m,
            r: BigInt::zero(),
            e: 0,
        }
    }

    /// At most `bits` bits, the rest into the radius.
    fn rounded(mut self, bits: u64) -> Self {
        let size = self.m.bits().max(self.r.bits());
        if size > bits {
            self = self.down(size - bits);
        }
        self
    }

    /// In units that are 2^shift times larger.
    fn down(self, shift: u64) -> Self {
        Self {
            m: self.m >> shift,
            r: (self.r >> shift) + 2,
            e: self.e + i128::from(shift),
        }
    }

    fn times(&self, other: &Self, bits: u64) -> Self {
        let r = self.m.abs() * &other.r + other.m.abs() * &self.r + &self.r * &other.r;
        let m = &self.m * &other.m;
        let e = self.e + other.e;
        Self { m, r, e }.rounded(bits)
    }

    fn plus(self, other: Self, bits: u64) -> Self {
        let (mut high, mut low) = if self.e >= other.e {
            (self, other)
        } else {
            (other, self)
        };
        let top = |b: &Self| b.e + i128::from(b.m.bits().max(b.r.bits()));
        // Units fine enough for `bits` bits of the larger one.
        let unit = (top(&high).max(top(&low)) - i128::from(bits)).clamp(low.e, high.e);
        let shift = u64::try_from(unit - low.e).unwrap_or(u64::MAX);
        if shift > 0 {
            // Shifts beyond the length leave the sign and the radius.
            low = low.down(shift.min(1 << 32));
            low.e = unit;
        }
        let up = (high.e - unit) as u64;
        high = Self {
            m: high.m << up,
            r: high.r << up,
            e: unit,
        };
        Self {
            m: high.m + low.m,
            r: high.r + low.r,
            e: unit,
        }
        .rounded(bits)
    }

    fn zero(&self) -> bool {
        self.m.is_zero() && self.r.is_zero()
    }

    /// log₂ of the least and the largest magnitude.
    fn logs(&self) -> [f64; 2] {
        let size = self.m.abs();
        [&size - &self.r, size + &self.r].map(|x| {
            if !x.is_positive() {
                return f64::NEG_INFINITY;
            }
            let shift = x.bits().saturating_sub(64);
            let top = (x >> shift).to_f64().unwrap_or(f64::NAN).log2();
            top + (i128::from(shift) + self.e) as f64
        })
    }
}

/// [ρ, second modulus] of the roots of Σ c_k x^{n-k}, c_0 = 1, divided by 2^scale.
pub(super) fn moduli(coefficients: &[BigInt], scale: i32) -> [Enclosure; 2] {
    let n = coefficients.len() as u64 - 1;
    let [first, last] = ROOT_PRECISION;
    let mut bits = first.0 * n + first.1;
    loop {
        let found = with_precision(coefficients, scale, bits);
        if found[0].relative() <= SPECTRUM_WIDTH || bits > last.0 * n + last.1 {
            return found;
        }
        bits *= 2;
    }
}

fn with_precision(coefficients: &[BigInt], scale: i32, bits: u64) -> [Enclosure; 2] {
    let n = coefficients.len() - 1;
    let start = coefficients.iter().cloned().map(Ball::exactly);
    let mut e: Vec<Ball> = start.collect();
    for _ in 0..ROOT_SQUARINGS {
        e = squared(&e, bits);
    }
    let mut binomial = BigInt::one();
    let (mut least, mut most) = (vec![0.0], vec![0.0]);
    for (k, ball) in e.iter().enumerate().skip(1) {
        binomial = binomial * (n + 1 - k) / k;
        let [lo, hi] = ball.logs();
        least.push(lo - Ball::exactly(binomial.clone()).logs()[1]);
        most.push(hi);
    }
    let room = 0.5 * (n as f64 + 1.0).log2();
    let root = 2f64.powi(-(ROOT_SQUARINGS as i32));
    // Logarithms of at most 2^K·n·(bits of a root) and their interpolation lose a few units.
    let product = |k: usize| {
        let (lo, hi) = (hull(&least, k) * root, (hull(&most, k) + room) * root);
        let lost = |x: f64| {
            if x.is_finite() {
                gamma(16) * (x.abs() + 1.0)
            } else {
                0.0
            }
        };
        [lo - lost(lo), hi + lost(hi)]
    };
    let out = |log: f64, away: f64| {
        let shifted = log - f64::from(scale);
        // exp2 is good to a few units in the last place, and to u|shifted| of its argument.
        shifted.exp2() * (1.0 + away * gamma(16 + shifted.abs().min(1e4) as usize))
    };
    let one = product(1);
    let rho = Enclosure {
        lower: out(one[0], -1.0),
        upper: out(one[1], 1.0),
    };
    if n < 2 || rho.upper == 0.0 {
        return [rho, Enclosure::exactly(0.0)];
    }
    let two = product(2);
    // Where nothing is known of a product from below, its part is 0.
    let least = two[0] - one[1];
    let second = Enclosure {
        lower: if least.is_nan() {
            0.0
        } else {
            out(least, -1.0)
        },
        upper: out(two[1] - one[0], 1.0).min(rho.upper),
    };
    [rho, second]
}

/// e_k(λ²) up to sign: e_k² + 2 Σ_{j≥1} (-1)ʲ e_{k-j}e_{k+j}.
fn squared(e: &[Ball], bits: u64) -> Vec<Ball> {
    let n = e.len() - 1;
    let one = |k: usize| {
        let mut sum = e[k].times(&e[k], bits);
        for j in 1..=k.min(n - k) {
            if e[k - j].zero() || e[k + j].zero() {
                continue;
            }
            let mut term = e[k - j].times(&e[k + j], bits);
            term.e += 1;
            if j % 2 == 1 {
                term.m = -term.m;
            }
            sum = sum.plus(term, bits);
        }
        sum
    };
    (0..=n).map(one).collect()
}

/// The concave hull of the points (i, y_i) at k; -∞ where there are none on one side.
fn hull(y: &[f64], k: usize) -> f64 {
    let mut best = y[k];
    for i in (0..k).filter(|&i| y[i] > f64::NEG_INFINITY) {
        for j in (k + 1..y.len()).filter(|&j| y[j] > f64::NEG_INFINITY) {
            let share = (k - i) as f64 / (j - i) as f64;
            best = best.max(y[i] + (y[j] - y[i]) * share);
        }
    }
    best
}

//! The characteristic polynomial of a matrix of binary64 numbers, in integers.
//!
//! P·2ˢ is an integer matrix N. det(xI - N) is computed modulo primes, by elimination to Hessenberg
//! form (Cohen, A Course in Computational Algebraic Number Theory, algorithm 2.2.9), and put
//! together by the Chinese remainder theorem from as many primes as |c_k| ≤ C(n,k)‖N‖ᵏ needs.

use num_bigint::BigInt;
use num_traits::{One, ToPrimitive, Zero};

use crate::linalg::Matrix;
use crate::tol::EXACT_SPECTRUM_WORK;

/// det(xI - 2ˢP) = Σ c_k x^{n-k}.
pub(super) struct Polynomial {
    /// c_0 = 1, ..., c_n.
    pub(super) coefficients: Vec<BigInt>,
    /// s.
    pub(super) scale: i32,
}

/// `None` where that takes more than [`EXACT_SPECTRUM_WORK`], or an entry is not finite.
pub(super) fn characteristic(p: &Matrix) -> Option<Polynomial> {
    let n = p.nrows();
    if !p.iter().all(|v| v.is_finite()) {
        return None;
    }
    let parts: Vec<(bool, u64, i32)> = p.iter().map(|v| parts(*v)).collect();
    let scale = -parts.iter().filter(|v| v.1 > 0).map(|v| v.2).min()?;
    // log₂ of the largest coefficient, its sign, and room for this estimate.
    let bits = n as f64 * (2.0 + (p.norm().log2() + f64::from(scale)).max(0.0)) + 4.0;
    let count = (bits / 61.9).ceil() as usize;
    if n.pow(3).saturating_mul(count) > EXACT_SPECTRUM_WORK {
        return None;
    }
    let mut coefficients = vec![BigInt::zero(); n + 1];
    let mut modulus = BigInt::one();
    for prime in primes().take(count) {
        let field = Field(prime);
        let residues = parts.iter().map(|&(negative, m, e)| {
            let v = field.mul(m % prime, field.pow(2, (e + scale) as u64));
            if negative { field.sub(0, v) } else { v }
        });
        let image = field.characteristic(n, residues.collect());
        let inverse = field.inverse(residue(&modulus, prime));
        for (c, r) in coefficients.iter_mut().zip(image) {
            let missing = field.mul(field.sub(r, residue(c, prime)), inverse);
            *c += &modulus * missing;
        }
        modulus *= prime;
    }
    for c in &mut coefficients {
        if &*c * 2 > modulus {
            *c -= &modulus;
        }
    }
    Some(Polynomial {
        coefficients,
        scale,
    })
}

/// v = ±m·2^e with m odd, or 0.
fn parts(v: f64) -> (bool, u64, i32) {
    let bits = v.to_bits();
    let (exponent, fraction) = ((bits >> 52) & 0x7ff, bits & ((1 << 52) - 1));
    let m = fraction | (u64::from(exponent > 0) << 52);
    let shift = if m == 0 { 0 } else { m.trailing_zeros() };
    let e = exponent.max(1) as i32 - 1075 + shift as i32;
    (v < 0.0, m >> shift, e)
}

fn residue(x: &BigInt, prime: u64) -> u64 {
    (x % prime).to_u64().unwrap_or(0)
}

/// Primes from 2⁶² downwards.
fn primes() -> impl Iterator<Item = u64> {
    (1..1u64 << 61)
        .map(|i| (1u64 << 62) - (2 * i - 1))
        .filter(|&p| is_prime(p))
}

/// Miller's test; with the first twelve primes as bases it is a proof below 3·10²⁴ (Sorenson,
/// Webster).
fn is_prime(p: u64) -> bool {
    let field = Field(p);
    let twos = (p - 1).trailing_zeros();
    [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37]
        .iter()
        .all(|&base| {
            let mut x = field.pow(base, (p - 1) >> twos);
            if x == 1 || x == p - 1 {
                return true;
            }
            (1..twos).any(|_| {
                x = field.mul(x, x);
                x == p - 1
            })
        })
}

/// Integers modulo a prime below 2⁶³.
#[derive(Clone, Copy)]
struct Field(u64);

impl Field {
    fn mul(self, a: u64, b: u64) -> u64 {
        (u128::from(a) * u128::from(b) % u128::from(self.0)) as u64
    }

    fn sub(self, a: u64, b: u64) -> u64 {
        if a >= b { a - b } else { a + self.0 - b }
    }

    fn pow(self, mut base: u64, mut exponent: u64) -> u64 {
        let mut out = 1;
        while exponent > 0 {
            if exponent & 1 == 1 {
                out = self.mul(out, base);
            }
            base = self.mul(base, base);
            exponent >>= 1;
        }
        out
    }

    fn inverse(self, a: u64) -> u64 {
        self.pow(a, self.0 - 2)
    }

    /// Multiplication by a fixed factor (Shoup): one quotient beforehand, none afterwards.
    fn by(self, factor: u64) -> impl Fn(u64) -> u64 {
        let p = self.0;
        let quotient = ((u128::from(factor) << 64) / u128::from(p)) as u64;
        move |x| {
            let q = ((u128::from(quotient) * u128::from(x)) >> 64) as u64;
            let r = factor.wrapping_mul(x).wrapping_sub(q.wrapping_mul(p));
            if r >= p { r - p } else { r }
        }
    }

    /// The coefficients of det(xI - H), highest power first; H (n×n) by columns.
    fn characteristic(self, n: usize, mut h: Vec<u64>) -> Vec<u64> {
        self.reduce(n, &mut h);
        let at = |i: usize, j: usize| h[j * n + i];
        // p_k = (x - h_kk)p_{k-1} - Σ_i h_{ik}(h_{i+1,i} ⋯ h_{k,k-1})p_{i-1}; lowest power first.
        let mut all = vec![vec![1u64]];
        for k in 0..n {
            let mut next = vec![0u64];
            next.extend_from_slice(&all[k]);
            let mut chain = 1;
            for i in (0..=k).rev() {
                if i < k {
                    chain = self.mul(chain, at(i + 1, i));
                }
                if chain == 0 {
                    break;
                }
                let times = self.by(self.mul(at(i, k), chain));
                for (o, v) in next.iter_mut().zip(&all[i]) {
                    *o = self.sub(*o, times(*v));
                }
            }
            all.push(next);
        }
        all.swap_remove(n).into_iter().rev().collect()
    }

    /// A similar matrix with zeros below the first subdiagonal.
    fn reduce(self, n: usize, h: &mut [u64]) {
        for k in 1..n.saturating_sub(1) {
            let Some(pivot) = (k..n).find(|&i| h[(k - 1) * n + i] != 0) else {
                continue;
            };
            if pivot != k {
                for j in 0..n {
                    h.swap(j * n + pivot, j * n + k);
                }
                for i in 0..n {
                    h.swap(pivot * n + i, k * n + i);
                }
            }
            let inverse = self.inverse(h[(k - 1) * n + k]);
            for i in k + 1..n {
                let u = self.mul(h[(k - 1) * n + i], inverse);
                if u == 0 {
                    continue;
                }
                let times = self.by(u);
                for j in k - 1..n {
                    h[j * n + i] = self.sub(h[j * n + i], times(h[j * n + k]));
                }
                for j in 0..n {
                    let moved = h[k * n + j] + times(h[i * n + j]);
                    h[k * n + j] = if moved >= self.0 {
                        moved - self.0
                    } else {
                        moved
                    };
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// (x-1)(x-2)(x-3)(x+1/2) in a basis that hides it, and a matrix whose pivots vanish.
    #[test]
    fn known_polynomials() {
        let shear = Matrix::from_row_slice(
            4,
            4,
            &[
                1., 3., -2., 5., 0., 1., 4., -1., 0., 0., 1., 2., 0., 0., 0., 1.,
            ],
        );
        let other = shear.transpose();
        let inverse = |m: &Matrix| m.clone().try_inverse().unwrap();
        let diagonal = Matrix::from_diagonal(&nalgebra::DVector::from_vec(vec![1., 2., 3., -0.5]));
        let s = &shear * &other;
        let p = &s * diagonal * (inverse(&other) * inverse(&shear));
        let got = characteristic(&p).unwrap();
        // In units of 1/2: (x-2)(x-4)(x-6)(x+1) = x⁴ - 11x³ + 32x² - 4x - 48.
        let want: Vec<BigInt> = [1, -11, 32, -4, -48].map(BigInt::from).to_vec();
        assert_eq!((got.coefficients, got.scale), (want, 1));
        let cycle = Matrix::from_fn(5, 5, |i, j| f64::from(u8::from(i == (j + 3) % 5)));
        let got = characteristic(&cycle).unwrap();
        let want: Vec<BigInt> = [1, 0, 0, 0, 0, -1].map(BigInt::from).to_vec();
        assert_eq!(got.coefficients, want);
        assert!(characteristic(&Matrix::from_element(1, 1, f64::NAN)).is_none());
    }
}

//! Exact sums and products of binary64 numbers. They are kept as integers times powers of two,
//! which saves the greatest common divisor that a fraction pays for at every operation.

use std::cmp::Ordering;

use num_bigint::BigInt;
use num_traits::{Signed, Zero};

use super::super::reference::{Columns, Rational};
use crate::linalg::Matrix;

/// A commutative ring that contains the binary64 numbers, with an order.
pub(super) trait Ring: Clone + PartialOrd {
    /// The number x, which must be finite.
    fn of(x: f64) -> Self;
    /// A binary64 number close to this one.
    fn near(&self) -> f64;
    /// self·other.
    fn times(&self, other: &Self) -> Self;
    /// self + other.
    fn plus(&self, other: &Self) -> Self;
    /// self ← self + a·b.
    fn add_product(&mut self, a: &Self, b: &Self) {
        *self = self.plus(&a.times(b));
    }
    /// Whether this is exactly zero.
    fn is_null(&self) -> bool;
}

/// A matrix by columns.
pub(super) fn columns<T: Ring>(m: &Matrix) -> Columns<T> {
    m.column_iter()
        .map(|c| c.iter().map(|v| T::of(*v)).collect())
        .collect()
}

impl Ring for f64 {
    fn of(x: f64) -> Self {
        x
    }
    fn near(&self) -> f64 {
        *self
    }
    fn times(&self, other: &Self) -> Self {
        self * other
    }
    fn plus(&self, other: &Self) -> Self {
        self + other
    }
    fn is_null(&self) -> bool {
        *self == 0.0
    }
}

/// mantissa·2^exponent.
#[derive(Clone, Debug)]
pub(super) struct Dyadic {
    mantissa: BigInt,
    exponent: i64,
}

impl Dyadic {
    /// Both mantissas at the smaller one of the two exponents, and that exponent.
    fn aligned(&self, other: &Self) -> (BigInt, BigInt, i64) {
        let exponent = self.exponent.min(other.exponent);
        let at = |d: &Self| &d.mantissa << (d.exponent - exponent) as usize;
        (at(self), at(other), exponent)
    }

    /// The same number as a fraction.
    pub(super) fn rational(&self) -> Rational {
        let power = BigInt::from(1) << self.exponent.unsigned_abs() as usize;
        if self.exponent >= 0 {
            Rational::from_integer(&self.mantissa * power)
        } else {
            Rational::new(self.mantissa.clone(), power)
        }
    }
}

impl PartialEq for Dyadic {
    fn eq(&self, other: &Self) -> bool {
        self.partial_cmp(other) == Some(Ordering::Equal)
    }
}

impl PartialOrd for Dyadic {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        let (a, b, _) = self.aligned(other);
        Some(a.cmp(&b))
    }
}

impl Ring for Dyadic {
    fn of(x: f64) -> Self {
        debug_assert!(x.is_finite(), "{x} is no number");
        let (mantissa, exponent, sign) = num_traits::Float::integer_decode(x);
        let zeros = mantissa.trailing_zeros().min(63);
        let whole = BigInt::from(mantissa >> zeros) * BigInt::from(sign);
        if whole.is_zero() {
            return Self {
                mantissa: whole,
                exponent: 0,
            };
        }
        Self {
            mantissa: whole,
            exponent: i64::from(exponent) + i64::from(zeros),
        }
    }
    fn near(&self) -> f64 {
        // The leading 64 bits times a power of two, the latter in two factors, so that neither
        // overflows before the product does.
        let bits = self.mantissa.bits() as i64;
        let drop = (bits - 64).max(0);
        let head = &self.mantissa.abs() >> drop as usize;
        let head = u64::try_from(head).unwrap_or(u64::MAX) as f64;
        let e = (self.exponent + drop).clamp(-4000, 4000) as i32;
        let sign = if self.mantissa.is_negative() {
            -1.0
        } else {
            1.0
        };
        sign * head * 2f64.powi(e / 2) * 2f64.powi(e - e / 2)
    }
    fn times(&self, other: &Self) -> Self {
        Self {
            mantissa: &self.mantissa * &other.mantissa,
            exponent: self.exponent + other.exponent,
        }
    }
    fn plus(&self, other: &Self) -> Self {
        if self.is_null() {
            return other.clone();
        }
        if other.is_null() {
            return self.clone();
        }
        let (a, b, exponent) = self.aligned(other);
        Self {
            mantissa: a + b,
            exponent,
        }
    }
    fn is_null(&self) -> bool {
        self.mantissa.is_zero()
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::reference::Scalar;
    use super::*;

    #[test]
    fn agrees_with_fractions() {
        let values = [
            0.0,
            1.0,
            -0.75,
            1e-300,
            -3.0e200,
            0.1,
            -2f64.powi(-1074),
            6.0,
        ];
        for a in values {
            let x = Dyadic::of(a);
            assert_eq!(x.rational(), Rational::exactly(a));
            assert!((x.near() - a).abs() <= 4.0 * f64::EPSILON * a.abs());
            for b in values {
                let y = Dyadic::of(b);
                let (p, q) = (Rational::exactly(a), Rational::exactly(b));
                assert_eq!(x.times(&y).rational(), &p * &q);
                assert_eq!(x.plus(&y).rational(), &p + &q);
                assert_eq!(x.partial_cmp(&y), a.partial_cmp(&b));
                assert_eq!(x == y, a == b);
                let product = x.times(&y).near();
                if (a * b).is_normal() {
                    assert!((product - a * b).abs() <= 8.0 * f64::EPSILON * (a * b).abs());
                }
            }
            assert_eq!(x.is_null(), a == 0.0);
            assert_eq!((Ring::near(&a), Ring::is_null(&a)), (a, a == 0.0));
        }
    }
}

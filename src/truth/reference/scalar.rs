//! The number types of the reference.

use std::ops::{Add, Div, Mul, Neg, Sub};

use num_bigint::BigInt;
use num_rational::Ratio;
use num_traits::{Signed, ToPrimitive, Zero};

use crate::linalg::gram::accurate_gram;
use crate::linalg::{Dd, Matrix, Vector};

/// Exact rational numbers.
pub type Rational = Ratio<BigInt>;

/// A field that contains the binary64 numbers.
pub trait Scalar:
    Clone
    + PartialOrd
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + Send
    + Sync
    + 'static
{
    /// The number x exactly. x must be finite.
    fn exactly(x: f64) -> Self;
    /// The nearest binary64 number (up to one ulp).
    fn to_f64(&self) -> f64;
    /// |x|.
    fn magnitude(&self) -> Self {
        if *self < Self::exactly(0.0) {
            -self.clone()
        } else {
            self.clone()
        }
    }
    /// Exactly zero; lets sums skip structural zeros.
    fn vanishes(&self) -> bool {
        *self == Self::exactly(0.0)
    }
    /// tanh x; `None` in a field without it.
    fn tanh(&self) -> Option<Self>;
    /// eˣ for x ≤ 0; `None` in a field without it.
    fn exp_of_negative(&self) -> Option<Self>;
    /// √x for x ≥ 0; `None` where the field does not contain it.
    fn sqrt(&self) -> Option<Self>;
    /// ZᵀZ of Z = [X y] as columns, where there is a faster way than sums of products and it is as
    /// accurate.
    fn gram(_: &Matrix, _: &Vector) -> Option<Vec<Vec<Self>>> {
        None
    }
}

impl Scalar for f64 {
    fn exactly(x: f64) -> Self {
        x
    }
    fn to_f64(&self) -> f64 {
        *self
    }
    fn tanh(&self) -> Option<Self> {
        Some(f64::tanh(*self))
    }
    fn exp_of_negative(&self) -> Option<Self> {
        Some(self.exp())
    }
    fn sqrt(&self) -> Option<Self> {
        Some(f64::sqrt(*self))
    }
}

impl Scalar for Dd {
    fn exactly(x: f64) -> Self {
        Self::from(x)
    }
    fn to_f64(&self) -> f64 {
        self.hi()
    }
    fn tanh(&self) -> Option<Self> {
        Some(Self::tanh(*self))
    }
    fn exp_of_negative(&self) -> Option<Self> {
        Some(Self::exp_of_negative(*self))
    }
    fn sqrt(&self) -> Option<Self> {
        Some(Self::sqrt(*self))
    }
    fn gram(x: &Matrix, y: &Vector) -> Option<Vec<Vec<Self>>> {
        accurate_gram(x, y)
    }
}

impl Scalar for Rational {
    fn exactly(x: f64) -> Self {
        // Only called with finite numbers; zero stands in for the impossible.
        Self::from_float(x).unwrap_or_else(Self::zero)
    }
    fn to_f64(&self) -> f64 {
        ToPrimitive::to_f64(self).unwrap_or(f64::NAN)
    }
    fn magnitude(&self) -> Self {
        self.abs()
    }
    fn vanishes(&self) -> bool {
        self.is_zero()
    }
    fn tanh(&self) -> Option<Self> {
        self.is_zero().then(Self::zero)
    }
    fn exp_of_negative(&self) -> Option<Self> {
        self.is_zero().then(|| Self::from_integer(1.into()))
    }
    fn sqrt(&self) -> Option<Self> {
        // Lowest terms: a square exactly where numerator and denominator are.
        let root = Self::new(self.numer().sqrt(), self.denom().sqrt());
        (&root * &root == *self).then_some(root)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binary64_is_a_scalar_and_rationals_have_the_values_that_are_rational() {
        let x: f64 = Scalar::exactly(-0.75);
        assert_eq!((x, Scalar::to_f64(&x), x.magnitude()), (-0.75, -0.75, 0.75));
        assert!(!x.vanishes() && <f64 as Scalar>::exactly(0.0).vanishes());
        assert_eq!(Scalar::tanh(&x), Some(f64::tanh(-0.75)));
        assert_eq!(x.exp_of_negative(), Some(f64::exp(-0.75)));
        assert_eq!(Scalar::sqrt(&2.25), Some(1.5));
        let of = |n: i64, d: i64| Rational::new(n.into(), d.into());
        assert_eq!(Scalar::tanh(&of(0, 1)), Some(of(0, 1)));
        assert_eq!(of(0, 1).exp_of_negative(), Some(of(1, 1)));
        assert_eq!(Scalar::tanh(&of(1, 2)), None);
        assert_eq!(of(-1, 2).exp_of_negative(), None);
        assert_eq!(Scalar::sqrt(&of(9, 4)), Some(of(3, 2)));
        assert_eq!(Scalar::sqrt(&of(2, 1)), None);
        assert_eq!(Scalar::sqrt(&of(1, 2)), None);
        assert_eq!(of(-3, 7).magnitude(), of(3, 7));
    }

    #[test]
    fn tanh_in_double_double_matches_known_digits() {
        // tanh(1/2) = 0.46211715726000975850231848364367254873028928033011..., tanh(3) =
        // 0.99505475368673045133188018525548847509781385470028...
        for (x, hi, lo) in [
            (
                0.5,
                0.462_117_157_260_009_76,
                "0.46211715726000975850231848364367254873",
            ),
            (
                3.0,
                0.995_054_753_686_730_4,
                "0.99505475368673045133188018525548847510",
            ),
        ] {
            let t = Scalar::tanh(&Dd::from(x)).unwrap();
            assert!((t.hi() - hi).abs() <= f64::EPSILON / 2.0);
            let digits: String = lo.chars().skip(2).collect();
            let (head, tail) = digits.split_at(15);
            let want = Dd::from(head.parse::<f64>().unwrap()) / Dd::from(1e15)
                + Dd::from(tail[..15].parse::<f64>().unwrap()) / Dd::from(1e15) / Dd::from(1e15);
            assert!((t - want).abs().hi() < 2e-30, "{:?} {:?}", t, want);
        }
        assert_eq!(Scalar::tanh(&Dd::ZERO).unwrap(), Dd::ZERO);
        let tiny = Scalar::tanh(&Dd::from(1e-20)).unwrap();
        assert!(((tiny - Dd::from(1e-20)).hi()).abs() < 1e-50);
        assert_eq!(Scalar::tanh(&Dd::from(-80.0)).unwrap().hi(), -1.0);
    }
}

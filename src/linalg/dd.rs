//! Double-double arithmetic: an unevaluated sum hi + lo of two binary64 numbers.
//!
//! Owns the number type only. On the error-free transformations rest the accurate addition and the
//! products and quotients analysed by Joldes, Muller and Popescu (ACM TOMS 44, 2017): each
//! operation is within 2⁻¹⁰² relatively, far below the 2⁻⁵³ that it is used to judge.

use std::cmp::Ordering;
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub, SubAssign};
use std::sync::OnceLock;

use super::eft::{fast_two_sum, two_prod, two_sum};

/// A double-double number. Finite inputs below about 1e290 in magnitude are assumed (Dekker's
/// splitting overflows beyond); NaN and infinities propagate as NaN.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Dd {
    hi: f64,
    lo: f64,
}

impl Dd {
    /// The number 0.
    pub const ZERO: Self = Self { hi: 0.0, lo: 0.0 };
    /// The number 1.
    pub const ONE: Self = Self { hi: 1.0, lo: 0.0 };

    /// The leading part: the value rounded to binary64.
    #[inline]
    pub fn hi(self) -> f64 {
        self.hi
    }

    /// The trailing part: what is left of the value beside [`Dd::hi`].
    #[inline]
    pub fn lo(self) -> f64 {
        self.lo
    }

    /// Absolute value.
    #[must_use]
    pub fn abs(self) -> Self {
        if self.hi < 0.0 || (self.hi == 0.0 && self.lo < 0.0) {
            -self
        } else {
            self
        }
    }

    /// Square root by one Newton correction of the binary64 root; NaN below zero.
    #[must_use]
    pub fn sqrt(self) -> Self {
        if self.hi == 0.0 {
            return Self::ZERO;
        }
        let r = self.hi.sqrt();
        let (p, e) = two_prod(r, r);
        let residual = self - Self { hi: p, lo: e };
        let (hi, lo) = fast_two_sum(r, residual.hi / (2.0 * r));
        Self { hi, lo }
    }

    /// e^y - 1 for 0 ≤ y ≤ 350, which loses nothing near 0: its series at y/2^k and k doublings
    /// E(2y) = E(y)(E(y)+2).
    fn exp_minus_one(self) -> Self {
        let halvings = (self.hi.max(1.0).log2().ceil() as i32 + 4).max(0);
        let y = self * Self::from(2f64.powi(-halvings));
        // Horner's rule for y(1 + y/2(1 + y/3(...))); |y| ≤ 1/16: 20 terms leave less than 2^-140.
        let inverses = INVERSES
            .get_or_init(|| std::array::from_fn(|k| Self::ONE / Self::from(k as f64 + 2.0)));
        let inner = inverses
            .iter()
            .rev()
            .fold(Self::ONE, |sum, inverse| Self::ONE + y * *inverse * sum);
        let mut e = y * inner;
        let two = Self::from(2.0);
        for _ in 0..halvings {
            e = e * (e + two);
        }
        e
    }

    /// e^x for x ≤ 0; 0 below -350, where 10⁻¹⁵² is left.
    #[must_use]
    pub fn exp_of_negative(self) -> Self {
        if self.hi.is_nan() {
            return self;
        }
        let y = self.abs();
        if y.hi > 350.0 {
            return Self::ZERO;
        }
        Self::ONE / (Self::ONE + y.exp_minus_one())
    }

    /// tanh x = e/(e+2) with e = exp(2x)-1.
    #[must_use]
    pub fn tanh(self) -> Self {
        let x = self.abs();
        if !(x.hi < 50.0) {
            let saturated = if x.hi.is_nan() {
                f64::NAN
            } else {
                1f64.copysign(self.hi)
            };
            return Self::from(saturated);
        }
        let e = (x + x).exp_minus_one();
        let t = e / (e + Self::from(2.0));
        if self.hi < 0.0 { -t } else { t }
    }
}

/// 1/2, 1/3, ..., 1/20.
static INVERSES: OnceLock<[Dd; 19]> = OnceLock::new();

impl From<f64> for Dd {
    #[inline]
    fn from(value: f64) -> Self {
        Self { hi: value, lo: 0.0 }
    }
}

impl Add for Dd {
    type Output = Self;
    #[inline]
    fn add(self, other: Self) -> Self {
        let (sh, sl) = two_sum(self.hi, other.hi);
        let (th, tl) = two_sum(self.lo, other.lo);
        let (vh, vl) = fast_two_sum(sh, sl + th);
        let (hi, lo) = fast_two_sum(vh, tl + vl);
        Self { hi, lo }
    }
}

impl Neg for Dd {
    type Output = Self;
    #[inline]
    fn neg(self) -> Self {
        Self {
            hi: -self.hi,
            lo: -self.lo,
        }
    }
}

impl Sub for Dd {
    type Output = Self;
    #[inline]
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Mul for Dd {
    type Output = Self;
    #[inline]
    fn mul(self, other: Self) -> Self {
        let (ph, pl) = two_prod(self.hi, other.hi);
        let cross = self.hi * other.lo + self.lo * other.hi;
        let (hi, lo) = fast_two_sum(ph, pl + cross);
        Self { hi, lo }
    }
}

impl Div for Dd {
    type Output = Self;
    #[inline]
    fn div(self, other: Self) -> Self {
        // Two Newton corrections of the binary64 quotient.
        let q1 = self.hi / other.hi;
        let r1 = self - other * Self::from(q1);
        let q2 = r1.hi / other.hi;
        let r2 = r1 - other * Self::from(q2);
        let q3 = r2.hi / other.hi;
        let (hi, lo) = fast_two_sum(q1, q2);
        Self { hi, lo } + Self::from(q3)
    }
}

impl AddAssign for Dd {
    #[inline]
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Dd {
    #[inline]
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl PartialOrd for Dd {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match self.hi.partial_cmp(&other.hi) {
            Some(Ordering::Equal) => self.lo.partial_cmp(&other.lo),
            unequal => unequal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use num_bigint::BigInt;
    use num_rational::Ratio;
    use num_traits::{Signed, ToPrimitive};
    use proptest::prelude::*;

    fn exact(x: f64) -> Ratio<BigInt> {
        Ratio::from_float(x).expect("finite")
    }

    fn rational(x: Dd) -> Ratio<BigInt> {
        exact(x.hi) + exact(x.lo)
    }

    /// Relative error of `got` against the exact value, in units of 2⁻¹⁰².
    fn error(got: Dd, want: &Ratio<BigInt>) -> f64 {
        let diff = (rational(got) - want).abs();
        if *want == Ratio::from_integer(0.into()) {
            return if diff == Ratio::from_integer(0.into()) {
                0.0
            } else {
                f64::INFINITY
            };
        }
        (diff / want.abs()).to_f64().unwrap_or(f64::INFINITY) * 2f64.powi(102)
    }

    fn number() -> impl Strategy<Value = Dd> {
        (-1e6..1e6f64, -1.0..1.0f64)
            .prop_map(|(hi, frac)| Dd::from(hi) + Dd::from(hi * frac * f64::EPSILON / 4.0))
    }

    proptest! {
        #[test]
        fn operations_are_within_their_proven_error(a in number(), b in number()) {
            let (ra, rb) = (rational(a), rational(b));
            prop_assert!(error(a + b, &(&ra + &rb)) <= 1.0);
            prop_assert!(error(a - b, &(&ra - &rb)) <= 1.0);
            prop_assert!(error(a * b, &(&ra * &rb)) <= 1.0);
            if b != Dd::ZERO {
                prop_assert!(error(a / b, &(&ra / &rb)) <= 1.0);
            }
            let s = a.abs().sqrt();
            prop_assert!(error(s * s, &ra.abs()) <= 8.0);
            prop_assert_eq!(a < b, ra < rb);
        }
    }

    #[test]
    fn keeps_what_binary64_loses() {
        let tiny = Dd::from(1.0) + Dd::from(2f64.powi(-80));
        assert_eq!((tiny - Dd::ONE).hi(), 2f64.powi(-80));
        let third = Dd::ONE / Dd::from(3.0);
        assert!((third * Dd::from(3.0) - Dd::ONE).abs() < Dd::from(2f64.powi(-104)));
    }

    /// e⁻¹ = 0.36787944117144232159552377016146086744..., and e^(x+y) = e^x e^y.
    #[test]
    fn exponentials_have_the_known_digits() {
        let want = Dd::from(367_879_441_171_442.0) / Dd::from(1e15)
            + Dd::from(321_595_523_770_161.0) / Dd::from(1e15) / Dd::from(1e15);
        let got = Dd::from(-1.0).exp_of_negative();
        assert!((got - want).abs().hi() < 1e-30, "{got:?}");
        for (x, y) in [
            (-0.1, -0.2),
            (-3.0, -40.0),
            (-1e-20, -0.5),
            (-100.0, -200.0),
        ] {
            let (x, y) = (Dd::from(x), Dd::from(y));
            let product = x.exp_of_negative() * y.exp_of_negative();
            let off = (x + y).exp_of_negative() / product - Dd::ONE;
            assert!(off.abs().hi() < 1e-28, "{x:?} {y:?}: {off:?}");
        }
        assert_eq!(Dd::ZERO.exp_of_negative(), Dd::ONE);
        assert_eq!(Dd::from(-1e9).exp_of_negative(), Dd::ZERO);
        assert!(Dd::from(f64::NAN).exp_of_negative().hi().is_nan());
    }
}

//! Units of rounding, and what is left of it in a computation.

/// Unit roundoff of binary64, u = 2⁻⁵³.
pub const UNIT: f64 = f64::EPSILON / 2.0;

/// An operation of double-double arithmetic is within 2⁻¹⁰² of what is exact, relatively (see
/// [`crate::linalg::Dd`]).
pub const UNIT_DD: f64 = f64::from_bits((1023 - 102) << 52);

/// The unit roundoff u of the arithmetic in which an implementation under test computes.
///
/// What that implementation rounds (its floors, its doubt at kinks) takes this value; what ratecert
/// rounds itself takes [`UNIT`].
///
/// ```
/// use ratecert::Roundoff;
///
/// assert_eq!(Roundoff::SINGLE.value(), 2f64.powi(-24));
/// assert!(Roundoff::SINGLE.gamma(100) > 100.0 * Roundoff::SINGLE.value());
/// assert_eq!(Roundoff::SINGLE.nearest(0.1), f64::from(0.1f32));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Roundoff(f64);

impl Roundoff {
    /// binary64, u = 2⁻⁵³.
    pub const DOUBLE: Self = Self(UNIT);
    /// binary32, u = 2⁻²⁴.
    pub const SINGLE: Self = Self(5.960_464_477_539_063e-8);

    /// The unit roundoff u.
    pub fn value(self) -> f64 {
        self.0
    }

    /// γ_p = pu/(1-pu).
    pub fn gamma(self, p: usize) -> f64 {
        let pu = p as f64 * self.0;
        if pu < 1.0 {
            pu / (1.0 - pu)
        } else {
            f64::INFINITY
        }
    }

    /// The nearest number of this arithmetic.
    pub fn nearest(self, x: f64) -> f64 {
        if self == Self::SINGLE {
            f64::from(x as f32)
        } else {
            x
        }
    }
}

/// γ_p of binary64 (see [`Roundoff::gamma`]).
pub fn gamma(p: usize) -> f64 {
    Roundoff::DOUBLE.gamma(p)
}

/// Relative room for evaluating a bound itself in floating point: a bound is a
/// short expression in constants that were already rounded up, and powers qᵗ
/// lose at most t·u (see [`bound_room`]).
pub const BOUND_ROOM: f64 = 1e-12;

/// Factor (1 + 1e-12 + t·u) by which a bound at step t may be exceeded by rounding in the bound.
pub fn bound_room(t: usize) -> f64 {
    1.0 + BOUND_ROOM + t as f64 * UNIT
}

/// The elementary functions (tanh, exp) of the platform are taken to be within
/// this many ulps; glibc, musl and macOS document at most 2.
pub const LIBM_ULPS: usize = 4;

/// Floor over size from which on a comparison with an exact number shows nothing: a wrong one in
/// the second digit would pass. In binary32 this is reached at dκ ≈ 5·10³ (theory, section 11).
pub const COARSE: f64 = 1e-2;

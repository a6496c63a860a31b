//! Outward-rounded scalars: enclosures, sums with their rounding error, norm bounds.
//!
//! Owns the arithmetic on which the certificates of this folder rest. Must not
//! know sets. Sums are error-free transformations, so that data that can be added
//! exactly are seen to be.

use nalgebra::DMatrix;

use super::jacobi::{Svd, svd};
use crate::linalg::eft::{two_prod_any, two_sum};
use crate::linalg::norm::{spectral_lower, spectral_upper};
use crate::tol::{UNIT, gamma};

/// Products below this may have lost more than the unit roundoff to underflow.
const SMALL_PRODUCT: f64 = f64::MIN_POSITIVE / (UNIT * UNIT);

/// A real number known to lie in [lower, upper].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Enclosure {
    /// Not above the number.
    pub lower: f64,
    /// Not below the number.
    pub upper: f64,
}

impl Enclosure {
    /// Exactly zero.
    pub const ZERO: Self = Self {
        lower: 0.0,
        upper: 0.0,
    };

    /// The interval [lower, upper]; NaN means that nothing is known on that side.
    pub fn new(lower: f64, upper: f64) -> Self {
        debug_assert!(
            lower.is_nan() || upper.is_nan() || lower <= upper,
            "certificates contradict: {lower} > {upper}"
        );
        Self {
            lower: if lower.is_nan() {
                f64::NEG_INFINITY
            } else {
                lower
            },
            upper: if upper.is_nan() { f64::INFINITY } else { upper },
        }
    }

    /// The enclosure of a number that is not negative.
    pub fn nonnegative(lower: f64, upper: f64) -> Self {
        Self::new(lower.max(0.0), upper)
    }

    /// upper - lower.
    pub fn width(&self) -> f64 {
        self.upper - self.lower
    }

    /// Whether `x` is not excluded.
    pub fn contains(&self, x: f64) -> bool {
        self.lower <= x && x <= self.upper
    }

    /// The enclosure of the larger of two numbers.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        Self {
            lower: self.lower.max(other.lower),
            upper: self.upper.max(other.upper),
        }
    }

    /// The enclosure of the smaller of two numbers.
    #[must_use]
    pub fn min(self, other: Self) -> Self {
        Self {
            lower: self.lower.min(other.lower),
            upper: self.upper.min(other.upper),
        }
    }

    /// The enclosure of a nonnegative number of which this number is within `r`.
    #[must_use]
    pub(super) fn loosened(self, r: f64) -> Self {
        if r == 0.0 {
            return self;
        }
        Self::nonnegative((self.lower - r).next_down(), add_up(self.upper, r))
    }
}

/// a + b, rounded up.
pub(super) fn add_up(a: f64, b: f64) -> f64 {
    if a == 0.0 || b == 0.0 {
        a + b
    } else {
        (a + b).next_up()
    }
}

/// a·b, rounded up, for a, b ≥ 0.
pub(super) fn mul_up(a: f64, b: f64) -> f64 {
    if a == 0.0 || b == 0.0 {
        0.0
    } else {
        (a * b).next_up()
    }
}

/// A running sum of numbers and products with what rounding took from it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sum {
    head: f64,
    tail: f64,
    tail_abs: f64,
    lost: f64,
    terms: usize,
}

impl Sum {
    #[inline]
    fn keep(&mut self, error: f64) {
        if error != 0.0 {
            self.tail += error;
            self.tail_abs += error.abs();
            self.terms += 1;
        }
    }

    /// Adds `x`.
    #[inline]
    pub fn add(&mut self, x: f64) {
        let (s, error) = two_sum(self.head, x);
        self.head = s;
        self.keep(error);
    }

    /// Adds `x`·`y`.
    #[inline]
    pub fn add_product(&mut self, x: f64, y: f64) {
        if x == 0.0 || y == 0.0 {
            return;
        }
        let (p, error) = two_prod_any(x, y);
        if p.abs() < SMALL_PRODUCT {
            // The error of the product may itself have underflowed; it is far below 2^-1022.
            self.lost += f64::MIN_POSITIVE;
        }
        self.keep(error);
        self.add(p);
    }

    /// Adds `s`·`l`·`r` with the rounding of both products.
    #[inline]
    pub fn add_triple(&mut self, s: f64, l: f64, r: f64) {
        if s == 0.0 || l == 0.0 || r == 0.0 {
            return;
        }
        let (p, error) = two_prod_any(s, l);
        if p.abs() < SMALL_PRODUCT {
            self.lose((r.abs() * f64::MIN_POSITIVE).max(f64::MIN_POSITIVE));
        }
        self.add_product(p, r);
        self.add_product(error, r);
    }

    /// Notes that what was added is known only to within `error`.
    pub fn lose(&mut self, error: f64) {
        self.lost = add_up(self.lost, error);
    }

    /// The sum and a bound of its error; 0 only if it is exact.
    pub fn value(&self) -> (f64, f64) {
        let (s, last) = two_sum(self.head, self.tail);
        // The tail is itself a floating-point sum of `terms` numbers.
        let error = last.abs() + gamma(2 * self.terms + 4) * self.tail_abs + self.lost;
        if error == 0.0 {
            (s, 0.0)
        } else {
            (s, (error * (1.0 + 8.0 * UNIT)).next_up())
        }
    }

    /// The largest value the sum can have.
    pub fn upper(&self) -> f64 {
        let (value, error) = self.value();
        if error == 0.0 {
            value
        } else {
            (value + error).next_up()
        }
    }

    /// The smallest value the sum can have.
    pub fn lower(&self) -> f64 {
        let (value, error) = self.value();
        if error == 0.0 {
            value
        } else {
            (value - error).next_down()
        }
    }
}

/// A matrix computed entry by entry, and a bound of the Frobenius norm of its error.
pub(super) fn collect(
    rows: usize,
    cols: usize,
    entry: impl Fn(usize, usize) -> Sum,
) -> (DMatrix<f64>, f64) {
    let mut errors = Vec::new();
    let value = DMatrix::from_fn(rows, cols, |i, j| {
        let (value, error) = entry(i, j).value();
        if error != 0.0 {
            errors.push(error);
        }
        value
    });
    let error = euclidean_upper(&errors);
    (value, error)
}

/// Product of two matrices and a bound of the Frobenius norm of its rounding error.
pub(super) fn product(a: &DMatrix<f64>, b: &DMatrix<f64>) -> (DMatrix<f64>, f64) {
    collect(a.nrows(), b.ncols(), |i, j| {
        let mut sum = Sum::default();
        for l in 0..a.ncols() {
            sum.add_product(a[(i, l)], b[(l, j)]);
        }
        sum
    })
}

/// What a linear image by `m` makes of a rounding radius.
pub(super) fn carried(m: &DMatrix<f64>, rounding: f64) -> f64 {
    if rounding == 0.0 {
        0.0
    } else {
        mul_up(norm_upper(m), rounding)
    }
}

/// ‖x‖₂ rounded up; 0 only for zeros, infinite where an entry is not finite.
pub(super) fn euclidean_upper(x: &[f64]) -> f64 {
    let Some((scale, sum)) = scaled_squares(x) else {
        return 0.0;
    };
    if !sum.is_finite() || !scale.is_finite() {
        return f64::INFINITY;
    }
    (scale * (sum * (1.0 + gamma(x.len() + 6))).sqrt())
        .next_up()
        .next_up()
}

/// ‖x‖₂ rounded down.
pub(super) fn euclidean_lower(x: &[f64]) -> f64 {
    let Some((scale, sum)) = scaled_squares(x) else {
        return 0.0;
    };
    if !sum.is_finite() || !scale.is_finite() {
        return 0.0;
    }
    (scale * (sum * (1.0 - gamma(x.len() + 6))).sqrt())
        .next_down()
        .next_down()
        .max(0.0)
}

/// A power of two s near max|x_i| and Σ(x_i/s)²; `None` when all are zero.
fn scaled_squares(x: &[f64]) -> Option<(f64, f64)> {
    let largest = x.iter().fold(0.0f64, |m, v| {
        if v.is_nan() {
            f64::INFINITY
        } else {
            m.max(v.abs())
        }
    });
    if largest == 0.0 {
        return None;
    }
    if largest.is_infinite() {
        return Some((largest, largest));
    }
    let scale = 2f64.powi(largest.log2().floor().clamp(-1000.0, 1000.0) as i32);
    Some((scale, x.iter().map(|v| (v / scale) * (v / scale)).sum()))
}

/// A certified upper bound of the operator norm, exactly 0 for zero.
pub fn norm_upper(a: &DMatrix<f64>) -> f64 {
    let frobenius = euclidean_upper(a.as_slice());
    if a.nrows().min(a.ncols()) <= 1 {
        frobenius
    } else {
        spectral_upper(a).min(frobenius)
    }
}

/// A certified lower bound of the operator norm.
pub fn norm_lower(a: &DMatrix<f64>) -> f64 {
    if a.nrows().min(a.ncols()) <= 1 {
        euclidean_lower(a.as_slice())
    } else {
        spectral_lower(a)
    }
}

/// A certified upper bound of the nuclear norm ‖Y‖_* (the sum of the singular values).
///
/// For any F, G: ‖Y‖_* ≤ (‖F‖_F² + ‖G‖_F²)/2 + √p ‖Y - FGᵀ‖_F with p the smaller side, tight at
/// F = U√Σ, G = V√Σ; so the factors need not be trusted.
pub fn nuclear_upper(y: &DMatrix<f64>) -> f64 {
    let side = y.nrows().min(y.ncols());
    let frobenius = euclidean_upper(y.as_slice());
    if side <= 1 || frobenius == 0.0 || !frobenius.is_finite() {
        return frobenius;
    }
    let root = (side as f64).sqrt().next_up();
    let fallback = mul_up(root, frobenius);
    let Svd { u, sigma, v } = svd(y);
    let f = DMatrix::from_fn(u.nrows(), side, |i, j| u[(i, j)] * sigma[j].sqrt());
    let g = DMatrix::from_fn(v.nrows(), side, |i, j| v[(i, j)] * sigma[j].sqrt());
    let (residual, error) = collect(y.nrows(), y.ncols(), |i, j| {
        let mut sum = Sum::default();
        sum.add(-y[(i, j)]);
        for l in 0..side {
            sum.add_product(f[(i, l)], g[(j, l)]);
        }
        sum
    });
    let (f, g) = (euclidean_upper(f.as_slice()), euclidean_upper(g.as_slice()));
    let squares = add_up(mul_up(f, f), mul_up(g, g)) / 2.0;
    let defect = mul_up(root, add_up(euclidean_upper(residual.as_slice()), error));
    add_up(squares, defect).min(fallback)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_sums_are_seen_to_be_exact_and_others_are_not() {
        let mut sum = Sum::default();
        for (x, y) in [(3.0, 0.5), (-7.0, 2.0), (0.0, 0.1)] {
            sum.add_product(x, y);
        }
        assert_eq!(sum.value(), (-12.5, 0.0));
        let mut sum = Sum::default();
        sum.add_product(0.1, 0.1);
        let (value, error) = sum.value();
        // 0.1 (binary64) squared is 0.01 + 1.11..e-18, its nearest double is 0.01 + 1.94e-18.
        assert!(error > 0.0 && error < 2e-18, "{value} {error}");
        assert!(sum.lower() < sum.upper());
        let mut tiny = Sum::default();
        tiny.add_product(1e-300, 1e-300);
        assert!(tiny.value().1 > 0.0);
    }

    /// Sums and products of two numbers that are not 0 are rounded up, however small they are.
    #[test]
    fn what_is_added_is_rounded_up() {
        for (a, b) in [(0.1, 0.2), (0.3, 0.3), (1.0, 1e-300)] {
            assert_eq!(add_up(a, b), (a + b).next_up());
            assert_eq!(mul_up(a, b), (a * b).next_up());
        }
        for (a, b) in [(0.0, 0.3), (0.3, 0.0), (0.0, 0.0)] {
            assert_eq!((add_up(a, b), mul_up(a, b)), (a + b, 0.0));
        }
    }

    /// The errors of a sum are a sum themselves, whose own rounding must be counted: here nothing
    /// else is lost.
    #[test]
    fn what_the_sum_of_errors_loses_is_counted() {
        let mut sum = Sum::default();
        let head = 2f64.powi(53);
        for x in [head, 1.0, 2f64.powi(-60), -head] {
            sum.add(x);
        }
        // 1 + 2⁻⁶⁰ exactly.
        let (value, error) = sum.value();
        assert_eq!(value, 1.0);
        assert!((2f64.powi(-60)..1e-14).contains(&error), "{error:e}");
    }

    /// The product of the first two is 0 in binary64, that of all three is not.
    #[test]
    fn products_that_vanish_on_the_way_are_counted() {
        let mut sum = Sum::default();
        sum.add_triple(1e-200, 1e-200, 1e200);
        let (value, error) = sum.value();
        assert!(
            value.abs() + error >= 1e-200 && error < 1e-100,
            "{value:e} {error:e}"
        );
        assert!(sum.lower() <= 1e-200 && sum.upper() >= 1e-200);
    }

    /// Against squares in rationals.
    #[test]
    fn vector_norms_are_on_their_sides() {
        use num_rational::BigRational;
        let exactly = |x: f64| BigRational::from_float(x).unwrap();
        let mut stream = crate::linalg::stream::Stream(1);
        for n in [1, 2, 7, 100] {
            for _ in 0..20 {
                let x = stream.matrix(n, 1);
                let x = x.as_slice();
                let square: BigRational = x.iter().map(|v| exactly(*v) * exactly(*v)).sum();
                let (lo, hi) = (euclidean_lower(x), euclidean_upper(x));
                assert!(exactly(lo) * exactly(lo) <= square && square <= exactly(hi) * exactly(hi));
                assert!(hi - lo <= 1e-13 * hi);
            }
        }
    }

    #[test]
    fn cancellation_is_enclosed() {
        let mut sum = Sum::default();
        for x in [1.0, 1e-17, 1e100, -1e100, -1.0] {
            sum.add(x);
        }
        assert!(sum.lower() <= 1e-17 && 1e-17 <= sum.upper());
        assert!(sum.upper() - sum.lower() < 1e-14);
    }

    #[test]
    fn nuclear_norm_of_known_matrices() {
        let y = DMatrix::from_row_slice(2, 3, &[3.0, 0.0, 0.0, 0.0, -4.0, 0.0]);
        let n = nuclear_upper(&y);
        assert!((7.0..7.0 + 1e-13).contains(&n), "{n}");
        assert_eq!(nuclear_upper(&DMatrix::zeros(3, 3)), 0.0);
        // Planted fault: the operator norm in its place would be far below.
        assert!(norm_upper(&y) < 7.0);
    }

    #[test]
    fn vector_norms_do_not_overflow_or_vanish() {
        for p in [-320, -300, 0, 300] {
            let s = 10f64.powi(p);
            let x = [3.0 * s, 4.0 * s];
            let (lo, hi) = (euclidean_lower(&x), euclidean_upper(&x));
            assert!(
                lo <= 5.0 * s * (1.0 + 1e-15) && hi >= 5.0 * s * (1.0 - 1e-15) && hi > 0.0,
                "{lo} {hi}"
            );
        }
        assert_eq!(euclidean_upper(&[0.0, f64::NAN]), f64::INFINITY);
        assert_eq!(euclidean_upper(&[]), 0.0);
    }

    #[test]
    fn enclosures_of_unknown_sides_are_unbounded() {
        let e = Enclosure::new(f64::NAN, f64::NAN);
        assert!(e.contains(7.0) && e.width() == f64::INFINITY);
        assert_eq!(Enclosure::ZERO.loosened(0.0), Enclosure::ZERO);
        assert!(Enclosure::ZERO.loosened(0.5).contains(0.5));
    }
}

//! Error-free transformations: the rounding error of a sum or a product, exactly.
//!
//! Owns the three building blocks on which double-double numbers and certified sums rest (Dekker
//! 1971; Knuth; Ogita, Rump and Oishi, "Accurate sum and dot product", SIAM J. Sci. Comput. 26,
//! 2005). Must not know what is summed. No fused multiply-add is used: the baseline x86-64 target
//! lacks it, and without it every platform computes the same bits.

/// Factors beyond this are scaled before they are split, because [`two_prod`] would overflow at
/// 2^996.
const LARGE: f64 = f64::from_bits((1023 + 970) << 52);
/// 2⁻¹⁰⁰ and its inverse.
const DOWN: f64 = f64::from_bits((1023 - 100) << 52);
const UP: f64 = f64::from_bits((1023 + 100) << 52);

/// s + e = a + b exactly.
#[inline]
pub(crate) fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let s = a + b;
    let bb = s - a;
    (s, (a - (s - bb)) + (b - bb))
}

/// s + e = a + b exactly, for |a| ≥ |b|.
#[inline]
pub(crate) fn fast_two_sum(a: f64, b: f64) -> (f64, f64) {
    let s = a + b;
    (s, b - (s - a))
}

/// p + e = a·b exactly (Dekker's product), for factors below 2^996 and |p| above 2⁻⁹⁶⁹ or zero.
#[inline]
pub(crate) fn two_prod(a: f64, b: f64) -> (f64, f64) {
    const SPLITTER: f64 = 134_217_729.0; // 2^27 + 1
    let p = a * b;
    let ta = SPLITTER * a;
    let ah = ta - (ta - a);
    let al = a - ah;
    let tb = SPLITTER * b;
    let bh = tb - (tb - b);
    let bl = b - bh;
    (p, ((ah * bh - p) + ah * bl + al * bh) + al * bl)
}

/// [`two_prod`] for factors of any size whose product is finite.
#[inline]
pub(crate) fn two_prod_any(a: f64, b: f64) -> (f64, f64) {
    if a.abs() < LARGE && b.abs() < LARGE {
        return two_prod(a, b);
    }
    // At most one factor is large where the product is finite, and then the other is below 2^54.
    let (large, other) = if a.abs() < LARGE { (b, a) } else { (a, b) };
    let (_, e) = two_prod(large * DOWN, other);
    (a * b, e * UP)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn errors_are_exact(
            x in -1.0..1.0f64,
            y in -1.0..1.0f64,
            i in -400i32..1022,
            j in -400i32..600,
        ) {
            let (a, b) = (x * 2f64.powi(i), y * 2f64.powi(j));
            let (s, e) = two_sum(a, b);
            let (head, tail) = if a.abs() > b.abs() { (a, b) } else { (b, a) };
            prop_assert_eq!(fast_two_sum(head, tail), (s, e));
            prop_assert_eq!(two_sum(s, e), (s, e));
            let (p, e) = two_prod_any(a, b);
            prop_assert_eq!(p, a * b);
            if p.is_finite() {
                prop_assert_eq!(e, a.mul_add(b, -p));
            }
        }
    }

    #[test]
    fn cancellation_that_defeats_plain_sums_is_kept() {
        assert_eq!(two_sum(1e16, 1.0), (1e16, 1.0));
        // (1 + 2⁻⁵⁰)(1 - 2⁻⁵⁰) = 1 - 2⁻¹⁰⁰.
        let h = 2f64.powi(-50);
        assert_eq!(two_prod(1.0 + h, 1.0 - h), (1.0, -h * h));
    }
}

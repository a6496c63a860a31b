//! The softmax, in operations that are the same on every machine.

/// eˣ for x ≤ 0, within 4u; 0 below -708, where it leaves the normal numbers. Without branches, so
/// that loops over it become vector code, and without a call of the platform's function, whose last
/// bit differs between systems.
#[inline(always)]
pub fn exp_of_negative(x: f64) -> f64 {
    // Adding and taking off 1.5·2⁵² rounds to an integer, whose bits are the low ones of the sum.
    const TO_INTEGER: f64 = 6_755_399_441_055_744.0;
    // ln 2 in two parts, the first with 32 bits: its multiples by |n| ≤ 1075 are exact.
    const LN2: [f64; 2] = [6.931_471_803_691_238e-1, 1.908_214_929_270_587_7e-10];
    let clamped = if x > LOWEST { x } else { LOWEST };
    let shifted = clamped * std::f64::consts::LOG2_E + TO_INTEGER;
    let n = shifted - TO_INTEGER;
    let r = (clamped - n * LN2[0]) - n * LN2[1];
    // |r| ≤ 0.35: the first term left out is below 2⁻⁵⁶ of the sum.
    let c = INVERSE_FACTORIALS;
    let (r2, pair) = (r * r, |k: usize| c[k] + c[k + 1] * r);
    let r4 = r2 * r2;
    let rest = (pair(0) + pair(2) * r2)
        + (pair(4) + pair(6) * r2) * r4
        + (pair(8) + pair(10) * r2) * (r4 * r4);
    let power = f64::from_bits((shifted.to_bits() << 52).wrapping_add(1023 << 52));
    let value = (1.0 + (r + r2 * rest)) * power;
    let there = if x < LOWEST { 0.0 } else { value };
    if x.is_nan() { x } else { there }
}

/// Least exponent that is not taken for -∞.
const LOWEST: f64 = -708.0;

/// 1/2!, 1/3!, ..., 1/13!.
const INVERSE_FACTORIALS: [f64; 12] = {
    let (mut out, mut factorial, mut k) = ([0.0; 12], 1.0, 0);
    while k < 12 {
        factorial *= (k + 2) as f64;
        out[k] = 1.0 / factorial;
        k += 1;
    }
    out
};

/// Replaces the scores of every row (b×c) by exp(s_k)/Σ_l exp(s_l). A score that is not a number
/// makes the whole row so.
#[inline(always)]
pub fn softmax(scores: &mut [f64], c: usize) {
    for row in scores.chunks_exact_mut(c) {
        let mut top = row[0];
        for s in row.iter() {
            top = if *s > top { *s } else { top };
        }
        row.iter_mut().for_each(|s| *s -= top);
    }
    scores.iter_mut().for_each(|s| *s = exp_of_negative(*s));
    for row in scores.chunks_exact_mut(c) {
        let sum: f64 = row.iter().sum();
        row.iter_mut().for_each(|s| *s /= sum);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::Dd;
    use crate::linalg::stream::Stream;
    use crate::tol::UNIT;

    #[test]
    fn the_exponential_is_within_its_error_wherever_it_is_a_normal_number() {
        let mut stream = Stream(3);
        let mut worst = 0.0f64;
        for k in 0..40_000 {
            let scale = [1e-12, 1e-3, 0.4, 3.0, 40.0, 340.0][k % 6];
            let x = -(stream.next().abs() * scale);
            let exact = Dd::from(x).exp_of_negative();
            let off = (Dd::from(exp_of_negative(x)) / exact - Dd::ONE).hi().abs();
            worst = worst.max(off);
        }
        assert!(worst <= 4.0 * UNIT, "{worst:e}");
        assert_eq!(exp_of_negative(0.0), 1.0);
        assert_eq!(exp_of_negative(-0.0), 1.0);
        assert!(exp_of_negative(-707.9) > 0.0);
        assert_eq!(exp_of_negative(-709.0), 0.0);
        assert_eq!(exp_of_negative(f64::NEG_INFINITY), 0.0);
        assert!(exp_of_negative(f64::NAN).is_nan());
    }

    #[test]
    fn a_softmax_sums_to_one_whatever_the_size_of_its_scores() {
        let mut rows = vec![1e300, 1e300, -1e300, 0.5, 1.5, -0.25, 800.0, 0.0, 790.0];
        softmax(&mut rows, 3);
        for row in rows.chunks_exact(3) {
            assert!(
                (row.iter().sum::<f64>() - 1.0).abs() <= 4.0 * UNIT,
                "{row:?}"
            );
        }
        assert_eq!(rows[..3], [0.5, 0.5, 0.0]);
        let mut broken = vec![0.0, f64::NAN, 1.0];
        softmax(&mut broken, 3);
        assert!(broken.iter().all(|p| p.is_nan()), "{broken:?}");
    }
}

//! XᵀX: in binary64 by blocks of rows, and to the accuracy of double-double from plain products of
//! exactly split slices (Ozaki, Ogita, Oishi and Rump, "Error-free transformations of matrix
//! multiplication", Numer. Algorithms 59, 2012).
//!
//! In a block of at most 256 rows let 2^e be a power of two above a column's entries. An entry is
//! x = s₁ + s₂ + s₃ + r, s_k an integer of at most 2²² in modulus times 2^(e-22), 2^(e-45),
//! 2^(e-68), and |r| ≤ 2^(e-69). Products of s₁s₁, s₁s₂, s₂s₂ and s₁s₃ are integers of at most 2⁴⁴ of
//! one unit and their sums over the block of at most 2⁵²: exact in any order, with fused operations
//! or without. What is left is A + Aᵀ with A = S₁ᵀR + (S₂ + Q/2)ᵀQ, Q = S₃ + R, where a plain product
//! loses at most 2⁻¹⁰² of the product of the largest entries of the two columns. Blocks are summed in double-double.

use std::ops::Range;

use super::eft::two_sum;
use super::product::project;
use super::{Dd, Matrix};

/// Rows of a block.
const BLOCK: usize = 256;

/// Bits of an integer of a slice.
const BITS: i32 = 22;

/// Exponents of entries for which no product can overflow or lose bits below the smallest number.
const EXPONENTS: std::ops::Range<i32> = -400..400;

/// XᵀX (d×d), X n×d, symmetric to the last bit.
pub fn gram(x: &Matrix) -> Matrix {
    let d = x.ncols();
    let mut sum = Matrix::zeros(d, d);
    for block in blocks(x.nrows()) {
        let own = x.rows_range(block).into_owned();
        let n = own.nrows();
        for j in 0..d {
            let (upper, column) = (&own.as_slice()[..(j + 1) * n], own.column(j));
            let to = &mut sum.as_mut_slice()[j * d..=j * d + j];
            project(1.0, upper, column.as_slice(), 1.0, to);
        }
    }
    sum.fill_lower_triangle_with_upper_triangle();
    sum
}

/// out ← out + AᵀB.
fn add_product(a: &Matrix, b: &Matrix, out: &mut Matrix) {
    for (b, mut out) in b.column_iter().zip(out.column_iter_mut()) {
        project(1.0, a.as_slice(), b.as_slice(), 1.0, out.as_mut_slice());
    }
}

/// The rows of a matrix in blocks.
fn blocks(n: usize) -> impl Iterator<Item = Range<usize>> {
    let range = move |from: usize| from..(from + BLOCK).min(n);
    (0..n).step_by(BLOCK).map(range)
}

/// XᵀX by columns, every entry within (b+5)2⁻¹⁰⁴Σ|x_ki||x_kj| + 2⁻¹⁰²Σ‖x_i‖_∞‖x_j‖_∞ of what it is,
/// the second sum and the maxima over the b blocks; `None` where entries are too large, too small,
/// or not finite.
pub fn accurate_gram(x: &Matrix) -> Option<Vec<Vec<Dd>>> {
    let d = x.ncols();
    let mut sum = vec![vec![Dd::ZERO; d]; d];
    for block in blocks(x.nrows()) {
        let Slices { exact, q, r } = Slices::new(&x.rows_range(block).into_owned())?;
        let [s1, s2, s3] = exact;
        let s1_tr = s1.transpose();
        let s2_tr = s2.transpose();
        let (p11, p12, p22) = (&s1_tr * &s1, &s1_tr * &s2, &s2_tr * &s2);
        let p13 = &s1_tr * s3;
        let mut rest = Matrix::zeros(d, d);
        add_product(&(s2 + &q * 0.5), &q, &mut rest);
        if r.iter().any(|v| *v != 0.0) {
            add_product(&s1, &r, &mut rest);
        }
        for j in 0..d {
            for i in 0..=j {
                let both = |p: &Matrix| two_sum(p[(i, j)], p[(j, i)]);
                let (second, third) = (both(&p12), both(&p13));
                // What is below the last bit of p₁₃ needs no more than binary64.
                let last = rest[(i, j)] + rest[(j, i)] + third.1;
                let (middle, lost) = two_sum(p22[(i, j)], third.0);
                let own = Dd::from(p11[(i, j)]) + Dd::from(second.0);
                sum[j][i] += own + (Dd::from(middle) + Dd::from(second.1 + (lost + last)));
            }
        }
    }
    for j in 0..d {
        for i in 0..j {
            sum[i][j] = sum[j][i];
        }
    }
    Some(sum)
}

/// X = S₁ + S₂ + Q, Q = S₃ + R.
struct Slices {
    exact: [Matrix; 3],
    q: Matrix,
    r: Matrix,
}

impl Slices {
    fn new(x: &Matrix) -> Option<Self> {
        let empty = || Matrix::zeros(x.nrows(), x.ncols());
        let mut exact = [empty(), empty(), empty()];
        let (mut q, mut r) = (empty(), x.clone());
        for (j, mut rest) in r.column_iter_mut().enumerate() {
            let largest = rest.iter().fold(0.0f64, |m, v| m.max(v.abs()));
            if largest == 0.0 && rest.iter().all(|v| *v == 0.0) {
                continue;
            }
            // 2^e > |x|.
            let exponent = exponent(largest);
            if !EXPONENTS.contains(&exponent) || rest.iter().any(|v| v.is_nan()) {
                return None;
            }
            for (k, slice) in exact.iter_mut().enumerate() {
                if k == 2 {
                    q.column_mut(j).copy_from(&rest);
                }
                // Adding 1.5·2⁵² units rounds to a multiple of the unit.
                let unit = exponent - BITS - (BITS + 1) * k as i32;
                let shift = 1.5 * 2f64.powi(52 + unit);
                for (s, v) in slice.column_mut(j).iter_mut().zip(rest.iter_mut()) {
                    *s = (*v + shift) - shift;
                    *v -= *s;
                }
            }
        }
        Some(Self { exact, q, r })
    }
}

/// The smallest e with |x| < 2^e, x a normal number or 0.
fn exponent(x: f64) -> i32 {
    (x.to_bits() >> 52 & 0x7ff) as i32 - 1022
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::stream::Stream;
    use num_bigint::BigInt;
    use num_rational::Ratio;
    use num_traits::{Signed, ToPrimitive, Zero};
    use proptest::prelude::*;

    type Rational = Ratio<BigInt>;

    fn exact(x: f64) -> Rational {
        Ratio::from_float(x).expect("finite")
    }

    /// Entries whose exponents vary by `spread` bits, rows longer than a block.
    fn matrix(n: usize, d: usize, spread: f64, seed: u64) -> Matrix {
        let mut stream = Stream(seed);
        let (values, sizes) = (stream.matrix(n, d), stream.matrix(n, d));
        values.zip_map(&sizes, |v, s| v * 2f64.powi((s * spread) as i32))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn entries_are_those_of_rational_arithmetic(
            n in 1usize..600, d in 1usize..5, spread in 0.0..60.0f64, p in -150i32..150, seed: u64,
        ) {
            let x = matrix(n, d, spread, seed) * 2f64.powi(p);
            let got = accurate_gram(&x).expect("in range");
            let plain = gram(&x);
            for i in 0..d {
                for j in 0..d {
                    let terms = |f: &dyn Fn(f64, f64) -> Rational| -> Rational {
                        (0..n).map(|k| f(x[(k, i)], x[(k, j)])).sum()
                    };
                    let want = terms(&|a, b| exact(a) * exact(b));
                    let sizes = terms(&|a, b| (exact(a) * exact(b)).abs());
                    let count = blocks(n).count() as f64;
                    let mut bound = &sizes * exact((count + 5.0) * 2f64.powi(-104));
                    for block in blocks(n) {
                        let largest = |c: usize| x.column(c).rows_range(block.clone()).amax();
                        let product = exact(largest(i)) * exact(largest(j));
                        bound += product * exact(2f64.powi(-102));
                    }
                    let off = (exact(got[j][i].hi()) + exact(got[j][i].lo()) - &want).abs();
                    prop_assert!(off <= bound, "{:?} {:?}", off.to_f64(), bound.to_f64());
                    let off = (exact(plain[(i, j)]) - &want).abs();
                    prop_assert!(off <= sizes * exact(crate::tol::gamma(n + 2)));
                }
            }
        }
    }

    /// Columns of ±(2^e - 1 ulp) make the largest integers there are: sums that need every bit.
    #[test]
    fn the_largest_sums_of_a_block_are_exact() {
        let x = Matrix::from_fn(BLOCK, 2, |k, j| if (k + j) % 2 == 0 { 1.0f64.next_down() } else { -(1.0f64.next_down()) });
        let got = accurate_gram(&x).unwrap();
        let one = exact(1.0f64.next_down()) * exact(1.0f64.next_down());
        let want = one * Rational::from_integer(BLOCK.into());
        for (i, j, sign) in [(0, 0, 1), (0, 1, -1), (1, 1, 1)] {
            let off = exact(got[j][i].hi()) + exact(got[j][i].lo()) - &want * Rational::from_integer(sign.into());
            assert!(off.abs() <= &want * exact(2f64.powi(-104)), "{:?}", off.to_f64());
        }
    }

    #[test]
    fn zeros_are_zeros_and_what_is_out_of_range_is_left_to_others() {
        let none = accurate_gram(&Matrix::zeros(3, 2)).unwrap();
        assert!(none.iter().flatten().all(|v| *v == Dd::ZERO));
        for x in [f64::NAN, f64::INFINITY, 1e200, 1e-200] {
            let mut m = Matrix::from_element(3, 2, 1.0);
            m.column_mut(1).fill(x);
            assert!(accurate_gram(&m).is_none(), "{x}");
            m[(0, 1)] = f64::NAN;
            assert!(accurate_gram(&m).is_none());
        }
        assert!(Rational::zero().is_zero());
    }
}

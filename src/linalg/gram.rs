//! XᵀX: in binary64 by blocks of rows, and to the accuracy of double-double from plain products of
//! exactly split slices (Ozaki, Ogita, Oishi and Rump, "Error-free transformations of matrix
//! multiplication", Numer. Algorithms 59, 2012).
//!
//! In a block of at most 256 rows let 2^e be a power of two above a column's entries. An entry is
//! x = s₁ + s₂ + s₃ + r, s_k an integer of at most 2²² in modulus times 2^(e-22), 2^(e-45),
//! 2^(e-68), and |r| ≤ 2^(e-69). Products of s₁s₁, s₁s₂, s₂s₂ and s₁s₃ are integers of at most 2⁴⁴
//! of one unit and their sums over the block of at most 2⁵²: exact in any order, with fused
//! operations or without. What is left is A + Aᵀ with A = S₁ᵀR + (S₂ + Q/2)ᵀQ, Q = S₃ + R, where a
//! plain product loses at most 2⁻¹⁰² of the product of the largest entries of the two columns.
//! Blocks are summed in double-double.

use std::ops::Range;

use pulp::Arch;

use super::eft::{fast_two_sum, two_sum};
use super::product::project;
use super::{Dd, Matrix, Vector};

/// Rows of a block.
const BLOCK: usize = 256;

/// Bits of an integer of a slice.
const BITS: i32 = 22;

/// Exponents of entries for which no product can overflow or lose bits below the smallest number.
const EXPONENTS: Range<i32> = -400..400;

/// XᵀX (d×d), X n×d, symmetric to the last bit.
pub fn gram(x: &Matrix) -> Matrix {
    gram_scaled(x, 1.0)
}

/// (sX)ᵀ(sX).
pub fn gram_scaled(x: &Matrix, scale: f64) -> Matrix {
    let d = x.ncols();
    let mut sum = Matrix::zeros(d, d);
    for block in blocks(x.nrows()) {
        let mut own = x.rows_range(block).into_owned();
        own *= scale;
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

/// ZᵀZ of Z = [X y] by columns; `None` where entries are too large, too small, or not finite. An
/// entry is within (b+5)2⁻¹⁰⁴Σ|z_ki||z_kj| + 2⁻¹⁰²Σ‖z_i‖_∞‖z_j‖_∞ of what it is, the second sum and
/// the maxima over the b blocks. Of XᵀX that is (b+9)2⁻¹⁰⁴‖X‖_F² at most in norm, and ‖X‖_F² ≤
/// d‖|X|‖². Of Xᵀy it may be anything (rows where one is large and the other 0): entries where the
/// second sum is more than four times the first are summed product by product instead, so that Xᵀy
/// is within (n+21)2⁻¹⁰⁴|X|ᵀ|y|.
pub fn accurate_gram(x: &Matrix, y: &Vector) -> Option<Vec<Vec<Dd>>> {
    let (n, d) = (x.nrows(), x.ncols() + 1);
    assert_eq!(y.len(), n);
    let [mut high, mut low] = [vec![0.0; d * d], vec![0.0; d * d]];
    // Σ|x_ki||y_k| and Σ‖x_i‖_∞‖y‖_∞.
    let mut sizes = vec![[0.0; 2]; d - 1];
    for block in blocks(n) {
        let mut z = Matrix::zeros(block.len(), d);
        let rows = x.rows_range(block.clone());
        z.columns_range_mut(..d - 1).copy_from(&rows);
        z.column_mut(d - 1).copy_from(&y.rows_range(block));
        let (before, last) = z.as_slice().split_at((d - 1) * z.nrows());
        let columns = before.chunks_exact(z.nrows());
        for (size, column) in sizes.iter_mut().zip(columns) {
            let terms = column.iter().zip(last).map(|(x, y)| x.abs() * y.abs());
            *size = [
                size[0] + terms.sum::<f64>(),
                size[1] + largest(column) * largest(last),
            ];
        }
        let Slices { exact, q, r } = Slices::new(z)?;
        let [s1, s2, s3] = exact;
        let s1_tr = s1.transpose();
        let (p11, p22) = (&s1_tr * &s1, s2.transpose() * &s2);
        let (p12, p13) = (&s1_tr * &s2, &s1_tr * &s3);
        let mut rest = Matrix::zeros(d, d);
        add_product(&(s2 + &q * 0.5), &q, &mut rest);
        if r.iter().any(|v| *v != 0.0) {
            add_product(&s1, &r, &mut rest);
        }
        let [p21, p31, rest_tr] = [&p12, &p13, &rest].map(Matrix::transpose);
        let parts = [&p11, &p12, &p21, &p13, &p31, &p22, &rest, &rest_tr];
        let parts = parts.map(Matrix::as_slice);
        Arch::new().dispatch(|| add_block(parts, &mut high, &mut low));
    }
    let entry = |k: usize| Dd::from(high[k]) + Dd::from(low[k]);
    let column = |j: usize| (0..d).map(|i| entry(j * d + i)).collect();
    let mut out: Vec<Vec<Dd>> = (0..d).map(column).collect();
    for (i, [terms, maxima]) in sizes.into_iter().enumerate() {
        if maxima <= 4.0 * terms {
            continue;
        }
        let product = |(x, y): (&f64, &f64)| Dd::from(*x) * Dd::from(*y);
        let products = x.column(i).into_iter().zip(y).map(product);
        let sum = products.fold(Dd::ZERO, |sum, p| sum + p);
        (out[d - 1][i], out[i][d - 1]) = (sum, sum);
    }
    Some(out)
}

/// The largest modulus.
fn largest(x: &[f64]) -> f64 {
    x.iter().fold(0.0f64, |m, v| m.max(v.abs()))
}

/// (high, low) ← (high, low) + P₁₁ + P₁₂ + P₂₁ + P₁₃ + P₃₁ + P₂₂ + A + Aᵀ, entry by entry.
#[inline(always)]
fn add_block(parts: [&[f64]; 8], high: &mut [f64], low: &mut [f64]) {
    let n = high.len();
    let [p11, p12, p21, p13, p31, p22, a, b] = parts.map(|p| &p[..n]);
    let low = &mut low[..n];
    for k in 0..n {
        let (second, second_lost) = two_sum(p12[k], p21[k]);
        let (third, third_lost) = two_sum(p13[k], p31[k]);
        let (middle, middle_lost) = two_sum(p22[k], third);
        // What is below the last bit of P₁₃ needs no more than binary64.
        let last = (a[k] + b[k]) + third_lost + middle_lost + second_lost;
        // From the largest to the smallest, and into what is there.
        let (sum, lost) = two_sum(p11[k], second);
        let (sum, lost_too) = two_sum(sum, middle);
        let (sum_high, lost_high) = two_sum(high[k], sum);
        let rest = low[k] + (((lost + lost_too) + last) + lost_high);
        (high[k], low[k]) = fast_two_sum(sum_high, rest);
    }
}

/// X = S₁ + S₂ + Q, Q = S₃ + R.
struct Slices {
    exact: [Matrix; 3],
    q: Matrix,
    r: Matrix,
}

impl Slices {
    fn new(x: Matrix) -> Option<Self> {
        let n = x.nrows();
        let empty = || Matrix::zeros(n, x.ncols());
        let (mut exact, mut q) = ([empty(), empty(), empty()], empty());
        let mut r = x;
        let [first, second, third] = &mut exact;
        let columns = [first, second, third, &mut q].map(|m| m.as_mut_slice());
        let [first, second, third, rest] = columns.map(|c| c.chunks_exact_mut(n));
        let outputs = first.zip(second).zip(third.zip(rest));
        for (rest, ((s1, s2), (s3, q))) in r.as_mut_slice().chunks_exact_mut(n).zip(outputs) {
            let largest = largest(rest);
            let nan = rest.iter().fold(false, |any, v| any | v.is_nan());
            if largest == 0.0 && !nan {
                continue;
            }
            // 2^e > |x|.
            let exponent = exponent(largest);
            if nan || !EXPONENTS.contains(&exponent) {
                return None;
            }
            // Adding 1.5·2⁵² units rounds to a multiple of the unit.
            let shift = [1, 2, 3].map(|k| 1.5 * 2f64.powi(53 + exponent - (BITS + 1) * k));
            Arch::new().dispatch(|| cut(rest, [s1, s2, s3, q], shift));
        }
        Some(Self { exact, q, r })
    }
}

/// The slices of a column, what is left of it after two, and in its place after three.
#[inline(always)]
fn cut(rest: &mut [f64], [s1, s2, s3, q]: [&mut [f64]; 4], shift: [f64; 3]) {
    let outputs = s1.iter_mut().zip(s2).zip(s3.iter_mut().zip(q));
    for (x, ((s1, s2), (s3, q))) in rest.iter_mut().zip(outputs) {
        *s1 = (*x + shift[0]) - shift[0];
        let after = *x - *s1;
        *s2 = (after + shift[1]) - shift[1];
        *q = after - *s2;
        *s3 = (*q + shift[2]) - shift[2];
        *x = *q - *s3;
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
    use num_traits::{Signed, ToPrimitive};
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
            let (last, before) = (x.column(d - 1).into_owned(), x.columns_range(..d - 1).into_owned());
            let got = accurate_gram(&before, &last).expect("in range");
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

    /// A row where y is huge and X is 0, or nearly: what the other rows give Xᵀy is kept.
    #[test]
    fn outliers_do_not_hide_the_rest() {
        for (n, big, small) in [
            (9, 75, 0.0),
            (40, 40, 0.0),
            (300, 60, 2f64.powi(-90)),
            (9, 32, 0.0),
        ] {
            let mut stream = Stream(n as u64);
            let mut x = stream.matrix(n, 2).map(|v| v + 2.0);
            let mut y = Vector::from_column_slice(stream.matrix(n, 1).as_slice()).map(|v| v + 2.0);
            (x[(0, 0)], y[0]) = (small, 2f64.powi(big));
            let got = accurate_gram(&x, &y).expect("in range");
            let products = x
                .column(0)
                .iter()
                .zip(&y)
                .map(|(a, b)| exact(*a) * exact(*b))
                .collect::<Vec<_>>();
            let want: Rational = products.iter().sum();
            let off = (exact(got[2][0].hi()) + exact(got[2][0].lo()) - &want).abs();
            let bound = &want * exact((n as f64 + 21.0) * 2f64.powi(-104));
            assert!(
                off <= bound,
                "{n} {big}: {:?} {:?}",
                off.to_f64(),
                bound.to_f64()
            );
            assert_eq!(got[0][2], got[2][0]);
        }
    }

    /// Columns of ±(2^e - 1 ulp) make the largest integers there are: sums that need every bit.
    #[test]
    fn the_largest_sums_of_a_block_are_exact() {
        let x = Matrix::from_fn(BLOCK, 2, |k, j| {
            if (k + j) % 2 == 0 {
                1.0f64.next_down()
            } else {
                -(1.0f64.next_down())
            }
        });
        let got = accurate_gram(
            &x.columns_range(..1).into_owned(),
            &x.column(1).into_owned(),
        )
        .unwrap();
        let one = exact(1.0f64.next_down()) * exact(1.0f64.next_down());
        let want = one * Rational::from_integer(BLOCK.into());
        for (i, j, sign) in [(0, 0, 1), (0, 1, -1), (1, 1, 1)] {
            let off = exact(got[j][i].hi()) + exact(got[j][i].lo())
                - &want * Rational::from_integer(sign.into());
            assert!(
                off.abs() <= &want * exact(2f64.powi(-104)),
                "{:?}",
                off.to_f64()
            );
        }
    }

    #[test]
    fn zeros_are_zeros_and_what_is_out_of_range_is_left_to_others() {
        let gram = |m: &Matrix| accurate_gram(m, &Vector::zeros(m.nrows()));
        let none = gram(&Matrix::zeros(3, 2)).unwrap();
        assert!(none.iter().flatten().all(|v| *v == Dd::ZERO));
        for x in [f64::NAN, f64::INFINITY, 1e200, 1e-200] {
            let mut m = Matrix::from_element(3, 2, 1.0);
            m.column_mut(1).fill(x);
            assert!(gram(&m).is_none(), "{x}");
            m[(0, 1)] = f64::NAN;
            assert!(gram(&m).is_none());
        }
    }
}

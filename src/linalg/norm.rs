//! Operator (spectral) norms with certificates.
//!
//! Owns enclosures that do not trust an eigenvalue solver: an upper bound is
//! returned only after a floating-point Cholesky factorisation has proved it
//! (Rump, "Verification of positive definiteness", BIT 46, 2006).

use nalgebra::linalg::SymmetricTridiagonal;
use nalgebra::{Cholesky, SymmetricEigen};

use super::Matrix;
use super::gram::gram_scaled;
use super::product::{norm2, power_of_two_below};
use crate::tol::{UNIT, gamma};

/// A certified upper bound of the spectral norm ‖A‖ of any r×c matrix, within about d·1e-15 of it.
/// 0 for an empty or zero matrix, infinite for one with a non-finite entry.
///
/// ```
/// use ratecert::linalg::Matrix;
/// use ratecert::linalg::norm::{spectral_lower, spectral_upper};
///
/// let a = Matrix::from_row_slice(2, 2, &[3.0, 0.0, 4.0, 5.0]);
/// // AᵀA has the eigenvalues 45 and 5.
/// let norm = 45f64.sqrt();
/// assert!(spectral_lower(&a) <= norm && norm <= spectral_upper(&a));
/// assert!(spectral_upper(&a) - spectral_lower(&a) < 1e-12);
/// ```
pub fn spectral_upper(a: &Matrix) -> f64 {
    match gram_of_scaled(a) {
        Scaled::Zero => 0.0,
        Scaled::NotFinite => f64::INFINITY,
        Scaled::Gram {
            gram,
            scale,
            rounding,
        } => (largest_eigenvalue_upper(&gram) + rounding).sqrt() * (1.0 + 4.0 * UNIT) * scale,
    }
}

/// A certified lower bound of the spectral norm ‖A‖ of any r×c matrix: ‖Ax‖/‖x‖ rounded down for a
/// nearly optimal x.
pub fn spectral_lower(a: &Matrix) -> f64 {
    let Scaled::Gram { gram, scale, .. } = gram_of_scaled(a) else {
        return 0.0;
    };
    let wide = a.ncols() > a.nrows();
    let eigen = SymmetricEigen::new(gram);
    let top = eigen.eigenvalues.imax();
    let x = eigen.eigenvectors.column(top).into_owned();
    let scaled = a / scale;
    let y = if wide {
        scaled.tr_mul(&x)
    } else {
        &scaled * &x
    };
    // Each entry of y carries at most γ_n‖row‖‖x‖; the norms lose a few roundings more.
    let lost = gamma(x.len() + 4) * scaled.norm() * x.norm();
    ((norm2(y.as_slice()) - lost) / norm2(x.as_slice()) * (1.0 - gamma(y.len() + 8))).max(0.0)
        * scale
}

/// A certified upper bound of λ_max of a symmetric matrix (d×d, only the lower triangle is read).
pub fn largest_eigenvalue_upper(g: &Matrix) -> f64 {
    match g.nrows() {
        0 => f64::NEG_INFINITY,
        1 => g[(0, 0)],
        _ => proved_above(g, Tridiagonal::new(g).largest()),
    }
}

/// A certified upper bound of λ_max of a symmetric matrix, which is about `estimate`.
fn proved_above(g: &Matrix, estimate: f64) -> f64 {
    let d = g.nrows();
    let size = g
        .diagonal()
        .iter()
        .map(|v| v.abs())
        .sum::<f64>()
        .max(estimate.abs());
    if g.iter().all(|v| *v == 0.0) {
        return 0.0;
    }
    // Where products are lost to underflow, the least normal number is more than all that is lost.
    let mut excess = (4.0 * d as f64 * UNIT * size).max(f64::MIN_POSITIVE);
    // Doubles until the proof goes through; twice is unusual. A norm bound ends the search.
    let frobenius = norm2(g.as_slice()) * (1.0 + gamma(d * d + 8)) + f64::MIN_POSITIVE;
    while estimate + excess < frobenius {
        let c = estimate + excess;
        let mut shifted = -g;
        for i in 0..d {
            shifted[(i, i)] += c;
        }
        let trace: f64 = shifted.diagonal().iter().sum();
        if Cholesky::new(shifted).is_some() {
            // A completed factorisation proves λ_min > -γ/(1-γ)·trace; forming cI - G lost
            // u(|c|+|g_ii|).
            let g1 = gamma(d + 1);
            return c + g1 / (1.0 - g1) * trace * (1.0 + gamma(d)) + 2.0 * UNIT * (c.abs() + size);
        }
        excess *= 2.0;
    }
    frobenius
}

/// A certified enclosure [lower, upper] of the spectrum of a symmetric matrix.
pub fn symmetric_range(g: &Matrix) -> (f64, f64) {
    if g.nrows() < 2 {
        return (-largest_eigenvalue_upper(&-g), largest_eigenvalue_upper(g));
    }
    let like = Tridiagonal::new(g);
    let lower = -proved_above(&-g, -like.smallest());
    (lower, proved_above(g, like.largest()))
}

/// A tridiagonal matrix similar to a symmetric one, up to rounding.
struct Tridiagonal {
    diagonal: Vec<f64>,
    /// The squares of the entries beside it.
    squares: Vec<f64>,
    /// No eigenvalue is larger in modulus (Gershgorin), up to rounding.
    radius: f64,
}

impl Tridiagonal {
    /// Of a matrix of at least one row.
    fn new(g: &Matrix) -> Self {
        let (diagonal, beside) = SymmetricTridiagonal::new(g.clone()).unpack_tridiagonal();
        let n = diagonal.len();
        let at = |i: usize| if i + 1 < n { beside[i].abs() } else { 0.0 };
        let row = |i: usize| diagonal[i].abs() + at(i) + if i > 0 { at(i - 1) } else { 0.0 };
        Self {
            radius: (0..n).map(row).fold(0.0, f64::max),
            squares: beside.iter().map(|b| b * b).collect(),
            diagonal: diagonal.as_slice().to_vec(),
        }
    }

    /// Eigenvalues below x: the negative pivots of T - xI (Sylvester).
    fn below(&self, x: f64) -> usize {
        let (mut count, mut pivot) = (0, 1.0);
        for (i, d) in self.diagonal.iter().enumerate() {
            let taken = if i == 0 {
                0.0
            } else {
                self.squares[i - 1] / pivot
            };
            pivot = d - x - taken;
            if pivot == 0.0 {
                pivot = f64::MIN_POSITIVE;
            }
            count += usize::from(pivot < 0.0);
        }
        count
    }

    /// Where more than `count` eigenvalues are first below, by bisection to the last bit of the
    /// radius.
    fn bisect(&self, count: usize) -> f64 {
        let (mut low, mut high) = (-self.radius, self.radius);
        while high - low > UNIT * self.radius {
            let middle = low + 0.5 * (high - low);
            if !(low < middle && middle < high) {
                break;
            }
            if self.below(middle) > count {
                high = middle;
            } else {
                low = middle;
            }
        }
        high
    }

    fn smallest(&self) -> f64 {
        self.bisect(0)
    }

    fn largest(&self) -> f64 {
        self.bisect(self.diagonal.len() - 1)
    }
}

enum Scaled {
    Zero,
    NotFinite,
    /// Gram matrix of the smaller side of A/scale, and a bound of its rounding error.
    Gram {
        gram: Matrix,
        scale: f64,
        rounding: f64,
    },
}

fn gram_of_scaled(a: &Matrix) -> Scaled {
    if !a.iter().all(|v| v.is_finite()) {
        return Scaled::NotFinite;
    }
    let largest = a.iter().fold(0.0f64, |m, v| m.max(v.abs()));
    if largest == 0.0 {
        return Scaled::Zero;
    }
    // A power of two: dividing by it is exact (entries that underflow are 2^-1000 of the norm).
    let scale = power_of_two_below(largest);
    let (gram, n) = if a.ncols() <= a.nrows() {
        (gram_scaled(a, 1.0 / scale), a.nrows())
    } else {
        (gram_scaled(&a.transpose(), 1.0 / scale), a.ncols())
    };
    // ‖|B|ᵀ|B|‖ ≤ ‖B‖_F², which is the trace up to the same rounding.
    let rounding = gamma(n + 2) * gram.trace() * (1.0 + 2.0 * gamma(n + a.ncols() + 2));
    Scaled::Gram {
        gram,
        scale,
        rounding,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn matrix() -> impl Strategy<Value = Matrix> {
        (1usize..8, 1usize..8).prop_flat_map(|(r, c)| {
            proptest::collection::vec(-10.0..10.0f64, r * c)
                .prop_map(move |v| Matrix::from_vec(r, c, v))
        })
    }

    proptest! {
        #[test]
        fn enclosures_hold_the_singular_value_and_are_tight(a in matrix(), p in -300i32..300) {
            let a = a * 2f64.powi(p);
            let sigma = a.singular_values().max();
            let (lo, hi) = (spectral_lower(&a), spectral_upper(&a));
            prop_assert!(lo <= hi);
            prop_assert!(hi >= sigma * (1.0 - 1e-14) && hi <= sigma * (1.0 + 1e-13), "{hi} {sigma}");
            prop_assert!(lo <= sigma * (1.0 + 1e-14) && lo >= sigma * (1.0 - 1e-12), "{lo} {sigma}");
        }
    }

    proptest! {
        /// The ends of the spectrum, to the last bits, are those of another algorithm.
        #[test]
        fn the_ends_of_a_spectrum_are_found_by_bisection(a in matrix(), shift in -20.0..20.0f64) {
            let mut g = a.transpose() * &a;
            for i in 0..g.nrows() {
                g[(i, i)] += shift;
            }
            let (like, eigenvalues) = (Tridiagonal::new(&g), g.symmetric_eigenvalues());
            let room = 1e-14 * g.norm();
            prop_assert!((like.largest() - eigenvalues.max()).abs() <= room);
            prop_assert!((like.smallest() - eigenvalues.min()).abs() <= room);
            let (lo, hi) = symmetric_range(&g);
            prop_assert!(lo <= eigenvalues.min() + room && hi >= eigenvalues.max() - room);
            prop_assert!(hi - lo <= eigenvalues.max() - eigenvalues.min() + 20.0 * room);
        }
    }

    /// What is as small as the least numbers is bounded all the same, and the search for a bound
    /// ends.
    #[test]
    fn the_least_numbers_have_bounds() {
        for size in [1e-290, 1e-308, 1e-310, 5e-324] {
            let g = Matrix::from_row_slice(2, 2, &[2.0 * size, size, size, 2.0 * size]);
            let (lo, hi) = symmetric_range(&g);
            assert!(lo <= size && hi >= 3.0 * size, "{size:e}: {lo:e}, {hi:e}");
            assert!(
                hi - lo <= 2.1 * size + 20.0 * f64::MIN_POSITIVE,
                "{size:e}: {lo:e}, {hi:e}"
            );
        }
        assert_eq!(symmetric_range(&Matrix::zeros(3, 3)), (0.0, 0.0));
    }

    #[test]
    fn exact_cases() {
        assert_eq!(spectral_upper(&Matrix::zeros(3, 2)), 0.0);
        assert!(spectral_upper(&Matrix::from_element(2, 2, f64::NAN)).is_infinite());
        let q = spectral_upper(&Matrix::from_row_slice(2, 2, &[0.0, 0.9, -0.9, 0.0]));
        assert!((0.9..0.9 + 1e-14).contains(&q));
        let (lo, hi) = symmetric_range(&Matrix::from_row_slice(2, 2, &[2.0, 1.0, 1.0, 2.0]));
        assert!(lo <= 1.0 && lo > 1.0 - 1e-14 && (3.0..3.0 + 1e-14).contains(&hi));
    }
}

use nalgebra::DVector;
use num_bigint::BigInt;
use num_traits::One;
use proptest::prelude::*;

use super::charpoly::characteristic;
use super::discs::discs;
use super::powers::by_powers;
use super::{Enclosure, graeffe, spectrum};
use crate::linalg::Matrix;
use crate::linalg::stream::Stream;
use crate::tol::SPECTRUM_WIDTH;

fn holds(e: &Enclosure, x: f64) -> bool {
    e.lower <= x && x <= e.upper
}

/// S T S⁻¹, exactly, for S a product of integer shears: the spectrum is the diagonal of T.
fn hidden(triangle: &Matrix, shears: &[(usize, usize, f64)]) -> Matrix {
    let n = triangle.nrows();
    let mut p = triangle.clone();
    for &(i, j, by) in shears.iter().filter(|s| s.0 % n != s.1 % n) {
        let (i, j) = (i % n, j % n);
        let row = p.row(j) * by;
        p.row_mut(i)
            .iter_mut()
            .zip(row.iter())
            .for_each(|(a, b)| *a += b);
        let column = p.column(i) * by;
        p.column_mut(j)
            .iter_mut()
            .zip(column.iter())
            .for_each(|(a, b)| *a -= b);
    }
    p
}

fn known() -> impl Strategy<Value = (Vec<f64>, Matrix)> {
    (1usize..9).prop_flat_map(|n| {
        let diagonal = proptest::collection::vec((-8i32..=8).prop_map(|v| f64::from(v) / 16.0), n);
        let above = proptest::collection::vec((-6i32..=6).prop_map(f64::from), n * n);
        let shears = proptest::collection::vec((0usize..n, 0usize..n, -1i32..=1), 0..2 * n);
        (diagonal, above, shears).prop_map(move |(diagonal, above, shears)| {
            let t = Matrix::from_fn(n, n, |i, j| match i.cmp(&j) {
                std::cmp::Ordering::Equal => diagonal[i],
                std::cmp::Ordering::Less => above[i * n + j],
                std::cmp::Ordering::Greater => 0.0,
            });
            let shears: Vec<_> = shears
                .iter()
                .map(|&(i, j, b)| (i, j, f64::from(b)))
                .collect();
            (diagonal, hidden(&t, &shears))
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Numbers stay below 2⁵³ units, so that the spectrum is exactly the diagonal; defective
    /// ones, multiple ones and conjugate moduli are among them.
    #[test]
    fn a_spectrum_known_by_construction_is_enclosed((diagonal, p) in known()) {
        let mut sizes: Vec<f64> = diagonal.iter().map(|v| v.abs()).collect();
        sizes.sort_by(|x, y| y.total_cmp(x));
        let second = sizes.get(1).copied().unwrap_or(0.0);
        let s = spectrum(&p, 0.0);
        prop_assert!(holds(&s.rho, sizes[0]) && holds(&s.second, second), "{s:?} {sizes:?}");
        prop_assert!(s.rho.relative() <= SPECTRUM_WIDTH, "{s:?}");
        prop_assert!(s.complex != Some(true));
        // Each way by itself.
        let c = characteristic(&p);
        if let Some(c) = c {
            let [rho, second_too] = graeffe::moduli(&c.coefficients, c.scale);
            prop_assert!(holds(&rho, sizes[0]) && holds(&second_too, second), "{rho:?}");
        }
        let rho = by_powers(&p, 0.0);
        prop_assert!(holds(&rho, sizes[0]), "{rho:?} {sizes:?}");
    }

    /// Every way agrees on matrices of moderate condition, and holds for what lies nearby.
    #[test]
    fn the_ways_agree_and_the_spread_is_allowed_for(n in 2usize..12, seed: u64, power in 3i32..12) {
        let mut stream = Stream(seed);
        let p = stream.matrix(n, n);
        let s = spectrum(&p, 0.0);
        prop_assert!(s.rho.relative() <= SPECTRUM_WIDTH);
        let c = characteristic(&p).unwrap();
        let [rho, second] = graeffe::moduli(&c.coefficients, c.scale);
        let near = |a: &Enclosure, b: &Enclosure| a.lower <= b.upper && b.lower <= a.upper;
        prop_assert!(near(&rho, &s.rho) && near(&second, &s.second), "{rho:?} {second:?} {s:?}");
        prop_assert!(rho.relative() <= SPECTRUM_WIDTH && near(&by_powers(&p, 0.0), &rho));
        let spread = 10f64.powi(-power);
        let wide = spectrum(&p, spread);
        let change = stream.matrix(n, n);
        let moved = &p + &change * (0.99 * spread / change.norm());
        let there = spectrum(&moved, 0.0);
        prop_assert!(near(&wide.rho, &there.rho) && near(&wide.second, &there.second));
        prop_assert!(wide.rho.lower <= s.rho.lower && wide.rho.upper >= s.rho.upper);
        prop_assert!(by_powers(&p, spread).upper >= there.rho.lower);
    }
}

#[test]
fn a_jordan_block_in_an_integer_basis_is_known_to_all_digits() {
    // One eigenvalue 1/2, twelve times, one eigenvector: √u apart even at best for a Schur form.
    let n = 12;
    let t = Matrix::from_fn(n, n, |i, j| match j as isize - i as isize {
        0 => 0.5,
        1 => 1.0,
        _ => 0.0,
    });
    let shears: Vec<_> = (0..n).map(|i| ((i + 5) % n, i, 1.0)).collect();
    let p = hidden(&t, &shears);
    let s = spectrum(&p, 0.0);
    for e in [s.rho, s.second] {
        assert!(holds(&e, 0.5) && e.relative() <= SPECTRUM_WIDTH, "{e:?}");
    }
    assert_eq!(s.complex, None);
    let nilpotent = hidden(&(t - Matrix::identity(n, n) * 0.5), &shears);
    let zero = spectrum(&nilpotent, 0.0);
    assert_eq!(zero.rho, Enclosure::exactly(0.0));
}

#[test]
fn pairs_axes_and_nothing() {
    let turn = Matrix::from_row_slice(2, 2, &[0.0, 0.5, -0.5, 0.0]);
    let s = spectrum(&turn, 0.0);
    assert!(holds(&s.rho, 0.5) && holds(&s.second, 0.5) && s.rho.radius() < 1e-13);
    assert_eq!(s.complex, Some(true));
    let flip = Matrix::from_row_slice(2, 2, &[0.0, 0.5, 0.5, 0.0]);
    let s = spectrum(&flip, 0.0);
    assert!(holds(&s.rho, 0.5) && holds(&s.second, 0.5));
    assert_eq!(s.complex, Some(false));
    let none = spectrum(&Matrix::zeros(0, 0), 0.0);
    assert_eq!(none.rho, Enclosure::exactly(0.0));
    let infinite = spectrum(&Matrix::from_element(2, 2, f64::INFINITY), 0.0);
    assert!(infinite.rho.upper.is_infinite());
    assert_eq!(format!("{}", infinite.rho), "unknown");
}

/// S·A with S a projection and A symmetric: the moduli of A_SS, though the rows of zeros stand in
/// the way of a Schur form.
#[test]
fn rows_of_zeros_leave_a_symmetric_problem() {
    let n = 40;
    let mut stream = Stream(7);
    // Data whose columns are nearly equal in pairs: XᵀX has eigenvalues near 0 in plenty.
    let half = stream.matrix(n, n / 2);
    let x = Matrix::from_fn(n, n, |i, j| half[(i, j / 2)] + 1e-9 * (j % 2) as f64);
    let a = Matrix::identity(n, n) - x.tr_mul(&x) / (x.norm_squared());
    let kept = |i: usize| !i.is_multiple_of(3);
    let sa = Matrix::from_fn(n, n, |i, j| if kept(i) { a[(i, j)] } else { 0.0 });
    let inside: Vec<usize> = (0..n).filter(|&i| kept(i)).collect();
    let reduced = Matrix::from_fn(inside.len(), inside.len(), |i, j| a[(inside[i], inside[j])]);
    let eigenvalues = DVector::from(reduced.symmetric_eigenvalues()).abs();
    let s = spectrum(&sa, f64::EPSILON);
    assert!((s.rho.middle() - eigenvalues.max()).abs() <= s.rho.radius() + 1e-14);
    assert!(s.rho.relative() < 1e-12, "{s:?}");
}

/// Shown digits are settled digits.
#[test]
fn an_enclosure_prints_what_it_knows() {
    let e = |lower, upper| Enclosure { lower, upper }.to_string();
    assert_eq!(e(0.25, 0.25), "0.250000");
    assert_eq!(e(0.25, 0.25 + 1e-12), "0.250000");
    assert_eq!(e(0.24, 0.26), "0.250000 ± 1.1e-2");
    assert!(e(0.0, 0.5).starts_with("at most 5.0"));
}

/// Roots a relative 2⁻³⁰ apart, and thirty equal ones.
#[test]
fn clusters_do_not_spoil_root_squaring() {
    let scale = BigInt::one() << 30u32;
    let (a, b) = (&scale + 1, scale.clone());
    let sum: BigInt = &a + &b;
    let near = [BigInt::one(), -sum, &a * &b];
    let [rho, second] = graeffe::moduli(&near, 30);
    assert!(
        holds(&rho, 1.0 + 2f64.powi(-30)) && holds(&second, 1.0),
        "{rho:?} {second:?}"
    );
    assert!(rho.lower > second.upper);
    let mut power = vec![BigInt::one()];
    for _ in 0..30 {
        power.push(BigInt::from(0));
        for k in (1..power.len()).rev() {
            let before = power[k - 1].clone();
            power[k] -= before * 3;
        }
    }
    let [rho, second] = graeffe::moduli(&power, 0);
    assert!(holds(&rho, 3.0) && holds(&second, 3.0) && rho.relative() < SPECTRUM_WIDTH);
}

#[test]
fn discs_refuse_what_has_no_eigenvectors() {
    // They may refuse, or enclose widely; never narrowly and wrongly.
    let t = Matrix::from_fn(8, 8, |i, j| f64::from(u8::from(i + 1 == j)));
    if let Some(d) = discs(&t, 0.0) {
        assert!(d.iter().all(|d| d.moduli()[0] == 0.0), "{d:?}");
    }
}

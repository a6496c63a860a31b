//! Against the solver that forms every matrix, and where it must refuse.

use super::*;
use crate::linalg::Vector;
use crate::linalg::stream::Stream;
use crate::maps::Map;
use crate::truth::Truth;

fn problem(seed: u64, (n, p, c): (usize, usize, usize), ridge: f64) -> (Poisoning, Vec<f64>) {
    let mut stream = Stream(seed);
    let x = stream.vec(n * p);
    let labels = (0..n).map(|i| (i * i + i / 3) % c).collect();
    let corrupted: Vec<usize> = (0..n).filter(|i| i % 4 == 1).collect();
    let noise = stream.vec(corrupted.len() * p);
    let inner = Poisoned::new(&x, labels, c, corrupted).unwrap();
    let step = 0.5;
    let inner = inner.with(step, ridge).unwrap();
    let threshold = 0.02 * step;
    (Poisoning { inner, threshold }, noise)
}

#[test]
fn solutions_and_hypergradients_are_those_of_the_solver_with_matrices() {
    for (seed, size) in [
        (1, (9, 2, 2)),
        (2, (14, 3, 3)),
        (3, (24, 5, 4)),
        (4, (30, 9, 2)),
    ] {
        let (data, noise) = problem(seed, size, 0.1);
        let truth = PoisonedTruth::solve(&data, &noise).unwrap();
        let map = Map::new(data.clone()).unwrap();
        let dense = Truth::solve(&map, &noise).unwrap();
        let gap = (Vector::from_column_slice(truth.w()) - dense.w()).norm();
        let allowed = truth.error() + dense.fixed_point.error;
        assert!(gap <= allowed, "{seed}: {gap:e} > {allowed:e}");
        assert!(truth.error() <= 1e-14, "{seed}: {:e}", truth.error());
        let j = dense.jacobian.unwrap();
        let y = Stream(seed + 90).vec(truth.w().len());
        let own = truth.hypergradient(&y).unwrap();
        let exact = j.j.tr_mul(&Vector::from_column_slice(&y));
        let gap = (Vector::from_column_slice(&own.value) - &exact).norm();
        let size = norm2(&y);
        assert!(
            gap <= own.error + j.error * size,
            "{seed}: {gap:e} > {:e} + {:e}",
            own.error,
            j.error
        );
        assert!(
            own.error <= 1e-10 * (1.0 + exact.norm()),
            "{seed}: {:e}",
            own.error
        );
        // A guess, or another step, changes nothing.
        let again = truth.solve_again(&data).unwrap();
        assert_eq!(again.support(), truth.support());
        let halved = data.inner.with(0.25, 0.1).unwrap();
        let halved = Poisoning {
            inner: halved,
            threshold: 0.005,
        };
        let other = PoisonedTruth::solve(&halved, &noise).unwrap();
        let pairs = other.w().iter().zip(truth.w());
        let gap = norm2(&pairs.map(|(a, b)| a - b).collect::<Vec<f64>>());
        assert!(
            gap <= truth.error() + other.error() + 4.0 * UNIT,
            "{seed}: {gap:e}"
        );
    }
}

#[test]
fn a_solution_that_is_moved_is_told_from_the_right_one() {
    let (data, noise) = problem(7, (20, 4, 3), 0.2);
    let truth = PoisonedTruth::solve(&data, &noise).unwrap();
    let exact = Exact::new(&truth.unit, &noise);
    let lambda1 = 0.02;
    let residual = |w: &[f64]| {
        let g = exact.gradient(w);
        let own = g.iter().zip(w).map(|(g, w)| match *w {
            0.0 => (g.hi().abs() - lambda1).max(0.0),
            w => g.hi() + lambda1 * w.signum(),
        });
        norm2(&own.collect::<Vec<f64>>())
    };
    // The bound by strong convexity holds for what is wrong, too: its residual is at least ρ times
    // what it is off.
    for off in [1e-3, 1e-6, 1e-9] {
        let mut w = truth.w().to_vec();
        let at = truth.support()[0];
        w[at] += off;
        assert!(residual(&w) >= truth.unit.ridge() * off * 0.99, "{off:e}");
        assert!(residual(truth.w()) < 1e-3 * residual(&w));
    }
    // Wrong shapes are refused with their names.
    assert!(
        truth
            .hypergradient(&[1.0])
            .unwrap_err()
            .to_string()
            .contains("`y`")
    );
    let short = PoisonedTruth::solve(&data, &noise[1..])
        .map(|_| ())
        .unwrap_err()
        .to_string();
    assert!(short.contains("`lambda`"), "{short}");
    let (others, _) = problem(8, (20, 4, 3), 0.2);
    assert!(truth.solve_again(&others).is_err());
    let (flat, noise) = problem(7, (20, 4, 3), 0.0);
    assert!(PoisonedTruth::solve(&flat, &noise).is_err());
}

#[test]
fn a_coordinate_at_its_kink_is_refused() {
    // λ₁ is set to the largest entry of ∇f(0): w(Γ) = 0, with that coordinate exactly at its kink.
    let (data, noise) = problem(9, (12, 3, 2), 0.1);
    let at_zero = Exact::new(&data.inner, &noise).gradient(&vec![0.0; data.inner.dim()]);
    let largest = at_zero.iter().fold(0.0f64, |m, g| m.max(g.hi().abs()));
    let on = Poisoning {
        threshold: largest * data.inner.step(),
        ..data.clone()
    };
    let text = match PoisonedTruth::solve(&on, &noise) {
        Ok(_) => "solved".to_string(),
        Err(e) => e.to_string(),
    };
    assert!(text.contains("not certain"), "{text}");
    let beyond = Poisoning {
        threshold: 1.01 * largest * data.inner.step(),
        ..data
    };
    let truth = PoisonedTruth::solve(&beyond, &noise).unwrap();
    assert!(truth.support().is_empty() && truth.error() < 1e-20);
}

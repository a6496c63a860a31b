//! Laws, moments and limits, as they were recorded.

use super::tests::{LAMBDA, maps};
use super::*;
use crate::linalg::stream::Stream;
use crate::recorded::check;

#[test]
fn laws() {
    let mut lines = Vec::new();
    for (rows, count) in [(1, 3), (3, 2), (4, 5), (2, 200)] {
        let law = mean_of_rows(rows, count).unwrap();
        let few: Vec<_> = law
            .iter()
            .take(6)
            .map(|o| (o.probability, &o.samples[..count.min(5)]))
            .collect();
        lines.push(format!(
            "{count} of {rows} rows: {} outcomes, {few:?}",
            law.len()
        ));
    }
    // More outcomes than are enumerated, and none.
    for (rows, count) in [(LAW_LIMIT + 1, 1), (2, LAW_LIMIT), (5, 0)] {
        assert!(mean_of_rows(rows, count).is_none());
    }
    for map in maps(&mut Stream(6), 2, 3) {
        for count in [1, 2, 3] {
            let law = mean_of_samples(&map, count).unwrap();
            let all: Vec<_> = law.iter().map(|o| (o.probability, &o.samples)).collect();
            lines.push(format!("{count}: {all:?}"));
        }
    }
    check("laws", &lines);
}

#[test]
fn moments_and_limits() {
    let mut lines = Vec::new();
    let s = &mut Stream(9);
    for (k, map) in maps(s, 2, 3).into_iter().enumerate() {
        let (w, y) = (s.vec(2), s.vec(2));
        let inner = [0, 1, 1];
        let (gamma, readout) = conditional_readout(&map, &w, &LAMBDA, &inner, 0.5).unwrap();
        let mut recursion = Recursion::nsid(&map, &w, &LAMBDA, &gamma, &y, 2).unwrap();
        let at = recursion.moments(6, |i| 1.0 / (1.5 + i as f64));
        lines.push(format!(
            "{k}: {:?} {:?}, variances {:?} {:?}",
            at.mse(),
            recursion.v_hat().norm(),
            readout.variance(&recursion, &at),
            readout.linear_variance(&at)
        ));
        if let Some((_, certain)) = certain_readout(&map, &w, &LAMBDA, 2) {
            lines.push(format!(
                "{k}: certain {:?} {:?}",
                certain.variance(&recursion, &at),
                certain.linear_variance(&at)
            ));
        }
        let exact = reference(&map, &w, &LAMBDA, &y, 0.25).unwrap();
        lines.push(format!(
            "{k}: reference {:?} {:?}",
            exact.v.as_slice(),
            exact.r.as_slice()
        ));
        let limit = lyapunov(&mut recursion, 3.0).map(|l| (l.trace, l.residual));
        let plateau = plateau(&mut recursion, 0.25)
            .unwrap()
            .map(|p| (p.trace, p.residual));
        lines.push(format!("{k}: limit {limit:?}, plateau {plateau:?}"));
        let sid = sid_limit(&map, &w, &LAMBDA, &y, 0.0, 2, 2).unwrap();
        lines.push(format!(
            "{k}: SID {:?}, {:?}, {}",
            sid.r.as_slice(),
            sid.abscissa,
            sid.stable
        ));
        for sid in [false, true] {
            let laws = squared_error(
                &map,
                (&w, &LAMBDA, &y),
                &exact.r,
                sid,
                (3, 2),
                1,
                &[0, 1, 4],
                |i| 1.0 / (2.0 + i as f64),
            )
            .unwrap();
            lines.push(format!("{k}: {laws:?}"));
        }
    }
    check("moments", &lines);
}

/// At these sizes one application of the operator costs about as much as one of the terms.
#[test]
fn the_cheapest_form_of_a_covariance() {
    let formed = |c: &Covariance| usize::from(format!("{c:?}").contains("Operator"));
    let s = &mut Stream(10);
    let rank_one: Vec<usize> = [(1, 1), (7, 1), (7, 2), (8, 2), (8, 3), (12, 16), (12, 9)]
        .map(|(d, n)| formed(&Covariance::rank_one(s.matrix(d, n), s.matrix(d, n), 1.0)))
        .to_vec();
    // d(d+1)/2 squared against 2nd² + 2d³.
    assert_eq!(rank_one, [1, 0, 1, 0, 1, 1, 0]);
    let dense = [(1, 1), (3, 1), (8, 1), (8, 2), (16, 2), (16, 3)].map(|(d, n)| {
        formed(&Covariance::dense(
            d,
            (0..n).map(|_| s.matrix(d, d)).collect(),
            1.0,
        ))
    });
    // Against 2nd³.
    assert_eq!(dense, [1, 1, 0, 1, 0, 1]);
    // However many terms: 1035² entries are more than fit.
    let many = vec![s.matrix(45, 45); 12];
    assert_eq!(formed(&Covariance::dense(45, many, 1.0)), 0);
}

#[test]
fn mixtures_of_laws() {
    let spread = |mean, variance| Spread { mean, variance };
    let law = |mean, variance, entry| SquaredError {
        error: spread(mean, variance),
        entries: vec![spread(entry, 0.5)],
    };
    let (a, b) = (law(1.0, 2.0, 3.0), law(5.0, 4.0, -1.0));
    let mixed = SquaredError::mixture(&[(0.25, &[0.5], &a), (0.75, &[1.5], &b)]);
    // Means 4 and 1.25; variances ¼(2 + 9) + ¾(4 + 1) and ½ + ¼·(9/4)² + ¾·(3/4)².
    assert_eq!(mixed.error, spread(4.0, 6.5));
    assert_eq!(
        mixed.entries,
        [spread(1.25, 0.5 + 0.25 * 5.0625 + 0.75 * 0.5625)]
    );
}

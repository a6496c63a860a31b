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

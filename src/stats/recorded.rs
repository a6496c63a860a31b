//! Tests, intervals and fits of fixed data, as they were recorded.

use super::estimate::{student_t_p_value, student_t_quantile};
use super::ranks::{fisher_less, least_rank_sum, median, rank_sum, wilson};
use super::regression::line;
use super::sequential::MeanAtMost;
use super::two_sided::{Known, catoni};
use super::*;
use crate::linalg::stream::Stream;
use crate::recorded::check;

/// Numbers of mean about `mean`, spread over one unit to either side.
fn around(mean: f64, n: usize, seed: u64) -> Vec<f64> {
    Stream(seed).vec(n).iter().map(|v| mean + v).collect()
}

#[test]
fn wealth_and_what_it_can_see() {
    let mut lines = Vec::new();
    for (bound, mean, alpha) in [
        (1.0, 1.4, 1e-3),
        (2.0, 1.9, 1e-6),
        (1e-3, 3.0, 1e-9),
        (5.0, 1.01, 0.05),
    ] {
        let mut test = MeanAtMost::new(bound, alpha).unwrap();
        for (n, x) in around(mean, 40, 3).into_iter().enumerate() {
            test.push(x.max(0.0)).unwrap();
            if n % 8 == 7 {
                lines.push(format!("{bound} {mean}: {:?}", test.outcome()));
            }
        }
    }
    // Rare and large.
    let mut test = MeanAtMost::new(1.0, 1e-4).unwrap();
    for n in 0..60 {
        test.push(if n % 9 == 4 { 7.5 } else { 0.125 }).unwrap();
    }
    lines.push(format!("rare: {:?}", test.outcome()));
    check("wealth", &lines);
}

#[test]
fn means_two_sided() {
    let mut lines = Vec::new();
    for (n, variance, room) in [
        (12, 0.3, 0.0),
        (60, 0.4, 0.05),
        (300, 0.35, 0.0),
        (300, 1e-4, 0.3),
    ] {
        for alpha in [0.05, 1e-9] {
            for mean in [0.5, 0.45, -0.2] {
                let known = Known {
                    room,
                    ..Known::new(mean, variance)
                };
                let found = catoni(&around(0.5, n, 7), known, alpha).unwrap();
                lines.push(format!("{n} {variance} {mean}: {found:?}"));
            }
        }
    }
    for (samples, room) in [
        (vec![2.0, 2.0], 0.0),
        (vec![1.5, 2.25], 0.25),
        (vec![1.5, 2.25], 0.5),
    ] {
        let known = Known {
            room,
            ..Known::new(2.0, 0.0)
        };
        lines.push(format!(
            "constant: {:?}",
            catoni(&samples, known, 0.01).unwrap()
        ));
    }
    // Far out, where the influence is that of the logarithm.
    let far = catoni(&[1e300, -1e300, 3.0], Known::new(0.0, 1.0), 0.1).unwrap();
    lines.push(format!("far: {far:?}"));
    check("means-two-sided", &lines);
}

#[test]
fn quantiles_ranks_and_lines() {
    let mut lines = Vec::new();
    for df in [1.0, 4.0, 30.5] {
        for confidence in [0.3, 0.95, 1.0 - 1e-12] {
            let t = student_t_quantile(df, confidence).unwrap();
            lines.push(format!(
                "t {df} {confidence}: {t:?} {:?}",
                student_t_p_value(t * 0.75, df).unwrap()
            ));
        }
    }
    let (x, y) = (around(0.0, 9, 1), around(0.4, 7, 2));
    let (v, w) = (around(1.0, 40, 3), around(1.1, 50, 4));
    let rounded = |v: &[f64]| v.iter().map(|v| (v * 4.0).round()).collect::<Vec<f64>>();
    lines.push(format!(
        "one stratum: {:?}",
        rank_sum(&[(x.clone(), y.clone())])
    ));
    lines.push(format!(
        "two: {:?}",
        rank_sum(&[(x.clone(), y.clone()), (v.clone(), w.clone())])
    ));
    lines.push(format!(
        "tied: {:?}",
        rank_sum(&[(rounded(&v), rounded(&w))])
    ));
    lines.push(format!(
        "least: {:?} {:?}",
        least_rank_sum(&[(4, 6)]),
        least_rank_sum(&[(40, 30), (3, 3)])
    ));
    lines.push(format!(
        "tables: {:?} {:?}",
        fisher_less((9, 12), (3, 11)),
        wilson(7, 31)
    ));
    for n in [1, 2, 5, 6, 7, 16, 41] {
        let mut sorted = around(0.0, n, 11);
        sorted.sort_by(f64::total_cmp);
        lines.push(format!("median of {n}: {:?}", median(&sorted)));
    }
    for (n, noise) in [(3, 0.5), (12, 0.01), (40, 2.0)] {
        let x: Vec<f64> = (0..n).map(|i| 1.5 + f64::from(i)).collect();
        let off = Stream(5).vec(x.len());
        let y: Vec<f64> = x
            .iter()
            .zip(off)
            .map(|(x, e)| 0.75 - 0.3 * x + noise * e)
            .collect();
        lines.push(format!("line: {:?}", line(&x, &y).unwrap()));
    }
    for (alpha, checks) in [(0.05, 1), (1e-3, 7), (1e-9, 12_345)] {
        lines.push(format!("share: {:?}", equal_share(alpha, checks).unwrap()));
    }
    check("quantiles-and-lines", &lines);
}

//! The proven false-alarm rates, measured: 10⁵ short runs under the null hypothesis, at its
//! boundary, on skewed laws, at α = 1e-2.

use statrs::function::beta::beta_reg;

use super::sequential::MeanAtMost;
use super::two_sided::{Known, catoni_p_value};
use crate::linalg::random::Random;

const RUNS: usize = 100_000;
const ALPHA: f64 = 0.01;

/// The most rejections in `runs` that a test with false-alarm probability `alpha`
/// exceeds with probability at most 1e-9 (exact binomial tail).
fn allowed(runs: usize, alpha: f64) -> usize {
    // P(Bin ≥ k) = I_α(k, runs-k+1).
    let mut k = (runs as f64 * alpha) as usize + 1;
    while beta_reg(k as f64, (runs - k + 1) as f64, alpha) > 1e-9 {
        k += 1;
    }
    k - 1
}

/// A law of mean 1 with its variance.
struct Law {
    name: &'static str,
    variance: f64,
    draw: fn(&mut Random) -> f64,
}

/// Value `top` with probability 1/`top`, else 0: the least favourable kind for betting.
fn rare(rng: &mut Random, top: f64) -> f64 {
    if rng.unit() * top < 1.0 { top } else { 0.0 }
}

const LAWS: [Law; 4] = [
    Law {
        name: "exponential",
        variance: 1.0,
        draw: |rng| -(1.0 - rng.unit()).ln(),
    },
    Law {
        name: "rare 30",
        variance: 29.0,
        draw: |rng| rare(rng, 30.0),
    },
    Law {
        name: "rare 1000",
        variance: 999.0,
        draw: |rng| rare(rng, 1000.0),
    },
    // Seldom small: skewed to the other side. P(X = 0) = 1/20, else 20/19.
    Law {
        name: "seldom 0",
        variance: 1.0 / 19.0,
        draw: |rng| {
            if rng.unit() * 20.0 < 1.0 {
                0.0
            } else {
                20.0 / 19.0
            }
        },
    },
];

/// Rejections of `test` in `runs` runs of `n` samples of `law`.
fn rejections(law: &Law, runs: usize, n: usize, mut test: impl FnMut(&[f64]) -> bool) -> usize {
    let mut rng = Random::new(20_240_101);
    let mut x = vec![0.0; n];
    (0..runs)
        .filter(|_| {
            for v in &mut x {
                *v = (law.draw)(&mut rng);
            }
            test(&x)
        })
        .count()
}

#[test]
fn binomial_limit() {
    // Mean 1000, standard deviation 31.5, six of which are 189; the tail is skewed.
    let limit = allowed(RUNS, ALPHA);
    assert!((1189..1205).contains(&limit), "{limit}");
}

#[test]
fn sequential_test_keeps_its_level() {
    for law in &LAWS[..3] {
        let count = rejections(law, RUNS, 25, |x| {
            let mut t = MeanAtMost::new(1.0, ALPHA).unwrap();
            t.extend(x).unwrap()
        });
        println!("sequential, {}: {count}", law.name);
        assert!(count <= allowed(RUNS, ALPHA), "{}: {count}", law.name);
    }
}

#[test]
fn two_sided_tests_keep_their_level() {
    for law in &LAWS {
        let known = Known::new(1.0, law.variance);
        for n in [8, 40] {
            let count = rejections(law, RUNS, n, |x| {
                catoni_p_value(x, known, ALPHA).unwrap() <= ALPHA
            });
            println!("catoni {n}, {}: {count}", law.name);
            assert!(count <= allowed(RUNS, ALPHA), "{}: {count}", law.name);
        }
    }
}

/// The measurement can fail: it convicts the normal approximation, a bound that is 20 % too small,
/// and a mixture whose weights do not sum to one.
#[test]
fn planted_faults_exceed_the_limit() {
    let limit = allowed(RUNS, ALPHA);
    let z = 2.575_829_303_548_901;
    let count = rejections(&LAWS[2], RUNS, 25, |x| {
        let mean = x.iter().sum::<f64>() / 25.0;
        (mean - 1.0).abs() > z * (999.0_f64 / 25.0).sqrt()
    });
    println!("normal approximation: {count} against {limit}");
    assert!(count > limit);
    let count = rejections(&LAWS[0], RUNS, 25, |x| {
        let mut t = MeanAtMost::new(0.8, ALPHA).unwrap();
        t.extend(x).unwrap()
    });
    println!("bound 20 % too small: {count}");
    assert!(count > limit);
    // Wealths summed, not averaged: 1/α is reached sixteen times too early.
    let count = rejections(&LAWS[1], RUNS, 25, |x| {
        let mut t = MeanAtMost::new(1.0, 16.0 * ALPHA).unwrap();
        t.extend(x).unwrap()
    });
    println!("wealths summed: {count}");
    assert!(count > limit);
}

/// The ratio that the test says it would have found is found, at the level of a run's share, by a
/// test fed from a law of that ratio; a third of the excess hardly ever.
#[test]
fn detectable_ratio_has_its_power() {
    let (n, alpha, runs) = (400, 1e-7, 500);
    let mut ratios: Vec<f64> = Vec::new();
    let mut collect = |x: &[f64]| {
        let mut t = MeanAtMost::new(1.0, alpha).unwrap();
        t.extend(x).unwrap();
        ratios.push(t.outcome().detectable_ratio.unwrap());
        false
    };
    rejections(&LAWS[0], 9, n, &mut collect);
    ratios.sort_by(f64::total_cmp);
    let r = ratios[4];
    let found = |r: f64| {
        rejections(&LAWS[0], runs, n, |x| {
            let mut t = MeanAtMost::new(1.0 / r, alpha).unwrap();
            t.extend(x).unwrap()
        })
    };
    let (at, third) = (found(r), found(1.0 + (r - 1.0) / 3.0));
    println!(
        "ratio {r} ({} to {}): {at} of {runs}, at a third {third}",
        ratios[0], ratios[8]
    );
    assert!(at >= runs * 98 / 100 && third < runs / 10);
}

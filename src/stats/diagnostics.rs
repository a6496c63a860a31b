//! What the residuals of a straight-line fit say about the straight line.
//!
//! Owns the residual diagnostics of rate fits: serial correlation, outliers,
//! runs of one sign, curvature. Must not know that the ordinate is a logarithm
//! of an error, nor decide what is acceptable. Observations are taken in the
//! order given, which for a rate fit is that of the steps.
//!
//! Rate fits are mostly deterministic: their residuals are model error, not
//! noise, and a t statistic of any size can come with a negligible bend.
//! [`Curvature`] therefore reports the change of slope in units of the slope too.

use super::estimate::{DEFAULT_CONFIDENCE, Estimate, student_t_p_value};
use super::regression::{self, Fit};
use crate::error::{Error, Result};

/// Residual diagnostics of a fit; what is undefined when all residuals are zero is `None`.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostics {
    /// Σ(r_t - r_{t-1})²/Σr_t², near 2 without serial correlation, near 0 for a
    /// curve fitted by a line (Durbin, Watson, Biometrika 37 (1950)).
    pub durbin_watson: Option<f64>,
    /// Σ r_t r_{t-1}/Σ r_t², in [-1, 1].
    pub lag_one: Option<f64>,
    /// The observation with the largest externally studentised residual.
    pub largest: Option<Outlier>,
    /// Runs of residuals of one sign.
    pub runs: Option<Runs>,
    /// The quadratic term added to the line.
    pub curvature: Option<Curvature>,
}

/// The most outlying observation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outlier {
    /// Its index.
    pub index: usize,
    /// Residual divided by its standard error, the variance being estimated
    /// without this observation: t-distributed with one degree of freedom less
    /// than the fit. Infinite where the others lie on a line exactly.
    pub studentised: f64,
    /// Its leverage, the diagonal entry of the hat matrix.
    pub leverage: f64,
    /// Two-sided p-value, multiplied by the number of observations (Bonferroni), at most 1.
    pub p_value: f64,
}

/// Runs of one sign (Wald, Wolfowitz, Ann. Math. Stat. 11 (1940)); zeros are left out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Runs {
    /// Number of runs.
    pub count: usize,
    /// Residuals above zero.
    pub positive: usize,
    /// Residuals below zero.
    pub negative: usize,
    /// P(at most this many runs) if all orders are equally likely, exactly; a bent line has few runs.
    pub p_few: f64,
}

/// The coefficient c of the quadratic term in y = a + bu + cu², u = x - (x_min+x_max)/2.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Curvature {
    /// c.
    pub coefficient: Estimate,
    /// c divided by its standard error; infinite for an exact parabola.
    pub t: f64,
    /// Two-sided p-value of `t`.
    pub p_value: f64,
    /// 2c(x_max - x_min): by how much the slope changes over the window.
    pub slope_change: f64,
    /// `slope_change`/b; infinite for b = 0.
    pub relative_slope_change: f64,
}

/// Diagnostics of `fit`, a line y = b_0 + b_1 x fitted to (`x`, `y`) with the weights in the
/// fit. Observations of weight zero are left out.
///
/// # Errors
/// When `x` or `y` do not have the length of the fit.
pub fn diagnose(x: &[f64], y: &[f64], fit: &Fit) -> Result<Diagnostics> {
    let n = fit.residuals.len();
    for (name, values) in [("x", x), ("y", y)] {
        if values.len() != n {
            return Err(
                Error::input(format!("has {} values, but the fit has {n}", values.len()))
                    .in_field(name),
            );
        }
        regression::check_finite(name, values)?;
    }
    let kept: Vec<usize> = (0..n).filter(|&i| fit.weights[i] > 0.0).collect();
    // √w r, of one variance where the weights are right; scaled against overflow of squares.
    let mut r: Vec<f64> = kept
        .iter()
        .map(|&i| fit.weights[i].sqrt() * fit.residuals[i])
        .collect();
    let largest = r.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    let curvature = curvature(x, y, fit, &kept)?;
    if largest == 0.0 {
        return Ok(Diagnostics {
            durbin_watson: None,
            lag_one: None,
            largest: None,
            runs: None,
            curvature,
        });
    }
    for v in &mut r {
        *v /= largest;
    }
    let total: f64 = r.iter().map(|v| v * v).sum();
    let steps: f64 = r.windows(2).map(|p| (p[1] - p[0]).powi(2)).sum();
    let products: f64 = r.windows(2).map(|p| p[1] * p[0]).sum();
    Ok(Diagnostics {
        durbin_watson: Some(steps / total),
        lag_one: Some(products / total),
        largest: outlier(&r, total, &kept, fit)?,
        runs: runs(&r),
        curvature,
    })
}

/// t_i = r_i sqrt((m-1)/(S(1-h_i) - r_i²)), m the degrees of freedom and S = Σr²
/// (Cook, Weisberg, Residuals and Influence in Regression, eq. 2.2.9).
fn outlier(r: &[f64], total: f64, kept: &[usize], fit: &Fit) -> Result<Option<Outlier>> {
    let without = fit.degrees_of_freedom as f64 - 1.0;
    if without < 1.0 {
        return Ok(None);
    }
    let mut worst: Option<(usize, f64)> = None;
    for (&i, v) in kept.iter().zip(r) {
        let rest = total * (1.0 - fit.leverages[i]) - v * v;
        let t = if *v == 0.0 {
            0.0
        } else if rest > 0.0 {
            v * (without / rest).sqrt()
        } else {
            f64::INFINITY.copysign(*v)
        };
        if worst.is_none_or(|w| t.abs() > w.1.abs()) {
            worst = Some((i, t));
        }
    }
    let Some((index, studentised)) = worst else {
        return Ok(None);
    };
    Ok(Some(Outlier {
        index,
        studentised,
        leverage: fit.leverages[index],
        p_value: (student_t_p_value(studentised, without)? * r.len() as f64).min(1.0),
    }))
}

fn runs(r: &[f64]) -> Option<Runs> {
    let signs: Vec<bool> = r.iter().filter(|v| **v != 0.0).map(|v| *v > 0.0).collect();
    let positive = signs.iter().filter(|s| **s).count();
    let negative = signs.len() - positive;
    if positive == 0 || negative == 0 {
        return None;
    }
    let count = 1 + signs.windows(2).filter(|p| p[0] != p[1]).count();
    Some(Runs {
        count,
        positive,
        negative,
        p_few: few_runs(positive, negative, count),
    })
}

/// P(runs ≤ count) for a uniformly random order of a and b signs, by
/// P(2k runs) = 2 C(a-1,k-1) C(b-1,k-1)/C(a+b,a) and
/// P(2k+1 runs) = [C(a-1,k) C(b-1,k-1) + C(a-1,k-1) C(b-1,k)]/C(a+b,a).
fn few_runs(a: usize, b: usize, count: usize) -> f64 {
    let mut log_factorial = vec![0.0; a + b + 1];
    for i in 1..=a + b {
        log_factorial[i] = log_factorial[i - 1] + (i as f64).ln();
    }
    let choose = |n: usize, k: usize| {
        if k > n {
            f64::NEG_INFINITY
        } else {
            log_factorial[n] - log_factorial[k] - log_factorial[n - k]
        }
    };
    let all = choose(a + b, a);
    let mut p = 0.0;
    for runs in 2..=count {
        let k = runs / 2;
        p += if runs % 2 == 0 {
            2.0 * (choose(a - 1, k - 1) + choose(b - 1, k - 1) - all).exp()
        } else {
            (choose(a - 1, k) + choose(b - 1, k - 1) - all).exp()
                + (choose(a - 1, k - 1) + choose(b - 1, k) - all).exp()
        };
    }
    p.min(1.0)
}

/// `None` where x has fewer than three distinct values or no degree of freedom is left.
fn curvature(x: &[f64], y: &[f64], fit: &Fit, kept: &[usize]) -> Result<Option<Curvature>> {
    let at = |values: &[f64]| -> Vec<f64> { kept.iter().map(|&i| values[i]).collect() };
    let (x, y, w) = (at(x), at(y), at(&fit.weights));
    let low = x.iter().copied().fold(f64::INFINITY, f64::min);
    let high = x.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let middle = 0.5 * low + 0.5 * high;
    let distinct = x.iter().any(|v| *v != low && *v != high);
    if !distinct || x.len() < 4 {
        return Ok(None);
    }
    let u: Vec<f64> = x.iter().map(|v| v - middle).collect();
    let u2: Vec<f64> = u.iter().map(|v| v * v).collect();
    if kept.iter().all(|&i| fit.residuals[i] == 0.0) {
        // Exactly a line: what a fit would return is the rounding of zero, and its t anything.
        return Ok(Some(Curvature {
            coefficient: Estimate::from_multiple(0.0, 0.0, 0.0, DEFAULT_CONFIDENCE),
            t: 0.0,
            p_value: 1.0,
            slope_change: 0.0,
            relative_slope_change: 0.0,
        }));
    }
    let bent = regression::weighted(&[&u, &u2], &y, &w, regression::Intercept::Fitted)?;
    let (slope, coefficient) = (bent.coefficients[1].point, bent.coefficients[2]);
    let t = coefficient.t_against(0.0);
    let slope_change = 2.0 * coefficient.point * (high - low);
    Ok(Some(Curvature {
        coefficient,
        t,
        p_value: student_t_p_value(t, bent.degrees_of_freedom as f64)?,
        slope_change,
        relative_slope_change: if slope_change == 0.0 {
            0.0
        } else {
            slope_change / slope
        },
    }))
}

#[cfg(test)]
mod tests {
    use super::super::regression::{Intercept, line, ordinary, weighted_line};
    use super::*;

    fn steps(n: u32) -> Vec<f64> {
        (0..n).map(f64::from).collect()
    }

    /// Independent uniform numbers in [-1, 1).
    fn noise(i: usize) -> f64 {
        use rand::{RngExt, SeedableRng};
        let mut rng = rand_pcg::Pcg64::seed_from_u64(i as u64);
        2.0 * rng.random::<f64>() - 1.0
    }

    /// Durbin-Watson of Longley's regression, 2.5594876892815804 in exact rational
    /// arithmetic (2.559 in print: R lmtest, statsmodels); the lag-one coefficient -0.3480223.
    #[test]
    fn durbin_watson_of_longley() {
        let text = include_str!("nist/longley.dat");
        let rows: Vec<Vec<f64>> = text
            .lines()
            .filter_map(|l| l.strip_prefix("data "))
            .map(|l| l.split(' ').map(|v| v.parse().unwrap()).collect())
            .collect();
        let column = |j: usize| rows.iter().map(|r| r[j]).collect::<Vec<f64>>();
        let columns: Vec<Vec<f64>> = (1..7).map(column).collect();
        let columns: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
        let y = column(0);
        let fit = ordinary(&columns, &y, Intercept::Fitted).unwrap();
        let d = diagnose(columns[5], &y, &fit).unwrap();
        assert!((d.durbin_watson.unwrap() - 2.559_487_689_281_580_4).abs() < 1e-10);
        assert!((d.lag_one.unwrap() + 0.348_022_302_821_699_2).abs() < 1e-10);
        let runs = d.runs.unwrap();
        assert_eq!((runs.count, runs.positive, runs.negative), (10, 6, 10));
    }

    /// The definition: leave the observation out, fit again, predict it.
    #[test]
    fn studentised_residual_is_the_one_left_out() {
        let x = steps(9);
        let mut y: Vec<f64> = (0..9).map(|i| 2.0 - 0.5 * x[i] + noise(i)).collect();
        y[6] += 4.0;
        let fit = line(&x, &y).unwrap();
        let worst = diagnose(&x, &y, &fit).unwrap().largest.unwrap();
        assert_eq!(worst.index, 6);
        let keep = |v: &[f64]| -> Vec<f64> { (0..9).filter(|i| *i != 6).map(|i| v[i]).collect() };
        let rest = line(&keep(&x), &keep(&y)).unwrap();
        let (b, s) = (&rest.coefficients, rest.residual_sd);
        let error = y[6] - b[0].point - b[1].point * x[6];
        let spread = s * s
            + rest.covariance(0, 0).unwrap()
            + 2.0 * x[6] * rest.covariance(0, 1).unwrap()
            + x[6] * x[6] * rest.covariance(1, 1).unwrap();
        assert!((worst.studentised / (error / spread.sqrt()) - 1.0).abs() < 1e-11);
        assert!(worst.p_value < 0.05);
    }

    /// Against enumeration of all orders of 4 and 5 signs.
    #[test]
    fn runs_distribution_is_exact() {
        let mut counts = [0_u32; 10];
        let mut orders = 0;
        for mask in 0_u32..512 {
            if mask.count_ones() == 4 {
                let changes = (0..8).filter(|i| (mask >> i) & 1 != (mask >> (i + 1)) & 1);
                counts[1 + changes.count()] += 1;
                orders += 1;
            }
        }
        for runs in 2..10 {
            let exact = f64::from(counts[..=runs].iter().sum::<u32>()) / f64::from(orders);
            assert!((few_runs(4, 5, runs) - exact).abs() < 1e-13, "{runs}");
        }
    }

    /// t² of the added term is the F statistic of the nested models.
    #[test]
    fn curvature_t_is_the_f_test() {
        let x = steps(12);
        let y: Vec<f64> = (0..12)
            .map(|i| 1.0 - x[i] + 0.02 * x[i] * x[i] + noise(i))
            .collect();
        let fit = line(&x, &y).unwrap();
        let c = diagnose(&x, &y, &fit).unwrap().curvature.unwrap();
        let bent = regression::polynomial(&x, &y, 2).unwrap();
        let (rss1, rss2) = (
            fit.residual_sd.powi(2) * 10.0,
            bent.residual_sd.powi(2) * 9.0,
        );
        let f = (rss1 - rss2) / (rss2 / 9.0);
        assert!((c.t * c.t / f - 1.0).abs() < 1e-10);
    }

    /// A geometric rate is straight; (1+t)qᵗ and 1/(γ+t) are not, and each diagnostic sees it.
    #[test]
    fn a_curved_log_error_is_told_from_a_straight_one() {
        let x = steps(40);
        let judge = |log_error: &dyn Fn(f64) -> f64| {
            let y: Vec<f64> = (0..40)
                .map(|i| log_error(x[i]) + 0.001 * noise(i))
                .collect();
            diagnose(&x, &y, &line(&x, &y).unwrap()).unwrap()
        };
        let straight = judge(&|t| 1.0 - 0.3 * t);
        let c = straight.curvature.unwrap();
        assert!(c.p_value > 0.01 && c.relative_slope_change.abs() < 0.001);
        assert!((1.3..2.7).contains(&straight.durbin_watson.unwrap()));
        assert!(straight.runs.unwrap().p_few > 0.01);
        for bent in [
            judge(&|t: f64| (1.0 + t).ln() - 0.3 * t),
            judge(&|t: f64| -(10.0 + t).ln()),
        ] {
            let c = bent.curvature.unwrap();
            assert!(c.p_value < 1e-6 && c.relative_slope_change.abs() > 0.3);
            assert!(bent.durbin_watson.unwrap() < 0.5 && bent.lag_one.unwrap() > 0.5);
            assert!(bent.runs.unwrap().p_few < 1e-6);
        }
    }

    #[test]
    fn exact_fits_are_not_divided_by_zero() {
        let x = steps(8);
        let y: Vec<f64> = x.iter().map(|x| 4.0 - 0.5 * x).collect();
        let d = diagnose(&x, &y, &line(&x, &y).unwrap()).unwrap();
        assert_eq!((d.durbin_watson, d.largest, d.runs), (None, None, None));
        assert_eq!(d.curvature.unwrap().slope_change, 0.0);
        let parabola: Vec<f64> = x.iter().map(|x| x * x).collect();
        let d = diagnose(&x, &parabola, &line(&x, &parabola).unwrap()).unwrap();
        assert!(d.curvature.unwrap().p_value < 1e-100);
        // All but one on a line.
        let mut spike = y.clone();
        spike[3] += 1.0;
        let d = diagnose(&x, &spike, &line(&x, &spike).unwrap()).unwrap();
        assert!(d.largest.unwrap().index == 3 && d.largest.unwrap().p_value < 1e-6);
    }

    #[test]
    fn weight_zero_is_left_out_and_bad_lengths_are_refused() {
        let x = steps(8);
        let mut y: Vec<f64> = (0..8).map(|i| 2.0 - x[i] + noise(i)).collect();
        y[7] = 1e3;
        let w = [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0];
        let a = diagnose(&x, &y, &weighted_line(&x, &y, &w).unwrap()).unwrap();
        let b = diagnose(&x[..7], &y[..7], &line(&x[..7], &y[..7]).unwrap()).unwrap();
        assert_eq!(a, b);
        let fit = line(&x, &y).unwrap();
        assert_eq!(diagnose(&x[..7], &y, &fit).unwrap_err().field(), Some("x"));
        let few = diagnose(&x[..3], &y[..3], &line(&x[..3], &y[..3]).unwrap()).unwrap();
        assert!(few.curvature.is_none() && few.largest.is_none());
    }
}

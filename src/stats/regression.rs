//! The straight line through points, by least squares.
//!
//! Owns the fit of y = a + bx + e. With centred sums S_xx = Σ(x-x̄)², S_xy, S_yy and residuals r:
//! ```text
//!     b = S_xy/S_xx,       a = ȳ - b x̄,                   s² = Σr²/(n-2),
//!     Var b = s²/S_xx,     Var a = s²(1/n + x̄²/S_xx),     R² = 1 - Σr²/S_yy.
//! ```
//! Must not know what x and y are. Numerics: x and y are scaled by powers of two (exact), so that
//! nothing overflows, and all sums are double-double, so that centring loses no digit that the data
//! have.

use super::estimate::{DEFAULT_CONFIDENCE, Estimate, student_t_quantile};
use crate::error::{Error, Result};
use crate::linalg::Dd;
use crate::tol;

/// Powers of two beyond which scaling is cut off, so that a factor and its inverse are both normal
/// numbers.
const MAX_EXPONENT: i32 = 1000;

/// A fitted line; intervals at [`DEFAULT_CONFIDENCE`].
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// a, the intercept, in the units of y.
    pub intercept: Estimate,
    /// b, the slope, in the units of y over those of x.
    pub slope: Estimate,
    /// s, the residual standard deviation, in the units of y.
    pub residual_sd: f64,
    /// The share of the variance of y that the line explains; 1 where y does not vary.
    pub r_squared: f64,
}

/// The least-squares line y = a + bx through the points (x_i, y_i).
///
/// # Errors
/// Lengths that differ, fewer than three points, values that are not finite, x that do not vary
/// beyond rounding, or coefficients that overflow.
///
/// ```
/// use ratecert::stats::regression::line;
///
/// // Errors 3·0.8ᵗ converge linearly at the rate e^slope = 0.8.
/// let t: Vec<f64> = (0..20).map(f64::from).collect();
/// let log_error: Vec<f64> = t.iter().map(|t| (3.0 * 0.8f64.powf(*t)).ln()).collect();
/// let fit = line(&t, &log_error)?;
/// assert!((fit.slope.point.exp() - 0.8).abs() < 1e-12);
/// assert!((fit.intercept.point.exp() - 3.0).abs() < 1e-12);
/// # Ok::<(), ratecert::Error>(())
/// ```
pub fn line(x: &[f64], y: &[f64]) -> Result<Line> {
    if x.len() != y.len() {
        let text = format!("has {} values, but y has {}", x.len(), y.len());
        return Err(Error::input(text).in_field("x"));
    }
    check_finite("x", x)?;
    check_finite("y", y)?;
    let n = x.len();
    if n < 3 {
        let text =
            format!("{n} points cannot determine a line and its errors; at least 3 are needed");
        return Err(Error::input(text).in_field("y"));
    }
    let (x, y) = (Centred::new(x), Centred::new(y));
    let s_xx = x.dot(&x);
    // A spread of x that its own rounding could have made determines no slope.
    let noise = tol::gamma(2 * n) * x.size;
    if !(s_xx.hi() > noise * noise) {
        return Err(Error::input("does not vary beyond rounding").in_field("x"));
    }
    let b = x.dot(&y) / s_xx;
    let rss = sum(x.values.iter().zip(&y.values).map(|(dx, dy)| {
        let r = *dy - b * *dx;
        r * r
    }))
    .hi();
    let s_yy = y.dot(&y).hi();
    let df = (n - 2) as f64;
    let t = student_t_quantile(df, DEFAULT_CONFIDENCE)?;
    let estimate = |name: &str, point: f64, variance: f64, exponent: i32| {
        let (point, error) = (scale(point, exponent), scale(variance.sqrt(), exponent));
        if point.is_finite() && error.is_finite() {
            return Ok(Estimate::from_multiple(point, error, t, DEFAULT_CONFIDENCE));
        }
        Err(Error::input(format!("overflows: {point:e} ± {error:e}")).in_field(name))
    };
    let (s2, s_xx) = (rss / df, s_xx.hi());
    let mean = x.mean.hi();
    Ok(Line {
        intercept: estimate(
            "intercept",
            (y.mean - b * x.mean).hi(),
            s2 * (1.0 / n as f64 + mean * mean / s_xx),
            y.exponent,
        )?,
        slope: estimate("slope", b.hi(), s2 / s_xx, y.exponent - x.exponent)?,
        residual_sd: scale(s2.sqrt(), y.exponent),
        r_squared: if s_yy > 0.0 { 1.0 - rss / s_yy } else { 1.0 },
    })
}

/// Numbers divided by a power of two near the largest, less their mean.
struct Centred {
    values: Vec<Dd>,
    mean: Dd,
    exponent: i32,
    /// Euclidean norm before the mean was taken off.
    size: f64,
}

impl Centred {
    fn new(data: &[f64]) -> Self {
        let largest = data.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
        let exponent = if largest > 0.0 {
            (largest.log2().floor() as i32).clamp(-MAX_EXPONENT, MAX_EXPONENT)
        } else {
            0
        };
        let scaled: Vec<f64> = data.iter().map(|v| v * 2f64.powi(-exponent)).collect();
        let mean = sum(scaled.iter().map(|v| Dd::from(*v))) / Dd::from(data.len() as f64);
        Self {
            values: scaled.iter().map(|v| Dd::from(*v) - mean).collect(),
            mean,
            exponent,
            size: scaled.iter().map(|v| v * v).sum::<f64>().sqrt(),
        }
    }

    fn dot(&self, other: &Self) -> Dd {
        sum(self.values.iter().zip(&other.values).map(|(a, b)| *a * *b))
    }
}

fn sum(terms: impl Iterator<Item = Dd>) -> Dd {
    terms.fold(Dd::ZERO, |total, v| total + v)
}

/// v·2^e for |e| ≤ 2·MAX_EXPONENT, in two steps because 2^e itself may overflow.
fn scale(v: f64, e: i32) -> f64 {
    v * 2f64.powi(e / 2) * 2f64.powi(e - e / 2)
}

/// Refuses NaN and infinities, naming the entry.
pub(super) fn check_finite(name: &str, values: &[f64]) -> Result<()> {
    match values.iter().position(|v| !v.is_finite()) {
        None => Ok(()),
        Some(i) => Err(Error::input(format!("must be finite, got {}", values[i]))
            .in_field(format!("{name}[{i}]"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::random::Random;

    /// Norris of NIST's StRD collection: y, x, and the certified values.
    fn norris() -> (Vec<f64>, Vec<f64>) {
        let rows = include_str!("nist/norris.dat").lines();
        rows.filter_map(|l| l.strip_prefix("data "))
            .map(|l| {
                let (y, x) = l.split_once(' ').unwrap();
                (x.parse::<f64>().unwrap(), y.parse::<f64>().unwrap())
            })
            .unzip()
    }

    /// Correct digits of each number of a fit, against the certified ones (NIST prints 15).
    fn digits(f: &Line) -> [f64; 6] {
        let a = (f.intercept, -0.262_323_073_774_029, 0.232_818_234_301_152);
        let b = (f.slope, 1.002_116_818_020_45, 0.429_796_848_199_937e-3);
        let of = |got: f64, want: f64| (-((got - want) / want).abs().log10()).min(15.0);
        [
            of(a.0.point, a.1),
            of(a.0.std_err, a.2),
            of(b.0.point, b.1),
            of(b.0.std_err, b.2),
            of(f.residual_sd, 0.884_796_396_144_373),
            of(f.r_squared, 0.999_993_745_883_712),
        ]
    }

    /// What one unit in the last place moves determines no slope, and what moves by much more does,
    /// wherever x lies.
    #[test]
    fn a_spread_that_rounding_could_have_made_is_refused() {
        for at in [1.0, 1e8, 1e-8] {
            let ulp = f64::EPSILON * at;
            let x = |step: f64| {
                (0..10)
                    .map(|i| at + step * f64::from(i % 2))
                    .collect::<Vec<_>>()
            };
            let y: Vec<f64> = (0..10).map(|i| f64::from(i % 2)).collect();
            assert!(line(&x(ulp), &y).is_err(), "{at}");
            let fit = line(&x(1e4 * ulp), &y).unwrap();
            assert!((fit.slope.point * 1e4 * ulp - 1.0).abs() < 1e-3, "{at}");
        }
    }

    /// The data are no binary fractions: their rounding costs the small intercept the digits that
    /// cancel.
    /// The width of a spread that its own rounding could have made is counted by the number of
    /// points.
    #[test]
    fn a_spread_near_its_rounding_is_told_from_a_larger_one() {
        let y: Vec<f64> = (0..10).map(|i| f64::from(i % 2)).collect();
        let x = |ulps: f64| {
            (0..10)
                .map(|i| 1.0 + ulps * f64::EPSILON * f64::from(i % 2))
                .collect::<Vec<f64>>()
        };
        // γ₂₀·‖x‖ is the spread of steps of twenty units.
        assert!(line(&x(16.0), &y).is_err());
        assert!(line(&x(24.0), &y).is_ok());
    }

    #[test]
    fn nist_certified_values_and_a_planted_fault() {
        let (x, mut y) = norris();
        let right = digits(&line(&x, &y).unwrap());
        assert!(right.iter().all(|d| *d >= 12.5), "{right:?}");
        // One wrong digit in one datum leaves few.
        y[7] += 0.1;
        let wrong = digits(&line(&x, &y).unwrap());
        assert!(wrong[..5].iter().all(|d| *d < 5.0), "{wrong:?}");
    }

    #[test]
    fn exact_data_leave_no_residual() {
        let x: Vec<f64> = (0..12).map(f64::from).collect();
        let y: Vec<f64> = x.iter().map(|x| 3.0 - 0.25 * x).collect();
        let f = line(&x, &y).unwrap();
        assert_eq!((f.intercept.point, f.slope.point), (3.0, -0.25));
        assert!(f.residual_sd < 1e-30 && f.r_squared == 1.0);
        let flat = line(&x, &[7.0; 12]).unwrap();
        assert_eq!((flat.slope.point, flat.r_squared), (0.0, 1.0));
    }

    /// A line far from the origin: x varies in its last ten bits only.
    #[test]
    fn centring_loses_nothing() {
        let x: Vec<f64> = (0..5).map(|i| 1e12 + f64::from(i)).collect();
        let f = line(&x, &[0.0, 1.0, 2.0, 3.0, 5.0]).unwrap();
        assert!((f.slope.point - 1.2).abs() < 1e-15, "{f:?}");
        assert!((f.residual_sd - (0.4_f64 / 3.0).sqrt()).abs() < 1e-15);
    }

    /// Intervals cover the truth as often as they say (normal errors, 4,000 fits).
    #[test]
    fn intervals_cover() {
        let mut random = Random::new(1);
        let x: Vec<f64> = (0..6).map(f64::from).collect();
        let (runs, mut covered) = (4000, 0);
        for _ in 0..runs {
            let y: Vec<f64> = x.iter().map(|x| 1.0 + 2.0 * x + random.normal()).collect();
            covered += usize::from(line(&x, &y).unwrap().slope.interval.contains(2.0));
        }
        // Six standard deviations of a binomial with success probability 0.95.
        let room = 6.0 * (0.05 * 0.95 / f64::from(runs)).sqrt();
        let share = covered as f64 / f64::from(runs);
        assert!((share - 0.95).abs() < room, "{share}");
    }

    #[test]
    fn extreme_scales_neither_overflow_nor_lose_digits() {
        // S_xy/S_xx = 22/21, s² = (29 - 22²/21)/2 for the unscaled data.
        for (sx, sy) in [
            (1e-150, 1e150),
            (1e300, 1e290),
            (1e150, 1e-150),
            (1e-300, 1e-300),
        ] {
            let x: Vec<f64> = [1.0, 2.0, 4.0, 7.0].iter().map(|v| v * sx).collect();
            let y: Vec<f64> = [1.0, 3.0, 2.0, 8.0].iter().map(|v| v * sy).collect();
            let slope = line(&x, &y).unwrap().slope;
            assert!((slope.point / (22.0 / 21.0 * (sy / sx)) - 1.0).abs() < 1e-12);
            let error = ((29.0 - 484.0 / 21.0) / 42.0_f64).sqrt() * (sy / sx);
            assert!((slope.std_err / error - 1.0).abs() < 1e-12);
        }
        let e = line(&[1e-300, 2e-300, 5e-300], &[1e300, 1e299, 2e300]).unwrap_err();
        assert_eq!(e.field(), Some("slope"));
    }

    #[test]
    fn bad_input_is_refused_by_name() {
        let field = |x: &[f64], y: &[f64]| line(x, y).unwrap_err().field().map(str::to_owned);
        let (x, y) = ([0.0, 1.0, 2.0, 3.0], [1.0, 2.0, 2.0, 5.0]);
        for (x, y, name) in [
            (&x[..3], &y[..], "x"),
            (&x[..], &[0.0, f64::NAN, 0.0, 1.0][..], "y[1]"),
            (&[0.0, 1.0, f64::INFINITY, 2.0], &y, "x[2]"),
            (&x[..2], &y[..2], "y"),
            (&[], &[], "y"),
            (&[0.1; 4], &y, "x"),
        ] {
            assert_eq!(field(x, y).as_deref(), Some(name));
        }
    }
}

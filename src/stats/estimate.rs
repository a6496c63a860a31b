//! An estimate: a point, its standard error and an interval at a stated confidence.
//!
//! Owns the shape in which every estimated number leaves `stats`, and Student's
//! t. Must not know what was estimated.

use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::error::{Bound, Error, Result};

/// Confidence of the intervals of a fit.
pub const DEFAULT_CONFIDENCE: f64 = 0.95;

const CONFIDENCE: Bound = Bound {
    name: "confidence",
    what: "confidence",
    min: f64::EPSILON,
    max: 1.0 - f64::EPSILON,
};

/// A two-sided interval and the probability with which it covers the truth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Lower end, in the units of what is estimated.
    pub lower: f64,
    /// Upper end, in the same units.
    pub upper: f64,
    /// Coverage, in (0, 1).
    pub confidence: f64,
}

impl Interval {
    /// Whether `value` lies within, ends included.
    pub fn contains(&self, value: f64) -> bool {
        self.lower <= value && value <= self.upper
    }

    /// Upper minus lower end.
    pub fn width(&self) -> f64 {
        self.upper - self.lower
    }
}

/// A number estimated from data.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The estimate itself.
    pub point: f64,
    /// Its standard error: the estimated standard deviation of `point`.
    pub std_err: f64,
    /// Where the truth lies, at the stated confidence.
    pub interval: Interval,
}

impl Estimate {
    /// point ± multiple · std_err.
    pub(super) fn from_multiple(point: f64, std_err: f64, multiple: f64, confidence: f64) -> Self {
        let half = multiple * std_err;
        Self {
            point,
            std_err,
            interval: Interval {
                lower: point - half,
                upper: point + half,
                confidence,
            },
        }
    }
}

/// The t with P(|T_df| ≤ t) = `confidence`, by bisection on [`student_t_p_value`]:
/// statrs' own inverse is off by up to 3e-4 in probability for a million degrees
/// of freedom and by a factor of 8 in t at a tail of 1e-9.
///
/// # Errors
/// When `confidence` is outside (0, 1) or `df` is not positive.
pub(super) fn student_t_quantile(df: f64, confidence: f64) -> Result<f64> {
    CONFIDENCE.check(confidence)?;
    let tail = 1.0 - confidence;
    // Tails lie within [2.2e-16, 1), so both loops end: for one degree of freedom at t = 2.9e15.
    let (mut low, mut high) = (0.0, 1.0);
    while student_t_p_value(high, df)? > tail {
        low = high;
        high *= 2.0;
    }
    loop {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            return Ok(high);
        }
        if student_t_p_value(middle, df)? > tail {
            low = middle;
        } else {
            high = middle;
        }
    }
}

/// P(|T_df| ≥ |t|), the two-sided p-value of a t statistic.
///
/// # Errors
/// When `df` is not positive or `t` is NaN.
pub(super) fn student_t_p_value(t: f64, df: f64) -> Result<f64> {
    let law = student(df)?;
    if t.is_nan() {
        return Err(Error::input("t statistic is NaN").in_field("t"));
    }
    if t.is_infinite() {
        return Ok(0.0);
    }
    Ok((2.0 * law.cdf(-t.abs())).min(1.0))
}

fn student(df: f64) -> Result<StudentsT> {
    if !(df > 0.0 && df.is_finite()) {
        return Err(Error::input(format!(
            "degrees of freedom must be positive and finite, got {df}"
        ))
        .in_field("df"));
    }
    StudentsT::new(0.0, 1.0, df).map_err(|e| Error::input(e.to_string()).in_field("df"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// df = 1 and df = 2 have closed forms: t = tan(πc/2) and t = c·sqrt(2/(1-c²)).
    #[test]
    fn widths_are_those_between_the_ends() {
        let interval = |lower, upper| Interval {
            lower,
            upper,
            confidence: 0.9,
        };
        assert_eq!(interval(-1.5, 2.0).width(), 3.5);
        assert_eq!(interval(2.0, 2.0).width(), 0.0);
    }

    #[test]
    fn quantiles_agree_with_the_closed_forms() {
        for c in [0.1_f64, 0.5, 0.9, 0.95, 0.99, 0.999, 1.0 - 1e-6, 1.0 - 1e-9] {
            let (t1, t2) = (
                student_t_quantile(1.0, c).unwrap(),
                student_t_quantile(2.0, c).unwrap(),
            );
            // tan(πc/2) = 1/tan(π(1-c)/2), without the cancellation near the pole.
            let e1 = 1.0 / (std::f64::consts::FRAC_PI_2 * (1.0 - c)).tan();
            let e2 = c * (2.0 / ((1.0 - c) * (1.0 + c))).sqrt();
            assert!((t1 / e1 - 1.0).abs() < 1e-10, "df 1, {c}: {t1} {e1}");
            assert!((t2 / e2 - 1.0).abs() < 1e-10, "df 2, {c}: {t2} {e2}");
        }
    }

    /// Cornish-Fisher: t = z + (z³+z)/(4 df) + O(1/df²), z the normal quantile.
    #[test]
    fn many_degrees_of_freedom_approach_the_normal() {
        let z = 1.959_963_984_540_054_f64;
        for df in [1e5, 1e6] {
            let got = student_t_quantile(df, 0.95).unwrap();
            let expected = z + (z.powi(3) + z) / (4.0 * df);
            assert!((got - expected).abs() < 1e-9, "{df}: {got} {expected}");
        }
    }

    /// Upper 0.975 points of the NIST/SEMATECH e-Handbook, table 1.3.6.7.2.
    #[test]
    fn quantiles_agree_with_the_printed_table() {
        for (df, t) in [
            (3, 3.182),
            (5, 2.571),
            (9, 2.262),
            (15, 2.131),
            (30, 2.042),
            (60, 2.000),
            (100, 1.984),
        ] {
            let got = student_t_quantile(f64::from(df), 0.95).unwrap();
            assert!((got - t).abs() <= 0.0005, "{df}: {got} {t}");
        }
    }

    #[test]
    fn quantile_and_p_value_are_inverse() {
        for df in [1.0, 2.0, 3.5, 17.0, 400.0, 1e6] {
            for c in [0.2, 0.95, 0.9999] {
                let t = student_t_quantile(df, c).unwrap();
                let p = student_t_p_value(t, df).unwrap();
                assert!((p / (1.0 - c) - 1.0).abs() < 1e-9, "{df} {c} {p}");
            }
        }
    }

    #[test]
    fn bad_input_is_refused_by_name() {
        for c in [0.0, 1.0, -1.0, f64::NAN] {
            assert_eq!(
                student_t_quantile(3.0, c).unwrap_err().field(),
                Some("confidence")
            );
        }
        for df in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(student_t_quantile(df, 0.9).unwrap_err().field(), Some("df"));
        }
        assert_eq!(
            student_t_p_value(f64::NAN, 3.0).unwrap_err().field(),
            Some("t")
        );
    }
}

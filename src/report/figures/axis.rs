//! Axes: data to pixels, and the ticks.
//!
//! Owns scales and tick labels. Must not know what is drawn.

use crate::report::format::number;

/// How values are spread.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Spread {
    Linear,
    Log,
    /// Linear between ±threshold, logarithmic beyond.
    Signed(f64),
}

/// One axis: `low` lies at pixel `from`, `high` at pixel `to`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Axis {
    spread: Spread,
    /// Ends on the spread scale.
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

impl Axis {
    /// A linear axis; an empty range is widened, one that is no range becomes [0, 1].
    pub(super) fn linear(low: f64, high: f64, (from, to): (f64, f64)) -> Self {
        let high = if high > low {
            high
        } else {
            low + low.abs().max(1.0)
        };
        let (low, high) = if (high - low).is_finite() {
            (low, high)
        } else {
            (0.0, 1.0)
        };
        Self {
            spread: Spread::Linear,
            low,
            high,
            from,
            to,
        }
    }

    /// A logarithmic axis over whole decades that holds all positive finite `values`; one decade at
    /// 1 if there are none.
    pub(super) fn log(values: impl Iterator<Item = f64>, (from, to): (f64, f64)) -> Self {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for v in values.filter(|v| *v > 0.0 && v.is_finite()) {
            (low, high) = (low.min(v.log10().floor()), high.max(v.log10().ceil()));
        }
        if low.is_infinite() {
            (low, high) = (-1.0, 0.0);
        }
        if low == high {
            (low, high) = (low - 1.0, high + 1.0);
        }
        Self {
            spread: Spread::Log,
            low,
            high,
            from,
            to,
        }
    }

    /// An axis symmetric about zero: linear within ±`linear`, decades beyond, up to a decade above
    /// `most`.
    pub(super) fn signed(linear: f64, most: f64, (from, to): (f64, f64)) -> Self {
        let decades = (most / linear).log10().ceil().clamp(0.0, 300.0);
        Self {
            spread: Spread::Signed(linear),
            low: -2.0 - decades,
            high: 2.0 + decades,
            from,
            to,
        }
    }

    /// A logarithmic axis from the least to the largest of the positive finite `values`; over whole
    /// decades where there would be fewer than two ticks.
    pub(super) fn log_between(
        values: impl Iterator<Item = f64> + Clone,
        (from, to): (f64, f64),
    ) -> Self {
        let whole = Self::log(values.clone(), (from, to));
        let positive = values.filter(|v| *v > 0.0 && v.is_finite());
        let ends = (f64::INFINITY, f64::NEG_INFINITY);
        let (low, high) = positive.fold(ends, |(l, h), v| (l.min(v.log10()), h.max(v.log10())));
        if counted(low.ceil(), high.floor()).count() < 2 {
            return whole;
        }
        Self { low, high, ..whole }
    }

    /// Is `value` between the ends?
    pub(super) fn holds(&self, value: f64) -> bool {
        let v = self.spread_of(value);
        v >= self.low && v <= self.high
    }

    /// The pixel of `value`, held inside the axis. None for NaN, and for what a logarithmic axis
    /// has not.
    pub(super) fn at(&self, value: f64) -> Option<f64> {
        let v = self.spread_of(value);
        if v.is_nan() {
            return None;
        }
        let part = (v.clamp(self.low, self.high) - self.low) / (self.high - self.low);
        Some(self.from + part * (self.to - self.from))
    }

    /// The pixel of `value`, also beyond the ends. None for what the axis has not.
    pub(super) fn beyond(&self, value: f64) -> Option<f64> {
        let part = (self.spread_of(value) - self.low) / (self.high - self.low);
        let at = self.from + part * (self.to - self.from);
        at.is_finite().then_some(at)
    }

    /// NaN where the axis has no such value.
    fn spread_of(&self, value: f64) -> f64 {
        match self.spread {
            Spread::Linear => value,
            Spread::Log if value > 0.0 => value.log10(),
            Spread::Log => f64::NAN,
            Spread::Signed(t) => {
                let size = (value / t).abs();
                value.signum()
                    * if size <= 1.0 {
                        size
                    } else {
                        1.0 + size.log10()
                    }
            }
        }
    }

    /// Pixels and labels of at most `most` ticks (2 at least), at round values.
    pub(super) fn ticks(&self, most: usize) -> Vec<(f64, String)> {
        let pixel = |spread: f64| {
            self.from + (spread - self.low) / (self.high - self.low) * (self.to - self.from)
        };
        match self.spread {
            Spread::Linear => {
                let ends = [self.low, self.high];
                let mut step = round_step((self.high - self.low) / (8.0 * most.max(2) as f64));
                while multiples(ends, step) > most.max(2) {
                    step = round_step(1.5 * step);
                }
                let (first, last) = ((self.low / step).ceil(), (self.high / step).floor());
                // Counted, not accumulated: 0.1 + 0.1 + 0.1 is not a label.
                counted(first, last)
                    .map(|i| (pixel(i * step), label(i * step)))
                    .collect()
            }
            Spread::Log => {
                let step = decade_step([self.low, self.high], most);
                let (first, last) = ((self.low / step).ceil(), (self.high / step).floor());
                counted(first, last)
                    .map(|i| (pixel(i * step), power(i * step)))
                    .collect()
            }
            Spread::Signed(t) => {
                // Zero, the decade below the outermost, and that half way down to the linear part.
                let outer = (self.high - 2.0).max(0.0);
                let inner = (outer / 2.0).floor();
                let mut out = vec![(pixel(0.0), "0".to_owned())];
                for decade in if inner > 0.0 {
                    vec![outer, inner]
                } else {
                    vec![outer]
                } {
                    let size = t * 10f64.powf(decade);
                    let text = percent(size);
                    out.push((pixel(1.0 + decade), text.clone()));
                    out.push((pixel(-1.0 - decade), format!("−{text}")));
                }
                out.truncate(most.max(1));
                out
            }
        }
    }
}

/// Multiples of `step` between two ends.
fn multiples([low, high]: [f64; 2], step: f64) -> usize {
    counted((low / step).ceil(), (high / step).floor()).count()
}

fn counted(first: f64, last: f64) -> impl Iterator<Item = f64> {
    let n = if last >= first {
        (last - first + 1.0).min(100.0) as usize
    } else {
        0
    };
    (0..n).map(move |i| first + i as f64)
}

/// 1, 2 or 5 times a power of ten, at least `step`.
fn round_step(step: f64) -> f64 {
    let decade = 10f64.powf(step.log10().floor());
    let multiple = [1.0, 2.0, 5.0]
        .into_iter()
        .find(|m| m * decade >= step)
        .unwrap_or(10.0);
    if decade > 0.0 && decade.is_finite() {
        multiple * decade
    } else {
        1.0
    }
}

/// Whole decades between ticks: the least step with at most `most` multiples between the ends.
fn decade_step([low, high]: [f64; 2], most: usize) -> f64 {
    let steps = [1.0, 2.0, 3.0, 4.0, 5.0, 10.0, 20.0, 50.0, 100.0];
    let few = |s: &f64| multiples([low, high], *s) <= most.max(2);
    steps.into_iter().find(few).unwrap_or(200.0)
}

fn label(value: f64) -> String {
    // Steps are counts, and read as such.
    let text = if value.fract() == 0.0 && value.abs() <= 999_999.0 {
        format!("{value:.0}")
    } else {
        number(value)
    };
    text.replace('-', "−")
}

/// A part of one as a percentage.
fn percent(part: f64) -> String {
    let hundredths = 100.0 * part;
    if hundredths >= 0.001 {
        format!("{} %", label(hundredths))
    } else {
        power(part.log10().round())
    }
}

/// 10 to a whole power, as it is printed: 1, 10, 10⁻⁵.
fn power(exponent: f64) -> String {
    if exponent == 0.0 {
        return "1".to_owned();
    }
    let superscript = |c: char| match c {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        '0' => '⁰',
        d => char::from_u32('⁰' as u32 + d.to_digit(10).unwrap_or(0)).unwrap_or(d),
    };
    let digits: String = format!("{exponent:.0}").chars().map(superscript).collect();
    format!("10{digits}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: Axis, most: usize) -> Vec<String> {
        axis.ticks(most).into_iter().map(|t| t.1).collect()
    }

    #[test]
    fn log_ticks_are_whole_decades() {
        let axis = Axis::log(
            [2e-17, 3e5, 0.0, f64::NAN, f64::INFINITY].into_iter(),
            (300.0, 0.0),
        );
        assert_eq!(
            labels(axis, 6),
            ["10⁻¹⁶", "10⁻¹²", "10⁻⁸", "10⁻⁴", "1", "10⁴"]
        );
        assert!(
            (axis.at(1e6).unwrap() - 0.0).abs() < 1e-9
                && (axis.at(1e-17).unwrap() - 300.0).abs() < 1e-9
        );
        assert_eq!(
            (axis.at(0.0), axis.at(-1.0), axis.at(f64::NAN)),
            (None, None, None)
        );
        assert_eq!(
            labels(Axis::log([1.0, 3.0].into_iter(), (1.0, 0.0)), 6),
            ["1", "10¹"]
        );
        assert_eq!(
            labels(Axis::log([1.0].into_iter(), (1.0, 0.0)), 6),
            ["10⁻¹", "1", "10¹"]
        );
        assert_eq!(
            labels(Axis::log(std::iter::empty(), (1.0, 0.0)), 6),
            ["10⁻¹", "1"]
        );
        assert!(labels(Axis::log([5e-324, f64::MAX].into_iter(), (1.0, 0.0)), 6).len() <= 7);
    }

    #[test]
    fn linear_ticks_are_round() {
        assert_eq!(
            labels(Axis::linear(0.0, 1.0, (0.0, 1.0)), 5),
            ["0", "0.5", "1"]
        );
        assert_eq!(
            labels(Axis::linear(0.0, 60.0, (0.0, 1.0)), 6),
            ["0", "20", "40", "60"]
        );
        assert_eq!(
            labels(Axis::linear(7.0, 7.0, (0.0, 1.0)), 4),
            ["8", "10", "12", "14"]
        );
        for (a, b) in [
            (f64::NAN, 1.0),
            (0.0, f64::INFINITY),
            (1.0, -1.0),
            (-1e300, 1e300),
        ] {
            assert!(labels(Axis::linear(a, b, (0.0, 1.0)), 5).len() < 12);
        }
    }

    #[test]
    fn a_signed_axis_has_decades_on_both_sides_of_zero() {
        let axis = Axis::signed(1e-6, 0.01, (100.0, -100.0));
        assert_eq!(labels(axis, 5), ["0", "1 %", "−1 %", "0.01 %", "−0.01 %"]);
        assert!(axis.at(0.0).unwrap().abs() < 1e-9);
        assert!((axis.at(1e-3).unwrap() + axis.at(-1e-3).unwrap()).abs() < 1e-9);
        assert!(axis.at(0.01).unwrap() > axis.at(0.1).unwrap());
    }

    #[test]
    fn no_axis_has_more_than_five_ticks() {
        for low in 0..40 {
            for high in low + 1..41 {
                let ends = [-f64::from(high), -f64::from(low)].map(|e| 10f64.powf(e));
                let log = Axis::log(ends.into_iter(), (100.0, 0.0));
                assert!((2..=5).contains(&log.ticks(5).len()), "{low} {high}");
                let linear = Axis::linear(f64::from(low) * 0.7, f64::from(high) * 1.3, (0.0, 1.0));
                let n = linear.ticks(5).len();
                assert!((2..=5).contains(&n), "{low} {high}: {n}");
            }
        }
    }
}

//! Comparison with a recorded run.

/// Relative change of a deterministic quantity on the same instance that is no drift: what another
/// machine, or another order of summation, may move a fitted rate or a quotient of errors by.
pub const BASELINE_ROUNDING: f64 = 1e-6;

/// Values that baselines keep: quotients of them neither overflow nor underflow.
pub const COMPARABLE: std::ops::RangeInclusive<f64> = 1e-150..=1e150;

/// Relative change of an exponent fitted to other samples of the same instance that is no drift:
/// fits of the quick profile are within 5 % of theory.
pub const BASELINE_RESAMPLED: f64 = 0.2;

/// Relative change of a median over other instances below which no drift is reported, however
/// significant: nobody acts on less.
pub const BASELINE_SHIFT: f64 = 0.01;

/// False-alarm probability of all comparisons of a run with a baseline of other instances together.
pub const BASELINE_ALPHA: f64 = 1e-3;

/// How many times farther from theory than any recorded value a median over other instances, or an
/// exponent of other samples, may be: the largest deviation of a few values is exceeded three times
/// by chance, not ten times. A rate of 1.05 ρ is, where recorded ones are within 0.5 %.
pub const BASELINE_FARTHER: f64 = 10.0;

/// Recorded values below which nothing is said about how far values are from theory.
pub const BASELINE_FEWEST: usize = 5;

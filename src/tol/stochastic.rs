//! Claims about stochastic methods, and the runs of the paper.

/// False-alarm probability of all statistical checks of one run together, where
/// none is stated: once in a billion runs, so that a rejection is worth a look
/// even in a project that runs the suite a thousand times a day for years.
pub const RUN_ALPHA: f64 = 1e-9;

/// A run with an entry beyond this multiple of max(‖y‖∞, 1) has diverged: squares of such numbers
/// are still far from overflow, and no convergent run comes near (‖v‖ ≤ κ‖y‖ plus its noise).
pub const NSID_DIVERGED: f64 = 1e100;

/// Most steps of an exact moment recursion in one check: at d = 6 about a third of a second.
pub const LIMIT_STEPS: usize = 200_000;

/// Errors of a reproduced experiment below this part of the size of what is estimated are rounding.
pub const REPRODUCED_FLOOR: f64 = 1e-10;

/// A relative error of a reproduced experiment that counts as solved: what a validation loss cannot
/// see.
pub const REPRODUCED_SOLVED: f64 = 1e-4;

/// So many times the error of another method is behind it.
pub const REPRODUCED_BEHIND: f64 = 10.0;

/// How much a decade of updates may change the error of NSID beside what 1/√(γ+k) does, as a
/// factor: errors over eight runs and three problems vary by a third.
pub const REPRODUCED_RATE: f64 = 2.0;

/// An error that a decade of updates leaves at this part of itself, or more, does not converge:
/// 1/√k leaves a third.
pub const REPRODUCED_STAYS: f64 = 0.6;

/// Roundings in the variance of a gradient over rows: sums over rows and entries of hold-out sets
/// of this size.
pub const VARIANCE_ROUNDINGS: usize = 1 << 16;

/// Most distinct Γ that whole courses are followed for, each for up to [`LIMIT_STEPS`]: about a
/// second.
pub const COURSE_BRANCHES: usize = 8;

/// Relative rounding of an exact mean square error after as many steps, and of what is left of it
/// when its floor is taken away: the moments lose a few units in the last place a step.
pub const FLOOR_ROUNDING: f64 = 1e-9;

/// Part of its slack by which an extrapolated limit may still move when it is called settled: what
/// is left after one more doubling of k is smaller than the last move.
pub const SETTLED: f64 = 0.5;

/// A floor of Theorem 5.5 is judged where the growing schedule has come this far below it ...
pub const WELL_BELOW: f64 = 64.0;

/// ... and the error with one of t, J, k held fixed must then still be this part of it. By the
/// triangle inequality it is at least (1 - 1/8)² of the floor, if the other parts are no larger
/// than the growing schedule's error; a quarter leaves room for parts that cancel there.
pub const STILL_THERE: f64 = 0.25;

/// NSID has to beat SID where theory puts its error at this part of SID's plateau or less: a factor
/// two between what is predicted and what decides, far more than terms of higher order take after
/// 200γ steps.
pub const CLEARLY_BELOW: f64 = 0.5;

/// A simulation that could not see its mean double, or an entry move by a standard deviation, says
/// nothing.
pub const LEAST_POWER: f64 = 1.0;

/// A constant-step recursion is followed until at most e⁻³² ≈ 1e-14 of its start is left, below the
/// rounding of the plateau it is compared with.
pub const PLATEAU_EXPONENT: f64 = 32.0;

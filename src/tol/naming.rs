//! Naming of faults.

/// Confidence below which a diagnosis is not shown: a name that is more likely wrong than right
/// sends people the wrong way.
pub const CONFIDENT: f64 = 0.5;

/// Unexplained part of a deviation at which a simulated fault counts as half a match: rounding of a
/// deviation of relative size 1e-8 is 1e-8 of it, and no two faults of the catalogue agree to 1e-6
/// by accident.
pub const DIAGNOSIS_MATCH: f64 = 1e-6;

/// Weight of "none of them" beside candidates that weigh 1 when they match fully.
pub const DIAGNOSIS_UNKNOWN: f64 = 0.02;

/// "None of them" weighs this much more per deviation in units of what rounding may do: one of ten
/// roundings is explained by many faults.
pub const DIAGNOSIS_RESOLVED: f64 = 10.0;

/// Weight of a candidate whose parameter was fitted: it could explain more than one without. Above
/// ½, the part of the best weight from which names are given: a tolerance of the catalogue can meet
/// what was another fault's.
pub const DIAGNOSIS_FITTED: f64 = 0.6;

/// Part of the best weight from which a candidate is named beside the best.
pub const DIAGNOSIS_BESIDE: f64 = 0.5;

/// Numbers there must be to explain before a parameter is fitted to them: one of them is always
/// met.
pub const DIAGNOSIS_NUMBERS: usize = 3;

/// A larger part of a deviation left ends the simulation of further observations: at a thousand
/// matches the confidence is a millionth.
pub const DIAGNOSIS_CUT: f64 = 1e-3;

/// Part of a deviation at which a fit ends: well below [`DIAGNOSIS_MATCH`], well above rounding.
pub const DIAGNOSIS_FIT: f64 = 1e-9;

/// Confidence from which a fault is named; below it the answer is "unknown".
pub const DIAGNOSIS_NAMED: f64 = 0.5;

/// Relative deviation up to which an answer is the correct one for the purpose of naming.
pub const DIAGNOSIS_ROUNDING: f64 = 1e-13;

/// Relative difference up to which the answers of a faulty method are the correct ones, when it is
/// asked whether a case shows the fault at all.
pub const DIAGNOSIS_SAME: f64 = 1e-11;

/// Errors at the limit in units of uκ‖J‖ above which products were rounded to fewer digits than
/// binary32 has (theory, section 11): true single precision reaches 0.06 to 1.4 in its runs, up to
/// 5 on a GPU, TF32 120 and more.
pub const PRECISION_UNITS: f64 = 12.0;

/// Rounding that a simulation cannot repeat is carried on by a recursion: so many times that of one
/// step.
pub const DIAGNOSIS_NOISE: f64 = 50.0;

/// Units of single precision within which estimates that are single-precision numbers are explained
/// by that: a recursion with q = 0.99 loses hundreds, and one that subtracts more.
pub const DIAGNOSIS_SINGLE: f64 = 1e4;

/// Probability with which independent draws leave a given index out although it is drawn like the
/// others, when an implementation that has failed is examined for it. It can mislead a name, never
/// a verdict.
pub const NEVER_DRAWN: f64 = 1e-12;

//! The search for w(λ), the sets of derivatives at it, and vectors of ground truth.

/// Relative error of one double-double operation (Joldes, Muller, Popescu 2017: at most 10·2⁻¹⁰⁶
/// for the quotient, 3·2⁻¹⁰⁶ for sums, 5·2⁻¹⁰⁶ for products), with room for short sums of them.
pub const DD_UNIT: f64 = 1.0 / (1u128 << 100) as f64;

/// Linear systems the search for a fixed point may solve. Newton on the pieces needs as many as it
/// meets pieces; a search that is still busy after this many is not going to be certified.
pub const NEWTON_STEPS: usize = 200;

/// Steps of Φ itself the search may take between Newton steps; each is one product, so 2·10⁵ of
/// them at d = 100 take about a second.
pub const CONTRACTION_FALLBACK_STEPS: usize = 200_000;

/// τ is counted by a loop; q ≤ 0.9999 and R ≥ 1e-12·e_0 need fewer than 3·10⁵ steps, and bounds are
/// asked for far fewer.
pub const TAU_LIMIT: usize = 10_000_000;

/// Newton steps in rationals: ŵ is within rounding of w(λ), so the piece is right at once and one
/// step is exact; a wrong side of a kink takes a few more.
pub const EXACT_NEWTON_STEPS: usize = 12;

/// Largest dimension in which a linear system is solved in rationals: elimination at d = 12 with
/// 60-bit data takes milliseconds, and grows like d⁴.
pub const EXACT_NEWTON_DIM: usize = 12;

/// Nodes a branch and bound over slopes, or over sequences of slopes, may open; at d = 10 a node of
/// D_imp takes up to a millisecond (a small convex program).
pub const KINK_NODES: usize = 200;

/// ‖A_c^P‖ from which on what follows is left to the ball in the reach of D_fix: looser by a
/// thousandth at most.
pub const REACH_REST: f64 = 1e-3;

/// Relative gap at which a certified distance to a set that is not convex is called decided.
pub const KINK_GAP: f64 = 1e-3;

/// Relative step at which proximal steps have found the support of a poisoned regression, or nearly
/// so, and Newton's method goes on; the certificate does not depend on it.
pub const NEAR_SOLUTION: f64 = 1e-9;

/// Relative residual to which a system of Newton's method is solved; what is left is taken up by
/// the next correction.
pub const NEWTON_SYSTEM: f64 = 1e-8;

/// Steps, and unknowns, up to which fixed cases are computed in rationals as well: numbers grow by
/// two dozen bits a step.
pub const CHECKED_STEPS: usize = 16;

/// See [`CHECKED_STEPS`].
pub const CHECKED_UNKNOWNS: usize = 6;

/// Relative difference of double-double arithmetic from rationals after that many steps: a few
/// hundred roundings of 2⁻¹⁰⁴.
pub const DD_AGREES: f64 = 1e-28;

/// Weights at ties, besides 0, that the vectors show.
pub const VECTOR_TIES: [f64; 2] = [0.5, 1.0];

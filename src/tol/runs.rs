//! Runs of deterministic methods: where they end, their limits, their rates, conjugate gradients;
//! drawing and shrinking.

/// Points of an accelerated path this many times beyond w_0 and w(λ) have left for infinity, where
/// the momentum is dropped: an iteration that converges overshoots by about √κ, 100 for q = 0.9999.
pub const PATH_DIVERGED: f64 = 1e3;

/// Beyond this magnitude a run is called diverged. Contractions stay below B + e_0, which is under
/// 1e12 for every instance drawn; cotangents are at most 1e100.
pub const DIVERGED: f64 = 1e200;

/// Multiply-adds one limit check may spend on running a method; at 2 Gflop/s a tenth of a second.
/// Beyond it the limit is reached through the exact tail recursion.
pub const LIMIT_WORK: usize = 50_000_000;

/// Steps beyond which an exact tail is not followed: q = 1 - 1e-4 needs 4·10⁵ to reach 1e-17.
pub const LIMIT_TAIL_STEPS: usize = 1 << 24;

/// Evaluations of Φ that a solver for w(λ) may take: q = 0.9999 needs 4·10⁵.
pub const OWN_SOLVER_STEPS: usize = 1 << 19;

/// Roundings besides d in the residual of a backward stable solve of d equations (theory, section
/// 10.7: (d+16)u, never reached by more than 0.14 there).
pub const SOLVER_TERMS: usize = 16;

/// Part of the start at which the window of a rate ends for AID-FP: well above rounding, and low
/// enough for second moduli to have faded.
pub const RATE_LEFT: f64 = 1e-9;

/// A simulated solver iterates until a cotangent of norm 1 has shrunk to u, and half as long again
/// for its size κ.
pub const SOLVER_PASSES: f64 = 1.5;

/// Steps of AID-FP, in double-double, that may be followed to enclose what selections at ties do to
/// its limit.
pub const LIMIT_ENCLOSED_STEPS: usize = 4000;

/// A window for a rate ends where the error is this many times the floor: rounding then moves
/// log‖E‖ by less than 1e-4, a hundredth of the slack given to rates.
pub const RATE_ABOVE_FLOOR: f64 = 1e4;

/// Fewest points from which a rate is fitted: with fewer a straight line says little.
pub const RATE_POINTS: usize = 8;

/// Most points a rate is fitted to; AID-FP with k = t pays a run for each.
pub const RATE_MOST_POINTS: usize = 24;

/// Share of the permitted slack that the exact sequence itself may use up before an instance is
/// called inconclusive for its rate: the rest is left for the method.
pub const RATE_OWN_SHARE: f64 = 0.5;

/// Steps that stand for infinity when the limiting growth β of a resonant tail is evaluated:
/// subdominant modes at |ρ₂/ρ| ≤ 0.99 have decayed by 1e-9 after 2¹¹ steps.
pub const RESONANT_LIMIT_STEPS: usize = 1 << 11;

/// How much more than what power iteration finds a Lipschitz constant may be: it need not have
/// settled.
pub const STEEPEST_ROOM: f64 = 0.05;

/// Slack up to which a bound or a constant counts as attained: searches for where it is end within
/// [`RAY_WIDTH`].
pub const ATTAINED: f64 = 1.0 + 4.0 * RAY_WIDTH;

/// Relative width to which a ray is bisected for the first change of piece; R is certified
/// downwards by a few units in the last place and the rounding band.
pub const RAY_WIDTH: f64 = 1e-9;

/// Draws of an instance beyond the first that may be tried until one can decide its claim. Of the
/// families of the claims that come with ratecert one in two draws decides or more.
pub const REDRAWS: usize = 32;

/// Instances tried while shrinking one failure; a shrink step halves or simplifies one field, so
/// the fifteen or so steps to the smallest instance fit several times.
pub const SHRINK_TRIES: usize = 80;

/// A ratio bound/error is quoted as slack only where the error is this many times its rounding
/// floor.
pub const CLEAR_OF_FLOOR: f64 = 1e3;

/// Condition number κ = 1/(1-q) up to which AID-CG is judged at the dimension of its system.
pub const CG_KAPPA: f64 = 100.0;

/// Runs with random rounding from which the amplification in conjugate gradients is measured.
pub const CG_SAMPLES: usize = 12;

/// Room above the worst of [`CG_SAMPLES`] runs. Measured, not derived: on 30 quick seeds the
/// deviation stayed 32 times below the floor it gives; no proof says it always will.
pub const CG_AMPLIFICATION: f64 = 16.0;

/// A product of bounds is used as a divisor only this far above the smallest normal number: twenty
/// decades leave room for the powers that it is compared with.
pub const CLEAR_OF_UNDERFLOW: f64 = f64::MIN_POSITIVE * 1e20;

/// Room for a logarithmic slope of a bound, which is formed from two logarithms of up to a few
/// hundred.
pub const SLOPE_ROOM: f64 = 1e3 * f64::EPSILON;

/// Norms of cotangents that reveal absolute tolerances.
pub const COTANGENTS: [f64; 3] = [0.0, 1e-13, 1e12];

//! Served maps: Φ known only as a program (theory, section 10). Measured there, unless said.

use super::rounding::UNIT;

/// Relative error that a check of a served map may hide and still pass, saying so: a declared
/// tolerance of 1e-4 hides 2e-2 to 8e-2; beyond a tenth a wrong sign or factor is out of sight.
pub const SERVED_COARSE: f64 = 0.1;

/// Displacement, in units of the scales, of points that may lie on a kink before a product is
/// judged there: far above rounding, far below what the iteration moves by.
pub const SERVED_DISPLACEMENT: f64 = 1e-3;

/// Steps of the lines along which noise is estimated: one of them is below the reach of curvature
/// and above the spacing of the numbers whatever the precision.
pub const SERVED_NOISE_STEPS: [f64; 5] = [1e-13, 1e-11, 1e-9, 1e-7, 1e-5];

/// Distance of the base points of noise lines: noise changes little over it.
pub const SERVED_NOISE_BASE: f64 = 0.03;

/// A declared tolerance τ enters every noise as this many τ: products of an inner solve differ from
/// its values by a few times its stopping tolerance.
pub const SERVED_DECLARED: f64 = 10.0;

/// Relative disagreement up to which undeclared products are called inexact and not wrong, in
/// double and in single precision: tolerances of inner solvers, which no noise estimate shows.
pub const SERVED_INEXACT: [f64; 2] = [1e-6, 1e-3];

/// The power of two by which cotangents are scaled: linear programs obey it bit for bit.
pub const SERVED_SCALING: f64 = 1.0 / (1u64 << 20) as f64;

/// Additivity, in units of roundoff of the largest entry.
pub const SERVED_ADDITIVITY: f64 = 1e3;

/// Adjointness: (64 + 16√d)u, where the largest seen was 3.3u.
pub const SERVED_ADJOINT: [f64; 2] = [64.0, 16.0];

/// Upper ends of √d·median r for double, single, TF32 and bf16 products: between the ranges seen at
/// d = 5 to 400.
pub const SERVED_PRECISIONS: [(f64, f64, &str); 4] = [
    (2.910_383_045_673_370_4e-11, UNIT, "double precision"),
    (
        7.629_394_531_25e-6,
        5.960_464_477_539_063e-8,
        "single precision",
    ),
    (6.011_474_4e-4, 4.882_812_5e-4, "TF32"),
    (3.906_25e-3, 3.906_25e-3, "bfloat16"),
];

/// Products in a reduced precision u_p add this many u_p·s to the noise.
pub const SERVED_PRODUCT_NOISE: f64 = 16.0;

/// Share of a slope that the error of an interpolated slope may be, or the level does not count.
pub const SERVED_SLOPE_SHARE: f64 = 1e-3;

/// A panel is left at this part of the path: a kink is then within a millionth.
pub const SERVED_PANEL: f64 = 1.0 / (1u64 << 20) as f64;

/// The same on paths of the solution map, whose nodes cost an iteration each.
pub const SERVED_SOLUTION_PANEL: f64 = 1.0 / (1u64 << 8) as f64;

/// Panels of one path: forty kinks at d = 200 need 1,200.
pub const SERVED_PANELS: usize = 4_000;

/// Splits are off the middle by up to this part, so that symmetric faults do not cancel.
pub const SERVED_OFF_CENTRE: f64 = 0.02;

/// Mean ratio of a discrepancy over halvings: below the first a wrong product (a halving), above
/// the second a jump of Φ (no change).
pub const SERVED_RATIOS: [f64; 2] = [0.65, 0.9];

/// Relative room of a secant that refutes a contraction, beside the noise of its two values.
pub const SERVED_SECANT: f64 = 1e-9;

/// Random ascent of ‖∂₁Φ‖ moves by this part of the scales.
pub const SERVED_ASCENT: f64 = 0.3;

/// Scale of the points at which the change of J near ŵ is looked at.
pub const SERVED_NEAR: f64 = 1e-5;

/// A new minimum of the residual is lower by a tenth: less is chance at the level of noise.
pub const SERVED_NEW_MINIMUM: f64 = 0.9;

/// The residual has settled from this many ‖ε‖ downwards.
pub const SERVED_SETTLED: f64 = 20.0;

/// Sizes of what a served map says and is asked: squares of products of three of them stay numbers.
/// What is smaller is 0.
pub const SERVED_RANGE: [f64; 2] = [1e-50, 1e50];

/// Most components, and most parameters, of a served map.
pub const SERVED_DIMS: usize = 1_000_000;

/// Most numbers in the questions, or the answers, of a message about a served map: a fourth of the
/// bytes it may have.
pub const SERVED_NUMBERS: usize = 700_000;

/// Points this many scales away have left for infinity: trajectories set the scales, and a
/// contraction overshoots by its condition at most.
pub const SERVED_FAR: f64 = 1e9;

/// Observed ratios are taken to be at most this: patience is 3/(1-r̂).
pub const SERVED_SLOWEST: f64 = 1.0 - 1e-5;

/// Steps of Φ for one fixed point: 36κ at κ = 5,000.
pub const SERVED_STEPS: usize = 200_000;

/// What is left of a start when hypergradients are taken to be at their limit, relatively.
pub const SERVED_TRUNCATED: f64 = 1e-17;

/// Most steps a message about hypergradients asks for.
pub const SERVED_MOST_STEPS: usize = 2_000;

/// Room of a user's solve above K(d+16)u‖J‖: in units far apart its pivots are others than in ours.
/// Without it 4 of 1,000 correct programs were called inexact, by factors up to 1.6.
pub const SERVED_SOLVE: f64 = 4.0;

/// Room of the step recursion above (d+16)u per step: products of compositions round more often
/// than a dense product does.
pub const SERVED_RECURSION: f64 = 16.0;

/// Two fixed points are two where they are this many times their error bounds apart ...
pub const SERVED_APART: f64 = 100.0;

/// ... and by this part of the scales.
pub const SERVED_APART_LEAST: f64 = 1e-4;

/// Largest dimension in which ∂₁Φ is formed to find its norm at many points.
pub const SERVED_MATRIX: usize = 200;

/// Largest dimension in which J is solved for directly.
pub const SERVED_DIRECT: usize = 500;

/// Relative residual of GMRES, near what its orthogonalisation reaches.
pub const SERVED_KRYLOV: f64 = 1e-13;

/// Neighbours of a point are this part of the scales away ...
pub const SERVED_BESIDE: f64 = 1e-7;

/// ... and what curvature makes of their products is below this part of the largest.
pub const SERVED_BESIDE_SLACK: f64 = 1e-4;

/// Neighbours show all pieces only where few meet: more different values than three kinks have, and
/// nothing is said.
pub const SERVED_BESIDE_PIECES: usize = 8;

/// Largest d, and largest nd, of exact second moments of a served stochastic map.
pub const SERVED_MOMENTS: (usize, usize) = (50, 20_000);

/// Estimates of noise that T and the mean of T̂ may differ by: what is formed once, like a Gram
/// matrix, is off by a constant that no noise shows.
pub const SERVED_CANCELLED: f64 = 16.0;

/// Roundings, in units of the scales, that may have cancelled inside a product.
pub const SERVED_INSIDE: f64 = 8.0;

/// Indices over which a mean is summed at most.
pub const SERVED_INDICES: usize = 10_000;

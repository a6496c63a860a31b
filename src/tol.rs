//! Every tolerance and rounding floor of the crate, each with its reason.
//!
//! No other module writes a bare `1e-k`. Rounding floors are not tuned numbers:
//! they are built from the unit roundoff with [`gamma`] along the computation
//! they belong to (theory, section 9).
#![forbid(unsafe_code)]

/// Unit roundoff of binary64, u = 2⁻⁵³.
pub const UNIT: f64 = f64::EPSILON / 2.0;

/// An operation of double-double arithmetic is within 2⁻¹⁰² of what is exact, relatively (see
/// [`crate::linalg::Dd`]).
pub const UNIT_DD: f64 = f64::from_bits((1023 - 102) << 52);

/// The unit roundoff u of the arithmetic in which an implementation under test computes.
///
/// What that implementation rounds (its floors, its doubt at kinks) takes this value; what ratecert
/// rounds itself takes [`UNIT`].
///
/// ```
/// use ratecert::Roundoff;
///
/// assert_eq!(Roundoff::SINGLE.value(), 2f64.powi(-24));
/// assert!(Roundoff::SINGLE.gamma(100) > 100.0 * Roundoff::SINGLE.value());
/// assert_eq!(Roundoff::SINGLE.nearest(0.1), f64::from(0.1f32));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Roundoff(f64);

impl Roundoff {
    /// binary64, u = 2⁻⁵³.
    pub const DOUBLE: Self = Self(UNIT);
    /// binary32, u = 2⁻²⁴.
    pub const SINGLE: Self = Self(5.960_464_477_539_063e-8);

    /// The unit roundoff u.
    pub fn value(self) -> f64 {
        self.0
    }

    /// γ_p = pu/(1-pu) of binary64 (see [`Roundoff::gamma`]).
    pub fn gamma(self, p: usize) -> f64 {
        let pu = p as f64 * self.0;
        if pu < 1.0 {
            pu / (1.0 - pu)
        } else {
            f64::INFINITY
        }
    }

    /// The nearest number of this arithmetic.
    pub fn nearest(self, x: f64) -> f64 {
        if self == Self::SINGLE {
            f64::from(x as f32)
        } else {
            x
        }
    }
}

/// γ_p of binary64 (see [`Roundoff::gamma`]).
pub fn gamma(p: usize) -> f64 {
    Roundoff::DOUBLE.gamma(p)
}

/// Relative room for evaluating a bound itself in floating point: a bound is a
/// short expression in constants that were already rounded up, and powers qᵗ
/// lose at most t·u (see [`bound_room`]).
pub const BOUND_ROOM: f64 = 1e-12;

/// Factor (1 + 1e-12 + t·u) by which a bound at step t may be exceeded by rounding in the bound.
pub fn bound_room(t: usize) -> f64 {
    1.0 + BOUND_ROOM + t as f64 * UNIT
}

/// The elementary functions (tanh, exp) of the platform are taken to be within
/// this many ulps; glibc, musl and macOS document at most 2.
pub const LIBM_ULPS: usize = 4;

/// Floor over size from which on a comparison with an exact number shows nothing: a wrong one in
/// the second digit would pass. In binary32 this is reached at dκ ≈ 5·10³ (theory, section 11).
pub const COARSE: f64 = 1e-2;

/// Largest entry of the data of an objective: gradients, quadratic in them, stay far below what is
/// called divergence.
pub const OBJECTIVE_MOST: f64 = 1e50;

/// Least size of the largest entry of an objective's rows that are not all 0: squares of squares of
/// its gradients stay numbers.
pub const OBJECTIVE_LEAST: f64 = 1e-12;

/// Largest entry of w_0, λ and y in a file: squares of them, and what products with moderate
/// matrices make of them, stay numbers.
pub const INSTANCE_MOST: f64 = 1e100;

/// Largest entry of a problem in a file: with [`INSTANCE_MOST`] products of two stay numbers, and
/// squares of these.
pub const PROBLEM_MOST: f64 = 1e50;

/// Most numbers in the derivatives D_0, ..., D_k of an exact run, which is held with its errors: 0.8 GB.
pub const RUN_MOST: usize = 50_000_000;

/// Most samples that an estimate of a stochastic method draws, minibatches one by one.
pub const SAMPLES_MOST: usize = 10_000_000;

/// Most affine forms of a map, and most pairs of them times d: each pair of rows is compared.
pub const FORMS_MOST: (usize, usize) = (1000, 10_000_000);

/// Largest d, m and dm of an instance in a file: ground truth of it takes seconds.
pub const INSTANCE_SIZES: (usize, usize, usize) = (2000, 100_000, 2_000_000);

/// Columns from which on the norm of a wide matrix A is that of AAᵀ.
pub const GRAM_MOST: usize = 1000;

/// By how much an estimate of a norm may be too low: half of the room below 1 that layers are drawn with.
pub const NORM_ROOM: f64 = 1.0 / 2048.0;

/// Relative growth of a power iteration at which the norm of a random matrix has settled.
pub const NORM_SETTLED: f64 = 1e-8;

/// Norms that a cotangent may have in binary64: squares of them are far from over- and underflow.
pub const COTANGENT_RANGE: [f64; 2] = [1e-100, 1e100];

/// Norms that a cotangent may have in binary32: where rounding is not relative any more.
pub const SINGLE_COTANGENTS: [f64; 2] = [1e-20, 1e20];

/// Points of an accelerated path this many times beyond w_0 and w(λ) have left for infinity, where
/// the momentum is dropped: an iteration that converges overshoots by about √κ, 100 for q = 0.9999.
pub const PATH_DIVERGED: f64 = 1e3;

// Sets of matrices.

/// Relative gap upper/lower - 1 at which a distance between matrices is called solved. The
/// certificate holds whatever the gap; an interior-point method in binary64 reaches about √u on the
/// square of the norm.
pub const DISTANCE_GAP: f64 = 1e-9;

/// Relative duality gap at which a Euclidean nearest point is called solved: Wolfe's method is
/// finite, so only rounding (a few hundred u for the dimensions used) is left.
pub const NEAREST_POINT_GAP: f64 = 1e-13;

/// Below this part of the data's size a distance is all rounding, and no longer refined.
pub const DISTANCE_FLOOR: f64 = 1e-15;

/// Relative error of one double-double operation (Joldes, Muller, Popescu 2017: at most 10·2⁻¹⁰⁶
/// for the quotient, 3·2⁻¹⁰⁶ for sums, 5·2⁻¹⁰⁶ for products), with room for short sums of them.
pub const DD_UNIT: f64 = 1.0 / (1u128 << 100) as f64;

/// Linear systems the search for a fixed point may solve. Newton on the pieces needs as many as it
/// meets pieces; a search that is still busy after this many is not going to be certified.
pub const NEWTON_STEPS: usize = 200;

/// Steps of Φ itself the search may take between Newton steps; each is one product, so 2·10⁵ of
/// them at d = 100 take about a second.
pub const CONTRACTION_FALLBACK_STEPS: usize = 200_000;

// Spectra.

/// Relative radius from which an enclosure of ρ by discs is called wide, and exact arithmetic
/// asked: finer than any use of ρ (rates are judged to a hundredth, seven digits are shown), and
/// wide of the d·u of good eigenvectors.
pub const SPECTRUM_WIDTH: f64 = 1e-10;

/// Half a unit of the seventh digit: numbers with enclosures narrower than this are shown without
/// them.
pub const SHOWN_DIGITS: f64 = 5e-7;

/// Half a unit of the fourth digit, for figures.
pub const RHO_DIGITS: f64 = 5e-4;

/// QR sweeps per eigenvalue; two or three are usual, and a matrix that needs more is enclosed
/// another way.
pub const SCHUR_SWEEPS: usize = 60;

/// Operations modulo a prime, n³ times the number of primes, for a characteristic polynomial in
/// integers: about a second, d = 100 with entries of 60 bits.
pub const EXACT_SPECTRUM_WORK: usize = 120_000_000;

/// Root squarings: what stands between the two ends of an enclosure, the binomial C(d, d/2) ≤ 2ᵈ at
/// worst, has its 2⁴⁴-th root taken.
pub const ROOT_SQUARINGS: usize = 44;

/// Bits (per degree, besides) that root squaring starts with, and those from which it gives up:
/// neighbouring roots lose about a bit per degree and squaring until they part, and a multiple root
/// does so for ever.
pub const ROOT_PRECISION: [(u64, u64); 2] = [(12, 128), (48, 512)];

/// Squarings of P after which norms and traces of its powers are no longer followed: factors of d
/// in a norm have then their 2³⁰-th root taken.
pub const SPECTRUM_SQUARINGS: usize = 30;

// Statistics.
/// False-alarm probability of all statistical checks of one run together, where
/// none is stated: once in a billion runs, so that a rejection is worth a look
/// even in a project that runs the suite a thousand times a day for years.
pub const RUN_ALPHA: f64 = 1e-9;

// Stochastic methods (NSID, SID, proximal SGD).

/// A run with an entry beyond this multiple of max(‖y‖∞, 1) has diverged: squares of such numbers
/// are still far from overflow, and no convergent run comes near (‖v‖ ≤ κ‖y‖ plus its noise).
pub const NSID_DIVERGED: f64 = 1e100;

/// Beyond this magnitude a run is called diverged. Contractions stay below B + e_0, which is under
/// 1e12 for every instance drawn; cotangents are at most 1e100.
pub const DIVERGED: f64 = 1e200;

/// τ is counted by a loop; q ≤ 0.9999 and R ≥ 1e-12·e_0 need fewer than 3·10⁵ steps, and bounds are
/// asked for far fewer.
pub const TAU_LIMIT: usize = 10_000_000;

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

/// Confidence below which a diagnosis is not shown: a name that is more likely wrong than right sends
/// people the wrong way.
pub const CONFIDENT: f64 = 0.5;

/// Relative change of a deterministic quantity on the same instance that is no drift: what another
/// machine, or another order of summation, may move a fitted rate or a quotient of errors by.
pub const BASELINE_ROUNDING: f64 = 1e-6;

/// Values that baselines keep: quotients of them neither overflow nor underflow.
pub const COMPARABLE: std::ops::RangeInclusive<f64> = 1e-150..=1e150;

/// Relative change of an exponent fitted to other samples of the same instance that is no drift: fits
/// of the quick profile are within 5 % of theory.
pub const BASELINE_RESAMPLED: f64 = 0.2;

/// Relative change of a median over other instances below which no drift is reported, however
/// significant: nobody acts on less.
pub const BASELINE_SHIFT: f64 = 0.01;

/// False-alarm probability of all comparisons of a run with a baseline of other instances together.
pub const BASELINE_ALPHA: f64 = 1e-3;

/// How many times farther from theory than any recorded value a median over other instances, or an
/// exponent of other samples, may be: the largest deviation of a few values is exceeded three times by
/// chance, not ten times. A rate of 1.05 ρ is, where recorded ones are within 0.5 %.
pub const BASELINE_FARTHER: f64 = 10.0;

/// Recorded values below which nothing is said about how far values are from theory.
pub const BASELINE_FEWEST: usize = 5;

/// Draws of an instance beyond the first that may be tried until one can decide its claim. Of the
/// families of the claims that come with ratecert one in two draws decides or more.
pub const REDRAWS: usize = 32;

/// Instances tried while shrinking one failure; a shrink step halves or simplifies one field, so
/// the fifteen or so steps to the smallest instance fit several times.
pub const SHRINK_TRIES: usize = 80;

/// A ratio bound/error is quoted as slack only where the error is this many times its rounding
/// floor.
pub const CLEAR_OF_FLOOR: f64 = 1e3;

// Naming of faults.

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

/// Errors at the limit in units of uκ‖J‖ above which products were rounded to fewer digits than
/// binary32 has (theory, section 11): true single precision reaches 0.06 to 1.4 in its runs, up to
/// 5 on a GPU, TF32 120 and more.
pub const PRECISION_UNITS: f64 = 12.0;

/// Relative error that a check of a served map may hide and still pass, saying so: a declared
/// tolerance of 1e-4 hides 2e-2 to 8e-2; beyond a tenth a wrong sign or factor is out of sight.
pub const SERVED_COARSE: f64 = 0.1;

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

// Conjugate gradients.

/// Condition number κ = 1/(1-q) up to which AID-CG is judged at the dimension of its system.
pub const CG_KAPPA: f64 = 100.0;

/// Runs with random rounding from which the amplification in conjugate gradients is measured.
pub const CG_SAMPLES: usize = 12;

/// Room above the worst of [`CG_SAMPLES`] runs. Measured, not derived: on 30 quick seeds the
/// deviation stayed 32 times below the floor it gives; no proof says it always will.
pub const CG_AMPLIFICATION: f64 = 16.0;

/// Rounding of one squaring of the tail operator, in units of d·u times the size of the error: P
/// and K are multiplied twice, their norms stay below 1 and κ.
pub const TAIL_SQUARINGS: f64 = 16.0;
// Kinks.
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

// Claims about stochastic methods.

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

/// A product of bounds is used as a divisor only this far above the smallest normal number: twenty
/// decades leave room for the powers that it is compared with.
pub const CLEAR_OF_UNDERFLOW: f64 = f64::MIN_POSITIVE * 1e20;

/// Room for a logarithmic slope of a bound, which is formed from two logarithms of up to a few
/// hundred.
pub const SLOPE_ROOM: f64 = 1e3 * f64::EPSILON;

/// Norms of cotangents that reveal absolute tolerances.
pub const COTANGENTS: [f64; 3] = [0.0, 1e-13, 1e12];

// Served maps: Φ known only as a program (theory, section 10). Measured there, unless said.

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

/// Most numbers in the questions, or the answers, of a message about a served map: a fourth of the bytes it
/// may have.
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

/// Relative step at which proximal steps have found the support of a poisoned regression, or nearly
/// so, and Newton's method goes on; the certificate does not depend on it.
pub const NEAR_SOLUTION: f64 = 1e-9;

/// Relative residual to which a system of Newton's method is solved; what is left is taken up by
/// the next correction.
pub const NEWTON_SYSTEM: f64 = 1e-8;

/// Bytes of a claim.
pub const MOST_CLAIM: u64 = 1 << 20;

/// Bytes of a small file of ours: a list, run.json, a baseline.
pub const MOST_TEXT: u64 = 16 << 20;

/// Bytes of a file of instances, vectors, or recorded cases and answers.
pub const MOST_DATA: u64 = 256 << 20;

/// Bytes of a line of verdicts or records.
pub const MOST_LINE: u64 = 16 << 20;

/// Files of a directory that is looked through.
pub const MOST_FILES: usize = 10_000;

/// Instances that one process judges: what it finds is held in memory until it is written.
pub const MOST_INSTANCES: usize = 1_000_000;

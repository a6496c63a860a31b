//! Norms, distances between sets of matrices, spectra.

/// Columns from which on the norm of a wide matrix A is that of AAᵀ.
pub const GRAM_MOST: usize = 1000;

/// By how much an estimate of a norm may be too low: half of the room below 1 that layers are drawn
/// with.
pub const NORM_ROOM: f64 = 1.0 / 2048.0;

/// Relative growth of a power iteration at which the norm of a random matrix has settled.
pub const NORM_SETTLED: f64 = 1e-8;

/// Relative gap upper/lower - 1 at which a distance between matrices is called solved. The
/// certificate holds whatever the gap; an interior-point method in binary64 reaches about √u on the
/// square of the norm.
pub const DISTANCE_GAP: f64 = 1e-9;

/// Relative duality gap at which a Euclidean nearest point is called solved: Wolfe's method is
/// finite, so only rounding (a few hundred u for the dimensions used) is left.
pub const NEAREST_POINT_GAP: f64 = 1e-13;

/// Below this part of the data's size a distance is all rounding, and no longer refined.
pub const DISTANCE_FLOOR: f64 = 1e-15;

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

/// Rounding of one squaring of the tail operator, in units of d·u times the size of the error: P
/// and K are multiplied twice, their norms stay below 1 and κ.
pub const TAIL_SQUARINGS: f64 = 16.0;

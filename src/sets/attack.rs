//! A random adversary of norms and distances: it looks for a vector, an element or a functional
//! that a certified enclosure excludes.
//!
//! Owns the moves and what each of them proves. Nothing here shares code with the enclosures: norms
//! from below are |uᵀAv| of unit vectors that power iteration drives up, norms from above are
//! Schatten norms (tr (AᵀA)ᵖ)^(1/2p), distances from above are those of elements found by random
//! exchanges of weight, and distances from below are functionals of rank one. Must not know maps or
//! theorems.

use super::diagonal_box::DiagonalBox;
use super::distance::{Nearest, SetRef, distance};
use super::effort::Effort;
use super::lemma_b1::{Inequality, keep_closest};
use super::points::Points;
use super::rounding::{Enclosure, norm_lower, norm_upper};
use crate::error::Result;
use crate::linalg::plain::product;
use crate::linalg::random::Random;
use crate::linalg::{Matrix, Vector};
use crate::tol::gamma;

/// Rounds of power iteration.
const ROUNDS: usize = 30;

/// Squarings of AᵀA: p = 2⁶, so that the Schatten norm is within r^(1/128) of the largest singular
/// value of r.
const SQUARINGS: i32 = 6;

/// Unit vectors u, v, to rounding, with uᵀAv large.
#[derive(Clone, Debug)]
pub struct Pair {
    /// u.
    pub u: Vector,
    /// v.
    pub v: Vector,
    /// At most ‖A‖: |uᵀAv|/(‖u‖‖v‖) less its rounding.
    pub below: f64,
}

/// Power iteration on a matrix (finite entries, moderate) from a random vector.
pub fn climb(a: &Matrix, random: &mut Random) -> Pair {
    let mut v = unit(random.normals(a.ncols()));
    let mut u = unit(a * &v);
    for _ in 0..ROUNDS {
        v = unit(a.tr_mul(&u));
        u = unit(a * &v);
    }
    let lost = gamma(a.nrows() + a.ncols() + 8);
    let size = u.norm() * v.norm();
    let below = (u.dot(&(a * &v)) - lost * a.norm() * size) / size * (1.0 - lost);
    Pair {
        u,
        v,
        below: if size > 0.0 { below } else { 0.0 },
    }
}

/// v/‖v‖; 0 where v is.
fn unit(v: Vector) -> Vector {
    let size = v.norm();
    if size > 0.0 { v / size } else { v }
}

/// At least ‖A‖, and within 5 % of it up to 500 rows or columns: a Schatten norm, rounded up.
pub fn ceiling(a: &Matrix) -> f64 {
    let scale = libm::exp2(libm::log2(a.amax()).round());
    if scale == 0.0 {
        return 0.0;
    }
    let a = if a.ncols() > a.nrows() {
        a.transpose() / scale
    } else {
        a / scale
    };
    let mut g = product(&a.transpose(), &a);
    let n = a.nrows();
    // log₂ of what was divided out of (AᵀA)ᵖ; exact, since the sizes are powers of two.
    let mut exponent = 0.0;
    for _ in 0..SQUARINGS {
        let size = g.amax();
        if size == 0.0 {
            return 0.0;
        }
        let power = libm::log2(size).round();
        g *= libm::exp2(-power);
        exponent += power;
        g = product(&g, &g);
        exponent *= 2.0;
    }
    // ‖(AᵀA)ᵖ‖_F ≥ ‖A‖²ᵖ. Each squaring loses γ_n‖G‖_F² of at least ‖G‖_F²/n, and the root divides
    // it all by 2p.
    let root = |log: f64| libm::exp2(log / f64::from(2i32 << SQUARINGS));
    // Apart: beside a large exponent the logarithm would lose its last digits.
    root(libm::log2(g.norm())) * root(exponent) * (1.0 + gamma(n * n + 64)) * scale
}

/// The certificates under attack; tests plant wrong ones.
#[derive(Clone, Copy)]
struct Certified {
    norm: fn(&Matrix) -> Enclosure,
    distance: fn(&Matrix, SetRef<'_>) -> Result<Nearest>,
}

/// Attacks norms of random matrices and distances to random hulls, boxes and finite sets, of at
/// most `dim` rows and columns: each inequality where it comes closest to being false.
///
/// # Errors
/// Those of [`distance`].
pub fn attack(seed: u64, dim: usize, draws: usize) -> Result<Vec<Inequality>> {
    survey(seed, dim, draws, ours())
}

fn ours() -> Certified {
    Certified {
        norm: |a| Enclosure::new(norm_lower(a), norm_upper(a)),
        distance: |a, set| distance(a, set, &Effort::default()),
    }
}

fn survey(seed: u64, dim: usize, draws: usize, certified: Certified) -> Result<Vec<Inequality>> {
    let mut random = Random::new(seed);
    let mut closest: Vec<Inequality> = Vec::new();
    for draw in 0..draws {
        let mut see = |statement: &'static str, left: f64, right: f64| {
            let found = Inequality {
                statement,
                left: Enclosure::new(left, left),
                right: Enclosure::new(right, right),
                draw,
            };
            keep_closest(&mut closest, found);
        };
        let [rows, cols] = [0; 2].map(|_| random.integer(1, dim.max(1)));
        let a = drawn(&mut random, rows, cols);
        let norm = (certified.norm)(&a);
        see("|uᵀAv| ≤ ‖A‖", climb(&a, &mut random).below, norm.upper);
        see("‖A‖ ≤ Schatten norm", norm.lower, ceiling(&a));
        let members: Vec<Matrix> = { 0..random.integer(1, 4) }
            .map(|_| drawn(&mut random, rows, cols))
            .collect();
        let points = Points::new(members.clone())?;
        let found = (certified.distance)(&a, (&points).into())?;
        let nearest = { members.iter() }
            .map(|b| ceiling(&(&a - b)))
            .fold(f64::INFINITY, f64::min);
        see("Δ(A, {B}) ≤ ‖A - B‖", found.distance.lower, nearest);
        let hull = points.into_hull();
        let found = (certified.distance)(&a, (&hull).into())?;
        let set = Set::Hull(&members);
        see(
            "Δ(A, hull) ≤ ‖A - B‖",
            found.distance.lower,
            set.descend(&a, &mut random),
        );
        see(
            "⟨Y, A⟩ - h(Y) ≤ Δ(A, hull)",
            set.separate(&a, &found.point, &mut random),
            found.distance.upper,
        );
        let k = random.integer(1, 3);
        let (left, right) = (drawn(&mut random, rows, k), drawn(&mut random, k, cols));
        let offset = drawn(&mut random, rows, cols);
        let lo: Vec<f64> = (0..k)
            .map(|_| random.integer(0, 16) as f64 / 16.0 - 1.0)
            .collect();
        let hi: Vec<f64> = lo
            .iter()
            .map(|v| v + random.integer(1, 16) as f64 / 8.0)
            .collect();
        let boxed = DiagonalBox::new(&left, &right, &offset, &lo, &hi)?;
        let found = (certified.distance)(&a, (&boxed).into())?;
        let set = Set::Box {
            left: &left,
            right: &right,
            offset: &offset,
            ends: [&lo, &hi],
        };
        see(
            "Δ(A, box) ≤ ‖A - B‖",
            found.distance.lower,
            set.descend(&a, &mut random),
        );
        see(
            "⟨Y, A⟩ - h(Y) ≤ Δ(A, box)",
            set.separate(&a, &found.point, &mut random),
            found.distance.upper,
        );
    }
    Ok(closest)
}

/// Multiples of 1/256 between -2 and 2.
fn drawn(random: &mut Random, rows: usize, cols: usize) -> Matrix {
    Matrix::from_fn(rows, cols, |_, _| {
        random.integer(0, 1024) as f64 / 256.0 - 2.0
    })
}

/// A convex set, as the adversary walks in it.
enum Set<'a> {
    Hull(&'a [Matrix]),
    /// {L diag(s) R + C}.
    Box {
        left: &'a Matrix,
        right: &'a Matrix,
        offset: &'a Matrix,
        ends: [&'a [f64]; 2],
    },
}

impl Set<'_> {
    /// Moves of the descent.
    const MOVES: usize = 60;

    /// The least ‖A - B‖ over elements B that random moves lead to, rounded up.
    fn descend(&self, a: &Matrix, random: &mut Random) -> f64 {
        let mut at = self.start(random);
        let mut least = f64::INFINITY;
        for _ in 0..Self::MOVES {
            let next = self.moved(&at, random);
            let (element, lost) = self.element(&next);
            let here = ceiling(&(a - &element)) + lost + gamma(4) * (a.norm() + element.norm());
            if here < least {
                (at, least) = (next, here);
            }
        }
        least
    }

    /// The largest ⟨Y, A⟩ - h(Y) over Y = uvᵀ, ‖u‖ = ‖v‖ = 1, rounded down: the best pair of A - B
    /// for the element B that is said to be nearest, and pairs beside it.
    fn separate(&self, a: &Matrix, nearest: &Matrix, random: &mut Random) -> f64 {
        let best = climb(&(a - nearest), random);
        let mut most = 0.0f64;
        for t in 0..4 {
            let (n, m) = (best.u.len(), best.v.len());
            let size = 0.02 * f64::from(t);
            let (u, v) = (
                unit(&best.u + random.normals(n) * size),
                unit(&best.v + random.normals(m) * size),
            );
            let along = |b: &Matrix| u.dot(&(b * &v));
            let (support, largest) = self.support(&along, &u, &v);
            let lost = gamma(n + m + 16) * (a.norm() + largest);
            most = most.max((along(a) - support - lost) * (1.0 - gamma(n + m + 16)));
        }
        most
    }

    fn start(&self, random: &mut Random) -> Vec<f64> {
        match self {
            Self::Hull(vertices) => {
                let mut weights = vec![0.0; vertices.len()];
                weights[random.integer(0, vertices.len() - 1)] = 1.0;
                weights
            }
            Self::Box { ends: [lo, hi], .. } => {
                let each = lo.iter().zip(*hi);
                each.map(|(lo, hi)| random.between(*lo, *hi)).collect()
            }
        }
    }

    /// Weight goes from one vertex to another; one entry of the box moves.
    fn moved(&self, at: &[f64], random: &mut Random) -> Vec<f64> {
        let mut next = at.to_vec();
        let size = libm::pow(0.5, random.integer(0, 12) as f64);
        match self {
            Self::Hull(_) => {
                let [i, j] = [0; 2].map(|_| random.integer(0, at.len() - 1));
                let moved = next[i] * size;
                next[i] -= moved;
                next[j] += moved;
            }
            Self::Box { ends: [lo, hi], .. } => {
                let i = random.integer(0, at.len() - 1);
                let step = size * (hi[i] - lo[i]) * random.sign();
                next[i] = (next[i] + step).clamp(lo[i], hi[i]);
            }
        }
        next
    }

    /// The element of weights or entries, and what forming it may have lost (‖·‖_F).
    fn element(&self, at: &[f64]) -> (Matrix, f64) {
        match self {
            Self::Hull(vertices) => {
                let total: f64 = at.iter().sum();
                let sizes: f64 = vertices.iter().map(|v| v.norm()).sum();
                let (rows, cols) = vertices[0].shape();
                let zero = Matrix::zeros(rows, cols);
                let sum = at.iter().zip(*vertices).fold(zero, |s, (w, v)| s + v * *w);
                (sum / total, gamma(2 * at.len() + 8) * sizes)
            }
            Self::Box {
                left,
                right,
                offset,
                ..
            } => {
                let mut scaled = (*right).clone();
                for (mut row, s) in scaled.row_iter_mut().zip(at) {
                    row *= *s;
                }
                let size = left.norm() * scaled.norm() + offset.norm();
                (*left * scaled + *offset, gamma(at.len() + 8) * size)
            }
        }
    }

    /// h(uvᵀ), and the size of the largest element (‖·‖_F, a bound).
    fn support(&self, along: &dyn Fn(&Matrix) -> f64, u: &Vector, v: &Vector) -> (f64, f64) {
        match self {
            Self::Hull(vertices) => {
                let most = vertices.iter().map(along).fold(f64::NEG_INFINITY, f64::max);
                (most, vertices.iter().map(|b| b.norm()).fold(0.0, f64::max))
            }
            Self::Box {
                left,
                right,
                offset,
                ends: [lo, hi],
            } => {
                let (l, r) = (left.tr_mul(u), *right * v);
                let free = (0..lo.len()).map(|i| (lo[i] * l[i] * r[i]).max(hi[i] * l[i] * r[i]));
                let top = lo.iter().chain(*hi).fold(0.0f64, |m, s| m.max(s.abs()));
                let size = offset.norm() + top * left.norm() * right.norm();
                (along(offset) + free.sum::<f64>(), size)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DRAWS: usize = 150;

    fn broken(certified: Certified) -> Vec<&'static str> {
        let found = survey(1, 4, DRAWS, certified).unwrap();
        let broken = found.iter().filter(|i| i.is_refuted());
        broken.map(|i| i.statement).collect()
    }

    /// The attacks come close, so that a certificate that is off by little falls.
    #[test]
    fn certificates_withstand_and_little_room_is_left() {
        for seed in 0..3 {
            let found = attack(seed, 4, DRAWS).unwrap();
            assert_eq!(found.len(), 7);
            for i in &found {
                assert!(!i.is_refuted(), "{i:?}");
                assert!(i.ratio() > 0.98, "{i:?}");
            }
        }
    }

    #[test]
    fn wrong_certificates_fall() {
        assert_eq!(broken(ours()), Vec::<&str>::new());
        let low = Certified {
            norm: |a| Enclosure::new(0.0, norm_upper(a) * (1.0 - 1e-9)),
            ..ours()
        };
        assert_eq!(broken(low), ["|uᵀAv| ≤ ‖A‖"]);
        let high = Certified {
            norm: |a| Enclosure::new(norm_lower(a) * 1.02, f64::INFINITY),
            ..ours()
        };
        assert_eq!(broken(high), ["‖A‖ ≤ Schatten norm"]);
        // The largest entry, and the Frobenius norm, are no operator norms.
        let entry = Certified {
            norm: |a| Enclosure::new(0.0, a.amax()),
            ..ours()
        };
        assert_eq!(broken(entry), ["|uᵀAv| ≤ ‖A‖"]);
        let frobenius = Certified {
            norm: |a| Enclosure::new(a.norm() * (1.0 - 1e-12), f64::INFINITY),
            ..ours()
        };
        assert_eq!(broken(frobenius), ["‖A‖ ≤ Schatten norm"]);
        let near = Certified {
            distance: |a, set| {
                let mut found = distance(a, set, &Effort::default())?;
                found.distance = Enclosure::new(0.0, found.distance.upper * 0.97);
                Ok(found)
            },
            ..ours()
        };
        assert_eq!(
            broken(near),
            ["⟨Y, A⟩ - h(Y) ≤ Δ(A, hull)", "⟨Y, A⟩ - h(Y) ≤ Δ(A, box)"]
        );
        let far = Certified {
            distance: |a, set| {
                let mut found = distance(a, set, &Effort::default())?;
                found.distance = Enclosure::new(found.distance.lower * 1.03, f64::INFINITY);
                Ok(found)
            },
            ..ours()
        };
        assert_eq!(
            broken(far),
            [
                "Δ(A, {B}) ≤ ‖A - B‖",
                "Δ(A, hull) ≤ ‖A - B‖",
                "Δ(A, box) ≤ ‖A - B‖"
            ]
        );
    }

    #[test]
    fn the_ceiling_is_above_the_norm_at_any_scale() {
        let mut random = Random::new(5);
        for n in [1, 2, 7, 40] {
            for power in [-900, -300, -40, 0, 40, 300, 900] {
                let a = random.matrix(n, n + 1) * 2f64.powi(power);
                let (norm, above) = (norm_upper(&a), ceiling(&a));
                assert!(
                    above >= norm_lower(&a) && above <= 1.05 * norm,
                    "{n} {power}: {above:e} {norm:e}"
                );
            }
        }
        assert_eq!(ceiling(&Matrix::zeros(2, 3)), 0.0);
    }
}

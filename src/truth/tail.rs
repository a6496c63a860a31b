//! The exact tail of ITD on a piecewise-affine map, any number of steps at once.
//!
//! After identification, with δ_t = w_t - w(λ) and E_t = D_t - J: δ_{t+1} = Pδ_t and
//! E_{t+1} = P E_t + [K_1δ_t … K_mδ_t], where K_j = ∂(column j of ∂₂Φ)/∂w on the active piece.
//! s steps are composed by repeated squaring, O(m d³ log s).

use super::ground::Truth;
use crate::linalg::{Matrix, Vector};
use crate::maps::Tie;

/// One or more steps of the tail as a linear operator on (δ, E), δ = w_t - w(λ) (d) and E = D_t - J
/// (d×m): one step is δ ← Pδ, E ← PE + [K_1δ ... K_mδ].
#[derive(Clone, Debug)]
pub struct Tail {
    /// P^s.
    p: Matrix,
    /// Per column of D: the operator from δ to E over the steps; `None` where it is zero.
    k: Vec<Option<Matrix>>,
}

impl Tail {
    /// One step at the solution; `None` unless the map is piecewise affine in w and J is one
    /// matrix.
    pub fn at_solution(truth: &Truth) -> Option<Self> {
        let p = truth.jacobian.as_ref()?.p.clone();
        let map = &truth.map;
        if !map.structure().affine {
            return None;
        }
        let mut lin = map.linearization();
        let tie = &mut Tie::Weight(1.0);
        map.linearize(truth.w().as_slice(), &truth.lambda, tie, &mut lin);
        let k = (0..truth.lambda.len()).map(|j| map.variation(j, &lin));
        Some(Self { p, k: k.collect() })
    }

    /// One step of AID at the solution: E ← PE, whatever the map; `None` where J is a set.
    pub fn frozen(truth: &Truth) -> Option<Self> {
        let p = truth.jacobian.as_ref()?.p.clone();
        let k = vec![None; truth.lambda.len()];
        Some(Self { p, k })
    }

    /// One step of the tail divided by a common factor per step: P·s and K·s.
    #[must_use]
    pub fn scaled(&self, s: f64) -> Self {
        Self {
            p: &self.p * s,
            k: self.k.iter().map(|k| k.as_ref().map(|k| k * s)).collect(),
        }
    }

    /// `first` and then `self`.
    fn after(&self, first: &Self) -> Self {
        // E'' = P'(P E + K δ) + K' P δ.
        let k = self
            .k
            .iter()
            .zip(&first.k)
            .map(|(k2, k1)| match (k2, k1) {
                (Some(k2), Some(k1)) => Some(&self.p * k1 + k2 * &first.p),
                _ => None,
            })
            .collect();
        Self {
            p: &self.p * &first.p,
            k,
        }
    }

    /// s steps as one operator, by repeated squaring; `None` for s = 0.
    pub fn power(&self, mut s: usize) -> Option<Self> {
        let mut result: Option<Self> = None;
        let mut square = self.clone();
        while s > 0 {
            if s & 1 == 1 {
                result = Some(match result {
                    None => square.clone(),
                    Some(r) => square.after(&r),
                });
            }
            s >>= 1;
            if s > 0 {
                square = square.after(&square.clone());
            }
        }
        result
    }

    /// (δ, E) after these steps, from δ = `delta` (d) and E = `e` (d×m).
    pub fn advance(&self, delta: &Vector, e: &Matrix) -> (Vector, Matrix) {
        let mut next = &self.p * e;
        for (j, k) in self.k.iter().enumerate() {
            if let Some(k) = k {
                let moved = k * delta;
                next.column_mut(j)
                    .iter_mut()
                    .zip(moved.iter())
                    .for_each(|(o, v)| *o += v);
            }
        }
        (&self.p * delta, next)
    }

    /// A number of steps s with ‖E_s‖_F ≤ level, less than an eighth above the smallest where the
    /// norm decreases; `None` beyond `limit` steps.
    pub fn steps_to(&self, delta: &Vector, e: &Matrix, level: f64, limit: usize) -> Option<usize> {
        let reached = |e: &Matrix| e.norm() <= level;
        // The operators of 1, 2, 4, ... steps.
        let mut powers = vec![self.clone()];
        let mut last = 0;
        while !reached(&powers[last].advance(delta, e).1) {
            if 1usize << (last + 1) > limit {
                return None;
            }
            let square = powers[last].after(&powers[last]);
            powers.push(square);
            last += 1;
        }
        if last < 2 {
            return Some(1 << last);
        }
        // Not reached after half as many: three bits more of where it is.
        let mut steps = 1 << (last - 1);
        let mut at = powers[last - 1].advance(delta, e);
        for k in (last.saturating_sub(4)..last - 1).rev() {
            let next = powers[k].advance(&at.0, &at.1);
            if !reached(&next.1) {
                (at, steps) = (next, steps + (1 << k));
            }
        }
        Some(steps + (1 << last.saturating_sub(4)))
    }

    /// Columns of D whose error behaves like (α+βt)ρᵗ instead of ρᵗ: those with a nonzero K
    /// (theory, section 4).
    pub fn resonant(&self) -> Vec<bool> {
        self.k
            .iter()
            .map(|k| k.as_ref().is_some_and(|k| k.amax() > 0.0))
            .collect()
    }
}

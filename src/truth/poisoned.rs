//! Ground truth of poisoned regressions too large for any matrix of d² or d·m entries.
//!
//! w(Γ) minimises f(w) + (ρ/2)‖w‖² + λ₁‖w‖₁ with λ₁ = θ/η, whatever the step. It is found by
//! Newton's method on the support, each system by conjugate gradients, and accepted by its smallest
//! subgradient g, evaluated in double-double arithmetic from the data: the objective is ρ-strongly
//! convex, so that ‖ŵ - w(Γ)‖ ≤ ‖g‖/ρ. How ŵ was found does not matter.
//!
//! With K = ∇²f + ρI and S the support, what (I - ∂₁Φᵀ)⁻¹y is read for is x = ηu, K_SS x_S = y_S,
//! and row i of Dᵀy is -(1/n)(X(p_i - e_i) + WH_iXᵀx̃_i), X = mat(x). x̂ is refined by its residual
//! r in double-double; K_SS ⪰ ρ and the Lipschitz constant L_H of ∇²f give
//! ‖x̂ - x‖ ≤ (‖r‖ + L_H‖ŵ - w(Γ)‖‖x̂‖)/ρ, and ∂₂T's bound and its Lipschitz constant carry that to
//! Dᵀy. The supports of ŵ and w(Γ) are equal where no margin is within what the error of ŵ can
//! move.

mod exact;
#[cfg(test)]
mod tests;

use self::exact::Exact;
use crate::error::{Error, Result};
use crate::linalg::Dd;
use crate::linalg::product::{dot, norm2};
use crate::maps::composite::{Norms, Poisoned, SOFTMAX_SECOND, Sample};
use crate::maps::{Constants, Map, Poisoning};
use crate::tol::{self, UNIT, gamma};

/// w(Γ) with what is certified of it.
pub struct PoisonedTruth<'a> {
    noise: &'a [f64],
    /// The same rows with step 1: its ∂₁T is I - K.
    unit: Poisoned,
    w: Vec<f64>,
    error: f64,
    support: Vec<usize>,
    probabilities: Vec<f64>,
    norms: Norms,
}

/// Dᵀy with a certified distance.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// The vector Dᵀy, m numbers.
    pub value: Vec<f64>,
    /// ‖value - Dᵀy‖ (Euclidean) is at most this.
    pub error: f64,
}

/// Most steps of the method that finds the support, of Newton's, of conjugate gradients.
const STEPS: [usize; 3] = [5_000, 40, 2_000];

impl<'a> PoisonedTruth<'a> {
    /// Finds w(Γ) for the noise Γ (m numbers, row after row).
    ///
    /// # Errors
    /// Shapes that do not fit; without a ridge; where the support cannot be certified, because a
    /// coordinate is (nearly) on its kink.
    pub fn solve(map: &Poisoning, noise: &'a [f64]) -> Result<Self> {
        Map::new(map.clone())?.check_lambda(noise)?;
        let (norms, w) = (map.inner.norms(noise), vec![0.0; map.inner.dim()]);
        Self::from(map, noise, norms, w)
    }

    /// The same rows and noise with another step or threshold, starting from this solution.
    ///
    /// # Errors
    /// As [`PoisonedTruth::solve`].
    pub fn solve_again(&self, map: &Poisoning) -> Result<Self> {
        if !map.inner.has_rows_of(&self.unit) {
            return Err(Error::input("the rows are others"));
        }
        Self::from(map, self.noise, self.norms, self.w.clone())
    }

    fn from(map: &Poisoning, noise: &'a [f64], norms: Norms, w: Vec<f64>) -> Result<Self> {
        let inner = &map.inner;
        let ridge = inner.ridge();
        if ridge <= 0.0 {
            return Err(Error::input("w(Γ) is certified with a ridge ρ > 0 only"));
        }
        let mut truth = Self {
            noise,
            unit: inner.with(1.0, ridge)?,
            w,
            error: f64::INFINITY,
            support: Vec::new(),
            probabilities: Vec::new(),
            norms,
        };
        let lambda1 = Dd::from(map.threshold) / Dd::from(inner.step());
        truth.approach(lambda1.hi());
        truth.refine(lambda1)?;
        Ok(truth)
    }

    /// L = ½‖X̃‖²/n + ρ, rounded up.
    fn lipschitz(&self) -> f64 {
        let n = self.unit.rows() as f64;
        (SOFTMAX_SECOND * self.norms.all.powi(2) / n + self.unit.ridge()) * (1.0 + 8.0 * UNIT)
    }

    /// Accelerated proximal steps, restarted where they turn back, until Newton's method can take
    /// over.
    fn approach(&mut self, lambda1: f64) {
        let step = 1.0 / self.lipschitz();
        let d = self.w.len();
        let (mut at, mut next, mut momentum) = (self.w.clone(), vec![0.0; d], 1.0f64);
        for _ in 0..STEPS[0] {
            self.unit.value(&at, self.noise, &mut [], &mut next);
            for (n, a) in next.iter_mut().zip(&at) {
                // T with step 1 is w - ∇.
                let z = a - step * (a - *n);
                *n = (z.abs() - step * lambda1).max(0.0).copysign(z);
            }
            let moved: f64 = next.iter().zip(&at).map(|(n, a)| (n - a).powi(2)).sum();
            let pairs = next.iter().zip(&self.w);
            let turned: f64 = pairs.zip(&at).map(|((n, w), a)| (a - n) * (n - w)).sum();
            let grown = if turned > 0.0 {
                1.0
            } else {
                0.5 * (1.0 + (1.0 + 4.0 * momentum * momentum).sqrt())
            };
            let beta = if turned > 0.0 {
                0.0
            } else {
                (momentum - 1.0) / grown
            };
            for ((a, n), w) in at.iter_mut().zip(&next).zip(&mut self.w) {
                *a = n + beta * (n - *w);
                *w = *n;
            }
            momentum = grown;
            if moved.sqrt() <= tol::NEAR_SOLUTION * norm2(&self.w) {
                break;
            }
        }
    }

    /// Newton's method on the support, until the subgradient stops falling; then the certificate.
    fn refine(&mut self, lambda1: Dd) -> Result<()> {
        let step = Dd::from(1.0 / self.lipschitz());
        let exact = Exact::new(&self.unit, self.noise);
        let mut best = (f64::INFINITY, self.w.clone());
        let mut margin = 0.0;
        for _ in 0..STEPS[1] {
            self.probabilities = self.unit.probabilities(&self.w, self.noise);
            let gradient = exact.gradient(&self.w);
            // The smallest subgradient, and which coordinates a proximal step keeps.
            let (mut squares, mut slack) = (0.0, f64::INFINITY);
            let mut residual = vec![0.0; self.w.len()];
            let mut support = Vec::new();
            for (i, (w, g)) in self.w.iter().zip(&gradient).enumerate() {
                let (w, z) = (Dd::from(*w), Dd::from(*w) - step * *g);
                let own = if w == Dd::ZERO {
                    let over = g.abs() - lambda1;
                    slack = slack.min(-over.hi());
                    if over > Dd::ZERO { over } else { Dd::ZERO }
                } else {
                    let sign = if w > Dd::ZERO { lambda1 } else { -lambda1 };
                    *g + sign
                };
                squares += own.hi().powi(2);
                if z.abs() > step * lambda1 {
                    let sign = if z > Dd::ZERO { lambda1 } else { -lambda1 };
                    residual[i] = -(*g + sign).hi();
                    support.push(i);
                }
            }
            let size = squares.sqrt();
            // What is not a number does not fall either.
            if !(size < 0.5 * best.0) {
                break;
            }
            best = (size, self.w.clone());
            (self.support, margin) = (support, slack);
            let on: Vec<bool> = self.mask();
            self.w
                .iter_mut()
                .zip(&on)
                .filter(|(_, on)| !**on)
                .for_each(|(w, _)| *w = 0.0);
            let moved = self.solved(&residual, &on);
            self.w.iter_mut().zip(moved).for_each(|(w, m)| *w += m);
        }
        self.w = best.1;
        self.probabilities = self.unit.probabilities(&self.w, self.noise);
        let lost = exact.lost(&self.w, self.norms.row, lambda1.hi());
        self.error = (best.0 + lost) / self.unit.ridge() * (1.0 + gamma(16 + self.w.len()));
        let reach = self.lipschitz() * self.error;
        let smallest = self.support.iter().map(|i| self.w[*i].abs());
        let smallest = smallest.fold(f64::INFINITY, f64::min);
        let same = self.support.iter().all(|i| self.w[*i] != 0.0)
            && self.support.len() == self.w.iter().filter(|w| **w != 0.0).count();
        if same && smallest > self.error && margin > reach + lost {
            return Ok(());
        }
        let text = format!(
            "the support of w(Γ) is not certain: ‖ŵ-w(Γ)‖ ≤ {:.1e}, smallest coefficient {smallest:.1e}, slack {margin:.1e}",
            self.error
        );
        Err(Error::input(text))
    }

    fn mask(&self) -> Vec<bool> {
        let mut on = vec![false; self.w.len()];
        self.support.iter().for_each(|i| on[*i] = true);
        on
    }

    /// Kv.
    fn curved(&self, v: &[f64], out: &mut [f64]) {
        self.unit.mean_d1(&self.probabilities, self.noise, v, out);
        out.iter_mut().zip(v).for_each(|(o, v)| *o = v - *o);
    }

    /// K_SS⁻¹b by conjugate gradients, as far as they get.
    fn solved(&self, b: &[f64], on: &[bool]) -> Vec<f64> {
        let d = b.len();
        let restrict = |v: &mut [f64]| {
            v.iter_mut()
                .zip(on)
                .filter(|(_, on)| !**on)
                .for_each(|(v, _)| *v = 0.0);
        };
        let mut r = b.to_vec();
        restrict(&mut r);
        let (mut x, mut p, mut q) = (vec![0.0; d], r.clone(), vec![0.0; d]);
        let mut rho = dot(&r, &r);
        let least = rho * tol::NEWTON_SYSTEM * tol::NEWTON_SYSTEM;
        for _ in 0..STEPS[2] {
            if rho <= least || rho == 0.0 {
                break;
            }
            self.curved(&p, &mut q);
            restrict(&mut q);
            let curvature = dot(&p, &q);
            if !(curvature > 0.0) {
                break;
            }
            let alpha = rho / curvature;
            x.iter_mut().zip(&p).for_each(|(x, p)| *x += alpha * p);
            r.iter_mut().zip(&q).for_each(|(r, q)| *r -= alpha * q);
            let next = dot(&r, &r);
            let beta = next / rho;
            p.iter_mut().zip(&r).for_each(|(p, r)| *p = r + beta * *p);
            rho = next;
        }
        x
    }

    /// ŵ, d = p·c numbers, class after class.
    pub fn w(&self) -> &[f64] {
        &self.w
    }

    /// ‖ŵ - w(Γ)‖ (Euclidean) is at most this.
    pub fn error(&self) -> f64 {
        self.error
    }

    /// The coordinates that are not 0.
    pub fn support(&self) -> &[usize] {
        &self.support
    }

    /// q of Assumption 3.1 at a step η; 1 or more where it proves no contraction.
    pub fn q(&self, step: f64) -> f64 {
        let with = self.unit.with(step, self.unit.ridge());
        with.map_or(f64::INFINITY, |t| t.constants_with(&self.norms).q)
    }

    /// The step 2/(L + 2ρ) with L = ½‖X̃‖²/n, for which Assumption 3.1 is certified.
    pub fn certified_step(&self) -> f64 {
        2.0 / (self.lipschitz() + self.unit.ridge())
    }

    /// Estimates of the smallest and largest eigenvalue of K_SS, by so many products and an eighth
    /// as many solves: to draw and to choose with, not to judge.
    pub fn curvature(&self, iterations: usize) -> [f64; 2] {
        let on = self.mask();
        let start: Vec<f64> = (0..on.len())
            .map(|i| if on[i] { 1.0 + (i % 7) as f64 } else { 0.0 })
            .collect();
        let normalised = |v: Vec<f64>| {
            let size = norm2(&v);
            let v: Vec<f64> = v.into_iter().map(|v| v / size).collect();
            (size, v)
        };
        let (mut most, mut v) = normalised(start.clone());
        for _ in 0..iterations {
            let mut next = vec![0.0; on.len()];
            self.curved(&v, &mut next);
            next.iter_mut()
                .zip(&on)
                .filter(|(_, on)| !**on)
                .for_each(|(v, _)| *v = 0.0);
            (most, v) = normalised(next);
        }
        let (mut inverse, mut v) = normalised(start);
        for _ in 0..iterations.div_ceil(8) {
            (inverse, v) = normalised(self.solved(&v, &on));
        }
        [1.0 / inverse, most]
    }

    /// Dᵀy (m) at w(Γ) for y (d), with a certified error.
    ///
    /// # Errors
    /// A y of another length than w.
    pub fn hypergradient(&self, y: &[f64]) -> Result<Certificate> {
        if y.len() != self.w.len() {
            let text = format!("expected {} numbers, got {}", self.w.len(), y.len());
            return Err(Error::input(text).in_field("y"));
        }
        let on = self.mask();
        let exact = Exact::new(&self.unit, self.noise);
        let mut x = self.solved(y, &on);
        let mut residual = f64::INFINITY;
        let mut best = x.clone();
        for _ in 0..STEPS[1] {
            let image = exact.curved(&self.w, &x);
            let r: Vec<f64> = image
                .iter()
                .zip(y.iter().zip(&on))
                .map(|(k, (y, on))| if *on { (Dd::from(*y) - *k).hi() } else { 0.0 })
                .collect();
            let size = norm2(&r);
            if !(size < 0.5 * residual) {
                break;
            }
            (residual, best) = (size, x.clone());
            let more = self.solved(&r, &on);
            x.iter_mut().zip(more).for_each(|(x, m)| *x += m);
        }
        let (n, ridge) = (self.unit.rows() as f64, self.unit.ridge());
        let up = 1.0 + gamma(64 + x.len());
        let size = norm2(&best);
        let c: Constants = self.unit.constants_with(&self.norms);
        let lost = exact.lost_curved(&self.w, self.norms.row, size);
        let off = (residual + lost + c.l1 * self.error * size) / ridge * up;
        let mut value = vec![0.0; self.unit.params()];
        self.unit
            .add_d2_tr(&self.w, self.noise, Sample::Mean, &best, &mut value);
        let w = norm2(&self.w);
        let through = self.unit.second_bound(&self.w, &self.norms);
        // What the last product loses: its sums over columns and classes, and the softmax in
        // between.
        let terms = gamma(2 * self.unit.width() + 4 * self.unit.classes() + 64);
        let scores = terms * (1.0 + self.norms.corrupted_row * w);
        let corrupted = self.norms.corrupted_abs * (1.0 + w)
            + (2.0 * self.unit.corrupted().len() as f64).sqrt();
        let rounded = 4.0 * scores * corrupted * size / n;
        let error = through * off + c.l2_at(w) * self.error * (size + off) + rounded;
        Ok(Certificate {
            value,
            error: error * up,
        })
    }
}

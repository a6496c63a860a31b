//! Least operator norm of an affine family of matrices.
//!
//! Owns a barrier method for min t subject to ‖X(θ)‖ ≤ t, X(θ) = X_0 - Σ θ_i G_i,
//! θ in a cube or a simplex. Its answer (θ and a dual matrix) is a candidate; the
//! certificate is computed from it elsewhere.
//!
//! With M = [[tI, X], [Xᵀ, tI]] ≻ 0, minimise t/μ - log det M + (barrier of the domain) and
//! let μ → 0 (Nesterov and Nemirovskii, 1994). For d ≥ m and K = (t²I - XᵀX)⁻¹ (m × m):
//!   -log det M = -log det(t²I - XᵀX) - (d-m) log t,  M⁻¹ = [[(I + XKXᵀ)/t, -XK], [-KXᵀ, tK]];
//!   with S_i = XᵀG_i:  ∂_t = -2t tr K - (d-m)/t,  ∂_i = -2⟨K, S_i⟩,
//!   ∂_tt = 4t² tr K² - 2 tr K + (d-m)/t²,  ∂_ti = 4t⟨K², S_i⟩,
//!   ∂_ij = 2 tr(P G_i R G_jᵀ) + 2 tr(Q G_iᵀ Q G_jᵀ) = 2⟨G_iK, G_j⟩ + 2⟨KS_iK + (KS_iK)ᵀ, S_j⟩.
//! On the central path μ tr M⁻¹ = 1, so Y = 2μXK has nuclear norm ≤ 1, and the duality gap is
//! μ(d + m + number of the domain's logarithms).

use nalgebra::{Cholesky, DMatrix, DVector, Dyn};

use super::newton::{Domain, Factor, newton};

/// The matrices G_i.
#[derive(Clone, Debug)]
pub(super) enum Generators {
    /// G_i = (column i of the first, d × k) times (row i of the second, k × m).
    RankOne(DMatrix<f64>, DMatrix<f64>),
    /// Any matrices.
    Dense(Vec<DMatrix<f64>>),
}

/// min ‖X_0 - Σ θ_i G_i‖ over the domain.
#[derive(Clone, Debug)]
pub(super) struct Program {
    pub base: DMatrix<f64>,
    pub generators: Generators,
    pub domain: Domain,
}

/// When to stop.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stop {
    /// Relative duality gap.
    pub relative: f64,
    /// Absolute duality gap.
    pub absolute: f64,
    /// Newton steps.
    pub steps: usize,
}

/// A candidate, and a direction for its certificate (not normalised).
#[derive(Clone, Debug)]
pub(super) struct Solution {
    pub theta: Vec<f64>,
    pub dual: DMatrix<f64>,
}

/// Factor between successive μ: ten Newton steps or fewer recentre from it.
const SHRINK: f64 = 0.1;
/// A Newton decrement below this counts as centred (quadratic convergence starts at about 0.3).
const CENTRED: f64 = 0.2;
/// Part of the wanted gap that the method aims at, the rest being left for the certificate.
const AIM: f64 = 0.2;

/// Newton steps at the last μ.
const RECENTRE: usize = 8;
/// Refinements of the dual; each wins a factor of about u/μ, 1e-3 at worst.
const REFINE: usize = 3;

struct State {
    x: DMatrix<f64>,
    chol: Cholesky<f64, Dyn>,
    value: f64,
}

impl Program {
    fn count(&self) -> usize {
        match &self.generators {
            Generators::RankOne(left, _) => left.ncols(),
            Generators::Dense(g) => g.len(),
        }
    }

    fn transposed(self) -> Self {
        Self {
            base: self.base.transpose(),
            generators: match self.generators {
                Generators::RankOne(l, r) => Generators::RankOne(r.transpose(), l.transpose()),
                Generators::Dense(g) => {
                    Generators::Dense(g.iter().map(DMatrix::transpose).collect())
                }
            },
            domain: self.domain,
        }
    }

    fn scaled(mut self, factor: f64) -> Self {
        self.base *= factor;
        match &mut self.generators {
            Generators::RankOne(l, _) => *l *= factor,
            Generators::Dense(g) => g.iter_mut().for_each(|g| *g *= factor),
        }
        self
    }

    fn centre(&self) -> Vec<f64> {
        match self.domain {
            Domain::Cube => vec![0.0; self.count()],
            Domain::Simplex => vec![1.0 / self.count() as f64; self.count()],
        }
    }

    fn logarithms(&self) -> usize {
        match self.domain {
            Domain::Cube => 2 * self.count(),
            Domain::Simplex => self.count(),
        }
    }

    fn residual(&self, theta: &[f64]) -> DMatrix<f64> {
        let mut x = self.base.clone();
        self.subtract(theta, &mut x);
        x
    }

    /// x ← x - Σ θ_i G_i.
    fn subtract(&self, theta: &[f64], x: &mut DMatrix<f64>) {
        match &self.generators {
            Generators::RankOne(left, right) => {
                let mut scaled = right.clone();
                for (mut row, &t) in scaled.row_iter_mut().zip(theta) {
                    row *= t;
                }
                x.gemm(-1.0, left, &scaled, 1.0);
            }
            Generators::Dense(g) => {
                for (g, &t) in g.iter().zip(theta) {
                    x.zip_apply(g, |x, g| *x -= t * g);
                }
            }
        }
    }

    /// On the simplex Σ θ_i = 1 allows a constant in all G_i. Taking it such that Σ θ_i G_i = 0
    /// here makes X = X_0, and keeps the Hessian of the direction that the constraint forbids,
    /// worth 1/μ² of rounding, out of the equations.
    fn rebase(&mut self, theta: &[f64]) {
        if self.domain == Domain::Simplex
            && let Generators::Dense(generators) = &mut self.generators
        {
            let mut mean = DMatrix::zeros(self.base.nrows(), self.base.ncols());
            for (g, &t) in generators.iter().zip(theta) {
                mean.zip_apply(g, |m, g| *m += t * g);
            }
            generators.iter_mut().for_each(|g| *g -= &mean);
            self.base -= mean;
        }
    }

    /// The domain's barrier; `None` outside.
    fn barrier(&self, theta: &[f64]) -> Option<f64> {
        let mut value = 0.0;
        match self.domain {
            Domain::Cube => {
                for &t in theta {
                    if t.abs() >= 1.0 {
                        return None;
                    }
                    value -= (1.0 - t).ln() + (1.0 + t).ln();
                }
            }
            Domain::Simplex => {
                if theta.iter().any(|&t| t <= 0.0) {
                    return None;
                }
                value -= theta.iter().map(|t| t.ln()).sum::<f64>();
            }
        }
        Some(value)
    }

    fn state(&self, t: f64, theta: &[f64], mu: f64) -> Option<State> {
        if t <= 0.0 {
            return None;
        }
        let domain = self.barrier(theta)?;
        let x = self.residual(theta);
        let (d, m) = x.shape();
        let mut s = x.tr_mul(&x);
        s.neg_mut();
        for i in 0..m {
            s[(i, i)] += t * t;
        }
        let chol = Cholesky::new(s)?;
        let log_det: f64 = 2.0
            * chol
                .l_dirty()
                .diagonal()
                .iter()
                .map(|v| v.ln())
                .sum::<f64>();
        let value = t / mu - log_det - (d - m) as f64 * t.ln() + domain;
        value.is_finite().then_some(State { x, chol, value })
    }

    /// Gradient and Hessian in (t, θ).
    fn derivatives(
        &self,
        t: f64,
        theta: &[f64],
        mu: f64,
        state: &State,
    ) -> (DVector<f64>, DMatrix<f64>) {
        let k = theta.len();
        let (d, m) = state.x.shape();
        let inv = state.chol.inverse();
        let trace = inv.trace();
        let mut g = DVector::zeros(k + 1);
        let mut h = DMatrix::zeros(k + 1, k + 1);
        g[0] = 1.0 / mu - 2.0 * t * trace - (d - m) as f64 / t;
        h[(0, 0)] = 4.0 * t * t * inv.norm_squared() - 2.0 * trace + (d - m) as f64 / (t * t);
        match &self.generators {
            Generators::RankOne(left, right) => {
                let xl = state.x.tr_mul(left);
                let kxl = &inv * &xl;
                let rk = right * &inv;
                let a = &rk * right.transpose();
                let b = xl.tr_mul(&kxl);
                let c = right * &kxl;
                let gram = left.tr_mul(left);
                for i in 0..k {
                    g[i + 1] = -2.0 * c[(i, i)];
                    h[(i + 1, 0)] = 4.0 * t * rk.row(i).transpose().dot(&kxl.column(i));
                    for j in 0..=i {
                        h[(i + 1, j + 1)] =
                            2.0 * ((gram[(i, j)] + b[(i, j)]) * a[(i, j)] + c[(i, j)] * c[(j, i)]);
                    }
                }
            }
            Generators::Dense(generators) => {
                let inv2 = &inv * &inv;
                let s: Vec<_> = generators.iter().map(|g| state.x.tr_mul(g)).collect();
                for i in 0..k {
                    let z = &generators[i] * &inv;
                    let one = &inv * &s[i] * &inv;
                    let both = &one + one.transpose();
                    g[i + 1] = -2.0 * inv.dot(&s[i]);
                    h[(i + 1, 0)] = 4.0 * t * inv2.dot(&s[i]);
                    for j in 0..=i {
                        h[(i + 1, j + 1)] = 2.0 * (z.dot(&generators[j]) + both.dot(&s[j]));
                    }
                }
            }
        }
        let (domain_g, domain_h) = self.domain_derivatives(theta);
        for i in 0..k {
            g[i + 1] += domain_g[i];
            h[(i + 1, i + 1)] += domain_h[i];
        }
        (g, h)
    }

    /// Gradient and (diagonal) Hessian of the domain's barrier.
    fn domain_derivatives(&self, theta: &[f64]) -> (DVector<f64>, DVector<f64>) {
        let of = |f: &dyn Fn(f64) -> f64| {
            DVector::from_iterator(theta.len(), theta.iter().map(|&t| f(t)))
        };
        match self.domain {
            Domain::Cube => (
                of(&|t| 1.0 / (1.0 - t) - 1.0 / (1.0 + t)),
                of(&|t| (1.0 - t).powi(-2) + (1.0 + t).powi(-2)),
            ),
            Domain::Simplex => (of(&|t| -1.0 / t), of(&|t| t.powi(-2))),
        }
    }

    /// ⟨Y, G_i⟩ for every i.
    fn products(&self, y: &DMatrix<f64>) -> Vec<f64> {
        match &self.generators {
            Generators::RankOne(left, right) => {
                let ly = left.tr_mul(y);
                (0..left.ncols())
                    .map(|i| ly.row(i).dot(&right.row(i)))
                    .collect()
            }
            Generators::Dense(g) => g.iter().map(|g| y.dot(g)).collect(),
        }
    }

    /// The dual matrix near the central path: -Q once the dual equalities are restored.
    ///
    /// -Q alone is orthogonal to the generators of free θ_i only as far as the point is centred.
    /// With ΔM the Newton step, Z = M⁻¹ - M⁻¹ΔM M⁻¹ satisfies the linearised equalities exactly;
    /// its corner is Q - τ(PQ + QR) - PER - QEᵀQ, τ = Δt, E = -Σ Δθ_i G_i. The Hessian is
    /// ill-conditioned (1/μ² against 1/μ), so the step is refined on the residuals of the corner
    /// itself.
    fn dual(&self, t: f64, theta: &[f64], mu: f64, state: &State) -> DMatrix<f64> {
        let inv = state.chol.inverse();
        let q = -(&state.x * &inv);
        let (g, mut h) = self.derivatives(t, theta, mu, state);
        h.fill_upper_triangle_with_lower_triangle();
        let Some(factor) = Factor::new(h.clone(), self.domain, theta) else {
            return -q;
        };
        // P = (I + XKXᵀ)/t = (I - QXᵀ)/t and R = tK.
        let p = |y: &DMatrix<f64>| (y - &q * state.x.tr_mul(y)) / t;
        let constant = p(&q) + &q * &inv * t;
        let corner = |step: &DVector<f64>| {
            let mut e = DMatrix::zeros(q.nrows(), q.ncols());
            self.subtract(&step.as_slice()[1..], &mut e);
            &constant * step[0] + p(&(&e * &inv)) * t + &q * (e.tr_mul(&q)) - &q
        };
        let (domain_g, domain_h) = self.domain_derivatives(theta);
        let mut step = factor.solve(-&g);
        for _ in 0..REFINE {
            let y = corner(&step);
            let of_domain = &domain_g + domain_h.component_mul(&step.rows(1, theta.len()));
            let first = g[0] + h.row(0).transpose().dot(&step);
            let products = self.products(&y);
            let residual = DVector::from_fn(g.len(), |i, _| {
                if i == 0 {
                    first
                } else {
                    of_domain[i - 1] - 2.0 * products[i - 1]
                }
            });
            step -= factor.solve(residual);
        }
        corner(&step)
    }
}

/// Runs the method from the centre of the domain. `None` where X is zero there or nothing could be
/// done.
pub(super) fn minimise(program: Program, stop: Stop) -> Option<Solution> {
    let wide = program.base.ncols() > program.base.nrows();
    let program = if wide { program.transposed() } else { program };
    let mut theta = program.centre();
    let size = program.residual(&theta).norm();
    if !(size.is_normal() && (1.0 / size).is_normal()) {
        return None;
    }
    let mut program = program.scaled(1.0 / size);
    program.rebase(&theta);
    let absolute = stop.absolute / size;
    let (d, m) = program.base.shape();
    let weight = (d + m + program.logarithms()) as f64;
    // ‖X‖ ≤ ‖X‖_F = 1 at the centre.
    let mut t = 1.5;
    let mut mu = t / weight;
    let mut state = program.state(t, &theta, mu)?;
    let mut steps = stop.steps;
    // The last centred point, to which a failure returns: its dual is good.
    let mut centred = None;
    'path: loop {
        loop {
            if steps == 0 {
                break 'path;
            }
            steps -= 1;
            let (g, h) = program.derivatives(t, &theta, mu, &state);
            let Some((step, decrement)) = newton(&g, h, program.domain, &theta) else {
                break 'path;
            };
            if decrement < CENTRED * CENTRED {
                break;
            }
            // Backtracking; 1/(1+λ) is admissible for a self-concordant function, so few halvings
            // are needed.
            let mut alpha = 1.0;
            (t, theta, state) = loop {
                let trial: Vec<f64> = theta
                    .iter()
                    .zip(step.iter().skip(1))
                    .map(|(x, s)| x + alpha * s)
                    .collect();
                let trial_t = t + alpha * step[0];
                if let Some(next) = program.state(trial_t, &trial, mu)
                    && next.value < state.value
                {
                    break (trial_t, trial, next);
                }
                alpha *= 0.5;
                if alpha * (1.0 + decrement.sqrt()) < 0.25 {
                    // No descent: rounding has taken over.
                    break 'path;
                }
            };
        }
        program.rebase(&theta);
        centred = Some((t, theta.clone(), mu));
        if mu * weight <= AIM * (stop.relative * t).max(absolute) {
            break;
        }
        // Not further than needed: rounding grows as 1/μ.
        mu = (mu * SHRINK).max(0.9 * AIM * (stop.relative * t).max(absolute) / weight);
        match program.state(t, &theta, mu) {
            Some(next) => state = next,
            None => break,
        }
    }
    let (mut t, mut theta, mu) = centred?;
    let mut state = program.state(t, &theta, mu)?;
    // Values no longer tell at this point, decrements do.
    let mut last = f64::INFINITY;
    for _ in 0..RECENTRE {
        let (g, h) = program.derivatives(t, &theta, mu, &state);
        let Some((step, decrement)) = newton(&g, h, program.domain, &theta) else {
            break;
        };
        if decrement >= last || decrement > 1.0 {
            break;
        }
        last = decrement;
        let trial: Vec<f64> = theta
            .iter()
            .zip(step.iter().skip(1))
            .map(|(x, s)| x + s)
            .collect();
        let Some(next) = program.state(t + step[0], &trial, mu) else {
            break;
        };
        (t, theta, state) = (t + step[0], trial, next);
    }
    let dual = program.dual(t, &theta, mu, &state);
    Some(Solution {
        theta,
        dual: if wide { dual.transpose() } else { dual },
    })
}

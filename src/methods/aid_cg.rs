//! Approximate implicit differentiation by conjugate gradients, from 0 and unpreconditioned, at a
//! given w.
//!
//! v solves (I - ∂₁Φᵀ)v = y; the estimate is ∂₂Φᵀv. I - ∂₁Φᵀ is not symmetric, not even for an
//! elastic net (I - AS), and conjugate gradients on it converge to something else. Where ∂₁Φ = SA
//! with A symmetric and S ⪰ 0 (the Jacobian of a prox, after a gradient step), u = S^{-½}(Sv)
//! solves the symmetric positive definite (I - S^{½}AS^{½})u = S^{½}y on the range of S, and ∂₂Φᵀv
//! needs Sv only (theory, section 4). Elsewhere MᵀMv = Mᵀy with M = I - ∂₁Φᵀ.

use super::watch::{FLOAT_BYTES, not_for, trouble};
use crate::case::{Answer, Case, Cost, Implementation, Status};
use crate::error::{Error, Result};
use crate::linalg::Matrix;
use crate::linalg::product::{dot, norm2};
use crate::maps::{Linearization, Map, Tie, Workspace};

/// Which linear system conjugate gradients run on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum System {
    /// The reduced symmetric system where there is one, normal equations elsewhere.
    #[default]
    Fitting,
    /// The normal equations MᵀMv = Mᵀy of M = I - ∂₁Φᵀ (d×d), whatever the map.
    Normal,
    /// I - ∂₁Φᵀ itself: only where it is symmetric and positive definite, see [`AidCg::plain`].
    Plain,
}

/// AID-CG, reverse mode: conjugate gradients from v = 0 for (I - ∂₁Φᵀ)v = y at a given w, estimate
/// ∂₂Φᵀv (m). One product (reduced, plain) or two (normal equations) a step.
#[derive(Clone, Debug, Default)]
pub struct AidCg {
    /// Weight in \[0, 1\] given to a unit exactly at its kink.
    pub tie: f64,
    system: System,
}

impl AidCg {
    /// AID-CG on the normal equations everywhere.
    pub fn normal() -> Self {
        Self {
            system: System::Normal,
            ..Self::default()
        }
    }

    /// Plain conjugate gradients on I - ∂₁Φ(w, λ)ᵀ.
    ///
    /// # Errors
    /// When that operator is not symmetric and positive definite: conjugate gradients would
    /// converge to wrong values.
    pub fn plain(map: &Map, lambda: &[f64], w: &[f64]) -> Result<Self> {
        let mut lin = map.linearization();
        map.linearize_in(w, lambda, &mut Tie::Weight(0.0), &mut lin);
        let p = map.jacobian_w(&lin);
        let d = p.nrows();
        let asymmetry = (&p - p.transpose()).amax();
        // Symmetric to the rounding of one entry, which symmetric data reach.
        if !(asymmetry <= 4.0 * f64::EPSILON * (1.0 + p.amax())) {
            return Err(Error::usage(format!(
                "conjugate gradients need a symmetric operator, and I-∂₁Φᵀ is not: two mirrored entries differ by {asymmetry:e}; on it they converge to wrong values. Use the reduced symmetric system or the normal equations"
            )));
        }
        if (Matrix::identity(d, d) - &p).cholesky().is_none() {
            return Err(Error::usage(
                "conjugate gradients need a positive definite operator, and I-∂₁Φᵀ is not",
            ));
        }
        Ok(Self {
            system: System::Plain,
            ..Self::default()
        })
    }
}

/// The coordinates that S^{½} acts on at this linearisation (the unknowns of the reduced system);
/// `None` where there is no reduced system, because ∂₁Φ = SA with A symmetric and S the symmetric
/// Jacobian of a prox does not hold.
pub fn reduced_support(map: &Map, lin: &Linearization) -> Option<Vec<usize>> {
    let unit_of = map.structure().symmetric.as_ref()?.iter().enumerate();
    let active = unit_of.filter(|(_, unit)| lin.slope[**unit] > 0.0);
    Some(active.map(|(i, _)| i).collect())
}

/// S^{½} and S^{-½} on the support, dense (|support|×|support| each).
pub fn reduced_roots(map: &Map, lin: &Linearization, support: &[usize]) -> [Matrix; 2] {
    [false, true].map(|inverse| {
        let mut out = Matrix::zeros(support.len(), support.len());
        for (k, &j) in support.iter().enumerate() {
            let mut column = vec![0.0; map.dims().w];
            column[j] = 1.0;
            map.scale_by_root(lin, inverse, &mut column);
            for (l, &i) in support.iter().enumerate() {
                out[(l, k)] = column[i];
            }
        }
        out
    })
}

/// The state of conjugate gradients for Kx = b, x_0 = 0 (Hestenes and Stiefel 1952).
#[derive(Clone, Debug)]
pub struct ConjugateGradients {
    /// x_k, as long as b.
    pub x: Vec<f64>,
    r: Vec<f64>,
    p: Vec<f64>,
    kp: Vec<f64>,
    rho: f64,
    /// b was scaled by this power of two, so that squares neither vanish nor overflow.
    scale: f64,
}

impl ConjugateGradients {
    /// The state at k = 0, x_0 = 0, for the right-hand side `b`.
    ///
    /// ```
    /// use ratecert::methods::ConjugateGradients;
    ///
    /// // K = diag(1, 4), b = (1, 4): two steps are enough in two dimensions.
    /// let mut state = ConjugateGradients::start(&[1.0, 4.0]);
    /// for _ in 0..2 {
    ///     state.step(true, |p, out| out.copy_from_slice(&[p[0], 4.0 * p[1]]));
    /// }
    /// assert!(state.x.iter().all(|x| (x - 1.0).abs() < 1e-12));
    /// ```
    pub fn start(b: &[f64]) -> Self {
        let norm = norm2(b);
        let scale = if norm > 0.0 && norm.is_finite() {
            2f64.powi(norm.log2().floor().clamp(-1000.0, 1000.0) as i32)
        } else {
            1.0
        };
        let r: Vec<f64> = b.iter().map(|v| v / scale).collect();
        Self {
            x: vec![0.0; b.len()],
            p: r.clone(),
            kp: vec![0.0; b.len()],
            rho: dot(&r, &r),
            r,
            scale,
        }
    }

    /// One step with `operator(p, out)`: out ← Kp. Without `conjugate` the directions are the
    /// residuals (steepest descent). Does nothing once the residual is zero.
    pub fn step(&mut self, conjugate: bool, operator: impl FnOnce(&[f64], &mut [f64])) {
        if self.rho == 0.0 {
            return;
        }
        operator(&self.p, &mut self.kp);
        let curvature = dot(&self.p, &self.kp);
        if curvature == 0.0 {
            return;
        }
        let alpha = self.rho / curvature;
        for i in 0..self.x.len() {
            self.x[i] += alpha * self.scale * self.p[i];
            self.r[i] -= alpha * self.kp[i];
        }
        let rho = dot(&self.r, &self.r);
        let beta = if conjugate { rho / self.rho } else { 0.0 };
        for (p, r) in self.p.iter_mut().zip(&self.r) {
            *p = r + beta * *p;
        }
        self.rho = rho;
    }
}

/// The system at one linearisation.
struct Operator<'a> {
    map: &'a Map,
    lin: Linearization<'a>,
    ws: Workspace,
    system: System,
    /// The unknowns of the reduced system.
    support: Vec<usize>,
    full: Vec<f64>,
    product: Vec<f64>,
    forward: [Matrix; 2],
}

impl<'a> Operator<'a> {
    fn new(case: &Case<'a>, system: System, tie: f64) -> Self {
        let map = case.map;
        let mut lin = map.linearization();
        map.linearize_in(case.w(), case.lambda, &mut Tie::Weight(tie), &mut lin);
        let d = map.dims().w;
        let system = match system {
            System::Fitting if map.structure().symmetric.is_none() => System::Normal,
            other => other,
        };
        let support = match system {
            System::Fitting => reduced_support(map, &lin).unwrap_or_default(),
            _ => Vec::new(),
        };
        Self {
            map,
            lin,
            ws: map.workspace(),
            system,
            support,
            full: vec![0.0; d],
            product: vec![0.0; d],
            forward: [Matrix::zeros(d, 1), Matrix::zeros(d, 1)],
        }
    }

    fn right_side(&mut self, y: &[f64]) -> Vec<f64> {
        match self.system {
            System::Fitting => {
                let mut scaled = y.to_vec();
                self.map.scale_by_root(&self.lin, false, &mut scaled);
                self.support.iter().map(|&i| scaled[i]).collect()
            }
            System::Plain => y.to_vec(),
            // Mᵀy = (I - ∂₁Φ)y.
            System::Normal => {
                let mut out = vec![0.0; y.len()];
                self.minus_forward(y, &mut out);
                out
            }
        }
    }

    /// out ← x - ∂₁Φ x.
    fn minus_forward(&mut self, x: &[f64], out: &mut [f64]) {
        let [input, result] = &mut self.forward;
        input.copy_from_slice(x);
        self.map.jvp_w(&self.lin, input, result, &mut self.ws);
        for ((o, x), r) in out.iter_mut().zip(x).zip(result.iter()) {
            *o = x - r;
        }
    }

    /// full ← S^{-½}x, zero off the support.
    fn spread(&mut self, x: &[f64]) {
        self.full.fill(0.0);
        for (&i, v) in self.support.iter().zip(x) {
            self.full[i] = *v;
        }
        self.map.scale_by_root(&self.lin, true, &mut self.full);
    }

    fn apply(&mut self, x: &[f64], out: &mut [f64]) {
        match self.system {
            System::Fitting => {
                // ∂₁Φᵀ(S^{-½}x) = A S^{½} x, then S^{½} of it.
                self.spread(x);
                self.map
                    .vjp_w(&self.lin, &self.full, &mut self.product, &mut self.ws);
                self.map.scale_by_root(&self.lin, false, &mut self.product);
                for ((o, v), &i) in out.iter_mut().zip(x).zip(&self.support) {
                    *o = v - self.product[i];
                }
            }
            System::Plain => {
                self.map.vjp_w(&self.lin, x, out, &mut self.ws);
                out.iter_mut().zip(x).for_each(|(o, v)| *o = v - *o);
            }
            System::Normal => {
                let mut mx = std::mem::take(&mut self.product);
                self.map.vjp_w(&self.lin, x, &mut mx, &mut self.ws);
                mx.iter_mut().zip(x).for_each(|(o, v)| *o = v - *o);
                self.minus_forward(&mx, out);
                self.product = mx;
            }
        }
    }

    /// ∂₂Φᵀv from the unknowns x.
    fn estimate(&mut self, x: &[f64]) -> Matrix {
        let mut out = Matrix::zeros(self.map.dims().lambda, 1);
        if self.system == System::Fitting {
            // ∂₂Φᵀ = CᵀS, and S(S^{-½}u) = S^{½}u = Sv.
            self.spread(x);
        } else {
            self.full.copy_from_slice(x);
        }
        self.map
            .vjp_lambda(&self.lin, &self.full, out.as_mut_slice(), &mut self.ws);
        out
    }
}

impl Implementation for AidCg {
    fn run(&mut self, case: &Case<'_>) -> Answer {
        let Some(y) = case.target.seed(case.w(), case.lambda) else {
            return not_for("reverse mode", "a cotangent or an objective for its target");
        };
        let mut operator = Operator::new(case, self.system, self.tie);
        let b = operator.right_side(&y);
        let mut cg = ConjugateGradients::start(&b);
        let mut out = Vec::with_capacity(case.steps.len());
        let mut cost = Cost {
            map_evaluations: 1,
            bytes_held: (4 * b.len() + 3 * case.map.dims().w) * FLOAT_BYTES,
            ..Cost::default()
        };
        let mut status = Status::Completed;
        let mut wanted = case.steps.iter().copied().peekable();
        for k in 0..=case.horizon() {
            if wanted.next_if_eq(&k).is_some() {
                let mut estimate = operator.estimate(&cg.x);
                let entries = estimate.as_mut_slice();
                case.target.complete(case.w(), case.lambda, entries);
                if let Some(s) = trouble(k, estimate.as_slice()) {
                    status = s;
                    break;
                }
                out.push(estimate);
            }
            if wanted.peek().is_none() {
                break;
            }
            cg.step(true, |x, o| operator.apply(x, o));
            cost.jacobian_products += if operator.system == System::Normal {
                2
            } else {
                1
            };
        }
        Answer {
            estimates: out,
            cost,
            status,
        }
    }
}

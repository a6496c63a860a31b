//! E‖r - r*‖² of NSID over the whole law of ξ⁽¹⁾: exact where w̄ has few outcomes.

use super::setting::Setting;
use crate::error::Result;
use crate::linalg::{Matrix, Vector};
use crate::maps::composite::Gamma;
use crate::tol::{COURSE_BRANCHES, LIMIT_STEPS};
use crate::truth::expectation::{
    Readout, certain_readout, conditional_readout, lyapunov, mean_of_samples,
};

/// NSID at one w with J inner minibatches: every Γ that w̄ can give, with its readouts and their
/// probabilities.
#[derive(Debug)]
pub struct InnerLaw {
    w: Vec<f64>,
    /// J.
    j: usize,
    branches: Vec<(Gamma, Vec<(f64, Readout)>)>,
}

/// The mean square error of an estimate by k, exactly.
#[derive(Clone, Debug)]
pub struct Course {
    /// E‖r_k - r*‖².
    pub mse: Vec<f64>,
    /// E Var(r_k | ξ⁽¹⁾, ζ).
    pub variance: Vec<f64>,
    /// sqrt(E‖K‖² E‖y‖²) at most.
    pub reach: f64,
}

/// What E‖r_k - r*‖² tends to: `floor` + `constant`/(γ+k).
#[derive(Clone, Copy, Debug)]
pub struct Asymptote {
    /// E_w̄‖K v̂ - r*‖², with what ξ⁽¹⁾ varies in K besides, and ζ in v̂ and ∇₂Ê.
    pub floor: f64,
    /// E_w̄ tr KΣKᵀ, Σ of the Lyapunov equation.
    pub constant: f64,
}

impl InnerLaw {
    /// `None` where w̄ has too many outcomes to enumerate.
    pub(super) fn new(s: &Setting<'_>, w: &[f64], j: usize) -> Result<Option<Self>> {
        let (map, lambda) = (s.map, s.lambda);
        let count = j * s.sizes.inner_batch;
        let mut branches: Vec<(Gamma, Vec<(f64, Readout)>)> = Vec::new();
        if let Some((gamma, read)) = certain_readout(map, w, lambda, count) {
            branches.push((gamma, vec![(1.0, read)]));
        } else {
            let Some(law) = mean_of_samples(map, count) else {
                return Ok(None);
            };
            for o in law {
                let (gamma, read) = conditional_readout(map, w, lambda, &o.samples, 0.0)?;
                match branches.iter_mut().find(|b| b.0 == gamma) {
                    Some(b) => b.1.push((o.probability, read)),
                    None => branches.push((gamma, vec![(o.probability, read)])),
                }
            }
        }
        let w = w.to_vec();
        Ok(Some(Self { w, j, branches }))
    }

    /// E‖r_k - r*‖² at `steps`; `None` where that takes too many steps of recursions.
    ///
    /// # Errors
    /// Shapes that do not fit.
    pub fn mse(
        &self,
        s: &Setting<'_>,
        steps: &[usize],
        r_star: &Vector,
        eta: impl Fn(usize) -> f64,
    ) -> Result<Option<Vec<f64>>> {
        let last = steps.last().copied().unwrap_or(0);
        if self.branches.len().saturating_mul(last) > LIMIT_STEPS {
            return Ok(None);
        }
        let mut out = vec![0.0; steps.len()];
        for (gamma, reads) in &self.branches {
            let mut recursion = s.recursion(&self.w, gamma, self.j as f64)?;
            let mut at = recursion.start();
            for (slot, k) in out.iter_mut().zip(steps) {
                while at.i < *k {
                    let h = eta(at.i);
                    recursion.step(&mut at, h);
                }
                for (p, read) in reads {
                    *slot += p * read.mse(&recursion, &at, r_star);
                }
            }
        }
        Ok(Some(out))
    }

    /// Every step up to `last`: E‖r_k - r*‖², and what the samples of the linear system leave of
    /// it; `None` where that takes too many steps of recursions.
    ///
    /// # Errors
    /// Shapes that do not fit.
    pub fn course(
        &self,
        s: &Setting<'_>,
        last: usize,
        r_star: &Vector,
        eta: impl Fn(usize) -> f64,
    ) -> Result<Option<Course>> {
        if self.branches.len() > COURSE_BRANCHES || last > LIMIT_STEPS {
            return Ok(None);
        }
        let mut out = Course {
            mse: vec![0.0; last + 1],
            variance: vec![0.0; last + 1],
            reach: 0.0,
        };
        for (gamma, reads) in &self.branches {
            let mut recursion = s.recursion(&self.w, gamma, self.j as f64)?;
            let mut at = recursion.start();
            let y = match recursion.source() {
                Some(source) => source.y.norm_squared() + source.variances()[0],
                None => s.y.iter().map(|v| v * v).sum(),
            };
            for (_, read) in reads {
                let spread = read.spread.as_ref().map_or(0.0, Matrix::trace);
                let reach = ((read.k.norm_squared() + spread) * y).sqrt();
                out.reach = out.reach.max(reach);
            }
            for k in 0..=last {
                for (p, read) in reads {
                    out.mse[k] += p * read.mse(&recursion, &at, r_star);
                    out.variance[k] += p * read.linear_variance(&at);
                }
                recursion.step(&mut at, eta(k));
            }
        }
        Ok(Some(out))
    }

    /// Without a recursion: linear solves and Lyapunov equations alone. `None` where some βN - I/2
    /// is not stable, and the rate slower.
    ///
    /// # Errors
    /// Shapes that do not fit.
    pub fn asymptote(
        &self,
        s: &Setting<'_>,
        r_star: &Vector,
        beta: f64,
    ) -> Result<Option<Asymptote>> {
        let mut out = Asymptote {
            floor: 0.0,
            constant: 0.0,
        };
        for (gamma, reads) in &self.branches {
            let mut recursion = s.recursion(&self.w, gamma, self.j as f64)?;
            let Some(limit) = lyapunov(&mut recursion, beta) else {
                return Ok(None);
            };
            let d = limit.sigma.nrows();
            let solved = recursion.solved(Matrix::zeros(d, d))?;
            let spread = recursion.solved(limit.sigma)?;
            for (p, read) in reads {
                let floor = read.mse(&recursion, &solved, r_star);
                out.floor += p * floor;
                out.constant += p * read.linear_variance(&spread);
            }
        }
        Ok(Some(out))
    }
}

//! The regression problems of Appendix F.

use super::experiment::Fact;
use crate::error::{Error, Result};
use crate::instances::Random;
use crate::linalg::{Matrix, Vector};
use crate::maps::{ElasticNet, Map};
use crate::objectives::{HoldOut, Objective};
use crate::truth::Truth;

/// Sizes and noise.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    /// Rows of the lower level, and of the hold-out set.
    pub(super) train: usize,
    pub(super) validation: usize,
    /// Features, and how many of them matter.
    pub(super) dim: usize,
    pub(super) informative: usize,
    /// Standard deviation of the noise.
    pub(super) noise: f64,
    /// The informative features have a random covariance MMᵀ/‖MMᵀ‖, M square with normal entries,
    /// instead of the identity.
    pub(super) correlated: bool,
}

/// An elastic net with its hold-out rows and its certified solution.
pub(super) struct Problem {
    pub(super) x: Matrix,
    pub(super) y: Vector,
    pub(super) step: f64,
    pub(super) map: Map,
    pub(super) lambda: [f64; 2],
    pub(super) objective: Objective,
    pub(super) truth: Truth,
}

impl Problem {
    /// Draws one; η = 2/(L + μ + 2λ₂).
    pub(super) fn draw(size: Size, lambda: [f64; 2], seed: u64) -> Result<Self> {
        let mut random = Random::new(seed);
        let mut weights = Vector::zeros(size.dim);
        let informative = random.subset(size.dim, size.informative);
        for i in &informative {
            weights[*i] = random.normal();
        }
        let mixing = size.correlated.then(|| {
            let m = random.matrix(size.informative, size.informative);
            let norm = (&m * m.transpose()).symmetric_eigenvalues().max();
            m / norm.sqrt()
        });
        let mut rows = |n: usize| {
            let mut x = random.matrix(n, size.dim);
            if let Some(m) = &mixing {
                let own = x.select_columns(&informative) * m.transpose();
                for (k, j) in informative.iter().enumerate() {
                    x.set_column(*j, &own.column(k));
                }
            }
            let y = &x * &weights + random.normals(n) * size.noise;
            (x, y)
        };
        let (x, y) = rows(size.train);
        let (held_out, targets) = rows(size.validation);
        let eigenvalues = (x.tr_mul(&x) / size.train as f64).symmetric_eigenvalues();
        let spread = eigenvalues.max() + eigenvalues.min().max(0.0);
        // Eigenvalues differ in their last bits between platforms.
        let step = f64::from((2.0 / (spread + 2.0 * lambda[1])) as f32);
        let map = Map::new(ElasticNet {
            x: x.clone(),
            y: y.clone(),
            step,
        })?;
        let truth = Truth::solve(&map, &lambda)
            .map_err(|why| Error::input(format!("w(λ) is not known: {why}")))?;
        if truth.w().iter().all(|v| *v == 0.0) {
            return Err(Error::input("w(λ) = 0: there is nothing to estimate"));
        }
        Ok(Self {
            x,
            y,
            step,
            map,
            lambda,
            objective: Objective::LeastSquares(HoldOut {
                x: held_out,
                z: None,
                y: targets,
                ridge: 0.0,
            }),
            truth,
        })
    }

    /// J, where w(λ) is on no kink.
    pub(super) fn jacobian(&self) -> Result<&Matrix> {
        let j = self.truth.jacobian.as_ref().map(|j| &j.j);
        j.ok_or_else(|| Error::input("w(λ) is on a kink"))
    }

    /// The gradient of the hold-out loss at w.
    pub(super) fn gradient(&self, w: &[f64]) -> Vector {
        Vector::from_vec(self.objective.gradient_w(w, &self.lambda))
    }

    /// Number of coordinates that are not 0.
    pub(super) fn support(&self) -> usize {
        self.truth.w().iter().filter(|v| **v != 0.0).count()
    }

    /// What is said of every problem.
    pub(super) fn facts(&self) -> Vec<Fact> {
        let rho = self.truth.spectrum().map_or(f64::NAN, |s| s.rho.middle());
        vec![
            Fact::new("q", self.truth.constants.q),
            Fact::new("rho", rho),
            Fact::new("support", self.support() as f64),
        ]
    }
}

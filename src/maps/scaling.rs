//! Φ(w, λ) = λQw + c, Q orthogonal, λ scalar: Theorem 4.1's bounds are attained (theory, section
//! 4).
//!
//! ∂₁Φ = λQ, ∂₂Φ = Qw: L_1 = 0, L_2 = ‖Q‖ = 1, M = 0, R = ∞. The unit Qw is kept as `lin.z`.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::constants::{Constants, Dims};
use super::data::Data;
use super::linearization::{Linearization, Tie, Workspace};
use super::moduli::Moduli;
use super::products::{Certified, Products};
use super::rounding::Rounding;
use super::shapes::{finite, finite_vector, shape};
use super::structure::{Second, Structure};
use crate::error::Result;
use crate::linalg::norm::spectral_upper;
use crate::linalg::product::{abs, dot, gemm_few, gemv, gemv_tr, norm2};
use crate::linalg::{Matrix, Vector};
use crate::numerals::numbers;
use crate::tol::{Roundoff, gamma};

/// Φ(w, λ) = λQw + c with Q orthogonal and λ scalar: the tight family of Theorem 4.1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scaling {
    /// Q, d×d, orthogonal to rounding.
    #[serde(rename = "Q", with = "numbers")]
    pub rotation: Matrix,
    /// c, d.
    #[serde(with = "numbers")]
    pub c: Vector,
}

impl Data for Scaling {
    fn dim(&self) -> usize {
        self.c.nrows()
    }

    fn validate(&self) -> Result<()> {
        let (d, q) = (self.c.nrows(), &self.rotation);
        shape("c", d, 1, None, None)?;
        shape("Q", q.nrows(), q.ncols(), Some(d), Some(d))?;
        finite("Q", q.as_slice(), d)?;
        finite_vector("c", self.c.as_slice())
    }

    fn prepare(&self) -> Arc<dyn Certified> {
        Arc::new(ScalingMap::new(self))
    }
}

struct ScalingMap {
    structure: Structure,
    q: Matrix,
    c: Vector,
    /// ‖|Q|‖.
    q_abs_norm: f64,
    q_norm: f64,
}

impl ScalingMap {
    fn new(Scaling { rotation, c }: &Scaling) -> Self {
        Self {
            structure: Structure {
                affine_in: vec![false],
                second: Second::Inputs,
                ..Structure::affine(1)
            },
            q: rotation.clone(),
            c: c.clone(),
            q_abs_norm: spectral_upper(&abs(rotation)),
            q_norm: spectral_upper(rotation),
        }
    }
}

impl Products for ScalingMap {
    fn dims(&self) -> Dims {
        let d = self.c.nrows();
        Dims {
            w: d,
            lambda: 1,
            units: d,
        }
    }

    fn evaluate(&self, w: &[f64], lambda: &[f64], _: &mut Tie<'_>, lin: &mut Linearization) {
        gemv(1.0, &self.q, w, 0.0, &mut lin.z);
        for ((o, z), c) in lin.value.iter_mut().zip(&lin.z).zip(self.c.iter()) {
            *o = lambda[0] * z + c;
        }
    }

    fn jvp_w(&self, lin: &Linearization, x: &Matrix, out: &mut Matrix, _: &mut Workspace) {
        gemm_few(lin.lambda[0], &self.q, x, 0.0, out);
    }

    fn vjp_w(&self, lin: &Linearization, y: &[f64], out: &mut [f64], _: &mut Workspace) {
        gemv_tr(lin.lambda[0], &self.q, y, 0.0, out);
    }

    fn add_jvp_lambda(&self, lin: &Linearization, x: &Matrix, out: &mut Matrix, _: &mut Workspace) {
        for (k, mut column) in out.column_iter_mut().enumerate() {
            for (o, z) in column.iter_mut().zip(&lin.z) {
                *o += z * x[(0, k)];
            }
        }
    }

    fn push_forward(&self, lin: &Linearization, d: &Matrix, out: &mut Matrix, _: &mut Workspace) {
        out.copy_from_slice(&lin.z);
        gemm_few(lin.lambda[0], &self.q, d, 1.0, out);
    }

    fn vjp_lambda(&self, lin: &Linearization, y: &[f64], out: &mut [f64], _: &mut Workspace) {
        out[0] = dot(&lin.z, y);
    }
}

impl Certified for ScalingMap {
    fn structure(&self) -> &Structure {
        &self.structure
    }

    fn constants(&self, lambda: &[f64]) -> Constants {
        let q = self.q_norm * lambda[0].abs() * (1.0 + f64::EPSILON);
        Constants::with(q, 0.0, self.q_norm)
    }

    fn moduli_at(&self, w: &[f64], _: &[f64], w_error: f64) -> Moduli {
        let d2 = self.q_norm * (norm2(w) + w_error) * (1.0 + gamma(w.len() + 4));
        Moduli::smooth(0.0, self.q_norm, d2)
    }

    fn rounding(&self, lambda: &[f64], u: Roundoff) -> Rounding {
        let d = self.c.nrows();
        let terms = u.gamma(d + 4) * self.q_abs_norm;
        let push = terms * lambda[0].abs();
        Rounding {
            u,
            value: [push, u.gamma(3) * self.c.norm()],
            push_w: [0.0, push],
            push_lambda: [0.0, terms, 0.0],
            units: vec![[terms, 0.0]; d],
        }
    }

    fn unit_sensitivity(&self, _: &[f64]) -> Vec<f64> {
        vec![self.q_norm; self.c.nrows()]
    }

    fn variation(&self, _: usize, _: &Linearization) -> Option<Matrix> {
        Some(self.q.clone())
    }
}

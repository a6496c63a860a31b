//! Φ(w, λ) = Aw + Bλ + c: one piece, L = M = 0, R = ∞.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::constants::{Constants, Dims};
use super::data::Data;
use super::linearization::{Linearization, Tie, Workspace};
use super::moduli::Moduli;
use super::products::{Certified, Products};
use super::rounding::Rounding;
use super::shapes;
use super::structure::Structure;
use crate::error::Result;
use crate::linalg::norm::spectral_upper;
use crate::linalg::product::{Packed, abs, gemm_few, gemv, gemv_tr, magnitudes, norm2, times};
use crate::linalg::{Matrix, Vector};
use crate::numerals::numbers;
use crate::tol::Roundoff;

/// Φ(w, λ) = Aw + Bλ + c: one piece, q = ‖A‖, and J = (I-A)⁻¹B for every λ.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Affine {
    /// A, d×d.
    #[serde(rename = "A", with = "numbers")]
    pub a: Matrix,
    /// B, d×m.
    #[serde(rename = "B", with = "numbers")]
    pub b: Matrix,
    /// c, d.
    #[serde(with = "numbers")]
    pub c: Vector,
}

impl Data for Affine {
    fn dim(&self) -> usize {
        self.c.nrows()
    }

    fn validate(&self) -> Result<()> {
        shapes::affine(&self.a, &self.b, &self.c)
    }

    fn prepare(&self) -> Arc<dyn Certified> {
        Arc::new(AffineMap::new(self))
    }
}

struct AffineMap {
    structure: Structure,
    a: Packed,
    /// Aᵀ: combinations of columns are faster than products with them.
    a_tr: Packed,
    b: Matrix,
    c: Vector,
    /// ‖|A|‖.
    a_abs_norm: f64,
    a_norm: f64,
    b_norm: f64,
}

impl AffineMap {
    fn new(Affine { a, b, c }: &Affine) -> Self {
        Self {
            structure: Structure::affine(b.ncols()),
            a: Packed::new(a),
            a_tr: Packed::new(&a.transpose()),
            b: b.clone(),
            c: c.clone(),
            a_abs_norm: spectral_upper(&abs(a)),
            a_norm: spectral_upper(a),
            b_norm: spectral_upper(b),
        }
    }
}

impl Products for AffineMap {
    fn dims(&self) -> Dims {
        Dims {
            w: self.b.nrows(),
            lambda: self.b.ncols(),
            units: 0,
        }
    }

    fn evaluate(&self, w: &[f64], lambda: &[f64], _: &mut Tie<'_>, lin: &mut Linearization) {
        lin.value.copy_from_slice(self.c.as_slice());
        gemv(1.0, &self.b, lambda, 1.0, &mut lin.value);
        self.a.times(1.0, w, 1.0, &mut lin.value);
    }

    fn reselect(&self, _: &[f64], _: &mut Linearization) -> bool {
        true
    }

    fn jvp_w(&self, _: &Linearization, x: &Matrix, out: &mut Matrix, _: &mut Workspace) {
        self.a.times_few(1.0, x, 0.0, out);
    }

    fn vjp_w(&self, _: &Linearization, y: &[f64], out: &mut [f64], _: &mut Workspace) {
        self.a_tr.times(1.0, y, 0.0, out);
    }

    fn add_jvp_lambda(&self, _: &Linearization, x: &Matrix, out: &mut Matrix, _: &mut Workspace) {
        gemm_few(1.0, &self.b, x, 1.0, out);
    }

    fn push_forward(&self, _: &Linearization, d: &Matrix, out: &mut Matrix, _: &mut Workspace) {
        out.copy_from(&self.b);
        self.a.times_few(1.0, d, 1.0, out);
    }

    fn vjp_lambda(&self, _: &Linearization, y: &[f64], out: &mut [f64], _: &mut Workspace) {
        gemv_tr(1.0, &self.b, y, 0.0, out);
    }
}

impl Certified for AffineMap {
    fn structure(&self) -> &Structure {
        &self.structure
    }

    fn constants(&self, _: &[f64]) -> Constants {
        Constants::with(self.a_norm, 0.0, 0.0)
    }

    fn moduli_at(&self, _: &[f64], _: &[f64], _: f64) -> Moduli {
        Moduli::smooth(0.0, 0.0, self.b_norm)
    }

    fn rounding(&self, lambda: &[f64], u: Roundoff) -> Rounding {
        let (d, m) = self.b.shape();
        let terms = u.gamma(d + m + 3);
        let constant = times(&abs(&self.b), &magnitudes(lambda)) + self.c.abs();
        Rounding {
            u,
            value: [terms * self.a_abs_norm, terms * norm2(constant.as_slice())],
            push_w: [0.0, terms * self.a_abs_norm],
            push_lambda: [0.0, 0.0, terms * self.b.norm()],
            units: Vec::new(),
        }
    }

    fn unit_sensitivity(&self, _: &[f64]) -> Vec<f64> {
        Vec::new()
    }
}

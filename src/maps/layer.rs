//! Φ(w, λ) = A σ(Vw + Bλ + c), σ applied to every unit.
//!
//! ∂₁Φ = A S V, ∂₂Φ = A S B with S = diag(slopes). Constants: theory, section 2. For the
//! piecewise-linear σ with slopes lo, hi: L_j = 0 and M_1 = |hi-lo|‖A‖‖V‖, M_2 = |hi-lo|‖A‖‖B‖.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::at_point::at_point;
use super::composite::Activation;
use super::constants::{Constants, Dims};
use super::data::Data;
use super::linearization::{Linearization, Tie, Workspace};
use super::moduli::{Moduli, staircase};
use super::products::{Certified, Products};
use super::rounding::Rounding;
use super::shapes::{finite, finite_vector, shape};
use super::slopes::slopes_norm;
use super::structure::{Factors, Structure, Units};
use crate::error::Result;
use crate::linalg::norm::spectral_upper;
use crate::linalg::product::{abs, gemm_few, gemv, gemv_tr, magnitudes, norm2, times};
use crate::linalg::{Matrix, Vector};
use crate::numerals::numbers;
use crate::tol::{LIBM_ULPS, Roundoff, UNIT, gamma};

/// Units whose slopes are enumerated for one norm: 2⁷ norms of small matrices take about a
/// millisecond.
const BRANCHED: usize = 7;

/// Units that change side whose subsets are enumerated for one jump.
const FLIPS: usize = 5;

/// A layer of a network as a map: Φ(w, λ) = A σ(Vw + Bλ + c) with h units.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Layer {
    /// A, d×h.
    #[serde(rename = "A", with = "numbers")]
    pub a: Matrix,
    /// V, h×d.
    #[serde(rename = "V", with = "numbers")]
    pub v: Matrix,
    /// B, h×m.
    #[serde(rename = "B", with = "numbers")]
    pub b: Matrix,
    /// c, h.
    #[serde(with = "numbers")]
    pub c: Vector,
    /// σ, applied to every unit.
    pub activation: Activation,
}

impl Data for Layer {
    fn dim(&self) -> usize {
        self.a.nrows()
    }

    fn validate(&self) -> Result<()> {
        let (h, d) = (self.c.nrows(), self.a.nrows());
        shape("c", h, 1, None, None)?;
        shape("A", d, self.a.ncols(), None, Some(h))?;
        shape("V", self.v.nrows(), self.v.ncols(), Some(h), Some(d))?;
        shape("B", self.b.nrows(), self.b.ncols(), Some(h), None)?;
        finite("A", self.a.as_slice(), d)?;
        finite("V", self.v.as_slice(), h)?;
        finite("B", self.b.as_slice(), h)?;
        finite_vector("c", self.c.as_slice())
    }

    fn prepare(&self) -> Arc<dyn Certified> {
        Arc::new(LayerMap::new(self))
    }
}

struct LayerMap {
    structure: Structure,
    a: Matrix,
    v: Matrix,
    b: Matrix,
    c: Vector,
    activation: Activation,
    /// ‖|A|‖, ‖|V|‖.
    a_abs_norm: f64,
    v_abs_norm: f64,
    a_norm: f64,
    v_norm: f64,
    /// ‖A S V‖ over all slopes, rounded up.
    q: f64,
    b_norm: f64,
    /// ‖V_i‖, rounded up.
    v_rows: Vec<f64>,
}

impl LayerMap {
    fn new(data: &Layer) -> Self {
        let Layer {
            a,
            v,
            b,
            c,
            activation,
        } = data;
        let up = 1.0 + gamma(v.ncols() + 4);
        let (a_norm, v_norm) = (spectral_upper(a), spectral_upper(v));
        // Slopes lie in [-1, 1] for every activation, so ‖A S V‖ ≤ ‖A‖‖V‖; where that is no
        // contraction a closer look may find one.
        let mut q = a_norm * v_norm * (1.0 + f64::EPSILON);
        if q >= 1.0 {
            let (lo, hi) = activation.slopes().unwrap_or((0.0, 1.0));
            q = q.min(slopes_norm(a, v, &vec![[lo, hi]; c.len()], BRANCHED));
        }
        Self {
            a: a.clone(),
            v: v.clone(),
            b: b.clone(),
            c: c.clone(),
            activation: *activation,
            structure: Structure {
                units: match activation.slopes() {
                    Some((lo, hi)) => Units::Slopes { lo, hi },
                    None => Units::Smooth,
                },
                affine: activation.slopes().is_some(),
                affine_in: vec![activation.slopes().is_some(); b.ncols()],
                ..Structure::affine(b.ncols())
            },
            a_abs_norm: spectral_upper(&abs(a)),
            v_abs_norm: spectral_upper(&abs(v)),
            a_norm,
            v_norm,
            q,
            b_norm: spectral_upper(b),
            v_rows: v.row_iter().map(|r| r.norm() * up).collect(),
        }
    }

    /// |B||λ| + |c|.
    fn constant_units(&self, lambda: &[f64]) -> Vector {
        times(&abs(&self.b), &magnitudes(lambda)) + self.c.abs()
    }

    fn scaled_units(&self, lin: &Linearization, inner: &Matrix, x: &Matrix, ws: &mut Matrix) {
        gemm_few(1.0, inner, x, 0.0, ws);
        for mut column in ws.column_iter_mut() {
            column.iter_mut().zip(&lin.slope).for_each(|(u, s)| *u *= s);
        }
    }

    fn pull_back(
        &self,
        lin: &Linearization,
        inner: &Matrix,
        y: &[f64],
        out: &mut [f64],
        ws: &mut Workspace,
    ) {
        let units = ws.vector(self.v.nrows());
        gemv_tr(1.0, &self.a, y, 0.0, units);
        units.iter_mut().zip(&lin.slope).for_each(|(u, s)| *u *= s);
        gemv_tr(1.0, inner, units, 0.0, out);
    }
}

impl Products for LayerMap {
    fn dims(&self) -> Dims {
        Dims {
            w: self.a.nrows(),
            lambda: self.b.ncols(),
            units: self.v.nrows(),
        }
    }

    fn evaluate(&self, w: &[f64], lambda: &[f64], tie: &mut Tie<'_>, lin: &mut Linearization) {
        lin.z.copy_from_slice(self.c.as_slice());
        gemv(1.0, &self.b, lambda, 1.0, &mut lin.z);
        gemv(1.0, &self.v, w, 1.0, &mut lin.z);
        // `slope` first holds σ(z), until the value is formed.
        for (s, z) in lin.slope.iter_mut().zip(&lin.z) {
            *s = self.activation.value(*z);
        }
        gemv(1.0, &self.a, &lin.slope, 0.0, &mut lin.value);
        match self.activation.slopes() {
            None => lin.slope.iter_mut().for_each(|s| *s = 1.0 - *s * *s),
            Some((lo, hi)) => {
                for (i, &z) in lin.z.iter().enumerate() {
                    lin.margin[i] = z.abs();
                    lin.slope[i] = if z > 0.0 {
                        hi
                    } else if z < 0.0 {
                        lo
                    } else if z == 0.0 {
                        lo + tie.weight(i) * (hi - lo)
                    } else {
                        f64::NAN
                    };
                }
            }
        }
    }

    fn jvp_w(&self, lin: &Linearization, x: &Matrix, out: &mut Matrix, ws: &mut Workspace) {
        let units = ws.matrix.shaped(self.v.nrows(), x.ncols());
        self.scaled_units(lin, &self.v, x, units);
        gemm_few(1.0, &self.a, units, 0.0, out);
    }

    fn vjp_w(&self, lin: &Linearization, y: &[f64], out: &mut [f64], ws: &mut Workspace) {
        self.pull_back(lin, &self.v, y, out, ws);
    }

    fn add_jvp_lambda(
        &self,
        lin: &Linearization,
        x: &Matrix,
        out: &mut Matrix,
        ws: &mut Workspace,
    ) {
        let units = ws.matrix.shaped(self.v.nrows(), x.ncols());
        self.scaled_units(lin, &self.b, x, units);
        gemm_few(1.0, &self.a, units, 1.0, out);
    }

    fn push_forward(&self, lin: &Linearization, d: &Matrix, out: &mut Matrix, ws: &mut Workspace) {
        // A S (V D + B): the outer product is shared.
        let units = ws.matrix.shaped(self.v.nrows(), d.ncols());
        units.copy_from(&self.b);
        gemm_few(1.0, &self.v, d, 1.0, units);
        for mut column in units.column_iter_mut() {
            column.iter_mut().zip(&lin.slope).for_each(|(u, s)| *u *= s);
        }
        gemm_few(1.0, &self.a, units, 0.0, out);
    }

    fn vjp_lambda(&self, lin: &Linearization, y: &[f64], out: &mut [f64], ws: &mut Workspace) {
        self.pull_back(lin, &self.b, y, out, ws);
    }
}

impl Certified for LayerMap {
    fn structure(&self) -> &Structure {
        &self.structure
    }

    fn constants(&self, _: &[f64]) -> Constants {
        let q = self.q;
        if self.activation != Activation::Tanh {
            return Constants::with(q, 0.0, 0.0);
        }
        let row = self.v_rows.iter().fold(0.0f64, |m, v| m.max(*v));
        let up = 1.0 + gamma(8);
        let l = |inner: f64| Activation::CURVATURE * self.a_norm * inner * row * up;
        Constants::with(q, l(self.v_norm), l(self.b_norm))
    }

    fn moduli_at(&self, w: &[f64], lambda: &[f64], w_error: f64) -> Moduli {
        let dims = self.dims();
        let (lin, rounding, w_norm) = at_point(self, w, lambda, 1.0);
        let mut d2 = Matrix::zeros(dims.w, dims.lambda);
        let unit = Matrix::identity(dims.lambda, dims.lambda);
        self.add_jvp_lambda(&lin, &unit, &mut d2, &mut Workspace::default());
        // The w-error moves the slopes of tanh, and rounding moves the entries.
        let c = self.constants(lambda);
        let lost = c.l2 * w_error + Rounding::at(rounding.push_lambda, w_norm);
        let mut d2_sup = spectral_upper(&d2);
        let Some((lo, hi)) = self.activation.slopes() else {
            return Moduli::smooth(c.l1, c.l2, d2_sup + lost);
        };
        let mut kinks = Vec::new();
        let radii: Vec<f64> = (0..dims.units)
            .map(|i| {
                let band = Rounding::at(rounding.units[i], w_norm) + self.v_rows[i] * w_error;
                if lin.margin[i] <= band {
                    kinks.push(i);
                }
                // A unit at its kink has both slopes in D_Φ already; one without weights never
                // flips.
                if lin.margin[i] <= band || self.v_rows[i] == 0.0 {
                    f64::INFINITY
                } else {
                    (lin.margin[i] - band) / self.v_rows[i] * (1.0 - 4.0 * UNIT)
                }
            })
            .collect();
        let stairs = staircase(&radii, |flips| {
            // Every one of these units may change side: A(S' - S)V over all subsets of them.
            let mut ranges = vec![[0.0, 0.0]; dims.units];
            for &i in flips {
                ranges[i] = [0.0, lo + hi - 2.0 * lin.slope[i]];
            }
            let branched = if flips.len() <= FLIPS { FLIPS } else { 0 };
            [&self.v, &self.b].map(|right| slopes_norm(&self.a, right, &ranges, branched))
        });
        if !kinks.is_empty() {
            let mut ranges: Vec<[f64; 2]> = lin.slope.iter().map(|s| [*s, *s]).collect();
            for &i in &kinks {
                ranges[i] = [lo, hi];
            }
            d2_sup = slopes_norm(&self.a, &self.b, &ranges, BRANCHED);
        }
        Moduli {
            l: [0.0, 0.0],
            m: stairs.last().map_or([0.0, 0.0], |s| s.jump),
            r: stairs.first().map_or(f64::INFINITY, |s| s.radius),
            r_attained: true,
            d2_sup: d2_sup + lost,
            kinks,
            stairs,
        }
    }

    fn rounding(&self, lambda: &[f64], u: Roundoff) -> Rounding {
        let (h, d) = self.v.shape();
        let m = self.b.ncols();
        let constant = self.constant_units(lambda);
        let inner = u.gamma(d + m + 3);
        // |σ(z)| ≤ |z| and |σ'| ≤ 1, so one factor covers the inner sum, σ and the outer sum.
        let whole = u.gamma(d + m + h + LIBM_ULPS + 5) * self.a_abs_norm;
        let units: Vec<[f64; 2]> = (0..h)
            .map(|i| [inner * self.v_rows[i], inner * constant[i]])
            .collect();
        let push = u.gamma(d + m + h + 5) * self.a_abs_norm;
        // Forming the slope of tanh: |σ''| times the error of z, and 1 - t² from a rounded t.
        let slope = match self.activation {
            Activation::Tanh => {
                let worst = |k: usize| units.iter().fold(0.0f64, |top, u| top.max(u[k]));
                [
                    Activation::CURVATURE * worst(0),
                    Activation::CURVATURE * worst(1) + u.gamma(2 * LIBM_ULPS + 4),
                ]
            }
            _ => [0.0, 0.0],
        };
        let times_inner = |norm: f64| {
            let both = 1.0 + u.gamma(d + m + h + 5);
            [
                slope[0] * both * self.a_abs_norm * norm,
                (slope[1] * both * self.a_abs_norm + push) * norm,
            ]
        };
        let by_lambda = times_inner(self.b.norm());
        Rounding {
            u,
            value: [whole * self.v_abs_norm, whole * norm2(constant.as_slice())],
            push_w: times_inner(self.v_abs_norm),
            push_lambda: [0.0, by_lambda[0], by_lambda[1]],
            units,
        }
    }

    fn unit_sensitivity(&self, _: &[f64]) -> Vec<f64> {
        self.v_rows.clone()
    }

    fn factors(&self) -> Option<Factors<'_>> {
        Some(Factors {
            left: &self.a,
            right_w: &self.v,
            right_lambda: &self.b,
        })
    }

    fn input_row(&self, unit: usize) -> Option<Vec<f64>> {
        let (v, b) = (self.v.row(unit), self.b.row(unit));
        Some(v.iter().chain(b.iter()).copied().collect())
    }
}

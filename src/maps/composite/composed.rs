//! Φ(w, λ) = G((A + Σ_l λ_l A_l)w + Bλ + c, λ), G one of the identity, a projection to a box and a
//! layer σ(Vu + B'λ + c'): the mean of a noise model behind an outer map.
//!
//! With K = A + Σ_l λ_l A_l, C(w) = V(B + [A_1w, …, A_mw]) + B' (V = I, B' = 0 where G is no layer)
//! and S = diag(slopes): ∂₁Φ = S V K and ∂₂Φ = S C(w).
//!
//! Constants. ‖S‖, ‖V‖ ≤ 1 give q = ‖K‖. [A_1w, …, A_mw] has norm at most β‖w‖, β² = λ_max(Σ
//! A_lᵀA_l). Where σ is piecewise linear L_1 = 0 and L_2 = ‖V‖β, the jumps are rows of VK and C(w)
//! that can change side. For tanh, with τ = max|tanh''| and r the largest row of VK, a move by δ
//! changes S by at most τrδ: L_1 = τr‖VK‖, L_2 at w is τr(‖V‖(‖B‖ + β‖w‖) + ‖B'‖) + ‖V‖β.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::activation::Activation;
use super::noise::{Channel, NoiseModel};
use super::outer::Outer;
use super::sample::Sample;
use crate::error::{Error, Result};
use crate::linalg::norm::spectral_upper;
use crate::linalg::product::{abs, gemv, gemv_tr, magnitudes, norm2, times};
use crate::linalg::{Matrix, Vector};
use crate::maps::at_point::at_point;
use crate::maps::constants::{Constants, Dims};
use crate::maps::data::Data;
use crate::maps::linearization::{Linearization, Tie, Workspace};
use crate::maps::moduli::{Moduli, rows_norm, staircase};
use crate::maps::products::{Certified, Products};
use crate::maps::rounding::Rounding;
use crate::maps::structure::{Second, Structure, Units};
use crate::tol::{LIBM_ULPS, Roundoff, UNIT, gamma};

/// The data of a composed map Φ(w, λ) = G((A + Σ_l λ_l A_l)w + Bλ + c, λ).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Composed {
    /// u = (A + Σ_l λ_l A_l)w + Bλ + c; a mean has no channels.
    pub inner: NoiseModel,
    /// G: not a threshold, which belongs to a proximal gradient step.
    pub outer: Outer,
}

impl Composed {
    /// The mean of `model` behind `outer`.
    pub fn mean_of(model: &NoiseModel, outer: &Outer) -> Self {
        Self {
            inner: NoiseModel {
                channels: Vec::new(),
                ..model.clone()
            },
            outer: outer.clone(),
        }
    }
}

impl Data for Composed {
    fn dim(&self) -> usize {
        self.inner.dim()
    }

    fn validate(&self) -> Result<()> {
        let (d, m) = (self.inner.dim(), self.inner.params());
        self.inner.validate().map_err(|e| e.in_field("inner"))?;
        self.outer.validate(d, m).map_err(|e| e.in_field("outer"))?;
        if self.inner.channels.iter().any(|c| !c.is_silent()) {
            return Err(Error::input("a mean has no noise").in_field("inner.channels"));
        }
        if m == 0 {
            return Err(Error::input("needs at least one parameter").in_field("inner.B"));
        }
        match self.outer {
            Outer::Soft { .. } | Outer::FixedSoft { .. } | Outer::GroupSoft { .. } => Err(
                Error::input("a threshold stands behind a gradient step on a finite sum only")
                    .in_field("outer"),
            ),
            _ => Ok(()),
        }
    }

    fn prepare(&self) -> Arc<dyn Certified> {
        Arc::new(ComposedMap::new(self))
    }
}

impl Channel {
    fn is_silent(&self) -> bool {
        self.n.is_none() && self.m.is_none() && self.e.is_none()
    }
}

struct ComposedMap {
    structure: Structure,
    inner: NoiseModel,
    outer: Outer,
    /// lo and hi of every unit of a projection or a relu; none elsewhere.
    bounds: Option<[Vec<f64>; 2]>,
    /// β, and the Frobenius norm in its place.
    beta: [f64; 2],
    /// ‖V‖, ‖|V|‖, and the rows of V, rounded up.
    v_norm: f64,
    v_abs_norm: f64,
    v_rows: Vec<f64>,
    b_norm: f64,
    outer_b_norm: f64,
}

impl ComposedMap {
    fn new(data: &Composed) -> Self {
        let d = data.inner.dim();
        let bounds = match &data.outer {
            Outer::Box { lower, upper } => Some([lower.clone(), upper.clone()]),
            Outer::Nonnegative
            | Outer::Layer {
                activation: Activation::Relu,
                ..
            } => Some([vec![0.0; d], vec![f64::INFINITY; d]]),
            _ => None,
        };
        let up = 1.0 + gamma(d + 4);
        let (v_norm, v_abs_norm, v_rows, outer_b_norm) = match &data.outer {
            Outer::Layer { v, b, .. } => (
                spectral_upper(v),
                spectral_upper(&abs(v)),
                v.row_iter().map(|r| r.norm() * up).collect(),
                b.norm() * (1.0 + gamma(b.len() + 4)),
            ),
            _ => (1.0, 1.0, vec![1.0; d], 0.0),
        };
        let m = data.inner.params();
        let affine = bounds.is_some() || data.outer == Outer::Identity;
        let structure = Structure {
            units: match (&bounds, affine) {
                (Some(_), _) => Units::Slopes { lo: 0.0, hi: 1.0 },
                (None, true) => Units::None,
                (None, false) => Units::Smooth,
            },
            affine,
            affine_in: vec![affine && data.inner.bilinear.is_empty(); m],
            second: if data.inner.bilinear.is_empty() {
                Second::Constant
            } else {
                Second::Point
            },
            bounded: matches!(data.outer, Outer::Box { .. }),
            ..Structure::affine(m)
        };
        let frobenius = data.inner.bilinear.iter().map(|a| a.norm_squared());
        Self {
            structure,
            bounds,
            beta: [
                data.inner.bilinear_norm(),
                frobenius.sum::<f64>().sqrt() * up,
            ],
            v_norm,
            v_abs_norm,
            v_rows,
            b_norm: data.inner.b.norm() * (1.0 + gamma(data.inner.b.len() + 4)),
            outer_b_norm,
            inner: data.inner.clone(),
            outer: data.outer.clone(),
        }
    }

    fn is_tanh(&self) -> bool {
        self.bounds.is_none() && !matches!(self.outer, Outer::Identity)
    }

    /// Most roundings on the way to one unit, whatever the order of summation.
    fn roundings(&self) -> usize {
        let (d, m) = (self.inner.dim(), self.inner.params());
        (self.inner.bilinear.len() + 2) * (d + 2) + 2 * (m + 4)
    }

    /// ‖|A| + Σ|λ_l||A_l|‖.
    fn k_abs_norm(&self, lambda: &[f64]) -> f64 {
        let sum = lambda
            .iter()
            .zip(&self.inner.bilinear)
            .fold(abs(&self.inner.a), |s, (l, a)| s + abs(a) * l.abs());
        spectral_upper(&sum) * (1.0 + gamma(self.inner.bilinear.len() + 2))
    }

    /// VK.
    fn vk(&self, lambda: &[f64]) -> Matrix {
        let k = self.inner.mean_d1(lambda);
        match &self.outer {
            Outer::Layer { v, .. } => v * k,
            _ => k,
        }
    }

    /// |V|(|B||λ| + |c|) + |B'||λ| + |c'|.
    fn constant_units(&self, lambda: &[f64]) -> Vector {
        let lambda = magnitudes(lambda);
        let inner = times(&abs(&self.inner.b), &lambda) + self.inner.c.abs();
        match &self.outer {
            Outer::Layer { v, b, c, .. } => abs(v) * inner + times(&abs(b), &lambda) + c.abs(),
            _ => inner,
        }
    }

    /// out ← S V out, or (`transposed`) Vᵀ S out.
    fn outer(&self, lin: &Linearization, transposed: bool, out: &mut [f64]) {
        let mask = |out: &mut [f64]| {
            out.iter_mut().zip(&lin.slope).for_each(|(o, s)| *o *= s);
        };
        if transposed {
            mask(out);
        }
        if let Outer::Layer { v, .. } = &self.outer {
            let x = out.to_vec();
            if transposed {
                gemv_tr(1.0, v, &x, 0.0, out);
            } else {
                gemv(1.0, v, &x, 0.0, out);
            }
        }
        if !transposed {
            mask(out);
        }
    }

    /// S C(w) x.
    fn by_lambda(&self, lin: &Linearization, x: &[f64]) -> Vec<f64> {
        let mut out = vec![0.0; self.inner.dim()];
        self.inner.add_d2(&lin.w, Sample::Mean, x, &mut out);
        self.outer(lin, false, &mut out);
        if let Outer::Layer { b, .. } = &self.outer {
            let mut direct = vec![0.0; out.len()];
            gemv(1.0, b, x, 0.0, &mut direct);
            for (o, (v, s)) in out.iter_mut().zip(direct.iter().zip(&lin.slope)) {
                *o += s * v;
            }
        }
        out
    }

    /// What a rounded slope loses: s₀‖w‖ + s₁. Only tanh's are rounded.
    fn slope_rounding(&self, units: &[[f64; 2]]) -> [f64; 2] {
        if !self.is_tanh() {
            return [0.0, 0.0];
        }
        let worst = |k: usize| units.iter().fold(0.0f64, |top, u| top.max(u[k]));
        [
            Activation::CURVATURE * worst(0),
            Activation::CURVATURE * worst(1) + gamma(2 * LIBM_ULPS + 4),
        ]
    }
}

impl Products for ComposedMap {
    fn dims(&self) -> Dims {
        let d = self.inner.dim();
        Dims {
            w: d,
            lambda: self.inner.params(),
            units: if matches!(self.outer, Outer::Identity) {
                0
            } else {
                d
            },
        }
    }

    fn evaluate(&self, w: &[f64], lambda: &[f64], tie: &mut Tie<'_>, lin: &mut Linearization) {
        lin.signed = false;
        if matches!(self.outer, Outer::Identity) {
            self.inner.apply(w, lambda, Sample::Mean, &mut lin.value);
            return;
        }
        lin.inner.resize(w.len(), 0.0);
        self.inner.apply(w, lambda, Sample::Mean, &mut lin.inner);
        self.outer.units(&lin.inner, lambda, &mut lin.z);
        let Some([lo, hi]) = &self.bounds else {
            for (i, z) in lin.z.iter().enumerate() {
                let t = z.tanh();
                (lin.value[i], lin.slope[i]) = (t, 1.0 - t * t);
            }
            return;
        };
        for (i, &z) in lin.z.iter().enumerate() {
            let inside = (z - lo[i]).min(hi[i] - z);
            lin.margin[i] = inside.abs();
            // A NaN must come out as NaN, not as a bound.
            (lin.value[i], lin.slope[i]) = if z.is_nan() {
                (f64::NAN, f64::NAN)
            } else if inside > 0.0 {
                (z, 1.0)
            } else if inside < 0.0 {
                (if z < lo[i] { lo[i] } else { hi[i] }, 0.0)
            } else {
                (z, tie.weight(i))
            };
        }
    }

    fn jvp_w(&self, lin: &Linearization, x: &Matrix, out: &mut Matrix, _: &mut Workspace) {
        let d = self.inner.dim();
        out.fill(0.0);
        for (o, x) in out
            .as_mut_slice()
            .chunks_exact_mut(d)
            .zip(x.as_slice().chunks_exact(d))
        {
            self.inner.d1(&lin.lambda, Sample::Mean, x, false, o);
            if self.dims().units > 0 {
                self.outer(lin, false, o);
            }
        }
    }

    fn vjp_w(&self, lin: &Linearization, y: &[f64], out: &mut [f64], ws: &mut Workspace) {
        let t = ws.vector(y.len());
        t.copy_from_slice(y);
        if self.dims().units > 0 {
            self.outer(lin, true, t);
        }
        out.fill(0.0);
        self.inner.d1(&lin.lambda, Sample::Mean, t, true, out);
    }

    fn add_jvp_lambda(&self, lin: &Linearization, x: &Matrix, out: &mut Matrix, _: &mut Workspace) {
        for (k, mut column) in out.column_iter_mut().enumerate() {
            let x: Vec<f64> = x.column(k).iter().copied().collect();
            let moved = self.by_lambda(lin, &x);
            column.iter_mut().zip(moved).for_each(|(o, v)| *o += v);
        }
    }

    fn vjp_lambda(&self, lin: &Linearization, y: &[f64], out: &mut [f64], ws: &mut Workspace) {
        let t = ws.vector(y.len());
        t.copy_from_slice(y);
        out.fill(0.0);
        if let Outer::Layer { b, .. } = &self.outer {
            let masked: Vec<f64> = t.iter().zip(&lin.slope).map(|(v, s)| v * s).collect();
            gemv_tr(1.0, b, &masked, 0.0, out);
        }
        if self.dims().units > 0 {
            self.outer(lin, true, t);
        }
        self.inner.add_d2_tr(&lin.w, Sample::Mean, t, out);
    }
}

impl Certified for ComposedMap {
    fn structure(&self) -> &Structure {
        &self.structure
    }

    fn constants(&self, lambda: &[f64]) -> Constants {
        let q = self.inner.q(lambda);
        let up = 1.0 + gamma(16);
        let l2 = self.v_norm * self.beta[0] * up;
        if !self.is_tanh() {
            return Constants::with(q, 0.0, l2);
        }
        let row = self
            .unit_sensitivity(lambda)
            .into_iter()
            .fold(0.0, f64::max);
        let steepest = Activation::CURVATURE * row * up;
        Constants {
            q,
            l1: steepest * self.v_norm * q * up,
            l2: steepest * (self.v_norm * self.b_norm + self.outer_b_norm) * up + l2,
            l2_per_w: steepest * l2,
        }
    }

    fn moduli_at(&self, w: &[f64], lambda: &[f64], w_error: f64) -> Moduli {
        let dims = self.dims();
        let (mut lin, rounding, w_norm) = at_point(self, w, lambda, 1.0);
        let c = self.constants(lambda);
        let sensitivity = self.unit_sensitivity(lambda);
        let mut kinks = Vec::new();
        let radii: Vec<f64> = (0..dims.units)
            .map(|i| {
                let band = Rounding::at(rounding.units[i], w_norm) + sensitivity[i] * w_error;
                if lin.margin[i] <= band {
                    // Both slopes are in D_Φ already.
                    kinks.push(i);
                    lin.slope[i] = 1.0;
                    f64::INFINITY
                } else if sensitivity[i] == 0.0 || lin.margin[i].is_infinite() {
                    f64::INFINITY
                } else {
                    (lin.margin[i] - band) / sensitivity[i] * (1.0 - 4.0 * UNIT)
                }
            })
            .collect();
        // Entries of ∂₂Φ are computed, and w is known to within its error.
        let lost = [
            Rounding::at(rounding.push_w, w_norm),
            Rounding::at(rounding.push_lambda, w_norm) + c.l2_at(w_norm) * w_error,
        ];
        let second = |lin: &Linearization| {
            let (m, mut out) = (dims.lambda, Matrix::zeros(dims.w, dims.lambda));
            let unit = Matrix::identity(m, m);
            self.add_jvp_lambda(lin, &unit, &mut out, &mut Workspace::default());
            out
        };
        let d2_sup = spectral_upper(&second(&lin)) + lost[1];
        if self.bounds.is_none() {
            return Moduli {
                kinks,
                ..Moduli::smooth(c.l1, c.l2_at(w_norm + w_error), d2_sup)
            };
        }
        let vk = self.vk(lambda);
        let mut open = lin.clone();
        open.slope.fill(1.0);
        let all = second(&open);
        let stairs = staircase(&radii, |flips| {
            [
                rows_norm(&vk, flips) + lost[0],
                rows_norm(&all, flips) + lost[1],
            ]
        });
        Moduli {
            l: [c.l1, c.l2],
            m: stairs.last().map_or([0.0, 0.0], |s| s.jump),
            r: stairs.first().map_or(f64::INFINITY, |s| s.radius),
            r_attained: true,
            d2_sup,
            kinks,
            stairs,
        }
    }

    fn rounding(&self, lambda: &[f64], u: Roundoff) -> Rounding {
        // |σ(z)| ≤ |z| and |σ'| ≤ 1, so one factor covers both sums and σ.
        let terms = u.gamma(self.roundings() + LIBM_ULPS + 1);
        let k = self.k_abs_norm(lambda);
        let constant = self.constant_units(lambda);
        let whole = self.v_abs_norm * k;
        let units: Vec<[f64; 2]> = (0..self.dims().units)
            .map(|i| [terms * self.v_rows[i] * k, terms * constant[i]])
            .collect();
        let slope = self.slope_rounding(&units);
        let both = 1.0 + terms;
        let (by_w, by_one) = (
            self.v_abs_norm * self.beta[1],
            self.v_abs_norm * self.b_norm + self.outer_b_norm,
        );
        let rest = slope[1] * both + terms;
        Rounding {
            u,
            value: [terms * whole, terms * norm2(constant.as_slice())],
            push_w: [slope[0] * both * whole, rest * whole],
            push_lambda: [
                slope[0] * both * by_w,
                slope[0] * both * by_one + rest * by_w,
                rest * by_one,
            ],
            units,
        }
    }

    fn unit_sensitivity(&self, lambda: &[f64]) -> Vec<f64> {
        if self.dims().units == 0 {
            return Vec::new();
        }
        let lost = gamma(self.roundings()) * self.k_abs_norm(lambda);
        let up = 1.0 + gamma(self.inner.dim() + 4);
        self.vk(lambda)
            .row_iter()
            .zip(&self.v_rows)
            .map(|(row, v)| row.norm() * up + lost * v)
            .collect()
    }

    fn variation(&self, j: usize, lin: &Linearization) -> Option<Matrix> {
        // Column j of ∂₂Φ is S(V(B_j + A_j w) + B'_j).
        let mut out = self.inner.bilinear.get(j)?.clone();
        if self.dims().units > 0 {
            for column in out.as_mut_slice().chunks_exact_mut(lin.w.len()) {
                self.outer(lin, false, column);
            }
        }
        Some(out)
    }
}

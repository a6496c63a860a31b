//! The forward-backward step of an elastic-net regularised multiclass logistic regression whose
//! corrupted rows carry the noise λ = Γ (data poisoning, Section 7): Φ(W, Γ) = soft(T(W, Γ), θ)
//! with a fixed threshold θ = ηλ₁.
//!
//! ∂₁Φ = S∂₁T and ∂₂Φ = S∂₂T with S = diag(1{|T| > θ}); products as in [`Poisoned`]. Constants:
//! those of T, since ‖S‖ ≤ 1; a unit that changes side moves by its rows of ∂₁T and ∂₂T. Γ does not
//! enter the threshold, so that the two kinks of a unit have the same Jacobians outside.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::at_point::at_point;
use super::composite::{Poisoned, SOFTMAX_SECOND, SOFTMAX_THIRD, Sample};
use super::constants::{Constants, Dims};
use super::data::Data;
use super::linearization::{Linearization, Tie, Workspace};
use super::moduli::{Moduli, rows_norm, staircase};
use super::products::{Certified, Products};
use super::rounding::Rounding;
use super::structure::{Gradient, Role, Second, Structure, Units};
use crate::error::{Error, Result};
use crate::linalg::Matrix;
use crate::numerals::numbers;
use crate::tol::{Roundoff, UNIT};

/// Φ(W, Γ) = soft(T(W, Γ), θ), T the gradient step of a [`Poisoned`] regression. w = vec W (class
/// after class), λ = Γ (row after row).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Poisoning {
    /// T, the gradient step.
    pub inner: Poisoned,
    /// θ = ηλ₁ > 0, constant in Γ.
    #[serde(with = "numbers")]
    pub threshold: f64,
}

/// Entries up to which ∂₁T and ∂₂T are formed where a bound would do.
const DENSE: usize = 1 << 22;

impl Data for Poisoning {
    fn dim(&self) -> usize {
        self.inner.dim()
    }

    fn validate(&self) -> Result<()> {
        if self.inner.corrupted().is_empty() {
            let text = "needs at least one corrupted row";
            return Err(Error::input(text).in_field("inner.corrupted"));
        }
        if self.threshold > 0.0 && self.threshold.is_finite() {
            return Ok(());
        }
        let text = format!("must be positive and finite, got {}", self.threshold);
        Err(Error::input(text).in_field("threshold"))
    }

    fn prepare(&self) -> Arc<dyn Certified> {
        Arc::new(PoisoningMap::new(self.clone()))
    }

    fn with_step(&self, times: f64) -> Option<Self> {
        let t = &self.inner;
        Some(Self {
            inner: t.with(t.step() * times, t.ridge()).ok()?,
            threshold: self.threshold * times,
        })
    }
}

struct PoisoningMap {
    structure: Structure,
    data: Poisoning,
}

impl PoisoningMap {
    fn new(data: Poisoning) -> Self {
        let (d, m) = (data.inner.dim(), data.inner.params());
        Self {
            structure: Structure {
                units: Units::Curved,
                affine: false,
                lambda: vec![Role::Free; m],
                affine_in: vec![false; m],
                second: Second::Point,
                symmetric: Some((0..d).collect()),
                gradient: Some(Gradient {
                    step: data.inner.step(),
                    rows: data.inner.rows(),
                }),
                bounded: false,
            },
            data,
        }
    }

    fn t(&self) -> &Poisoned {
        &self.data.inner
    }

    /// v ← Sv in a buffer.
    fn masked<'a>(lin: &Linearization, v: &[f64], ws: &'a mut Workspace) -> &'a mut Vec<f64> {
        ws.masked.clear();
        ws.masked
            .extend(v.iter().zip(&lin.slope).map(|(v, s)| v * s));
        &mut ws.masked
    }
}

impl Products for PoisoningMap {
    fn dims(&self) -> Dims {
        Dims {
            w: self.t().dim(),
            lambda: self.t().params(),
            units: self.t().dim(),
        }
    }

    fn evaluate(&self, w: &[f64], lambda: &[f64], tie: &mut Tie<'_>, lin: &mut Linearization) {
        let t = self.t();
        // `curvature` holds the probabilities of all rows.
        lin.curvature.resize(t.rows() * t.classes(), 0.0);
        t.value(w, lambda, &mut lin.curvature, &mut lin.z);
        lin.soften(self.data.threshold, tie);
    }

    fn jvp_w(&self, lin: &Linearization, x: &Matrix, out: &mut Matrix, _: &mut Workspace) {
        let d = self.t().dim();
        let columns = x.as_slice().chunks_exact(d);
        for (x, out) in columns.zip(out.as_mut_slice().chunks_exact_mut(d)) {
            self.t().mean_d1(&lin.curvature, &lin.lambda, x, out);
            out.iter_mut().zip(&lin.slope).for_each(|(o, s)| *o *= s);
        }
    }

    fn vjp_w(&self, lin: &Linearization, y: &[f64], out: &mut [f64], ws: &mut Workspace) {
        // (S·∂₁T)ᵀy = ∂₁T(Sy), both symmetric.
        let masked = Self::masked(lin, y, ws);
        self.t().mean_d1(&lin.curvature, &lin.lambda, masked, out);
    }

    fn add_jvp_lambda(
        &self,
        lin: &Linearization,
        x: &Matrix,
        out: &mut Matrix,
        ws: &mut Workspace,
    ) {
        let (d, m) = (self.t().dim(), self.t().params());
        let columns = x.as_slice().chunks_exact(m);
        for (x, out) in columns.zip(out.as_mut_slice().chunks_exact_mut(d)) {
            let moved = ws.vector(d);
            moved.fill(0.0);
            self.t().add_d2(&lin.w, &lin.lambda, Sample::Mean, x, moved);
            let pairs = moved.iter().zip(&lin.slope);
            out.iter_mut()
                .zip(pairs)
                .for_each(|(o, (v, s))| *o += s * v);
        }
    }

    fn vjp_lambda(&self, lin: &Linearization, y: &[f64], out: &mut [f64], ws: &mut Workspace) {
        let masked = Self::masked(lin, y, ws);
        out.fill(0.0);
        self.t()
            .add_d2_tr(&lin.w, &lin.lambda, Sample::Mean, masked, out);
    }
}

impl Certified for PoisoningMap {
    fn structure(&self) -> &Structure {
        &self.structure
    }

    fn constants(&self, lambda: &[f64]) -> Constants {
        self.t().constants_with(&self.t().norms(lambda))
    }

    fn moduli_at(&self, w: &[f64], lambda: &[f64], w_error: f64) -> Moduli {
        let (t, norms) = (self.t(), self.t().norms(lambda));
        let c = t.constants_with(&norms);
        let (mut lin, rounding, w_norm) = at_point(self, w, lambda, 1.0);
        let (d, m) = (t.dim(), t.params());
        let mut kinks = Vec::new();
        let mut radii = Vec::with_capacity(d);
        for (i, unit) in rounding.units.iter().enumerate() {
            let band = Rounding::at(*unit, w_norm) + c.q * w_error;
            if lin.margin[i] <= band {
                // Both slopes are in D_Φ already, and beyond the other kink it is the same as here.
                kinks.push(i);
                lin.slope[i] = 1.0;
                radii.push(f64::INFINITY);
            } else {
                radii.push((lin.margin[i] - band) / c.q * (1.0 - 4.0 * UNIT));
            }
        }
        let lost = [
            Rounding::at(rounding.push_w, w_norm) + c.l1 * w_error,
            Rounding::at(rounding.push_lambda, w_norm) + c.l2_at(w_norm) * w_error,
        ];
        // Where the matrices would be too large their norms stand for those of their rows.
        let mut open = lin.clone();
        open.slope.fill(1.0);
        let first = (d * d <= DENSE).then(|| {
            let mut out = Matrix::zeros(d, d);
            let unit = Matrix::identity(d, d);
            self.jvp_w(&open, &unit, &mut out, &mut Workspace::default());
            out
        });
        let second = (d * m <= DENSE).then(|| t.d2_dense(w, lambda, Sample::Mean));
        let bound = t.second_bound(w, &norms);
        let rows = |matrix: &Option<Matrix>, flips: &[usize], bound: f64| match matrix {
            Some(matrix) => rows_norm(matrix, flips),
            None => bound,
        };
        let stairs = staircase(&radii, |flips| {
            [
                rows(&first, flips, c.q) + lost[0],
                rows(&second, flips, bound) + lost[1],
            ]
        });
        let active: Vec<usize> = (0..d).filter(|i| lin.slope[*i] != 0.0).collect();
        Moduli {
            l: [c.l1, c.l2_at(w_norm + w_error)],
            m: stairs.last().map_or([0.0, 0.0], |s| s.jump),
            r: stairs.first().map_or(f64::INFINITY, |s| s.radius),
            r_attained: false,
            d2_sup: rows(&second, &active, bound) + lost[1],
            kinks,
            stairs,
        }
    }

    fn rounding(&self, lambda: &[f64], u: Roundoff) -> Rounding {
        let (t, norms) = (self.t(), self.t().norms(lambda));
        let n = t.rows() as f64;
        let (d, eta) = (t.dim() as f64, t.step());
        let [terms, own] = t.roundings(u);
        let keep = 1.0 + eta * t.ridge();
        let h_abs = norms.all_abs * norms.all_abs / n;
        let per_weight = eta * norms.all_abs / n;
        let threshold = self.data.threshold;
        // ‖p_i - e_i‖ ≤ √2.
        let value = [
            terms * (keep + 2.0 * SOFTMAX_SECOND * eta * h_abs),
            per_weight * (terms * (2.0 * n).sqrt() + own * n.sqrt()) + terms * threshold * d.sqrt(),
        ];
        let q = t.constants_with(&norms).q;
        let push_w = [
            eta * h_abs * SOFTMAX_THIRD * terms * norms.row,
            terms * (keep + SOFTMAX_SECOND * eta * h_abs) + eta * h_abs * 4.0 * own + terms * q,
        ];
        let push_lambda = t.second_lost(&norms, u);
        let twice = value.map(|v| 2.0 * v);
        Rounding {
            u,
            value: twice,
            push_w,
            push_lambda,
            units: vec![twice; t.dim()],
        }
    }

    fn unit_sensitivity(&self, lambda: &[f64]) -> Vec<f64> {
        // ∂₁T varies with w: ‖∂₁T‖ ≤ q everywhere.
        vec![self.constants(lambda).q; self.t().dim()]
    }
}

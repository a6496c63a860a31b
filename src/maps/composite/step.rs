//! Φ(w, λ) = G(w - η(∇f(w) + λ₂w), ηλ₁): a gradient step on a loss, then a prox; η constant in λ =
//! (λ₁, λ₂).
//!
//! T(w) = w - η(∇f(w) + λ₂w), ∂₁T = (1-ηλ₂)I - (η/n)XᵀDX with D the curvatures of the loss (1, or
//! σ(1-σ) ≤ ¼). With u = T(w), θ = ηλ₁ and S = ∂_uG, a symmetric matrix with 0 ⪯ S ⪯ I:
//! - soft: S = diag(1{|u_i| > θ}), ∂₂Φ = [-ηS sign(u), -ηSw];
//! - box (clip(u - θ1, lo, hi)): S = diag(1{inside}), ∂₂Φ = [-ηS1, -ηSw];
//! - groups: S_g = (1-θ/r)(I-nnᵀ) + nnᵀ, r = ‖u_g‖ > θ, n = u_g/r, else 0; ∂₂Φ = [-ηSn, -ηSw].
//!
//! Constants. ∂₁T is Lipschitz with L_T = ηk₃ max‖x_i‖‖X‖²/n, k₃ = 1/(6√3) (logistic), 0
//! (quadratic). Soft and box: L_1 = L_T, L_2 = η. Groups: S = I - θ·∂(u/‖u‖) has Lipschitz constant
//! L_G = 2/(√3θ) and n has 1/θ on ‖u‖ ≥ θ (theory, section 8), so L_1 = L_G q² + L_T and L_2 at w
//! is η(q/θ + 1 + L_G q‖w‖). Jumps: rows of ∂₁T(w(λ)) that can change side; the new piece at u
//! differs from its rows at w(λ) by L_T‖u-w(λ)‖ at most, since ‖S‖ ≤ 1.

mod certified;

use std::ops::Range;

use super::loss::Loss;
use super::prox::Prox;
use crate::linalg::norm::{spectral_upper, symmetric_range};
use crate::linalg::product::{abs, dot, gemm_few, gemm_few_tr, gemv, gemv_tr, norm2};
use crate::linalg::{Matrix, Vector};
use crate::maps::constants::Dims;
use crate::maps::linearization::{Linearization, Tie, Workspace};
use crate::maps::products::Products;
use crate::maps::structure::Structure;
use crate::tol::{UNIT, gamma};

/// 2/√3, rounded up.
const TWO_OVER_ROOT_3: f64 = 1.154_700_538_379_252;

/// The prepared map.
pub(super) struct StepMap {
    structure: Structure,
    x: Matrix,
    y: Vector,
    step: f64,
    loss: Loss,
    prox: Shape,
    /// Bounds of every coordinate of a projection; empty elsewhere.
    lower: Vec<f64>,
    upper: Vec<f64>,
    /// The coordinates of every unit, and the weight ω of its threshold.
    units: Vec<(Range<usize>, f64)>,
    /// The unit of every coordinate.
    owner: Vec<usize>,
    /// Certified enclosure [μ, L] of the spectrum of ∇²f over all w.
    spectrum: (f64, f64),
    /// ‖|X|‖, rounded up.
    x_abs_norm: f64,
    /// max‖x_i‖ over the rows, rounded up.
    largest_row: f64,
    /// ‖X‖²/n, rounded up.
    h_norm: f64,
}

/// What happens to one unit.
#[derive(Clone, Copy, PartialEq)]
enum Shape {
    Soft,
    Group,
    Projection,
}

impl StepMap {
    /// X, y and η, validated.
    pub(super) fn new(
        (x, y, step): (&Matrix, &Vector, f64),
        loss: Loss,
        prox: &Prox,
        structure: Structure,
    ) -> Self {
        let (n, d) = x.shape();
        let [lower, upper] = prox.bounds(d).unwrap_or_default();
        let units = prox.units(d);
        let owner: Vec<usize> = units
            .iter()
            .enumerate()
            .flat_map(|(g, (range, _))| range.clone().map(move |_| g))
            .collect();
        let lost = gamma(n.max(d) + 3) * x.norm_squared() / n as f64;
        let top = spectral_upper(x);
        let h_norm = top * top / n as f64 * (1.0 + 4.0 * UNIT);
        let spectrum = match loss {
            Loss::Logistic => (0.0, loss.bounds().0 * h_norm),
            Loss::Quadratic if d <= n => {
                let (lo, hi) = symmetric_range(&(x.tr_mul(x) / n as f64));
                ((lo - lost).max(0.0), hi + lost)
            }
            Loss::Quadratic => (0.0, h_norm),
        };
        let up = 1.0 + gamma(d + 4);
        Self {
            x: x.clone(),
            y: y.clone(),
            structure,
            step,
            loss,
            lower,
            upper,
            prox: match *prox {
                Prox::Soft => Shape::Soft,
                Prox::Box { .. } | Prox::Intervals { .. } => Shape::Projection,
                Prox::Group { .. } | Prox::Groups { .. } => Shape::Group,
            },
            units,
            owner,
            spectrum,
            x_abs_norm: spectral_upper(&abs(x)),
            largest_row: x.row_iter().fold(0.0f64, |m, r| m.max(r.norm())) * up,
            h_norm,
        }
    }

    fn d(&self) -> usize {
        self.x.ncols()
    }

    /// Coordinates of unit g.
    fn group(&self, g: usize) -> Range<usize> {
        self.units[g].0.clone()
    }

    /// ηλ₁ω_g.
    fn threshold(&self, g: usize, lambda: &[f64]) -> f64 {
        self.step * lambda[0] * self.units[g].1
    }

    /// out ← ∂₁T·x for every column.
    fn inner(&self, lin: &Linearization, x: &Matrix, out: &mut Matrix, ws: &mut Workspace) {
        let n = self.x.nrows();
        let product = ws.matrix.shaped(n, x.ncols());
        gemm_few(1.0, &self.x, x, 0.0, product);
        for mut column in product.column_iter_mut() {
            column
                .iter_mut()
                .zip(&lin.curvature)
                .for_each(|(p, c)| *p *= c);
        }
        gemm_few_tr(-self.step / n as f64, &self.x, product, 0.0, out);
        let keep = 1.0 - self.step * lin.lambda[1];
        out.zip_apply(x, |o, v| *o += keep * v);
    }

    /// v ← S v.
    fn prox_jacobian(&self, lin: &Linearization, v: &mut [f64]) {
        self.spectral_prox(lin, v, |s| s);
    }

    /// v ← f(S) v for f with f(0) = 0, f(1) = 1 on groups; f is applied to the slopes of separable
    /// proxes.
    fn spectral_prox(&self, lin: &Linearization, v: &mut [f64], f: impl Fn(f64) -> f64) {
        let Shape::Group = self.prox else {
            v.iter_mut().zip(&lin.slope).for_each(|(v, s)| *v *= f(*s));
            return;
        };
        for (g, &slope) in lin.slope.iter().enumerate() {
            let range = self.group(g);
            let v = &mut v[range.clone()];
            if slope == 0.0 {
                v.fill(0.0);
                continue;
            }
            let (r, u) = (lin.z[g], &lin.inner[range]);
            let across = f(slope * (1.0 - self.threshold(g, &lin.lambda) / r).max(0.0));
            // f(S) = across·(I - nnᵀ) + f(slope)·nnᵀ.
            let along = (f(slope) - across) * dot(u, v) / (r * r);
            v.iter_mut()
                .zip(u)
                .for_each(|(v, u)| *v = across * *v + along * u);
        }
    }

    /// Column 1 of ∂₂Φ without the selection's mask: -η sign(u), -η1 or -ηn.
    fn threshold_direction(&self, lin: &Linearization, i: usize) -> f64 {
        match self.prox {
            Shape::Soft => -self.step * lin.z[i].signum(),
            Shape::Projection => -self.step * self.units[i].1,
            Shape::Group => {
                let g = self.owner[i];
                -self.step * self.units[g].1 * lin.inner[i] / lin.z[g]
            }
        }
    }

    /// ∂₂Φ (d×2).
    fn parameters(&self, lin: &Linearization) -> Matrix {
        let d = self.d();
        let mut second: Vec<f64> = lin.w.iter().map(|w| -self.step * w).collect();
        self.prox_jacobian(lin, &mut second);
        Matrix::from_fn(d, 2, |i, j| {
            if j == 1 {
                return second[i];
            }
            let slope = lin.slope[self.owner[i]];
            if slope == 0.0 {
                0.0
            } else {
                slope * self.threshold_direction(lin, i)
            }
        })
    }
}

impl Products for StepMap {
    fn dims(&self) -> Dims {
        let d = self.d();
        Dims {
            w: d,
            lambda: 2,
            units: self.units.len(),
        }
    }

    fn evaluate(&self, w: &[f64], lambda: &[f64], tie: &mut Tie<'_>, lin: &mut Linearization) {
        let (n, d, eta) = (self.x.nrows(), self.d(), self.step);
        lin.curvature.resize(n, 1.0);
        lin.inner.resize(d, 0.0);
        let mut ws = std::mem::take(&mut lin.workspace);
        let weights = ws.vector(n);
        // `curvature` first holds Xw.
        gemv(1.0, &self.x, w, 0.0, &mut lin.curvature);
        for ((c, g), y) in lin
            .curvature
            .iter_mut()
            .zip(weights.iter_mut())
            .zip(self.y.iter())
        {
            (*c, *g) = (self.loss.curvature(*c), self.loss.slope(*y, *c));
        }
        gemv_tr(1.0 / n as f64, &self.x, weights, 0.0, &mut lin.inner);
        lin.workspace = ws;
        for (u, w) in lin.inner.iter_mut().zip(w) {
            *u = w - eta * (*u + lambda[1] * w);
        }
        lin.signed = self.prox == Shape::Soft;
        for g in 0..lin.z.len() {
            let (range, threshold) = (self.group(g), self.threshold(g, lambda));
            // Distance inside the region where the prox moves, and the input shown.
            let (z, inside) = match self.prox {
                Shape::Soft => (lin.inner[g], lin.inner[g].abs() - threshold),
                Shape::Projection => {
                    let [lo, hi] = [self.lower[g], self.upper[g]];
                    let z = lin.inner[g] - threshold;
                    (z, (z - lo).min(hi - z))
                }
                Shape::Group => {
                    let r = norm2(&lin.inner[range.clone()]);
                    (r, r - threshold)
                }
            };
            lin.z[g] = z;
            lin.margin[g] = inside.abs();
            lin.slope[g] = if z.is_nan() {
                f64::NAN
            } else if inside > 0.0 {
                1.0
            } else if inside < 0.0 {
                0.0
            } else {
                tie.weight(g)
            };
            let outside = match self.prox {
                Shape::Projection => {
                    if z < self.lower[g] {
                        self.lower[g]
                    } else {
                        self.upper[g]
                    }
                }
                _ => 0.0,
            };
            for i in range {
                lin.value[i] = if z.is_nan() {
                    f64::NAN
                } else if inside <= 0.0 {
                    match self.prox {
                        Shape::Projection if inside == 0.0 => z,
                        _ => outside,
                    }
                } else {
                    match self.prox {
                        Shape::Soft => inside.copysign(z),
                        Shape::Projection => z,
                        Shape::Group => inside / z * lin.inner[i],
                    }
                };
            }
        }
    }

    fn jvp_w(&self, lin: &Linearization, x: &Matrix, out: &mut Matrix, ws: &mut Workspace) {
        self.inner(lin, x, out, ws);
        for mut column in out.column_iter_mut() {
            self.prox_jacobian(lin, column.as_mut_slice());
        }
    }

    fn vjp_w(&self, lin: &Linearization, y: &[f64], out: &mut [f64], ws: &mut Workspace) {
        // (S·∂₁T)ᵀy = ∂₁T(Sy), both symmetric.
        let mut masked = std::mem::take(&mut ws.masked);
        masked.clear();
        masked.extend_from_slice(y);
        self.prox_jacobian(lin, &mut masked);
        let n = self.x.nrows();
        let product = ws.vector(n);
        gemv(1.0, &self.x, &masked, 0.0, product);
        product
            .iter_mut()
            .zip(&lin.curvature)
            .for_each(|(p, c)| *p *= c);
        gemv_tr(-self.step / n as f64, &self.x, product, 0.0, out);
        let keep = 1.0 - self.step * lin.lambda[1];
        out.iter_mut()
            .zip(&masked)
            .for_each(|(o, v)| *o += keep * v);
        ws.masked = masked;
    }

    fn add_jvp_lambda(&self, lin: &Linearization, x: &Matrix, out: &mut Matrix, _: &mut Workspace) {
        *out += self.parameters(lin) * x;
    }

    fn push_forward(&self, lin: &Linearization, d: &Matrix, out: &mut Matrix, ws: &mut Workspace) {
        self.jvp_w(lin, d, out, ws);
        *out += self.parameters(lin);
    }

    fn vjp_lambda(&self, lin: &Linearization, y: &[f64], out: &mut [f64], _: &mut Workspace) {
        let p = self.parameters(lin);
        out[0] = dot(p.column(0).as_slice(), y);
        out[1] = dot(p.column(1).as_slice(), y);
    }
}

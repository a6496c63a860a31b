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

use std::ops::Range;

use super::loss::Loss;
use super::prox::Prox;
use crate::linalg::norm::{spectral_upper, symmetric_range};
use crate::linalg::product::{abs, dot, gemm_few, gemm_few_tr, gemv, gemv_tr, norm2};
use crate::linalg::{Matrix, Vector};
use crate::maps::constants::{Constants, Dims};
use crate::maps::linearization::{Linearization, Tie, Workspace};
use crate::maps::moduli::{Moduli, rows_norm, staircase};
use crate::maps::products::{Certified, Products};
use crate::maps::rounding::Rounding;
use crate::maps::structure::Structure;
use crate::tol::{LIBM_ULPS, Roundoff, UNIT, gamma};

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

    /// min ηλ₁ω_g.
    fn least_threshold(&self, lambda: &[f64]) -> f64 {
        let all = (0..self.units.len()).map(|g| self.threshold(g, lambda));
        all.fold(f64::INFINITY, f64::min)
    }

    /// L_G and the Lipschitz constant of column 1 per ‖u - u'‖.
    fn prox_lipschitz(&self, lambda: &[f64]) -> (f64, f64) {
        match self.prox {
            Shape::Group => {
                let up = 1.0 + gamma(6);
                (
                    TWO_OVER_ROOT_3 / self.least_threshold(lambda) * up,
                    1.0 / lambda[0] * up,
                )
            }
            _ => (0.0, 0.0),
        }
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

impl Certified for StepMap {
    fn structure(&self) -> &Structure {
        &self.structure
    }

    fn scale_by_root(&self, lin: &Linearization, inverse: bool, v: &mut [f64]) {
        self.spectral_prox(lin, v, |s| {
            if s == 0.0 {
                0.0
            } else if inverse {
                1.0 / s.sqrt()
            } else {
                s.sqrt()
            }
        });
    }

    fn constants(&self, lambda: &[f64]) -> Constants {
        let (mu, l) = self.spectrum;
        let at = |h: f64| (1.0 - self.step * (h + lambda[1])).abs();
        // Three roundings in 1 - η(h+λ₂), none larger than the terms.
        let rounding = 4.0 * UNIT * (1.0 + self.step * (l + lambda[1]));
        let q = at(mu).max(at(l)) + rounding;
        let up = 1.0 + gamma(8);
        let (_, third) = self.loss.bounds();
        let inner = self.step * third * self.largest_row * self.h_norm * up;
        let (lg, ln) = self.prox_lipschitz(lambda);
        Constants {
            q,
            l1: (lg * q * q + inner) * up,
            // Two columns: their constants add at most.
            l2: (ln * q + self.step) * up,
            l2_per_w: self.step * lg * q * up,
        }
    }

    fn moduli_at(&self, w: &[f64], lambda: &[f64], w_error: f64) -> Moduli {
        let (d, eta) = (self.d(), self.step);
        let dims = self.dims();
        let mut lin = Linearization::new(dims);
        lin.w.copy_from_slice(w);
        lin.lambda.copy_from_slice(lambda);
        self.evaluate(w, lambda, &mut Tie::Weight(1.0), &mut lin);
        let c = self.constants(lambda);
        let sensitivity = self.unit_sensitivity(lambda);
        let rounding = self.rounding(lambda, Roundoff::DOUBLE);
        let w_norm = norm2(w);
        let mut kinks = Vec::new();
        let mut radii = Vec::with_capacity(dims.units);
        for (g, reach) in sensitivity.iter().enumerate() {
            let band = Rounding::at(rounding.units[g], w_norm) + reach * w_error;
            let at_kink = lin.margin[g] <= band;
            if at_kink {
                kinks.push(g);
                lin.slope[g] = 1.0;
            }
            // A soft threshold at its kink has another one on the other side; the others have both
            // pieces in D_Φ.
            let distance = match self.prox {
                Shape::Soft if at_kink => 2.0 * eta * lambda[0],
                _ if at_kink => f64::INFINITY,
                _ => lin.margin[g],
            };
            radii.push((distance - band).max(0.0) / reach * (1.0 - 4.0 * UNIT));
        }
        let (_, third) = self.loss.bounds();
        let inner_lipschitz = eta * third * self.largest_row * self.h_norm * (1.0 + gamma(8));
        let mut ws = Workspace::default();
        let mut at_w = Matrix::zeros(d, d);
        self.inner(&lin, &Matrix::identity(d, d), &mut at_w, &mut ws);
        let lost = Rounding::at(rounding.push_w, w_norm) + inner_lipschitz * w_error;
        let is_kink = |g: &usize| kinks.binary_search(g).is_ok();
        let stairs = staircase(&radii, |flips| {
            let off: Vec<usize> = flips.iter().copied().filter(|g| !is_kink(g)).collect();
            // From the other kink of a soft threshold, as in the elastic net; 1 at w(λ), where the
            // group is 0.
            let on: f64 = flips
                .iter()
                .filter(|g| is_kink(g))
                .map(|&g| (1.0 + (norm2(&w[self.group(g)]) + w_error).powi(2)).min(4.0))
                .sum();
            let rows: Vec<usize> = off.iter().flat_map(|&g| self.group(g)).collect();
            let sum: f64 = off
                .iter()
                .map(|&g| {
                    let size = norm2(&w[self.group(g)]) + w_error;
                    let either = self.units[g].1.powi(2) + size * size;
                    if self.prox == Shape::Soft {
                        either.max(4.0)
                    } else {
                        either
                    }
                })
                .sum();
            [
                rows_norm(&at_w, &rows) + lost,
                eta * (sum + on).sqrt() * (1.0 + gamma(d + 4)),
            ]
        });
        let d2 = self.parameters(&lin);
        Moduli {
            l: [c.l1, c.l2_at(w_norm + w_error)],
            m: stairs.last().map_or([0.0, 0.0], |s| s.jump),
            r: stairs.first().map_or(f64::INFINITY, |s| s.radius),
            r_attained: self.loss == Loss::Quadratic && self.prox != Shape::Group,
            d2_sup: spectral_upper(&d2) * (1.0 + gamma(8))
                + c.l2_at(w_norm) * w_error
                + Rounding::at(rounding.push_lambda, w_norm),
            kinks,
            stairs,
        }
    }

    fn rounding(&self, lambda: &[f64], u: Roundoff) -> Rounding {
        let (n, d, eta) = (self.x.nrows(), self.d(), self.step);
        // Norms of groups sum once more.
        let terms = 2.0 * u.gamma(n + d + 12);
        let (bend, third) = self.loss.bounds();
        let libm = u.gamma(2 * LIBM_ULPS + 8);
        let keep = 1.0 + eta * lambda[1];
        let h_abs = self.x_abs_norm * self.x_abs_norm / n as f64;
        // ‖∇f's weights‖ and what they lose: those of the quadratic loss are X w - y, of the
        // logistic one at most 1 each.
        let (weights, weights_lost) = match self.loss {
            Loss::Quadratic => (self.y.norm(), 0.0),
            Loss::Logistic => ((n as f64).sqrt(), libm * (n as f64).sqrt()),
        };
        let per_weight = eta * self.x_abs_norm / n as f64;
        let heaviest = self.units.iter().fold(1.0f64, |m, u| m.max(u.1));
        let threshold = eta * lambda[0] * heaviest;
        let value = [
            terms * (keep + 2.0 * eta * h_abs),
            per_weight * (terms * weights + weights_lost) + terms * threshold * (d as f64).sqrt(),
        ];
        let c = self.constants(lambda);
        let (lg, ln) = self.prox_lipschitz(lambda);
        // S is applied in a few operations, to what lost `value`, and curvatures lose by their
        // argument.
        let few = u.gamma(d + 16);
        let push_w = [
            eta * h_abs * third * terms * self.largest_row + lg * value[0] * c.q,
            terms * (keep + bend * eta * h_abs)
                + eta * h_abs * bend * libm
                + few * c.q
                + lg * value[1] * c.q,
        ];
        let push_lambda = [
            eta * lg * value[0],
            eta * (few + lg * value[1] + ln / eta * value[0]),
            eta * heaviest * few * (d as f64).sqrt() + ln * value[1],
        ];
        let units = (0..self.dims().units)
            .map(|_| [2.0 * value[0], 2.0 * value[1]])
            .collect();
        Rounding {
            u,
            value: [2.0 * value[0], 2.0 * value[1]],
            push_w,
            push_lambda,
            units,
        }
    }

    fn unit_sensitivity(&self, lambda: &[f64]) -> Vec<f64> {
        let d = self.d();
        let units = self.dims().units;
        let q = self.constants(lambda).q;
        if self.loss == Loss::Logistic {
            // ∂₁T varies with w: ‖∂₁T‖ ≤ q everywhere.
            return vec![q; units];
        }
        let mut a = self.x.tr_mul(&self.x) * (-self.step / self.x.nrows() as f64);
        for i in 0..d {
            a[(i, i)] += 1.0 - self.step * lambda[1];
        }
        let lost = gamma(self.x.nrows() + 6) * (1.0 + self.step * self.h_norm * (d as f64).sqrt());
        (0..units)
            .map(|g| {
                let rows: Vec<usize> = self.group(g).collect();
                let norm = if rows.len() == 1 {
                    a.row(rows[0]).norm() * (1.0 + gamma(d + 4))
                } else {
                    rows_norm(&a, &rows)
                };
                norm + lost * (rows.len() as f64).sqrt()
            })
            .collect()
    }

    fn variation(&self, j: usize, lin: &Linearization) -> Option<Matrix> {
        // Column 2 of ∂₂Φ is -ηSw.
        (j == 1)
            .then(|| Matrix::from_diagonal(&(Vector::from_column_slice(&lin.slope) * -self.step)))
    }
}

//! NSID and SID as written, in double-double arithmetic from the data, with the rounding floor of a
//! correct binary64 implementation beside them.
//!
//! Owns the naive products of Φ = G∘E T̂ for given minibatches. Uses the data of a map only, never its
//! fast products.
//!
//! **Floor.** With M_i = (1-η_i)I + η_i∂₁T̂_iᵀΓ₁ᵀ, an error f_i of v_i becomes at most ‖M_i‖f_i + l_i. The local
//! defect l_i bounds every order of summation: γ_p times the sum of the moduli of all terms, p the number of
//! roundings on the longest path, plus what errors of Γ₁ (only where G is not piecewise affine) contribute.
//! It holds while no unit of G is within its own rounding of a kink; beyond that the run is in doubt.

use super::scalar::Scalar;
use crate::linalg::norm::spectral_upper;
use crate::linalg::product::norm2;
use crate::linalg::{Dd, Matrix};
use crate::maps::stochastic::{Inner, Loss, Outer, OuterActivation, StochasticMap};
use crate::tol::{LIBM_ULPS, UNIT, gamma};

/// max |tanh''|.
const TANH_CURVATURE: f64 = 0.769_800_358_919_501;

/// What NSID or SID is asked for, with all randomness given.
#[derive(Clone, Debug)]
pub struct Given<'a> {
    /// Φ.
    pub map: &'a StochasticMap,
    /// λ (m).
    pub lambda: &'a [f64],
    /// w (d).
    pub w: &'a [f64],
    /// y (d).
    pub y: &'a [f64],
    /// The J minibatches ξ⁽¹⁾.
    pub inner: Vec<&'a [usize]>,
    /// The minibatches ξ⁽²⁾_i.
    pub samples: Vec<&'a [usize]>,
    /// η_i.
    pub eta: &'a [f64],
    /// Numbers of updates after which r is wanted.
    pub steps: &'a [usize],
    /// SID instead of NSID.
    pub sid: bool,
}

/// The exact estimates.
#[derive(Clone, Debug)]
pub struct ExactRun {
    /// r after each of the steps wanted.
    pub estimates: Vec<Vec<Dd>>,
    /// Bound of ‖fl(r) - r‖ for each.
    pub floor: Vec<f64>,
    /// Number of leading entries that can be compared: a mask beyond is within rounding of its kink.
    pub comparable: usize,
}

/// Γ at one point.
struct Slopes {
    slope: Vec<Dd>,
    dir: Vec<Dd>,
    /// Bounds of ‖fl(Γ₁) - Γ₁‖ and ‖fl(Γ₂) - Γ₂‖.
    lost: [f64; 2],
    /// A unit is within rounding of a kink.
    doubt: bool,
}

fn exact(x: f64) -> Dd {
    Dd::from(x)
}

fn dot(a: &[f64], b: &[Dd]) -> Dd {
    a.iter()
        .zip(b)
        .fold(Dd::ZERO, |s, (x, y)| s + exact(*x) * *y)
}

fn add_product(out: &mut [Dd], c: Dd, a: &Matrix, x: &[Dd], transposed: bool) {
    for (j, column) in a.column_iter().enumerate() {
        for (i, v) in column.iter().enumerate() {
            let (row, col) = if transposed { (j, i) } else { (i, j) };
            out[row] += c * exact(*v) * x[col];
        }
    }
}

fn lift(x: &[f64]) -> Vec<Dd> {
    x.iter().map(|v| exact(*v)).collect()
}

/// The mean of sign k over a minibatch, exactly.
fn sign(batch: &[usize], k: usize) -> Dd {
    let plus = batch.iter().filter(|i| (*i >> k) & 1 == 1).count();
    exact(2.0 * plus as f64 - batch.len() as f64) / exact(batch.len() as f64)
}

impl Given<'_> {
    /// (ℓ', ℓ'') of row i at w.
    fn loss(&self, f: &crate::maps::stochastic::FiniteSum, i: usize, w: &[Dd]) -> (Dd, Dd) {
        let score = dot(f.row(i), w);
        let y = exact(f.target(i));
        match f.loss() {
            Loss::Squared => (score - y, Dd::ONE),
            Loss::Logistic => {
                // σ(s) = (1 + tanh(s/2))/2, so ℓ' = -y(1 - tanh(ys/2))/2 and ℓ'' = (1 - tanh²(s/2))/4.
                let half = exact(0.5);
                let t = Scalar::tanh(&(y * score * half)).unwrap_or(Dd::ZERO);
                (-(y * half * (Dd::ONE - t)), (Dd::ONE - t * t) * exact(0.25))
            }
        }
    }

    /// T̂(w, λ, batch).
    fn value(&self, batch: &[usize]) -> Vec<Dd> {
        let w = lift(self.w);
        match self.map.inner() {
            Inner::FiniteSum(f) => {
                let eta = exact(f.eta());
                let shrink = Dd::ONE - eta * exact(self.lambda[1]);
                let mut out: Vec<Dd> = w.iter().map(|v| shrink * *v).collect();
                let c = eta / exact(batch.len() as f64);
                for i in batch {
                    let slope = self.loss(f, *i, &w).0;
                    for (o, x) in out.iter_mut().zip(f.row(*i)) {
                        *o -= c * slope * exact(*x);
                    }
                }
                out
            }
            Inner::Noise(f) => {
                let lambda = lift(self.lambda);
                let mut out = lift(f.c.as_slice());
                add_product(&mut out, Dd::ONE, &f.a, &w, false);
                for (l, a) in lambda.iter().zip(&f.bilinear) {
                    add_product(&mut out, *l, a, &w, false);
                }
                add_product(&mut out, Dd::ONE, &f.b, &lambda, false);
                for (k, c) in f.channels.iter().enumerate() {
                    let xi = sign(batch, k);
                    if let Some(n) = &c.n {
                        add_product(&mut out, xi, n, &w, false);
                    }
                    if let Some(m) = &c.m {
                        add_product(&mut out, xi, m, &lambda, false);
                    }
                    if let Some(e) = &c.e {
                        out.iter_mut()
                            .zip(e.iter())
                            .for_each(|(o, v)| *o += xi * exact(*v));
                    }
                }
                out
            }
        }
    }

    /// ∂₁T̂ᵀ g.
    fn push(&self, batch: &[usize], g: &[Dd]) -> Vec<Dd> {
        match self.map.inner() {
            Inner::FiniteSum(f) => {
                let w = lift(self.w);
                let eta = exact(f.eta());
                let shrink = Dd::ONE - eta * exact(self.lambda[1]);
                let mut out: Vec<Dd> = g.iter().map(|v| shrink * *v).collect();
                let c = eta / exact(batch.len() as f64);
                for i in batch {
                    let t = c * self.loss(f, *i, &w).1 * dot(f.row(*i), g);
                    for (o, x) in out.iter_mut().zip(f.row(*i)) {
                        *o -= t * exact(*x);
                    }
                }
                out
            }
            Inner::Noise(f) => {
                let mut out = vec![Dd::ZERO; g.len()];
                add_product(&mut out, Dd::ONE, &f.a, g, true);
                for (l, a) in self.lambda.iter().zip(&f.bilinear) {
                    add_product(&mut out, exact(*l), a, g, true);
                }
                for (k, c) in f.channels.iter().enumerate() {
                    if let Some(n) = &c.n {
                        add_product(&mut out, sign(batch, k), n, g, true);
                    }
                }
                out
            }
        }
    }

    /// ∂₂T̂ᵀ g.
    fn push_lambda(&self, batch: &[usize], g: &[Dd]) -> Vec<Dd> {
        match self.map.inner() {
            Inner::FiniteSum(f) => vec![Dd::ZERO, -(exact(f.eta()) * dot(self.w, g))],
            Inner::Noise(f) => {
                let mut out = vec![Dd::ZERO; self.lambda.len()];
                add_product(&mut out, Dd::ONE, &f.b, g, true);
                let w = lift(self.w);
                for (o, a) in out.iter_mut().zip(&f.bilinear) {
                    let mut aw = vec![Dd::ZERO; w.len()];
                    add_product(&mut aw, Dd::ONE, a, &w, false);
                    *o += aw.iter().zip(g).fold(Dd::ZERO, |s, (x, y)| s + *x * *y);
                }
                for (k, c) in f.channels.iter().enumerate() {
                    if let Some(m) = &c.m {
                        add_product(&mut out, sign(batch, k), m, g, true);
                    }
                }
                out
            }
        }
    }

    /// Γ at u; `lost_u` bounds the rounding of u in binary64.
    fn slopes(&self, u: &[Dd], lost_u: f64) -> Slopes {
        let d = u.len();
        let (mut slope, mut dir) = (vec![Dd::ONE; d], vec![Dd::ZERO; d]);
        let mut margin = f64::INFINITY;
        let mut lost = [0.0, 0.0];
        let mut lost_units = lost_u;
        let on = |b: bool| if b { Dd::ONE } else { Dd::ZERO };
        match self.map.outer() {
            Outer::Identity => {}
            Outer::Soft { eta } => {
                let t = exact(*eta) * exact(self.lambda[0]);
                for i in 0..d {
                    let gap = u[i].abs() - t;
                    margin = margin.min(gap.hi().abs());
                    slope[i] = on(gap > Dd::ZERO);
                    let s = if u[i] < Dd::ZERO {
                        exact(-1.0)
                    } else {
                        Dd::ONE
                    };
                    dir[i] = -(exact(*eta) * s * slope[i]);
                }
                lost_units += 2.0 * UNIT * t.hi();
            }
            Outer::GroupSoft {
                eta,
                groups,
                weights,
            } => {
                let mut least = f64::INFINITY;
                for (g, weight) in groups.iter().zip(weights) {
                    let r = u[g.clone()]
                        .iter()
                        .fold(Dd::ZERO, |s, v| s + *v * *v)
                        .sqrt();
                    let t = exact(*eta) * exact(self.lambda[0]) * exact(*weight);
                    margin = margin.min((r - t).hi().abs());
                    lost_units = lost_units.max(lost_u + gamma(d + 8) * (r.hi() + t.hi()));
                    let active = r > t;
                    if active {
                        least = least.min(r.hi());
                    }
                    for i in g.clone() {
                        slope[i] = if active { Dd::ONE - t / r } else { Dd::ZERO };
                        dir[i] = if active { u[i] / r } else { Dd::ZERO };
                    }
                }
                // a = 1-τ/r moves by at most δ/r, the unit vector by 2δ/r.
                let moved = if least.is_finite() {
                    lost_u / least
                } else {
                    0.0
                };
                lost[0] = 6.0 * moved + gamma(4 * d + 32);
                let total = weights.iter().map(|w| w * w).sum::<f64>().sqrt();
                lost[1] = eta * total * (2.0 * moved + gamma(d + 16));
            }
            Outer::Box { lower, upper } => {
                for i in 0..d {
                    let (a, b) = (u[i] - exact(lower[i]), exact(upper[i]) - u[i]);
                    margin = margin.min(a.hi().abs()).min(b.hi().abs());
                    slope[i] = on(a > Dd::ZERO && b > Dd::ZERO);
                }
            }
            Outer::Nonnegative => {
                for i in 0..d {
                    margin = margin.min(u[i].hi().abs());
                    slope[i] = on(u[i] > Dd::ZERO);
                }
            }
            Outer::Layer {
                v,
                b,
                c,
                activation,
            } => {
                let mut z = lift(c.as_slice());
                add_product(&mut z, Dd::ONE, v, u, false);
                add_product(&mut z, Dd::ONE, b, &lift(self.lambda), false);
                let size = v.norm() * norm_of(u) + b.norm() * norm2(self.lambda) + c.norm();
                lost_units = lost_u + gamma(d + self.lambda.len() + 8) * size;
                for i in 0..d {
                    match activation {
                        OuterActivation::Relu => {
                            margin = margin.min(z[i].hi().abs());
                            slope[i] = on(z[i] > Dd::ZERO);
                        }
                        OuterActivation::Tanh => {
                            let t = Scalar::tanh(&z[i]).unwrap_or(Dd::ZERO);
                            slope[i] = Dd::ONE - t * t;
                        }
                    }
                }
                if *activation == OuterActivation::Tanh {
                    let s = TANH_CURVATURE * lost_units + gamma(2 * LIBM_ULPS + 8);
                    lost = [s * v.norm(), s * b.norm()];
                }
            }
        }
        Slopes {
            slope,
            dir,
            lost,
            doubt: margin <= lost_units,
        }
    }

    /// Γ₁ᵀ v.
    fn through(&self, g: &Slopes, v: &[Dd]) -> Vec<Dd> {
        match self.map.outer() {
            Outer::Identity => v.to_vec(),
            Outer::Soft { .. } | Outer::Box { .. } | Outer::Nonnegative => {
                g.slope.iter().zip(v).map(|(s, x)| *s * *x).collect()
            }
            Outer::GroupSoft { groups, .. } => {
                let mut out = vec![Dd::ZERO; v.len()];
                for group in groups {
                    let inner = group.clone().fold(Dd::ZERO, |s, i| s + g.dir[i] * v[i]);
                    for i in group.clone() {
                        let a = g.slope[i];
                        // Off groups have no direction and slope 0.
                        out[i] = a * v[i] + (Dd::ONE - a) * inner * g.dir[i];
                    }
                }
                out
            }
            Outer::Layer { v: matrix, .. } => {
                let s: Vec<Dd> = g.slope.iter().zip(v).map(|(s, x)| *s * *x).collect();
                let mut out = vec![Dd::ZERO; v.len()];
                add_product(&mut out, Dd::ONE, matrix, &s, true);
                out
            }
        }
    }

    /// Γ₂ᵀ v.
    fn through_lambda(&self, g: &Slopes, v: &[Dd]) -> Vec<Dd> {
        let mut out = vec![Dd::ZERO; self.lambda.len()];
        match self.map.outer() {
            Outer::Soft { .. } => {
                out[0] = g.dir.iter().zip(v).fold(Dd::ZERO, |s, (a, x)| s + *a * *x);
            }
            Outer::GroupSoft {
                eta,
                groups,
                weights,
            } => {
                for (group, weight) in groups.iter().zip(weights) {
                    let inner = group.clone().fold(Dd::ZERO, |s, i| s + g.dir[i] * v[i]);
                    out[0] -= exact(*eta) * exact(*weight) * inner;
                }
            }
            Outer::Layer { b, .. } => {
                let s: Vec<Dd> = g.slope.iter().zip(v).map(|(s, x)| *s * *x).collect();
                add_product(&mut out, Dd::ONE, b, &s, true);
            }
            _ => {}
        }
        out
    }

    fn sizes(&self) -> Sizes {
        let w = norm2(self.w);
        let (value, push, lambda) = match self.map.inner() {
            Inner::FiniteSum(f) => {
                let (mut slope, mut square) = (0.0f64, 0.0f64);
                let mut used: Vec<usize> =
                    self.inner.iter().flat_map(|b| b.iter().copied()).collect();
                used.extend(self.samples.iter().flat_map(|b| b.iter().copied()));
                for i in used {
                    let x = norm2(f.row(i));
                    slope = slope.max(x * (x * w + f.target(i).abs()));
                    // An error δ of a logistic score moves its curvature by at most δ relatively.
                    square = square.max(x * x * (1.0 + x * w));
                }
                let ridge = 1.0 + f.eta() * self.lambda[1];
                (
                    w * ridge + f.eta() * slope,
                    ridge + f.eta() * square,
                    f.eta() * w,
                )
            }
            Inner::Noise(f) => {
                let part = |m: &Option<Matrix>| m.as_ref().map_or(0.0, |m| m.norm());
                let n: f64 = f.channels.iter().map(|c| part(&c.n)).sum();
                let m: f64 = f.channels.iter().map(|c| part(&c.m)).sum();
                let e: f64 = f
                    .channels
                    .iter()
                    .filter_map(|c| c.e.as_ref())
                    .map(|e| e.norm())
                    .sum();
                let bilinear: f64 = f.bilinear.iter().map(|a| a.norm()).sum();
                let weighted: f64 = self
                    .lambda
                    .iter()
                    .zip(&f.bilinear)
                    .map(|(l, a)| l.abs() * a.norm())
                    .sum();
                let push = f.a.norm() + weighted + n;
                (
                    push * w + (f.b.norm() + m) * norm2(self.lambda) + f.c.norm() + e,
                    push,
                    f.b.norm() + bilinear * w + m,
                )
            }
        };
        let d = self.w.len() as f64;
        let (outer, outer_lambda) = match self.map.outer() {
            Outer::Identity | Outer::Box { .. } | Outer::Nonnegative => (1.0, 0.0),
            Outer::Soft { eta } => (1.0, eta * d.sqrt()),
            Outer::GroupSoft { eta, weights, .. } => {
                (3.0, eta * weights.iter().map(|w| w * w).sum::<f64>().sqrt())
            }
            Outer::Layer { v, b, .. } => (v.norm(), b.norm()),
        };
        let batch = self.samples.first().map_or(1, |b| b.len());
        let inner: usize = self.inner.iter().map(|b| b.len()).sum();
        Sizes {
            value,
            push,
            lambda,
            outer,
            outer_lambda,
            roundings: 4 * self.w.len()
                + 2 * self.lambda.len()
                + batch
                + inner
                + self.inner.len()
                + 8 * LIBM_ULPS
                + 4 * channels(self.map)
                + 32,
        }
    }

    /// The recursion as written, with its floor.
    pub fn run(&self) -> ExactRun {
        let d = self.w.len();
        let s = self.sizes();
        let round = gamma(s.roundings);
        let lost_u = round * s.value;
        let pooled: Vec<usize> = self.inner.iter().flat_map(|b| b.iter().copied()).collect();
        let fixed = self.slopes(&self.value(&pooled), lost_u);
        let at = |batch: &[usize]| self.slopes(&self.value(batch), lost_u);
        let inner: Vec<Slopes> = if self.sid {
            self.inner.iter().map(|b| at(b)).collect()
        } else {
            Vec::new()
        };
        let mut doubt = if self.sid {
            inner.iter().any(|g| g.doubt)
        } else {
            fixed.doubt
        };
        let y = lift(self.y);
        let y_norm = norm2(self.y);
        let mut v = vec![Dd::ZERO; d];
        let mut f = 0.0;
        let mut out = ExactRun {
            estimates: Vec::new(),
            floor: Vec::new(),
            comparable: 0,
        };
        let mut wanted = self.steps.iter().copied().peekable();
        let last = self.steps.last().copied().unwrap_or(0);
        for i in 0..=last {
            if wanted.next_if_eq(&i).is_some() {
                let (r, lost) = self.read(&fixed, &inner, &v);
                let size = norm_of(&v) + f;
                let k = s.lambda * s.outer + s.outer_lambda;
                out.estimates.push(r);
                out.floor
                    .push(k * f + (round * k + s.lambda * lost[0] + lost[1]) * size);
                if !doubt {
                    out.comparable = out.estimates.len();
                }
            }
            if i == last {
                break;
            }
            let batch = self.samples[i];
            let own = self.sid.then(|| at(batch));
            let g = own.as_ref().unwrap_or(&fixed);
            doubt |= g.doubt;
            let eta = self.eta[i];
            let growth = self.step_norm(g, batch, eta);
            let size = norm_of(&v) + f;
            let through = gamma(d + 16) * s.outer + g.lost[0];
            let pushed = s.push * through + round * s.push * s.outer;
            let local = eta.abs() * pushed * size
                + gamma(8)
                    * (((1.0 - eta).abs() + eta.abs() * s.push * s.outer) * size
                        + eta.abs() * y_norm);
            f = growth * f + local;
            let p = self.push(batch, &self.through(g, &v));
            let (h, keep) = (exact(eta), Dd::ONE - exact(eta));
            for (v, (p, y)) in v.iter_mut().zip(p.iter().zip(&y)) {
                *v = keep * *v + h * (*p + *y);
            }
        }
        out
    }

    /// r at v, and the largest loss of Γ it reads through.
    fn read(&self, fixed: &Slopes, inner: &[Slopes], v: &[Dd]) -> (Vec<Dd>, [f64; 2]) {
        let m = self.lambda.len();
        let mut r = vec![Dd::ZERO; m];
        let j = exact(self.inner.len() as f64);
        let mut lost = fixed.lost;
        for (k, batch) in self.inner.iter().enumerate() {
            let g = inner.get(k).unwrap_or(fixed);
            lost = [lost[0].max(g.lost[0]), lost[1].max(g.lost[1])];
            let a = self.push_lambda(batch, &self.through(g, v));
            let b = self.through_lambda(g, v);
            for (r, (a, b)) in r.iter_mut().zip(a.iter().zip(&b)) {
                *r += (*a + *b) / j;
            }
        }
        (r, lost)
    }

    /// An upper bound of ‖(1-η)I + η∂₁T̂ᵀΓ₁ᵀ‖.
    fn step_norm(&self, g: &Slopes, batch: &[usize], eta: f64) -> f64 {
        let d = self.w.len();
        let mut m = Matrix::zeros(d, d);
        let mut unit = vec![Dd::ZERO; d];
        for j in 0..d {
            unit[j] = Dd::ONE;
            let p = self.push(batch, &self.through(g, &unit));
            for (i, v) in p.iter().enumerate() {
                m[(i, j)] = eta * v.hi() + if i == j { 1.0 - eta } else { 0.0 };
            }
            unit[j] = Dd::ZERO;
        }
        spectral_upper(&m) * (1.0 + gamma(8)) + gamma(8) * (1.0 + eta.abs())
    }
}

/// Sums of moduli of the terms of T̂, ∂₁T̂ᵀ·, ∂₂T̂ᵀ·, Γ₁ᵀ·, Γ₂ᵀ·, and the longest chain of roundings.
struct Sizes {
    value: f64,
    push: f64,
    lambda: f64,
    outer: f64,
    outer_lambda: f64,
    roundings: usize,
}

fn channels(map: &StochasticMap) -> usize {
    match map.inner() {
        Inner::FiniteSum(_) => 0,
        Inner::Noise(f) => f.channels.len() + f.bilinear.len(),
    }
}

fn norm_of(v: &[Dd]) -> f64 {
    norm2(&v.iter().map(|x| x.hi()).collect::<Vec<_>>())
}

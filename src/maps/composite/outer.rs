//! Outer maps G(u, λ): proxes, projections, layers; their Jacobians at a linearisation point.
//!
//! Owns G, a selection of D_G at ties and products with it. Must not know the inner map.
//! Every G here is nonexpansive in u: ‖D_{G,1}‖sup ≤ 1 (Assumption 5.1).

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::activation::Activation;
use super::sizes;
use crate::error::{Error, Result};
use crate::linalg::norm::spectral_upper;
use crate::linalg::product::dot;
use crate::linalg::{Matrix, Vector};
use crate::maps::shapes::{below, consecutive, finite, finite_vector, shape};
use crate::numerals::numbers;
use crate::numerals::tagged::by_tag;

/// The outer map G: ℝᵈ×ℝᵐ → ℝᵈ of Section 5, nonexpansive in its first argument (Assumption 5.1).
/// Where a λ₁ occurs it is `lambda[0]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Outer {
    /// The identity, G(u) = u.
    Identity,
    /// soft(u, ηλ₁), entrywise.
    Soft {
        /// η: the step of the inner map.
        #[serde(rename = "step", with = "numbers")]
        eta: f64,
    },
    /// soft(u, θ), entrywise, with a threshold that is not a parameter.
    FixedSoft {
        /// θ > 0.
        #[serde(with = "numbers")]
        threshold: f64,
    },
    /// (1 - ηλ₁ω_g/‖u_g‖)₊ u_g for consecutive groups g.
    GroupSoft {
        /// η.
        #[serde(rename = "step", with = "numbers")]
        eta: f64,
        /// The groups: consecutive ranges that cover 0..d.
        #[serde(rename = "sizes", with = "sizes")]
        groups: Vec<Range<usize>>,
        /// ω_g > 0, one per group (√|g| is usual).
        #[serde(with = "numbers")]
        weights: Vec<f64>,
    },
    /// Projection to the box \[lower, upper\], lower < upper entrywise.
    Box {
        /// Lower bounds (d).
        #[serde(rename = "lo", with = "numbers")]
        lower: Vec<f64>,
        /// Upper bounds (d).
        #[serde(rename = "hi", with = "numbers")]
        upper: Vec<f64>,
    },
    /// max(u, 0).
    Nonnegative,
    /// σ(Vu + Bλ + c), ‖V‖ ≤ 1.
    Layer {
        /// V (d×d).
        #[serde(rename = "V", with = "numbers")]
        v: Matrix,
        /// B (d×m).
        #[serde(rename = "B", with = "numbers")]
        b: Matrix,
        /// c (d).
        #[serde(with = "numbers")]
        c: Vector,
        /// σ: relu or tanh.
        activation: Activation,
    },
}

by_tag!(Outer, "kind");

/// Γ₁ = ∂₁G(u, λ) (d×d) and Γ₂ = ∂₂G(u, λ) (d×m) at one point: filled by [`Outer::linearize`], used
/// for any number of products without allocation.
#[derive(Clone, Debug, PartialEq)]
pub struct Gamma {
    /// Diagonal part: masks, slopes, or 1-τ_g/‖u_g‖ of the group.
    pub(super) slope: Vec<f64>,
    /// ∂₂G's first column (soft), or the unit vector of an active group.
    pub(super) dir: Vec<f64>,
}

impl Outer {
    pub(in crate::maps) fn validate(&self, d: usize, m: usize) -> Result<()> {
        let length = |name: &str, n: usize| {
            if n == d {
                Ok(())
            } else {
                Err(Error::input(format!("must have length {d}, has {n}")).in_field(name))
            }
        };
        let step = |eta: f64| {
            if !(eta > 0.0 && eta.is_finite()) {
                return Err(
                    Error::input(format!("must be positive and finite, got {eta}"))
                        .in_field("step"),
                );
            }
            if m == 0 {
                return Err(
                    Error::input("the threshold needs an entry of lambda").in_field("lambda")
                );
            }
            Ok(())
        };
        match self {
            Outer::Identity | Outer::Nonnegative => Ok(()),
            Outer::Soft { eta } => step(*eta),
            Outer::FixedSoft { threshold } if *threshold > 0.0 && threshold.is_finite() => Ok(()),
            Outer::FixedSoft { threshold } => {
                let text = format!("must be positive and finite, got {threshold}");
                Err(Error::input(text).in_field("threshold"))
            }
            Outer::GroupSoft {
                eta,
                groups,
                weights,
            } => {
                step(*eta)?;
                consecutive(groups, weights, d)
            }
            Outer::Box { lower, upper } => {
                length("lo", lower.len())?;
                length("hi", upper.len())?;
                below(lower, upper, ["lo", "hi"])
            }
            Outer::Layer {
                v,
                b,
                c,
                activation,
            } => {
                if !matches!(activation, Activation::Relu | Activation::Tanh) {
                    let text = format!("must be relu or tanh, got {}", activation.name());
                    return Err(Error::input(text).in_field("activation"));
                }
                length("c", c.len())?;
                shape("V", v.nrows(), v.ncols(), Some(d), Some(d))?;
                if b.shape() != (d, m) {
                    let text = format!("expected {d}×{m} numbers, got {}×{}", b.nrows(), b.ncols());
                    return Err(Error::input(text).in_field("B"));
                }
                finite("V", v.as_slice(), d)?;
                finite("B", b.as_slice(), d)?;
                finite_vector("c", c.as_slice())?;
                let norm = spectral_upper(v);
                if norm > 1.0 {
                    let text = format!(
                        "an outer layer must be nonexpansive: the certified bound of its norm is {norm} > 1"
                    );
                    return Err(Error::input(text).in_field("V"));
                }
                Ok(())
            }
        }
    }

    /// Whether G is the proximal map of a function (then its threshold may be scaled with the
    /// step).
    pub fn is_prox(&self) -> bool {
        !matches!(self, Outer::Layer { .. })
    }

    /// out ← G(u, λ), u (d), out (d).
    pub fn apply(&self, u: &[f64], lambda: &[f64], out: &mut [f64]) {
        self.apply_scaled(u, lambda, 1.0, out);
    }

    /// G with η replaced by `scale`·η: the prox of a step of another length (no effect on
    /// projections).
    pub fn apply_scaled(&self, u: &[f64], lambda: &[f64], scale: f64, out: &mut [f64]) {
        match self {
            Outer::Identity => out.copy_from_slice(u),
            Outer::Soft { eta } => soft(u, scale * eta * lambda[0], out),
            Outer::FixedSoft { threshold } => soft(u, scale * threshold, out),
            Outer::GroupSoft {
                eta,
                groups,
                weights,
            } => {
                for (g, weight) in groups.iter().zip(weights) {
                    let part = &u[g.clone()];
                    let r = dot(part, part).sqrt();
                    let t = scale * eta * lambda[0] * weight;
                    let s = if r > t { 1.0 - t / r } else { 0.0 };
                    out[g.clone()]
                        .iter_mut()
                        .zip(part)
                        .for_each(|(o, x)| *o = s * x);
                }
            }
            Outer::Box { lower, upper } => {
                for (o, (x, (l, h))) in out.iter_mut().zip(u.iter().zip(lower.iter().zip(upper))) {
                    *o = x.max(*l).min(*h);
                }
            }
            Outer::Nonnegative => out.iter_mut().zip(u).for_each(|(o, x)| *o = x.max(0.0)),
            Outer::Layer { activation, .. } => {
                self.units(u, lambda, out);
                out.iter_mut().for_each(|z| *z = activation.value(*z));
            }
        }
    }

    /// out ← Vu + Bλ + c of a layer (u elsewhere).
    pub(in crate::maps) fn units(&self, u: &[f64], lambda: &[f64], out: &mut [f64]) {
        use crate::linalg::product::gemv;
        if let Outer::Layer { v, b, c, .. } = self {
            out.copy_from_slice(c.as_slice());
            gemv(1.0, v, u, 1.0, out);
            gemv(1.0, b, lambda, 1.0, out);
        } else {
            out.copy_from_slice(u);
        }
    }

    /// Room for Γ at one point of dimension d.
    pub fn gamma(&self, d: usize) -> Gamma {
        Gamma {
            slope: vec![0.0; d],
            dir: vec![0.0; d],
        }
    }

    /// Fixes the selection Γ at (u, λ); a mask entry exactly at a kink takes the value `tie` ∈ \[0,
    /// 1\].
    pub fn linearize(&self, u: &[f64], lambda: &[f64], tie: f64, gamma: &mut Gamma) {
        let Gamma { slope, dir } = gamma;
        let step = |x: f64| {
            if x > 0.0 {
                1.0
            } else if x == 0.0 {
                tie
            } else {
                0.0
            }
        };
        match self {
            Outer::Identity => slope.fill(1.0),
            Outer::Soft { eta } => {
                let t = eta * lambda[0];
                for (x, (s, g)) in u.iter().zip(slope.iter_mut().zip(dir)) {
                    *s = step(x.abs() - t);
                    *g = -eta * *s * x.signum();
                }
            }
            Outer::GroupSoft {
                eta,
                groups,
                weights,
            } => {
                for (g, weight) in groups.iter().zip(weights) {
                    let part = &u[g.clone()];
                    let r = dot(part, part).sqrt();
                    let t = eta * lambda[0] * weight;
                    // The tie weight multiplies the whole block (n nᵀ there): slope 0, dir √tie·n.
                    let (s, on) = if r > t {
                        (1.0 - t / r, 1.0)
                    } else if r == t {
                        (0.0, tie.sqrt())
                    } else {
                        (0.0, 0.0)
                    };
                    slope[g.clone()].fill(s);
                    let scale = if on > 0.0 { on / r } else { 0.0 };
                    dir[g.clone()]
                        .iter_mut()
                        .zip(part)
                        .for_each(|(o, x)| *o = scale * x);
                }
            }
            Outer::FixedSoft { threshold } => slope
                .iter_mut()
                .zip(u)
                .for_each(|(s, x)| *s = step(x.abs() - threshold)),
            Outer::Box { lower, upper } => {
                for (s, (x, (l, h))) in slope.iter_mut().zip(u.iter().zip(lower.iter().zip(upper)))
                {
                    *s = step(x - l).min(step(h - x));
                }
            }
            Outer::Nonnegative => slope.iter_mut().zip(u).for_each(|(s, x)| *s = step(*x)),
            Outer::Layer { activation, .. } => {
                self.units(u, lambda, slope);
                slope.iter_mut().for_each(|z| {
                    *z = match activation {
                        Activation::Tanh => {
                            let t = z.tanh();
                            (1.0 - t) * (1.0 + t)
                        }
                        _ => step(*z),
                    }
                });
            }
        }
    }

    /// out ← Γ₁ v (`transposed`: Γ₁ᵀ v), v (d), out (d).
    pub fn d1(&self, gamma: &Gamma, v: &[f64], transposed: bool, out: &mut [f64]) {
        let s = &gamma.slope;
        match self {
            Outer::Identity => out.copy_from_slice(v),
            Outer::Soft { .. }
            | Outer::FixedSoft { .. }
            | Outer::Box { .. }
            | Outer::Nonnegative => {
                out.iter_mut()
                    .zip(s.iter().zip(v))
                    .for_each(|(o, (a, x))| *o = a * x);
            }
            Outer::GroupSoft { groups, .. } => {
                for g in groups {
                    let (n, part, a) = (&gamma.dir[g.clone()], &v[g.clone()], s[g.start]);
                    // aI + (1-a)nnᵀ; n = 0 where the group is off.
                    let c = (1.0 - a) * dot(n, part);
                    for (o, (x, ni)) in out[g.clone()].iter_mut().zip(part.iter().zip(n)) {
                        *o = a * x + c * ni;
                    }
                }
            }
            Outer::Layer { v: matrix, .. } if transposed => {
                for (o, column) in out.iter_mut().zip(matrix.column_iter()) {
                    *o = column
                        .iter()
                        .zip(s.iter().zip(v))
                        .map(|(a, (si, vi))| a * (si * vi))
                        .sum();
                }
            }
            Outer::Layer { v: matrix, .. } => {
                crate::linalg::product::gemv(1.0, matrix, v, 0.0, out);
                out.iter_mut().zip(s).for_each(|(o, a)| *o *= a);
            }
        }
    }

    /// out ← out + Γ₂ x, x (m), out (d).
    pub fn add_d2(&self, gamma: &Gamma, x: &[f64], out: &mut [f64]) {
        match self {
            Outer::Soft { .. } => out
                .iter_mut()
                .zip(&gamma.dir)
                .for_each(|(o, g)| *o += g * x[0]),
            Outer::GroupSoft {
                eta,
                groups,
                weights,
            } => {
                for (g, weight) in groups.iter().zip(weights) {
                    let c = -eta * weight * x[0] * self.on(gamma, g);
                    out[g.clone()]
                        .iter_mut()
                        .zip(&gamma.dir[g.clone()])
                        .for_each(|(o, n)| *o += c * n);
                }
            }
            Outer::Layer { b, .. } => {
                for (column, xj) in b.column_iter().zip(x) {
                    for (o, (a, s)) in out.iter_mut().zip(column.iter().zip(&gamma.slope)) {
                        *o += s * a * xj;
                    }
                }
            }
            Outer::Identity | Outer::FixedSoft { .. } | Outer::Box { .. } | Outer::Nonnegative => {}
        }
    }

    /// out ← out + Γ₂ᵀ v, v (d), out (m).
    pub fn add_d2_tr(&self, gamma: &Gamma, v: &[f64], out: &mut [f64]) {
        match self {
            Outer::Soft { .. } => out[0] += dot(&gamma.dir, v),
            Outer::GroupSoft {
                eta,
                groups,
                weights,
            } => {
                for (g, weight) in groups.iter().zip(weights) {
                    let n = &gamma.dir[g.clone()];
                    out[0] -= eta * weight * self.on(gamma, g) * dot(n, &v[g.clone()]);
                }
            }
            Outer::Layer { b, .. } => {
                for (o, column) in out.iter_mut().zip(b.column_iter()) {
                    *o += column
                        .iter()
                        .zip(gamma.slope.iter().zip(v))
                        .map(|(a, (s, x))| a * (s * x))
                        .sum::<f64>();
                }
            }
            Outer::Identity | Outer::FixedSoft { .. } | Outer::Box { .. } | Outer::Nonnegative => {}
        }
    }

    /// √tie at a tied group, else 1: Γ₂ carries the tie weight once, `dir` its square root.
    fn on(&self, gamma: &Gamma, g: &Range<usize>) -> f64 {
        let n = &gamma.dir[g.clone()];
        if gamma.slope[g.start] == 0.0 {
            dot(n, n).sqrt()
        } else {
            1.0
        }
    }

    /// Γ₁ as a dense matrix (d×d).
    pub fn d1_matrix(&self, gamma: &Gamma) -> Matrix {
        let d = gamma.slope.len();
        let (mut out, mut unit) = (Matrix::zeros(d, d), vec![0.0; d]);
        for (j, column) in out.as_mut_slice().chunks_exact_mut(d).enumerate() {
            unit[j] = 1.0;
            self.d1(gamma, &unit, false, column);
            unit[j] = 0.0;
        }
        out
    }

    /// The diagonal of Γ₁ where it is diagonal and may hold zeros: what is 0 there hides everything
    /// behind it.
    pub(crate) fn mask<'g>(&self, gamma: &'g Gamma) -> Option<&'g [f64]> {
        match self {
            Outer::Soft { .. }
            | Outer::FixedSoft { .. }
            | Outer::Box { .. }
            | Outer::Nonnegative => Some(&gamma.slope),
            Outer::Identity | Outer::GroupSoft { .. } | Outer::Layer { .. } => None,
        }
    }

    /// Γ₂ as a dense matrix (d×m).
    pub fn d2_matrix(&self, gamma: &Gamma, m: usize) -> Matrix {
        let d = gamma.slope.len();
        let (mut out, mut unit) = (Matrix::zeros(d, m), vec![0.0; m]);
        for (j, column) in out.as_mut_slice().chunks_exact_mut(d).enumerate() {
            unit[j] = 1.0;
            self.add_d2(gamma, &unit, column);
            unit[j] = 0.0;
        }
        out
    }
}

/// out ← soft(u, t).
fn soft(u: &[f64], t: f64, out: &mut [f64]) {
    // The threshold is taken off the modulus, so that u = t gives exactly 0.
    let pairs = out.iter_mut().zip(u);
    pairs.for_each(|(o, x)| *o = (x.abs() - t).max(0.0).copysign(*x));
}

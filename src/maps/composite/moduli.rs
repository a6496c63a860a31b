//! Moduli of D_T and D_G at a point (Lemma 2.5 for the two factors of Φ).
//!
//! Owns L_j, M_j, R and ‖D_{·,2}‖sup of T at w and of G at u, all upper bounds (R a lower bound).
//! Must not know the theorem that composes them.

use std::ops::Range;

use super::activation::Activation;
use super::finite_sum::FiniteSum;
use super::inner::Inner;
use super::outer::Outer;
use super::sample::Sample;
use super::samples::Composite;
use crate::linalg::Matrix;
use crate::linalg::norm::{largest_eigenvalue_upper, spectral_upper};
use crate::linalg::product::{dot, norm2};
use crate::maps::rounding::Rounding;
use crate::tol::{Roundoff, gamma};

/// Moduli of D_T or D_G at one point u' (Lemma 2.5), in operator norms, the moduli upper bounds and
/// R a lower bound: Δ(D_j(u), D_j(u')) ≤ (L_j + M_j/R)‖u - u'‖ for every u.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct PointModuli {
    /// L_1, a Lipschitz constant of the first partial derivative of every piece.
    pub l1: f64,
    /// M_1, the largest jump of the first partial derivative between pieces.
    pub m1: f64,
    /// L_2, a Lipschitz constant of the second partial derivative of every piece.
    pub l2: f64,
    /// M_2, the largest jump of the second partial derivative between pieces.
    pub m2: f64,
    /// R, the Euclidean distance to the nearest point where another piece is active; infinite
    /// without kinks.
    pub r: f64,
    /// ‖D_{·,2}‖sup at the point, b_T or b_G of Theorem 5.4.
    pub b2: f64,
}

impl PointModuli {
    /// C_1 = L_1 + M_1/R, 0 for M_1/R where M_1 = 0.
    pub fn c1(&self) -> f64 {
        self.l1
            + if self.m1 == 0.0 {
                0.0
            } else {
                self.m1 / self.r
            }
    }

    /// C_2 = L_2 + M_2/R, 0 for M_2/R where M_2 = 0.
    pub fn c2(&self) -> f64 {
        self.l2
            + if self.m2 == 0.0 {
                0.0
            } else {
                self.m2 / self.r
            }
    }

    const SMOOTH: Self = Self {
        l1: 0.0,
        m1: 0.0,
        l2: 0.0,
        m2: 0.0,
        r: f64::INFINITY,
        b2: 0.0,
    };
}

impl Composite {
    /// The moduli of D_T at (w, λ), w in the first role. T has no kinks, so R = ∞.
    pub fn inner_moduli(&self, w: &[f64], lambda: &[f64]) -> PointModuli {
        match self.inner() {
            Inner::FiniteSum(f) => finite_sum(f, w),
            Inner::Poisoned(f) => {
                let norms = f.norms(lambda);
                let c = f.constants_with(&norms);
                let d2 = f.d2_dense(w, lambda, Sample::Mean);
                let lost = f.second_lost(&norms, Roundoff::DOUBLE);
                PointModuli {
                    l1: c.l1,
                    l2: c.l2_at(norm2(w)),
                    b2: spectral_upper(&d2) + Rounding::at(lost, norm2(w)),
                    ..PointModuli::SMOOTH
                }
            }
            Inner::Noise(f) => {
                let up = gamma(f.dim() * (f.params() + 2) + 8);
                let l2 = f.bilinear_norm();
                let d2 = self.inner().d2_matrix(w, lambda, Sample::Mean);
                PointModuli {
                    l2,
                    b2: spectral_upper(&d2) * (1.0 + up),
                    ..PointModuli::SMOOTH
                }
            }
        }
    }

    /// Distance of u = T(w, λ) from the nearest kink of G(·, λ), 0 on one: where it is positive D_G
    /// is a singleton. [`PointModuli::r`] is the distance to the nearest *other* piece, and does
    /// not count the kinks u is on.
    pub fn kink_distance(&self, u: &[f64], lambda: &[f64]) -> f64 {
        let nearest = |gaps: &mut dyn Iterator<Item = f64>| gaps.fold(f64::INFINITY, f64::min);
        match self.outer() {
            Outer::Identity => f64::INFINITY,
            Outer::Soft { eta } => {
                nearest(&mut u.iter().map(|x| (x.abs() - eta * lambda[0]).abs()))
            }
            Outer::FixedSoft { threshold } => {
                nearest(&mut u.iter().map(|x| (x.abs() - threshold).abs()))
            }
            Outer::GroupSoft {
                eta,
                groups,
                weights,
            } => {
                let gap = |(g, weight): (&std::ops::Range<usize>, &f64)| {
                    (norm2(&u[g.clone()]) - eta * lambda[0] * weight).abs()
                };
                nearest(&mut groups.iter().zip(weights).map(gap))
            }
            Outer::Box { lower, upper } => {
                let bounds = lower.iter().zip(upper);
                nearest(
                    &mut u
                        .iter()
                        .zip(bounds)
                        .map(|(x, (l, h))| (x - l).abs().min((x - h).abs())),
                )
            }
            Outer::Nonnegative => nearest(&mut u.iter().map(|x| x.abs())),
            Outer::Layer {
                activation: Activation::Tanh,
                ..
            } => f64::INFINITY,
            Outer::Layer { v, .. } => {
                let mut z = vec![0.0; u.len()];
                self.outer().units(u, lambda, &mut z);
                // A unit without weights keeps its side, unless it is on its kink.
                let gap = |(z, row): (&f64, _)| if *z == 0.0 { 0.0 } else { z.abs() / row };
                nearest(&mut z.iter().zip(v.row_iter().map(|r| r.norm())).map(gap))
            }
        }
    }

    /// The moduli of D_G at (u, λ), u in the first role.
    pub fn outer_moduli(&self, u: &[f64], lambda: &[f64]) -> PointModuli {
        let up = 1.0 + gamma(4 * u.len() + 16);
        let down = 1.0 - gamma(4 * u.len() + 16);
        // Bounds that u is on belong to D_G already.
        let projection = |gaps: &mut dyn Iterator<Item = f64>| PointModuli {
            m1: 1.0,
            r: gaps.filter(|g| *g != 0.0).fold(f64::INFINITY, f64::min),
            ..PointModuli::SMOOTH
        };
        let mut out = match self.outer() {
            Outer::Identity => PointModuli::SMOOTH,
            Outer::Soft { eta } => soft(*eta, lambda[0], u),
            // Between its kinks D_G is 0, outside it is the identity, and both are there on a kink.
            Outer::FixedSoft { threshold } => {
                projection(&mut u.iter().map(|x| (x.abs() - threshold).abs()))
            }
            Outer::GroupSoft {
                eta,
                groups,
                weights,
            } => group_soft(*eta, lambda[0], groups, weights, u),
            Outer::Box { lower, upper } => {
                let bounds = u.iter().zip(lower.iter().zip(upper));
                projection(&mut bounds.flat_map(|(x, (l, h))| [(x - l).abs(), (x - h).abs()]))
            }
            Outer::Nonnegative => projection(&mut u.iter().map(|x| x.abs())),
            Outer::Layer {
                v, b, activation, ..
            } => {
                let mut z = vec![0.0; u.len()];
                self.outer().units(u, lambda, &mut z);
                layer(v, b, *activation, &z)
            }
        };
        for c in [
            &mut out.l1,
            &mut out.m1,
            &mut out.l2,
            &mut out.m2,
            &mut out.b2,
        ] {
            *c *= up;
        }
        out.r *= down;
        out
    }
}

/// Soft-thresholding at t = ηλ₁.
fn soft(eta: f64, lambda1: f64, u: &[f64]) -> PointModuli {
    let t = eta * lambda1;
    // On a kink the next other piece is the one of the opposite sign.
    let gap = |x: &f64| {
        if x.abs() == t {
            2.0 * t
        } else {
            (x.abs() - t).abs()
        }
    };
    let active = u.iter().filter(|x| x.abs() >= t).count();
    PointModuli {
        m1: 1.0,
        // A column entry moves by η (on/off) or 2η (sign change).
        m2: 2.0 * eta * (u.len() as f64).sqrt(),
        r: u.iter().map(gap).fold(f64::INFINITY, f64::min),
        b2: eta * (active as f64).sqrt(),
        ..PointModuli::SMOOTH
    }
}

/// Group soft-thresholding at τ_g = ηλ₁ω_g.
fn group_soft(
    eta: f64,
    lambda1: f64,
    groups: &[Range<usize>],
    weights: &[f64],
    u: &[f64],
) -> PointModuli {
    let down = 1.0 - gamma(4 * u.len() + 16);
    let (mut r, mut active, mut all, mut least) = (f64::INFINITY, 0.0, 0.0, f64::INFINITY);
    for (g, weight) in groups.iter().zip(weights) {
        let (t, norm) = (eta * lambda1 * weight, norm2(&u[g.clone()]));
        if norm != t {
            r = r.min((norm - t).abs());
        }
        if norm >= t * down {
            active += (eta * weight).powi(2);
        }
        all += (eta * weight).powi(2);
        least = least.min(t);
    }
    PointModuli {
        // τ times the Lipschitz constant 2/(√3ρ²) of the Jacobian of z/‖z‖ on ‖z‖ ≥ ρ =
        // τ.
        l1: 2.0 / (3f64.sqrt() * least),
        m1: 1.0,
        // ηω_g times the Lipschitz constant 1/τ_g of z/‖z‖ there.
        l2: 1.0 / lambda1,
        m2: all.sqrt(),
        r,
        b2: active.sqrt(),
    }
}

/// σ(Vu + Bλ + c) with the inputs z of its units.
fn layer(v: &Matrix, b: &Matrix, activation: Activation, z: &[f64]) -> PointModuli {
    let row: Vec<f64> = v.row_iter().map(|r| r.norm()).collect();
    match activation {
        Activation::Tanh => {
            let steepest = Activation::CURVATURE * row.iter().fold(0.0f64, |m, n| m.max(*n));
            let slopes = scaled_rows(b, |i| 1.0 - z[i].tanh().powi(2));
            PointModuli {
                l1: steepest * spectral_upper(v),
                l2: steepest * spectral_upper(b),
                b2: spectral_upper(&slopes) + gamma(16 * z.len()) * b.norm(),
                ..PointModuli::SMOOTH
            }
        }
        _ => {
            let gaps = z.iter().zip(&row).filter(|(z, n)| **z != 0.0 && **n != 0.0);
            // A unit at its kink is active for one of the selections.
            let on = scaled_rows(b, |i| if z[i] >= 0.0 { 1.0 } else { 0.0 });
            PointModuli {
                m1: spectral_upper(v),
                m2: spectral_upper(b),
                r: gaps.map(|(z, n)| z.abs() / n).fold(f64::INFINITY, f64::min),
                b2: spectral_upper(&on),
                ..PointModuli::SMOOTH
            }
        }
    }
}

fn finite_sum(f: &FiniteSum, w: &[f64]) -> PointModuli {
    let eta = f.eta();
    let up = 1.0 + gamma(f.rows() + f.dim() + 16);
    let third = f.loss().bounds().1;
    let l1 = if third == 0.0 {
        0.0
    } else {
        // ‖n⁻¹Σ(h_i(w) - h_i(w'))x_i x_iᵀ‖ ≤ max|h'| max‖x_i‖ ‖w - w'‖ ‖XᵀX/n‖.
        let gram = f.gram();
        let row = (0..f.rows())
            .map(|i| dot(f.row(i), f.row(i)))
            .fold(0.0f64, f64::max)
            .sqrt();
        let norm = largest_eigenvalue_upper(&gram) + gamma(f.rows() + 6) * gram.trace();
        eta * third * row * norm * up
    };
    PointModuli {
        l1,
        l2: eta,
        b2: eta * norm2(w) * up,
        ..PointModuli::SMOOTH
    }
}

fn scaled_rows(b: &Matrix, s: impl Fn(usize) -> f64) -> Matrix {
    Matrix::from_fn(b.nrows(), b.ncols(), |i, j| s(i) * b[(i, j)])
}

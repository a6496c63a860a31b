//! NSID and SID as written, in double-double arithmetic from the data, with the rounding floor of a
//! correct implementation beside them.
//!
//! Uses the data of a map only, never its fast products.
//!
//! **Floor.** With M_i = (1-η_i)I + η_i∂₁T̂_iᵀΓ₁ᵀ, an error f_i of v_i becomes at most ‖M_i‖f_i +
//! l_i. The local defect l_i bounds every order of summation: γ_p times the sum of the moduli of
//! all terms, p the number of roundings on the longest path, plus what errors of Γ₁ (only where G
//! is not piecewise affine) contribute. It holds while no unit of G is within its own rounding of a
//! kink; beyond that the run is in doubt.

use super::algebra::dot;
use super::composite::Exact;
use super::family::Point;
use crate::linalg::norm::spectral_upper;
use crate::linalg::product::norm2;
use crate::linalg::{Dd, Matrix};
use crate::maps::Tie;
use crate::maps::composite::{Activation, Composite, Inner, Outer, Sample};
use crate::tol::{LIBM_ULPS, Roundoff, gamma};

/// What NSID or SID is asked for, with all randomness given.
#[derive(Clone, Debug)]
pub struct Given<'a> {
    /// Φ.
    pub map: &'a Composite,
    /// λ (m).
    pub lambda: &'a [f64],
    /// w (d).
    pub w: &'a [f64],
    /// What Dᵀ is applied to.
    pub seed: Seed,
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
    /// Of the implementation whose floor is wanted.
    pub u: Roundoff,
}

/// y (d), and what is added to every estimate (m), with bounds of what evaluating them loses.
#[derive(Clone, Debug)]
pub struct Seed {
    y: Vec<Dd>,
    direct: Option<Vec<Dd>>,
    lost: [f64; 2],
}

impl Seed {
    /// A cotangent, or the gradients of an objective with what each is off.
    pub fn new(cotangent: &[f64], outer: Option<([Vec<Dd>; 2], [f64; 2])>) -> Self {
        match outer {
            None => Self {
                y: lift(cotangent),
                direct: None,
                lost: [0.0; 2],
            },
            Some(([y, direct], lost)) => Self {
                y,
                direct: Some(direct),
                lost,
            },
        }
    }
}

/// The exact estimates.
#[derive(Clone, Debug)]
pub struct ExactRun {
    /// r after each of the steps wanted.
    pub estimates: Vec<Vec<Dd>>,
    /// Bound of ‖fl(r) - r‖ for each.
    pub floor: Vec<f64>,
    /// Number of leading entries that can be compared: a mask beyond is within rounding of its
    /// kink.
    pub comparable: usize,
}

/// Γ at one point.
struct Slopes {
    point: Point<Dd>,
    /// Bounds of ‖fl(Γ₁) - Γ₁‖ and ‖fl(Γ₂) - Γ₂‖.
    lost: [f64; 2],
    /// How far the unit that is nearest to its kink is from it.
    margin: f64,
    /// What rounding may take from its input.
    lost_units: f64,
}

impl Slopes {
    /// A unit is within rounding of a kink.
    fn doubt(&self) -> bool {
        self.margin <= self.lost_units
    }
}

fn exact(x: f64) -> Dd {
    Dd::from(x)
}

fn lift(x: &[f64]) -> Vec<Dd> {
    x.iter().map(|v| exact(*v)).collect()
}

impl Given<'_> {
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
            Inner::Poisoned(f) => {
                let used = self.inner.iter().chain(&self.samples);
                let rows = used.flat_map(|b| b.iter());
                let row = rows.fold(0.0f64, |m, i| m.max(norm2(&f.noisy_row(*i, self.lambda))));
                let (ridge, size) = (1.0 + f.step() * f.ridge(), row * (1.0 + row * w));
                // Errors of scores pass through the softmax and its derivative.
                (
                    w * ridge + 2.0 * f.step() * size,
                    ridge + f.step() * row * size,
                    2.0 * f.step() * (1.0 + row * w) * (1.0 + row * w),
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
            Outer::Identity | Outer::FixedSoft { .. } | Outer::Box { .. } | Outer::Nonnegative => {
                (1.0, 0.0)
            }
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
                + 4 * own_roundings(self.map)
                + 32,
        }
    }

    /// The recursion as written, with its floor.
    pub fn run(&self) -> ExactRun {
        let d = self.w.len();
        let s = self.sizes();
        let round = self.u.gamma(s.roundings);
        let lost_u = round * s.value;
        let pooled: Vec<usize> = self.inner.iter().flat_map(|b| b.iter().copied()).collect();
        let lifted = Lifted::new(self);
        let at = |batch: &[usize]| self.slopes(&lifted, batch, lost_u);
        let fixed = at(&pooled);
        let inner: Vec<Slopes> = if self.sid {
            self.inner.iter().map(|b| at(b)).collect()
        } else {
            Vec::new()
        };
        let mut doubt = if self.sid {
            inner.iter().any(Slopes::doubt)
        } else {
            fixed.doubt()
        };
        let y = &self.seed.y;
        let [y_lost, direct_lost] = self.seed.lost;
        let y_norm = norm_of(y);
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
                let (mut r, lost) = self.read(&lifted, &fixed, &inner, &v);
                let size = norm_of(&v) + f;
                let k = s.lambda * s.outer + s.outer_lambda;
                let mut floor = k * f + (round * k + s.lambda * lost[0] + lost[1]) * size;
                if let Some(direct) = &self.seed.direct {
                    r.iter_mut().zip(direct).for_each(|(r, g)| *r += *g);
                    floor += direct_lost + self.u.gamma(2) * norm_of(&r);
                }
                out.estimates.push(r);
                out.floor.push(floor);
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
            doubt |= g.doubt();
            let eta = self.eta[i];
            let growth = lifted.step_norm(g, batch, eta);
            let size = norm_of(&v) + f;
            let through = self.u.gamma(d + 16) * s.outer + g.lost[0];
            let pushed = s.push * through + round * s.push * s.outer;
            let local = eta.abs() * pushed * size
                + self.u.gamma(8)
                    * (((1.0 - eta).abs() + eta.abs() * s.push * s.outer) * size
                        + eta.abs() * y_norm)
                + eta.abs() * y_lost;
            f = growth * f + local;
            let p = lifted.pull(g, batch, &v);
            let (h, keep) = (exact(eta), Dd::ONE - exact(eta));
            for (v, (p, y)) in v.iter_mut().zip(p.iter().zip(y)) {
                *v = keep * *v + h * (*p + *y);
            }
        }
        out
    }

    /// r at v, and the largest loss of Γ it reads through.
    fn read(
        &self,
        lifted: &Lifted,
        fixed: &Slopes,
        inner: &[Slopes],
        v: &[Dd],
    ) -> (Vec<Dd>, [f64; 2]) {
        let mut r = vec![Dd::ZERO; self.lambda.len()];
        let count = exact(self.inner.len() as f64);
        let mut lost = fixed.lost;
        for (k, batch) in self.inner.iter().enumerate() {
            let g = inner.get(k).unwrap_or(fixed);
            lost = [lost[0].max(g.lost[0]), lost[1].max(g.lost[1])];
            let read = lifted.readout(g, batch, v);
            for (r, one) in r.iter_mut().zip(read) {
                *r += one / count;
            }
        }
        (r, lost)
    }

    /// Γ at T̂(w, λ, batch); `lost_u` bounds the rounding of that.
    fn slopes(&self, lifted: &Lifted, batch: &[usize], lost_u: f64) -> Slopes {
        let point = lifted.outer_at(batch);
        let d = self.w.len();
        let margins = point.margin.iter().map(|m| m.hi().abs());
        let margin = margins.fold(f64::INFINITY, f64::min);
        let (mut lost, mut lost_units) = ([0.0, 0.0], lost_u);
        match self.map.outer() {
            Outer::Identity | Outer::Box { .. } | Outer::Nonnegative => {}
            Outer::FixedSoft { threshold } => lost_units += 2.0 * self.u.value() * threshold,
            Outer::Soft { eta } => lost_units += 2.0 * self.u.value() * eta * self.lambda[0],
            Outer::GroupSoft { eta, weights, .. } => {
                let mut least = f64::INFINITY;
                for ((r, slope), weight) in point.inputs().iter().zip(&point.slope).zip(weights) {
                    let size = r.hi() + eta * self.lambda[0] * weight;
                    lost_units = lost_units.max(lost_u + self.u.gamma(d + 8) * size);
                    if *slope > Dd::ZERO {
                        least = least.min(r.hi());
                    }
                }
                // a = 1-τ/r moves by at most δ/r, the unit vector by 2δ/r.
                let moved = if least.is_finite() {
                    lost_u / least
                } else {
                    0.0
                };
                lost[0] = 6.0 * moved + self.u.gamma(4 * d + 32);
                let total = weights.iter().map(|w| w * w).sum::<f64>().sqrt();
                lost[1] = eta * total * (2.0 * moved + self.u.gamma(d + 16));
            }
            Outer::Layer {
                v,
                b,
                c,
                activation,
            } => {
                let u = norm_of(&lifted.value(batch));
                let size = v.norm() * u + b.norm() * norm2(self.lambda) + c.norm();
                lost_units = lost_u + self.u.gamma(d + self.lambda.len() + 8) * size;
                if *activation == Activation::Tanh {
                    let s = Activation::CURVATURE * lost_units + self.u.gamma(2 * LIBM_ULPS + 8);
                    lost = [s * v.norm(), s * b.norm()];
                }
            }
        }
        Slopes {
            point,
            lost,
            margin,
            lost_units,
        }
    }
}

/// Everything in double-double: the map at w, with the derivatives of its losses there.
struct Lifted {
    map: Exact<Dd>,
    w: Vec<Dd>,
    lambda: Vec<Dd>,
    first: Vec<Dd>,
    second: Vec<Dd>,
}

impl Lifted {
    fn new(given: &Given<'_>) -> Self {
        let map = Exact::sampled(given.map);
        let w = lift(given.w);
        // Double-double has every function that a loss needs.
        let lambda = lift(given.lambda);
        let [first, second] = map.inner.derivatives(&w, &lambda).unwrap_or_default();
        Self {
            map,
            lambda,
            w,
            first,
            second,
        }
    }

    /// T̂(w, λ, batch).
    fn value(&self, batch: &[usize]) -> Vec<Dd> {
        let sample = Sample::Batch(batch);
        self.map
            .inner
            .value(&self.first, &self.w, &self.lambda, sample)
    }

    /// Γ there; a tie takes the weight 0.
    fn outer_at(&self, batch: &[usize]) -> Point<Dd> {
        let (u, tie) = (self.value(batch), &mut Tie::Weight(0.0));
        let found = self.map.outer.at(u, &self.lambda, tie);
        found.unwrap_or_else(|| Point::smooth(&[], Vec::new()))
    }

    /// ∂₁T̂ᵀΓ₁ᵀ v.
    fn pull(&self, g: &Slopes, batch: &[usize], v: &[Dd]) -> Vec<Dd> {
        let through = self.map.outer.pull(&g.point, &self.lambda, v);
        let sample = Sample::Batch(batch);
        self.map
            .inner
            .pull(&self.second, &self.lambda, sample, &through)
    }

    /// (Γ₁∂₂T̂ + Γ₂)ᵀv.
    fn readout(&self, g: &Slopes, batch: &[usize], v: &[Dd]) -> Vec<Dd> {
        let through = self.map.outer.pull(&g.point, &self.lambda, v);
        let entry = |j: usize| {
            let (at, sample) = ((&self.w[..], &self.lambda[..]), Sample::Batch(batch));
            let own = self.map.inner.column(&self.second, at, sample, j);
            let direct = self.map.outer.column(&g.point, j);
            dot(&own, &through) + direct.map_or(Dd::ZERO, |c| dot(&c, v))
        };
        (0..self.lambda.len()).map(entry).collect()
    }

    /// An upper bound of ‖(1-η)I + η∂₁T̂ᵀΓ₁ᵀ‖.
    fn step_norm(&self, g: &Slopes, batch: &[usize], eta: f64) -> f64 {
        let d = self.w.len();
        let mut m = Matrix::zeros(d, d);
        let mut unit = vec![Dd::ZERO; d];
        for j in 0..d {
            unit[j] = Dd::ONE;
            let p = self.pull(g, batch, &unit);
            for (i, v) in p.iter().enumerate() {
                m[(i, j)] = eta * v.hi() + if i == j { 1.0 - eta } else { 0.0 };
            }
            unit[j] = Dd::ZERO;
        }
        spectral_upper(&m) * (1.0 + gamma(8)) + gamma(8) * (1.0 + eta.abs())
    }
}

/// Sums of moduli of the terms of T̂, ∂₁T̂ᵀ·, ∂₂T̂ᵀ·, Γ₁ᵀ·, Γ₂ᵀ·, and the longest chain of
/// roundings.
struct Sizes {
    value: f64,
    push: f64,
    lambda: f64,
    outer: f64,
    outer_lambda: f64,
    roundings: usize,
}

/// Roundings of one row or sample beyond those of its entries.
fn own_roundings(map: &Composite) -> usize {
    match map.inner() {
        Inner::FiniteSum(_) => 0,
        Inner::Poisoned(f) => f.rows() + 2 * f.classes(),
        Inner::Noise(f) => f.channels.len() + f.bilinear.len(),
    }
}

fn norm_of(v: &[Dd]) -> f64 {
    norm2(&v.iter().map(|x| x.hi()).collect::<Vec<_>>())
}

#[cfg(test)]
mod recorded {
    use super::*;
    use crate::instances::{Instance, Kind, Spec};
    use crate::recorded::check;

    /// How near to a kink an input is in doubt, as it was recorded.
    #[test]
    fn bands_of_doubt() {
        let mut lines = Vec::new();
        for (kind, name, ..) in Kind::ALL.iter().filter(|k| k.0.is_stochastic()) {
            let spec = Spec::typical(*kind, 3).normalised();
            let i = Instance::generate(&spec, 5).unwrap();
            let far: Vec<f64> = i.start.iter().map(|v| 2.0 * v + 0.125).collect();
            // So large a λ₁ that every input is below its threshold, where there is one.
            let mut large = i.lambda.clone();
            large[0] *= 40.0;
            let cases = [
                (Roundoff::DOUBLE, &i.lambda),
                (Roundoff::SINGLE, &i.lambda),
                (Roundoff::SINGLE, &large),
            ];
            for (u, lambda) in cases {
                let given = Given {
                    map: i.map.samples().unwrap(),
                    lambda,
                    w: &far,
                    seed: Seed::new(&i.cotangent, None),
                    inner: vec![&[0, 1]],
                    samples: vec![&[1, 0]],
                    eta: &[0.5],
                    steps: &[1],
                    sid: false,
                    u,
                };
                let lost_u = 3.0 * u.value() * given.sizes().value;
                let g = given.slopes(&Lifted::new(&given), &[0, 1], lost_u);
                let (margin, within) = (g.margin, g.lost_units);
                lines.push(format!(
                    "{name}: {margin:?} within {within:?}, lost {:?}",
                    g.lost
                ));
            }
        }
        check("bands-of-doubt", &lines);
    }
}

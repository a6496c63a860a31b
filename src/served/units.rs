//! The scales in which a served map is judged, and points and directions in them.
//!
//! With entries from 1e-8 to 1e8 the norm of ∂₁Φ is 1e13 in natural units and 0.3 in units of the
//! scales; a norm over components would hide every fault in a small one (theory, section 10,
//! "Units"). Owns scales, boxes, the trajectory they come from, and curves. Must not judge.

use super::caller::{Asked, Caller, Part};
use crate::linalg::random::Random;
use crate::tol::{SERVED_DISPLACEMENT, SERVED_FAR, SERVED_RANGE};

/// Steps of Φ from which the scales are taken.
const STEPS: usize = 60;
/// Starts: the given λ and others of its box, which show components that are dead at the given one.
const STARTS: usize = 3;
/// Part of a box that is kept clear at either side, so that there is room for a direction.
const MARGIN: f64 = 0.02;

/// Scales s > 0 of x = (w, λ), the box in which the map is served, and where it was seen.
#[derive(Clone, Debug)]
pub(super) struct Units {
    /// d.
    pub(super) d: usize,
    /// s (d + m).
    pub(super) s: Vec<f64>,
    lower: Vec<f64>,
    upper: Vec<f64>,
    /// The start and the points that follow it at the given λ.
    pub(super) trajectory: Vec<Vec<f64>>,
}

impl Units {
    /// For w the largest |w_t,i| on trajectories, for λ the width of the box, or |λ_i| without one.
    pub(super) fn find(caller: &mut Caller<'_>, random: &mut Random) -> Asked<Self> {
        let spec = caller.spec;
        let (d, n) = caller.dims();
        let (mut lower, mut upper) = (vec![f64::NEG_INFINITY; n], vec![f64::INFINITY; n]);
        let mut s = vec![0.0f64; n];
        for j in 0..spec.params {
            let size = spec.lambda[j].abs();
            let half = 0.5 * if size >= SERVED_RANGE[0] { size } else { 1.0 };
            let around = [spec.lambda[j] - half, spec.lambda[j] + half];
            let [lo, hi] = spec.domain.as_ref().map_or(around, |b| b.lambda[j]);
            (lower[d + j], upper[d + j], s[d + j]) = (lo, hi, hi - lo);
        }
        if let Some(w) = spec.domain.as_ref().and_then(|b| b.w.as_ref()) {
            for (i, [lo, hi]) in w.iter().enumerate() {
                (lower[i], upper[i]) = (*lo, *hi);
            }
        }
        let start = [&spec.w0[..], &spec.lambda].concat();
        let mut at: Vec<Vec<f64>> = vec![start.clone(); STARTS];
        for x in &mut at[1..] {
            for j in d..n {
                x[j] = random.between(lower[j], upper[j]);
            }
        }
        let mut trajectory = vec![start];
        let grow = |s: &mut [f64], x: &[f64]| {
            s.iter_mut()
                .zip(&x[..d])
                .for_each(|(s, w)| *s = s.max(w.abs()));
        };
        grow(&mut s, &at[0]);
        for _ in 0..STEPS {
            let values = caller.values(Part::Whole, &at)?;
            for (x, value) in at.iter_mut().zip(&values) {
                x[..d].copy_from_slice(value);
                grow(&mut s, x);
            }
            trajectory.push(at[0].clone());
            // An iteration that runs away would set scales that mean nothing.
            let first = trajectory[1].iter().fold(1.0f64, |m, w| m.max(w.abs()));
            if at.iter().flatten().any(|w| w.abs() > SERVED_FAR * first) {
                break;
            }
        }
        // A component that stayed 0 everywhere: as large as the others are.
        let mut seen: Vec<f64> = s[..d]
            .iter()
            .copied()
            .filter(|s| *s >= SERVED_RANGE[0])
            .collect();
        seen.sort_by(f64::total_cmp);
        let usual = seen.get(seen.len() / 2).copied().unwrap_or(1.0);
        for i in 0..d {
            if s[i] < SERVED_RANGE[0] {
                s[i] = usual;
            }
            s[i] = s[i].min(upper[i] - lower[i]);
        }
        Ok(Self {
            d,
            s,
            lower,
            upper,
            trajectory,
        })
    }

    /// x moved into its box, so that there is room for a direction.
    pub(super) fn inside(&self, mut x: Vec<f64>) -> Vec<f64> {
        for (i, x) in x.iter_mut().enumerate() {
            let (lo, hi) = (self.lower[i], self.upper[i]);
            if lo.is_finite() {
                let margin = MARGIN * (hi - lo);
                *x = x.clamp(lo + margin, hi - margin);
            }
        }
        x
    }

    /// x moved into its box, its edges included.
    pub(super) fn clamped(&self, mut x: Vec<f64>) -> Vec<f64> {
        for (i, x) in x.iter_mut().enumerate() {
            *x = x.clamp(self.lower[i], self.upper[i]);
        }
        x
    }

    /// x displaced by `size` of the scales, inside the box.
    pub(super) fn near(&self, x: &[f64], size: f64, random: &mut Random) -> Vec<f64> {
        self.inside(self.beside(x, size, random))
    }

    /// The same but for margins: x itself may lie at an edge.
    pub(super) fn beside(&self, x: &[f64], size: f64, random: &mut Random) -> Vec<f64> {
        let moved = x
            .iter()
            .zip(&self.s)
            .map(|(x, s)| x + size * s * random.between(-1.0, 1.0));
        self.clamped(moved.collect())
    }

    /// A special point, displaced: at a kink itself nothing can fail a product.
    pub(super) fn displaced(&self, x: &[f64], random: &mut Random) -> Vec<f64> {
        self.near(x, SERVED_DISPLACEMENT, random)
    }

    /// A point of the domain.
    pub(super) fn point(&self, random: &mut Random) -> Vec<f64> {
        let one = |i: usize| {
            let s = 1.5 * self.s[i];
            let (lo, hi) = (self.lower[i].max(-s), self.upper[i].min(s));
            // A box away from 0 is taken as it is.
            if lo < hi {
                random.between(lo, hi)
            } else {
                random.between(self.lower[i], self.upper[i])
            }
        };
        let x = if self.d == 0 {
            Vec::new()
        } else {
            (0..self.d).map(one).collect::<Vec<_>>()
        };
        self.with_lambda(x, random)
    }

    /// w with λ drawn from its box.
    pub(super) fn with_lambda(&self, mut w: Vec<f64>, random: &mut Random) -> Vec<f64> {
        w.truncate(self.d);
        for j in self.d..self.s.len() {
            w.push(random.between(self.lower[j], self.upper[j]));
        }
        self.inside(w)
    }

    fn room(&self, x: &[f64], i: usize) -> f64 {
        (x[i] - self.lower[i]).min(self.upper[i] - x[i]).max(0.0)
    }

    /// v_i = ±s_i·[0.5, 1.5], shortened so that x ± reach·v stays in the box.
    pub(super) fn direction(&self, x: &[f64], reach: f64, random: &mut Random) -> Vec<f64> {
        (0..x.len())
            .map(|i| {
                let size = self.s[i] * random.between(0.5, 1.5);
                random.sign() * size.min(self.room(x, i) / reach)
            })
            .collect()
    }

    /// A functional ±[0.5, 1.5]/s_i on w.
    pub(super) fn functional(&self, random: &mut Random) -> Vec<f64> {
        let one = |s: &f64| random.sign() * random.between(0.5, 1.5) / s;
        self.s[..self.d].iter().map(one).collect()
    }

    /// ‖w/s‖ of d numbers.
    pub(super) fn norm(&self, w: &[f64]) -> f64 {
        let sum: f64 = w.iter().zip(&self.s).map(|(w, s)| (w / s) * (w / s)).sum();
        sum.sqrt()
    }

    /// A segment or parabola of length about s with p in its interior.
    pub(super) fn curve(&self, p: &[f64], parabola: bool, random: &mut Random) -> Curve {
        let at = random.between(0.25, 0.75);
        let reach = at.max(1.0 - at);
        let mut velocity = self.direction(p, reach, random);
        let bend = if parabola { 1.0 } else { 0.0 };
        let mut turn: Vec<f64> = self
            .s
            .iter()
            .map(|s| bend * s * random.between(-1.0, 1.0))
            .collect();
        for i in 0..p.len() {
            let needed = velocity[i].abs() * reach + turn[i].abs() * reach * reach;
            let room = self.room(p, i);
            if needed > room {
                velocity[i] *= room / needed;
                turn[i] *= room / needed;
            }
        }
        Curve {
            middle: p.to_vec(),
            at,
            velocity,
            turn,
        }
    }

    /// The same with w at rest.
    pub(super) fn lambda_curve(&self, p: &[f64], parabola: bool, random: &mut Random) -> Curve {
        let mut curve = self.curve(p, parabola, random);
        curve.velocity[..self.d].fill(0.0);
        curve.turn[..self.d].fill(0.0);
        curve
    }
}

/// γ(t) = p + (t - t₀)v + (t - t₀)²c on [0, 1].
#[derive(Clone, Debug)]
pub(super) struct Curve {
    middle: Vec<f64>,
    at: f64,
    velocity: Vec<f64>,
    turn: Vec<f64>,
}

impl Curve {
    pub(super) fn point(&self, t: f64) -> Vec<f64> {
        let t = t - self.at;
        let terms = self.middle.iter().zip(self.velocity.iter().zip(&self.turn));
        terms.map(|(p, (v, c))| p + t * (v + t * c)).collect()
    }

    pub(super) fn velocity(&self, t: f64) -> Vec<f64> {
        let t = t - self.at;
        self.velocity
            .iter()
            .zip(&self.turn)
            .map(|(v, c)| v + 2.0 * t * c)
            .collect()
    }
}

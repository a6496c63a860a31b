//! Proximal gradient steps as written: Φ = G(w - η(∇f(w) + λ₂w), ηλ₁), row by row.

use super::algebra::{Rows, add_to, dot, hadamard, rows, vector};
use super::family::{Point, Reference};
use super::scalar::Scalar;
use crate::maps::{Loss, Prox, ProxGradient, Tie};

/// The data of one step.
pub(super) struct Exact<T> {
    x: Rows<T>,
    y: Vec<T>,
    eta: T,
    loss: Loss,
    prox: Prox,
    /// The coordinates of every unit, and the weight of its threshold.
    units: Vec<(std::ops::Range<usize>, T)>,
}

impl<T: Scalar> Exact<T> {
    pub(super) fn new(data: &ProxGradient) -> Self {
        let units = data.prox.units(data.x.ncols()).into_iter();
        Self {
            x: rows(&data.x),
            y: vector(&data.y),
            eta: T::exactly(data.step),
            loss: data.loss,
            prox: data.prox.clone(),
            units: units.map(|(r, w)| (r, T::exactly(w))).collect(),
        }
    }

    /// Σ_i weight_i x_i / n.
    fn average(&self, weights: &[T]) -> Vec<T> {
        let n = T::exactly(self.x.len() as f64);
        let mut sum = vec![T::exactly(0.0); self.x.first().map_or(0, Vec::len)];
        for (row, weight) in self.x.iter().zip(weights) {
            add_to(&mut sum, weight, row);
        }
        sum.into_iter().map(|v| v / n.clone()).collect()
    }

    /// First and second derivative of the loss in xᵀw at every row; `None` where the field lacks the logistic function.
    fn derivatives(&self, w: &[T]) -> Option<(Vec<T>, Vec<T>)> {
        let one = T::exactly(1.0);
        let half = T::exactly(0.5);
        let mut first = Vec::with_capacity(self.x.len());
        let mut second = Vec::with_capacity(self.x.len());
        for (row, y) in self.x.iter().zip(&self.y) {
            let inner = dot(row, w);
            match self.loss {
                Loss::Quadratic => {
                    first.push(inner - y.clone());
                    second.push(one.clone());
                }
                Loss::Logistic => {
                    // 1/(1 + eᵐ) = (1 - tanh(m/2))/2.
                    let t = (half.clone() * y.clone() * inner).tanh()?;
                    let s = half.clone() * (one.clone() - t.clone());
                    first.push(-(y.clone() * s.clone()));
                    second.push(s.clone() * (one.clone() - s));
                }
            }
        }
        Some((first, second))
    }

    /// Coordinates of unit g.
    fn unit(&self, g: usize) -> std::ops::Range<usize> {
        self.units[g].0.clone()
    }

    /// ∂_uG·v with the selection of the units.
    fn prox_jacobian(&self, at: &Point<T>, lambda: &[T], v: &[T]) -> Vec<T> {
        if self.prox.is_separable() {
            return hadamard(&at.slope, v);
        }
        let mut out = Vec::with_capacity(v.len());
        for (g, s) in at.slope.iter().enumerate() {
            let range = self.unit(g);
            let (u, v) = (&at.input[range.clone()], &v[range]);
            if s.vanishes() {
                out.extend(vec![T::exactly(0.0); v.len()]);
                continue;
            }
            let r = at.z[g].clone();
            let theta = self.eta.clone() * lambda[0].clone() * self.units[g].1.clone();
            let across = T::exactly(1.0) - theta.clone() / r.clone();
            let along = theta.clone() / (r.clone() * r.clone() * r) * dot(u, v);
            for (u, v) in u.iter().zip(v) {
                out.push(s.clone() * (across.clone() * v.clone() + along.clone() * u.clone()));
            }
        }
        out
    }
}

impl<T: Scalar> Reference<T> for Exact<T> {
    fn dim(&self) -> usize {
        self.x.first().map_or(0, Vec::len)
    }

    fn at(&self, w: &[T], lambda: &[T], tie: &mut Tie<'_>) -> Option<Point<T>> {
        let (zero, one) = (T::exactly(0.0), T::exactly(1.0));
        let (first, curvature) = self.derivatives(w)?;
        let gradient = self.average(&first);
        let input: Vec<T> = gradient
            .into_iter()
            .zip(w)
            .map(|(g, w)| w.clone() - self.eta.clone() * (g + lambda[1].clone() * w.clone()))
            .collect();
        let theta = self.eta.clone() * lambda[0].clone();
        let mut value = vec![zero.clone(); input.len()];
        let (mut z, mut slope, mut margin) = (Vec::new(), Vec::new(), Vec::new());
        for g in 0..self.units.len() {
            let range = self.unit(g);
            let threshold = theta.clone() * self.units[g].1.clone();
            let u = &input[range.clone()];
            let (shown, inside, outside) = match self.prox {
                Prox::Soft => (
                    u[0].clone(),
                    u[0].magnitude() - threshold.clone(),
                    zero.clone(),
                ),
                Prox::Group { .. } | Prox::Groups { .. } => {
                    let r = dot(u, u).sqrt()?;
                    (r.clone(), r - threshold.clone(), zero.clone())
                }
                Prox::Box { lo, hi } => {
                    let moved = u[0].clone() - threshold.clone();
                    let below = lo.is_finite().then(|| moved.clone() - T::exactly(lo));
                    let above = hi.is_finite().then(|| T::exactly(hi) - moved.clone());
                    match (below, above) {
                        (Some(b), Some(a)) if b <= a => (moved, b, T::exactly(lo)),
                        (Some(b), None) => (moved, b, T::exactly(lo)),
                        (_, Some(a)) => (moved, a, T::exactly(hi)),
                        (None, None) => (moved.clone(), T::exactly(f64::MAX), moved),
                    }
                }
            };
            slope.push(if inside > zero {
                one.clone()
            } else if inside < zero {
                zero.clone()
            } else {
                T::exactly(tie.weight(g))
            });
            for i in range {
                value[i] = if inside < zero {
                    outside.clone()
                } else {
                    match self.prox {
                        Prox::Soft if shown < zero => -inside.clone(),
                        Prox::Soft => inside.clone(),
                        Prox::Box { .. } => shown.clone(),
                        Prox::Group { .. } | Prox::Groups { .. } => {
                            inside.clone() / shown.clone() * input[i].clone()
                        }
                    }
                };
            }
            margin.push(inside);
            // The sign of z belongs to the piece of a soft threshold only.
            z.push(match self.prox {
                Prox::Box { .. } => one.clone(),
                _ => shown,
            });
        }
        Some(Point {
            w: w.to_vec(),
            value,
            z,
            slope,
            margin,
            curvature,
            input,
        })
    }

    fn push_w(&self, at: &Point<T>, lambda: &[T], x: &[T]) -> Vec<T> {
        let inner: Vec<T> = self.x.iter().map(|row| dot(row, x)).collect();
        let hx = self.average(&hadamard(&at.curvature, &inner));
        let moved: Vec<T> = hx
            .into_iter()
            .zip(x)
            .map(|(h, x)| x.clone() - self.eta.clone() * (h + lambda[1].clone() * x.clone()))
            .collect();
        self.prox_jacobian(at, lambda, &moved)
    }

    fn column(&self, at: &Point<T>, lambda: &[T], j: usize) -> Vec<T> {
        if j == 1 {
            let decay: Vec<T> =
                at.w.iter()
                    .map(|w| -(self.eta.clone() * w.clone()))
                    .collect();
            return self.prox_jacobian(at, lambda, &decay);
        }
        let one = T::exactly(1.0);
        let mut out = Vec::with_capacity(at.w.len());
        for (g, s) in at.slope.iter().enumerate() {
            for i in self.unit(g) {
                let direction = match self.prox {
                    Prox::Soft if at.z[g] < T::exactly(0.0) => -one.clone(),
                    Prox::Soft | Prox::Box { .. } => one.clone(),
                    Prox::Group { .. } | Prox::Groups { .. } if s.vanishes() => T::exactly(0.0),
                    Prox::Group { .. } | Prox::Groups { .. } => {
                        self.units[g].1.clone() * at.input[i].clone() / at.z[g].clone()
                    }
                };
                out.push(-(self.eta.clone() * s.clone() * direction));
            }
        }
        out
    }
}

//! The outer maps G as written: thresholds, projections and layers.

use std::ops::Range;

use super::algebra::{Rows, add, column, dot, hadamard, rows, times, transposed, vector};
use super::clip::Bounds;
use super::family::Point;
use super::scalar::Scalar;
use crate::maps::Tie;
use crate::maps::composite::{Activation, Outer, Prox};

/// G in the number type T.
pub(super) enum Behind<T> {
    Identity,
    /// Soft-thresholding at ηλ₁ω_g of every unit g; on single coordinates with their sign.
    Threshold {
        eta: T,
        units: Vec<(Range<usize>, T)>,
        signed: bool,
    },
    /// Soft-thresholding at a number that is no parameter.
    Fixed {
        theta: T,
        units: Vec<(Range<usize>, T)>,
    },
    /// A projection, after a shift by ηλ₁ where there is one.
    Clip {
        bounds: Bounds<T>,
        shift: Option<T>,
    },
    /// σ(Vu + Bλ + c), a projection for relu.
    Layer {
        v: Rows<T>,
        b: Rows<T>,
        c: Vec<T>,
        relu: Option<Bounds<T>>,
    },
}

impl<T: Scalar> Behind<T> {
    pub(super) fn new(outer: &Outer, d: usize) -> Self {
        let positive = || Bounds::new(&vec![0.0; d], &vec![f64::INFINITY; d]);
        match outer {
            Outer::Identity => Self::Identity,
            Outer::Soft { eta } => Self::prox(&Prox::Soft, *eta, d),
            Outer::FixedSoft { threshold } => Self::Fixed {
                theta: T::exactly(*threshold),
                units: (0..d).map(|i| (i..i + 1, T::exactly(1.0))).collect(),
            },
            Outer::GroupSoft {
                eta,
                groups,
                weights,
            } => {
                let (groups, weights) = (groups.clone(), weights.clone());
                Self::prox(&Prox::Groups { groups, weights }, *eta, d)
            }
            Outer::Box { lower, upper } => Self::Clip {
                bounds: Bounds::new(lower, upper),
                shift: None,
            },
            Outer::Nonnegative => Self::Clip {
                bounds: positive(),
                shift: None,
            },
            Outer::Layer {
                v,
                b,
                c,
                activation,
            } => Self::Layer {
                v: rows(v),
                b: rows(b),
                c: vector(c),
                relu: (*activation != Activation::Tanh).then(positive),
            },
        }
    }

    /// The prox of ηλ₁g.
    pub(super) fn prox(prox: &Prox, eta: f64, d: usize) -> Self {
        if let Some([lower, upper]) = prox.bounds(d) {
            return Self::Clip {
                bounds: Bounds::new(&lower, &upper),
                shift: matches!(prox, Prox::Box { .. }).then(|| T::exactly(eta)),
            };
        }
        let units = prox.units(d).into_iter();
        Self::Threshold {
            eta: T::exactly(eta),
            units: units.map(|(r, w)| (r, T::exactly(w))).collect(),
            signed: *prox == Prox::Soft,
        }
    }

    /// G(u, λ) and the selection there; `None` where the field lacks a function.
    pub(super) fn at(&self, u: Vec<T>, lambda: &[T], tie: &mut Tie<'_>) -> Option<Point<T>> {
        match self {
            Self::Identity => Some(Point::smooth(&[], u)),
            Self::Clip { bounds, shift } => {
                let z = match shift {
                    Some(eta) => {
                        let by = eta.clone() * lambda[0].clone();
                        u.into_iter().map(|v| v - by.clone()).collect()
                    }
                    None => u,
                };
                Some(bounds.project(&[], &z, tie))
            }
            Self::Layer { v, b, c, relu } => {
                let z = add(&add(c, &times(b, lambda)), &times(v, &u));
                if let Some(bounds) = relu {
                    return Some(bounds.project(&[], &z, tie));
                }
                let value: Option<Vec<T>> = z.iter().map(Scalar::tanh).collect();
                let mut p = Point::smooth(&[], value?);
                let slope = |t: &T| T::exactly(1.0) - t.clone() * t.clone();
                p.slope = p.value.iter().map(slope).collect();
                p.z = z;
                Some(p)
            }
            Self::Fixed { theta, units } => threshold(u, theta, units, true, tie),
            Self::Threshold { eta, units, signed } => {
                let theta = eta.clone() * lambda[0].clone();
                threshold(u, &theta, units, *signed, tie)
            }
        }
    }

    /// S·v with the selection of `p`.
    fn slopes(&self, p: &Point<T>, lambda: &[T], v: Vec<T>) -> Vec<T> {
        let (eta, units) = match self {
            Self::Identity => return v,
            Self::Threshold {
                eta,
                units,
                signed: false,
            } => (eta, units),
            _ => return hadamard(&p.slope, &v),
        };
        let mut out = Vec::with_capacity(v.len());
        for ((range, weight), (s, r)) in units.iter().zip(p.slope.iter().zip(&p.z)) {
            let (u, v) = (&p.input[range.clone()], &v[range.clone()]);
            if s.vanishes() {
                out.extend(vec![T::exactly(0.0); v.len()]);
                continue;
            }
            // s((1 - θ/r)I + (θ/r)nnᵀ), n = u/r.
            let theta = eta.clone() * lambda[0].clone() * weight.clone();
            let across = T::exactly(1.0) - theta.clone() / r.clone();
            let along = theta / (r.clone() * r.clone() * r.clone()) * dot(u, v);
            for (u, v) in u.iter().zip(v) {
                out.push(s.clone() * (across.clone() * v.clone() + along.clone() * u.clone()));
            }
        }
        out
    }

    /// Γ₁·v.
    pub(super) fn push(&self, p: &Point<T>, lambda: &[T], v: Vec<T>) -> Vec<T> {
        match self {
            Self::Layer { v: matrix, .. } => self.slopes(p, lambda, times(matrix, &v)),
            _ => self.slopes(p, lambda, v),
        }
    }

    /// Γ₁ᵀ·v.
    pub(super) fn pull(&self, p: &Point<T>, lambda: &[T], v: &[T]) -> Vec<T> {
        let scaled = self.slopes(p, lambda, v.to_vec());
        match self {
            Self::Layer { v: matrix, .. } => transposed(matrix, &scaled),
            _ => scaled,
        }
    }

    /// Column j of Γ₂; `None` where it is 0.
    pub(super) fn column(&self, p: &Point<T>, j: usize) -> Option<Vec<T>> {
        match self {
            Self::Layer { b, .. } => Some(hadamard(&p.slope, &column(b, j))),
            Self::Clip {
                shift: Some(eta), ..
            } if j == 0 => Some(p.slope.iter().map(|s| -(eta.clone() * s.clone())).collect()),
            Self::Threshold { eta, units, signed } if j == 0 => {
                let mut out = Vec::with_capacity(p.value.len());
                for (g, (range, weight)) in units.iter().enumerate() {
                    let scale = -(eta.clone() * p.slope[g].clone() * weight.clone());
                    for i in range.clone() {
                        out.push(match (signed, p.slope[g].vanishes()) {
                            (_, true) => T::exactly(0.0),
                            (true, _) if p.z[g] < T::exactly(0.0) => -scale.clone(),
                            (true, _) => scale.clone(),
                            (false, _) => scale.clone() * p.input[i].clone() / p.z[g].clone(),
                        });
                    }
                }
                Some(out)
            }
            _ => None,
        }
    }
}

/// Every unit is moved towards 0 by θω, and is 0 within.
fn threshold<T: Scalar>(
    u: Vec<T>,
    theta: &T,
    units: &[(Range<usize>, T)],
    signed: bool,
    tie: &mut Tie<'_>,
) -> Option<Point<T>> {
    let zero = T::exactly(0.0);
    let mut p = Point::smooth(&[], Vec::with_capacity(u.len()));
    for (g, (range, weight)) in units.iter().enumerate() {
        let part = &u[range.clone()];
        let z = if signed {
            part[0].clone()
        } else {
            dot(part, part).sqrt()?
        };
        let inside = z.magnitude() - theta.clone() * weight.clone();
        p.slope.push(if inside > zero {
            T::exactly(1.0)
        } else if inside < zero {
            zero.clone()
        } else {
            T::exactly(tie.weight(g))
        });
        for v in part {
            p.value.push(if !(inside > zero) {
                zero.clone()
            } else if !signed {
                inside.clone() / z.clone() * v.clone()
            } else if z < zero {
                -inside.clone()
            } else {
                inside.clone()
            });
        }
        p.margin.push(inside);
        p.z.push(z);
    }
    p.input = u;
    Some(p)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Thresholds ¼·2·ω: u is at that of its first unit, and beyond that of its second, which is
    /// negative.
    #[test]
    fn a_tie_scales_the_column_of_its_unit() {
        let outer = Outer::GroupSoft {
            eta: 0.25,
            groups: vec![0..1, 1..2],
            weights: vec![3.0, 0.5],
        };
        let behind: Behind<f64> = Behind::new(&outer, 2);
        let u = vec![1.5, -1.0];
        let p = behind.at(u, &[2.0], &mut Tie::Weight(0.125)).unwrap();
        assert_eq!(p.slope, [0.125, 1.0]);
        assert_eq!(p.value, [0.0, -0.75]);
        assert_eq!(
            behind.column(&p, 0).unwrap(),
            [-0.25 * 0.125 * 3.0, 0.25 * 0.5]
        );
        assert!(behind.column(&p, 1).is_none());
    }
}

//! Φ, the inputs of its units and its Jacobians, straight from the formulas.

use super::composed::Composition;
use super::max_min::Extremes;
use super::prox_gradient::{Found, Step};
use super::scalar::Scalar;
use crate::linalg::{Matrix, Vector};
use crate::maps::{Activation, Problem, Tie, piece_key};

pub(super) type Rows<T> = Vec<Vec<T>>;

/// A problem at one λ in the number type T.
pub struct Naive<T> {
    form: Form<T>,
    lambda: Vec<T>,
}

enum Form<T> {
    /// Φ = Mw + k, ∂₂ = B.
    Affine { m: Rows<T>, k: Vec<T>, b: Rows<T> },
    /// Φ = λQw + c, ∂₂ = Qw.
    Scaling { q: Rows<T>, c: Vec<T> },
    /// z = Vw + k, Φ = Aσ(z), ∂₂ = A S B.
    Layer {
        a: Rows<T>,
        v: Rows<T>,
        k: Vec<T>,
        b: Rows<T>,
        activation: Activation,
    },
    /// z = w - η(Xᵀ(Xw-y)/n + λ₂w), Φ = soft(z, ηλ₁). `h` = XᵀX/n, `g` = Xᵀy/n.
    ElasticNet { h: Rows<T>, g: Vec<T>, eta: T },
    /// z = Mw + k, Φ = clip(z, lo, hi), ∂₂ = SB; a missing bound is infinite.
    Clip {
        m: Rows<T>,
        k: Vec<T>,
        b: Rows<T>,
        bounds: Vec<[Option<T>; 2]>,
    },
    /// A loss and a prox.
    ProxGradient(Step<T>),
    /// Extremes of affine forms.
    MaxMin(Extremes<T>),
    /// The mean of a noise model behind an outer map.
    Composed(Composition<T>),
}

/// Everything about Φ at one w: the value, the unit inputs and the selection.
#[derive(Clone)]
pub struct Point<T> {
    /// w.
    pub w: Vec<T>,
    /// Φ(w, λ).
    pub value: Vec<T>,
    /// Slopes of the units.
    pub slope: Vec<T>,
    /// Signed distance of every unit input from its nearest kink; empty where there are no kinks.
    pub margin: Vec<T>,
    z: Vec<T>,
    /// What the Jacobians of a proximal gradient step need besides.
    step: Option<Found<T>>,
}

impl<T: Scalar> Point<T> {
    /// Inputs z of the units; empty for affine maps.
    pub fn inputs(&self) -> &[T] {
        &self.z
    }

    /// Which piece of Φ is active, as [`crate::maps::Linearization::piece`]; empty for maps without kinks.
    pub fn piece(&self) -> Vec<f64> {
        if self.margin.is_empty() {
            return Vec::new();
        }
        self.slope
            .iter()
            .zip(&self.z)
            .map(|(s, z)| piece_key(s.to_f64(), z.to_f64()))
            .collect()
    }
}

impl<T: Scalar> Naive<T> {
    /// Reads the data exactly.
    pub fn new(problem: &Problem, lambda: &[f64]) -> Self {
        let lambda: Vec<T> = lambda.iter().map(|v| T::exactly(*v)).collect();
        let form = match problem {
            Problem::Affine { a, b, c } => {
                let b = rows(b);
                let k = add(&vector(c), &times(&b, &lambda));
                Form::Affine { m: rows(a), k, b }
            }
            Problem::Scaling { rotation, c } => Form::Scaling {
                q: rows(rotation),
                c: vector(c),
            },
            Problem::Layer {
                a,
                v,
                b,
                c,
                activation,
            } => {
                let b = rows(b);
                let k = add(&vector(c), &times(&b, &lambda));
                Form::Layer {
                    a: rows(a),
                    v: rows(v),
                    k,
                    b,
                    activation: *activation,
                }
            }
            Problem::Clip { a, b, c, lo, hi } => {
                let b = rows(b);
                let k = add(&vector(c), &times(&b, &lambda));
                let bound = |v: f64| v.is_finite().then(|| T::exactly(v));
                let bounds = lo.iter().zip(hi.iter());
                Form::Clip {
                    m: rows(a),
                    k,
                    b,
                    bounds: bounds.map(|(l, h)| [bound(*l), bound(*h)]).collect(),
                }
            }
            Problem::ElasticNet { x, y, step } => {
                let columns = rows::<T>(&x.transpose());
                let n = T::exactly(x.nrows() as f64);
                let y = vector(y);
                let h = columns
                    .iter()
                    .map(|p| columns.iter().map(|q| dot(p, q) / n.clone()).collect())
                    .collect();
                let g = columns.iter().map(|p| dot(p, &y) / n.clone()).collect();
                Form::ElasticNet {
                    h,
                    g,
                    eta: T::exactly(*step),
                }
            }
            Problem::ProxGradient {
                x,
                y,
                step,
                loss,
                prox,
            } => Form::ProxGradient(Step::new(x, y, *step, *loss, prox)),
            Problem::MaxMin { forms, least } => Form::MaxMin(Extremes::new(forms, least, &lambda)),
            Problem::Composed(data) => Form::Composed(Composition::new(data, &lambda)),
        };
        Self { form, lambda }
    }

    /// Φ and the selection at w; `None` if the field lacks tanh.
    pub fn at(&self, w: &[T], tie: &mut Tie<'_>) -> Option<Point<T>> {
        let zero = T::exactly(0.0);
        let one = T::exactly(1.0);
        let (value, z, slope, margin) = match &self.form {
            Form::Affine { m, k, .. } => (add(k, &times(m, w)), vec![], vec![], vec![]),
            Form::Scaling { q, c } => {
                let z = times(q, w);
                let value = z
                    .iter()
                    .zip(c)
                    .map(|(z, c)| self.lambda[0].clone() * z.clone() + c.clone())
                    .collect();
                (value, z, vec![], vec![])
            }
            Form::Layer {
                a,
                v,
                k,
                activation,
                ..
            } => {
                let z = add(k, &times(v, w));
                let mut sigma = Vec::with_capacity(z.len());
                let mut slope = Vec::with_capacity(z.len());
                match activation.slopes() {
                    None => {
                        for zi in &z {
                            let t = zi.tanh()?;
                            slope.push(one.clone() - t.clone() * t.clone());
                            sigma.push(t);
                        }
                        (times(a, &sigma), z, slope, vec![])
                    }
                    Some((lo, hi)) => {
                        for (i, zi) in z.iter().enumerate() {
                            let s = if *zi > zero {
                                T::exactly(hi)
                            } else if *zi < zero {
                                T::exactly(lo)
                            } else {
                                T::exactly(lo)
                                    + T::exactly(tie.weight(i)) * (T::exactly(hi) - T::exactly(lo))
                            };
                            sigma.push(s.clone() * zi.clone());
                            slope.push(s);
                        }
                        let margin = z.clone();
                        (times(a, &sigma), z, slope, margin)
                    }
                }
            }
            Form::Clip { m, k, bounds, .. } => {
                let z = add(k, &times(m, w));
                let (mut value, mut slope, mut margin) = (Vec::new(), Vec::new(), Vec::new());
                for (i, zi) in z.iter().enumerate() {
                    // Signed distances inwards from the bounds that there are; the smaller one decides.
                    let below = bounds[i][0].as_ref().map(|l| zi.clone() - l.clone());
                    let above = bounds[i][1].as_ref().map(|h| h.clone() - zi.clone());
                    let at_lower = match (&below, &above) {
                        (Some(b), Some(a)) => b <= a,
                        (below, _) => below.is_some(),
                    };
                    let inside = if at_lower { below } else { above }
                        .unwrap_or_else(|| T::exactly(f64::MAX));
                    let (v, s) = if inside > zero {
                        (zi.clone(), one.clone())
                    } else if inside < zero {
                        let bound = &bounds[i][usize::from(!at_lower)];
                        (bound.clone().unwrap_or_else(|| zi.clone()), zero.clone())
                    } else {
                        (zi.clone(), T::exactly(tie.weight(i)))
                    };
                    value.push(v);
                    slope.push(s);
                    margin.push(inside);
                }
                // No sign of z belongs to a piece here.
                (value, vec![one.clone(); z.len()], slope, margin)
            }
            Form::ElasticNet { h, g, eta } => {
                let threshold = eta.clone() * self.lambda[0].clone();
                let hw = times(h, w);
                let mut z = Vec::with_capacity(w.len());
                let mut value = Vec::with_capacity(w.len());
                let mut slope = Vec::with_capacity(w.len());
                let mut margin = Vec::with_capacity(w.len());
                for i in 0..w.len() {
                    let gradient =
                        hw[i].clone() - g[i].clone() + self.lambda[1].clone() * w[i].clone();
                    let zi = w[i].clone() - eta.clone() * gradient;
                    let excess = zi.magnitude() - threshold.clone();
                    let (v, s) = if excess > zero {
                        (
                            if zi < zero {
                                -excess.clone()
                            } else {
                                excess.clone()
                            },
                            one.clone(),
                        )
                    } else if excess < zero {
                        (zero.clone(), zero.clone())
                    } else {
                        (zero.clone(), T::exactly(tie.weight(i)))
                    };
                    value.push(v);
                    slope.push(s);
                    margin.push(excess);
                    z.push(zi);
                }
                (value, z, slope, margin)
            }
            Form::ProxGradient(step) => {
                let found = step.at(w, &self.lambda, tie)?;
                return Some(Point {
                    w: w.to_vec(),
                    value: found.value.clone(),
                    slope: found.slope.clone(),
                    margin: found.margin.clone(),
                    z: found.z.clone(),
                    step: Some(found),
                });
            }
            Form::MaxMin(extremes) => {
                let found = extremes.at(w, tie);
                // No sign belongs to a piece here.
                let z = vec![one.clone(); found.slope.len()];
                (found.value, z, found.slope, found.margin)
            }
            Form::Composed(composition) => {
                let found = composition.at(w, &self.lambda, tie)?;
                (found.value, found.z, found.slope, found.margin)
            }
        };
        Some(Point {
            w: w.to_vec(),
            value,
            slope,
            margin,
            z,
            step: None,
        })
    }

    /// ∂₁Φ·x with the selection of `p`.
    pub fn push_w(&self, p: &Point<T>, x: &[T]) -> Vec<T> {
        match &self.form {
            Form::Affine { m, .. } => times(m, x),
            Form::Scaling { q, .. } => scale(&self.lambda[0], times(q, x)),
            Form::Clip { m, .. } => hadamard(&p.slope, &times(m, x)),
            Form::Layer { a, v, .. } => times(a, &hadamard(&p.slope, &times(v, x))),
            Form::ElasticNet { h, eta, .. } => {
                let hx = times(h, x);
                (0..x.len())
                    .map(|i| {
                        let decay = hx[i].clone() + self.lambda[1].clone() * x[i].clone();
                        p.slope[i].clone() * (x[i].clone() - eta.clone() * decay)
                    })
                    .collect()
            }
            Form::ProxGradient(step) => match &p.step {
                Some(found) => step.push_w(found, &self.lambda, x),
                None => Vec::new(),
            },
            Form::MaxMin(extremes) => extremes.push_w(&p.slope, x),
            Form::Composed(composition) => composition.push_w(&p.slope, &self.lambda, x),
        }
    }

    /// Column j of ∂₂Φ with the selection of `p`.
    pub fn column(&self, p: &Point<T>, j: usize) -> Vec<T> {
        match &self.form {
            Form::Affine { b, .. } => b.iter().map(|r| r[j].clone()).collect(),
            Form::Scaling { .. } => p.z.clone(),
            Form::Clip { b, .. } => {
                let bj: Vec<T> = b.iter().map(|r| r[j].clone()).collect();
                hadamard(&p.slope, &bj)
            }
            Form::Layer { a, b, .. } => {
                let bj: Vec<T> = b.iter().map(|r| r[j].clone()).collect();
                times(a, &hadamard(&p.slope, &bj))
            }
            Form::ElasticNet { eta, .. } => {
                let zero = T::exactly(0.0);
                let signed = |i: usize| {
                    if j == 1 {
                        p.w[i].clone()
                    } else if p.z[i] < zero {
                        T::exactly(-1.0)
                    } else {
                        T::exactly(1.0)
                    }
                };
                (0..p.w.len())
                    .map(|i| -(eta.clone() * p.slope[i].clone() * signed(i)))
                    .collect()
            }
            Form::ProxGradient(step) => match &p.step {
                Some(found) => step.column(found, &self.lambda, &p.w, j),
                None => Vec::new(),
            },
            Form::MaxMin(extremes) => extremes.column(&p.slope, j),
            Form::Composed(composition) => composition.column(&p.slope, &p.w, j),
        }
    }

    /// Dimensions (d, m).
    pub fn dims(&self) -> (usize, usize) {
        let d = match &self.form {
            Form::Affine { k, .. } => k.len(),
            Form::Scaling { c, .. } => c.len(),
            Form::Clip { k, .. } => k.len(),
            Form::Layer { a, .. } => a.len(),
            Form::ElasticNet { g, .. } => g.len(),
            Form::ProxGradient(step) => step.dim(),
            Form::MaxMin(extremes) => extremes.dim(),
            Form::Composed(composition) => composition.dim(),
        };
        (d, self.lambda.len())
    }

    /// ∂₁Φ with the selection of `p`, by columns: d vectors of length d.
    pub fn jacobian_w(&self, p: &Point<T>) -> Vec<Vec<T>> {
        let d = p.w.len();
        (0..d)
            .map(|j| {
                let unit: Vec<T> = (0..d)
                    .map(|i| T::exactly(f64::from(u8::from(i == j))))
                    .collect();
                self.push_w(p, &unit)
            })
            .collect()
    }
}

pub(super) fn rows<T: Scalar>(m: &Matrix) -> Rows<T> {
    m.row_iter()
        .map(|r| r.iter().map(|v| T::exactly(*v)).collect())
        .collect()
}

pub(super) fn vector<T: Scalar>(v: &Vector) -> Vec<T> {
    v.iter().map(|x| T::exactly(*x)).collect()
}

pub(super) fn dot<T: Scalar>(x: &[T], y: &[T]) -> T {
    let mut sum = T::exactly(0.0);
    for (a, b) in x.iter().zip(y) {
        if !a.vanishes() && !b.vanishes() {
            sum = sum + a.clone() * b.clone();
        }
    }
    sum
}

pub(super) fn times<T: Scalar>(m: &Rows<T>, x: &[T]) -> Vec<T> {
    m.iter().map(|row| dot(row, x)).collect()
}

pub(super) fn add<T: Scalar>(x: &[T], y: &[T]) -> Vec<T> {
    x.iter()
        .zip(y)
        .map(|(a, b)| a.clone() + b.clone())
        .collect()
}

/// sum ← sum + s·x.
pub(super) fn add_to<T: Scalar>(sum: &mut [T], s: &T, x: &[T]) {
    for (o, v) in sum.iter_mut().zip(x) {
        *o = o.clone() + s.clone() * v.clone();
    }
}

pub(super) fn hadamard<T: Scalar>(x: &[T], y: &[T]) -> Vec<T> {
    x.iter()
        .zip(y)
        .map(|(a, b)| a.clone() * b.clone())
        .collect()
}

fn scale<T: Scalar>(s: &T, x: Vec<T>) -> Vec<T> {
    x.into_iter().map(|v| s.clone() * v).collect()
}

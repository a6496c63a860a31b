//! Maps as other people write them: plain arithmetic, a derivative by hand, ties as they like.

use ratecert::linalg::random::Random;
use ratecert::linalg::{Matrix, Vector};
use ratecert::served::{ServedMap, ServedSpec};

/// What a derivative selects exactly at a kink.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Tie {
    At(f64),
    Random,
}

pub const TIES: [Tie; 4] = [Tie::At(0.0), Tie::At(0.5), Tie::At(1.0), Tie::Random];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Relu,
    Abs,
    Leaky,
    Tanh,
    ElasticNet,
    GroupLasso,
    BoxQp,
    OwnProx,
    Bilinear,
    InnerSolver,
}

pub const KINDS: [Kind; 10] = [
    Kind::Relu,
    Kind::Abs,
    Kind::Leaky,
    Kind::Tanh,
    Kind::ElasticNet,
    Kind::GroupLasso,
    Kind::BoxQp,
    Kind::OwnProx,
    Kind::Bilinear,
    Kind::InnerSolver,
];

/// A mistake in the derivative.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    None,
    /// One entry off by this relatively; it is at least a tenth of its row's largest.
    Entry(f64),
    /// The derivative of the nonlinearity is 1.
    StraightThrough,
    /// No derivative by w.
    Detached,
    /// The derivative at the w of the first call.
    CachedW,
    Transposed,
    /// The sign of the derivative by λ is lost.
    LostSign,
    /// No derivative by the last λ.
    MissingColumn,
    /// This much of the identity added to ∂₁Φ.
    PlusIdentity(f64),
    /// The slope on the negative side of a leaky unit is this.
    Slope(f64),
    /// The derivative of the nonlinearity smoothed over |z| < ℓ.
    Smoothed(f64),
    /// The derivative switches at ℓ instead of 0.
    Shifted(f64),
    /// vjp is that of a matrix 1 % off, jvp is right.
    NotAdjoint,
    /// A counter that nobody sees.
    Counter,
}

pub struct Model {
    pub kind: Kind,
    pub d: usize,
    pub m: usize,
    pub w0: Vec<f64>,
    pub lambda: Vec<f64>,
    pub scale: Vec<f64>,
    pub tie: Tie,
    pub single: bool,
    pub fault: Fault,
    pub tolerance: f64,
    /// vjp and jvp served.
    pub products: [bool; 2],
    a: Matrix,
    v: Matrix,
    b: Matrix,
    c: Vec<f64>,
    eta: f64,
    random: Random,
    cached: Option<Vec<f64>>,
    calls: usize,
    entry: (usize, usize),
}

/// Where the start lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    Free,
    OnKinks,
    NearKinks,
}

impl Model {
    /// An instance with ‖A‖‖V‖ = q, or a gradient step with that contraction.
    pub fn new(kind: Kind, d: usize, q: f64, start: Start, seed: u64) -> Self {
        let mut r = Random::new(seed ^ 0x5eed);
        let d = if kind == Kind::GroupLasso {
            d + d % 2
        } else {
            d
        };
        let m = if kind == Kind::BoxQp { 3 } else { 2 };
        let unit = |m: Matrix| {
            let norm = m.singular_values().max();
            m / norm
        };
        let orthogonal = r.orthogonal(d);
        let curved = matches!(
            kind,
            Kind::ElasticNet | Kind::GroupLasso | Kind::BoxQp | Kind::OwnProx
        );
        let (a, v) = if curved {
            // A gradient step I - ηQ with spectrum in [1-q, 1+q]/(1+q)·...: eigenvalues of Q from
            // 1-q to 1.
            let spread = |i: usize| 1.0 - q * i as f64 / (d.max(2) - 1) as f64;
            let q = &orthogonal
                * Matrix::from_diagonal(&Vector::from_fn(d, |i, _| spread(i)))
                * orthogonal.transpose();
            (Matrix::identity(d, d), q)
        } else {
            (unit(r.matrix(d, d)) * q, unit(r.matrix(d, d)))
        };
        let b = r.matrix(d, m) / 2.0;
        let spread = if kind == Kind::BoxQp { 0.2 } else { 1.0 };
        let mut c: Vec<f64> = (0..d).map(|_| spread * r.normal()).collect();
        let w0: Vec<f64> = (0..d).map(|_| r.normal()).collect();
        let lambda = match kind {
            Kind::ElasticNet => vec![0.3, 0.2],
            Kind::GroupLasso | Kind::OwnProx => vec![0.3, 0.5],
            _ => (0..m).map(|_| r.sign() * r.between(0.5, 1.5)).collect(),
        };
        let eta = 0.9;
        let entry = (r.integer(0, d - 1), r.integer(0, d + m - 1));
        let mut model = Self {
            kind,
            d,
            m,
            w0,
            lambda,
            scale: vec![1.0; d],
            tie: Tie::At(0.0),
            single: false,
            fault: Fault::None,
            tolerance: 0.0,
            products: [true; 2],
            a,
            v,
            b,
            c: c.clone(),
            eta,
            random: r,
            cached: None,
            calls: 0,
            entry,
        };
        if start != Start::Free && !matches!(kind, Kind::Bilinear | Kind::InnerSolver) {
            // Half of the units (all of one group) exactly at a kink at the start.
            let (w0, lambda) = (model.w0.clone(), model.lambda.clone());
            let off = if start == Start::NearKinks { 1e-9 } else { 0.0 };
            for _ in 0..3 {
                // Rounding of c moves z once more; three rounds reach z = t exactly or nearly so.
                let z = model.inputs(&w0, &lambda);
                for i in (0..d).step_by(2) {
                    let target = match kind {
                        Kind::ElasticNet | Kind::OwnProx => model.eta * lambda[0],
                        Kind::BoxQp => 0.5,
                        _ => 0.0,
                    };
                    c[i] += target + off - z[i];
                }
                model.c.clone_from(&c);
            }
        }
        model
    }

    /// Natural units far apart.
    pub fn scaled(mut self) -> Self {
        self.scale = (0..self.d)
            .map(|_| 10f64.powf(self.random.between(-8.0, 8.0)))
            .collect();
        self.w0
            .iter_mut()
            .zip(&self.scale)
            .for_each(|(w, s)| *w *= s);
        self
    }

    pub fn single(mut self) -> Self {
        self.single = true;
        let round = |x: &mut f64| *x = f64::from(*x as f32);
        for m in [&mut self.a, &mut self.v, &mut self.b] {
            m.iter_mut().for_each(round);
        }
        self.c.iter_mut().for_each(round);
        self.w0.iter_mut().for_each(round);
        self.lambda.iter_mut().for_each(round);
        self
    }

    pub fn spec(&self) -> ServedSpec {
        let name = format!("{:?} of {}", self.kind, self.d);
        let mut spec = ServedSpec::new(name, self.w0.clone(), self.lambda.clone());
        spec.tolerance = self.tolerance;
        (spec.products.vjp, spec.products.jvp) = (self.products[0], self.products[1]);
        spec
    }

    fn round(&self, x: f64) -> f64 {
        if self.single { f64::from(x as f32) } else { x }
    }

    fn times(&self, m: &Matrix, x: &[f64]) -> Vec<f64> {
        (0..m.nrows())
            .map(|i| (0..m.ncols()).fold(0.0, |s, j| self.round(s + self.round(m[(i, j)] * x[j]))))
            .collect()
    }

    /// z: what the nonlinearity sees.
    fn inputs(&self, w: &[f64], l: &[f64]) -> Vec<f64> {
        let r = |x| self.round(x);
        match self.kind {
            Kind::ElasticNet | Kind::GroupLasso | Kind::OwnProx => {
                let g = self.times(&self.v, w);
                let ridge = if self.kind == Kind::ElasticNet {
                    l[1]
                } else {
                    0.0
                };
                (0..self.d)
                    .map(|i| {
                        let g = r(g[i] + r(ridge * w[i]));
                        r(r(w[i] - r(self.eta * g)) + self.c[i])
                    })
                    .collect()
            }
            Kind::BoxQp => {
                let (g, h) = (self.times(&self.v, w), self.times(&self.b, l));
                (0..self.d)
                    .map(|i| r(r(w[i] - r(self.eta * r(g[i] + h[i]))) + self.c[i]))
                    .collect()
            }
            _ => {
                let (g, h) = (self.times(&self.v, w), self.times(&self.b, l));
                (0..self.d).map(|i| r(r(g[i] + h[i]) + self.c[i])).collect()
            }
        }
    }

    fn at_tie(&mut self) -> f64 {
        match self.tie {
            Tie::At(t) => t,
            Tie::Random => self.random.unit(),
        }
    }

    /// 1 above 0 and 0 below, with the tie, or what a fault makes of it.
    fn step(&mut self, z: f64) -> f64 {
        match self.fault {
            Fault::StraightThrough => 1.0,
            Fault::Smoothed(l) => (0.5 + 0.5 * z / l).clamp(0.0, 1.0),
            Fault::Shifted(l) => f64::from(z > l),
            _ if z == 0.0 => self.at_tie(),
            _ => f64::from(z > 0.0),
        }
    }

    fn value_of(&self, w: &[f64], l: &[f64]) -> Vec<f64> {
        let r = |x| self.round(x);
        let z = self.inputs(w, l);
        let t = r(self.eta * l[0]);
        match self.kind {
            Kind::Relu | Kind::Abs | Kind::Leaky | Kind::Tanh => {
                let one = |z: &f64| match self.kind {
                    Kind::Relu => z.max(0.0),
                    Kind::Abs => z.abs(),
                    Kind::Leaky => {
                        if *z > 0.0 {
                            *z
                        } else {
                            r(0.01 * z)
                        }
                    }
                    _ => r(z.tanh()),
                };
                self.times(&self.a, &z.iter().map(one).collect::<Vec<_>>())
            }
            Kind::ElasticNet => z
                .iter()
                .map(|z| r((z.abs() - t).max(0.0)) * z.signum())
                .collect(),
            Kind::OwnProx => z
                .iter()
                .map(|z| r((z - t).max(0.0)) - r((-z - 2.0 * t).max(0.0)))
                .collect(),
            Kind::GroupLasso => z
                .chunks(2)
                .flat_map(|g| {
                    let n = r(r(r(g[0] * g[0]) + r(g[1] * g[1])).sqrt());
                    let f = if n > t { r(1.0 - r(t / n)) } else { 0.0 };
                    [r(f * g[0]), r(f * g[1])]
                })
                .collect(),
            Kind::BoxQp => z.iter().map(|z| z.clamp(-0.5, 0.5)).collect(),
            Kind::Bilinear => {
                // (A + λ₀V/4)w + Bλ + c.
                let (g, h, k) = (
                    self.times(&self.a, w),
                    self.times(&self.v, w),
                    self.times(&self.b, l),
                );
                (0..self.d)
                    .map(|i| r(r(r(g[i] + r(r(0.1 * l[0]) * h[i])) + k[i]) + self.c[i]))
                    .collect()
            }
            Kind::InnerSolver => {
                // (I + VᵀV)x = tanh(w) + Bλ + c by gradient steps to a relative residual.
                let k = self.times(&self.b, l);
                let rhs = Vector::from_fn(self.d, |i, _| w[i].tanh() + k[i] + self.c[i]);
                let system = Matrix::identity(self.d, self.d) + self.v.tr_mul(&self.v);
                let stop = self.tolerance.max(1e-14) * rhs.norm();
                let mut x = Vector::zeros(self.d);
                for _ in 0..500 {
                    let residual = &rhs - &system * &x;
                    if residual.norm() <= stop {
                        break;
                    }
                    x += residual * 0.6;
                }
                (&self.a * x).as_slice().to_vec()
            }
        }
    }

    /// V in natural units before scaling, d×(d+m).
    fn derivative_of(&mut self, w: &[f64], l: &[f64]) -> Matrix {
        let (d, m, eta) = (self.d, self.m, self.eta);
        let z = self.inputs(w, l);
        let t = self.round(eta * l[0]);
        let mut out = Matrix::zeros(d, d + m);
        match self.kind {
            Kind::Relu | Kind::Abs | Kind::Leaky | Kind::Tanh => {
                let low = match (self.kind, self.fault) {
                    (_, Fault::Slope(s)) => s,
                    (Kind::Abs, _) => -1.0,
                    (Kind::Leaky, _) => 0.01,
                    _ => 0.0,
                };
                let inner = self.joined(&self.v, &self.b);
                for k in 0..d {
                    let slope = if self.kind == Kind::Tanh {
                        1.0 - z[k].tanh() * z[k].tanh()
                    } else {
                        let on = self.step(z[k]);
                        on + (1.0 - on) * low
                    };
                    for j in 0..d + m {
                        let right = slope * inner[(k, j)];
                        for i in 0..d {
                            out[(i, j)] += self.a[(i, k)] * right;
                        }
                    }
                }
            }
            Kind::ElasticNet | Kind::OwnProx | Kind::BoxQp | Kind::GroupLasso => {
                let ridge = if self.kind == Kind::ElasticNet {
                    l[1]
                } else {
                    0.0
                };
                let rows = Matrix::from_fn(d, d + m, |i, j| {
                    if j < d {
                        f64::from(i == j) - eta * (self.v[(i, j)] + ridge * f64::from(i == j))
                    } else if self.kind == Kind::BoxQp {
                        -eta * self.b[(i, j - d)]
                    } else if self.kind == Kind::ElasticNet && j == d + 1 {
                        -eta * w[i]
                    } else {
                        0.0
                    }
                });
                match self.kind {
                    Kind::GroupLasso => {
                        for g in 0..d / 2 {
                            let (z0, z1) = (z[2 * g], z[2 * g + 1]);
                            let n = (z0 * z0 + z1 * z1).sqrt();
                            let on = self.step(n - t);
                            if on == 0.0 || n == 0.0 {
                                continue;
                            }
                            let zs = [z0, z1];
                            for a in 0..2 {
                                for j in 0..d + m {
                                    let mut s = (1.0 - t / n) * rows[(2 * g + a, j)];
                                    for b in 0..2 {
                                        let p = zs[a] * zs[b] / (n * n);
                                        s += t / n * p * rows[(2 * g + b, j)];
                                    }
                                    out[(2 * g + a, j)] = on * s;
                                }
                                out[(2 * g + a, d)] -= on * eta * zs[a] / n;
                            }
                        }
                    }
                    _ => {
                        for i in 0..d {
                            let (on, by_threshold) = match self.kind {
                                Kind::BoxQp => (self.step(z[i] + 0.5) * self.step(0.5 - z[i]), 0.0),
                                Kind::OwnProx => {
                                    let (up, down) =
                                        (self.step(z[i] - t), self.step(-z[i] - 2.0 * t));
                                    (up + down, -up + 2.0 * down)
                                }
                                _ => {
                                    let on = self.step(z[i].abs() - t);
                                    (on, -on * z[i].signum())
                                }
                            };
                            for j in 0..d + m {
                                out[(i, j)] = on * rows[(i, j)];
                            }
                            if self.kind != Kind::BoxQp {
                                out[(i, d)] += by_threshold * eta;
                            }
                        }
                    }
                }
            }
            Kind::Bilinear => {
                let h = self.times(&self.v, w);
                for i in 0..d {
                    for j in 0..d {
                        out[(i, j)] = self.a[(i, j)] + 0.1 * l[0] * self.v[(i, j)];
                    }
                    for j in 0..m {
                        out[(i, d + j)] = self.b[(i, j)] + if j == 0 { 0.1 * h[i] } else { 0.0 };
                    }
                }
            }
            Kind::InnerSolver => {
                let system = Matrix::identity(d, d) + self.v.tr_mul(&self.v);
                let right = Matrix::from_fn(d, d + m, |i, j| {
                    if j < d {
                        f64::from(i == j) * (1.0 - w[i].tanh() * w[i].tanh())
                    } else {
                        self.b[(i, j - d)]
                    }
                });
                out = &self.a * system.lu().solve(&right).unwrap();
            }
        }
        out
    }

    fn joined(&self, left: &Matrix, right: &Matrix) -> Matrix {
        Matrix::from_fn(self.d, self.d + self.m, |i, j| {
            if j < self.d {
                left[(i, j)]
            } else {
                right[(i, j - self.d)]
            }
        })
    }

    fn unscaled(&self, w: &[f64]) -> Vec<f64> {
        w.iter()
            .zip(&self.scale)
            .map(|(w, s)| self.round(w / s))
            .collect()
    }

    /// V as the program has it, faults included, in natural units.
    pub fn derivative(&mut self, w: &[f64], l: &[f64]) -> Matrix {
        let (d, n) = (self.d, self.d + self.m);
        let mut at = self.unscaled(w);
        if self.fault == Fault::CachedW {
            at = self.cached.get_or_insert(at).clone();
        }
        let mut v = self.derivative_of(&at, l);
        match self.fault {
            Fault::Entry(delta) => {
                let alive = (0..d)
                    .map(|k| (self.entry.0 + k) % d)
                    .find(|i| v.row(*i).amax() > 0.0);
                let i = alive.unwrap_or(0);
                let large = v.row(i).amax();
                let from = self.entry.1;
                let pick = (0..n)
                    .map(|k| (from + k) % n)
                    .find(|j| v[(i, *j)].abs() >= 0.1 * large);
                if let Some(j) = pick {
                    v[(i, j)] *= 1.0 + delta;
                }
            }
            Fault::Detached => v.columns_mut(0, d).fill(0.0),
            Fault::Transposed => {
                let t = v.columns(0, d).transpose();
                v.columns_mut(0, d).copy_from(&t);
            }
            Fault::LostSign => v.columns_mut(d, n - d).neg_mut(),
            Fault::MissingColumn => v.columns_mut(n - 1, 1).fill(0.0),
            Fault::PlusIdentity(size) => (0..d).for_each(|i| v[(i, i)] += size),
            _ => {}
        }
        for i in 0..d {
            for j in 0..n {
                let by = if j < d {
                    self.scale[i] / self.scale[j]
                } else {
                    self.scale[i]
                };
                v[(i, j)] = self.round(v[(i, j)]) * by;
            }
        }
        v
    }

    /// ŵ by iteration, until the last step is small.
    pub fn solve(&self, l: &[f64], stop: f64) -> Vec<f64> {
        let mut w = self.w0.clone();
        for _ in 0..100_000 {
            let next = self.value(&w, l);
            let moved = next.iter().zip(&w).zip(&self.scale);
            let step = moved
                .map(|((a, b), s)| ((a - b) / s).powi(2))
                .sum::<f64>()
                .sqrt();
            w = next;
            if step <= stop {
                break;
            }
        }
        w
    }

    pub fn value(&self, w: &[f64], l: &[f64]) -> Vec<f64> {
        let out = self.value_of(&self.unscaled(w), l);
        out.iter()
            .zip(&self.scale)
            .map(|(v, s)| self.round(*v) * s)
            .collect()
    }
}

impl ServedMap for Model {
    fn phi(&mut self, w: &[f64], l: &[f64]) -> ratecert::Result<Vec<f64>> {
        Ok(self.value(w, l))
    }

    fn vjp(&mut self, w: &[f64], l: &[f64], u: &[f64]) -> ratecert::Result<(Vec<f64>, Vec<f64>)> {
        let mut v = self.derivative(w, l);
        if self.fault == Fault::NotAdjoint {
            let (i, j) = (self.d / 2, 0);
            let size = v.amax();
            v[(i, j)] += 0.01 * size;
        }
        let g: Vec<f64> = (0..self.d + self.m)
            .map(|j| (0..self.d).fold(0.0, |s, i| self.round(s + self.round(v[(i, j)] * u[i]))))
            .collect();
        Ok((g[..self.d].to_vec(), g[self.d..].to_vec()))
    }

    fn jvp(&mut self, w: &[f64], l: &[f64], dw: &[f64], dl: &[f64]) -> ratecert::Result<Vec<f64>> {
        let v = self.derivative(w, l);
        let x = [dw, dl].concat();
        self.calls += 1;
        let mut out = self.times(&v, &x);
        if self.fault == Fault::Counter {
            out[0] *= 1.0 + 1e-14 * self.calls as f64;
        }
        Ok(out)
    }
}

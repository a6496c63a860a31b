//! Stochastic instances: Φ = G∘E T̂ with λ, a point w, a cotangent and the sizes of a run.
//!
//! Owns how they are drawn. Must not know ground truth, methods or claims.

use super::draft::rounded;
use super::kind::Kind;
use super::random::{Random, norm_estimate, product};
use super::spec::Spec;
use super::{elastic_net, real};
use crate::error::Result;
use crate::linalg::{Matrix, Vector};
use crate::maps::composite::{
    Activation, Channel, Composite, FiniteSum, Inner, Loss, NoiseModel, Outer,
};
use crate::maps::{ElasticNet, Problem};

/// Sets the fields that a stochastic kind fixes.
pub(super) fn normalise(spec: &mut Spec) {
    match spec.kind {
        Kind::SumElasticNet => {
            spec.params = 2;
            spec.rows = spec.rows.max(spec.dim + 1);
        }
        Kind::SumTiny => {
            spec.params = 2;
            spec.dim = spec.dim.min(3);
            spec.rows = spec.rows.clamp(spec.dim + 1, 6);
        }
        Kind::SumLogisticGroup => {
            spec.params = 2;
            spec.rows = spec.rows.max(2);
        }
        Kind::SumDiabetes => {
            (spec.dim, spec.rows, spec.params) = (10, 442, 2);
            spec.lambda = spec.lambda.or(Some([0.1, 0.5]));
        }
        Kind::NoiseExtremal => {
            (spec.dim, spec.rows, spec.params) = (1, 1, 1);
            spec.q = 0.3;
        }
        // Additive noise has one sign per coordinate and a population of 2^d.
        Kind::NoiseAdditiveRelu => {
            spec.rows = 1;
            spec.dim = spec.dim.min(12);
        }
        Kind::NoiseKink | Kind::NoiseBilinear => {
            (spec.rows, spec.params) = (1, 1);
            spec.dim = spec.dim.min(3);
        }
        _ => spec.rows = 1,
    }
}

/// A map with λ and a point near w(λ).
pub(super) struct Draft {
    pub(super) map: Composite,
    pub(super) lambda: Vec<f64>,
    pub(super) w: Vec<f64>,
}

/// A few steps of Φ from a random point: near w(λ), where the samples of a solver would be.
pub(super) fn near(map: &Composite, lambda: &[f64], random: &mut Random) -> Vec<f64> {
    let d = map.dim();
    let mut w = (random.normals(d) * 0.5).as_slice().to_vec();
    let (mut u, mut next) = (vec![0.0; d], vec![0.0; d]);
    for _ in 0..12 {
        map.apply(&w, lambda, &mut u, &mut next);
        std::mem::swap(&mut w, &mut next);
    }
    w
}

fn row_major(x: &Matrix) -> Vec<f64> {
    x.transpose().as_slice().to_vec()
}

pub(super) fn squares(spec: &Spec, random: &mut Random) -> Result<Draft> {
    let draft = if spec.kind == Kind::SumDiabetes {
        real::diabetes(spec)?
    } else {
        let like = Spec {
            kind: Kind::ElasticNet,
            ..spec.clone()
        };
        elastic_net::drawn(&like, random)
    };
    let (x, y, step) = match draft.problem {
        Problem::ElasticNet(ElasticNet { x, y, step }) => (x, y, step),
        _ => return Err(crate::error::Error::input("not an elastic net").in_field("kind")),
    };
    let map = Composite::elastic_net(row_major(&x), y.as_slice().to_vec(), x.ncols(), step)?;
    let w = near(&map, &draft.lambda, random);
    Ok(Draft {
        map,
        lambda: draft.lambda,
        w,
    })
}

pub(super) fn logistic(spec: &Spec, random: &mut Random) -> Result<Draft> {
    let (n, d) = (spec.rows, spec.dim);
    let x = random.matrix(n, d).map(|v| rounded(spec, v));
    let truth = random.normals(d);
    let y: Vec<f64> = (0..n)
        .map(|i| {
            let score: f64 = (0..d).map(|j| x[(i, j)] * truth[j]).sum();
            let label = if score + random.normal() >= 0.0 {
                1.0
            } else {
                -1.0
            };
            rounded(spec, label)
        })
        .collect();
    let gram = product(&x.transpose(), &x) / n as f64;
    let largest = gram.symmetric_eigenvalues().max().max(f64::MIN_POSITIVE);
    // η(L/4 + λ₂) = 1 makes the contraction factor ηL/4 = q.
    let lambda2 = 0.25 * largest * (1.0 - spec.q) / spec.q;
    let eta = 1.0 / (0.25 * largest + lambda2);
    let mut groups = Vec::new();
    let mut start = 0;
    while start < d {
        let end = (start + random.integer(1, 3)).min(d);
        groups.push(start..end);
        start = end;
    }
    let weights = groups.iter().map(|g| (g.len() as f64).sqrt()).collect();
    let inner = FiniteSum::new(row_major(&x), y, d, eta, Loss::Logistic)?;
    let outer = Outer::GroupSoft {
        eta,
        groups,
        weights,
    };
    let map = Composite::new(Inner::FiniteSum(inner), outer)?;
    let lambda = vec![0.02 + 0.03 * random.unit(), lambda2];
    let w = near(&map, &lambda, random);
    Ok(Draft { map, lambda, w })
}

/// A random matrix with spectral norm `norm`.
fn scaled(random: &mut Random, rows: usize, cols: usize, norm: f64) -> Matrix {
    let m = random.matrix(rows, cols);
    let size = norm_estimate(&m).max(f64::MIN_POSITIVE);
    m * (norm / size)
}

pub(super) fn noise(spec: &Spec, random: &mut Random) -> Result<Draft> {
    let (d, m) = (spec.dim, spec.params);
    let a = scaled(random, d, d, spec.q * (1.0 - 1.0 / 1024.0));
    let b = scaled(random, d, m, 1.0);
    let c = random.normals(d);
    let channel = |random: &mut Random, n: f64, m_size: f64, e: f64| Channel {
        n: (n > 0.0).then(|| scaled(random, d, d, n)),
        m: (m_size > 0.0).then(|| scaled(random, d, m, m_size)),
        e: (e > 0.0).then(|| random.normals(d) * e),
    };
    let (model, outer) = match spec.kind {
        Kind::NoiseAdditiveRelu => {
            let outer = Outer::Layer {
                v: scaled(random, d, d, 1.0 - 1.0 / 1024.0),
                b: scaled(random, d, m, 0.5),
                c: random.normals(d),
                activation: Activation::Relu,
            };
            (NoiseModel::additive(a, b, c, 0.1), outer)
        }
        Kind::NoiseMultiplicativeBox => {
            let channels = (0..2).map(|_| channel(random, 0.3, 0.2, 0.0)).collect();
            let model = NoiseModel {
                a,
                bilinear: Vec::new(),
                b,
                c,
                channels,
            };
            let mut lower: Vec<f64> = (0..d).map(|_| -0.2 - random.unit()).collect();
            let mut upper: Vec<f64> = lower.iter().map(|l| l + 0.5 + random.unit()).collect();
            // One coordinate stays inside, so that the derivative is not zero.
            (lower[0], upper[0]) = (-1024.0, 1024.0);
            (model, Outer::Box { lower, upper })
        }
        _ => {
            let channels = (0..2).map(|_| channel(random, 0.2, 0.2, 0.2)).collect();
            let bilinear = Vec::new();
            let model = NoiseModel {
                a,
                bilinear,
                b,
                c,
                channels,
            };
            let outer = Outer::Layer {
                v: scaled(random, d, d, 1.0 - 1.0 / 1024.0),
                b: scaled(random, d, m, 0.5),
                c: random.normals(d) * 0.5,
                activation: Activation::Tanh,
            };
            (model, outer)
        }
    };
    let map = Composite::new(Inner::Noise(model), outer)?;
    let lambda = random.normals(m).as_slice().to_vec();
    let w = near(&map, &lambda, random);
    Ok(Draft { map, lambda, w })
}

/// T̂ = Aw + Bλ + c + ξ(Nw + e) with max(·, 0) behind it: the noise is one and a half to three
/// times the distance of every unit from its kink at w(λ), so that single samples cross it and the
/// mean of many does not. Bilinear: A + λC in place of A.
pub(super) fn kink(spec: &Spec, random: &mut Random) -> Result<Draft> {
    let d = spec.dim;
    let a = scaled(random, d, d, spec.q * (1.0 - 1.0 / 1024.0));
    let star = Vector::from_fn(d, |_, _| 0.5 + random.unit());
    let lambda = vec![0.5 + random.unit()];
    let b = Matrix::from_fn(d, 1, |_, _| 0.5 + random.unit());
    // star = A star + bλ + c: all units positive at the solution.
    let c = &star - &a * &star - &b * lambda[0];
    let channel = Channel {
        n: Some(scaled(random, d, d, 0.2)),
        m: None,
        e: Some(Vector::from_fn(d, |i, _| {
            star[i] * (1.5 + 1.5 * random.unit())
        })),
    };
    let bilinear = match spec.kind {
        Kind::NoiseBilinear => vec![scaled(random, d, d, 0.5)],
        _ => Vec::new(),
    };
    // A + λC at this λ is what was drawn above.
    let a = bilinear.iter().fold(a, |a, l| a - l * lambda[0]);
    let model = NoiseModel {
        a,
        bilinear,
        b,
        c,
        channels: vec![channel],
    };
    let map = Composite::new(Inner::Noise(model), Outer::Nonnegative)?;
    let w = near(&map, &lambda, random);
    Ok(Draft { map, lambda, w })
}

/// Theory, section 5: w(λ) = 0, w = 0.1, y = 1, σ₁' = ½ and s² = 0 at w(λ).
pub(super) fn extremal(_: &Spec, _: &mut Random) -> Result<Draft> {
    let one = |v: f64| Matrix::from_element(1, 1, v);
    let model = NoiseModel {
        a: one(0.3),
        bilinear: vec![one(1.0)],
        b: one(0.0),
        c: Vector::zeros(1),
        channels: vec![Channel {
            n: Some(one(0.5f64.sqrt())),
            m: None,
            e: None,
        }],
    };
    let map = Composite::new(Inner::Noise(model), Outer::Identity)?;
    Ok(Draft {
        map,
        lambda: vec![0.0],
        w: vec![0.1],
    })
}

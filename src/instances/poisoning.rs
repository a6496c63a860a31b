//! Multiclass logistic regressions with corrupted rows, drawn forwards from data.

use super::draft::{Draft, rounded};
use super::random::{Random, apply, norm_estimate, short};
use super::spec::Spec;
use super::stochastic;
use crate::error::Result;
use crate::linalg::{Matrix, Vector};
use crate::maps::Poisoning;
use crate::maps::composite::{Composite, Inner, Outer, Poisoned};

/// Most classes.
const CLASSES: usize = 3;

/// c and p: dim = p·c.
fn sizes(dim: usize) -> (usize, usize) {
    let c = dim.clamp(2, CLASSES);
    (c, (dim / c).max(1))
}

/// dim is p·c with three classes (two where dim is 2), params p times the number of corrupted rows.
pub(super) fn normalise(spec: &mut Spec) {
    let (c, p) = sizes(spec.dim);
    spec.dim = c * p;
    spec.rows = spec.rows.max(3);
    spec.params = (spec.params / p).clamp(1, spec.rows) * p;
}

/// X normal, labels the largest score of a sparse W with noise, some rows corrupted; ρ and η for
/// the contraction factor q, the threshold a fraction of the value that empties the model.
fn poisoning(spec: &Spec, random: &mut Random) -> Result<(Poisoning, Vec<f64>)> {
    let (n, (c, p)) = (spec.rows, sizes(spec.dim));
    let x = random.matrix(n, p).map(|v| rounded(spec, v));
    let truth = Matrix::from_fn(p, c, |_, _| {
        let w = random.normal();
        if random.unit() < 0.6 { 2.0 * w } else { 0.0 }
    });
    let scores = super::random::product(&x, &truth) + random.matrix(n, c) * 0.5;
    let label = |row: usize| {
        let best = |b: usize, k: usize| {
            if scores[(row, k)] > scores[(row, b)] {
                k
            } else {
                b
            }
        };
        (1..c).fold(0, best)
    };
    let labels: Vec<usize> = (0..n).map(label).collect();
    let corrupted = random.subset(n, spec.params / p);
    let noise = Matrix::from_fn(corrupted.len(), p, |_, _| {
        rounded(spec, 0.3 * random.normal())
    });
    let mut noisy = x.clone();
    for (s, i) in corrupted.iter().enumerate() {
        let row = noisy.row(*i) + noise.row(s);
        noisy.set_row(*i, &row);
    }
    // ∇²f has its spectrum in [0, ½‖X̃‖²/n]; η = 2/(L+2ρ) gives q = L/(L+2ρ).
    let norm = norm_estimate(&noisy);
    let l = (0.5 * norm * norm / n as f64).max(f64::MIN_POSITIVE);
    let ridge = short(l * (1.0 - spec.q) / (2.0 * spec.q));
    let step = short(2.0 / (l + 2.0 * ridge));
    // ∇f(0) = Σx̃_i(1/c - e_i)ᵀ/n.
    let gradient = |k: usize| {
        let own = Vector::from_fn(n, |i, _| {
            1.0 / c as f64 - f64::from(u8::from(labels[i] == k))
        });
        apply(&noisy.transpose(), &own) / n as f64
    };
    let entries = (0..c).map(|k| gradient(k).amax());
    let largest = entries.fold(f64::MIN_POSITIVE, f64::max);
    let rows = x.transpose();
    let inner = Poisoned::new(rows.as_slice(), labels, c, corrupted)?.with(step, ridge)?;
    let threshold = short(step * random.between(0.05, 0.5) * largest);
    let lambda = noise.transpose().as_slice().to_vec();
    Ok((Poisoning { inner, threshold }, lambda))
}

pub(super) fn drawn(spec: &Spec, random: &mut Random) -> Result<Draft> {
    let (problem, lambda) = poisoning(spec, random)?;
    let zero = random.unit() < 0.7 || spec.plain;
    let w0 = random.normals(spec.dim);
    let w0 = if zero {
        vec![0.0; spec.dim]
    } else {
        w0.as_slice().to_vec()
    };
    Ok(Draft {
        problem: problem.into(),
        lambda,
        w0,
        star: None,
    })
}

pub(super) fn sampled(spec: &Spec, random: &mut Random) -> Result<stochastic::Draft> {
    let (Poisoning { inner, threshold }, lambda) = poisoning(spec, random)?;
    let map = Composite::new(Inner::Poisoned(inner), Outer::FixedSoft { threshold })?;
    let w = stochastic::near(&map, &lambda, random);
    Ok(stochastic::Draft { map, lambda, w })
}

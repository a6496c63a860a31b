//! Exact mean *and variance* of ‖r - r*‖² on tiny problems: what a two-sided test of a simulated
//! mean square error needs to know.
//!
//! With z = (v, 1) ∈ ℝᴰ, D = d+1, Algorithm 3 is z_{i+1} = Z_ξz_i, Z_ξ = [(1-η)I + ηP_ξ, ηy; 0, 1],
//! so E z^{⊗4} obeys the linear recursion T ← E[Z_ξ^{⊗4}]T over the law of P_ξ; every moment up to
//! the fourth is an entry of it. ‖Kv - r*‖² = zᵀQz with Q = [K, -r*]ᵀ[K, -r*], E = ⟨Q, E z^{⊗2}⟩, E
//! of its square ⟨Q⊗Q, T⟩.

use super::law::{Outcome, mean_of_samples};
use crate::error::{Error, Result};
use crate::linalg::{Matrix, Vector};
use crate::maps::composite::{Composite, Gamma, Sample};

/// Largest dimension: D⁴ = 256 entries.
pub const FOURTH_MAX_DIM: usize = 3;

/// Mean and variance of a random number.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spread {
    /// Its mean.
    pub mean: f64,
    /// Its variance.
    pub variance: f64,
}

/// The exact law, up to second order, of ‖r_k - r*‖² and of every entry of r_k.
#[derive(Clone, Debug, PartialEq)]
pub struct SquaredError {
    /// ‖r_k - r*‖².
    pub error: Spread,
    /// Entries of r_k (m).
    pub entries: Vec<Spread>,
}

impl Spread {
    /// Of a number that has these laws with these probabilities.
    fn mixture(parts: &[(f64, Self)]) -> Self {
        let mean: f64 = parts.iter().map(|(p, s)| p * s.mean).sum();
        let of = |(p, s): &(f64, Self)| p * (s.variance + (s.mean - mean).powi(2));
        Self {
            mean,
            variance: parts.iter().map(of).sum(),
        }
    }
}

impl SquaredError {
    /// The law where it is each of these with a probability, entries being moved by a vector.
    pub fn mixture(parts: &[(f64, &[f64], &Self)]) -> Self {
        let errors: Vec<_> = parts.iter().map(|(p, _, s)| (*p, s.error)).collect();
        let count = parts.first().map_or(0, |(.., s)| s.entries.len());
        let entry = |j: usize| {
            let moved = |(p, by, s): &(f64, &[f64], &Self)| {
                let Spread { mean, variance } = s.entries[j];
                let mean = mean + by[j];
                (*p, Spread { mean, variance })
            };
            Spread::mixture(&parts.iter().map(moved).collect::<Vec<_>>())
        };
        Self {
            error: Spread::mixture(&errors),
            entries: (0..count).map(entry).collect(),
        }
    }
}

/// One distinct Γ₁ (of NSID), with the readouts that go with it.
struct Branch {
    gamma: Option<Gamma>,
    reads: Vec<(f64, Matrix)>,
}

/// The law of NSID's (`sid`: SID's) estimate at the k in `steps` (increasing), from J = `inner`
/// minibatches of `inner_batch` samples and minibatches of `batch` in the linear system, with steps
/// `eta(i)`.
///
/// # Errors
/// A dimension above [`FOURTH_MAX_DIM`], or more outcomes of ξ⁽¹⁾ or ξ⁽²⁾ than can be enumerated.
#[allow(clippy::too_many_arguments)]
pub fn squared_error(
    map: &Composite,
    (w, lambda, y): (&[f64], &[f64], &[f64]),
    r_star: &Vector,
    sid: bool,
    (inner, inner_batch): (usize, usize),
    batch: usize,
    steps: &[usize],
    eta: impl Fn(usize) -> f64,
) -> Result<Vec<SquaredError>> {
    map.check(w, lambda, y)?;
    let d = map.dim();
    if d > FOURTH_MAX_DIM {
        let text = format!("fourth moments are for up to {FOURTH_MAX_DIM} dimensions, got {d}");
        return Err(Error::input(text).in_field("dim"));
    }
    let law = |count: usize| {
        mean_of_samples(map, count)
            .ok_or_else(|| Error::input("too many outcomes to enumerate").in_field("batch"))
    };
    let linear = law(batch)?;
    let branches = if sid {
        vec![Branch {
            gamma: None,
            reads: sid_reads(map, w, lambda, &law(inner_batch)?, inner),
        }]
    } else {
        nsid_branches(map, w, lambda, law(inner * inner_batch)?)
    };
    let m = map.params();
    let mut sums = vec![(0.0, 0.0, vec![(0.0, 0.0); m]); steps.len()];
    for branch in &branches {
        let p: Vec<(f64, Matrix)> = linear
            .iter()
            .map(|o| {
                let sample = Sample::Batch(&o.samples);
                let gamma = branch
                    .gamma
                    .clone()
                    .unwrap_or_else(|| gamma_at(map, w, lambda, sample));
                let g = map.outer().d1_matrix(&gamma);
                let t = map.inner().d1_matrix(w, lambda, sample);
                (o.probability, (g * t).transpose())
            })
            .collect();
        let mut tensor = Tensor::start(d);
        let mut i = 0;
        for (slot, &k) in sums.iter_mut().zip(steps) {
            while i < k {
                tensor.step(&p, y, eta(i));
                i += 1;
            }
            for (probability, read) in &branch.reads {
                let mut a = Matrix::zeros(m, d + 1);
                a.view_mut((0, 0), (m, d)).copy_from(read);
                for (j, row) in (0..m).map(|j| (j, a.row(j).into_owned())) {
                    let q = row.transpose() * &row;
                    slot.2[j].0 += probability * tensor.first(row.transpose().as_slice());
                    slot.2[j].1 += probability * tensor.second(&q);
                }
                a.column_mut(d).copy_from(&-r_star);
                let q = a.tr_mul(&a);
                slot.0 += probability * tensor.second(&q);
                slot.1 += probability * tensor.fourth(&q);
            }
        }
    }
    let spread = |first: f64, second: f64| Spread {
        mean: first,
        variance: (second - first * first).max(0.0),
    };
    Ok(sums
        .into_iter()
        .map(|(e, e2, entries)| SquaredError {
            error: spread(e, e2),
            entries: entries.into_iter().map(|(a, b)| spread(a, b)).collect(),
        })
        .collect())
}

fn gamma_at(map: &Composite, w: &[f64], lambda: &[f64], sample: Sample<'_>) -> Gamma {
    let (mut u, mut gamma) = (vec![0.0; w.len()], map.outer().gamma(w.len()));
    map.inner().apply(w, lambda, sample, &mut u);
    map.outer().linearize(&u, lambda, 0.0, &mut gamma);
    gamma
}

/// (D̂₂ᵀΓ₁ᵀ + Γ₂ᵀ) of a sample.
fn read_at(
    map: &Composite,
    w: &[f64],
    lambda: &[f64],
    sample: Sample<'_>,
    gamma: &Gamma,
) -> Matrix {
    let (g, d2) = (map.outer(), map.inner().d2_matrix(w, lambda, sample));
    (g.d1_matrix(gamma) * d2 + g.d2_matrix(gamma, map.params())).transpose()
}

fn nsid_branches(map: &Composite, w: &[f64], lambda: &[f64], law: Vec<Outcome>) -> Vec<Branch> {
    let mut out: Vec<Branch> = Vec::new();
    for o in law {
        let sample = Sample::Batch(&o.samples);
        let gamma = gamma_at(map, w, lambda, sample);
        let read = (o.probability, read_at(map, w, lambda, sample, &gamma));
        match out.iter_mut().find(|b| b.gamma.as_ref() == Some(&gamma)) {
            Some(branch) => branch.reads.push(read),
            None => out.push(Branch {
                gamma: Some(gamma),
                reads: vec![read],
            }),
        }
    }
    out
}

/// The law of J⁻¹Σ_j B_{ξ_j} for J independent minibatches, by J-fold convolution over distinct
/// readouts.
fn sid_reads(
    map: &Composite,
    w: &[f64],
    lambda: &[f64],
    law: &[Outcome],
    inner: usize,
) -> Vec<(f64, Matrix)> {
    let single: Vec<(f64, Matrix)> = law
        .iter()
        .map(|o| {
            let sample = Sample::Batch(&o.samples);
            (
                o.probability,
                read_at(map, w, lambda, sample, &gamma_at(map, w, lambda, sample)),
            )
        })
        .collect();
    let mut sums = vec![(1.0, Matrix::zeros(map.params(), map.dim()))];
    for _ in 0..inner {
        let mut next: Vec<(f64, Matrix)> = Vec::new();
        for (p, a) in &sums {
            for (q, b) in &single {
                let sum = a + b;
                match next.iter_mut().find(|(_, c)| *c == sum) {
                    Some(found) => found.0 += p * q,
                    None => next.push((p * q, sum)),
                }
            }
        }
        sums = next;
    }
    sums.into_iter()
        .map(|(p, a)| (p, a / inner as f64))
        .collect()
}

/// E z^{⊗4}, D⁴ entries, the first index fastest.
struct Tensor {
    n: usize,
    t: Vec<f64>,
}

impl Tensor {
    fn start(d: usize) -> Self {
        let n = d + 1;
        let mut t = vec![0.0; n.pow(4)];
        // z_0 = (0, 1).
        if let Some(last) = t.last_mut() {
            *last = 1.0;
        }
        Self { n, t }
    }

    fn step(&mut self, p: &[(f64, Matrix)], y: &[f64], eta: f64) {
        let (n, d) = (self.n, self.n - 1);
        let mut out = vec![0.0; self.t.len()];
        for (probability, p) in p {
            let mut z = Matrix::identity(n, n);
            for j in 0..d {
                for i in 0..d {
                    z[(i, j)] = eta * p[(i, j)] + if i == j { 1.0 - eta } else { 0.0 };
                }
                z[(j, d)] = eta * y[j];
            }
            let mut t = self.t.clone();
            // Contract the first index and move it last; four times is every index once.
            for _ in 0..4 {
                let rest = t.len() / n;
                let mut next = vec![0.0; t.len()];
                for r in 0..rest {
                    for i in 0..n {
                        next[i * rest + r] = (0..n).map(|j| z[(i, j)] * t[r * n + j]).sum();
                    }
                }
                t = next;
            }
            out.iter_mut()
                .zip(&t)
                .for_each(|(o, v)| *o += probability * v);
        }
        self.t = out;
    }

    /// E aᵀz; the last coordinates of z are 1.
    fn first(&self, a: &[f64]) -> f64 {
        let tail = self.t.len() - self.n;
        a.iter().zip(&self.t[tail..]).map(|(x, t)| x * t).sum()
    }

    /// E zᵀQz.
    fn second(&self, q: &Matrix) -> f64 {
        let tail = self.t.len() - self.n * self.n;
        q.as_slice()
            .iter()
            .zip(&self.t[tail..])
            .map(|(x, t)| x * t)
            .sum()
    }

    /// E (zᵀQz)².
    fn fourth(&self, q: &Matrix) -> f64 {
        let q = q.as_slice();
        let nn = q.len();
        let mut sum = 0.0;
        for (b, qb) in q.iter().enumerate() {
            let row = &self.t[b * nn..(b + 1) * nn];
            sum += qb * q.iter().zip(row).map(|(x, t)| x * t).sum::<f64>();
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two rows, J = 2, two updates: all 16 outcomes by hand, NSID and SID.
    #[test]
    fn mean_and_variance_equal_the_enumeration_of_all_samples() {
        let map =
            Composite::elastic_net(vec![1.0, 0.5, -0.25, 0.75], vec![0.9, -0.4], 2, 0.5).unwrap();
        let (w, lambda, y) = ([0.4, -0.1], [0.3, 0.2], [1.0, -2.0]);
        let r_star = Vector::from_vec(vec![0.1, -0.3]);
        let eta = [0.5, 0.25];
        for sid in [false, true] {
            let got = squared_error(
                &map,
                (&w, &lambda, &y),
                &r_star,
                sid,
                (2, 1),
                1,
                &[2],
                |i| eta[i],
            )
            .unwrap();
            let mut sums = [0.0; 4];
            for code in 0..16usize {
                let [a, b, c, e] = [code & 1, code >> 1 & 1, code >> 2 & 1, code >> 3];
                let pooled = gamma_at(&map, &w, &lambda, Sample::Batch(&[a, b]));
                let at = |i: usize| {
                    if sid {
                        gamma_at(&map, &w, &lambda, Sample::Batch(&[i]))
                    } else {
                        pooled.clone()
                    }
                };
                let mut v = Vector::zeros(2);
                for (i, h) in [c, e].into_iter().zip(eta) {
                    let t = map.inner().d1_matrix(&w, &lambda, Sample::Batch(&[i]));
                    let p = (map.outer().d1_matrix(&at(i)) * t).transpose();
                    v = &v * (1.0 - h) + (p * &v + Vector::from_column_slice(&y)) * h;
                }
                let read = |i: usize| read_at(&map, &w, &lambda, Sample::Batch(&[i]), &at(i));
                let r = (read(a) + read(b)) * v / 2.0;
                let x = (&r - &r_star).norm_squared();
                let parts = [x, x * x, r[0], r[0] * r[0]];
                sums.iter_mut().zip(parts).for_each(|(s, p)| *s += p / 16.0);
            }
            let close = |a: f64, b: f64| (a - b).abs() <= 1e-13 * (1.0 + b.abs());
            assert!(close(got[0].error.mean, sums[0]));
            assert!(close(got[0].error.variance, sums[1] - sums[0] * sums[0]));
            assert!(close(got[0].entries[0].mean, sums[2]));
            assert!(close(
                got[0].entries[0].variance,
                sums[3] - sums[2] * sums[2]
            ));
            assert!(got[0].error.variance > 0.0);
        }
    }
}

//! Φ = G∘E T̂ with its samples.

use serde::{Deserialize, Serialize};

use super::activation::Activation;
use super::finite_sum::FiniteSum;
use super::inner::Inner;
use super::loss::Loss;
use super::outer::{Gamma, Outer};
use super::sample::Sample;
use crate::error::{Error, Result};

/// The stochastic map Φ = G∘E T̂ of Section 5 with its samples: an inner map T̂(w, λ, ξ) and an
/// outer map G(u, λ).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "Parts")]
pub struct Composite {
    inner: Inner,
    outer: Outer,
}

/// The same as it stands in files, shapes not yet looked at.
#[derive(Deserialize)]
struct Parts {
    inner: Inner,
    outer: Outer,
}

impl TryFrom<Parts> for Composite {
    type Error = Error;

    fn try_from(parts: Parts) -> Result<Self> {
        Self::new(parts.inner, parts.outer)
    }
}

impl Composite {
    /// Checks shapes, entries, and that G is nonexpansive (Assumption 5.1).
    ///
    /// # Errors
    /// Parts that do not fit each other, entries that are not finite, a layer with ‖V‖ > 1, a
    /// poisoned regression without corrupted rows; the part and the field are named.
    pub fn new(inner: Inner, outer: Outer) -> Result<Self> {
        if let Inner::Noise(model) = &inner {
            model.validate().map_err(|e| e.in_field("inner"))?;
        }
        let (d, m) = (inner.dim(), inner.params());
        if matches!(inner, Inner::Poisoned(_)) && m == 0 {
            let text = "needs at least one corrupted row";
            return Err(Error::input(text).in_field("inner.corrupted"));
        }
        outer.validate(d, m).map_err(|e| e.in_field("outer"))?;
        Ok(Self { inner, outer })
    }

    /// The elastic net, reached through its rows: T̂ is the gradient step of least squares with
    /// ridge λ₂ over a minibatch, G(u, λ) = soft(u, ηλ₁), λ = (λ₁, λ₂). `x` is n×d row-major, `y`
    /// the n targets.
    ///
    /// # Errors
    /// Those of [`FiniteSum::new`].
    ///
    /// ```
    /// use ratecert::maps::Map;
    /// use ratecert::maps::composite::{Composite, Sample};
    ///
    /// // Two rows of length 1, targets 1 and 3, η = 1/2.
    /// let net = Composite::elastic_net(vec![1.0, 1.0], vec![1.0, 3.0], 1, 0.5)?;
    /// let mut u = [0.0];
    /// net.inner().apply(&[0.0], &[0.1, 0.0], Sample::Batch(&[0]), &mut u);
    /// assert_eq!(u, [0.5]);
    /// net.inner().apply(&[0.0], &[0.1, 0.0], Sample::Mean, &mut u);
    /// assert_eq!(u, [1.0]);
    /// // The mean is a map like any other: soft(1, ηλ₁).
    /// assert_eq!(Map::sampled(net)?.apply(&[0.0], &[0.1, 0.0])[0], 0.95);
    /// # Ok::<(), ratecert::Error>(())
    /// ```
    pub fn elastic_net(x: Vec<f64>, y: Vec<f64>, d: usize, eta: f64) -> Result<Self> {
        let inner = FiniteSum::new(x, y, d, eta, Loss::Quadratic)?;
        Self::new(Inner::FiniteSum(inner), Outer::Soft { eta })
    }

    /// T̂, the inner map.
    pub fn inner(&self) -> &Inner {
        &self.inner
    }

    /// G, the outer map.
    pub fn outer(&self) -> &Outer {
        &self.outer
    }

    /// d = dim w.
    pub fn dim(&self) -> usize {
        self.inner.dim()
    }

    /// m = dim λ.
    pub fn params(&self) -> usize {
        self.inner.params()
    }

    /// Refuses a w, λ or cotangent y that does not belong to the map.
    ///
    /// # Errors
    /// Lengths other than d, m and d, entries that are not finite, λ₁ ≤ 0 where it is a threshold,
    /// λ₂ < 0 for finite sums; the entry is named.
    pub fn check(&self, w: &[f64], lambda: &[f64], y: &[f64]) -> Result<()> {
        for (name, v, n) in [
            ("w", w, self.dim()),
            ("lambda", lambda, self.params()),
            ("cotangent", y, self.dim()),
        ] {
            if v.len() != n {
                return Err(
                    Error::input(format!("must have length {n}, has {}", v.len())).in_field(name),
                );
            }
            if let Some(i) = v.iter().position(|x| !x.is_finite()) {
                return Err(Error::input("not finite").in_field(format!("{name}[{i}]")));
            }
        }
        if matches!(self.outer, Outer::Soft { .. } | Outer::GroupSoft { .. }) && lambda[0] <= 0.0 {
            return Err(
                Error::input(format!("λ1 must be positive, got {}", lambda[0]))
                    .in_field("lambda[0]"),
            );
        }
        if matches!(self.inner, Inner::FiniteSum(_)) && lambda[1] < 0.0 {
            return Err(
                Error::input(format!("λ2 must be nonnegative, got {}", lambda[1]))
                    .in_field("lambda[1]"),
            );
        }
        Ok(())
    }

    /// Refuses a minibatch that is empty or points outside the population.
    ///
    /// # Errors
    /// Says which index it is.
    pub fn check_batch(&self, batch: &[usize]) -> Result<()> {
        let n = self.inner.population();
        match batch.iter().position(|i| *i >= n) {
            _ if batch.is_empty() => Err(Error::input("a minibatch must not be empty")),
            Some(k) => Err(
                Error::input(format!("{} is not a sample: there are {n}", batch[k]))
                    .in_field(format!("[{k}]")),
            ),
            None => Ok(()),
        }
    }

    /// out ← Φ(w, λ); `u` (d) receives T(w, λ).
    pub fn apply(&self, w: &[f64], lambda: &[f64], u: &mut [f64], out: &mut [f64]) {
        self.inner.apply(w, lambda, Sample::Mean, u);
        self.outer.apply(u, lambda, out);
    }

    /// Γ at (T(w, λ), λ), with mask entries `tie` at kinks: the selection the deterministic map
    /// would use.
    pub fn mean_gamma(&self, w: &[f64], lambda: &[f64], tie: f64) -> Gamma {
        let mut u = vec![0.0; self.dim()];
        self.inner.apply(w, lambda, Sample::Mean, &mut u);
        let mut gamma = self.outer.gamma(self.dim());
        self.outer.linearize(&u, lambda, tie, &mut gamma);
        gamma
    }

    /// Γ if it is the same whatever samples w̄ averages, because no coordinate (unit) of T̂(w, λ,
    /// ξ) can cross a kink of G; `None` where a mask may flip or Γ varies smoothly with u.
    ///
    /// w̄ lies in the box spanned by the single samples; cost O(n d) (O(pd) for noise models).
    pub fn certain_gamma(&self, w: &[f64], lambda: &[f64]) -> Option<Gamma> {
        let gamma = self.mean_gamma(w, lambda, 0.0);
        if matches!(self.outer, Outer::Identity) {
            return Some(gamma);
        }
        let d = self.dim();
        let (mut low, mut high) = (vec![f64::INFINITY; d], vec![f64::NEG_INFINITY; d]);
        let (mut u, mut z) = (vec![0.0; d], vec![0.0; d]);
        let mut widen = |z: &[f64]| {
            for (x, (l, h)) in z.iter().zip(low.iter_mut().zip(high.iter_mut())) {
                *l = l.min(*x);
                *h = h.max(*x);
            }
        };
        match &self.inner {
            Inner::FiniteSum(f) => {
                for i in 0..f.rows() {
                    f.apply(w, lambda, Sample::Batch(&[i]), &mut u);
                    self.outer.units(&u, lambda, &mut z);
                    widen(&z);
                }
            }
            Inner::Poisoned(f) => {
                for i in 0..f.rows() {
                    f.apply(w, lambda, Sample::Batch(&[i]), &mut u);
                    self.outer.units(&u, lambda, &mut z);
                    widen(&z);
                }
            }
            Inner::Noise(f) => {
                // Each unit is its mean plus independent ± parts: the extremes add their moduli.
                f.apply(w, lambda, Sample::Mean, &mut u);
                self.outer.units(&u, lambda, &mut z);
                let centre = z.clone();
                let mut spread = vec![0.0; d];
                for k in 0..f.channels.len() {
                    let both = [1usize << k, 0];
                    let mut parts = [vec![0.0; d], vec![0.0; d]];
                    for (i, part) in both.iter().zip(&mut parts) {
                        f.apply(w, lambda, Sample::Batch(&[*i]), &mut u);
                        self.outer.units(&u, lambda, part);
                    }
                    for (s, (p, q)) in spread.iter_mut().zip(parts[0].iter().zip(&parts[1])) {
                        *s += 0.5 * (p - q).abs();
                    }
                }
                let at = |sign: f64| -> Vec<f64> {
                    centre
                        .iter()
                        .zip(&spread)
                        .map(|(c, s)| c + sign * s)
                        .collect()
                };
                widen(&at(-1.0));
                widen(&at(1.0));
            }
        }
        // Room for the rounding of a unit, by whichever order it is summed: the magnitude of its
        // terms.
        let largest = low.iter().chain(&high).fold(0.0f64, |m, v| m.max(v.abs()));
        let size = largest + self.term_size(w, lambda);
        let room = crate::tol::gamma(8 * (d + self.inner.population().min(1 << 20))) * size;
        let inside = |low: f64, high: f64, kink: f64| low - room <= kink && kink <= high + room;
        let crosses = low
            .iter()
            .zip(&high)
            .enumerate()
            .any(|(i, (l, h))| match &self.outer {
                Outer::Identity => false,
                Outer::Soft { eta } => {
                    inside(*l, *h, eta * lambda[0]) || inside(*l, *h, -eta * lambda[0])
                }
                Outer::FixedSoft { threshold } => {
                    inside(*l, *h, *threshold) || inside(*l, *h, -threshold)
                }
                Outer::Nonnegative
                | Outer::Layer {
                    activation: Activation::Relu,
                    ..
                } => inside(*l, *h, 0.0),
                Outer::Box { lower, upper } => inside(*l, *h, lower[i]) || inside(*l, *h, upper[i]),
                Outer::GroupSoft { .. } | Outer::Layer { .. } => true,
            });
        (!crosses).then_some(gamma)
    }

    /// The largest sum of moduli of the terms that one entry of T̂(w, λ, ξ), and one unit of G
    /// after it, is made of.
    fn term_size(&self, w: &[f64], lambda: &[f64]) -> f64 {
        use crate::linalg::product::norm2;
        let inner = match &self.inner {
            Inner::FiniteSum(f) => {
                let row = (0..f.rows()).fold(0.0f64, |m, i| {
                    let norm = norm2(f.row(i));
                    m.max(norm * (norm * norm2(w) + f.slope(i, 0.0).abs()))
                });
                f.eta() * (row + lambda[1] * norm2(w)) + norm2(w)
            }
            Inner::Poisoned(f) => {
                let rows = (0..f.rows()).map(|i| norm2(&f.noisy_row(i, lambda)));
                let row = rows.fold(0.0f64, f64::max);
                f.step() * (2.0 * row * (1.0 + row * norm2(w)) + f.ridge() * norm2(w)) + norm2(w)
            }
            Inner::Noise(f) => {
                let weighted = lambda
                    .iter()
                    .zip(&f.bilinear)
                    .map(|(l, a)| l.abs() * a.norm());
                let n = f
                    .channels
                    .iter()
                    .filter_map(|c| c.n.as_ref())
                    .map(|n| n.norm());
                let m = f
                    .channels
                    .iter()
                    .filter_map(|c| c.m.as_ref())
                    .map(|m| m.norm());
                let e = f
                    .channels
                    .iter()
                    .filter_map(|c| c.e.as_ref())
                    .map(|e| e.norm());
                (f.a.norm() + weighted.chain(n).sum::<f64>()) * norm2(w)
                    + (f.b.norm() + m.sum::<f64>()) * norm2(lambda)
                    + f.c.norm()
                    + e.sum::<f64>()
            }
        };
        match &self.outer {
            Outer::Layer { v, b, c, .. } => v.norm() * inner + b.norm() * norm2(lambda) + c.norm(),
            _ => inner,
        }
    }
}

//! Gradient steps on the cross-entropy of labelled rows, some of them corrupted (data poisoning,
//! Section 7).
//!
//! Owns T̂(W, Γ, b) = W - η(|b|⁻¹ Σ_{i∈b} x̃_i(p_i - e_i)ᵀ + ρW) for a minibatch b of rows and its
//! partial Jacobians: x̃_i = x_i + γ_i on the corrupted rows, x̃_i = x_i elsewhere, p_i =
//! softmax(Wᵀx̃_i), e_i the unit vector of the label; W is p×c, and λ is all of Γ. With H_i =
//! diag(p_i) - p_ip_iᵀ
//! - ∂₁T̂V = (1-ηρ)V - (η/|b|) Σ x̃_i(H_iVᵀx̃_i)ᵀ, which is symmetric;
//! - ∂₂T̂Δ = -(η/|b|) Σ δ_i(p_i - e_i)ᵀ + x̃_i(H_iWᵀδ_i)ᵀ over the corrupted rows of b;
//! - row i of ∂₂T̂ᵀV is -(η/|b|)(V(p_i - e_i) + WH_iVᵀx̃_i).
//!
//! Every product reads its rows once (∂₂T̂Δ the corrupted ones twice), and nothing is stored that
//! has d·m entries: λ may have millions. W is held column after column (class after class), Γ row
//! after row. Must not know how indices are drawn, nor what follows the step.

mod certified;
mod data;
mod second;
mod weigh;

pub(crate) use certified::{Norms, SOFTMAX_SECOND, SOFTMAX_THIRD};

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use self::data::{Form, Labelled};
use self::weigh::{Curved, Residuals};
use super::sample::Sample;
use crate::error::{Error, Result};
use crate::linalg::rows::{Coefficients, Rows, reweigh};

/// T̂ of a multiclass logistic regression with ridge ρ whose corrupted rows carry the noise λ = Γ.
/// Cheap to clone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Form", into = "Form")]
pub struct Poisoned {
    rows: Arc<Labelled>,
    step: f64,
    ridge: f64,
}

impl TryFrom<Form> for Poisoned {
    type Error = Error;

    fn try_from(form: Form) -> Result<Self> {
        let (rows, [step, ridge]) = form.parts()?;
        Self::of(rows).with(step, ridge)
    }
}

impl From<Poisoned> for Form {
    fn from(of: Poisoned) -> Self {
        Self::of(&of.rows, [of.step, of.ridge])
    }
}

/// The rows a product is taken over.
struct Chosen<'a> {
    index: Cow<'a, [usize]>,
    /// How often each counts, where not once.
    times: Option<Vec<f64>>,
    /// Their number, repeats counted.
    count: f64,
}

impl Chosen<'_> {
    fn times(&self) -> &[f64] {
        self.times.as_deref().unwrap_or_default()
    }
}

impl Poisoned {
    /// `x` holds n rows of equal length, `labels` their n classes below `classes`, `corrupted`
    /// distinct row numbers, in the order of Γ. The step is 1 and the ridge 0 until
    /// [`Poisoned::with`] says otherwise.
    ///
    /// # Errors
    /// Shapes that do not fit, entries that are not finite, labels or rows out of range, a row
    /// corrupted twice, fewer than two classes or more than 1,000.
    pub fn new(
        x: &[f64],
        labels: Vec<usize>,
        classes: usize,
        corrupted: Vec<usize>,
    ) -> Result<Self> {
        Ok(Self::of(Labelled::new(x, labels, classes, corrupted)?))
    }

    fn of(rows: Labelled) -> Self {
        Self {
            rows: Arc::new(rows),
            step: 1.0,
            ridge: 0.0,
        }
    }

    /// The same rows with another step η > 0 and ridge ρ ≥ 0.
    ///
    /// # Errors
    /// A step that is not positive, a ridge that is negative, or one that is not finite; the field
    /// is named.
    pub fn with(&self, step: f64, ridge: f64) -> Result<Self> {
        if !(step > 0.0 && step.is_finite()) {
            let text = format!("the step must be positive and finite, got {step}");
            return Err(Error::input(text).in_field("step"));
        }
        if !(ridge >= 0.0 && ridge.is_finite()) {
            let text = format!("must be nonnegative and finite, got {ridge}");
            return Err(Error::input(text).in_field("ridge"));
        }
        let rows = self.rows.clone();
        Ok(Self { rows, step, ridge })
    }

    /// It has the same rows: made by [`Poisoned::with`] from one, or a clone.
    pub(crate) fn has_rows_of(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.rows, &other.rows)
    }

    /// d = p·c = dim w.
    pub fn dim(&self) -> usize {
        self.rows.width * self.rows.classes
    }

    /// m = dim λ: p for every corrupted row.
    pub fn params(&self) -> usize {
        self.rows.width * self.rows.corrupted.len()
    }

    /// n, the number of rows.
    pub fn rows(&self) -> usize {
        self.rows.labels.len()
    }

    /// p, the length of a row.
    pub fn width(&self) -> usize {
        self.rows.width
    }

    /// c, the number of classes.
    pub fn classes(&self) -> usize {
        self.rows.classes
    }

    /// The step η.
    pub fn step(&self) -> f64 {
        self.step
    }

    /// The ridge ρ, the weight of ½‖W‖_F².
    pub fn ridge(&self) -> f64 {
        self.ridge
    }

    /// x_i without its noise, p numbers.
    pub fn row(&self, i: usize) -> &[f64] {
        &self.rows.x[i * self.rows.width..][..self.rows.width]
    }

    /// The class of row i.
    pub fn label(&self, i: usize) -> usize {
        self.rows.labels[i]
    }

    /// The corrupted rows, in the order of Γ.
    pub fn corrupted(&self) -> &[usize] {
        &self.rows.corrupted
    }

    /// Which row of Γ belongs to row i.
    pub fn slot(&self, i: usize) -> Option<usize> {
        let slot = self.rows.slot[i];
        (slot != Rows::NONE).then_some(slot as usize)
    }

    fn source<'a>(&'a self, noise: &'a [f64]) -> Rows<'a> {
        Rows {
            x: &self.rows.x,
            width: self.rows.width,
            added: noise,
            slot: &self.rows.slot,
        }
    }

    fn chosen<'a>(&'a self, sample: Sample<'a>) -> Chosen<'a> {
        let n = self.rows();
        let (index, times, count) = match sample {
            Sample::Mean => (Cow::Borrowed(&self.rows.all[..]), None, n),
            Sample::Batch(b) if b.len() <= n => (Cow::Borrowed(b), None, b.len()),
            // The mean of many minibatches: a row that occurs often is read once.
            Sample::Batch(b) => {
                let mut times = vec![0.0; n];
                b.iter().for_each(|i| times[*i] += 1.0);
                (Cow::Borrowed(&self.rows.all[..]), Some(times), b.len())
            }
        };
        let count = count as f64;
        Chosen {
            index,
            times,
            count,
        }
    }

    /// out ← T̂(W, Γ, sample).
    pub(super) fn apply(&self, w: &[f64], noise: &[f64], sample: Sample<'_>, out: &mut [f64]) {
        self.stepped(w, noise, &self.chosen(sample), &mut [], out);
    }

    /// out ← T(W, Γ), and the probabilities p_i of all rows (n×c).
    pub(crate) fn value(
        &self,
        w: &[f64],
        noise: &[f64],
        probabilities: &mut [f64],
        out: &mut [f64],
    ) {
        self.stepped(w, noise, &self.chosen(Sample::Mean), probabilities, out);
    }

    /// p_i of all rows (n×c).
    pub(crate) fn probabilities(&self, w: &[f64], noise: &[f64]) -> Vec<f64> {
        let coefficients = Coefficients::new(&[w], self.rows.width);
        self.probabilities_of(&self.rows.all, &coefficients, noise)
    }

    /// The same of some rows.
    fn probabilities_of(
        &self,
        index: &[usize],
        coefficients: &Coefficients,
        noise: &[f64],
    ) -> Vec<f64> {
        let mut out = vec![0.0; index.len() * self.rows.classes];
        let weigh = Residuals {
            labels: &self.rows.labels,
            classes: self.rows.classes,
            index,
            times: &[],
        };
        let source = self.source(noise);
        reweigh(source, index, coefficients, &weigh, &mut out, &mut []);
        out
    }

    /// ∇f(W) + ρW (d numbers, class after class) at W and the noise Γ (m numbers, row after row),
    /// and the probabilities of all rows (n×c, row after row).
    pub fn gradient(&self, w: &[f64], noise: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let mut probabilities = vec![0.0; self.rows() * self.classes()];
        let mut out = vec![0.0; self.dim()];
        let chosen = self.chosen(Sample::Mean);
        self.summed(w, noise, &chosen, &mut probabilities, &mut out);
        let n = chosen.count;
        let pairs = out.iter_mut().zip(w);
        pairs.for_each(|(o, w)| *o = *o / n + self.ridge * w);
        (out, probabilities)
    }

    fn stepped(
        &self,
        w: &[f64],
        noise: &[f64],
        chosen: &Chosen<'_>,
        probabilities: &mut [f64],
        out: &mut [f64],
    ) {
        self.summed(w, noise, chosen, probabilities, out);
        self.finish(w, chosen.count, out);
    }

    /// out ← Σ x̃_i(p_i - e_i)ᵀ.
    fn summed(
        &self,
        w: &[f64],
        noise: &[f64],
        chosen: &Chosen<'_>,
        probabilities: &mut [f64],
        out: &mut [f64],
    ) {
        let weigh = Residuals {
            labels: &self.rows.labels,
            classes: self.rows.classes,
            index: &chosen.index,
            times: chosen.times(),
        };
        let coefficients = Coefficients::new(&[w], self.rows.width);
        let source = self.source(noise);
        out.fill(0.0);
        reweigh(
            source,
            &chosen.index,
            &coefficients,
            &weigh,
            probabilities,
            out,
        );
    }

    /// out ← (1-ηρ)v - (η/count)·out.
    fn finish(&self, v: &[f64], count: f64, out: &mut [f64]) {
        let (keep, scale) = (1.0 - self.step * self.ridge, self.step / count);
        let pairs = out.iter_mut().zip(v);
        pairs.for_each(|(o, v)| *o = keep * v - scale * *o);
    }

    /// out ← ∂₁T̂V, which is also ∂₁T̂ᵀV.
    pub(super) fn d1(
        &self,
        w: &[f64],
        noise: &[f64],
        sample: Sample<'_>,
        v: &[f64],
        out: &mut [f64],
    ) {
        let coefficients = Coefficients::new(&[w, v], self.rows.width);
        let chosen = self.chosen(sample);
        self.bent(noise, &chosen, &coefficients, None, out);
        self.finish(v, chosen.count, out);
    }

    /// out ← ∂₁TV from the probabilities of all rows.
    pub(crate) fn mean_d1(&self, probabilities: &[f64], noise: &[f64], v: &[f64], out: &mut [f64]) {
        self.d1_from(probabilities, noise, Sample::Mean, v, out);
    }

    /// out ← ∂₁T̂V from the probabilities of all rows.
    pub(super) fn d1_from(
        &self,
        probabilities: &[f64],
        noise: &[f64],
        sample: Sample<'_>,
        v: &[f64],
        out: &mut [f64],
    ) {
        let coefficients = Coefficients::new(&[v], self.rows.width);
        let chosen = self.chosen(sample);
        self.bent(noise, &chosen, &coefficients, Some(probabilities), out);
        self.finish(v, chosen.count, out);
    }

    /// out ← Σ x̃_i(H_iVᵀx̃_i)ᵀ.
    fn bent(
        &self,
        noise: &[f64],
        chosen: &Chosen<'_>,
        coefficients: &Coefficients,
        probabilities: Option<&[f64]>,
        out: &mut [f64],
    ) {
        let weigh = Curved {
            classes: self.rows.classes,
            index: &chosen.index,
            probabilities,
            times: chosen.times(),
        };
        out.fill(0.0);
        let source = self.source(noise);
        reweigh(source, &chosen.index, coefficients, &weigh, &mut [], out);
    }
}

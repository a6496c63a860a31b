//! A stochastic elastic net: T̂(w, λ, i) = w - η(x_i(x_iᵀw - y_i) + λ₂w), G = soft(·, ηλ₁).

use ratecert::linalg::random::Random;
use ratecert::linalg::{Matrix, Vector};
use ratecert::served::{Drawn, ServedMap, ServedSpec};

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Slip {
    None,
    /// T divides by n - 1.
    Divisor,
    /// T leaves the last index out.
    LastLeftOut,
    /// T̂ has no regulariser.
    NoRidge,
    /// The product of T̂(·, i) is off by a part of 1e-3.
    Product,
    /// T is off by a part of 1e-8.
    Slightly,
}

/// A mistake of an NSID routine.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Nsid {
    None,
    /// Draws its own samples, the same ones in every call.
    OwnSamples,
    /// The first minibatch in every update.
    FirstBatch,
    /// Samples moved on by one.
    NextBatch,
    /// Step sizes moved on by one.
    NextStep,
    /// Γ at T, not at the mean of the samples given.
    OuterAtMean,
    /// Γ at every minibatch.
    Sid,
    /// The last sample is taken for the one before it.
    NeverLast,
    /// Starts where it ended last.
    WarmStart,
    /// A part of 1e-9 too large.
    Size,
}

/// What the rows of the data are like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rows {
    Normal,
    /// One is ten times as large as the others.
    Heavy,
    /// No variance.
    Equal,
}

pub struct Sampled {
    x: Matrix,
    y: Vec<f64>,
    eta: f64,
    slip: Slip,
    pub nsid: Nsid,
    /// Without G.
    pub plain: bool,
    /// Products, and NSID, are numbers of single precision.
    pub single: bool,
    last: Vector,
}

type Pair = (Vec<f64>, Vec<f64>);

impl Sampled {
    pub fn new(n: usize, d: usize, slip: Slip, seed: u64) -> Self {
        Self::of(n, d, Rows::Normal, slip, seed)
    }

    pub fn of(n: usize, d: usize, rows: Rows, slip: Slip, seed: u64) -> Self {
        let mut r = Random::new(seed);
        let mut x = r.matrix(n, d);
        match rows {
            Rows::Normal => {}
            Rows::Heavy => x.row_mut(n / 2).scale_mut(10.0),
            Rows::Equal => x = Matrix::from_fn(n, d, |_, j| x[(0, j)]),
        }
        let y = (0..n)
            .map(|i| x[(i, 0)] - x[(i, d - 1)] + 0.1 * r.normal())
            .collect();
        let eta = 0.9 * n as f64 / x.singular_values().max().powi(2);
        Self {
            x,
            y,
            eta,
            slip,
            nsid: Nsid::None,
            plain: false,
            single: false,
            last: Vector::zeros(d),
        }
    }

    pub fn spec(&self) -> ServedSpec {
        let mut spec = ServedSpec::new("sampled", vec![0.1; self.x.ncols()], vec![0.2, 0.1]);
        (spec.samples, spec.outer) = (self.x.nrows(), !self.plain);
        spec
    }

    /// Weights of the indices in T, or of one.
    fn weights(&self, i: Option<usize>) -> Vec<f64> {
        let n = self.x.nrows();
        let Some(i) = i else {
            let by = if self.slip == Slip::Divisor { n - 1 } else { n };
            let more = if self.slip == Slip::Slightly {
                1.0 + 1e-8
            } else {
                1.0
            };
            let mut all = vec![more / by as f64; n];
            if self.slip == Slip::LastLeftOut {
                all[n - 1] = 0.0;
            }
            return all;
        };
        let mut one = vec![0.0; n];
        one[i % n] = 1.0;
        one
    }

    fn ridge(&self, i: Option<usize>, l: &[f64]) -> f64 {
        if self.slip == Slip::NoRidge && i.is_some() {
            0.0
        } else {
            l[1]
        }
    }

    fn value(&self, i: Option<usize>, w: &[f64], l: &[f64]) -> Vec<f64> {
        let (weights, ridge) = (self.weights(i), self.ridge(i, l));
        let mut out: Vec<f64> = w.iter().map(|w| w - self.eta * ridge * w).collect();
        for (k, c) in weights.iter().enumerate().filter(|(_, c)| **c != 0.0) {
            let r = self.x.row(k).iter().zip(w).map(|(x, w)| x * w).sum::<f64>() - self.y[k];
            out.iter_mut()
                .zip(self.x.row(k).iter())
                .for_each(|(o, x)| *o -= self.eta * c * r * x);
        }
        out
    }

    /// The derivative by w (symmetric), and that by λ₂.
    fn derivative(&self, i: Option<usize>, w: &[f64], l: &[f64]) -> (Matrix, Vector) {
        let (weights, ridge) = (self.weights(i), self.ridge(i, l));
        let d = w.len();
        let mut a = Matrix::identity(d, d) * (1.0 - self.eta * ridge);
        for (k, c) in weights.iter().enumerate().filter(|(_, c)| **c != 0.0) {
            let x = self.x.row(k).transpose();
            a -= &x * x.transpose() * (self.eta * c);
        }
        if self.slip == Slip::Product && i.is_some() {
            a[(0, 0)] *= 1.001;
        }
        let on = f64::from(self.slip != Slip::NoRidge || i.is_none());
        let by_ridge = Vector::from_fn(d, |j, _| -self.eta * w[j] * on);
        (a, by_ridge)
    }

    fn rounded(&self, v: Vector) -> Vector {
        if self.single {
            v.map(|x| f64::from(x as f32))
        } else {
            v
        }
    }

    fn back(&self, i: Option<usize>, w: &[f64], l: &[f64], u: &[f64]) -> Pair {
        let (a, c) = self.derivative(i, w, l);
        let u = self.rounded(Vector::from_column_slice(u));
        let by_l = self.rounded(Vector::from_vec(vec![0.0, c.dot(&u)]));
        let by_w = self.rounded(a.tr_mul(&u));
        (by_w.as_slice().to_vec(), by_l.as_slice().to_vec())
    }

    fn forth(&self, i: Option<usize>, w: &[f64], l: &[f64], dw: &[f64], dl: &[f64]) -> Vec<f64> {
        let (a, c) = self.derivative(i, w, l);
        let dw = self.rounded(Vector::from_column_slice(dw));
        self.rounded(a * dw + c * dl[1]).as_slice().to_vec()
    }

    fn on(&self, v: f64, l: &[f64]) -> f64 {
        f64::from(v.abs() > self.eta * l[0])
    }
}

impl Sampled {
    fn mean<T>(
        &self,
        batch: &[usize],
        zero: T,
        mut of: impl FnMut(&Self, usize, T) -> T,
        scale: impl Fn(T, f64) -> T,
    ) -> T {
        let mut sum = zero;
        for i in batch {
            sum = of(self, *i, sum);
        }
        scale(sum, 1.0 / batch.len() as f64)
    }

    fn gamma(&self, batch: &[usize], w: &[f64], l: &[f64]) -> (Vector, Vector) {
        let d = w.len();
        if self.plain {
            return (Vector::repeat(d, 1.0), Vector::zeros(d));
        }
        let u = self.mean(
            batch,
            Vector::zeros(d),
            |s, i, sum| sum + Vector::from_vec(s.value(Some(i), w, l)),
            |sum, c| sum * c,
        );
        let on = Vector::from_fn(d, |j, _| self.on(u[j], l));
        let by_l = Vector::from_fn(d, |j, _| -self.eta * u[j].signum() * on[j]);
        (on, by_l)
    }
}

impl ServedMap for Sampled {
    fn nsid(
        &mut self,
        w: &[f64],
        l: &[f64],
        y: &[f64],
        steps: &[usize],
        drawn: &Drawn,
    ) -> ratecert::Result<Vec<Vec<f64>>> {
        let d = w.len();
        let own: Vec<Vec<usize>> = (0..drawn.samples.len())
            .map(|i| vec![i * 7 % self.x.nrows(); drawn.samples[i].len()])
            .collect();
        let samples = if self.nsid == Nsid::OwnSamples {
            &own
        } else {
            &drawn.samples
        };
        let every: Vec<usize> = (0..self.x.nrows()).collect();
        let flat = drawn.inner_samples.concat();
        let at: &[usize] = if self.nsid == Nsid::OuterAtMean {
            &every
        } else {
            &flat
        };
        let (mut on, by_l) = self.gamma(at, w, l);
        let d2 = self.mean(
            &flat,
            Vector::zeros(d),
            |s, i, sum| sum + s.derivative(Some(i), w, l).1,
            |sum, c| sum * c,
        );
        let mut v = if self.nsid == Nsid::WarmStart {
            self.last.clone()
        } else {
            Vector::zeros(d)
        };
        let y = Vector::from_column_slice(y);
        let size = if self.nsid == Nsid::Size {
            1.0 + 1e-9
        } else {
            1.0
        };
        let mut out = Vec::new();
        for i in 0..=samples.len() {
            if steps.contains(&i) {
                let gv = on.component_mul(&v);
                out.push(vec![size * by_l.dot(&v), size * d2.dot(&gv)]);
            }
            let more = |n: usize| (i + n).min(samples.len() - 1);
            if i == samples.len() {
                break;
            }
            let batch = samples[match self.nsid {
                Nsid::FirstBatch => 0,
                Nsid::NextBatch => more(1),
                _ => i,
            }]
            .clone();
            let most = self.x.nrows() - 1 - usize::from(self.nsid == Nsid::NeverLast);
            let batch: Vec<usize> = batch.into_iter().map(|i| i.min(most)).collect();
            let eta = drawn.step_sizes[if self.nsid == Nsid::NextStep {
                more(1)
            } else {
                i
            }];
            if self.nsid == Nsid::Sid {
                on = self.gamma(&batch, w, l).0;
            }
            let a = self.mean(
                &batch,
                Matrix::zeros(d, d),
                |s, i, sum| sum + s.derivative(Some(i), w, l).0,
                |sum, c| sum * c,
            );
            v = self.rounded(&v * (1.0 - eta) + (a.tr_mul(&on.component_mul(&v)) + &y) * eta);
        }
        self.last = v;
        Ok(out)
    }
    fn phi(&mut self, w: &[f64], l: &[f64]) -> ratecert::Result<Vec<f64>> {
        Ok(self.value(None, w, l))
    }
    fn vjp(&mut self, w: &[f64], l: &[f64], u: &[f64]) -> ratecert::Result<Pair> {
        Ok(self.back(None, w, l, u))
    }
    fn jvp(&mut self, w: &[f64], l: &[f64], dw: &[f64], dl: &[f64]) -> ratecert::Result<Vec<f64>> {
        Ok(self.forth(None, w, l, dw, dl))
    }
    fn sample(&mut self, i: usize, w: &[f64], l: &[f64]) -> ratecert::Result<Vec<f64>> {
        Ok(self.value(Some(i), w, l))
    }
    fn sample_vjp(&mut self, i: usize, w: &[f64], l: &[f64], u: &[f64]) -> ratecert::Result<Pair> {
        Ok(self.back(Some(i), w, l, u))
    }
    fn sample_jvp(
        &mut self,
        i: usize,
        w: &[f64],
        l: &[f64],
        dw: &[f64],
        dl: &[f64],
    ) -> ratecert::Result<Vec<f64>> {
        Ok(self.forth(Some(i), w, l, dw, dl))
    }
    fn outer(&mut self, v: &[f64], l: &[f64]) -> ratecert::Result<Vec<f64>> {
        let t = self.eta * l[0];
        Ok(v.iter()
            .map(|v| (v.abs() - t).max(0.0) * v.signum())
            .collect())
    }
    fn outer_vjp(&mut self, v: &[f64], l: &[f64], u: &[f64]) -> ratecert::Result<Pair> {
        let by_v: Vec<f64> = v.iter().zip(u).map(|(v, u)| self.on(*v, l) * u).collect();
        let by_l = v
            .iter()
            .zip(&by_v)
            .map(|(v, g)| -self.eta * v.signum() * g)
            .sum();
        let by_v = self.rounded(Vector::from_vec(by_v));
        let by_l = self.rounded(Vector::from_vec(vec![by_l, 0.0]));
        Ok((by_v.as_slice().to_vec(), by_l.as_slice().to_vec()))
    }
    fn outer_jvp(
        &mut self,
        v: &[f64],
        l: &[f64],
        dv: &[f64],
        dl: &[f64],
    ) -> ratecert::Result<Vec<f64>> {
        let one = |(v, dv): (&f64, &f64)| self.on(*v, l) * (dv - self.eta * v.signum() * dl[0]);
        let out = self.rounded(Vector::from_vec(v.iter().zip(dv).map(one).collect()));
        Ok(out.as_slice().to_vec())
    }
}

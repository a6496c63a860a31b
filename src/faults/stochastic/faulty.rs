//! A plain implementation of NSID and SID that carries out one fault.

use super::Fault;
use crate::error::Result;
use crate::maps::composite::{Gamma, Sample};
use crate::methods::Method;
use crate::methods::nsid::{
    Batches, Draw, EpochShuffle, Estimates, Iid, Role, StochasticCase, StochasticDifferentiator,
};

/// NSID or SID with a fault.
#[derive(Debug)]
pub struct Faulty {
    sid: bool,
    fault: Fault,
    kept: Vec<f64>,
}

impl Faulty {
    /// The method with this fault; [`Method::Sid`] gives SID, any other NSID.
    pub fn new(method: Method, fault: Fault) -> Self {
        Self {
            sid: method == Method::Sid,
            fault,
            kept: Vec::new(),
        }
    }

    fn gamma(&self, case: &StochasticCase<'_>, batch: &[usize], at_w: bool) -> Gamma {
        let d = case.map.dim();
        let (mut u, mut gamma) = (vec![0.0; d], case.map.outer().gamma(d));
        case.map
            .inner()
            .apply(case.w, case.lambda, Sample::Batch(batch), &mut u);
        let point = if at_w { case.w } else { &u };
        case.map
            .outer()
            .linearize(point, case.lambda, 0.0, &mut gamma);
        gamma
    }

    /// ∂₁T̂ᵀ g over a minibatch.
    fn push(&self, case: &StochasticCase<'_>, batch: &[usize], g: &[f64]) -> Vec<f64> {
        let inner = case.map.inner();
        let mut out = vec![0.0; g.len()];
        let sample = Sample::Batch(batch);
        match self.fault {
            Fault::TransposedProduct => inner.d1(case.w, case.lambda, sample, g, &mut out),
            Fault::SampleBySample => {
                let mut one = vec![0.0; g.len()];
                for i in batch {
                    inner.d1_tr(case.w, case.lambda, Sample::Batch(&[*i]), g, &mut one);
                    out.iter_mut()
                        .zip(&one)
                        .for_each(|(o, v)| *o += v / batch.len() as f64);
                }
            }
            Fault::ReverseOrder => {
                let reversed: Vec<usize> = batch.iter().rev().copied().collect();
                inner.d1_tr(case.w, case.lambda, Sample::Batch(&reversed), g, &mut out);
            }
            _ => inner.d1_tr(case.w, case.lambda, sample, g, &mut out),
        }
        if self.fault == Fault::BiasedScale {
            let c = batch.len() as f64 / (batch.len() as f64 + 1.0);
            // Of a finite sum the loss term alone is a mean over the minibatch.
            let keep = inner.unsampled(case.lambda);
            for (o, g) in out.iter_mut().zip(g) {
                *o = keep * g + c * (*o - keep * g);
            }
        }
        out
    }

    fn read(
        &self,
        case: &StochasticCase<'_>,
        batch: &[usize],
        gamma: &Gamma,
        v: &[f64],
    ) -> Vec<f64> {
        let outer = case.map.outer();
        let mut g = vec![0.0; v.len()];
        outer.d1(gamma, v, true, &mut g);
        if self.fault == Fault::ReadsPastOuter {
            g.copy_from_slice(v);
        }
        let mut r = vec![0.0; case.map.params()];
        case.map
            .inner()
            .add_d2_tr(case.w, Sample::Batch(batch), &g, &mut r);
        if self.fault == Fault::WrongSign {
            r.iter_mut().for_each(|x| *x = -*x);
        }
        if self.fault != Fault::MissingOuterDerivative {
            outer.add_d2_tr(gamma, v, &mut r);
        }
        r
    }
}

fn single(v: &mut [f64]) {
    v.iter_mut().for_each(|x| *x = f64::from(*x as f32));
}

impl StochasticDifferentiator for Faulty {
    fn run(&mut self, case: &StochasticCase<'_>) -> Estimates {
        use Fault::*;
        let fault = self.fault;
        let d = case.map.dim();
        let linear: Vec<&[usize]> = case.samples.iter().collect();
        let mut inner: Vec<&[usize]> = case.inner_samples.iter().collect();
        if fault == InnerIgnored {
            inner.truncate(1);
        }
        if fault == SharedSamples {
            inner.iter_mut().zip(&linear).for_each(|(a, b)| *a = b);
        }
        let pooled: Vec<usize> = inner.concat();
        let fixed = self.gamma(case, &pooled, fault == GammaAtW);
        let mut v = vec![0.0; d];
        if fault == StartsAtCotangent {
            v.copy_from_slice(case.cotangent);
        }
        if fault == KeepsState && self.kept.len() == d {
            v.copy_from_slice(&self.kept);
        }
        let (mut before, mut sum) = (v.clone(), vec![0.0; d]);
        let mut out = Vec::new();
        let mut wanted = case.steps.iter().copied().peekable();
        let last = case.steps.last().copied().unwrap_or(0);
        for i in 0..=last {
            sum.iter_mut().zip(&v).for_each(|(s, x)| *s += x);
            if wanted.next_if_eq(&i).is_some() {
                let average: Vec<f64> = sum.iter().map(|s| s / (i + 1) as f64).collect();
                let state = match fault {
                    StaleState => &before,
                    AveragedState => &average,
                    _ => &v,
                };
                let mut r = if self.sid {
                    let mut mean = vec![0.0; case.map.params()];
                    for batch in &inner {
                        let gamma = self.gamma(case, batch, fault == GammaAtW);
                        let one = self.read(case, batch, &gamma, state);
                        mean.iter_mut()
                            .zip(&one)
                            .for_each(|(m, x)| *m += x / inner.len() as f64);
                    }
                    mean
                } else {
                    self.read(case, &pooled, &fixed, state)
                };
                if fault == SinglePrecision {
                    single(&mut r);
                }
                out.push(r);
            }
            if i == last {
                break;
            }
            let batch = linear[if fault == FrozenMinibatch { 0 } else { i }];
            let own = (self.sid || fault == GammaPerMinibatch)
                .then(|| self.gamma(case, batch, fault == GammaAtW));
            let gamma = own.as_ref().unwrap_or(&fixed);
            let mut g = vec![0.0; d];
            let p = if fault == SwappedOrder {
                let p = self.push(case, batch, &v);
                case.map.outer().d1(gamma, &p, true, &mut g);
                g
            } else {
                case.map.outer().d1(gamma, &v, true, &mut g);
                self.push(case, batch, &g)
            };
            let eta = match fault {
                StepOffByOne => case.step_sizes[(i + 1).min(last - 1)],
                NeverDecreasing => case.step_sizes[0],
                SquaredStep => case.step_sizes[i].powi(2),
                _ => case.step_sizes[i],
            };
            before.copy_from_slice(&v);
            for (j, x) in v.iter_mut().enumerate() {
                let y = if fault == MissingCotangent && i > 0 {
                    0.0
                } else {
                    case.cotangent[j]
                };
                *x = if fault == IncrementForm {
                    *x + eta * (p[j] + y - *x)
                } else {
                    (1.0 - eta) * *x + eta * (p[j] + y)
                };
            }
            if fault == SinglePrecision {
                single(&mut v);
            }
        }
        self.kept = v;
        Ok(out)
    }

    fn schedule(&mut self, beta: f64, gamma: f64, k: usize) -> Vec<f64> {
        let eta = |i: usize| match self.fault {
            Fault::ScheduleOffByOne => beta / (gamma + i as f64 + 1.0),
            Fault::ScheduleConstant => beta / gamma,
            _ => beta / (gamma + i as f64),
        };
        (0..k).map(eta).collect()
    }

    fn draw(&mut self, r: &Draw) -> Result<Batches> {
        let replicate = if self.fault == Fault::SameSeed {
            0
        } else {
            r.replicate
        };
        let population = if self.fault == Fault::NeverLastSample && r.role == Role::Linear {
            (r.population - 1).max(1)
        } else {
            r.population
        };
        if self.fault == Fault::EpochShuffling {
            let mut source = EpochShuffle::new(r.seed, replicate, r.role, population);
            return Batches::draw(&mut source, r.count, r.size);
        }
        let mut source = Iid::new(r.seed, replicate, r.role, population);
        Batches::draw(&mut source, r.count, r.size)
    }
}

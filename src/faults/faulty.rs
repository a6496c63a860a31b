//! A plain implementation of NSID and SID that carries out one mistake. Written with products only,
//! apart from [`crate::methods::Nsid`], so that it is a second implementation of both algorithms as
//! well.

use super::course::single;
use super::edit::Edit;
use super::mistake::Mistake;
use super::outer::{Outer, Seed};
use crate::case::{
    Algorithm, Answer, Batches, Case, Draw, EpochShuffle, Iid, Implementation, Method, Role,
    Samples,
};
use crate::error::Result;
use crate::linalg::Matrix;
use crate::maps::composite::{Composite, Gamma, Sample};

/// NSID or SID with a fault.
#[derive(Debug)]
pub struct Faulty {
    sid: bool,
    fault: Mistake,
    kept: Vec<f64>,
}

/// What a case lends.
struct Given<'a> {
    map: &'a Composite,
    lambda: &'a [f64],
    w: &'a [f64],
    /// y; for one minibatch ζ after the other where it is computed anew for every step.
    seeds: Vec<&'a [f64]>,
    direct: &'a [f64],
    samples: Samples<'a>,
    steps: &'a [usize],
}

impl Faulty {
    /// The mistake among these departures, if there is one.
    pub fn mistake(edits: &[Edit]) -> Mistake {
        let found = edits.iter().find_map(|e| match e {
            Edit::Sampled(mistake) => Some(*mistake),
            _ => None,
        });
        found.unwrap_or_default()
    }

    /// The method with this fault; SID, or NSID for any other method.
    pub fn new(method: Method, fault: Mistake) -> Self {
        Self {
            sid: method.algorithm == Algorithm::Sid,
            fault,
            kept: Vec::new(),
        }
    }

    fn gamma(&self, case: &Given<'_>, batch: &[usize], at_w: bool) -> Gamma {
        let d = case.map.dim();
        let (mut u, mut gamma) = (vec![0.0; d], case.map.outer().gamma(d));
        case.map
            .inner()
            .apply(case.w, case.lambda, Sample::Batch(batch), &mut u);
        if self.fault == Mistake::RepeatedOnceEverywhere {
            let (unique, part) = unique(batch);
            let mut once = vec![0.0; d];
            let sample = Sample::Batch(&unique);
            case.map
                .inner()
                .apply(case.w, case.lambda, sample, &mut once);
            self.rescale(case, case.w, part, once, &mut u);
        }
        let point = if at_w { case.w } else { &u };
        case.map
            .outer()
            .linearize(point, case.lambda, 0.0, &mut gamma);
        gamma
    }

    /// ∂₁T̂ᵀ g over a minibatch.
    fn push(&self, case: &Given<'_>, batch: &[usize], g: &[f64]) -> Vec<f64> {
        let inner = case.map.inner();
        let mut out = vec![0.0; g.len()];
        let sample = Sample::Batch(batch);
        match self.fault {
            Mistake::TransposedProduct => inner.d1(case.w, case.lambda, sample, g, &mut out),
            Mistake::SampleBySample => {
                let mut one = vec![0.0; g.len()];
                for i in batch {
                    inner.d1_tr(case.w, case.lambda, Sample::Batch(&[*i]), g, &mut one);
                    out.iter_mut()
                        .zip(&one)
                        .for_each(|(o, v)| *o += v / batch.len() as f64);
                }
            }
            Mistake::ReverseOrder => {
                let reversed: Vec<usize> = batch.iter().rev().copied().collect();
                inner.d1_tr(case.w, case.lambda, Sample::Batch(&reversed), g, &mut out);
            }
            _ => inner.d1_tr(case.w, case.lambda, sample, g, &mut out),
        }
        match self.fault {
            Mistake::BiasedScale => {
                let part = batch.len() as f64 / (batch.len() as f64 + 1.0);
                self.rescale(case, g, part, out.clone(), &mut out);
            }
            Mistake::RepeatedOnce | Mistake::RepeatedOnceEverywhere => {
                let (unique, part) = unique(batch);
                let mut once = vec![0.0; g.len()];
                inner.d1_tr(case.w, case.lambda, Sample::Batch(&unique), g, &mut once);
                self.rescale(case, g, part, once, &mut out);
            }
            _ => {}
        }
        out
    }

    /// out ← what does not depend on the minibatch, of g, and this part of what does. Of a finite
    /// sum the loss term alone is a mean over the minibatch.
    fn rescale(&self, case: &Given<'_>, g: &[f64], part: f64, mean: Vec<f64>, out: &mut [f64]) {
        let keep = case.map.inner().unsampled(case.lambda);
        for ((o, g), mean) in out.iter_mut().zip(g).zip(mean) {
            *o = keep * g + part * (mean - keep * g);
        }
    }

    fn read(&self, case: &Given<'_>, batch: &[usize], gamma: &Gamma, v: &[f64]) -> Vec<f64> {
        let outer = case.map.outer();
        let mut g = vec![0.0; v.len()];
        outer.d1(gamma, v, true, &mut g);
        if self.fault == Mistake::ReadsPastOuter {
            g.copy_from_slice(v);
        }
        let mut r = vec![0.0; case.map.params()];
        case.map
            .inner()
            .add_d2_tr(case.w, case.lambda, Sample::Batch(batch), &g, &mut r);
        if self.fault == Mistake::WrongSign {
            r.iter_mut().for_each(|x| *x = -*x);
        }
        if self.fault != Mistake::MissingOuterDerivative {
            outer.add_d2_tr(gamma, v, &mut r);
        }
        r
    }
}

impl Faulty {
    /// A case with what Dᵀ is applied to; where that changes from step to step, with all of them.
    pub(super) fn run_from(
        &mut self,
        case: &Case<'_>,
        seed: &Seed,
        by_step: Option<&[Seed]>,
    ) -> Answer {
        let (Some(samples), Some(map)) = (case.samples, case.map.samples()) else {
            return Answer::failed("there are no samples");
        };
        let all = by_step.unwrap_or(std::slice::from_ref(seed)).iter();
        let estimates = self.updates(&Given {
            map,
            lambda: case.lambda,
            w: case.w(),
            seeds: all.map(|seed| seed.y.as_slice()).collect(),
            direct: &seed.direct,
            samples,
            steps: case.steps,
        });
        let column = |r: Vec<f64>| Matrix::from_vec(r.len(), 1, r);
        Answer::completed(estimates.into_iter().map(column).collect())
    }
}

impl Implementation for Faulty {
    fn run(&mut self, case: &Case<'_>) -> Answer {
        match Outer::new(case, &[]).at(case.w(), case.w()) {
            Some(seed) => self.run_from(case, &seed, None),
            None => Answer::failed("there is no cotangent"),
        }
    }

    fn schedule(&mut self, beta: f64, gamma: f64, k: usize) -> Vec<f64> {
        let eta = |i: usize| match self.fault {
            Mistake::ScheduleOffByOne => beta / (gamma + i as f64 + 1.0),
            Mistake::ScheduleConstant => beta / gamma,
            _ => beta / (gamma + i as f64),
        };
        (0..k).map(eta).collect()
    }

    fn draw(&mut self, r: &Draw) -> Result<Batches> {
        let replicate = if self.fault == Mistake::SameSeed {
            0
        } else {
            r.replicate
        };
        let population = if self.fault == Mistake::NeverLastSample && r.role == Role::Linear {
            (r.population - 1).max(1)
        } else {
            r.population
        };
        if self.fault == Mistake::EpochShuffling {
            let mut source = EpochShuffle::new(r.seed, replicate, r.role, population);
            return Batches::draw(&mut source, r.count, r.size);
        }
        let mut source = Iid::new(r.seed, replicate, r.role, population);
        Batches::draw(&mut source, r.count, r.size)
    }
}

/// The indices of a minibatch without repeats, and their number as a part of its size.
fn unique(batch: &[usize]) -> (Vec<usize>, f64) {
    let mut out = batch.to_vec();
    out.sort_unstable();
    out.dedup();
    let part = out.len() as f64 / batch.len() as f64;
    (out, part)
}

/// ξ⁽¹⁾ as the mistake sees it, pooled, and Γ at its mean.
struct Inner1<'a> {
    batches: Vec<&'a [usize]>,
    pooled: Vec<usize>,
    gamma: Gamma,
}

impl Faulty {
    fn updates(&mut self, case: &Given<'_>) -> Vec<Vec<f64>> {
        use Mistake::{AveragedState, KeepsState, SinglePrecision, StaleState, StartsAtCotangent};
        let fault = self.fault;
        let d = case.map.dim();
        let linear: Vec<&[usize]> = case.samples.linear.iter().collect();
        let inner = self.inner(case, &linear);
        let mut v = vec![0.0; d];
        if fault == StartsAtCotangent {
            v.copy_from_slice(case.seeds[0]);
        }
        if fault == KeepsState && self.kept.len() == d {
            v.copy_from_slice(&self.kept);
        }
        let (mut before, mut sum) = (v.clone(), vec![0.0; d]);
        let mut out = Vec::new();
        let mut wanted = case.steps.iter().copied().peekable();
        let last = case.steps.last().copied().unwrap_or(0);
        let mut stopped = false;
        for i in 0..=last {
            sum.iter_mut().zip(&v).for_each(|(s, x)| *s += x);
            if wanted.next_if_eq(&i).is_some() {
                let average: Vec<f64> = sum.iter().map(|s| s / (i + 1) as f64).collect();
                let state = match fault {
                    StaleState => &before,
                    AveragedState => &average,
                    _ => &v,
                };
                let mut r = self.estimate(case, &inner, state);
                r.iter_mut().zip(case.direct).for_each(|(r, g)| *r += g);
                if fault == SinglePrecision {
                    single(&mut r);
                }
                out.push(r);
            }
            if i == last {
                break;
            }
            if stopped || fault == Mistake::Cap(i) {
                stopped = true;
                continue;
            }
            before.copy_from_slice(&v);
            self.update(case, &inner, &linear, i, &mut v);
            if fault == SinglePrecision {
                single(&mut v);
            }
            let moved = distance(&v, &before);
            stopped = match fault {
                Mistake::StopAt(tolerance) => moved <= tolerance,
                Mistake::StopRelative(tolerance) => {
                    moved <= tolerance * distance(&v, &vec![0.0; d])
                }
                _ => false,
            };
        }
        self.kept = v;
        out
    }

    fn inner<'a>(&self, case: &Given<'a>, linear: &[&'a [usize]]) -> Inner1<'a> {
        let mut batches: Vec<&[usize]> = case.samples.inner.iter().collect();
        if self.fault == Mistake::InnerIgnored {
            batches.truncate(1);
        }
        if self.fault == Mistake::SharedSamples {
            batches.iter_mut().zip(linear).for_each(|(a, b)| *a = b);
        }
        let pooled: Vec<usize> = batches.concat();
        let gamma = self.gamma(case, &pooled, self.fault == Mistake::GammaAtW);
        Inner1 {
            batches,
            pooled,
            gamma,
        }
    }

    /// r at a state.
    fn estimate(&self, case: &Given<'_>, inner: &Inner1<'_>, state: &[f64]) -> Vec<f64> {
        if !(self.sid || self.fault == Mistake::SidForNsid) {
            return self.read(case, &inner.pooled, &inner.gamma, state);
        }
        let mut mean = vec![0.0; case.map.params()];
        for batch in &inner.batches {
            let gamma = self.gamma(case, batch, self.fault == Mistake::GammaAtW);
            let one = self.read(case, batch, &gamma, state);
            let count = inner.batches.len() as f64;
            mean.iter_mut().zip(&one).for_each(|(m, x)| *m += x / count);
        }
        mean
    }

    /// v_{i+1}.
    fn update(
        &self,
        case: &Given<'_>,
        inner: &Inner1<'_>,
        linear: &[&[usize]],
        i: usize,
        v: &mut [f64],
    ) {
        let fault = self.fault;
        let batch = linear[if fault == Mistake::FrozenMinibatch {
            0
        } else {
            i
        }];
        let anew = matches!(fault, Mistake::GammaPerMinibatch | Mistake::SidForNsid);
        let own = (self.sid || anew).then(|| self.gamma(case, batch, fault == Mistake::GammaAtW));
        let gamma = own.as_ref().unwrap_or(&inner.gamma);
        let mut g = vec![0.0; v.len()];
        let p = if fault == Mistake::SwappedOrder {
            let p = self.push(case, batch, v);
            case.map.outer().d1(gamma, &p, true, &mut g);
            g
        } else {
            case.map.outer().d1(gamma, v, true, &mut g);
            self.push(case, batch, &g)
        };
        let etas = case.samples.eta;
        let eta = match fault {
            Mistake::StepOffByOne => etas[(i + 1).min(etas.len() - 1)],
            Mistake::NeverDecreasing => etas[0],
            Mistake::SquaredStep => etas[i].powi(2),
            _ => etas[i],
        };
        for (j, x) in v.iter_mut().enumerate() {
            let forgotten = fault == Mistake::MissingCotangent && i > 0;
            let seed = case.seeds[i % case.seeds.len()];
            let y = if forgotten { 0.0 } else { seed[j] };
            *x = if fault == Mistake::IncrementForm {
                *x + eta * (p[j] + y - *x)
            } else {
                (1.0 - eta) * *x + eta * (p[j] + y)
            };
        }
    }
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    let squares = a.iter().zip(b).map(|(a, b)| (a - b).powi(2));
    squares.sum::<f64>().sqrt()
}

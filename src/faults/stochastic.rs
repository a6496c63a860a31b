//! Mistakes that implementations of NSID and SID make, each an operator on a plain correct one.
//!
//! Owns the catalogue, the variants that are *not* mistakes, and the diagnosis of estimates by comparison with
//! the catalogue. Must not know claims or verdicts. Written with products only, apart from
//! [`crate::methods::nsid`], so that it is a second implementation of both algorithms as well.

use crate::error::Result;
use crate::maps::stochastic::{Gamma, Inner, Sample};
use crate::methods::Method;
use crate::methods::nsid::{
    Batches, Draw, EpochShuffle, Estimates, Iid, Role, StochasticCase, StochasticDifferentiator,
};

/// A mistake, or a harmless variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// Γ₁ is recomputed at T̂ of each minibatch of the linear system.
    GammaPerMinibatch,
    /// Γ is taken at w instead of w̄.
    GammaAtW,
    /// ξ⁽¹⁾ reuses the minibatches of the linear system.
    SharedSamples,
    /// η_{i+1} instead of η_i.
    StepOffByOne,
    /// v ← (1-η)v + ηPv: y is forgotten after the first step.
    MissingCotangent,
    /// The minibatch mean is divided by |b|+1.
    BiasedScale,
    /// ∂₁T̂ v instead of ∂₁T̂ᵀ v.
    TransposedProduct,
    /// Γ₁ᵀ∂₁T̂ᵀv instead of ∂₁T̂ᵀΓ₁ᵀv.
    SwappedOrder,
    /// Only the first of the J inner minibatches is used.
    InnerIgnored,
    /// η_0 at every step.
    NeverDecreasing,
    /// v_0 = y without saying so.
    StartsAtCotangent,
    /// Everything is accumulated in single precision.
    SinglePrecision,
    /// The estimate leaves out Γ₂ᵀv.
    MissingOuterDerivative,
    /// The estimate reads ∂₂T̂ᵀv instead of ∂₂T̂ᵀΓ₁ᵀv.
    ReadsPastOuter,
    /// The estimate after k updates uses v_{k-1}.
    StaleState,
    /// v is kept from one call to the next.
    KeepsState,
    /// -∂₂T̂.
    WrongSign,
    /// The average of the iterates is reported as the iterate.
    AveragedState,
    /// One minibatch of the linear system is used for all steps.
    FrozenMinibatch,
    /// η²: the step is applied twice.
    SquaredStep,
    /// Epoch-wise shuffling sold as independent samples.
    EpochShuffling,
    /// The last sample is never drawn.
    NeverLastSample,
    /// Every replicate has the same samples.
    SameSeed,
    /// Asked for β/(γ+i), takes β/(γ+i+1).
    ScheduleOffByOne,
    /// Asked for β/(γ+i), takes β/γ.
    ScheduleConstant,
    /// Not a mistake: v + η(Pv + y - v).
    IncrementForm,
    /// Not a mistake: one product per sample, averaged.
    SampleBySample,
    /// Not a mistake: samples of a minibatch in reverse order.
    ReverseOrder,
}

impl Fault {
    /// Every mistake with its name.
    pub const MISTAKES: [(&'static str, Self); 25] = [
        ("gamma-per-minibatch", Self::GammaPerMinibatch),
        ("gamma-at-w", Self::GammaAtW),
        ("shared-samples", Self::SharedSamples),
        ("step-off-by-one", Self::StepOffByOne),
        ("missing-cotangent", Self::MissingCotangent),
        ("biased-scale", Self::BiasedScale),
        ("transposed-product", Self::TransposedProduct),
        ("swapped-order", Self::SwappedOrder),
        ("inner-ignored", Self::InnerIgnored),
        ("never-decreasing", Self::NeverDecreasing),
        ("starts-at-cotangent", Self::StartsAtCotangent),
        ("single-precision", Self::SinglePrecision),
        ("missing-outer-derivative", Self::MissingOuterDerivative),
        ("reads-past-outer", Self::ReadsPastOuter),
        ("stale-state", Self::StaleState),
        ("keeps-state", Self::KeepsState),
        ("wrong-sign", Self::WrongSign),
        ("averaged-state", Self::AveragedState),
        ("frozen-minibatch", Self::FrozenMinibatch),
        ("squared-step", Self::SquaredStep),
        ("epoch-shuffling", Self::EpochShuffling),
        ("never-last-sample", Self::NeverLastSample),
        ("same-seed", Self::SameSeed),
        ("schedule-off-by-one", Self::ScheduleOffByOne),
        ("schedule-constant", Self::ScheduleConstant),
    ];

    /// Variants that every claim must let pass.
    pub const VARIANTS: [(&'static str, Self); 3] = [
        ("increment-form", Self::IncrementForm),
        ("sample-by-sample", Self::SampleBySample),
        ("reverse-order", Self::ReverseOrder),
    ];

    /// Shows in what is drawn or scheduled, not with indices and steps given.
    pub fn is_sampling(self) -> bool {
        matches!(
            self,
            Self::EpochShuffling
                | Self::NeverLastSample
                | Self::SameSeed
                | Self::ScheduleOffByOne
                | Self::ScheduleConstant
        )
    }
}

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
            let keep = match inner {
                Inner::FiniteSum(f) => 1.0 - f.eta() * case.lambda[1],
                Inner::Noise(_) => 0.0,
            };
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

/// The mistake whose estimates these are, to the rounding floor (`floor[k]`, one per estimate); `None` where none
/// or more than one fits. A mistake that changes nothing on this case fits no wrong estimates.
pub fn diagnose(
    method: Method,
    case: &StochasticCase<'_>,
    estimates: &[Vec<f64>],
    floor: &[f64],
) -> Option<&'static str> {
    let fits = |fault: Fault| {
        let simulated = Faulty::new(method, fault).run(case).ok()?;
        // The floor of the correct recursion; a mistake may amplify rounding more.
        let same = simulated
            .iter()
            .zip(estimates)
            .zip(floor)
            .all(|((a, b), f)| {
                let off: f64 = a.iter().zip(b).map(|(x, y)| (x - y).powi(2)).sum();
                off.sqrt() <= 4.0 * f
            });
        same.then_some(())
    };
    let mut found = Fault::MISTAKES
        .iter()
        .filter(|(_, f)| !f.is_sampling() && fits(*f).is_some());
    match (found.next(), found.next()) {
        (Some((name, _)), None) => Some(name),
        _ => None,
    }
}

//! Faults of NSID and SID.

use super::fault::{Fault, Fit, methods, rows, whole};
use crate::faults::edit::Edit::Sampled;
use crate::faults::mistake::Mistake;

pub(super) static ROWS: &[Fault] = rows! {
    "gamma-per-minibatch" "Γ₁ is recomputed at T̂ of each minibatch of the linear system"
        NSID [Sampled(Mistake::GammaPerMinibatch)];
    "gamma-at-w" "Γ is taken at w instead of w̄"
        SAMPLED [Sampled(Mistake::GammaAtW)];
    "shared-samples" "ξ⁽¹⁾ reuses the minibatches of the linear system"
        SAMPLED [Sampled(Mistake::SharedSamples)];
    "step-off-by-one" "η_{i+1} instead of η_i"
        SAMPLED [Sampled(Mistake::StepOffByOne)];
    "missing-cotangent" "v ← (1-η)v + ηPv: y is forgotten after the first step"
        SAMPLED [Sampled(Mistake::MissingCotangent)];
    "biased-scale" "the minibatch mean is divided by |b|+1"
        SAMPLED [Sampled(Mistake::BiasedScale)];
    "transposed-product" "∂₁T̂ v instead of ∂₁T̂ᵀ v"
        SAMPLED [Sampled(Mistake::TransposedProduct)];
    "swapped-order" "Γ₁ᵀ∂₁T̂ᵀv instead of ∂₁T̂ᵀΓ₁ᵀv"
        SAMPLED [Sampled(Mistake::SwappedOrder)];
    "inner-ignored" "only the first of the J inner minibatches is used"
        SAMPLED [Sampled(Mistake::InnerIgnored)];
    "never-decreasing" "η_0 at every step"
        SAMPLED [Sampled(Mistake::NeverDecreasing)];
    "starts-at-cotangent" "v_0 = y without saying so"
        SAMPLED [Sampled(Mistake::StartsAtCotangent)];
    "single-precision" "everything is accumulated in single precision"
        SAMPLED [Sampled(Mistake::SinglePrecision)];
    "missing-outer-derivative" "the estimate leaves out Γ₂ᵀv"
        SAMPLED [Sampled(Mistake::MissingOuterDerivative)];
    "reads-past-outer" "the estimate reads ∂₂T̂ᵀv instead of ∂₂T̂ᵀΓ₁ᵀv"
        SAMPLED [Sampled(Mistake::ReadsPastOuter)];
    "stale-state" "the estimate after k updates uses v_{k-1}"
        SAMPLED [Sampled(Mistake::StaleState)];
    "keeps-state" "v is kept from one call to the next"
        SAMPLED [Sampled(Mistake::KeepsState)];
    "wrong-sign" "-∂₂T̂"
        SAMPLED [Sampled(Mistake::WrongSign)];
    "averaged-state" "the average of the iterates is reported as the iterate"
        SAMPLED [Sampled(Mistake::AveragedState)];
    "frozen-minibatch" "one minibatch of the linear system is used for all steps"
        SAMPLED [Sampled(Mistake::FrozenMinibatch)];
    "squared-step" "η²: the step is applied twice"
        SAMPLED [Sampled(Mistake::SquaredStep)];
    "epoch-shuffling" "epoch-wise shuffling sold as independent samples"
        SAMPLED [Sampled(Mistake::EpochShuffling)];
    "never-last-sample" "the last sample is never drawn"
        SAMPLED [Sampled(Mistake::NeverLastSample)];
    "same-seed" "every replicate has the same samples"
        SAMPLED [Sampled(Mistake::SameSeed)];
    "schedule-off-by-one" "asked for β/(γ+i), takes β/(γ+i+1)"
        SAMPLED [Sampled(Mistake::ScheduleOffByOne)];
    "schedule-constant" "asked for β/(γ+i), takes β/γ"
        SAMPLED [Sampled(Mistake::ScheduleConstant)];
    "sid-for-nsid" "SID handed out as NSID: Γ at every minibatch, in the linear system and in the estimate"
        NSID [Sampled(Mistake::SidForNsid)];
    "repeated-once" "what a repeated index contributes is counted once"
        SAMPLED [Sampled(Mistake::RepeatedOnce)],
        also [Sampled(Mistake::RepeatedOnceEverywhere)];
    "absolute-stop-of-v" "v no longer moves once a step moves it by less than 1e-10, whatever the size of the cotangent"
        SAMPLED [Sampled(Mistake::StopAt(1e-10))],
        fit real [1e-18, 10.0] (|tolerance| vec![Sampled(Mistake::StopAt(tolerance))]);
    "relative-stop-of-v" "v no longer moves once a step moves it by less than 1e-2 of its size"
        SAMPLED [Sampled(Mistake::StopRelative(1e-2))],
        fit real [1e-14, 0.9] (|tolerance| vec![Sampled(Mistake::StopRelative(tolerance))]);
    "update-cap" "never more than 20 updates"
        SAMPLED [Sampled(Mistake::Cap(20))],
        fit whole [1.0, 500.0] (|n| vec![Sampled(Mistake::Cap(n as usize))]);
};

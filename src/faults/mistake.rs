//! Mistakes that implementations of NSID and SID make.

use crate::case::Method;

/// A mistake, or a harmless variant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mistake {
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
    /// V_0 = y without saying so.
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
    /// None at all.
    #[default]
    Nothing,
    /// Not a mistake: v + η(Pv + y - v).
    IncrementForm,
    /// Not a mistake: one product per sample, averaged.
    SampleBySample,
    /// Not a mistake: samples of a minibatch in reverse order.
    ReverseOrder,
}

/// Name, what is done differently, the fault.
pub type Row = (&'static str, &'static str, Mistake);

impl Mistake {
    /// Every mistake.
    pub const MISTAKES: [Row; 25] = [
        (
            "gamma-per-minibatch",
            "Γ₁ is recomputed at T̂ of each minibatch of the linear system",
            Self::GammaPerMinibatch,
        ),
        ("gamma-at-w", "Γ is taken at w instead of w̄", Self::GammaAtW),
        (
            "shared-samples",
            "ξ⁽¹⁾ reuses the minibatches of the linear system",
            Self::SharedSamples,
        ),
        (
            "step-off-by-one",
            "η_{i+1} instead of η_i",
            Self::StepOffByOne,
        ),
        (
            "missing-cotangent",
            "v ← (1-η)v + ηPv: y is forgotten after the first step",
            Self::MissingCotangent,
        ),
        (
            "biased-scale",
            "the minibatch mean is divided by |b|+1",
            Self::BiasedScale,
        ),
        (
            "transposed-product",
            "∂₁T̂ v instead of ∂₁T̂ᵀ v",
            Self::TransposedProduct,
        ),
        (
            "swapped-order",
            "Γ₁ᵀ∂₁T̂ᵀv instead of ∂₁T̂ᵀΓ₁ᵀv",
            Self::SwappedOrder,
        ),
        (
            "inner-ignored",
            "only the first of the J inner minibatches is used",
            Self::InnerIgnored,
        ),
        (
            "never-decreasing",
            "η_0 at every step",
            Self::NeverDecreasing,
        ),
        (
            "starts-at-cotangent",
            "v_0 = y without saying so",
            Self::StartsAtCotangent,
        ),
        (
            "single-precision",
            "everything is accumulated in single precision",
            Self::SinglePrecision,
        ),
        (
            "missing-outer-derivative",
            "the estimate leaves out Γ₂ᵀv",
            Self::MissingOuterDerivative,
        ),
        (
            "reads-past-outer",
            "the estimate reads ∂₂T̂ᵀv instead of ∂₂T̂ᵀΓ₁ᵀv",
            Self::ReadsPastOuter,
        ),
        (
            "stale-state",
            "the estimate after k updates uses v_{k-1}",
            Self::StaleState,
        ),
        (
            "keeps-state",
            "v is kept from one call to the next",
            Self::KeepsState,
        ),
        ("wrong-sign", "-∂₂T̂", Self::WrongSign),
        (
            "averaged-state",
            "the average of the iterates is reported as the iterate",
            Self::AveragedState,
        ),
        (
            "frozen-minibatch",
            "one minibatch of the linear system is used for all steps",
            Self::FrozenMinibatch,
        ),
        (
            "squared-step",
            "η²: the step is applied twice",
            Self::SquaredStep,
        ),
        (
            "epoch-shuffling",
            "epoch-wise shuffling sold as independent samples",
            Self::EpochShuffling,
        ),
        (
            "never-last-sample",
            "the last sample is never drawn",
            Self::NeverLastSample,
        ),
        (
            "same-seed",
            "every replicate has the same samples",
            Self::SameSeed,
        ),
        (
            "schedule-off-by-one",
            "asked for β/(γ+i), takes β/(γ+i+1)",
            Self::ScheduleOffByOne,
        ),
        (
            "schedule-constant",
            "asked for β/(γ+i), takes β/γ",
            Self::ScheduleConstant,
        ),
    ];

    /// Variants that every claim must let pass.
    pub const VARIANTS: [Row; 3] = [
        ("increment-form", "v + η(Pv + y - v)", Self::IncrementForm),
        (
            "sample-by-sample",
            "one product per sample, averaged",
            Self::SampleBySample,
        ),
        (
            "reverse-order",
            "samples of a minibatch in reverse order",
            Self::ReverseOrder,
        ),
    ];

    /// Whether it is a mistake in this method: SID takes Γ at each minibatch by definition.
    pub fn occurs_in(self, method: Method) -> bool {
        !(self == Self::GammaPerMinibatch && method == Method::SID)
    }

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

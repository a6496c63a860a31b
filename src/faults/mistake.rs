//! Mistakes that implementations of NSID and SID make.

/// A mistake, or a harmless variant.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
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
    /// Γ at every minibatch, in the linear system and in the estimate: SID handed out as NSID.
    SidForNsid,
    /// What a repeated index contributes to a product of the linear system is counted once, and
    /// divided by |b| all the same.
    RepeatedOnce,
    /// The same in w̄ as well.
    RepeatedOnceEverywhere,
    /// v no longer moves once a step moves it by less than this.
    StopAt(f64),
    /// The same relative to ‖v‖.
    StopRelative(f64),
    /// No more than so many updates.
    Cap(usize),
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

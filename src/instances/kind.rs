//! The kinds of instances: names, what they are, and what is common to groups of them.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// What kinds have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group(u8);

impl Group {
    const NONE: Self = Self(0);
    /// Reached through samples.
    pub const STOCHASTIC: Self = Self(1);
    /// Built in dyadic data to hit kinks exactly; `rows` is the number of kinks.
    pub const KINKED: Self = Self(2);
    /// Layers have `rows` units.
    pub const LAYER: Self = Self(4);
    /// λ = (λ₁, λ₂), least squares and soft-thresholding.
    pub const ELASTIC_NET: Self = Self(8);
    /// Proximal gradient steps other than the elastic net's; λ = (λ₁, λ₂) too.
    pub const PROX: Self = Self(16);
    /// w(λ) is known while the instance is drawn, so that τ can be prescribed.
    pub const BACKWARDS: Self = Self(32);
    /// Real data: nothing to shrink.
    pub const FIXED: Self = Self(64);

    const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

macro_rules! kinds {
    ($($variant:ident $name:literal $about:literal $($group:ident)*;)+) => {
        /// The kinds of instances.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[cfg_attr(feature = "claims", derive(schemars::JsonSchema))]
        #[non_exhaustive]
        pub enum Kind {
            $(#[doc = $about] #[serde(rename = $name)] $variant,)+
        }

        impl Kind {
            /// Every kind with its name, what it is, and its groups.
            pub const ALL: &'static [(Self, &'static str, &'static str, Group)] =
                &[$((Self::$variant, $name, $about, Group::NONE$(.and(Group::$group))*)),+];
        }
    };
}

kinds! {
    AffineSymmetric "affine-symmetric" "Aw + Bλ + c, A symmetric with a random spectrum in [-q, q]";
    AffineNormal "affine-normal" "Aw + Bλ + c, A normal: scaled rotations in random planes";
    AffineNonNormal "affine-non-normal" "Aw + Bλ + c, A far from normal: ‖A‖ = q, spectral radius much smaller, slow transients";
    AffineRotation "affine-rotation" "Aw + Bλ + c, A = qQ with Q orthogonal";
    Tight "tight" "λQw + c at λ = q, w_0 chosen so that Theorem 4.1's bounds are attained";
    LayerRelu "layer-relu" "A relu(Vw + Bλ + c)" LAYER BACKWARDS;
    LayerLeakyRelu "layer-leaky-relu" "A leaky-relu(Vw + Bλ + c)" LAYER BACKWARDS;
    LayerAbs "layer-abs" "A |Vw + Bλ + c|" LAYER BACKWARDS;
    LayerTanh "layer-tanh" "A tanh(Vw + Bλ + c)" LAYER BACKWARDS;
    ElasticNet "elastic-net" "forward-backward step of a random elastic net, n ≥ d" ELASTIC_NET;
    ElasticNetWide "elastic-net-wide" "the same with n < d, where λ₂ alone makes it a contraction" ELASTIC_NET;
    ElasticNetEmpty "elastic-net-empty" "λ₁ so large that w(λ) = 0" ELASTIC_NET;
    ElasticNetFull "elastic-net-full" "built backwards from a w(λ) without zeros" ELASTIC_NET BACKWARDS;
    ElasticNetMargin "elastic-net-margin" "built backwards from w(λ) with the prescribed margin R" ELASTIC_NET BACKWARDS;
    ElasticNetDuplicated "elastic-net-duplicated" "with duplicated columns" ELASTIC_NET;
    ElasticNetNearDuplicated "elastic-net-near-duplicated" "with columns that repeat another one up to 1e-6: a nearly degenerate support" ELASTIC_NET;
    BoxQp "box-qp" "projection on a box after a gradient step on a quadratic, built backwards from w(λ)" BACKWARDS;
    NonnegativeQp "nonnegative-qp" "the same on the nonnegative orthant" BACKWARDS;
    MaxMin "max-min" "coordinatewise max and min of `rows` affine forms, built backwards from w(λ)" BACKWARDS;
    GroupLasso "group-lasso" "gradient step on least squares, then group soft-thresholding" PROX;
    LogisticLasso "logistic-lasso" "gradient step on a logistic loss, then soft-thresholding" PROX;
    LogisticGroup "logistic-group" "the same with group soft-thresholding" PROX;
    LogisticBox "logistic-box" "the same with the projection on a box" PROX;
    LogisticNonnegative "logistic-nonnegative" "the same with the projection on the nonnegative orthant" PROX;
    Diabetes "diabetes" "elastic net on the diabetes data (442×10), columns standardised" ELASTIC_NET FIXED;
    KinkLayerRelu "kink-layer-relu" "A relu(Vw + Bλ + c) in dyadic data, `rows` units exactly at their kink at w(λ)" KINKED;
    KinkLayerAbs "kink-layer-abs" "A |Vw + Bλ + c|, the same" KINKED;
    KinkLayerDuplicated "kink-layer-duplicated" "the same with relu and one unit at its kink repeated: a duplicated piece" KINKED;
    KinkLambdaOnly "kink-lambda-only" "the same with relu and units at their kink that depend on λ only" KINKED;
    KinkFiniteTime "kink-finite-time" "relu layer in dyadic data with `rows` units at their kink at w_0 = 0, none at w(λ)" KINKED;
    KinkMaxMin "kink-max-min" "coordinatewise max and min of two affine forms, equal at w(λ) in `rows` coordinates" KINKED;
    KinkElasticNet "kink-elastic-net" "elastic net in dyadic data, `rows` coordinates exactly at their kink at w(λ)" KINKED;
    KinkTwoCycle "kink-two-cycle" "scalar map whose iterates change side at every step: ITD tends to a two-cycle outside D_imp" KINKED;
    KinkNetCycle "kink-net-cycle" "elastic net in the plane with the same behaviour" KINKED;
    Bilinear "bilinear" "(A + Σ_k λ_k B_k)w + Cλ: the operator depends on λ";
    SimplexQp "simplex-qp" "projection on the simplex after a gradient step on a quadratic, built backwards from w(λ)" BACKWARDS;
    QuadraticProgram "quadratic-program" "projected gradient step on a box-constrained quadratic whose linear term is λ, built backwards from w(λ)" BACKWARDS;
    Poisoning "poisoning" "gradient step on a multiclass logistic loss, then soft-thresholding; λ is the noise on corrupted rows";
    SumElasticNet "sum-elastic-net" "stochastic: minibatches of a random elastic net, G = soft" STOCHASTIC;
    SumTiny "sum-tiny" "stochastic: an elastic net of few rows, small enough for exact fourth moments" STOCHASTIC;
    SumLogisticGroup "sum-logistic-group" "stochastic: minibatch logistic regression, G = group soft" STOCHASTIC;
    SumDiabetes "sum-diabetes" "stochastic: minibatches of the diabetes data, G = soft" STOCHASTIC FIXED;
    SumPoisoning "sum-poisoning" "stochastic: minibatches of a multiclass logistic regression, λ the noise on corrupted rows" STOCHASTIC;
    NoiseAdditiveRelu "noise-additive-relu" "stochastic: affine with additive sign noise, G = relu layer" STOCHASTIC;
    NoiseMultiplicativeBox "noise-multiplicative-box" "stochastic: affine with noise on both Jacobians, G = box" STOCHASTIC;
    NoiseTanh "noise-tanh" "stochastic: affine with noise of all kinds, G = tanh layer" STOCHASTIC;
    NoiseKink "noise-kink" "stochastic: noise that carries T̂ across the kink of G = max(·, 0), where SID is biased" STOCHASTIC;
    NoiseBilinear "noise-bilinear" "stochastic: the same with a Jacobian that moves with w: ∂₂T̂ = Cw + b" STOCHASTIC;
    NoiseExtremal "noise-extremal" "stochastic: G = id, T̂ = (0.3 + λ)w plus noise, w(λ) = 0: extremal for Theorem 5.4" STOCHASTIC;
}

impl Kind {
    /// The name in files.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|k| k.0 == self).map_or("", |k| k.1)
    }

    /// The kind of a name.
    ///
    /// # Errors
    /// An unknown name; the error lists the names.
    pub fn from_name(name: &str) -> Result<Self> {
        let row = Self::ALL.iter().find(|k| k.1 == name);
        row.map(|k| k.0).ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.iter().map(|k| k.1).collect();
            let text = format!("unknown kind {name:?}; one of {}", names.join(", "));
            Error::input(text).in_field("kind")
        })
    }

    /// Whether it belongs to all of these groups.
    pub fn is(self, group: Group) -> bool {
        let own = Self::ALL.iter().find(|k| k.0 == self);
        own.is_some_and(|k| k.3.0 & group.0 == group.0)
    }

    /// Whether it is reached through samples.
    pub fn is_stochastic(self) -> bool {
        self.is(Group::STOCHASTIC)
    }

    /// Whether it is built in dyadic data to hit kinks exactly; `rows` is then the number of kinks.
    pub fn is_kinked(self) -> bool {
        self.is(Group::KINKED)
    }

    /// Whether w(λ) is known while the instance is drawn, so that τ can be prescribed.
    pub fn is_built_backwards(self) -> bool {
        self.is(Group::BACKWARDS)
    }
}

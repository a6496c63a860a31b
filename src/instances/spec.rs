//! What an instance is asked to be, and how it gets simpler.

use serde::{Deserialize, Serialize};

use crate::error::{Bound, Error, Result};

/// A request for one instance: together with a seed it determines every bit of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// The kind, by name.
    pub kind: Kind,
    /// d = dim w.
    pub dim: usize,
    /// m = dim λ (fixed to 2 for elastic nets, 1 for the tight family).
    pub params: usize,
    /// n, the data rows of an elastic net, or h, the units of a layer; unused otherwise.
    pub rows: usize,
    /// Contraction factor asked for.
    pub q: f64,
    /// R asked for: distance from w(λ) to the nearest other piece.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub margin: Option<f64>,
    /// λ given instead of drawn (real data).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lambda: Option<[f64; 2]>,
    /// ‖y‖ asked for (1 if absent): tiny or huge cotangents reveal absolute tolerances.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cotangent: Option<f64>,
    /// τ asked for: w_0 is set so that Theorem 4.1's τ is this (kinds built backwards from w(λ)).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tau: Option<usize>,
    /// Points w_t other than w_{t+1} = Φ(w_t), which ITD and AID are given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<Path>,
    /// Round numbers and w_0 = 0: what a shrunk instance looks like.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub plain: bool,
}

/// Where points that are given come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Path {
    /// w_{t+1} = Φ(w_t + β(w_t - w_{t-1})) with Nesterov's β for κ.
    Accelerated,
    /// w_{t+1} = (w_t + Φ(w_t))/2 (Krasnoselskii-Mann).
    Averaged,
    /// Random points that tend to w(λ), from nowhere in particular.
    Given,
    /// w(λ) itself at every step: where it lies on kinks, every step meets every tie.
    Rest,
}

macro_rules! kinds {
    ($($variant:ident $name:literal $about:literal),+ $(,)? ; $($random:ident $random_name:literal $random_about:literal),+ $(,)?) => {
        /// The kinds of instances.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Kind {
            $(#[doc = $about] #[serde(rename = $name)] $variant,)+
            $(#[doc = $random_about] #[serde(rename = $random_name)] $random,)+
        }

        impl Kind {
            /// Every deterministic kind ([`super::Instance`]) with its name and what it is.
            pub const ALL: &'static [(Self, &'static str, &'static str)] = &[$((Self::$variant, $name, $about)),+];
            /// Every stochastic kind ([`super::StochasticInstance`]) with its name and what it is.
            pub const STOCHASTIC: &'static [(Self, &'static str, &'static str)] =
                &[$((Self::$random, $random_name, $random_about)),+];
        }
    };
}

kinds! {
    AffineSymmetric "affine-symmetric" "Aw + Bλ + c, A symmetric with a random spectrum in [-q, q]",
    AffineNormal "affine-normal" "Aw + Bλ + c, A normal: scaled rotations in random planes",
    AffineNonNormal "affine-non-normal" "Aw + Bλ + c, A far from normal: ‖A‖ = q, spectral radius much smaller, slow transients",
    AffineRotation "affine-rotation" "Aw + Bλ + c, A = qQ with Q orthogonal",
    Tight "tight" "λQw + c at λ = q, w_0 chosen so that Theorem 4.1's bounds are attained",
    LayerRelu "layer-relu" "A relu(Vw + Bλ + c)",
    LayerLeakyRelu "layer-leaky-relu" "A leaky-relu(Vw + Bλ + c)",
    LayerAbs "layer-abs" "A |Vw + Bλ + c|",
    LayerTanh "layer-tanh" "A tanh(Vw + Bλ + c)",
    ElasticNet "elastic-net" "forward-backward step of a random elastic net, n ≥ d",
    ElasticNetWide "elastic-net-wide" "the same with n < d, where λ₂ alone makes it a contraction",
    ElasticNetEmpty "elastic-net-empty" "λ₁ so large that w(λ) = 0",
    ElasticNetFull "elastic-net-full" "built backwards from a w(λ) without zeros",
    ElasticNetMargin "elastic-net-margin" "built backwards from w(λ) with the prescribed margin R",
    ElasticNetDuplicated "elastic-net-duplicated" "with duplicated columns",
    ElasticNetNearDuplicated "elastic-net-near-duplicated" "with columns that repeat another one up to 1e-6: a nearly degenerate support",
    BoxQp "box-qp" "projection on a box after a gradient step on a quadratic, built backwards from w(λ)",
    NonnegativeQp "nonnegative-qp" "the same on the nonnegative orthant",
    MaxMin "max-min" "coordinatewise max and min of `rows` affine forms, built backwards from w(λ)",
    GroupLasso "group-lasso" "gradient step on least squares, then group soft-thresholding",
    LogisticLasso "logistic-lasso" "gradient step on a logistic loss, then soft-thresholding",
    LogisticGroup "logistic-group" "the same with group soft-thresholding",
    LogisticBox "logistic-box" "the same with the projection on a box",
    LogisticNonnegative "logistic-nonnegative" "the same with the projection on the nonnegative orthant",
    Diabetes "diabetes" "elastic net on the diabetes data (442×10), columns standardised",
    KinkLayerRelu "kink-layer-relu" "A relu(Vw + Bλ + c) in dyadic data, `rows` units exactly at their kink at w(λ)",
    KinkLayerAbs "kink-layer-abs" "A |Vw + Bλ + c|, the same",
    KinkLayerDuplicated "kink-layer-duplicated" "the same with relu and one unit at its kink repeated: a duplicated piece",
    KinkLambdaOnly "kink-lambda-only" "the same with relu and units at their kink that depend on λ only",
    KinkFiniteTime "kink-finite-time" "relu layer in dyadic data with `rows` units at their kink at w_0 = 0, none at w(λ)",
    KinkMaxMin "kink-max-min" "coordinatewise max and min of two affine forms, equal at w(λ) in `rows` coordinates",
    KinkElasticNet "kink-elastic-net" "elastic net in dyadic data, `rows` coordinates exactly at their kink at w(λ)",
    KinkTwoCycle "kink-two-cycle" "scalar map whose iterates change side at every step: ITD tends to a two-cycle outside D_imp",
    KinkNetCycle "kink-net-cycle" "elastic net in the plane with the same behaviour",
    Bilinear "bilinear" "(A + Σ_k λ_k B_k)w + Cλ: the operator depends on λ",
    SimplexQp "simplex-qp" "projection on the simplex after a gradient step on a quadratic, built backwards from w(λ)",
    ;
    SumElasticNet "sum-elastic-net" "stochastic: minibatches of a random elastic net, G = soft",
    SumTiny "sum-tiny" "stochastic: an elastic net of few rows, small enough for exact fourth moments",
    SumLogisticGroup "sum-logistic-group" "stochastic: minibatch logistic regression, G = group soft",
    SumDiabetes "sum-diabetes" "stochastic: minibatches of the diabetes data, G = soft",
    NoiseAdditiveRelu "noise-additive-relu" "stochastic: affine with additive sign noise, G = relu layer",
    NoiseMultiplicativeBox "noise-multiplicative-box" "stochastic: affine with noise on both Jacobians, G = box",
    NoiseTanh "noise-tanh" "stochastic: affine with noise of all kinds, G = tanh layer",
    NoiseKink "noise-kink" "stochastic: noise that carries T̂ across the kink of G = max(·, 0), where SID is biased",
    NoiseBilinear "noise-bilinear" "stochastic: the same with a Jacobian that moves with w: ∂₂T̂ = Cw + b",
    NoiseExtremal "noise-extremal" "stochastic: G = id, T̂ = (0.3 + λ)w plus noise, w(λ) = 0: extremal for Theorem 5.4",
}

impl Kind {
    /// The name in files.
    pub fn name(self) -> &'static str {
        Self::every().find(|k| k.0 == self).map_or("", |k| k.1)
    }

    /// The kind of a name.
    pub fn from_name(name: &str) -> Result<Self> {
        Self::every()
            .find(|k| k.1 == name)
            .map(|k| k.0)
            .ok_or_else(|| {
                let names: Vec<&str> = Self::every().map(|k| k.1).collect();
                Error::input(format!(
                    "unknown kind {name:?}; one of {}",
                    names.join(", ")
                ))
                .in_field("kind")
            })
    }

    fn every() -> impl Iterator<Item = &'static (Self, &'static str, &'static str)> {
        Self::ALL.iter().chain(Self::STOCHASTIC)
    }

    /// Reached through samples: drawn by [`super::StochasticInstance`], not by [`super::Instance`].
    pub fn is_stochastic(self) -> bool {
        Self::STOCHASTIC.iter().any(|k| k.0 == self)
    }

    /// Elastic nets have λ = (λ₁, λ₂).
    pub fn is_elastic_net(self) -> bool {
        self.name().starts_with("elastic-net") || self == Self::Diabetes
    }

    /// Proximal gradient steps other than the elastic net's; λ = (λ₁, λ₂) too.
    pub fn is_prox_gradient(self) -> bool {
        self.name().starts_with("logistic") || self == Self::GroupLasso
    }

    /// w(λ) is known while the instance is drawn, so that τ can be prescribed.
    pub fn is_built_backwards(self) -> bool {
        self.is_layer()
            || matches!(
                self,
                Self::ElasticNetMargin
                    | Self::ElasticNetFull
                    | Self::BoxQp
                    | Self::NonnegativeQp
                    | Self::MaxMin
                    | Self::SimplexQp
            )
    }

    /// Layers have units.
    pub fn is_layer(self) -> bool {
        self.name().starts_with("layer")
    }

    /// Built in dyadic data to hit kinks exactly; `rows` is the number of kinks.
    pub fn is_kinked(self) -> bool {
        self.name().starts_with("kink")
    }

    /// Smallest dimension the kind makes sense in.
    fn least_dim(self) -> usize {
        match self {
            Self::ElasticNetWide | Self::ElasticNetDuplicated | Self::ElasticNetNearDuplicated => 2,
            _ => 1,
        }
    }
}

/// The permitted ranges: one row each.
pub const BOUNDS: [Bound; 7] = [
    Bound {
        name: "dim",
        what: "the dimension d",
        min: 1.0,
        max: 1000.0,
    },
    Bound {
        name: "params",
        what: "the number of parameters m",
        min: 1.0,
        max: 1000.0,
    },
    Bound {
        name: "rows",
        what: "the number of rows or units",
        min: 1.0,
        max: 20_000.0,
    },
    Bound {
        name: "q",
        what: "the contraction factor q",
        min: 0.001,
        max: 0.9999,
    },
    Bound {
        name: "margin",
        what: "the margin R",
        min: 1e-9,
        max: 1.0,
    },
    Bound {
        name: "tau",
        what: "the number of steps τ",
        min: 0.0,
        max: 1000.0,
    },
    Bound {
        name: "cotangent",
        what: "the norm of the cotangent",
        min: 1e-100,
        max: 1e100,
    },
];

/// The bound of a field of that name.
pub fn bound(name: &str) -> &'static Bound {
    BOUNDS.iter().find(|b| b.name == name).unwrap_or(&BOUNDS[0])
}

impl Spec {
    /// A typical instance of a kind in dimension d.
    pub fn typical(kind: Kind, dim: usize) -> Self {
        Self {
            kind,
            dim,
            params: 2,
            rows: 2 * dim,
            q: 0.8,
            margin: (kind == Kind::ElasticNetMargin).then_some(0.01),
            lambda: None,
            cotangent: None,
            tau: None,
            path: None,
            plain: false,
        }
        .normalised()
    }

    /// The same request with the fields a kind fixes set to what they must be.
    #[must_use]
    pub fn normalised(mut self) -> Self {
        self.dim = self.dim.max(self.kind.least_dim());
        if self.kind.is_kinked() {
            return self.normalised_kinks();
        }
        if self.kind.is_stochastic() {
            super::stochastic::normalise(&mut self);
        } else if self.kind.is_elastic_net() || self.kind.is_prox_gradient() {
            self.params = 2;
            let n = self.rows.max(1);
            self.rows = match self.kind {
                Kind::ElasticNetWide => n.min(self.dim - 1).max(1),
                // Built backwards from w(λ) needs X of full column rank; the others say n ≥ d.
                _ => n.max(self.dim + 1),
            };
        } else if self.kind == Kind::Tight {
            self.params = 1;
            self.rows = 1;
        } else if self.kind == Kind::MaxMin {
            self.rows = self.rows.clamp(2, 4);
        } else if !self.kind.is_layer() {
            self.rows = 1;
        }
        if self.kind == Kind::Diabetes {
            (self.dim, self.rows) = (10, 442);
            self.lambda = self.lambda.or(Some([0.1, 0.05]));
        }
        self
    }

    fn normalised_kinks(mut self) -> Self {
        match self.kind {
            Kind::KinkTwoCycle => (self.dim, self.params, self.rows) = (1, 1, 1),
            Kind::KinkNetCycle => (self.dim, self.params, self.rows) = (2, 2, 1),
            Kind::KinkElasticNet => (self.params, self.rows) = (2, self.rows.clamp(1, self.dim)),
            Kind::KinkMaxMin => self.rows = self.rows.clamp(1, self.dim),
            Kind::KinkLayerDuplicated => self.rows = self.rows.max(2),
            _ => self.rows = self.rows.max(1),
        }
        self
    }

    /// Refuses fields out of range, naming the field.
    pub fn validate(&self) -> Result<()> {
        bound("dim").check_count(self.dim)?;
        bound("params").check_count(self.params)?;
        bound("rows").check_count(self.rows)?;
        bound("q").check(self.q)?;
        if let Some(margin) = self.margin {
            bound("margin").check(margin)?;
        }
        if let Some(tau) = self.tau {
            bound("tau").check(tau as f64)?;
            if !self.kind.is_built_backwards() {
                let text = format!("{} is not built backwards from w(λ)", self.kind.name());
                return Err(Error::input(text).in_field("tau"));
            }
        }
        if let Some(norm) = self.cotangent {
            bound("cotangent").check(norm)?;
        }
        match self.lambda {
            Some([l1, l2]) if !(l1 > 0.0 && l2 >= 0.0 && l1.is_finite() && l2.is_finite()) => Err(
                Error::input(format!("needs λ₁ > 0 and λ₂ ≥ 0, got [{l1}, {l2}]"))
                    .in_field("lambda"),
            ),
            _ => Ok(()),
        }
    }

    /// Simpler requests to try when this one fails a check, simplest first: small dimension, one
    /// parameter, few rows, a plain spectrum and round numbers, q = 1/2.
    pub fn shrink(&self) -> Vec<Self> {
        let mut out: Vec<Self> = Vec::new();
        let mut propose = |change: &dyn Fn(&mut Self)| {
            let mut s = self.clone();
            change(&mut s);
            let s = s.normalised();
            if s != *self && !out.contains(&s) {
                out.push(s);
            }
        };
        if !matches!(self.kind, Kind::Diabetes | Kind::SumDiabetes) {
            for dim in [1, 2, self.dim / 2, self.dim.saturating_sub(1)] {
                if dim >= 1 && dim < self.dim {
                    propose(&|s| s.dim = dim);
                    propose(&|s| (s.dim, s.rows) = (dim, dim.min(s.rows)));
                }
            }
            for rows in [1, self.dim, self.rows / 2, self.rows.saturating_sub(1)] {
                if rows >= 1 && rows < self.rows {
                    propose(&|s| s.rows = rows);
                }
            }
            for params in [1, self.params / 2] {
                if params >= 1 && params < self.params {
                    propose(&|s| s.params = params);
                }
            }
            if !self.plain {
                propose(&|s| s.plain = true);
            }
            if let Some(tau) = self.tau.filter(|t| *t > 0) {
                propose(&|s| s.tau = Some(tau / 2));
            }
            if self.cotangent.is_some() {
                propose(&|s| s.cotangent = None);
            }
            if self.q != 0.5 {
                propose(&|s| s.q = 0.5);
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shrinking_ends_and_only_simplifies() {
        for (kind, ..) in Kind::every() {
            let mut spec = Spec::typical(*kind, 9);
            let mut steps = 0;
            while let Some(next) = spec.shrink().into_iter().last() {
                assert!(
                    next.dim <= spec.dim && next.rows <= spec.rows && next.params <= spec.params
                );
                next.validate().unwrap();
                spec = next;
                steps += 1;
                assert!(steps < 200, "{kind:?} does not stop");
            }
        }
    }

    #[test]
    fn out_of_range_fields_are_named() {
        let mut s = Spec::typical(Kind::ElasticNet, 3);
        s.q = 1.0;
        assert_eq!(
            s.validate().unwrap_err().to_string(),
            "field `q`: the contraction factor q must be between 0.001 and 0.9999, got 1"
        );
        s.q = 0.5;
        s.dim = 1_000_000_000;
        assert!(s.validate().unwrap_err().to_string().contains("`dim`"));
        assert!(
            Kind::from_name("nope")
                .unwrap_err()
                .to_string()
                .contains("affine-symmetric")
        );
    }
}

//! The formulas behind the kinds, in words.

use super::kind::{Group, Kind};
use super::spec::Spec;

impl Kind {
    /// Φ with the meaning of λ, and how the instance is drawn; one paragraph a line.
    pub fn describe(self) -> String {
        let about = Self::ALL.iter().find(|k| k.0 == self).map_or("", |k| k.2);
        let mut out = format!("{}: {about}\n", self.name());
        for line in [self.map(), self.drawn(), self.sizes()] {
            if !line.is_empty() {
                out += &format!("  {line}\n");
            }
        }
        out + &format!(
            "  Fields of the spec it uses: {}.\n",
            self.fields().join(", ")
        )
    }

    /// The fields of a spec that change an instance of this kind.
    pub fn fields(self) -> Vec<&'static str> {
        let all = Spec::FIELDS[1..].iter();
        all.copied().filter(|f| self.uses(f)).collect()
    }

    /// Whether a field of the spec changes an instance of this kind.
    pub fn uses(self, field: &str) -> bool {
        let cycle = matches!(self, Self::KinkTwoCycle | Self::KinkNetCycle);
        let fixed = self.is(Group::FIXED) || cycle || self == Self::NoiseExtremal;
        let net = self.is(Group::ELASTIC_NET) || self.is(Group::PROX);
        match field {
            "dim" | "q" => !fixed,
            "plain" => self != Self::NoiseExtremal,
            "params" => {
                let two = net || matches!(self, Self::KinkElasticNet) || self.is_sum();
                let one = matches!(self, Self::Tight | Self::NoiseKink | Self::NoiseBilinear);
                !(fixed || two || one || self == Self::QuadraticProgram)
            }
            "rows" => {
                let data = net
                    || self.is_sum()
                    || self.is_poisoned()
                    || self.is(Group::LAYER)
                    || self.is_kinked();
                !fixed && (data || self == Self::MaxMin)
            }
            "margin" => {
                self.is_built_backwards()
                    && !matches!(self, Self::SimplexQp | Self::QuadraticProgram)
            }
            "tau" => self.is_built_backwards(),
            "lambda" => self.is(Group::FIXED),
            "path" => !self.is_stochastic(),
            "cotangent" | "objective" => true,
            _ => false,
        }
    }

    fn is_poisoned(self) -> bool {
        matches!(self, Self::Poisoning | Self::SumPoisoning)
    }

    fn is_sum(self) -> bool {
        matches!(
            self,
            Self::SumElasticNet | Self::SumTiny | Self::SumLogisticGroup | Self::SumDiabetes
        )
    }

    fn map(self) -> &'static str {
        match self {
            Self::AffineSymmetric
            | Self::AffineNormal
            | Self::AffineNonNormal
            | Self::AffineRotation => "Φ(w, λ) = Aw + Bλ + c with ‖A‖ = q; A d×d, B d×m, c d.",
            Self::Tight => "Φ(w, λ) = λQw + c with Q orthogonal, at λ = q.",
            Self::LayerRelu | Self::LayerLeakyRelu | Self::LayerAbs | Self::LayerTanh => {
                "Φ(w, λ) = A σ(Vw + Bλ + c) with `rows` = h units; A d×h, V h×d, B h×m; the leaky \
                 slope is 0.01."
            }
            Self::KinkLayerRelu
            | Self::KinkLayerAbs
            | Self::KinkLayerDuplicated
            | Self::KinkLambdaOnly
            | Self::KinkFiniteTime
            | Self::KinkTwoCycle => {
                "Φ(w, λ) = A σ(Vw + Bλ + c) in dyadic data, so that w(λ) and the kinks there are \
                 exact in binary64."
            }
            Self::BoxQp | Self::NonnegativeQp => {
                "Φ(w, λ) = clip(Aw + Bλ + c, lo, hi) with A = I - ηQ symmetric, spectrum in [-q, q]."
            }
            Self::MaxMin | Self::KinkMaxMin => {
                "Φ_i(w, λ) = the largest (or, where `least` says so, the least) of (A_j w + B_j λ + \
                 c_j)_i over the forms j."
            }
            Self::GroupLasso => {
                "Φ(w, λ) = prox of ηλ₁Σ‖w_g‖ at w - η(Xᵀ(Xw - y)/n + λ₂w), over consecutive groups \
                 of equal size (the last may be shorter), all of weight 1."
            }
            Self::LogisticLasso | Self::LogisticGroup => {
                "Φ(w, λ) = prox of ηλ₁g at w - η(∇f(w) + λ₂w), f the mean of log(1 + exp(-y_i x_iᵀw)), \
                 g = ‖·‖₁ or the sum of the norms of groups of weight 1."
            }
            Self::LogisticBox | Self::LogisticNonnegative => {
                "Φ(w, λ) = the projection of w - η(∇f(w) + λ₂w + λ₁(1, ..., 1)) on the box or the \
                 nonnegative orthant, f the mean logistic loss: λ₁ weighs g(w) = Σw_i, a shift."
            }
            Self::Poisoning => {
                "Φ(w, λ) = soft(w - η(∇f(w) + ρw), θ), f the mean cross-entropy of softmax(Wᵀx̃_i), W p×c by \
                 columns, three classes (two where dim is 2): dim = p·c; x̃_i = x_i + γ_i on the corrupted rows; λ = \
                 all γ_i, so that params is p times their number."
            }
            Self::SumPoisoning => {
                "T̂(w, λ, b) = w - η(∇f_b(w) + ρw), f_b the mean cross-entropy over the minibatch b of rows with \
                 x̃_i = x_i + γ_i on the corrupted ones; λ = all γ_i; G(u) = soft(u, θ)."
            }
            Self::Bilinear => "Φ(w, λ) = (A + Σ_k λ_k B_k)w + Cλ.",
            Self::SimplexQp => {
                "Φ(w, λ) = the projection of Aw + Bλ + c on {w ≥ 0, Σw_i = 1}, A = I - ηQ."
            }
            Self::QuadraticProgram => {
                "Φ(w, λ) = clip(w - η(Qw + λ), lower, upper), λ the linear term: a bound above, \
                 below, both or none for every coordinate."
            }
            Self::SumLogisticGroup => {
                "T̂(w, λ, b) = w - η(∇f_b(w) + λ₂w), f_b the mean logistic loss over the minibatch b; G \
                 = group soft-thresholding with ηλ₁ω_g, groups of 1 to 3 coordinates, ω_g = √|g|."
            }
            Self::SumElasticNet | Self::SumTiny | Self::SumDiabetes => {
                "T̂(w, λ, b) = w - η(X_bᵀ(X_b w - y_b)/|b| + λ₂w) for a minibatch b of rows; G(u, λ) = \
                 soft(u, ηλ₁)."
            }
            Self::NoiseAdditiveRelu => {
                "T̂ = Aw + Bλ + c + 0.1·(ξ_1, ..., ξ_d), one sign ξ_i = ±1 a coordinate; G(u, λ) = \
                 relu(V'u + B'λ + c'). A sample is a number below 2^d whose bits are the signs."
            }
            Self::NoiseMultiplicativeBox => {
                "T̂ = (A + Σ_a ξ_a N_a)w + (B + Σ_a ξ_a M_a)λ + c with two signs, ‖N_a‖ = 0.3, ‖M_a‖ = \
                 0.2; G the projection on a box."
            }
            Self::NoiseTanh => {
                "T̂ = (A + Σ_a ξ_a N_a)w + (B + Σ_a ξ_a M_a)λ + c + Σ_a ξ_a e_a with two signs, ‖N_a‖ = \
                 ‖M_a‖ = 0.2, e_a normal of deviation 0.2; G(u, λ) = tanh(V'u + B'λ + c')."
            }
            Self::NoiseKink | Self::NoiseBilinear => {
                "T̂ = (A + ξN)w + Bλ + c + ξe (bilinear: A + λC for A) with one sign, ‖N‖ = 0.2, e_i 1.5 \
                 to 3 times the distance of unit i from its kink at w(λ); G(u) = max(u, 0)."
            }
            Self::NoiseExtremal => {
                "T̂ = (0.3 + λ + ξ/√2)w at λ = 0, G(u) = u: w(λ) = 0, the point is w = 0.1."
            }
            _ => {
                "Φ(w, λ) = soft(w - η(Xᵀ(Xw - y)/n + λ₂w), ηλ₁), X n×d, λ = (λ₁, λ₂), η constant in λ; n \
                 = `rows` where X is drawn."
            }
        }
    }

    fn drawn(self) -> &'static str {
        match self {
            Self::Diabetes | Self::SumDiabetes => {
                "The diabetes data, columns standardised, y centred; λ is given or (0.1, 0.05), for \
                 minibatches (0.1, 0.5)."
            }
            Self::KinkTwoCycle | Self::KinkNetCycle | Self::NoiseExtremal => "One fixed instance.",
            Self::KinkFiniteTime => {
                "Dyadic data with `rows` units exactly at their kink at w_0 = 0, and none at w(λ)."
            }
            _ if self.is_kinked() => {
                "Built backwards from a dyadic w(λ) with `rows` units exactly at their kink."
            }
            Self::LayerTanh => {
                "Built backwards from w(λ); tanh has no kink, so that R is infinite and τ 0."
            }
            _ if self.uses("margin") => {
                "Built backwards from w(λ), so that `margin` (R) and `tau` can be prescribed."
            }
            _ if self.is_built_backwards() => {
                "Built backwards from w(λ), so that `tau` can be prescribed."
            }
            _ if self.is_poisoned() => {
                "X normal, labels the largest score of a sparse W with noise, γ_i normal of size 0.3; ρ and η make \
                 the contraction factor q, θ is a fraction of the value from which on w(λ) = 0."
            }
            _ if self.is(Group::ELASTIC_NET) || self.is(Group::PROX) || self.is_sum() => {
                "X normal, y from a sparse w with noise (labels: its signs); λ₂ and η make the \
                 contraction factor q, λ₁ is a fraction of the value from which on w(λ) = 0."
            }
            _ => "Entries normal, norms set by q.",
        }
    }

    fn sizes(self) -> &'static str {
        if self.is_stochastic() {
            "`batch` samples make a minibatch of the linear system, `inner_batch` one of the `inner` = \
             J minibatches whose mean is w̄; `w`, the point of NSID and SID, is near w(λ), and `truth` \
             speaks of w(λ)."
        } else {
            ""
        }
    }
}

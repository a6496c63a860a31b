//! Instances as proptest strategies and quickcheck's `Arbitrary`.

use proptest::strategy::{NewTree, Strategy, ValueTree};
use proptest::test_runner::{Reason, TestRunner};

use crate::case::Method;
use crate::evidence::Evidence;
use crate::instances::{Instance, Kind, Random, Spec};
use crate::tol::COTANGENTS;

/// Kinds to draw from when any map will do.
pub const ALL: &[Kind] = &[
    Kind::AffineSymmetric,
    Kind::AffineNormal,
    Kind::AffineNonNormal,
    Kind::LayerRelu,
    Kind::LayerLeakyRelu,
    Kind::LayerAbs,
    Kind::LayerTanh,
    Kind::ElasticNet,
    Kind::ElasticNetWide,
    Kind::ElasticNetFull,
    Kind::ElasticNetDuplicated,
    Kind::BoxQp,
    Kind::NonnegativeQp,
    Kind::MaxMin,
    Kind::GroupLasso,
    Kind::LogisticLasso,
    Kind::LogisticGroup,
    Kind::LogisticBox,
    Kind::LogisticNonnegative,
    Kind::Bilinear,
    Kind::SimplexQp,
    Kind::QuadraticProgram,
    Kind::Poisoning,
];

/// Kinds whose solution lies on kinks, for methods that are judged against sets.
pub const KINKS: &[Kind] = &[
    Kind::KinkLayerRelu,
    Kind::KinkLayerAbs,
    Kind::KinkMaxMin,
    Kind::KinkElasticNet,
];

/// Kinds that are reached through samples, for NSID and SID.
pub const STOCHASTIC: &[Kind] = &[
    Kind::SumElasticNet,
    Kind::SumTiny,
    Kind::SumLogisticGroup,
    Kind::NoiseAdditiveRelu,
    Kind::NoiseMultiplicativeBox,
    Kind::NoiseTanh,
    Kind::NoiseKink,
    Kind::SumPoisoning,
];

/// A strategy of instances of these kinds, d ≤ 10, q ≤ 0.95, that shrinks by [`Spec::shrink`]. What
/// is drawn can be decided: no unit is within rounding of its kink at the start. Cotangents have
/// norm 1, now and then 0, 1e-13 or 1e12.
pub fn instances(kinds: &'static [Kind]) -> Instances {
    Instances { kinds }
}

/// The strategy that [`instances`] makes.
#[derive(Clone, Debug)]
pub struct Instances {
    kinds: &'static [Kind],
}

/// An instance together with the simpler ones still to try.
#[derive(Clone, Debug)]
pub struct InstanceTree {
    /// The simplest that failed so far (or the first).
    base: Spec,
    seed: u64,
    /// The one shown now.
    current: Spec,
    /// Simplifications of `base` not yet shown, in reverse.
    candidates: Option<Vec<Spec>>,
}

/// Draws a request from 64 random bits; `size` limits the dimension.
fn draw(kinds: &[Kind], bits: u64, size: usize) -> Spec {
    let mut random = Random::new(bits);
    let kind = kinds
        .get(random.integer(0, kinds.len().max(1) - 1))
        .copied()
        .unwrap_or(Kind::AffineNormal);
    let dim = random.integer(1, size.max(1));
    let (kinked, unit) = (kind.is_kinked(), random.unit());
    let spec = Spec {
        rows: if kinked {
            random.integer(1, 2)
        } else {
            random.integer(dim.div_ceil(2), 3 * dim + 2)
        },
        params: random.integer(1, 3),
        q: random.between(0.3, 0.95),
        cotangent: COTANGENTS.get((unit * 12.0) as usize).copied(),
        ..Spec::typical(kind, if kinked { dim.min(MOST_KINKED) } else { dim })
    };
    spec.normalised()
}

/// Largest dimension of instances on kinks: sets are decided in milliseconds there.
const MOST_KINKED: usize = 4;

/// Seeds tried before an instance is given out as it is.
const TRIES: u64 = 32;

/// Whether checks on the instance can decide something: w(λ) is known, and no selection is in doubt
/// from the start.
fn is_decidable(instance: &Instance) -> bool {
    if instance.samples.is_some() {
        let e = Evidence::new(instance, Method::NSID, 1);
        return e.exact().is_ok() && e.sampled().is_ok_and(|s| s.rate().is_ok());
    }
    let e = Evidence::new(instance, Method::ITD, 1);
    let Ok(exact) = e.exact() else { return false };
    instance.spec.kind.is_kinked() || exact.run().doubt_from.is_none()
}

/// The first decidable instance of this spec, from this seed on.
fn decidable(spec: &Spec, seed: u64) -> Instance {
    let all = (0..TRIES).map(|n| instance(spec, seed.wrapping_add(n)));
    let found = { all }.find(is_decidable);
    found.unwrap_or_else(|| instance(spec, seed))
}

/// Draws below 10 never leave the permitted ranges.
fn instance(spec: &Spec, seed: u64) -> Instance {
    Instance::generate(spec, seed).unwrap_or_else(|e| unreachable!("drawn specs are in range: {e}"))
}

impl Strategy for Instances {
    type Tree = InstanceTree;
    type Value = Instance;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Self> {
        let mut word = || Ok::<_, Reason>(proptest::num::u64::ANY.new_tree(runner)?.current());
        let (bits, seed) = (word()?, word()?);
        let spec = draw(self.kinds, bits, 10);
        Ok(InstanceTree {
            base: spec.clone(),
            seed,
            current: spec,
            candidates: None,
        })
    }
}

impl ValueTree for InstanceTree {
    type Value = Instance;

    fn current(&self) -> Instance {
        decidable(&self.current, self.seed)
    }

    fn simplify(&mut self) -> bool {
        // The current one failed: simplify from there.
        self.base = self.current.clone();
        let mut candidates = self.base.shrink();
        candidates.reverse();
        self.candidates = Some(candidates);
        self.complicate()
    }

    fn complicate(&mut self) -> bool {
        // The last simplification did not fail: show the next one, or the base again.
        match self.candidates.as_mut().and_then(Vec::pop) {
            Some(next) => {
                self.current = next;
                true
            }
            None => {
                self.current = self.base.clone();
                false
            }
        }
    }
}

impl quickcheck::Arbitrary for Instance {
    fn arbitrary(g: &mut quickcheck::Gen) -> Self {
        let (bits, seed) = (u64::arbitrary(g), u64::arbitrary(g));
        decidable(&draw(ALL, bits, g.size().clamp(1, 10)), seed)
    }

    fn shrink(&self) -> Box<dyn Iterator<Item = Self>> {
        let seed = self.seed;
        Box::new(
            self.spec
                .shrink()
                .into_iter()
                .map(move |spec| decidable(&spec, seed)),
        )
    }
}

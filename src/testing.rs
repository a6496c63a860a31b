//! For the tests of other crates: strategies that shrink, and one call that certifies an own method.
//!
//! ```
//! use proptest::prelude::*;
//! use ratecert::{methods::Method, testing};
//! # fn my_itd(case: &ratecert::methods::Case<'_>) -> Vec<Vec<f64>> {
//! #     use ratecert::{methods::Differentiator, trajectory::Estimates};
//! #     let Estimates::Cotangents(u) = ratecert::methods::ItdReverse::default().run(case).estimates else { unreachable!() };
//! #     u.iter().map(|u| u.as_slice().to_vec()).collect()
//! # }
//! proptest! {
//!     # #![proptest_config(ProptestConfig { cases: 4, failure_persistence: None, ..ProptestConfig::default() })]
//!     # fn hidden(instance in testing::instances(testing::ALL)) {
//!     //#[test] fn mine_is_right(instance in testing::instances(testing::ALL)) {
//!     testing::certify(Method::ItdReverse, &instance, |case| my_itd(case))?;
//!     //}
//!     # }
//! }
//! # hidden();
//! ```

use proptest::strategy::{NewTree, Strategy, ValueTree};
use proptest::test_runner::{Reason, TestRunner};

use crate::claims::verdict::{Status, Verdict};
use crate::claims::{Claim, Label, judge, name_fault, named, prepare};
use crate::instances::{Instance, Kind, Random, Spec};
use crate::linalg::{Matrix, Vector};
use crate::methods::{Case, Differentiator, Method};
use crate::trajectory::{self, Cost, Estimates, Trajectory};

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
];

/// A claim with every check that fits any implementation of `method` on any instance.
const TEMPLATE: &str = r#"
schema = 1
name = "own-method"
title = "An own implementation"
statement = "It follows its recursion exactly, stays below the bounds and converges to J."
theorem = "Theorem 4.1"
source = "Grazzi, Pontil, Salzo (ICML 2024), Theorem 4.1"
kind = "exact"
method = "METHOD"
hypotheses = ["piecewise-smooth", "contraction", "unique-derivative"]
[[instances]]
kind = "affine-normal"
count = { test = 0, quick = 0, full = 0 }
[[checks]]
check = "exact-trajectory"
steps = 40
slack = 1.0
reason = "derived floor"
[[checks]]
check = "limit"
steps = 400
slack = 1.0
reason = "derived floor"
[[checks]]
check = "bound"
level = "sharp"
steps = 40
slack = 1.0
reason = "the theorem"
"#;

/// What an own method got wrong: a failing verdict.
#[derive(Clone, Debug)]
pub struct Violation(Box<Verdict>);

impl Violation {
    /// The verdict.
    pub fn verdict(&self) -> &Verdict {
        &self.0
    }
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let v = &self.0;
        let spec = serde_json::to_string(&v.instance.spec).unwrap_or_default();
        write!(
            f,
            "{} violates `{}` on {spec} with seed {}: measured {:e}, bound {:e}; {}",
            v.method, v.check, v.instance.seed, v.measured, v.bound, v.detail
        )
    }
}

impl std::error::Error for Violation {}

/// Certifies an implementation that returns Dᵀy (one m-vector per entry of `case.steps`) as `method`,
/// one of the reverse-mode methods.
///
/// # Errors
/// The first check that fails.
pub fn certify(
    method: Method,
    instance: &Instance,
    mut implementation: impl FnMut(&Case<'_>) -> Vec<Vec<f64>>,
) -> Result<(), Violation> {
    let mut own = Own(|case: &Case<'_>| {
        Estimates::Cotangents(
            implementation(case)
                .into_iter()
                .map(Vector::from_vec)
                .collect(),
        )
    });
    certify_differentiator(
        if method.is_aid() {
            Method::AidFp
        } else {
            Method::ItdReverse
        },
        instance,
        &mut own,
    )
}

/// Certifies an implementation that returns D (one d×m matrix per entry of `case.steps`) as `method`.
///
/// # Errors
/// The first check that fails.
pub fn certify_jacobians(
    method: Method,
    instance: &Instance,
    mut implementation: impl FnMut(&Case<'_>) -> Vec<Matrix>,
) -> Result<(), Violation> {
    let mut own = Own(|case: &Case<'_>| Estimates::Jacobians(implementation(case)));
    certify_differentiator(
        if method.is_aid() {
            Method::AidFpForward
        } else {
            Method::Itd
        },
        instance,
        &mut own,
    )
}

/// Certifies a [`Differentiator`] as `method`.
///
/// # Errors
/// The first check that fails.
pub fn certify_differentiator(
    method: Method,
    instance: &Instance,
    implementation: &mut dyn Differentiator,
) -> Result<(), Violation> {
    let text = TEMPLATE.replace("METHOD", method.name());
    let claim = Claim::parse(&text, "own-method.toml")
        .unwrap_or_else(|e| unreachable!("the template is fixed: {e}"));
    let label = Label {
        instance: instance.spec.kind.name().into(),
        replay: String::new(),
        plot: false,
    };
    match judge(&claim, instance, &label, implementation)
        .verdicts
        .into_iter()
        .find(|v| v.status == Status::Fail)
    {
        None => Ok(()),
        Some(mut v) => {
            let drawn = [(instance.clone(), prepare(&claim, instance))];
            v.detail += &named(&name_fault(method, &drawn, implementation));
            Err(Violation(Box::new(v)))
        }
    }
}

struct Own<F>(F);

impl<F: FnMut(&Case<'_>) -> Estimates> Differentiator for Own<F> {
    fn run(&mut self, case: &Case<'_>) -> Trajectory {
        let estimates = (self.0)(case);
        Trajectory {
            estimates,
            cost: Cost::default(),
            status: trajectory::Status::Completed,
        }
    }
}

/// A strategy of instances of these kinds, d ≤ 10, q ≤ 0.95, that shrinks by [`Spec::shrink`].
pub fn instances(kinds: &'static [Kind]) -> Instances {
    Instances { kinds }
}

/// See [`instances`].
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
    let spec = Spec {
        rows: random.integer(dim.div_ceil(2), 3 * dim + 2),
        params: random.integer(1, 3),
        q: random.between(0.3, 0.95),
        ..Spec::typical(kind, dim)
    };
    spec.normalised()
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
        instance(&self.current, self.seed)
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
        instance(&draw(ALL, bits, g.size().clamp(1, 10)), seed)
    }

    fn shrink(&self) -> Box<dyn Iterator<Item = Self>> {
        let seed = self.seed;
        Box::new(
            self.spec
                .shrink()
                .into_iter()
                .map(move |spec| instance(&spec, seed)),
        )
    }
}

//! What a check is: the runs it asks for, and its judgement.

use std::ops::ControlFlow;

use super::finding::{Finding, Reason, Ruling};
use crate::case::{Samples, Target};
use crate::error::Result;
use crate::evidence::{Evidence, Request, Run};
use crate::linalg::Matrix;
use crate::methods::ProxStep;
use crate::theory::Level;

/// What a check looks at.
#[derive(Clone, Copy)]
pub struct Context<'c> {
    /// What is exactly known.
    pub e: &'c Evidence<'c>,
    /// Number of steps to look at.
    pub steps: usize,
    /// Room given; its meaning depends on the check.
    pub slack: f64,
    /// False-alarm probability of a check that samples.
    pub share: f64,
    /// Figures of this instance are wanted.
    pub draw: bool,
}

/// What a check wants of an implementation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Nothing: it is about constants, sets and expectations alone.
    Nothing,
    /// Runs with everything given.
    Runs,
    /// Many runs with samples that the implementation draws itself; decided at a share of α.
    Replicates,
}

/// A check of a claim, with its own keys.
pub trait Check: std::fmt::Debug + Send + Sync {
    /// The kind as it stands in verdicts: "bound", "limit", ...
    fn label(&self) -> &'static str;

    /// The name by default, unique within a claim: "bound-paper", ...
    fn name(&self) -> String {
        self.label().into()
    }

    /// What a pass would have caught, in words.
    fn catches(&self, slack: f64) -> String;

    /// What it wants of an implementation.
    fn needs(&self) -> Needs {
        Needs::Runs
    }

    /// Whether an instance that leaves it undecided on the exact answers alone is drawn again: what
    /// it looks for is a matter of the instance, and shows in the exact sequence or not at all.
    fn redraws(&self) -> bool {
        false
    }

    /// Whether it knows what is exact of this target. Most speak of D and its image alone.
    fn knows(&self, target: Target<'_>) -> bool {
        !matches!(target, Target::Hypergradient(_))
    }

    /// The runs wanted.
    ///
    /// # Errors
    /// When the instance does not tell; the verdict is inconclusive.
    fn requests(&self, _: Context<'_>) -> Result<Vec<Request>> {
        Ok(Vec::new())
    }

    /// Judges the runs it asked for, or those of a recording that it can use; checks of replicates
    /// judge in their fold.
    ///
    /// # Errors
    /// What could not be computed; the verdict is inconclusive.
    fn judge(&self, _: Context<'_>, _: &[&Run]) -> Result<Finding> {
        let why = "it looks at replicates";
        Ok(Finding::undecided(Reason::NothingToSee, why))
    }

    /// A drawing of its own, where figures are wanted: a check whose ruling does not count.
    fn drawing(&self) -> Option<Box<dyn Check>> {
        None
    }

    /// The level of Theorem 4.1 whose slack is worth recording.
    fn level(&self) -> Option<Level> {
        None
    }

    /// The replicates wanted, and what folds them into a finding; `judge` is then not called.
    ///
    /// # Errors
    /// As those of [`Check::judge`].
    fn replicates<'c>(&'c self, _: Context<'c>) -> Result<Sampling<'c>> {
        Ok(Err(Finding::undecided(
            super::finding::Reason::NothingToSee,
            "this check asks for no replicates",
        )))
    }
}

/// The replicates a check asks for with what folds them, or a finding that needs none.
pub type Sampling<'c> = std::result::Result<(Replicates, Box<dyn Fold + 'c>), Finding>;

/// Independent runs of NSID or SID, with samples that the implementation draws.
#[derive(Clone, Debug, PartialEq)]
pub struct Replicates {
    /// How many.
    pub count: usize,
    /// Seed of all draws.
    pub seed: u64,
    /// Increasing numbers of updates after which an estimate is wanted.
    pub steps: Vec<usize>,
    /// (β, γ) of the step sizes β/(γ+i) that the implementation is asked to take.
    pub schedule: [f64; 2],
    /// Where ξ⁽¹⁾ comes from.
    pub inner: Inner,
    /// Where w comes from.
    pub point: Place,
}

impl Replicates {
    /// The same replicates, seen at other steps.
    pub fn are_those_of(&self, other: &Self) -> bool {
        let alike = Self {
            steps: self.steps.clone(),
            ..other.clone()
        };
        *self == alike && self.steps.last() == other.steps.last()
    }
}

/// Where the samples ξ⁽¹⁾ of replicates come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inner {
    /// Each replicate draws its own.
    PerReplicate,
    /// All share those of replicate 0.
    Shared,
}

/// The w of a replicate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Place {
    /// The instance's own.
    Own,
    /// `steps` steps of proximal SGD from 0.
    Solved {
        /// Its steps.
        step: ProxStep,
        /// How many.
        steps: usize,
    },
}

/// One of many independent runs.
#[derive(Clone, Copy)]
pub struct Replicate<'r> {
    /// Its number.
    pub id: usize,
    /// Its w.
    pub point: &'r [f64],
    /// Its samples.
    pub samples: Samples<'r>,
    /// Its estimates at the steps that the fold asked for, finite m-vectors.
    pub estimates: &'r [&'r Matrix],
}

/// Folds replicates into a finding, keeping a few numbers of each.
pub trait Fold {
    /// Looks at one replicate, in order of their numbers; a break ends the check.
    ///
    /// # Errors
    /// What could not be computed.
    fn see(&mut self, one: &Replicate<'_>) -> Result<ControlFlow<Finding>>;

    /// After all replicates.
    ///
    /// # Errors
    /// What could not be computed.
    fn finish(self: Box<Self>) -> Result<Finding>;
}

/// Whether a check has nothing to say of an instance even of answers that make no error. What
/// cannot be computed is no reason: it has to be seen.
pub fn undecided_exactly(check: &dyn Check, c: Context<'_>) -> bool {
    let ruled = || -> Result<Option<Ruling>> {
        let requests = check.requests(c)?;
        let runs: Option<Vec<Run>> = requests.iter().map(|r| c.e.exactly(r)).collect();
        let Some(runs) = runs else {
            return Ok(None);
        };
        let runs: Vec<&Run> = runs.iter().collect();
        Ok(Some(check.judge(c, &runs)?.ruling))
    };
    ruled().is_ok_and(|r| r == Some(Ruling::Inconclusive))
}

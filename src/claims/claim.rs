//! A claim: what is said of a method, where, and how it is checked.

use std::sync::Arc;

use serde::Deserialize;

use super::family::Family;
use super::label::Label;
use crate::case::{Method, Target};
use crate::checks::{Check, Context, Needs, undecided_exactly};
use crate::error::{Error, Result};
use crate::evidence::Evidence;
use crate::instances::{Instance, Spec, hash, mix};
use crate::theory::Hypothesis;
use crate::tol::{REDRAWS, Roundoff};

/// What kind of guarantee is claimed; it says which checks belong (conventions after PEPit).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Guarantee {
    /// An upper bound.
    Upper,
    /// An upper bound that is attained.
    Tight,
    /// A rate, two-sided.
    Rate,
    /// An equality.
    Exact,
}

impl Guarantee {
    /// The name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Upper => "upper",
            Self::Tight => "tight",
            Self::Rate => "rate",
            Self::Exact => "exact",
        }
    }
}

/// A claim about a method, ready to be run.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Claim {
    /// Unique name; the file is `<name>.toml`.
    pub name: String,
    /// One line.
    pub title: String,
    /// The claim in words, with its formula.
    pub statement: String,
    /// "Theorem 4.1", ...
    pub theorem: String,
    /// Where it is stated or derived.
    pub source: String,
    /// Kind of guarantee.
    pub kind: Guarantee,
    /// The method under test.
    pub method: Method,
    /// Hypotheses an instance must satisfy.
    pub hypotheses: Vec<Hypothesis>,
    /// The method is asked for hypergradients of an objective that is drawn with the instance.
    pub hypergradient: bool,
    /// Where the instances come from.
    pub families: Vec<Family>,
    /// What is checked on every instance.
    pub checks: Vec<ClaimCheck>,
    /// Record figures of the first instance of every family.
    pub plot: bool,
    /// Hash of the text it was read from.
    pub(crate) digest: u64,
}

/// One check of a claim.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ClaimCheck {
    /// Unique within the claim; part of verdict ids.
    pub name: String,
    /// What is checked.
    pub check: Arc<dyn Check>,
    /// Number of steps to look at.
    pub steps: usize,
    /// Room given; its meaning depends on the check.
    pub slack: f64,
    /// Why that much.
    pub reason: String,
}

impl ClaimCheck {
    /// What it is judged with on an instance: its share of α, and whether figures are wanted.
    pub fn context<'e>(&self, e: &'e Evidence<'e>, share: f64, draw: bool) -> Context<'e> {
        Context {
            e,
            steps: self.steps,
            slack: self.slack,
            share,
            draw,
        }
    }
}

impl Claim {
    /// Instance `index` of a family in a run, with its name: a function of the run's seed and these
    /// names only. One that cannot decide a check which says so beforehand
    /// ([`Check::redraws`]) is drawn again, up to [`REDRAWS`] times; where no draw can, the first
    /// one stands. No method runs for that.
    ///
    /// # Errors
    /// When the spec drawn is out of range.
    pub fn instance(&self, seed: u64, family: usize, index: usize) -> Result<(Instance, Label)> {
        let (spec, seed, label) = self.draw(seed, family, index);
        // What cannot be drawn is drawn again as well.
        let first = Instance::generate(&spec, seed);
        if first.as_ref().is_ok_and(|first| self.decides(first)) {
            return first.map(|first| (first, label));
        }
        for redrawn in 1..=REDRAWS {
            let again = mix(&[seed, redrawn as u64]);
            let spec = self.families[family].draw(index, mix(&[again, 1]));
            let drawn = Instance::generate(&spec, again);
            if let Some(instance) = drawn.ok().filter(|i| self.decides(i)) {
                return Ok((instance, Label { redrawn, ..label }));
            }
        }
        let redrawn = REDRAWS;
        let named = |e: Error| e.in_field(format!("{}/{label}", self.name));
        let first = first.map_err(named)?;
        Ok((first, Label { redrawn, ..label }))
    }

    /// Whether no check that can tell beforehand is left undecided by what is exact of `instance`.
    fn decides(&self, instance: &Instance) -> bool {
        let telling = || self.checks.iter().filter(|c| c.check.redraws());
        if telling().next().is_none() {
            return true;
        }
        let e = self.evidence(instance, Roundoff::DOUBLE);
        if self.hypotheses.iter().any(|h| e.broken(*h).is_some()) {
            return true;
        }
        telling().all(|c| !undecided_exactly(c.check.as_ref(), c.context(&e, 1.0, false)))
    }

    /// The first draw of an instance, as spec, seed and name.
    pub fn draw(&self, seed: u64, family: usize, index: usize) -> (Spec, u64, Label) {
        let f = &self.families[family];
        let kind = f.kind.name();
        let names = [hash(&self.name), hash(kind)];
        let seed = mix(&[seed, names[0], names[1], family as u64, index as u64]);
        let spec = f.draw(index, mix(&[seed, 1]));
        let label = Label {
            kind: kind.into(),
            family,
            index,
            plot: self.plot && index == 0,
            redrawn: 0,
        };
        (spec, seed, label)
    }

    /// What a pass means, in one sentence per check; what several checks would have caught is said
    /// once.
    pub fn caught(&self) -> String {
        let mut sentences: Vec<String> = Vec::new();
        for sentence in self.checks.iter().map(|c| c.check.catches(c.slack)) {
            if !sentences.contains(&sentence) {
                sentences.push(sentence);
            }
        }
        sentences.join(" ")
    }

    /// Steps of the exact runs that its checks look at.
    pub fn horizon(&self) -> usize {
        self.checks.iter().map(|c| c.steps).max().unwrap_or(0)
    }

    /// What is known of an instance, for its checks on an implementation that computes with this
    /// unit roundoff.
    pub fn evidence<'i>(&self, instance: &'i Instance, u: Roundoff) -> Evidence<'i> {
        let evidence = Evidence::new(instance, self.method, self.horizon()).in_roundoff(u);
        match &instance.objective {
            Some(objective) if self.hypergradient => {
                evidence.targeting(Target::Hypergradient(objective))
            }
            _ => evidence,
        }
    }

    /// Looks at an implementation; the others are about constants, sets and expectations alone.
    pub fn needs_method(&self) -> bool {
        let needs = |c: &ClaimCheck| c.check.needs() != Needs::Nothing;
        self.checks.iter().any(needs)
    }

    /// Looks at runs that are the same every time, so that running one again draws what was judged.
    pub fn draws_runs(&self) -> bool {
        self.needs_method() && !self.method.is_stochastic()
    }

    /// Checks decided by samples, each at a share of α, on one instance.
    pub fn statistical_checks(&self) -> usize {
        let sampled = |c: &&ClaimCheck| c.check.needs() == Needs::Replicates;
        self.checks.iter().filter(sampled).count()
    }
}

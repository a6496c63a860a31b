//! What is computed once per instance.

use std::cell::OnceCell;

use super::exact::Exact;
use super::inner_law::InnerLaw;
use super::keyed::Keyed;
use super::sequence::{Given, Sequence};
use crate::error::{Error, Result};
use crate::instances::Instance;
use crate::linalg::Vector;
use crate::tol::Roundoff;
use crate::truth::{Truth, Unsolved};

/// The ground truth, and what of the stochastic side is kept.
pub(super) struct Kept {
    /// Of the implementation under test.
    pub(super) u: Roundoff,
    exact: OnceCell<std::result::Result<Exact, Unsolved>>,
    pub(super) given: Keyed<(Sequence, usize), Given>,
    pub(super) laws: Keyed<(Vec<u64>, usize), InnerLaw>,
    pub(super) limits: Keyed<Vec<u64>, Vector>,
}

impl Default for Kept {
    fn default() -> Self {
        Self {
            u: Roundoff::DOUBLE,
            exact: OnceCell::new(),
            given: Keyed::default(),
            laws: Keyed::default(),
            limits: Keyed::default(),
        }
    }
}

impl Kept {
    #[cfg(test)]
    pub(super) fn with_exact(exact: Exact) -> Self {
        let kept = Self::default();
        let _ = kept.exact.set(Ok(exact));
        kept
    }

    /// w(λ), J and what follows, for runs of up to `horizon` steps.
    pub(super) fn solved(
        &self,
        instance: &Instance,
        horizon: usize,
    ) -> std::result::Result<&Exact, &Unsolved> {
        let solve = || {
            let truth = Truth::solve(&instance.map, &instance.lambda)?.judged_in(self.u);
            Ok(Exact::new(instance, truth, horizon))
        };
        self.exact.get_or_init(solve).as_ref()
    }

    /// The same; not solved is an error.
    pub(super) fn exact(&self, instance: &Instance, horizon: usize) -> Result<&Exact> {
        let solved = self.solved(instance, horizon);
        solved.map_err(|why| Error::input(format!("w(λ) is not known: {why}")))
    }
}

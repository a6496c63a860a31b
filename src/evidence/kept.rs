//! What is computed once per instance.

use std::cell::OnceCell;
use std::rc::Rc;

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
    /// Points given to ITD instead of w_{t+1} = Φ(w_t).
    pub(super) path: Option<Vec<Vec<f64>>>,
    /// Indices and step sizes given from outside.
    pub(super) explicit: Option<Rc<Given>>,
    exact: OnceCell<std::result::Result<Exact, Unsolved>>,
    pub(super) given: Keyed<(Sequence, usize), Given>,
    pub(super) laws: Keyed<(Vec<u64>, usize), InnerLaw>,
    pub(super) limits: Keyed<Vec<u64>, Vector>,
    /// ∇₁E at the point of the instance.
    seed: OnceCell<Vec<f64>>,
}

impl Default for Kept {
    fn default() -> Self {
        Self {
            u: Roundoff::DOUBLE,
            path: None,
            explicit: None,
            exact: OnceCell::new(),
            given: Keyed::default(),
            laws: Keyed::default(),
            limits: Keyed::default(),
            seed: OnceCell::new(),
        }
    }
}

impl Kept {
    /// What was given, with nothing computed yet.
    pub(super) fn afresh(self) -> Self {
        Self {
            u: self.u,
            path: self.path,
            explicit: self.explicit,
            ..Self::default()
        }
    }

    /// ∇₁E at the point of the instance.
    pub(super) fn seed(&self, make: impl FnOnce() -> Vec<f64>) -> &[f64] {
        self.seed.get_or_init(make)
    }

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
            let exact = Exact::new(instance, truth, horizon);
            Ok(match &self.path {
                Some(path) => exact.along(path.clone()),
                None => exact,
            })
        };
        self.exact.get_or_init(solve).as_ref()
    }

    /// The same; not solved is an error.
    pub(super) fn exact(&self, instance: &Instance, horizon: usize) -> Result<&Exact> {
        let solved = self.solved(instance, horizon);
        solved.map_err(|why| Error::input(format!("w(λ) is not known: {why}")))
    }
}

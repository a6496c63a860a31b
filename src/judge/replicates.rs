//! Many independent runs, with samples that the implementation draws: one pass for all folds that
//! asked for the same.

use std::ops::ControlFlow;

use crate::case::{At, Batches, Case, Draw, Iid, Implementation, Role, Samples, Status};
use crate::checks::{Finding, Fold, Inner, Place, Reason, Replicate, Replicates, Unit};
use crate::error::Result;
use crate::evidence::{Evidence, Sampled};
use crate::linalg::Matrix;
use crate::methods::prox_sgd;

/// A fold with the replicates it asked for, and its finding once it has one.
pub(super) struct Folding<'c> {
    pub(super) wanted: Replicates,
    fold: Option<Box<dyn Fold + 'c>>,
    pub(super) finding: Option<Result<Finding>>,
}

impl<'c> Folding<'c> {
    pub(super) fn new(wanted: Replicates, fold: Box<dyn Fold + 'c>) -> Self {
        Self {
            wanted,
            fold: Some(fold),
            finding: None,
        }
    }

    fn end(&mut self, finding: Result<Finding>) {
        self.fold = None;
        self.finding = Some(finding);
    }

    fn see(&mut self, one: &Replicate<'_>) {
        let Some(fold) = &mut self.fold else { return };
        match fold.see(one) {
            Ok(ControlFlow::Continue(())) => {}
            Ok(ControlFlow::Break(finding)) => self.end(Ok(finding)),
            Err(e) => self.end(Err(e)),
        }
    }

    fn finish(&mut self) {
        if let Some(fold) = self.fold.take() {
            self.finding = Some(fold.finish());
        }
    }
}

/// Runs the replicates of these folds, which all asked for the same up to steps on the way.
pub(super) fn run(
    e: &Evidence<'_>,
    folds: &mut [&mut Folding<'_>],
    subject: &mut dyn Implementation,
) {
    let Some(first) = folds.first() else { return };
    let mut steps: Vec<usize> = folds.iter().flat_map(|f| f.wanted.steps.clone()).collect();
    steps.sort_unstable();
    steps.dedup();
    let all = Replicates {
        steps,
        ..first.wanted.clone()
    };
    let places: Vec<Vec<usize>> = folds
        .iter()
        .map(|f| positions(&f.wanted.steps, &all.steps))
        .collect();
    let outcome = Protocol::new(e, &all).and_then(|mut protocol| {
        protocol.each(subject, |one| {
            for (fold, places) in folds.iter_mut().zip(&places) {
                let own: Vec<&Matrix> = places.iter().map(|n| one.estimates[*n]).collect();
                fold.see(&Replicate {
                    estimates: &own,
                    ..*one
                });
            }
            folds.iter().all(|f| f.fold.is_none())
        })
    });
    for fold in folds {
        match &outcome {
            Ok(None) => fold.finish(),
            Ok(Some(finding)) if fold.fold.is_some() => fold.end(Ok(finding.clone())),
            Err(error) if fold.fold.is_some() => fold.end(Err(error.clone())),
            _ => {}
        }
    }
}

fn positions(some: &[usize], all: &[usize]) -> Vec<usize> {
    let place = |k: &usize| all.binary_search(k).unwrap_or(0);
    some.iter().map(place).collect()
}

/// What the implementation is asked to do over and over.
struct Protocol<'e> {
    e: &'e Evidence<'e>,
    s: Sampled<'e>,
    wanted: &'e Replicates,
}

impl<'e> Protocol<'e> {
    fn new(e: &'e Evidence<'e>, wanted: &'e Replicates) -> Result<Self> {
        let s = e.sampled()?;
        Ok(Self { e, s, wanted })
    }

    fn last(&self) -> usize {
        self.wanted.steps.last().copied().unwrap_or(0)
    }

    /// Shows every replicate until `see` has seen enough; what the implementation has not done that
    /// it was asked to.
    fn each(
        &mut self,
        subject: &mut dyn Implementation,
        mut see: impl FnMut(&Replicate<'_>) -> bool,
    ) -> Result<Option<Finding>> {
        let [beta, gamma] = self.wanted.schedule;
        let shared = match self.wanted.inner {
            Inner::PerReplicate => None,
            Inner::Shared => match self.draw(subject, 0, Role::Inner) {
                Ok(inner) => Some(inner),
                Err(why) => return Ok(Some(Finding::failed(Unit::Shift, why))),
            },
        };
        let eta = subject.schedule(beta, gamma, self.last());
        if eta.len() != self.last() {
            let text = format!("{} step sizes for {} steps", eta.len(), self.last());
            return Ok(Some(Finding::failed(Unit::Shift, text)));
        }
        for id in 0..self.wanted.count {
            let point = self.point(id)?;
            match self.replicate(subject, id, &point, shared.as_ref(), &eta, &mut see) {
                Ok(false) => {}
                Ok(true) => break,
                Err(finding) => return Ok(Some(finding)),
            }
        }
        Ok(None)
    }

    /// w of a replicate.
    fn point(&self, id: usize) -> Result<Vec<f64>> {
        let Place::Solved { step, steps } = self.wanted.point else {
            return Ok(self.s.w.to_vec());
        };
        let population = self.s.map.inner().population();
        let mut source = Iid::new(self.wanted.seed, id as u64, Role::Solver, population);
        let batch = self.s.sizes.batch;
        let w = prox_sgd(self.s.map, self.s.lambda, step, batch, steps, &mut source)?;
        Ok(w.into_iter()
            .map(|v| self.e.roundoff().nearest(v))
            .collect())
    }

    /// What the implementation draws, or what is wrong with it.
    fn draw(
        &self,
        subject: &mut dyn Implementation,
        replicate: u64,
        role: Role,
    ) -> std::result::Result<Batches, String> {
        let sizes = self.s.sizes;
        let (count, size) = match role {
            Role::Inner | Role::Objective => (sizes.inner, sizes.inner_batch),
            _ => (self.last(), sizes.batch),
        };
        let population = match (role, self.s.objective) {
            (Role::Objective, Some(objective)) => objective.rows(),
            _ => self.s.map.inner().population(),
        };
        let wanted = Draw::new(
            (self.wanted.seed, replicate),
            role,
            population,
            (count, size),
        );
        let drawn = subject
            .draw(&wanted)
            .map_err(|e| format!("no samples: {e}"))?;
        let (got, of) = (drawn.len(), drawn.size());
        if (got, of) != (count, size) {
            return Err(format!(
                "asked for {count} minibatches of {size} samples, drew {got} of {of}"
            ));
        }
        match drawn.flat().iter().find(|n| **n >= population) {
            Some(n) => Err(format!("drew sample {n} of {population}")),
            None => Ok(drawn),
        }
    }

    /// One replicate, shown to `see`, which says whether it has seen enough; or how it failed.
    fn replicate(
        &self,
        subject: &mut dyn Implementation,
        id: usize,
        point: &[f64],
        shared: Option<&Batches>,
        eta: &[f64],
        see: &mut dyn FnMut(&Replicate<'_>) -> bool,
    ) -> std::result::Result<bool, Finding> {
        let failed = |why: String| Finding::failed(Unit::Shift, format!("replicate {id}: {why}"));
        let own;
        let inner = match shared {
            Some(inner) => inner,
            None => {
                own = self.draw(subject, id as u64, Role::Inner).map_err(failed)?;
                &own
            }
        };
        let linear = self
            .draw(subject, id as u64, Role::Linear)
            .map_err(failed)?;
        let outer = match self.s.objective {
            Some(_) => {
                let drawn = self.draw(subject, id as u64, Role::Objective);
                Some(drawn.map_err(failed)?)
            }
            None => None,
        };
        let samples = Samples::new(inner, &linear, eta).with_objective(outer.as_ref());
        let i = self.e.instance;
        let algorithm = self.e.method.algorithm;
        let (at, target) = (At::Point(point), self.e.target);
        let case = Case::new(algorithm, &i.map, &i.lambda, at, target, &self.wanted.steps)
            .with_samples(samples);
        let answer = subject.run(&case);
        // As for single runs: skipped is neutral, and what has not converged is judged.
        match &answer.status {
            Status::Completed | Status::NotConverged { .. } => {}
            Status::Skipped(why) => {
                let text = format!("skipped: {why}");
                return Err(Finding::not_applicable(Reason::Skipped, text));
            }
            status => return Err(failed(status.to_string())),
        }
        let m = i.lambda.len();
        let usable = |r: &Matrix| r.shape() == (m, 1) && r.iter().all(|v| v.is_finite());
        let whole = answer.estimates.len() == self.wanted.steps.len();
        if !(whole && answer.estimates.iter().all(usable)) {
            let text = "an estimate is missing, of the wrong length or not finite";
            return Err(failed(text.into()));
        }
        let estimates: Vec<&Matrix> = answer.estimates.iter().collect();
        Ok(see(&Replicate {
            id,
            point,
            samples,
            estimates: &estimates,
        }))
    }
}

//! What a check that samples asks of an implementation, and what is wrong with an answer.

use super::super::checks::Finding;
use super::{Setting, decided};
use crate::methods::nsid::{Batches, Draw, Role, StochasticCase, StochasticDifferentiator};

/// What the implementation is asked to do over and over.
pub(super) struct Protocol<'a> {
    pub(super) s: &'a Setting<'a>,
    pub(super) beta: f64,
    pub(super) gamma: f64,
    pub(super) steps: Vec<usize>,
    pub(super) seed: u64,
    /// ξ⁽¹⁾ is drawn once and shared by all replicates.
    pub(super) inner: Option<Batches>,
}

impl Protocol<'_> {
    pub(super) fn last(&self) -> usize {
        self.steps.last().copied().unwrap_or(0)
    }

    /// What the implementation draws, or what is wrong with it.
    pub(super) fn draw(
        &self,
        subject: &mut dyn StochasticDifferentiator,
        replicate: u64,
        role: Role,
    ) -> std::result::Result<Batches, String> {
        let i = self.s.instance;
        let (count, size) = match role {
            Role::Inner => (i.inner, i.inner_batch),
            _ => (self.last(), i.batch),
        };
        let population = i.map.inner().population();
        let drawn = subject
            .draw(&Draw {
                seed: self.seed,
                replicate,
                role,
                population,
                count,
                size,
            })
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

    /// The estimates of one replicate at w, or how it failed.
    pub(super) fn replicate(
        &self,
        subject: &mut dyn StochasticDifferentiator,
        id: u64,
        w: &[f64],
        eta: &[f64],
    ) -> std::result::Result<Vec<Vec<f64>>, String> {
        let failed = |why: String| format!("replicate {id}: {why}");
        let i = self.s.instance;
        if eta.len() != self.last() {
            return Err(failed(format!(
                "{} step sizes for {} steps",
                eta.len(),
                self.last()
            )));
        }
        let own;
        let inner = match &self.inner {
            Some(inner) => inner,
            None => {
                own = self.draw(subject, id, Role::Inner).map_err(failed)?;
                &own
            }
        };
        let samples = self.draw(subject, id, Role::Linear).map_err(failed)?;
        let done = subject.run(&StochasticCase {
            map: &i.map,
            lambda: &i.lambda,
            w,
            cotangent: &i.cotangent,
            inner_samples: inner,
            samples: &samples,
            step_sizes: eta,
            steps: &self.steps,
        });
        let r = done.map_err(failed)?;
        let m = i.map.params();
        let whole = r.len() == self.steps.len() && r.iter().all(|e| e.len() == m);
        if whole && r.iter().flatten().all(|v| v.is_finite()) {
            Ok(r)
        } else {
            let why = "an estimate is missing, of the wrong length or not finite";
            Err(failed(why.into()))
        }
    }
}

/// What a method has not done that it was asked to.
pub(super) fn failed(why: String) -> Finding {
    decided(false, f64::NAN, f64::NAN, why)
}

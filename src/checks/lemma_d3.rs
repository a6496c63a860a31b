//! Lemma D.3 for every i, from v_0 = 0: exact second moments against c/(γ+i), no sampling.

use super::check::{Check, Context, Needs};
use super::entry::{Entry, For};
use super::finding::Finding;
use super::moments::{MULTIPLIERS, along};
use super::worst::Worst;
use crate::error::Result;
use crate::evidence::{Run, met};

pub(super) const ENTRY: Entry = Entry {
    name: "lemma-d3",
    about: "Lemma D.3 bounds the exact second moment of v_i at every i",
    fits: For::Stochastic,
    parse: |_| Ok(Box::new(LemmaD3)),
};

/// E‖v_i - v̂‖² ≤ c/(γ+i).
#[derive(Debug)]
struct LemmaD3;

impl Check for LemmaD3 {
    fn label(&self) -> &'static str {
        "expectation"
    }

    fn name(&self) -> String {
        ENTRY.name.into()
    }

    fn catches(&self, _: f64) -> String {
        "A bound of Lemma D.3 that is too small at any i from v_0 = 0, where ‖y‖/(1-q) and γ decide, seldom σ̂₁."
            .into()
    }

    fn needs(&self) -> Needs {
        Needs::Nothing
    }

    fn judge(&self, c: Context<'_>, _: &[&Run]) -> Result<Finding> {
        let s = c.e.sampled()?;
        let lemma = s.lemma_d3();
        let mut worst = Worst::default();
        for (which, gamma) in s.gammas()?.iter().enumerate() {
            let mut recursion = s.recursion(s.w, gamma)?;
            for (times_beta, times_gamma) in MULTIPLIERS {
                let rate = met(lemma.rate(times_beta, times_gamma))?;
                let start = recursion.start();
                along(&mut worst, &mut recursion, start, &rate, c.steps, || {
                    format!("v_0 = 0, Γ₁ number {which}")
                });
            }
        }
        Ok(worst.finding("second moments E‖v_i - v̂‖²"))
    }
}

//! Lemma B.1 on random sets of small matrices: the rules by which the excess is computed with.

use super::check::{Check, Context, Needs};
use super::entry::{Entry, For};
use super::finding::{Finding, Reason, Unit};
use crate::error::Result;
use crate::evidence::Run;
use crate::sets::lemma_b1;

pub(super) const ENTRY: Entry = Entry {
    name: "lemma-b1",
    about: "the six rules of the excess on random sets, and the false pairings refuted",
    fits: For::Deterministic,
    parse: |_| Ok(Box::new(LemmaB1)),
};

/// The six rules of the excess hold on random sets, and the false pairings of (iii) do not.
#[derive(Debug)]
struct LemmaB1;

/// False pairings of (iii) that the draws have to refute.
const FALSE_PAIRINGS: usize = 2;

impl Check for LemmaB1 {
    fn label(&self) -> &'static str {
        "lemma-b1"
    }

    fn catches(&self, _: f64) -> String {
        "An excess that is symmetric, a wrong norm or factor in a rule of Lemma B.1: the rules are equalities on half of the draws.".into()
    }

    fn needs(&self) -> Needs {
        Needs::Nothing
    }

    fn judge(&self, c: Context<'_>, _: &[&Run]) -> Result<Finding> {
        let drawn = lemma_b1(c.e.instance.seed, c.e.instance.map.dims().w, c.steps)?;
        let Some(worst) = drawn.worst() else {
            return Ok(Finding::undecided(
                Reason::NothingToSee,
                "nothing was drawn",
            ));
        };
        let (left, right) = (worst.left.lower, worst.right.upper);
        let refuted = drawn.refuted.len();
        let sound = !drawn.closest.iter().any(|i| i.is_refuted());
        let detail = format!(
            "{} draws, closest {} in draw {}: {left:.3e} against {right:.3e}; {refuted} of {FALSE_PAIRINGS} false pairings of (iii) refuted",
            c.steps, worst.statement, worst.draw
        );
        if sound && refuted < FALSE_PAIRINGS {
            return Ok(Finding::undecided(Reason::NothingToSee, detail));
        }
        let finding = Finding::below(sound, Unit::Modulus, left, right, detail);
        Ok(finding.attained())
    }
}

//! How many different things a run may speak of: a page has a row for each, and looks for it among
//! the others.

use std::collections::{BTreeMap, BTreeSet};

use crate::claims::Verdict;
use crate::error::{Error, Result};
use crate::tol::{MOST_FILES, MOST_NAMES};

/// The claims seen so far, of each the checks and the kinds of instances.
#[derive(Default)]
pub(super) struct Names(BTreeMap<String, [BTreeSet<String>; 2]>);

impl Names {
    /// # Errors
    /// One name more than there may be.
    pub(super) fn see(&mut self, verdict: &Verdict) -> Result<()> {
        if !self.0.contains_key(&verdict.claim) {
            at_most("claims", self.0.len() + 1, MOST_FILES).map_err(|e| e.in_field("claim"))?;
            self.0.insert(verdict.claim.clone(), Default::default());
        }
        let Some(own) = self.0.get_mut(&verdict.claim) else {
            return Ok(());
        };
        let named = [
            (verdict.check.as_str(), "checks of one claim", "check"),
            (
                &verdict.instance.kind,
                "kinds of instances",
                "instance.kind",
            ),
        ];
        for (own, (name, what, field)) in own.iter_mut().zip(named) {
            if !own.contains(name) {
                at_most(what, own.len() + 1, MOST_NAMES).map_err(|e| e.in_field(field))?;
                own.insert(name.into());
            }
        }
        Ok(())
    }
}

/// # Errors
/// More than `most`.
pub(super) fn at_most(what: &str, count: usize, most: usize) -> Result<()> {
    if count <= most {
        return Ok(());
    }
    let text = format!("a run has at most {most} {what}, and this is number {count}");
    Err(Error::input(text))
}

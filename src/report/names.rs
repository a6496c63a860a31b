//! How many different things a run may speak of: a page has a row for each, and looks for it among
//! the others.

use std::collections::{BTreeMap, BTreeSet};

use crate::checks::Data;
use crate::claims::{Record, Verdict};
use crate::error::{Error, Result};
use crate::tol::{MOST_CLAIMS, MOST_NAMES};

/// The names seen so far: of claims, and by claim those of each field.
#[derive(Default)]
pub(super) struct Names(BTreeMap<String, BTreeMap<&'static str, BTreeSet<String>>>);

impl Names {
    /// Takes note of the names in a verdict.
    ///
    /// # Errors
    /// One name more than there may be.
    pub(super) fn verdict(&mut self, v: &Verdict) -> Result<()> {
        let kind = v.instance.kind.as_str();
        let own = [
            ("id", v.check_name()),
            ("check", &v.check),
            ("instance.kind", kind),
        ];
        self.see("claim", &v.claim, &own)
    }

    /// Takes note of the names in a record.
    ///
    /// # Errors
    /// One name more than there may be.
    pub(super) fn record(&mut self, r: &Record) -> Result<()> {
        let o = &r.origin;
        let mut own = vec![
            ("origin.check", o.check.as_str()),
            ("origin.kind", &o.kind),
            ("origin.method", &o.method),
        ];
        match &r.data {
            Data::Slack(slack) => own.push(("data.level", &slack.level)),
            Data::Fit(fit) => own.push(("data.growth", &fit.growth)),
            _ => (),
        }
        self.see("origin.claim", &o.claim, &own)
    }

    fn see(&mut self, field: &str, claim: &str, own: &[(&'static str, &str)]) -> Result<()> {
        if !self.0.contains_key(claim) {
            at_most("claims", self.0.len() + 1, MOST_CLAIMS).map_err(|e| e.in_field(field))?;
            self.0.insert(claim.into(), BTreeMap::new());
        }
        let Some(fields) = self.0.get_mut(claim) else {
            return Ok(());
        };
        for &(field, name) in own {
            let seen = fields.entry(field).or_default();
            if !seen.contains(name) {
                at_most("such names of one claim", seen.len() + 1, MOST_NAMES)
                    .map_err(|e| e.in_field(field))?;
                seen.insert(name.into());
            }
        }
        Ok(())
    }
}

/// Refuses more of something than a run may have.
///
/// # Errors
/// More than `most`.
pub(super) fn at_most(what: &str, count: usize, most: usize) -> Result<()> {
    if count <= most {
        return Ok(());
    }
    let text = format!("a run has at most {most} {what}, and this is number {count}");
    Err(Error::input(text))
}

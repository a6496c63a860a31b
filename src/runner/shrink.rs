//! A failing instance made small.

use crate::case::Factory;
use crate::checks::Ruling;
use crate::claims::{Claim, Label, Smallest, Verdict};
use crate::error::Result;
use crate::instances::{Instance, Spec};
use crate::judge::{Judging, judge};
use crate::tol::SHRINK_TRIES;

/// Follows [`Spec::shrink`] greedily while the same check still fails a fresh implementation. Only
/// the failing check is judged; the verdict itself stays that of the instance as it was drawn.
/// `None` where nothing smaller fails.
///
/// # Errors
/// When no implementation can be made.
pub fn shrink(
    claim: &Claim,
    verdict: &Verdict,
    judging: Judging,
    factory: &dyn Factory,
) -> Result<Option<Smallest>> {
    let mut alone = claim.clone();
    let name = verdict.id.rsplit('/').next().unwrap_or_default();
    alone.checks.retain(|c| c.name == name);
    if alone.checks.is_empty() {
        return Ok(None);
    }
    let quiet = Judging {
        record: false,
        ..judging
    };
    let seed = verdict.instance.seed;
    let fails = |spec: &Spec| -> Result<Option<Smallest>> {
        let drawn = Instance::generate(spec, seed);
        let Ok(smaller) = drawn.and_then(|drawn| drawn.in_roundoff(factory.roundoff())) else {
            return Ok(None);
        };
        let evidence = claim.evidence(&smaller, factory.roundoff());
        let label = Label::named(smaller.spec.kind.name());
        let mut subject = factory.make(claim.method)?;
        let judged = judge(&alone, &evidence, &label, quiet, subject.as_mut());
        let failing = judged
            .verdicts
            .into_iter()
            .find(|v| v.status == Ruling::Fail);
        Ok(failing.map(|v| Smallest {
            spec: smaller.spec.clone(),
            seed,
            measured: v.measured,
            bound: v.bound,
        }))
    };
    let mut best: Option<Smallest> = None;
    let mut spec = verdict.instance.spec.clone();
    let mut tries = 0;
    'search: loop {
        for candidate in spec.shrink() {
            tries += 1;
            if tries > SHRINK_TRIES {
                break 'search;
            }
            if let Some(smaller) = fails(&candidate)? {
                spec = candidate;
                best = Some(smaller);
                continue 'search;
            }
        }
        break;
    }
    Ok(best)
}

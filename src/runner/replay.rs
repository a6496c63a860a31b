//! One recorded verdict again.

use crate::case::Factory;
use crate::claims::{Claim, Label, Verdict, share};
use crate::error::{Error, Result};
use crate::instances::Instance;
use crate::judge::{Judged, Judging, judge};

/// Runs one recorded verdict again: the same claim, spec and seed, with figures. A statistical
/// check gets the share of `alpha` that it had in the run, one of so many such `checks`.
///
/// # Errors
/// When the spec is out of range, or no implementation can be made.
pub fn replay(
    claim: &Claim,
    verdict: &Verdict,
    (alpha, checks): (f64, usize),
    factory: &dyn Factory,
) -> Result<Judged> {
    let recorded = &verdict.instance.spec;
    recorded
        .validate()
        .map_err(|e| e.in_field("instance.spec"))?;
    let drawn = Instance::generate(recorded, verdict.instance.seed)?;
    if claim.hypergradient && drawn.objective.is_none() {
        let text = "is missing: the claim is about hypergradients";
        return Err(Error::input(text).in_field("instance.spec.objective"));
    }
    let instance = drawn.in_roundoff(factory.roundoff())?;
    let id = &verdict.instance.id;
    let label = Label {
        plot: true,
        ..Label::parse(id).unwrap_or_else(|| Label::named(id.clone()))
    };
    let judging = Judging {
        share: share(alpha, checks)?,
        record: true,
    };
    let evidence = claim.evidence(&instance, factory.roundoff());
    let mut subject = factory.make(claim.method)?;
    Ok(judge(claim, &evidence, &label, judging, subject.as_mut()))
}

//! What the fault of a failing implementation is called.

use crate::case::{Draw, Factory, Role};
use crate::claims::{Claim, Diagnosis, Named};
use crate::error::Result;
use crate::evidence::{Evidence, Request};
use crate::faults::{Observation, diagnose, sampling};
use crate::instances::mix;
use crate::judge::observed;

/// Minibatches looked at when what an implementation draws is in question.
const MINIBATCHES: usize = 40;

/// Names the fault of the factory's implementation from the runs of a claim on one instance, up to the one that failed,
/// on a fresh object. `None` where there are no runs to look at.
///
/// # Errors
/// When no implementation can be made.
pub fn name(
    claim: &Claim,
    evidence: &Evidence<'_>,
    blamed: Option<&Request>,
    factory: &dyn Factory,
) -> Result<Option<Diagnosis>> {
    let mut subject = factory.make(claim.method)?;
    let seen = observed(claim, evidence, blamed, subject.as_mut());
    if seen.is_empty() {
        return drawn(claim, evidence, factory);
    }
    let observations: Vec<Observation<'_>> = seen
        .iter()
        .map(|(asked, answer)| Observation {
            case: asked.case(),
            answer,
        })
        .collect();
    Ok(Some(diagnose(claim.method, &observations)))
}

/// What is wrong with how the implementation draws and schedules, where a claim looks at nothing else.
fn drawn(
    claim: &Claim,
    evidence: &Evidence<'_>,
    factory: &dyn Factory,
) -> Result<Option<Diagnosis>> {
    let Ok(sampled) = evidence.sampled() else {
        return Ok(None);
    };
    let mut subject = factory.make(claim.method)?;
    let wanted = Draw {
        seed: mix(&[sampled.seed, 7]),
        replicate: 0,
        role: Role::Linear,
        population: sampled.map.inner().population(),
        count: MINIBATCHES,
        size: sampled.sizes.batch,
    };
    let names = sampling(subject.as_mut(), &wanted);
    Ok(Some(if names.is_empty() {
        Diagnosis::LooksRight
    } else {
        let confidence = 1.0 / names.len() as f64;
        let named = names.into_iter().map(|fault| Named {
            fault: fault.into(),
            confidence,
        });
        Diagnosis::Names(named.collect())
    }))
}

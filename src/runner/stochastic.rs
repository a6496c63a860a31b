//! Jobs of claims about NSID and SID: the same seeds and order, samples instead of a start.

use super::{Job, Plan};
use crate::claims::stochastic::{judge, share, statistical_checks};
use crate::claims::verdict::{Status, Verdict};
use crate::claims::{Claim, Judged, Label};
use crate::error::Result;
use crate::instances::StochasticInstance;
use crate::methods::nsid::{Method, Reference};
use crate::tol::SHRINK_TRIES;

impl Plan {
    /// Statistical checks of the whole run, all shards together.
    fn statistical_checks(&self) -> usize {
        let of = |claim: &Claim| {
            let instances: usize = claim.families.iter().map(|f| f.count(self.profile)).sum();
            instances * statistical_checks(claim)
        };
        self.claims.iter().map(of).sum()
    }

    pub(super) fn run_stochastic(&self, job: Job, method: Method) -> Result<Judged> {
        let claim = &self.claims[job.claim];
        let (spec, seed, label) = claim.draw(self.seed, job.family, job.index);
        let instance = StochasticInstance::generate(&spec, seed)?;
        let share = share(self.alpha, self.statistical_checks())?;
        let mut judged = judge(claim, &instance, &label, share, &mut Reference::new(method));
        if job.index < 2 {
            for verdict in &mut judged.verdicts {
                if verdict.status == Status::Fail {
                    shrink(claim, verdict, &instance, &label, share, method);
                }
            }
        }
        Ok(judged)
    }
}

/// Follows `Spec::shrink` greedily while the same check still fails, and says where that ends. Only the
/// report is added: the verdict stays that of the first samples.
fn shrink(
    claim: &Claim,
    verdict: &mut Verdict,
    instance: &StochasticInstance,
    label: &Label,
    share: f64,
    method: Method,
) {
    let quiet = Label {
        plot: false,
        ..label.clone()
    };
    let mut spec = instance.spec.clone();
    let (mut tries, mut found) = (0, None);
    'search: loop {
        for candidate in spec.shrink() {
            tries += 1;
            if tries > SHRINK_TRIES {
                break 'search;
            }
            let Ok(smaller) = StochasticInstance::generate(&candidate, instance.seed) else {
                continue;
            };
            let judged = judge(claim, &smaller, &quiet, share, &mut Reference::new(method));
            let same = |v: &Verdict| v.id == verdict.id && v.status == Status::Fail;
            if let Some(v) = judged.verdicts.into_iter().find(same) {
                spec = candidate;
                found = Some((v.measured, v.bound));
                continue 'search;
            }
        }
        break;
    }
    if let Some((measured, bound)) = found {
        let spec = serde_json::to_string(&spec).unwrap_or_default();
        verdict.detail += &format!(
            "; smallest failing instance: {spec} with seed {}: measured {measured:e}, bound {bound:e}",
            instance.seed
        );
    }
}

/// One recorded verdict again. A statistical check gets all of `alpha`: it was one of many in the run.
pub(super) fn replay(
    claim: &Claim,
    verdict: &Verdict,
    label: &Label,
    alpha: f64,
    method: Method,
) -> Result<Judged> {
    let instance = StochasticInstance::generate(&verdict.instance.spec, verdict.instance.seed)?;
    let share = share(alpha, 1)?;
    Ok(judge(
        claim,
        &instance,
        label,
        share,
        &mut Reference::new(method),
    ))
}

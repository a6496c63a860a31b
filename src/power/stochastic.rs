//! The same for NSID and SID: their faults against the claims that look at an implementation.

use rayon::prelude::*;

use super::{ClaimPower, FaultPower, Options};
use crate::claims::stochastic::{judge, name_fault, share};
use crate::claims::verdict::{Status, Verdict};
use crate::claims::{CheckKind, Claim, Label};
use crate::error::Result;
use crate::faults::stochastic::{Fault, Faulty, Row};
use crate::instances::StochasticInstance;
use crate::methods::Method;
use crate::tol::{DIAGNOSIS_UNKNOWN, RUN_ALPHA};

/// Instances of every family: replicates take time, and the given indices decide most faults at once.
const INSTANCES: usize = 1;

/// One instance of a claim.
struct Job<'a> {
    claim: &'a Claim,
    instance: StochasticInstance,
    label: Label,
}

/// Every mistake and every correct variant, in NSID and in SID.
pub(super) fn measure(
    claims: &[Claim],
    options: &Options,
) -> Result<(Vec<FaultPower>, Vec<FaultPower>)> {
    let (mut faults, mut variants) = (Vec::new(), Vec::new());
    for method in [Method::Nsid, Method::Sid] {
        let jobs = jobs(claims, method, options)?;
        if jobs.is_empty() {
            continue;
        }
        let all = |rows: &[Row], name: bool| -> Result<Vec<FaultPower>> {
            let own: Vec<Row> = rows
                .iter()
                .filter(|(_, _, f)| f.occurs_in(method))
                .copied()
                .collect();
            own.par_iter()
                .with_max_len(1)
                .map(|row| one(*row, method, &jobs, name))
                .collect()
        };
        faults.extend(all(&Fault::MISTAKES, true)?);
        variants.extend(all(&Fault::VARIANTS, false)?);
    }
    Ok((faults, variants))
}

fn looks_at_methods(claim: &Claim) -> bool {
    claim
        .checks
        .iter()
        .any(|c| matches!(c.kind, CheckKind::Stochastic(k) if k.needs_method()))
}

/// Claims with given indices first: they decide at once.
fn jobs<'a>(claims: &'a [Claim], method: Method, options: &Options) -> Result<Vec<Job<'a>>> {
    let mut out = Vec::new();
    let own = claims
        .iter()
        .filter(|c| c.method == method && looks_at_methods(c));
    for claim in own {
        for (f, family) in claim.families.iter().enumerate() {
            let count = family.count(options.profile).min(options.instances);
            for index in 0..count.min(INSTANCES) {
                let (spec, seed, mut label) = claim.draw(options.seed, f, index);
                label.plot = false;
                let instance = StochasticInstance::generate(&spec, seed)?;
                out.push(Job {
                    claim,
                    instance,
                    label,
                });
            }
        }
    }
    let sampled = |c: &Claim| crate::claims::stochastic::statistical_checks(c) > 0;
    out.sort_by_key(|j| sampled(j.claim));
    Ok(out)
}

fn one(
    (name, about, fault): Row,
    method: Method,
    jobs: &[Job<'_>],
    diagnose: bool,
) -> Result<FaultPower> {
    let share = share(RUN_ALPHA, 1)?;
    let mut claims: Vec<ClaimPower> = Vec::new();
    let (mut by, mut after, mut judged) = (None, 0, 0);
    let mut named: Option<Vec<&'static str>> = None;
    for job in jobs {
        let mut subject = Faulty::new(method, fault);
        let verdicts = judge(job.claim, &job.instance, &job.label, share, &mut subject).verdicts;
        let decided = |v: &Verdict| matches!(v.status, Status::Pass | Status::Fail);
        let failed = verdicts.iter().find(|v| v.status == Status::Fail);
        let spoke = verdicts.iter().any(decided);
        judged += usize::from(spoke);
        match claims.iter_mut().find(|c| c.claim == job.claim.name) {
            Some(c) => {
                c.failed += usize::from(failed.is_some());
                c.judged += usize::from(spoke);
            }
            None => claims.push(ClaimPower {
                claim: job.claim.name.clone(),
                failed: usize::from(failed.is_some()),
                judged: usize::from(spoke),
            }),
        }
        let Some(v) = failed else { continue };
        if by.is_none() {
            by = Some(format!("{}/{}", v.claim, v.check));
            after = judged;
        }
        if diagnose {
            let mut subject = Faulty::new(method, fault);
            let fit = name_fault(job.claim, &job.instance, &job.label, &mut subject);
            // One fault must explain all failing instances.
            named = Some(match named {
                Some(before) => before.into_iter().filter(|n| fit.contains(n)).collect(),
                None => fit,
            });
        }
    }
    let names = named.unwrap_or_default();
    Ok(FaultPower {
        fault: name.into(),
        about: about.into(),
        method: method.name().into(),
        caught: by.is_some(),
        by,
        after: if after > 0 { after } else { judged },
        confidence: if names.is_empty() {
            0.0
        } else {
            1.0 / (names.len() as f64 + DIAGNOSIS_UNKNOWN)
        },
        named: match (diagnose, names.is_empty()) {
            (true, true) => "unknown".into(),
            _ => names.join(" or "),
        },
        claims,
    })
}

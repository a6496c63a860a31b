//! From a claim, an instance and an implementation to verdicts.

use super::checks::{CheckKind, Finding};
use super::claim::{Check, Claim};
use super::evidence::{At, Exact, Request, compare};
use super::verdict::{Curve, InstanceId, Race, Record, SCHEMA, Slack, Status, Verdict};
use crate::faults::{Diagnosis, Observation, catalogue, diagnose};
use crate::instances::{Instance, Spec};
use crate::linalg::{Matrix, norm::spectral_upper};
use crate::methods::{Case, Differentiator, Method};
use crate::theory::Level;
use crate::tol::RATE_ABOVE_FLOOR;
use crate::trajectory::{self, Estimates};
use crate::truth::{Truth, aid_run};

/// Steps of the runs from which a fault is named.
const DIAGNOSIS_STEPS: usize = 30;

/// What a claim says about one instance.
#[derive(Clone, Debug, Default)]
pub struct Judged {
    /// One verdict per check, in the order of the claim.
    pub verdicts: Vec<Verdict>,
    /// Fits and, where asked for, curves.
    pub records: Vec<Record>,
}

/// How the verdicts of an instance are named.
#[derive(Clone, Debug)]
pub struct Label {
    /// Instance id, unique within the claim.
    pub instance: String,
    /// Text of the `replay` field given a verdict id.
    pub replay: String,
    /// Record the curves of this instance.
    pub plot: bool,
}

/// The exact side of one instance for one claim: what does not depend on the implementation.
pub struct Prepared {
    /// Exact evidence, or why the claim says nothing here.
    exact: Result<Exact, String>,
}

/// Solves for the ground truth that `claim` needs on `instance`.
pub fn prepare(claim: &Claim, instance: &Instance) -> Prepared {
    let truth = Truth::solve(&instance.map, &instance.lambda);
    let broken = claim.hypotheses.iter().find_map(|h| h.check(&truth).err());
    let steps = claim.checks.iter().map(|c| c.steps).max().unwrap_or(0);
    let exact = match (broken, truth) {
        (None, Ok(truth)) => Ok(Exact::new(instance, truth, steps)),
        (broken, truth) => Err(broken
            .or_else(|| truth.err().map(|e| e.to_string()))
            .unwrap_or_default()),
    };
    Prepared { exact }
}

/// Judges `implementation` on `instance` by every check of `claim`.
pub fn judge(
    claim: &Claim,
    instance: &Instance,
    label: &Label,
    implementation: &mut dyn Differentiator,
) -> Judged {
    let prepared = prepare(claim, instance);
    let mut judged = judge_prepared(claim, instance, &prepared, label, implementation);
    if let Ok(exact) = &prepared.exact {
        let slacks = slacks(claim, instance, exact, label).map(Record::Slack);
        judged.records.extend(slacks);
    }
    judged
}

/// The same with the exact side at hand.
pub fn judge_prepared(
    claim: &Claim,
    instance: &Instance,
    prepared: &Prepared,
    label: &Label,
    implementation: &mut dyn Differentiator,
) -> Judged {
    let exact = match &prepared.exact {
        Ok(exact) => exact,
        Err(why) => {
            let verdicts = claim.checks.iter().map(|c| {
                let finding = Finding {
                    status: Status::NotApplicable,
                    ..Finding::inconclusive(why.clone())
                };
                verdict(claim, c, (&instance.spec, instance.seed), label, finding)
            });
            return Judged {
                verdicts: verdicts.collect(),
                records: Vec::new(),
            };
        }
    };
    let mut judged = Judged::default();
    for check in &claim.checks {
        let mut finding = examine(claim, check, instance, exact, implementation);
        if let Some(mut fit) = finding.fit.take() {
            fit.claim.clone_from(&claim.name);
            fit.kind = instance.spec.kind.name().into();
            fit.instance.clone_from(&label.instance);
            judged.records.push(Record::Fit(fit));
        }
        if let Some(mut plot) = finding.plot.take().filter(|_| label.plot) {
            plot.claim.clone_from(&claim.name);
            plot.method = claim.method.name().into();
            plot.kind = instance.spec.kind.name().into();
            plot.instance.clone_from(&label.instance);
            judged.records.push(Record::Plot(plot));
        }
        judged.verdicts.push(verdict(
            claim,
            check,
            (&instance.spec, instance.seed),
            label,
            finding,
        ));
    }
    let identification = |c: &Check| c.kind == CheckKind::Identification;
    if label.plot && claim.checks.iter().any(identification) {
        judged
            .records
            .push(Record::Race(race(claim, instance, exact, label)));
    } else if label.plot
        // Without a method or a single J there is no error to draw.
        && exact.truth.jacobian.is_some()
        && !claim.checks.iter().all(|c| c.kind.needs_no_method())
    {
        judged
            .records
            .extend(curve(claim, instance, exact, label, implementation).map(Record::Curve));
    }
    judged
}

/// Names the fault of a failing implementation from a few instances of the claim's method: runs it along each
/// instance (the first run comes twice, for what is kept between calls) and matches the answers against the catalogue.
/// Instances the claim says nothing about are passed over.
pub fn name_fault(
    method: Method,
    drawn: &[(Instance, Prepared)],
    implementation: &mut dyn Differentiator,
) -> Diagnosis {
    let mut requests = Vec::new();
    for (instance, prepared) in drawn {
        let Ok(exact) = &prepared.exact else { continue };
        let mut own = Request::along(exact, method, DIAGNOSIS_STEPS);
        own.extend(own.first().cloned());
        requests.extend(own.into_iter().map(|request| (instance, exact, request)));
    }
    let answers: Vec<trajectory::Trajectory> = requests
        .iter()
        .map(|(instance, exact, request)| run(instance, exact, request, implementation))
        .collect();
    let observations: Vec<Observation<'_>> = requests
        .iter()
        .zip(&answers)
        .map(|((instance, exact, request), answer)| Observation {
            case: case(instance, exact, request),
            answer,
        })
        .collect();
    diagnose(method, &observations, &catalogue())
}

/// The diagnosis as it stands at the end of a failing verdict's detail.
pub fn named(diagnosis: &Diagnosis) -> String {
    match diagnosis.suspects.first() {
        Some(best) if diagnosis.name() != "unknown" => {
            format!(
                "; looks like {} (confidence {:.2})",
                diagnosis.name(),
                best.confidence
            )
        }
        _ => "; no fault of the catalogue explains it".into(),
    }
}

/// Runs what the check asks for and judges it; a run that did not complete fails.
fn examine(
    claim: &Claim,
    check: &Check,
    instance: &Instance,
    exact: &Exact,
    implementation: &mut dyn Differentiator,
) -> Finding {
    let mut seen = Vec::new();
    for request in check.kind.plan(check, exact, claim.method) {
        let t = run(instance, exact, &request, implementation);
        let broken = if t.status != trajectory::Status::Completed {
            Some(format!(
                "the method {} on a contraction with q = {}",
                t.status, exact.theorem.q
            ))
        } else if t.estimates.len() != request.steps.len() {
            Some(format!(
                "{} estimates for {} steps",
                t.estimates.len(),
                request.steps.len()
            ))
        } else if matches!(t.estimates, Estimates::Cotangents(_)) != claim.method.is_reverse() {
            Some(format!(
                "{} gives {}",
                claim.method.name(),
                if claim.method.is_reverse() {
                    "Dᵀy, and what came are matrices"
                } else {
                    "D, and what came are cotangents"
                }
            ))
        } else {
            None
        };
        if let Some(detail) = broken {
            return Finding {
                status: Status::Fail,
                ..Finding::inconclusive(detail)
            };
        }
        seen.extend(compare(exact, claim.method, &request, &t));
    }
    check.kind.judge(check, exact, claim.method, &seen)
}

fn run(
    instance: &Instance,
    exact: &Exact,
    request: &Request,
    implementation: &mut dyn Differentiator,
) -> trajectory::Trajectory {
    implementation.run(&case(instance, exact, request))
}

/// The case of a request.
fn case<'a>(instance: &'a Instance, exact: &'a Exact, request: &'a Request) -> Case<'a> {
    Case {
        map: &instance.map,
        lambda: &instance.lambda,
        w: request.point(instance, exact),
        cotangent: &instance.cotangent,
        path: match request.at {
            At::Start => exact.path.as_deref(),
            At::Iterate(_) | At::Solution => None,
        },
        steps: &request.steps,
    }
}

/// The verdict of a finding; `drawn` is the instance's (spec, seed).
pub(super) fn verdict(
    claim: &Claim,
    check: &Check,
    drawn: (&Spec, u64),
    label: &Label,
    finding: Finding,
) -> Verdict {
    let (spec, seed) = drawn;
    let id = format!("{}/{}/{}", claim.name, label.instance, check.name);
    Verdict {
        schema: SCHEMA,
        claim: claim.name.clone(),
        theorem: claim.theorem.clone(),
        method: claim.method.name().into(),
        instance: InstanceId {
            kind: spec.kind.name().into(),
            id: label.instance.clone(),
            seed,
            spec: spec.clone(),
        },
        status: finding.status,
        check: check.kind.label().into(),
        measured: finding.measured,
        bound: finding.bound,
        slack: finding.slack,
        detail: finding.detail,
        replay: label.replay.replace("{id}", &id),
        id,
    }
}

/// How loose the levels that the claim checks are at the last step whose exact error stands clear of rounding.
fn slacks<'a>(
    claim: &'a Claim,
    instance: &'a Instance,
    exact: &'a Exact,
    label: &'a Label,
) -> impl Iterator<Item = Slack> + 'a {
    let mut levels = claim.checks.iter().filter_map(|c| match c.kind {
        CheckKind::Bound(level) => Some((level, c.steps)),
        _ => None,
    });
    let aid = claim.method.is_aid();
    let first = levels.next();
    let found = first.and_then(|(_, steps)| {
        let clear = |t: &usize| {
            let floor = exact.run.floor.d[*t] + exact.jacobian_error();
            exact.run.error[*t].norm() > RATE_ABOVE_FLOOR * floor
        };
        let last = exact.run.error.len().min(steps + 1);
        let t = (0..last).take_while(clear).last()?;
        let error = if aid {
            let run = aid_run(&exact.truth, &exact.run.w[t], t)?;
            run.error.get(t).map(spectral_upper)?
        } else {
            spectral_upper(&exact.run.error[t])
        };
        (error > 0.0).then_some((t, error))
    });
    first
        .into_iter()
        .chain(levels)
        .filter_map(move |(level, _)| {
            let (step, error) = found?;
            Some(Slack {
                claim: claim.name.clone(),
                method: claim.method.name().into(),
                kind: instance.spec.kind.name().into(),
                instance: label.instance.clone(),
                level: level.name().into(),
                q: exact.theorem.q,
                r: exact.theorem.moduli.r,
                step,
                slack: exact.bound(level, aid, step, step) / error,
            })
        })
}

/// ITD at t against AID-FP at w_t with k = t, exactly, a little beyond τ.
fn race(claim: &Claim, instance: &Instance, exact: &Exact, label: &Label) -> Race {
    let th = &exact.theorem;
    let last =
        (2 * th.tau.min(exact.run.w.len()) + 20).min(exact.run.error.len().saturating_sub(1));
    let norm = |e: &Matrix| spectral_upper(e);
    let aid = |t: usize| {
        let run = aid_run(&exact.truth, &exact.run.w[t], t)?;
        run.error.get(t).map(norm)
    };
    Race {
        claim: claim.name.clone(),
        kind: instance.spec.kind.name().into(),
        instance: label.instance.clone(),
        q: th.q,
        r: th.moduli.r,
        tau: (th.tau < crate::tol::TAU_LIMIT).then_some(th.tau),
        identified: exact.run.identified,
        itd: exact.run.error.iter().take(last + 1).map(norm).collect(),
        aid: (0..=last).map(|t| aid(t).unwrap_or(f64::NAN)).collect(),
        itd_bound: (0..=last).map(|t| th.paper_itd(t)).collect(),
        aid_bound: (0..=last).map(|t| th.paper_aid(t, t)).collect(),
    }
}

/// Error and bounds against t; AID-FP with k = t.
fn curve(
    claim: &Claim,
    instance: &Instance,
    exact: &Exact,
    label: &Label,
    implementation: &mut dyn Differentiator,
) -> Option<Curve> {
    let aid = claim.method.is_aid();
    let last = exact.run.w.len() - 1;
    let steps: Vec<usize> = (0..=last)
        .step_by(if aid { last.div_ceil(60).max(1) } else { 1 })
        .collect();
    let requests: Vec<Request> = if aid {
        steps
            .iter()
            .map(|&t| Request {
                at: At::Iterate(t),
                steps: vec![t],
            })
            .collect()
    } else {
        vec![Request {
            at: At::Start,
            steps: steps.clone(),
        }]
    };
    let mut seen = Vec::new();
    for request in &requests {
        let t = run(instance, exact, request, implementation);
        if t.status != trajectory::Status::Completed {
            return None;
        }
        seen.extend(compare(exact, claim.method, request, &t));
    }
    let bounds = |level| {
        steps
            .iter()
            .map(|&t| exact.bound(level, aid, t, t))
            .collect()
    };
    let rho = exact.rho();
    Some(Curve {
        claim: claim.name.clone(),
        method: claim.method.name().into(),
        kind: instance.spec.kind.name().into(),
        instance: label.instance.clone(),
        q: exact.theorem.q,
        rho: rho.map_or(f64::NAN, |r| r.middle()),
        rho_radius: rho.map_or(f64::NAN, |r| r.radius()),
        tau: (exact.theorem.tau < crate::tol::TAU_LIMIT).then_some(exact.theorem.tau),
        identified: exact.run.identified,
        error: seen.iter().map(|c| c.error).collect(),
        floor: seen
            .iter()
            .map(|c| c.floor + exact.jacobian_error())
            .collect(),
        paper: bounds(Level::Paper),
        trajectory: bounds(Level::Trajectory),
        sharp: bounds(Level::Sharp),
        steps,
    })
}

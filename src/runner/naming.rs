//! What the fault of a failing implementation is called.
//!
//! The evidence is what fresh objects answer to the runs of the claim, up to the one that failed,
//! on the failing instance and on a few others of the same problem kind that fail as well. Which
//! those are depends on the claim and the run's seed alone, and on no other job: shards and the
//! number of threads change no byte.

use crate::case::{Answer, Draw, Factory, Implementation, Method, Role, Target};
use crate::checks::Ruling;
use crate::claims::{Claim, Diagnosis, Label, Named, Profile};
use crate::error::Result;
use crate::evidence::{Asked, Evidence, Request, Run, growing};
use crate::faults::{Observation, diagnose, sampling};
use crate::instances::{Instance, mix};
use crate::judge::{Judging, judge, runs};

/// Minibatches looked at when what an implementation draws is in question.
const MINIBATCHES: usize = 40;

/// Other instances whose failures are looked at, too.
const POOLED: usize = 2;
/// Instances that are judged again to find them.
const JUDGED: usize = 4;

/// A run of more steps gives way to one along its course, and is looked at besides where it is the
/// one that failed.
const SHORT: usize = 200;
/// A run of more steps gives way to one along its course altogether.
const LONGEST: usize = 2000;

/// A run with fewer estimates that failed is looked at along its course.
const FEW: usize = 4;

/// Failing instances of one claim and one problem kind, besides the one that is named.
#[derive(Debug, Default)]
pub struct Pool {
    others: Vec<Other>,
}

#[derive(Debug)]
struct Other {
    instance: Instance,
    /// The failing checks, with the runs that failed them.
    failed: Vec<(String, Option<Request>)>,
}

impl Pool {
    /// Judges the first instance of every family of the claim whose problem is of the kind of
    /// `instance`, up to a few.
    ///
    /// # Errors
    /// When no implementation can be made, or an instance cannot be drawn.
    pub fn new(
        claim: &Claim,
        (seed, profile): (u64, Profile),
        (instance, label): (&Instance, &Label),
        judging: Judging,
        factory: &dyn Factory,
    ) -> Result<Self> {
        let kind = instance.map.problem().kind();
        let judging = Judging {
            record: false,
            ..judging
        };
        let mut pool = Self::default();
        let mut judged_so_far = 0;
        for (family, f) in claim.families.iter().enumerate() {
            let itself = (family, 0) == (label.family, label.index);
            if itself || f.count(profile) == 0 {
                continue;
            }
            let (other, mut label) = claim.instance(seed, family, 0)?;
            let other = other.in_roundoff(factory.roundoff())?;
            if other.map.problem().kind() != kind {
                continue;
            }
            label.plot = false;
            let evidence = claim.evidence(&other, factory.roundoff());
            let mut subject = factory.make(claim.method)?;
            let judged = judge(claim, &evidence, &label, judging, subject.as_mut());
            let all = judged.verdicts.into_iter().zip(judged.blamed);
            let failed: Vec<(String, Option<Request>)> = all
                .filter(|(v, _)| v.status == Ruling::Fail)
                .map(|(v, blamed)| (v.check, blamed))
                .collect();
            if !failed.is_empty() {
                pool.others.push(Other {
                    instance: other,
                    failed,
                });
            }
            judged_so_far += 1;
            if pool.others.len() == POOLED || judged_so_far == JUDGED {
                break;
            }
        }
        Ok(pool)
    }
}

/// What fresh objects answered, an object an instance.
type Seen<'e> = Vec<(Asked<'e>, Answer, f64)>;

/// Names the fault of the factory's implementation from the runs of a claim on one instance, up to
/// the one that failed the check, and on those of the pool. `None` where there are no runs to look
/// at.
///
/// # Errors
/// When no implementation can be made.
pub fn name(
    claim: &Claim,
    evidence: &Evidence<'_>,
    (check, blamed): (&str, Option<&Request>),
    pool: &Pool,
    factory: &dyn Factory,
) -> Result<Option<Diagnosis>> {
    let instances = pool.others.iter().map(|other| &other.instance);
    let others: Vec<Evidence<'_>> = instances
        .map(|instance| claim.evidence(instance, factory.roundoff()))
        .collect();
    let mut subject = factory.make(claim.method)?;
    let mut seen = vec![observed(claim, evidence, blamed, subject.as_mut())];
    if seen[0].is_empty() {
        return drawn(claim, evidence, factory);
    }
    for (other, evidence) in pool.others.iter().zip(&others) {
        let same = other.failed.iter().find(|(name, _)| name == check);
        let blamed = same.or(other.failed.first()).and_then(|(_, r)| r.as_ref());
        let mut subject = factory.make(claim.method)?;
        seen.push(observed(claim, evidence, blamed, subject.as_mut()));
    }
    let objects: Vec<Vec<Observation<'_>>> = seen.iter().map(|s| observations(s)).collect();
    Ok(Some(diagnose(claim.method, &objects)))
}

/// Names the fault of one object, which may have answered before, from the runs of a claim on one
/// instance alone.
pub fn name_of(
    claim: &Claim,
    evidence: &Evidence<'_>,
    blamed: Option<&Request>,
    subject: &mut dyn Implementation,
) -> Option<Diagnosis> {
    let seen = observed(claim, evidence, blamed, subject);
    let named = || diagnose(claim.method, &[observations(&seen)]);
    (!seen.is_empty()).then(named)
}

fn observations<'s>(seen: &'s [(Asked<'_>, Answer, f64)]) -> Vec<Observation<'s>> {
    let each = seen.iter();
    each.map(|(asked, answer, floor)| Observation {
        case: asked.case(),
        answer,
        floor: *floor,
        roundoff: asked.roundoff(),
    })
    .collect()
}

/// What a fresh object answers to the runs of a claim up to the blamed one.
fn observed<'e>(
    claim: &Claim,
    e: &'e Evidence<'e>,
    blamed: Option<&Request>,
    subject: &mut dyn Implementation,
) -> Seen<'e> {
    let requests = shortened(claim.method, runs(claim, e, blamed));
    let asked = requests.into_iter().filter_map(|r| {
        let asked = Asked::new(e, &r).ok()?;
        Some((asked, r))
    });
    asked
        .map(|(asked, request)| {
            let answer = subject.run(&asked.case());
            let floor = floor(e, request, &answer);
            (asked, answer, floor)
        })
        .collect()
}

/// Long runs give way to ones along their course. The last one, which failed, is kept as long as it
/// can be, and is looked at along its course as well: one number is explained by every parameter.
/// What conjugate gradients pass on their way is nobody's claim.
fn shortened(method: Method, requests: Vec<Request>) -> Vec<Request> {
    let end = |r: &Request| r.steps.last().copied().unwrap_or(0);
    let count = requests.len();
    let mut out: Vec<Request> = Vec::new();
    for (n, request) in requests.into_iter().enumerate() {
        let along = |last: usize| Request {
            steps: growing(last),
            ..request.clone()
        };
        let mut asked = Vec::new();
        if end(&request) > SHORT {
            asked.push(along(SHORT));
        }
        let courses = method != Method::AID_CG && request.steps.len() < FEW;
        if n + 1 == count && courses {
            asked.push(along(end(&request).min(LONGEST)));
        } else if end(&request) <= SHORT || (n + 1 == count && end(&request) <= LONGEST) {
            asked.push(request);
        }
        for request in asked {
            if !out.contains(&request) {
                out.push(request);
            }
        }
    }
    out
}

/// How far rounding alone may carry the estimates of a run; 0 where nothing exact is known of them.
pub fn floor(e: &Evidence<'_>, request: Request, answer: &Answer) -> f64 {
    let unit = match e.target {
        Target::Cotangent(y) => {
            let norm = y.iter().map(|v| v * v).sum::<f64>().sqrt();
            if norm > 0.0 { norm } else { 1.0 }
        }
        _ => 1.0,
    };
    let run = Run::new(request, answer.clone());
    let each = run.comparisons(e).iter().map(|c| c.floor * unit);
    each.filter(|f| f.is_finite()).fold(0.0, f64::max)
}

/// What is wrong with how the implementation draws and schedules, where a claim looks at nothing
/// else.
fn drawn(
    claim: &Claim,
    evidence: &Evidence<'_>,
    factory: &dyn Factory,
) -> Result<Option<Diagnosis>> {
    let Ok(sampled) = evidence.sampled() else {
        return Ok(None);
    };
    let mut subject = factory.make(claim.method)?;
    let (seed, population) = (mix(&[sampled.seed, 7]), sampled.map.inner().population());
    let sizes = (MINIBATCHES, sampled.sizes.batch);
    let wanted = Draw::new((seed, 0), Role::Linear, population, sizes);
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

//! The instances one method is judged on, and what became of faults there.

use rayon::prelude::*;

use super::result::{ClaimPower, FaultPower, LOOKS_RIGHT, Options, SizePower, UNKNOWN};
use crate::case::{Factory, Implementation, Method};
use crate::checks::Ruling;
use crate::claims::{Claim, Diagnosis, share};
use crate::error::Result;
use crate::faults::{Edit, Fault, Shows, Simulated, random_fault};
use crate::instances::{Kind, Path, Random, hash, mix};
use crate::judge::{Judging, judge};
use crate::runner::{Pool, name};
use crate::tol::{RUN_ALPHA, Roundoff};

/// Sizes of the random faults: 1e-10 to 1, two a decade, and below by decades to rounding, where
/// detection must end.
fn sizes() -> Vec<f64> {
    let below = (0..6).map(|i| f64::from(i) - 16.0);
    let above = (0..=20).map(|i| f64::from(i) / 2.0 - 10.0);
    below
        .chain(above)
        .map(|exponent| libm::pow(10.0, exponent))
        .collect()
}

/// A row of the catalogue as a factory of implementations.
struct Row<'a>(&'a [Edit]);

impl Factory for Row<'_> {
    fn make(&self, method: Method) -> Result<Box<dyn Implementation + '_>> {
        Ok(Box::new(Simulated::new(method, self.0)))
    }
}

/// Dimension up to which faults about ties are looked for; a dozen kinks in fifty dimensions take
/// seconds to decide.
const LARGEST_TIED: usize = 8;

/// (claim, family, index).
pub(super) type Job = (usize, usize, usize);

/// The instances one method is judged on, interleaved so that every family comes early.
pub(super) struct Bench<'a> {
    method: Method,
    claims: Vec<&'a Claim>,
    /// (claim, family, index) without kinks at w(λ).
    pub(super) jobs: Vec<Job>,
    /// Those where every step meets ties: what shows at ties alone is looked for here only.
    pub(super) ties: Vec<Job>,
    /// Those of hypergradients.
    bilevel: Vec<Job>,
    options: &'a Options,
}

/// What became of one fault on one job: the first failing check, and whether anything was judged.
#[derive(Clone, Debug, Default)]
struct Seen {
    failed: Option<String>,
    judged: bool,
}

/// Which claims caught a fault.
pub(super) struct Detected {
    pub(super) overall: bool,
    claims: Vec<bool>,
}

impl<'a> Bench<'a> {
    pub(super) fn new(claims: &'a [Claim], method: Method, options: &'a Options) -> Self {
        let claims: Vec<&Claim> = claims
            .iter()
            .filter(|c| c.method == method && c.needs_method())
            .collect();
        let (mut jobs, mut ties, mut bilevel) = (Vec::new(), Vec::new(), Vec::new());
        // Given indices decide most faults of NSID and SID at once, and replicates take time.
        let instances = if method.is_stochastic() {
            options.instances.min(1)
        } else {
            options.instances
        };
        for index in 0..instances {
            for (c, claim) in claims.iter().enumerate() {
                for (f, family) in claim.families.iter().enumerate() {
                    if index >= family.count(options.profile) {
                        continue;
                    }
                    let (spec, ..) = claim.draw(options.seed, f, index);
                    let long = spec.q > LONGEST_Q && spec.kind != Kind::Diabetes;
                    // Checks on sets cost a convex program a step, and a proof in rationals where
                    // they fail.
                    if family.kind.is_kinked() {
                        let rest = spec.path == Some(Path::Rest);
                        if rest && index == 0 && spec.dim <= LARGEST_TIED {
                            ties.push((c, f, index));
                        }
                    } else if claim.hypergradient {
                        bilevel.push((c, f, index));
                    } else if !long {
                        jobs.push((c, f, index));
                    }
                }
            }
        }
        Self {
            method,
            claims,
            jobs,
            ties,
            bilevel,
            options,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.places().iter().all(|(_, jobs)| jobs.is_empty())
    }

    /// Where faults are looked for, by where they show.
    pub(super) fn places(&self) -> [(Shows, &[Job]); 3] {
        // What shows anywhere shows in hypergradients too, where nothing else is looked at.
        let anywhere = if self.jobs.is_empty() {
            &self.bilevel
        } else {
            &self.jobs
        };
        [
            (Shows::Anywhere, anywhere),
            (Shows::AtTies, &self.ties),
            (Shows::InHypergradients, &self.bilevel),
        ]
    }

    /// Every fault on one job.
    fn judge(&self, job: Job, faults: &[(usize, &[Edit])]) -> Result<Vec<Seen>> {
        let claim = self.claims[job.0];
        let (instance, mut label) = claim.instance(self.options.seed, job.1, job.2)?;
        label.plot = false;
        let evidence = claim.evidence(&instance, Roundoff::DOUBLE);
        let judging = judging()?;
        Ok(faults
            .iter()
            .map(|(_, edits)| {
                let mut faulty = Simulated::new(self.method, edits);
                let judged = judge(claim, &evidence, &label, judging, &mut faulty);
                let failed = judged.verdicts.iter().find(|v| v.status == Ruling::Fail);
                Seen {
                    failed: failed.map(|v| {
                        let check = v.id.rsplit('/').next().unwrap_or(&v.check);
                        format!("{}/{check}", claim.name)
                    }),
                    judged: judged.verdicts.iter().any(|v| v.status.is_decided()),
                }
            })
            .collect())
    }

    pub(super) fn named(&self, faults: &[Fault], name: bool) -> Result<Vec<FaultPower>> {
        let mut out = Vec::new();
        for (shows, jobs) in self.places() {
            let own = |f: &&Fault| f.methods.contains(&self.method) && f.shows() == shows;
            let own: Vec<&Fault> = faults.iter().filter(own).collect();
            out.extend(self.named_on(jobs, &own, name)?);
        }
        Ok(out)
    }

    /// Whether these claims look at the method, but have no instance on which this fault of it
    /// shows.
    pub(super) fn does_not_see(&self, fault: &Fault) -> bool {
        let mut places = self.places().into_iter();
        let empty = places.any(|(shows, jobs)| shows == fault.shows() && jobs.is_empty());
        !self.claims.is_empty() && fault.methods.contains(&self.method) && empty
    }

    fn named_on(&self, jobs: &[Job], faults: &[&Fault], name: bool) -> Result<Vec<FaultPower>> {
        // Nobody looks: neither caught nor missed.
        if jobs.is_empty() {
            return Ok(Vec::new());
        }
        let edits: Vec<(usize, &[Edit])> = faults
            .iter()
            .enumerate()
            .map(|(i, f)| (i, f.edits))
            .collect();
        let seen: Vec<Vec<Seen>> = jobs
            .par_iter()
            .with_max_len(1)
            .map(|&job| self.judge(job, &edits))
            .collect::<Result<_>>()?;
        faults
            .par_iter()
            .with_max_len(1)
            .enumerate()
            .map(|(i, fault)| {
                let failing: Vec<usize> = (0..jobs.len())
                    .filter(|&k| seen[k][i].failed.is_some())
                    .collect();
                let upto = failing.first().map_or(jobs.len(), |k| k + 1);
                let diagnosis = if name && !failing.is_empty() {
                    Some(self.diagnose(jobs, fault, &failing)?)
                } else {
                    None
                };
                let claims = self.claims.iter().enumerate().map(|(c, claim)| {
                    let own = || (0..jobs.len()).filter(move |&k| jobs[k].0 == c);
                    ClaimPower {
                        claim: claim.name.clone(),
                        failed: own().filter(|&k| seen[k][i].failed.is_some()).count(),
                        judged: own().filter(|&k| seen[k][i].judged).count(),
                    }
                });
                Ok(FaultPower {
                    fault: fault.name.into(),
                    about: fault.about.into(),
                    method: self.method.name().into(),
                    caught: !failing.is_empty(),
                    by: failing.first().and_then(|&k| seen[k][i].failed.clone()),
                    after: seen[..upto].iter().filter(|s| s[i].judged).count(),
                    named: diagnosis.as_ref().map_or_else(String::new, words),
                    confidence: match &diagnosis {
                        Some(Diagnosis::Names(names)) => names[0].confidence,
                        _ => 0.0,
                    },
                    claims: claims.collect(),
                })
            })
            .collect()
    }

    /// Names a fault as a run does, on the first instance that it fails.
    fn diagnose(&self, jobs: &[Job], fault: &Fault, failing: &[usize]) -> Result<Diagnosis> {
        let (c, f, index) = jobs[failing[0]];
        let claim = self.claims[c];
        let (instance, label) = claim.instance(self.options.seed, f, index)?;
        let evidence = claim.evidence(&instance, Roundoff::DOUBLE);
        let row = Row(fault.edits);
        let (run, own) = (
            (self.options.seed, self.options.profile),
            (&instance, &label),
        );
        let pool = Pool::new(claim, run, own, judging()?, &row)?;
        let named = name(claim, &evidence, ("", None), &pool, &row)?;
        Ok(named.unwrap_or(Diagnosis::Unknown))
    }

    /// Which claims catch each fault; a claim that has caught a fault does not look at it again,
    /// with `once` no claim does.
    pub(super) fn detect(
        &self,
        jobs: &[Job],
        faults: &[&[Edit]],
        once: bool,
    ) -> Result<Vec<Detected>> {
        let mut claims = vec![vec![false; self.claims.len()]; faults.len()];
        // In blocks, so that what is no longer asked does not depend on threads.
        for block in jobs.chunks(if once { ONCE } else { BLOCK }) {
            let asked: Vec<Vec<(usize, &[Edit])>> = block
                .iter()
                .map(|job| {
                    (0..faults.len())
                        .filter(|&i| !(claims[i][job.0] || once && claims[i].contains(&true)))
                        .map(|i| (i, faults[i]))
                        .collect()
                })
                .collect();
            let seen: Vec<Vec<Seen>> = block
                .par_iter()
                .zip(&asked)
                .with_max_len(1)
                .map(|(&job, asked)| {
                    if asked.is_empty() {
                        Ok(Vec::new())
                    } else {
                        self.judge(job, asked)
                    }
                })
                .collect::<Result<_>>()?;
            for ((job, asked), seen) in block.iter().zip(&asked).zip(&seen) {
                for ((i, _), s) in asked.iter().zip(seen) {
                    claims[*i][job.0] |= s.failed.is_some();
                }
            }
        }
        Ok(claims
            .into_iter()
            .map(|claims| Detected {
                overall: claims.contains(&true),
                claims,
            })
            .collect())
    }

    pub(super) fn sizes(&self, count: usize) -> Result<Vec<SizePower>> {
        let sizes = sizes();
        let faults: Vec<Vec<Edit>> = sizes
            .iter()
            .enumerate()
            .flat_map(|(k, &size)| {
                (0..count).map(move |n| {
                    let seed = [
                        self.options.seed,
                        hash(self.method.name()),
                        k as u64,
                        n as u64,
                    ];
                    random_fault(&mut Random::new(mix(&seed)), self.method, size)
                })
            })
            .collect();
        let edits: Vec<&[Edit]> = faults.iter().map(|f| &f[..]).collect();
        let detected = self.detect(&self.jobs, &edits, false)?;
        let mut out = Vec::new();
        for (&size, detected) in sizes.iter().zip(detected.chunks(count)) {
            let mut row = |claim: &str, caught: usize| {
                out.push(SizePower {
                    size,
                    method: self.method.name().into(),
                    claim: claim.into(),
                    caught,
                    drawn: count,
                });
            };
            row("overall", detected.iter().filter(|d| d.overall).count());
            for (c, claim) in self.claims.iter().enumerate() {
                // Claims about ties alone have not looked.
                if !self.jobs.iter().any(|j| j.0 == c) {
                    continue;
                }
                row(&claim.name, detected.iter().filter(|d| d.claims[c]).count());
            }
        }
        Ok(out)
    }
}

/// Every statistical check gets the whole budget: nothing is concluded from all of them together.
fn judging() -> Result<Judging> {
    Ok(Judging {
        share: share(RUN_ALPHA, 1)?,
        record: false,
    })
}

/// A diagnosis in a table.
fn words(diagnosis: &Diagnosis) -> String {
    match diagnosis {
        Diagnosis::LooksRight => LOOKS_RIGHT.into(),
        Diagnosis::Unknown => UNKNOWN.into(),
        Diagnosis::Names(names) => {
            let names: Vec<&str> = names.iter().map(|n| n.fault.as_str()).collect();
            names.join(" or ")
        }
    }
}

/// Instances with q above this are left out: their runs are long, and no fault shows in them alone.
const LONGEST_Q: f64 = 0.95;

/// Jobs between two looks at what has been caught.
const BLOCK: usize = 16;

/// The same where most faults fall at the first job: fewer instances are judged, at most two at a
/// time.
const ONCE: usize = 2;

//! A run: its jobs, in parallel, in a fixed order.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::naming::{Pool, name};
use super::shrink::shrink;
use crate::case::Factory;
use crate::checks::Ruling;
use crate::claims::{Claim, Family, Label, Profile, Record, Verdict, share};
use crate::error::{Error, Result};
use crate::evidence::Evidence;
use crate::files::Journal;
use crate::instances::mix;
use crate::judge::{Judged, Judging, judge};
use crate::tol::{MOST_CLAIMS, MOST_INSTANCES};

/// What to run.
#[derive(Clone)]
pub struct Plan<'a> {
    /// Claims, in order.
    pub claims: Vec<Claim>,
    /// How many instances.
    pub profile: Profile,
    /// So many times as many of each family as the profile says.
    pub times: usize,
    /// Seed of the run.
    pub seed: u64,
    /// Threads; all cores if `None`.
    pub jobs: Option<usize>,
    /// (I, N): only every N-th job, I from 1.
    pub shard: Option<(usize, usize)>,
    /// False-alarm budget of the statistical checks.
    pub alpha: f64,
    /// Where the implementations under test come from.
    pub factory: &'a dyn Factory,
}

impl std::fmt::Debug for Plan<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.fingerprint())
    }
}

/// One instance of one claim.
#[derive(Clone, Copy, Debug)]
struct Job {
    claim: usize,
    family: usize,
    index: usize,
}

/// What a job left behind.
#[derive(Clone, Debug, Default)]
struct Finished {
    verdicts: Vec<Verdict>,
    records: Vec<Record>,
}

/// A line of the journal: a job by its name, so that it is found whatever its number.
#[derive(Serialize, Deserialize)]
struct Entry<'a> {
    claim: std::borrow::Cow<'a, str>,
    family: usize,
    index: usize,
    verdicts: std::borrow::Cow<'a, [Verdict]>,
    records: std::borrow::Cow<'a, [Record]>,
}

/// What a run found, as it is written to the files of its directory.
#[derive(Clone, Debug, Default)]
pub struct Output {
    /// In job order.
    pub verdicts: Vec<Verdict>,
    /// In job order.
    pub records: Vec<Record>,
    /// Instances judged.
    pub instances: usize,
}

/// Called with (done, total) after every job, from any thread.
pub type Progress<'a> = &'a (dyn Fn(usize, usize) + Sync);

impl Plan<'_> {
    /// Instances of a family.
    fn count(&self, family: &Family) -> u64 {
        family.count(self.profile) as u64 * self.times as u64
    }

    /// Instances of the whole run, all shards together.
    pub fn whole(&self) -> u64 {
        let families = self.claims.iter().flat_map(|c| &c.families);
        families.map(|f| self.count(f)).sum()
    }

    /// Instances of this run, or of this shard of it.
    pub fn len(&self) -> u64 {
        match self.shard {
            None => self.whole(),
            // Job k, from 0, is of shard (k mod n) + 1.
            Some((i, n)) => (self.whole() + n as u64 - i as u64) / n as u64,
        }
    }

    /// Nothing to do.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn jobs(&self) -> impl Iterator<Item = Job> {
        let families = self.claims.iter().enumerate().flat_map(|(claim, c)| {
            let own = c.families.iter().enumerate();
            own.map(move |(family, f)| (claim, family, f))
        });
        let all = families.flat_map(|(claim, family, f)| {
            (0..self.count(f) as usize).map(move |index| Job {
                claim,
                family,
                index,
            })
        });
        let (skipped, step) = self.shard.map_or((0, 1), |(i, n)| (i - 1, n));
        all.skip(skipped).step_by(step)
    }

    /// The families of a claim with how many instances of each the whole run has.
    pub fn families(&self, claim: &Claim) -> Vec<(&'static str, u64)> {
        let of = |f: &Family| (f.kind.name(), self.count(f));
        claim.families.iter().map(of).collect()
    }

    /// Statistical checks of the whole run, all shards together.
    pub fn statistical_checks(&self) -> usize {
        let of = |claim: &Claim| {
            let instances: u64 = claim.families.iter().map(|f| self.count(f)).sum();
            instances as usize * claim.statistical_checks()
        };
        self.claims.iter().map(of).sum()
    }

    /// Judges one instance. Of the first two of every family a failing one is drawn, made small,
    /// and the fault is named: doing it for all that a broken method fails would take for ever, and
    /// which ones are must not depend on threads or shards.
    fn run_job(&self, job: Job) -> Result<Finished> {
        let claim = &self.claims[job.claim];
        let (instance, label) = claim.instance(self.seed, job.family, job.index)?;
        let instance = instance.in_roundoff(self.factory.roundoff())?;
        let judging = Judging {
            share: share(self.alpha, self.statistical_checks())?,
            record: true,
        };
        let evidence = claim.evidence(&instance, self.factory.roundoff());
        let run = |label: &Label| -> Result<Judged> {
            let mut subject = self.factory.make(claim.method)?;
            let subject = subject.as_mut();
            Ok(judge(claim, &evidence, label, judging, subject))
        };
        let mut judged = run(&label)?;
        for verdict in &mut judged.verdicts {
            verdict.instance.redrawn = label.redrawn;
        }
        if job.index < SHRUNK {
            self.explain(claim, (&evidence, &label), judging, &mut judged)?;
            if !label.plot && claim.draws_runs() && judged.fails() {
                // The verdicts are those of the first examination: only what is drawn is wanted.
                judged.records = run(&Label {
                    plot: true,
                    ..label
                })?
                .records;
            }
        }
        Ok(Finished {
            verdicts: judged.verdicts,
            records: judged.records,
        })
    }

    /// Adds to failing verdicts the smallest failing instance and the name of the fault.
    fn explain(
        &self,
        claim: &Claim,
        (evidence, label): (&Evidence<'_>, &Label),
        judging: Judging,
        judged: &mut Judged,
    ) -> Result<()> {
        let mut pool: Option<Pool> = None;
        for (verdict, blamed) in judged.verdicts.iter_mut().zip(&judged.blamed) {
            if verdict.status != Ruling::Fail {
                continue;
            }
            verdict.smallest = shrink(claim, verdict, judging, self.factory)?;
            if claim.needs_method() {
                let pool = match &pool {
                    Some(pool) => pool,
                    None => {
                        let (run, own) = ((self.seed, self.profile), (evidence.instance, label));
                        pool.insert(Pool::new(claim, run, own, judging, self.factory)?)
                    }
                };
                let at = (verdict.check.as_str(), blamed.as_ref());
                verdict.diagnosis = name(claim, evidence, at, pool, self.factory)?;
            }
        }
        Ok(())
    }

    /// Runs everything. Finished jobs are appended to `journal`; those already in it are not run
    /// again.
    ///
    /// # Errors
    /// Interrupted (through `stop`), or the journal cannot be written.
    pub fn run(
        &self,
        journal: Option<&Journal>,
        stop: &AtomicBool,
        progress: Progress<'_>,
    ) -> Result<Output> {
        self.validate()?;
        let jobs: Vec<Job> = self.jobs().collect();
        let mut results: Vec<Option<Finished>> = vec![None; jobs.len()];
        if let Some(journal) = journal {
            self.recall(journal, &jobs, &mut results)?;
        }
        let done = AtomicUsize::new(results.iter().flatten().count());
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(self.jobs.unwrap_or(0))
            .build()
            .map_err(|e| Error::usage(format!("cannot start the threads: {e}")))?;
        let outcome: Result<()> = pool.install(|| {
            // Small chunks: jobs differ in size by a factor of a thousand.
            results
                .par_iter_mut()
                .with_max_len(1)
                .enumerate()
                .try_for_each(|(k, slot)| {
                    if slot.is_some() || stop.load(Ordering::Relaxed) {
                        return Ok(());
                    }
                    let judged = self.run_job(jobs[k])?;
                    if let Some(journal) = journal {
                        self.remember(journal, jobs[k], &judged)?;
                    }
                    *slot = Some(judged);
                    progress(done.fetch_add(1, Ordering::Relaxed) + 1, jobs.len());
                    Ok(())
                })
        });
        outcome?;
        if results.iter().any(Option::is_none) {
            let finished = results.iter().flatten().count();
            return Err(Error::interrupted(format!(
                "{finished} of {} instances are finished and saved",
                jobs.len()
            )));
        }
        let mut output = Output {
            instances: jobs.len(),
            ..Output::default()
        };
        for judged in results.into_iter().flatten() {
            output.verdicts.extend(judged.verdicts);
            output.records.extend(judged.records);
        }
        Ok(output)
    }

    /// The results of jobs that are in the journal; of one that is there twice the first.
    fn recall(
        &self,
        journal: &Journal,
        jobs: &[Job],
        results: &mut [Option<Finished>],
    ) -> Result<()> {
        let entries = journal.entries::<Entry<'_>>()?;
        let named = |k: &usize| {
            let job = jobs[*k];
            (
                (self.claims[job.claim].name.as_str(), job.family, job.index),
                *k,
            )
        };
        let at: HashMap<(&str, usize, usize), usize> = (0..jobs.len()).map(|k| named(&k)).collect();
        for entry in entries {
            let name = (&*entry.claim, entry.family, entry.index);
            if let Some(slot) = at.get(&name).map(|k| &mut results[*k]) {
                slot.get_or_insert(Finished {
                    verdicts: entry.verdicts.into_owned(),
                    records: entry.records.into_owned(),
                });
            }
        }
        Ok(())
    }

    fn remember(&self, journal: &Journal, job: Job, judged: &Finished) -> Result<()> {
        journal.append(&Entry {
            claim: self.claims[job.claim].name.as_str().into(),
            family: job.family,
            index: job.index,
            verdicts: judged.verdicts.as_slice().into(),
            records: judged.records.as_slice().into(),
        })
    }

    /// Refuses what could not be run, before anything is written.
    ///
    /// # Errors
    /// When α is too small to be shared among the statistical checks; more claims than a run may
    /// have, or instances than one process holds.
    pub fn validate(&self) -> Result<()> {
        if self.claims.len() > MOST_CLAIMS {
            let text = format!(
                "{} claims are more than a run may have ({MOST_CLAIMS})",
                self.claims.len()
            );
            return Err(Error::usage(text));
        }
        if self.len() > MOST_INSTANCES as u64 {
            let shards = self.whole().div_ceil(MOST_INSTANCES as u64);
            let text = format!(
                "{} instances are more than one process judges ({MOST_INSTANCES}); with --shard I/{shards} it is one of several, and `ratecert merge` joins them",
                self.len()
            );
            return Err(Error::usage(text));
        }
        share(self.alpha, self.statistical_checks()).map(|_| ())
    }

    /// Identifies a plan: what a journal must agree on to be resumed.
    pub fn fingerprint(&self) -> String {
        let claims: Vec<u64> = self.claims.iter().map(|c| c.digest).collect();
        format!(
            "ratecert {} build {} profile {}{} seed {}{} alpha {:e} claims {:016x}",
            env!("CARGO_PKG_VERSION"),
            env!("RATECERT_BUILD"),
            self.profile.name(),
            match self.times {
                1 => String::new(),
                n => format!(" times {n}"),
            },
            self.seed,
            self.shard
                .map_or(String::new(), |(i, n)| format!(" shard {i}/{n}")),
            self.alpha,
            mix(&claims)
        )
    }
}

/// Instances of a family that are drawn and made small where they fail.
const SHRUNK: usize = 2;

//! A run: its jobs, in parallel, in a fixed order.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rayon::prelude::*;

use super::journal::{Finished, Journal};
use super::naming::{Pool, name};
use super::shrink::shrink;
use crate::case::Factory;
use crate::checks::Ruling;
use crate::claims::{Claim, Label, Profile, Record, Verdict, share};
use crate::error::{Error, Result};
use crate::evidence::Evidence;
use crate::instances::mix;
use crate::judge::{Judged, Judging, judge};

/// What to run.
#[derive(Clone)]
pub struct Plan<'a> {
    /// Claims, in order.
    pub claims: Vec<Claim>,
    /// How many instances.
    pub profile: Profile,
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
    fn jobs(&self) -> Vec<Job> {
        let mut jobs = Vec::new();
        for (claim, c) in self.claims.iter().enumerate() {
            for (family, f) in c.families.iter().enumerate() {
                jobs.extend((0..f.count(self.profile)).map(|index| Job {
                    claim,
                    family,
                    index,
                }));
            }
        }
        match self.shard {
            None => jobs,
            Some((i, n)) => jobs
                .into_iter()
                .enumerate()
                .filter(|(k, _)| k % n == i - 1)
                .map(|(_, j)| j)
                .collect(),
        }
    }

    /// Number of jobs of this plan (of this shard).
    pub fn len(&self) -> usize {
        self.jobs().len()
    }

    /// Nothing to do.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Statistical checks of the whole run, all shards together.
    fn statistical_checks(&self) -> usize {
        let of = |claim: &Claim| {
            let instances: usize = claim.families.iter().map(|f| f.count(self.profile)).sum();
            instances * claim.statistical_checks()
        };
        self.claims.iter().map(of).sum()
    }

    /// Judges one instance. Of the first two of every family a failing one is drawn, made small, and
    /// the fault is named: doing it for all that a broken method fails would take for ever, and
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
        let jobs = self.jobs();
        let done = AtomicUsize::new(0);
        let mut results: Vec<Option<Finished>> = vec![None; jobs.len()];
        if let Some(journal) = journal {
            for (k, judged) in journal.finished()? {
                if let Some(slot) = results.get_mut(k) {
                    *slot = Some(judged);
                    done.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
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
                        journal.append(k, &judged)?;
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

    /// Refuses what could not be run, before anything is written.
    ///
    /// # Errors
    /// When α is too small to be shared among the statistical checks.
    pub fn validate(&self) -> Result<()> {
        share(self.alpha, self.statistical_checks()).map(|_| ())
    }

    /// Identifies a plan: what a journal must agree on to be resumed.
    pub fn fingerprint(&self) -> String {
        let claims: Vec<u64> = self.claims.iter().map(|c| c.digest).collect();
        format!(
            "ratecert {} profile {} seed {} shard {:?} alpha {:e} claims {:016x}",
            env!("CARGO_PKG_VERSION"),
            self.profile.name(),
            self.seed,
            self.shard,
            self.alpha,
            mix(&claims)
        )
    }
}

/// Instances of a family that are drawn and made small where they fail.
const SHRUNK: usize = 2;

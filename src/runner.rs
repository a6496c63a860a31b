//! Composes the stages: seeds, parallelism, shrinking, progress, resuming. The only place that does.
//!
//! A run is a list of jobs in a fixed order, one per (claim, family, index); each has a seed of its
//! own derived from the run's seed and its names, so that neither the number of threads nor
//! sharding nor an interruption changes a byte of its verdicts.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::claims::verdict::{Record, Status, Verdict};
use crate::claims::{Claim, Judged, Label, Profile, judge, name_fault, named, prepare};
use crate::error::{Error, Result};
use crate::instances::{Instance, Spec, hash};
use crate::tol::SHRINK_TRIES;

mod stochastic;

/// What to run.
#[derive(Clone, Debug)]
pub struct Plan {
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
}

/// One instance of one claim.
#[derive(Clone, Copy, Debug)]
struct Job {
    claim: usize,
    family: usize,
    index: usize,
}

/// What came out.
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

impl Plan {
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

    fn run_job(&self, job: Job) -> Result<Judged> {
        let claim = &self.claims[job.claim];
        if let Some(method) = claim.method.stochastic() {
            return self.run_stochastic(job, method);
        }
        let (instance, label) = claim.instance(self.seed, job.family, job.index)?;
        let mut judged = judge(
            claim,
            &instance,
            &label,
            claim.method.implementation().as_mut(),
        );
        // Shrinking everything a broken method fails would take for ever; which instances are shrunk
        // must not depend on threads or shards.
        let failed = |v: &&Verdict| v.status == Status::Fail;
        if job.index < 2 && judged.verdicts.iter().any(|v| failed(&v)) {
            let name = name(claim, &instance);
            for verdict in judged
                .verdicts
                .iter_mut()
                .filter(|v| v.status == Status::Fail)
            {
                if let Some(smaller) = shrink(claim, &verdict.id, &instance, &label) {
                    let spec = serde_json::to_string(&smaller.instance.spec).unwrap_or_default();
                    verdict.detail += &format!(
                        "; smallest failing instance: {spec} with seed {}: measured {:e}, bound {:e}",
                        smaller.instance.seed, smaller.measured, smaller.bound
                    );
                }
                verdict.detail += &name;
            }
        }
        Ok(judged)
    }

    /// Runs everything. Finished jobs are appended to `journal`; those already in it are not run again.
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
        let mut results: Vec<Option<Judged>> = vec![None; jobs.len()];
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

    /// Identifies a plan: what a journal must agree on to be resumed.
    fn fingerprint(&self) -> String {
        let claims: Vec<String> = self.claims.iter().map(|c| format!("{c:?}")).collect();
        format!(
            "ratecert {} profile {} seed {} shard {:?} alpha {:e} claims {:016x}",
            env!("CARGO_PKG_VERSION"),
            self.profile.name(),
            self.seed,
            self.shard,
            self.alpha,
            hash(&claims.join("\n"))
        )
    }
}

/// A failing instance made small.
struct Smaller {
    instance: Instance,
    measured: f64,
    bound: f64,
}

/// What the failing implementation of a claim looks like; nothing where no method ran.
fn name(claim: &Claim, instance: &Instance) -> String {
    if claim.checks.iter().all(|c| c.kind.needs_no_method()) {
        return String::new();
    }
    let drawn = [(instance.clone(), prepare(claim, instance))];
    let mut implementation = claim.method.implementation();
    named(&name_fault(claim.method, &drawn, implementation.as_mut()))
}

/// Follows `Spec::shrink` greedily while the same check still fails.
fn shrink(claim: &Claim, id: &str, instance: &Instance, label: &Label) -> Option<Smaller> {
    let fails = |spec: &Spec| -> Option<Smaller> {
        let candidate = Instance::generate(spec, instance.seed).ok()?;
        let quiet = Label {
            plot: false,
            ..label.clone()
        };
        let judged = judge(
            claim,
            &candidate,
            &quiet,
            claim.method.implementation().as_mut(),
        );
        let verdict = judged
            .verdicts
            .into_iter()
            .find(|v| v.id == id && v.status == Status::Fail)?;
        Some(Smaller {
            instance: candidate,
            measured: verdict.measured,
            bound: verdict.bound,
        })
    };
    let mut best: Option<Smaller> = None;
    let mut spec = instance.spec.clone();
    let mut tries = 0;
    'search: loop {
        for candidate in spec.shrink() {
            tries += 1;
            if tries > SHRINK_TRIES {
                break 'search;
            }
            if let Some(smaller) = fails(&candidate) {
                spec = candidate;
                best = Some(smaller);
                continue 'search;
            }
        }
        break;
    }
    best
}

/// Runs one recorded verdict again: the same claim, spec and seed; `alpha` is the run's.
///
/// # Errors
/// When the spec is out of range.
pub fn replay(claim: &Claim, verdict: &Verdict, alpha: f64) -> Result<Judged> {
    let label = Label {
        instance: verdict.instance.id.clone(),
        replay: "ratecert replay {id}".into(),
        plot: true,
    };
    if let Some(method) = claim.method.stochastic() {
        return stochastic::replay(claim, verdict, &label, alpha, method);
    }
    let instance = Instance::generate(&verdict.instance.spec, verdict.instance.seed)?;
    let mut implementation = claim.method.implementation();
    Ok(judge(claim, &instance, &label, implementation.as_mut()))
}

/// Finished jobs of an unfinished run, in `<out>.partial/journal.jsonl`.
pub struct Journal {
    path: PathBuf,
    file: Mutex<fs::File>,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    job: usize,
    verdicts: Vec<Verdict>,
    records: Vec<Record>,
}

impl Journal {
    /// Starts a journal in `dir` (created; emptied unless `resume`).
    ///
    /// # Errors
    /// `resume` without a journal, or with one of another plan; the directory cannot be written.
    pub fn open(dir: &Path, plan: &Plan, resume: bool) -> Result<Self> {
        let (head, path) = (dir.join("plan.txt"), dir.join("journal.jsonl"));
        if resume {
            let found = fs::read_to_string(&head).map_err(|_| {
                Error::usage(format!(
                    "nothing to resume: {} does not exist",
                    head.display()
                ))
            })?;
            if found != plan.fingerprint() {
                return Err(Error::usage(format!(
                    "{} belongs to another run ({found}); finish it with its own options or leave out --resume",
                    dir.display()
                )));
            }
        } else {
            if dir.exists() {
                fs::remove_dir_all(dir).map_err(|e| Error::io(dir, &e))?;
            }
            fs::create_dir_all(dir).map_err(|e| Error::io(dir, &e))?;
            fs::write(&head, plan.fingerprint()).map_err(|e| Error::io(&head, &e))?;
        }
        let file = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)
            .map_err(|e| Error::io(&path, &e))?;
        Ok(Self {
            path,
            file: Mutex::new(file),
        })
    }

    /// Entries so far; a line cut short by a crash ends the reading.
    fn finished(&self) -> Result<Vec<(usize, Judged)>> {
        let text = fs::read_to_string(&self.path).map_err(|e| Error::io(&self.path, &e))?;
        let mut entries = Vec::new();
        let mut intact = 0;
        for line in text.split_inclusive('\n') {
            match serde_json::from_str::<Entry>(line) {
                Ok(e) if line.ends_with('\n') => {
                    entries.push((
                        e.job,
                        Judged {
                            verdicts: e.verdicts,
                            records: e.records,
                        },
                    ));
                }
                _ => break,
            }
            intact += line.len();
        }
        if intact < text.len() {
            let file = self
                .file
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            file.set_len(intact as u64)
                .map_err(|e| Error::io(&self.path, &e))?;
        }
        Ok(entries)
    }

    fn append(&self, job: usize, judged: &Judged) -> Result<()> {
        let entry = Entry {
            job,
            verdicts: judged.verdicts.clone(),
            records: judged.records.clone(),
        };
        let mut line = serde_json::to_string(&entry).unwrap_or_default();
        line.push('\n');
        let mut file = self
            .file
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        file.write_all(line.as_bytes())
            .map_err(|e| Error::io(&self.path, &e))
    }
}

/// Puts a finished directory in place of `dir` by renaming; the old one goes only after the new one stands.
///
/// # Errors
/// When `dir` exists and is not a run (no run.json), or renaming fails.
pub fn replace(dir: &Path, fresh: &Path) -> Result<()> {
    let io = |path: &Path| {
        let path = path.to_path_buf();
        move |e: std::io::Error| Error::io(&path, &e)
    };
    check_replaceable(dir)?;
    if !dir.exists() {
        return fs::rename(fresh, dir).map_err(io(dir));
    }
    let old = dir.with_extension("old");
    if old.exists() {
        fs::remove_dir_all(&old).map_err(io(&old))?;
    }
    fs::rename(dir, &old).map_err(io(dir))?;
    fs::rename(fresh, dir).map_err(io(dir))?;
    fs::remove_dir_all(&old).map_err(io(&old))
}

/// Refuses to overwrite a directory that is not the output of a run.
///
/// # Errors
/// When `dir` is a file, or a directory with content but no run.json.
pub fn check_replaceable(dir: &Path) -> Result<()> {
    let empty = |d: &Path| fs::read_dir(d).is_ok_and(|mut e| e.next().is_none());
    if !dir.exists() || dir.join("run.json").exists() || (dir.is_dir() && empty(dir)) {
        return Ok(());
    }
    Err(Error::usage(format!(
        "{} exists and is not the output of a run; choose another --out",
        dir.display()
    )))
}

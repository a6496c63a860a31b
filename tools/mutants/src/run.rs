//! The tests without a mutant, then each mutant against the tests that reach it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use std::{fs, mem, thread};

use serde::{Deserialize, Serialize};

use crate::Result;
use crate::compile::{Executable, can_tell};
use crate::list::Mutant;
use crate::outcome::{Outcome, Outcomes, Record};
use crate::process::{End, Place, end_all};

/// A test as it went without a mutant.
#[derive(Clone, Deserialize, Serialize)]
pub struct Test {
    pub target: String,
    pub path: PathBuf,
    pub name: String,
    pub seconds: f64,
    pub passed: bool,
    /// Was ended after these seconds.
    pub slow: bool,
    /// Numbers of the mutants that it meets.
    pub seen: Vec<usize>,
}

impl Test {
    pub fn full_name(&self) -> String {
        format!("{}::{}", self.target, self.name)
    }

    fn usable(&self, longest: f64) -> bool {
        self.passed && !self.slow && self.seconds <= longest
    }
}

/// Where processes run, and how many at a time.
pub struct Runner {
    pub tree: PathBuf,
    pub scratch: PathBuf,
    pub jobs: usize,
}

/// What holds for all mutants of a run.
pub struct Plan<'a> {
    pub mutants: &'a [Mutant],
    pub tests: &'a [Test],
    /// Seconds of tests, as they take without a mutant, for each mutant.
    pub budget: f64,
    /// Seconds of the longest test that is used.
    pub longest: f64,
    pub tree: &'a str,
    /// Hash of each mutated file.
    pub files: &'a BTreeMap<String, String>,
}

impl Runner {
    /// Ends what an earlier run, itself ended from outside, may have left.
    pub fn clear(&self) -> Result<()> {
        end_all(&self.scratch.join(""))?;
        if self.scratch.exists() {
            fs::remove_dir_all(&self.scratch)?;
        }
        Ok(fs::create_dir_all(&self.scratch)?)
    }

    /// The tests of these executables, none of which has run.
    pub fn list(&self, executables: &[Executable]) -> Result<Vec<Test>> {
        let mut tests = Vec::new();
        for executable in executables {
            let names = self.place(0).list(&executable.path)?;
            for name in names.into_iter().filter(|name| can_tell(name)) {
                tests.push(Test {
                    target: executable.target.clone(),
                    path: executable.path.clone(),
                    name,
                    seconds: 0.0,
                    passed: true,
                    slow: true,
                    seen: Vec::new(),
                });
            }
        }
        Ok(tests)
    }

    /// Lets the tests of recorded tables write them, in the copy of the crate: they are then those
    /// of this machine, to the bit.
    pub fn write_tables(&self, tests: &[Test]) -> Result<()> {
        let tables: Vec<&Test> = { tests.iter() }
            .filter(|t| t.name.contains("recorded::"))
            .collect();
        self.each(&tables, |job, test| {
            let limit = Duration::from_secs(60);
            let variable = ("RATECERT_RECORD", "1");
            self.place(job).run(&test.path, &test.name, variable, limit)?;
            Ok(())
        })
    }

    /// Runs each test alone that has had less time than `longest`, to see which mutants it meets.
    pub fn record(&self, tests: &mut Vec<Test>, longest: f64) -> Result<()> {
        let open = |t: &Test| t.slow && t.seconds < longest;
        let (open, mut all): (Vec<Test>, Vec<Test>) = mem::take(tests).into_iter().partition(open);
        let done = Mutex::new(Vec::new());
        self.each(&open, |job, test| {
            let place = self.place(job);
            let record = self.scratch.join(format!("seen-{job}"));
            fs::write(&record, "")?;
            let variable = ("RATECERT_MUTANTS_SEEN", &*record.to_string_lossy());
            let limit = Duration::from_secs_f64(longest);
            let (end, seconds) = place.run(&test.path, &test.name, variable, limit)?;
            let text = fs::read_to_string(&record)?;
            let seen: BTreeSet<usize> = text
                .lines()
                .map(str::parse)
                .collect::<std::result::Result<_, _>>()?;
            let mut done = lock(&done);
            done.push(Test {
                seconds,
                passed: end != End::Failed,
                slow: end == End::TimedOut,
                seen: seen.into_iter().collect(),
                ..test.clone()
            });
            if done.len().is_multiple_of(100) {
                println!("{} of {} tests recorded", done.len(), open.len());
            }
            Ok(())
        })?;
        all.extend(done.into_inner().unwrap_or_else(PoisonError::into_inner));
        all.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
        *tests = all;
        Ok(())
    }

    /// Runs the mutants numbered `ids`; each outcome is kept at once.
    pub fn mutants(&self, plan: &Plan, ids: &[usize], outcomes: &Mutex<Outcomes>) -> Result<()> {
        let mut reaching = vec![Vec::new(); plan.mutants.len()];
        for (t, test) in plan
            .tests
            .iter()
            .enumerate()
            .filter(|(_, t)| t.usable(plan.longest))
        {
            test.seen.iter().for_each(|&id| reaching[id].push(t));
        }
        let killers = Killers::default();
        let done = AtomicUsize::new(0);
        self.each(ids, |job, &id| {
            let record = self.one(plan, id, job, &reaching[id], &killers)?;
            let done = 1 + done.fetch_add(1, Ordering::Relaxed);
            if record.outcome.is_missed() {
                println!("{} {}", record.outcome.word(), record.name);
            }
            if done.is_multiple_of(50) {
                println!("{done} of {} mutants run", ids.len());
            }
            lock(outcomes).add(record)
        })
    }

    fn one(
        &self,
        plan: &Plan,
        id: usize,
        job: usize,
        reaching: &[usize],
        killers: &Killers,
    ) -> Result<Record> {
        let m = &plan.mutants[id];
        let mut record = plan.record(id, Outcome::Unreached);
        let place = self.place(job);
        let mut spent = 0.0;
        for t in killers.order(m, reaching, plan.tests) {
            let test = &plan.tests[t];
            if record.passed > 0 && spent + test.seconds > plan.budget {
                record.unrun += 1;
                continue;
            }
            spent += test.seconds;
            let limit = Duration::from_secs_f64(5.0 + 10.0 * test.seconds);
            let variable = ("RATECERT_MUTANT", &*id.to_string());
            let (end, seconds) = place.run(&test.path, &test.name, variable, limit)?;
            record.seconds += seconds;
            record.outcome = match end {
                End::Passed => Outcome::Missed,
                End::Failed => Outcome::Caught,
                End::TimedOut => Outcome::Timeout,
            };
            if end != End::Passed {
                record.test = Some(test.full_name());
                killers.add(m, t);
                break;
            }
            record.passed += 1;
        }
        Ok(record)
    }

    fn place(&self, job: usize) -> Place<'_> {
        Place {
            tree: &self.tree,
            scratch: self.scratch.join(job.to_string()).join(""),
        }
    }

    /// Does all items, several at a time; the first error stops the rest.
    fn each<T: Sync>(
        &self,
        items: &[T],
        work: impl Fn(usize, &T) -> Result<()> + Sync,
    ) -> Result<()> {
        let next = AtomicUsize::new(0);
        let stop = AtomicBool::new(false);
        let run = |job: usize| {
            while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                work(job, item).inspect_err(|_| stop.store(true, Ordering::Relaxed))?;
            }
            Ok(())
        };
        thread::scope(|scope| {
            let threads: Vec<_> = (0..self.jobs)
                .map(|job| scope.spawn(move || run(job)))
                .collect();
            threads
                .into_iter()
                .try_for_each(|t| t.join().map_err(|_| "a thread of the runner panicked")?)
        })
    }
}

impl Plan<'_> {
    /// A record of a mutant that no test was run for.
    pub fn record(&self, id: usize, outcome: Outcome) -> Record {
        let m = &self.mutants[id];
        Record {
            id,
            name: m.name.clone(),
            outcome,
            test: None,
            seconds: 0.0,
            passed: 0,
            unrun: 0,
            budget: self.budget,
            longest: self.longest,
            tree: self.tree.into(),
            file: self.files.get(&m.file).cloned().unwrap_or_default(),
        }
    }
}

/// The tests that caught mutants of a function, by file and function.
#[derive(Default)]
struct Killers(Mutex<BTreeMap<(String, String), Vec<usize>>>);

impl Killers {
    fn add(&self, m: &Mutant, test: usize) {
        let mut all = lock(&self.0);
        let own = all.entry((m.file.clone(), m.function.clone())).or_default();
        own.retain(|t| *t != test);
        own.insert(0, test);
    }

    /// The tests that caught another mutant of the function, the last one first; then those of the
    /// same part of the crate, then the others, short ones first.
    fn order(&self, m: &Mutant, reaching: &[usize], tests: &[Test]) -> Vec<usize> {
        let own = lock(&self.0)
            .get(&(m.file.clone(), m.function.clone()))
            .cloned()
            .unwrap_or_default();
        let room = format!("{}::", m.room());
        let mut order = reaching.to_vec();
        // Tests are sorted by their time already.
        order.sort_by_key(|t| {
            let rank = own.iter().position(|k| k == t).unwrap_or(own.len());
            (rank, !tests[*t].name.starts_with(&room))
        });
        order
    }
}

/// A panic elsewhere leaves nothing half done that is kept here.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads the tests of a build recorded earlier, if they are of the same build.
pub fn recorded(path: &Path, build: &str) -> Option<Vec<Test>> {
    let bytes = fs::read(path).ok()?;
    let recorded: Recorded = serde_json::from_slice(&bytes).ok()?;
    let there = recorded.tests.iter().all(|t| t.path.exists());
    (recorded.build == build && there).then_some(recorded.tests)
}

/// Tests, and the hash of the instrumented tree that they are of.
#[derive(Deserialize, Serialize)]
pub struct Recorded {
    pub build: String,
    pub tests: Vec<Test>,
}

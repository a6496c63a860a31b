//! Runs all mutants that cargo-mutants lists for the crate, from one build.
//!
//! cargo-mutants builds the crate once for each mutant. Here all of them are compiled into one
//! build, each behind a switch (mutant schemata); one run of the tests without a mutant records
//! which test meets which, and then only those are run with it. See `README.md` beside this
//! package.

mod compile;
mod list;
mod outcome;
mod process;
mod report;
mod run;
mod schemata;
mod tree;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::{env, path};

use compile::Cargo;
use list::{Genre, Mutant};
use outcome::{Outcome, Outcomes, Record};
use report::Accepted;
use run::{Plan, Recorded, Runner, Test};
use schemata::{Blamed, Schemata};

pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

const HELP: &str = "\
usage: mutants [options]
  --repo DIR        the crate (default: the current directory)
  --list FILE       its mutants, as `cargo mutants --list --json` prints them (default: asks the
                    program in $CARGO_MUTANTS, or else cargo-mutants)
  --only TEXT       only mutants whose name, file:line:col included, contains TEXT; * stands for
                    any text
  --shard K/N       every N-th mutant, from the K-th on
  --again missed    runs those missed before again where there are other tests, or a larger budget;
                    what was caught holds while its file is unchanged
  --budget SECONDS  of tests for each mutant, as they take without one (default 8)
  --longest SECONDS of a test that is used (default 30)
  --jobs N          mutants at a time (default 2)
  --build           ends after the build and the record of the tests
  --report          only prints what is known";

/// Mutants that are left out of the build, and why.
type LeftOut = BTreeMap<usize, Outcome>;

struct Options {
    repo: PathBuf,
    list: Option<PathBuf>,
    only: Option<String>,
    shard: (usize, usize),
    again: bool,
    budget: f64,
    longest: f64,
    jobs: usize,
    build: bool,
    report: bool,
}

impl Options {
    fn parse(mut words: impl Iterator<Item = String>) -> Result<Self> {
        let mut o = Self {
            repo: ".".into(),
            list: None,
            only: None,
            shard: (1, 1),
            again: false,
            budget: 8.0,
            longest: 30.0,
            jobs: 2,
            build: false,
            report: false,
        };
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or(format!("{word} needs a value\n{HELP}"));
            match word.as_str() {
                "--repo" => o.repo = value()?.into(),
                "--list" => o.list = Some(value()?.into()),
                "--only" => o.only = Some(value()?),
                "--shard" => {
                    let value = value()?;
                    let (k, n) = value.split_once('/').ok_or("--shard is as 1/4")?;
                    o.shard = (k.parse()?, n.parse()?);
                    if o.shard.0 == 0 || o.shard.0 > o.shard.1 {
                        return Err("--shard is from 1/N to N/N".into());
                    }
                }
                "--again" if value()? == "missed" => o.again = true,
                "--budget" => o.budget = value()?.parse()?,
                "--longest" => o.longest = value()?.parse()?,
                "--jobs" => o.jobs = value()?.parse()?,
                "--build" => o.build = true,
                "--report" => o.report = true,
                _ => return Err(HELP.into()),
            }
        }
        o.repo = path::absolute(o.repo)?;
        Ok(o)
    }

    /// Whether a mutant is among those asked for.
    fn takes(&self, id: usize, m: &Mutant) -> bool {
        let (k, n) = self.shard;
        id % n == k - 1
            && self
                .only
                .as_ref()
                .is_none_or(|only| contains(&m.name, only))
    }
}

/// Whether a text has the parts of a pattern between its `*`, in their order.
fn contains(text: &str, pattern: &str) -> bool {
    let mut rest = Some(text);
    for part in pattern.split('*') {
        rest = rest.and_then(|rest| Some(rest.split_once(part)?.1));
    }
    rest.is_some()
}

fn main() -> ExitCode {
    let done = Options::parse(env::args().skip(1)).and_then(|options| mutants(&options));
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(e) => {
            eprintln!("{e}");
            ExitCode::from(2)
        }
    }
}

/// Everything; whether all missed mutants are accepted.
fn mutants(options: &Options) -> Result<bool> {
    let root = &options.repo;
    let target = env::var_os("CARGO_TARGET_DIR").map_or(root.join("target"), PathBuf::from);
    let state = path::absolute(target)?.join("mutants");
    fs::create_dir_all(&state)?;
    let lock = File::create(state.join("lock"))?;
    if !options.report && lock.try_lock().is_err() {
        return Err(format!("another run uses {}", state.display()).into());
    }

    let mutants = list::load(root, options.list.as_deref())?;
    let sources = tree::sources(root)?;
    let whole = tree::hash(&sources);
    let hashed = |m: &Mutant| {
        let file = sources.get_key_value(Path::new(&m.file));
        (m.file.clone(), tree::hash(file))
    };
    let files: BTreeMap<String, String> = mutants.iter().map(hashed).collect();
    let mut outcomes = Outcomes::open(&state.join("outcomes.jsonl"))?;
    // Caught stays caught where only other files changed, if that is asked for.
    let holds = |r: &Record| {
        r.tree == whole
            || options.again && r.outcome.is_caught() && files.values().any(|h| *h == r.file)
    };
    outcomes.records.retain(|_, r| holds(r));

    if !options.report {
        let built = build(options, &state, &mutants, sources, &files)?;
        let plan = Plan {
            mutants: &mutants,
            tests: &built.tests,
            budget: options.budget,
            longest: options.longest,
            tree: &whole,
            files: &files,
        };
        for (id, outcome) in &built.left_out {
            let known = outcomes.records.get(&mutants[*id].name);
            if known.is_none_or(|r| r.outcome != *outcome) {
                outcomes.add(plan.record(*id, *outcome))?;
            }
        }
        if options.build {
            return Ok(true);
        }
        let open = |id: &usize| {
            let m = &mutants[*id];
            let known = outcomes.records.get(&m.name);
            // The same tests again would tell nothing new.
            let less = |r: &Record| r.budget < options.budget || r.longest < options.longest;
            let again = |r: &Record| options.again && r.outcome.is_missed() && less(r);
            options.takes(*id, m) && !built.left_out.contains_key(id) && known.is_none_or(again)
        };
        let ids: Vec<usize> = (0..mutants.len()).filter(open).collect();
        println!("{} mutants to run", ids.len());
        let shared = Mutex::new(outcomes);
        built.runner.mutants(&plan, &ids, &shared)?;
        outcomes = shared.into_inner().unwrap_or_else(PoisonError::into_inner);
    }

    let accepted = Accepted::read(&root.join("tools/mutants/accepted.toml"))?;
    let asked = |m: &Mutant| {
        options
            .only
            .as_ref()
            .is_none_or(|only| contains(&m.name, only))
    };
    let mutants: Vec<Mutant> = mutants.into_iter().filter(asked).collect();
    Ok(report::print(&mutants, &accepted, |m| {
        outcomes.records.get(&m.name)
    }))
}

struct Built {
    runner: Runner,
    tests: Vec<Test>,
    left_out: LeftOut,
}

/// Instruments and compiles the crate, and records its tests.
fn build(
    options: &Options,
    state: &Path,
    mutants: &[Mutant],
    mut sources: BTreeMap<PathBuf, Vec<u8>>,
    hashes: &BTreeMap<String, String>,
) -> Result<Built> {
    let cargo = Cargo {
        tree: state.join("tree"),
        target: state.join("build"),
    };
    let runner = Runner {
        tree: cargo.tree.clone(),
        scratch: state.join("tmp"),
        jobs: options.jobs,
    };
    runner.clear()?;

    tree::add_runtime(&mut sources)?;

    let texts: BTreeMap<String, String> = files(mutants)
        .map(|(file, _)| {
            let bytes = sources
                .get(Path::new(file))
                .ok_or(format!("{file} is not in git"))?;
            Ok((file.to_string(), String::from_utf8(bytes.clone())?))
        })
        .collect::<Result<_>>()?;
    let mut schemata = Vec::new();
    for (file, ids) in files(mutants) {
        schemata.push((file, Schemata::new(&texts[file], mutants, ids)?));
    }

    // Known from the last build for the files that are as they were.
    let kept = state.join("left-out.json");
    let known = fs::read(&kept).ok();
    let known: BTreeMap<String, (String, Outcome)> = known
        .and_then(|json| serde_json::from_slice(&json).ok())
        .unwrap_or_default();
    let mut left_out = unplaced(mutants, &schemata);
    for (id, m) in mutants.iter().enumerate() {
        if let Some((_, outcome)) = known.get(&m.name).filter(|(h, _)| *h == hashes[&m.file]) {
            left_out.insert(id, *outcome);
        }
    }
    let recorded = state.join("tests.json");
    let (build, mut tests) = loop {
        let mut rendered = BTreeMap::new();
        for (file, schema) in &schemata {
            let text = schema.render(&|id| !left_out.contains_key(&id));
            sources.insert(file.into(), text.clone().into());
            rendered.insert(PathBuf::from(file), text);
        }
        let named: BTreeMap<&str, (&str, Outcome)> = left_out
            .iter()
            .map(|(&id, outcome)| (&mutants[id], *outcome))
            .map(|(m, outcome)| (m.name.as_str(), (hashes[&m.file].as_str(), outcome)))
            .collect();
        fs::write(&kept, serde_json::to_vec(&named)?)?;
        let build = tree::hash(&sources);
        if let Some(tests) = run::recorded(&recorded, &build) {
            break (build, tests);
        }
        tree::write(&cargo.tree, &sources)?;
        let refused = cargo.check(&rendered)?;
        if refused.is_empty() {
            println!("building the tests");
            let names = compile::integration_tests(&cargo.tree)?;
            let tests = runner.list(&cargo.build(&names)?)?;
            runner.write_tables(&tests)?;
            break (build, tests);
        }
        println!("{} compiler errors", refused.len());
        leave_out(&refused, &schemata, &mut left_out);
    };
    runner.record(&mut tests, options.longest)?;
    for test in &tests {
        let name = test.full_name();
        if test.slow {
            println!("not used, too long: {name}");
        } else if !test.passed {
            println!("not used, fails without a mutant: {name}");
        }
    }
    let done = Recorded { build, tests };
    fs::write(&recorded, serde_json::to_vec(&done)?)?;
    let tests = done.tests;
    Ok(Built {
        runner,
        tests,
        left_out,
    })
}

/// Leaves out what the compiler refuses.
fn leave_out(refused: &[Blamed], schemata: &[(&str, Schemata)], left_out: &mut LeftOut) {
    for blamed in refused {
        match *blamed {
            Blamed::Mutant(id) => {
                left_out.insert(id, Outcome::Uncompiled);
            }
            Blamed::Wrapper(first) => {
                for id in schemata.iter().flat_map(|(_, s)| s.together(first)) {
                    left_out.entry(id).or_insert(Outcome::Uninstrumented);
                }
            }
        }
    }
}

/// The files that have mutants, with the numbers of these.
fn files(mutants: &[Mutant]) -> impl Iterator<Item = (&str, Range<usize>)> {
    let mut start = 0;
    mutants.chunk_by(|a, b| a.file == b.file).map(move |chunk| {
        let ids = start..start + chunk.len();
        start = ids.end;
        (chunk[0].file.as_str(), ids)
    })
}

/// Mutants without a place that a switch can be put at: in constants, and what is no Rust.
fn unplaced(mutants: &[Mutant], schemata: &[(&str, Schemata)]) -> LeftOut {
    let mut out: LeftOut = (0..mutants.len())
        .map(|id| (id, Outcome::Uninstrumented))
        .collect();
    for id in schemata.iter().flat_map(|(_, s)| s.placed()) {
        let m = &mutants[id];
        // Two types cannot stand for one that is hidden.
        if m.genre != Genre::FnValue || !m.returns.contains("impl ") {
            out.remove(&id);
        }
    }
    let unbound = schemata.iter().flat_map(|(_, s)| &s.unbound);
    out.extend(unbound.map(|id| (*id, Outcome::Uncompiled)));
    out
}

//! Whether directories are the shards of one run.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use super::lines::{Job, Stream, record, verdict};
use crate::error::{Error, Result};
use crate::files::{entries, put, read_regular};
use crate::report::RunInfo;
use crate::tol::MOST_TEXT;

/// All shards of one run, in order.
#[derive(Debug)]
pub struct Shards {
    dirs: Vec<PathBuf>,
    info: RunInfo,
}

impl Shards {
    /// Reads the run.json of each directory, or of the directories in it where it has none; they may
    /// be named in any order.
    ///
    /// # Errors
    /// A directory that is no shard, two that are the same one, shards that are missing, and what
    /// they do not agree in: version, build, profile, seed, α and how it is shared, claims.
    pub fn read(dirs: &[PathBuf]) -> Result<Self> {
        let mut read = Vec::with_capacity(dirs.len());
        let dirs = &spread(dirs)?;
        for dir in dirs {
            let path = dir.join("run.json");
            let text = read_regular(&path, MOST_TEXT)?;
            let info = RunInfo::parse(&text).map_err(|e| in_file(e, &path))?;
            read.push((shard(&info, dir)?, dir, info));
        }
        let Some(((_, n), first, of)) = read.first() else {
            return Err(Error::usage("name the directories of all shards of a run"));
        };
        for (_, dir, info) in &read[1..] {
            if let Some((what, a, b)) = difference(of, info) {
                let text = format!(
                    "{} and {} are not of one run: {what} {a} and {b}",
                    first.display(),
                    dir.display()
                );
                return Err(Error::usage(text));
            }
        }
        let mut at: Vec<Option<&(_, &PathBuf, RunInfo)>> = vec![None; *n];
        for shard in &read {
            let ((i, n), dir, _) = shard;
            if let Some((_, other, _)) = at[i - 1].replace(shard) {
                let text = format!(
                    "{} and {} are both shard {i} of {n}",
                    other.display(),
                    dir.display()
                );
                return Err(Error::usage(text));
            }
        }
        let missing: Vec<usize> = (1..=*n).filter(|i| at[i - 1].is_none()).collect();
        if !missing.is_empty() {
            return Err(Error::usage(gaps(&missing, *n)));
        }
        let in_order = || at.iter().flatten();
        Ok(Self {
            dirs: in_order().map(|(_, dir, _)| (*dir).clone()).collect(),
            info: joined(in_order().map(|(_, _, info)| info), of),
        })
    }

    /// What is said of the whole run.
    pub fn info(&self) -> &RunInfo {
        &self.info
    }

    /// Writes `run.json`, `verdicts.jsonl` and `records.jsonl` of the whole run into `out`: the lines
    /// that one process would have written, in its order. `progress` is called with the number of
    /// jobs joined, now and then.
    ///
    /// # Errors
    /// Lines that are missing, stand twice, or are of no job of the run; the error names file and
    /// line.
    pub fn join(&self, out: &Path, progress: &dyn Fn(u64)) -> Result<()> {
        let open = |name: &str, of| -> Result<(Vec<Stream>, Writer)> {
            let each = { self.dirs.iter() }.map(|dir| Stream::open(&dir.join(name), of));
            Ok((
                each.collect::<Result<_>>()?,
                Writer::create(&out.join(name))?,
            ))
        };
        let (mut verdicts, mut to_verdicts) = open("verdicts.jsonl", verdict)?;
        let (mut records, mut to_records) = open("records.jsonl", record)?;
        for (k, job) in Job::all(&self.info).enumerate() {
            let shard = k % self.dirs.len();
            if !verdicts[shard].copy(&job, |line| to_verdicts.line(line))? {
                return Err(verdicts[shard].lacks(&job));
            }
            records[shard].copy(&job, |line| to_records.line(line))?;
            if k % 1024 == 0 {
                progress(k as u64);
            }
        }
        for stream in verdicts.iter().chain(&records) {
            stream.check_end()?;
        }
        to_verdicts.finish(self.info.verdicts)?;
        to_records.finish(self.info.records)?;
        put(&out.join("run.json"), self.info.to_json())
    }
}

/// A directory of runs is what stands in it.
fn spread(dirs: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut out = Vec::new();
    for dir in dirs {
        let is_run = |dir: &Path| dir.join("run.json").exists();
        let within = if is_run(dir) || !dir.is_dir() {
            Vec::new()
        } else {
            let mut within = entries(dir)?;
            within.retain(|dir| is_run(dir));
            within
        };
        match within.is_empty() {
            true => out.push(dir.clone()),
            false => out.extend(within),
        }
    }
    Ok(out)
}

/// A file with the number of its lines.
struct Writer {
    path: PathBuf,
    stream: BufWriter<File>,
    lines: usize,
}

impl Writer {
    fn create(path: &Path) -> Result<Self> {
        let file = File::create(path).map_err(|e| Error::io(path, &e))?;
        Ok(Self {
            path: path.to_path_buf(),
            stream: BufWriter::with_capacity(1 << 20, file),
            lines: 0,
        })
    }

    fn line(&mut self, line: &str) -> Result<()> {
        self.lines += 1;
        let written = self.stream.write_all(line.as_bytes());
        let written = written.and_then(|()| self.stream.write_all(b"\n"));
        written.map_err(|e| Error::io(&self.path, &e))
    }

    /// Shards that lost lines at their end say how many they had.
    fn finish(mut self, wanted: Option<usize>) -> Result<()> {
        self.stream.flush().map_err(|e| Error::io(&self.path, &e))?;
        match wanted.filter(|n| *n != self.lines) {
            None => Ok(()),
            Some(n) => {
                let name = self.path.file_name().unwrap_or_default().display();
                let text = format!(
                    "the shards hold {} lines of {name}, and their run.json count {n}",
                    self.lines
                );
                Err(Error::input(text))
            }
        }
    }
}

fn shard(info: &RunInfo, dir: &Path) -> Result<(usize, usize)> {
    let refuse = |why: &str| Err(Error::usage(format!("{} {why}", dir.display())));
    let Some((i, n)) = info.shard else {
        return refuse("is no shard: its run was made without --shard");
    };
    if info.subject.is_some() {
        return refuse("is a run of `subject`, whose cases are not shared out");
    }
    if !(1 <= i && i <= n && n <= MOST_SHARDS) {
        return refuse(&format!("says that it is shard {i} of {n}"));
    }
    let without = |c: &crate::report::ClaimInfo| c.families.is_empty();
    if info.verdicts.is_none() || info.records.is_none() || info.claims.iter().any(without) {
        return refuse("does not say what it holds: make it again with this version");
    }
    Ok((i, n))
}

const MOST_SHARDS: usize = 10_000;

/// The first thing in which two shards differ, and how.
fn difference(a: &RunInfo, b: &RunInfo) -> Option<(&'static str, String, String)> {
    let shards = |i: &RunInfo| i.shard.map_or(0, |s| s.1).to_string();
    let times = |i: &RunInfo| i.times.to_string();
    let facts: [(&str, &dyn Fn(&RunInfo) -> String); 9] = [
        ("version", &|i| i.version.clone()),
        ("build", &|i| i.build.clone()),
        ("profile", &|i| i.profile.clone()),
        ("--times", &times),
        ("seed", &|i| i.seed.to_string()),
        ("number of shards", &shards),
        ("alpha", &|i| format!("{:e}", i.alpha)),
        ("statistical checks", &|i| i.statistical_checks.to_string()),
        ("claims that took the place of built-in ones", &|i| {
            i.replaced.join(", ")
        }),
    ];
    for (what, of) in facts {
        let (x, y) = (of(a), of(b));
        if x != y {
            return Some((what, x, y));
        }
    }
    let (x, y) = (a.claims.len(), b.claims.len());
    if x != y {
        return Some(("number of claims", x.to_string(), y.to_string()));
    }
    let other = a.claims.iter().zip(&b.claims).find(|(x, y)| x != y);
    let (x, y) = other?;
    if x.name != y.name {
        return Some(("claims", x.name.clone(), y.name.clone()));
    }
    let of = |c: &crate::report::ClaimInfo| format!("{} ({})", c.name, c.digest);
    Some(("claims", of(x), of(y)))
}

/// The whole of them: earliest start, seconds of all.
fn joined<'a>(shards: impl Iterator<Item = &'a RunInfo> + Clone, of: &RunInfo) -> RunInfo {
    let sum = |of: fn(&RunInfo) -> usize| shards.clone().map(of).sum::<usize>();
    let started = shards.clone().map(|i| i.started.as_str()).min();
    RunInfo {
        started: started.unwrap_or_default().into(),
        seconds: shards.clone().map(|i| i.seconds).sum(),
        instances: sum(|i| i.instances),
        verdicts: Some(sum(|i| i.verdicts.unwrap_or(0))),
        records: Some(sum(|i| i.records.unwrap_or(0))),
        shard: None,
        ..of.clone()
    }
}

/// "shards 3 and 7 to 9 of 10 are missing".
fn gaps(missing: &[usize], n: usize) -> String {
    let mut ranges: Vec<(usize, usize)> = Vec::new();
    for i in missing {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == *i => *last = *i,
            _ => ranges.push((*i, *i)),
        }
    }
    let each = ranges.iter().map(|(a, b)| match a == b {
        true => a.to_string(),
        false => format!("{a} to {b}"),
    });
    let (word, verb) = match missing.len() {
        1 => ("shard", "is"),
        _ => ("shards", "are"),
    };
    let each = each.collect::<Vec<_>>().join(", ");
    format!("{word} {each} of {n} {verb} missing")
}

fn in_file(error: Error, path: &Path) -> Error {
    error.in_file(path.display().to_string())
}

//! Whether directories are the shards of one run, and what they are together.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use super::lines::{Job, Stream, record, verdict};
use crate::error::{Error, Result};
use crate::files::{Extent, Tally, entries, put};
use crate::report::{ClaimInfo, RunInfo, SubjectInfo, read_info};

/// What differs from shard to shard.
#[derive(Debug, PartialEq)]
struct Part {
    dir: PathBuf,
    started: String,
    seconds: f64,
    instances: usize,
    verdicts: Extent,
    records: Extent,
    subject: Option<SubjectInfo>,
}

impl Part {
    fn new(dir: &Path, info: RunInfo) -> Self {
        Self {
            dir: dir.to_path_buf(),
            started: info.started,
            seconds: info.seconds,
            instances: info.instances,
            verdicts: info.verdicts.unwrap_or_default(),
            records: info.records.unwrap_or_default(),
            subject: info.subject,
        }
    }
}

/// All shards of one run, in order.
#[derive(Debug)]
pub struct Shards {
    parts: Vec<Part>,
    info: RunInfo,
}

impl Shards {
    /// Reads the run.json of each directory, or of the directories in it where it has none; they
    /// may be named in any order.
    ///
    /// # Errors
    /// `out` among them; a directory that is no shard, two that are the same one, shards that are
    /// missing, and what they do not agree in: version, build, profile, seed, α and how it is
    /// shared, claims.
    pub fn read(dirs: &[PathBuf], out: &Path) -> Result<Self> {
        let dirs = spread(dirs, out)?;
        let Some(first) = dirs.first() else {
            return Err(Error::usage("name the directories of all shards of a run"));
        };
        let mut of = read_info(first)?;
        let (_, n) = shard(&of, first)?;
        let mut at: Vec<Option<Part>> = (0..n).map(|_| None).collect();
        for dir in &dirs {
            let info = read_info(dir)?;
            let (i, _) = shard(&info, dir)?;
            if let Some((what, a, b)) = difference(&of, &info) {
                let text = format!(
                    "{} and {} are not of one run: {what} {a} and {b}",
                    first.display(),
                    dir.display()
                );
                return Err(Error::usage(text));
            }
            // What one says that did not say hello is no measure of the others.
            if { of.subject.as_ref() }.is_some_and(|s| !is_declared(s)) {
                of.clone_from(&info);
            }
            if let Some(other) = at[i - 1].replace(Part::new(dir, info)) {
                let text = format!(
                    "{} and {} are both shard {i} of {n}",
                    other.dir.display(),
                    dir.display()
                );
                return Err(Error::usage(text));
            }
        }
        let missing: Vec<usize> = (1..=n).filter(|i| at[i - 1].is_none()).collect();
        if !missing.is_empty() {
            return Err(Error::usage(gaps(&missing, n)));
        }
        let parts: Vec<Part> = at.into_iter().flatten().collect();
        let info = joined(&parts, of);
        Ok(Self { parts, info })
    }

    /// What is said of the whole run.
    pub fn info(&self) -> &RunInfo {
        &self.info
    }

    /// Writes `run.json`, `verdicts.jsonl` and `records.jsonl` of the whole run into `out`: the
    /// lines that one process would have written, in its order. `progress` is called with the
    /// number of jobs joined, now and then.
    ///
    /// # Errors
    /// Lines that are missing, stand twice, or are of no job of the run, a file that is not as its
    /// shard wrote it; the error names file and line.
    pub fn join(&self, out: &Path, progress: &dyn Fn(u64)) -> Result<()> {
        let open = |name: &str, of| -> Result<(Vec<Stream>, Writer)> {
            let each = { self.parts.iter() }.map(|p| Stream::open(&p.dir.join(name), of));
            Ok((
                each.collect::<Result<_>>()?,
                Writer::create(&out.join(name))?,
            ))
        };
        let (mut verdicts, mut to_verdicts) = open("verdicts.jsonl", verdict)?;
        let (mut records, mut to_records) = open("records.jsonl", record)?;
        let mut claims = self.info.claims.clone();
        if self.info.subject.is_some() {
            // Shards of a subject are blocks, and name what was asked for: what was judged is known
            // now.
            let mut judged = BTreeSet::new();
            for stream in &mut verdicts {
                stream.copy_all(&mut judged, |line| to_verdicts.line(line))?;
            }
            claims.retain(|c| judged.contains(&c.name));
        } else {
            for (k, job) in Job::all(&self.info).enumerate() {
                let shard = k % self.parts.len();
                if !verdicts[shard].copy(&job, |line| to_verdicts.line(line))? {
                    return Err(verdicts[shard].lacks(&job));
                }
                records[shard].copy(&job, |line| to_records.line(line))?;
                if k % 1024 == 0 {
                    progress(k as u64);
                }
            }
        }
        for (part, (verdicts, records)) in self.parts.iter().zip(verdicts.iter().zip(&records)) {
            verdicts.check_end(&part.verdicts)?;
            records.check_end(&part.records)?;
            // Somebody may have run the shard again meanwhile.
            if Part::new(&part.dir, read_info(&part.dir)?) != *part {
                let text = format!("{} was changed while it was read", part.dir.display());
                return Err(Error::usage(text));
            }
        }
        let info = RunInfo {
            verdicts: Some(to_verdicts.finish()?),
            records: Some(to_records.finish()?),
            claims,
            ..self.info.clone()
        };
        put(&out.join("run.json"), info.to_json())
    }
}

/// A directory of runs is what stands in it, but for the one that is being filled.
fn spread(dirs: &[PathBuf], out: &Path) -> Result<Vec<PathBuf>> {
    let real = |dir: &Path| dir.canonicalize().ok();
    let is_out = |dir: &Path| real(dir).is_some_and(|dir| Some(dir) == real(out));
    let is_run = |dir: &Path| dir.join("run.json").exists();
    let mut all = Vec::new();
    for dir in dirs {
        if is_out(dir) {
            let text = format!("{} cannot be a shard and the whole", dir.display());
            return Err(Error::usage(text));
        }
        let mut within = Vec::new();
        if dir.is_dir() && !is_run(dir) {
            within = entries(dir)?;
            within.retain(|dir| is_run(dir) && !is_out(dir));
        }
        match within.is_empty() {
            true => all.push(dir.clone()),
            false => all.extend(within),
        }
    }
    Ok(all)
}

/// A file of the whole run.
struct Writer {
    path: PathBuf,
    stream: BufWriter<File>,
    tally: Tally,
}

impl Writer {
    fn create(path: &Path) -> Result<Self> {
        let file = File::create(path).map_err(|e| Error::io(path, &e))?;
        Ok(Self {
            path: path.to_path_buf(),
            stream: BufWriter::with_capacity(1 << 20, file),
            tally: Tally::default(),
        })
    }

    fn line(&mut self, line: &str) -> Result<()> {
        self.tally.lines += 1;
        for bytes in [line.as_bytes(), b"\n"] {
            self.tally.bytes(bytes);
            let written = self.stream.write_all(bytes);
            written.map_err(|e| Error::io(&self.path, &e))?;
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Extent> {
        let flushed = self.stream.flush();
        flushed.map_err(|e| Error::io(&self.path, &e))?;
        Ok(self.tally.extent())
    }
}

fn shard(info: &RunInfo, dir: &Path) -> Result<(usize, usize)> {
    let refuse = |why: &str| Err(Error::usage(format!("{} {why}", dir.display())));
    let Some((i, n)) = info.shard else {
        return refuse("is no shard: its run was made without --shard");
    };
    if !(1 <= i && i <= n && n <= MOST_SHARDS) {
        return refuse(&format!("says that it is shard {i} of {n}"));
    }
    let without = |c: &ClaimInfo| c.families.is_empty() && info.subject.is_none();
    if info.verdicts.is_none() || info.records.is_none() || info.claims.iter().any(without) {
        return refuse("does not say what it holds: make it again with this version");
    }
    Ok((i, n))
}

const MOST_SHARDS: usize = 10_000;

/// What all shards of a run have in common, beside the claims.
fn facts(i: &RunInfo) -> [(&'static str, String); 10] {
    let command = i.subject.as_ref().map_or("", |s| &s.command).into();
    [
        ("version", i.version.clone()),
        ("build", i.build.clone()),
        ("profile", i.profile.clone()),
        ("--times", i.times.to_string()),
        ("seed", i.seed.to_string()),
        ("number of shards", i.shard.map_or(0, |s| s.1).to_string()),
        ("alpha", format!("{:e}", i.alpha)),
        ("statistical checks", i.statistical_checks.to_string()),
        (
            "claims that took the place of built-in ones",
            i.replaced.join(", "),
        ),
        ("command of the subject", command),
    ]
}

/// The first thing in which two shards differ, and how.
fn difference(a: &RunInfo, b: &RunInfo) -> Option<(&'static str, String, String)> {
    let of = |c: &ClaimInfo| format!("{} ({})", c.name, c.digest);
    let other = facts(a).into_iter().zip(facts(b)).find(|(x, y)| x != y);
    if let Some(((what, x), (_, y))) = other {
        return Some((what, x, y));
    }
    // One that did not say hello says nothing of itself.
    let said = |i: &RunInfo| {
        let declared = i.subject.as_ref().filter(|s| is_declared(s))?;
        Some(format!(
            "{} {} in {}",
            declared.name, declared.version, declared.dtype
        ))
    };
    if let (Some(x), Some(y)) = (said(a), said(b))
        && x != y
    {
        return Some(("subject", x, y));
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
    Some(("claims", of(x), of(y)))
}

/// What a subject did in all shards.
fn together(parts: &[Part]) -> Option<SubjectInfo> {
    let all: Vec<&SubjectInfo> = parts.iter().filter_map(|p| p.subject.as_ref()).collect();
    let sum =
        |of: fn(&SubjectInfo) -> usize| all.iter().map(|s| of(s)).fold(0, usize::saturating_add);
    let said = all.iter().find(|s| is_declared(s)).or(all.first())?;
    Some(SubjectInfo {
        cases: sum(|s| s.cases),
        left_out: sum(|s| s.left_out),
        not_posed: sum(|s| s.not_posed),
        waited: all.iter().map(|s| s.waited).sum(),
        given_up: all.iter().find_map(|s| s.given_up.clone()),
        ..(*said).clone()
    })
}

/// It said hello.
fn is_declared(subject: &SubjectInfo) -> bool {
    !(subject.name.is_empty() && subject.version.is_empty())
}

/// The whole of them: earliest start, seconds of all. What it holds is known when it is written.
fn joined(parts: &[Part], of: RunInfo) -> RunInfo {
    let instances = parts.iter().map(|p| p.instances);
    let started = parts.iter().map(|p| p.started.as_str()).min();
    RunInfo {
        started: started.unwrap_or_default().into(),
        seconds: parts.iter().map(|p| p.seconds).sum(),
        instances: instances.fold(0, usize::saturating_add),
        verdicts: None,
        records: None,
        shard: None,
        subject: together(parts),
        ..of
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

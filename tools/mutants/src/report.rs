//! Counts by room, and the missed mutants that nobody has accepted.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde::Deserialize;

use crate::Result;
use crate::list::Mutant;
use crate::outcome::{Outcome, Record};

/// Missed mutants that make no difference worth a test, and why.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accepted {
    #[serde(default)]
    accepted: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    file: String,
    /// Empty for what is in no function.
    #[serde(default)]
    function: String,
    /// Changes as `replace + with -`; all of the function, or of the line, where there are none.
    #[serde(default)]
    mutants: Vec<String>,
    /// The source line that the mutant begins on.
    line: Option<String>,
    /// How many it stands for at most; any number without it.
    count: Option<usize>,
    reason: String,
}

impl Entry {
    fn matches(&self, m: &Mutant) -> bool {
        self.file == m.file
            && self.function == m.function
            && (self.mutants.is_empty() || self.mutants.iter().any(|text| text == m.change()))
            && self.line.as_ref().is_none_or(|line| line.trim() == m.line)
    }
}

impl Accepted {
    /// The entries of a file, none where there is no file.
    pub fn read(path: &Path) -> Result<Self> {
        if !path.exists() {
            return Ok(Self::default());
        }
        let text = fs::read_to_string(path)?;
        let read: Self = toml::from_str(&text).map_err(|e| format!("{}: {e}", path.display()))?;
        if let Some(entry) = read.accepted.iter().find(|e| e.reason.trim().is_empty()) {
            let Entry { file, function, .. } = entry;
            return Err(format!("{}: {file}, {function}: no reason", path.display()).into());
        }
        Ok(read)
    }
}

/// Prints the report; whether every missed mutant is accepted. `of` gives the record that holds for
/// a mutant, if it has been run.
pub fn print<'r>(
    mutants: &[Mutant],
    accepted: &Accepted,
    of: impl Fn(&Mutant) -> Option<&'r Record>,
) -> bool {
    let mut counts: BTreeMap<(&str, Option<Outcome>), usize> = BTreeMap::new();
    for m in mutants {
        let outcome = of(m).map(|r| r.outcome);
        *counts.entry((m.room(), outcome)).or_default() += 1;
        *counts.entry(("all", outcome)).or_default() += 1;
    }
    print!("{:10}", "");
    Outcome::ALL.iter().for_each(|o| print!("{:>11}", o.word()));
    println!("{:>11}", "to run");
    let mut rooms: BTreeSet<&str> = mutants.iter().map(Mutant::room).collect();
    rooms.insert("all");
    for room in rooms {
        print!("{room:10}");
        for outcome in Outcome::ALL.into_iter().map(Some).chain([None]) {
            print!("{:>11}", counts.get(&(room, outcome)).unwrap_or(&0));
        }
        println!();
    }

    let missed: Vec<(&Mutant, &Record)> = mutants
        .iter()
        .filter_map(|m| Some((m, of(m)?)))
        .filter(|(_, r)| r.outcome.is_missed())
        .collect();
    let matched = |e: &Entry| missed.iter().filter(|(m, _)| e.matches(m)).count();
    let (holding, over): (Vec<&Entry>, Vec<&Entry>) = accepted
        .accepted
        .iter()
        .partition(|e| e.count.is_none_or(|count| matched(e) <= count));
    let mut open = 0;
    for (m, record) in &missed {
        if holding.iter().any(|e| e.matches(m)) {
            continue;
        }
        open += 1;
        let why = match record {
            Record {
                outcome: Outcome::Unreached,
                ..
            } if m.is_comparison() => "decides nothing in any test".into(),
            Record {
                outcome: Outcome::Unreached,
                ..
            } => "no test reaches it".into(),
            Record {
                passed, unrun: 0, ..
            } => format!("{passed} tests pass"),
            Record { passed, unrun, .. } => format!("{passed} tests pass, {unrun} not run"),
        };
        println!("{} ({why})", m.name);
    }
    for e in over {
        let (Entry { file, function, .. }, n) = (e, matched(e));
        println!("accepted, but more than counted: {file}, {function}: {n} mutants");
    }
    for e in holding.iter().filter(|e| matched(e) == 0) {
        let here = |m: &&Mutant| m.file == e.file && m.function == e.function;
        if mutants.iter().filter(here).all(|m| of(m).is_some()) {
            let Entry {
                file,
                function,
                mutants,
                ..
            } = e;
            println!(
                "accepted, but not missed: {file}, {function}: {}",
                mutants.join(", ")
            );
        }
    }
    println!("{} missed, {open} of them not accepted", missed.len());
    open == 0
}

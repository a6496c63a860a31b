//! What became of each mutant, one line each as it is known.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::Result;

#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Caught,
    Timeout,
    /// The tests that reach it pass.
    Missed,
    /// No test reaches it, or it decides nothing in any.
    Unreached,
    Uncompiled,
    Uninstrumented,
}

impl Outcome {
    pub const ALL: [Self; 6] = [
        Self::Caught,
        Self::Timeout,
        Self::Missed,
        Self::Unreached,
        Self::Uncompiled,
        Self::Uninstrumented,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Self::Caught => "caught",
            Self::Timeout => "timeout",
            Self::Missed => "missed",
            Self::Unreached => "unreached",
            Self::Uncompiled => "uncompiled",
            Self::Uninstrumented => "not instr.",
        }
    }

    pub fn is_caught(self) -> bool {
        matches!(self, Self::Caught | Self::Timeout)
    }

    pub fn is_missed(self) -> bool {
        matches!(self, Self::Missed | Self::Unreached)
    }
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Record {
    pub id: usize,
    pub name: String,
    pub outcome: Outcome,
    /// The test that caught it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<String>,
    pub seconds: f64,
    /// Tests that passed with it, and those for which there was no time.
    #[serde(default)]
    pub passed: usize,
    #[serde(default)]
    pub unrun: usize,
    /// What was asked for: seconds of tests, and of the longest one.
    #[serde(default)]
    pub budget: f64,
    #[serde(default)]
    pub longest: f64,
    /// Hashes of the whole tree and of the mutated file.
    pub tree: String,
    pub file: String,
}

/// The last record of each mutant, and the file that they are appended to.
pub struct Outcomes {
    pub records: BTreeMap<String, Record>,
    file: File,
}

impl Outcomes {
    pub fn open(path: &Path) -> Result<Self> {
        let mut records = BTreeMap::new();
        let text = if path.exists() {
            fs::read_to_string(path)?
        } else {
            String::new()
        };
        // The last line may be cut where a run was ended.
        for record in text
            .lines()
            .map_while(|l| serde_json::from_str::<Record>(l).ok())
        {
            records.insert(record.name.clone(), record);
        }
        let whole = text.rfind('\n').map_or(0, |i| i + 1);
        if whole < text.len() {
            fs::write(path, &text[..whole])?;
        }
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        Ok(Self { records, file })
    }

    pub fn add(&mut self, record: Record) -> Result<()> {
        let line = serde_json::to_string(&record)? + "\n";
        self.file.write_all(line.as_bytes())?;
        self.records.insert(record.name.clone(), record);
        Ok(())
    }
}

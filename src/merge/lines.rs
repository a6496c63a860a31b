//! The lines of a shard, job after job.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::Path;

use serde::Deserialize;

use crate::claims::SCHEMA;
use crate::error::{Error, Result};
use crate::files::{Extent, Lines};
use crate::report::RunInfo;

/// Bytes of a shard that are held.
const PIECE: usize = 1 << 14;

/// One instance of one claim.
pub(super) struct Job<'a> {
    claim: &'a str,
    kind: &'a str,
    family: usize,
    index: u64,
}

impl<'a> Job<'a> {
    /// Those of a whole run in order: job k is of shard (k mod n) + 1.
    pub(super) fn all(info: &'a RunInfo) -> impl Iterator<Item = Self> {
        info.claims.iter().flat_map(|claim| {
            let families = claim.families.iter().enumerate();
            families.flat_map(move |(family, f)| {
                (0..f.count).map(move |index| Self {
                    claim: &claim.name,
                    kind: &f.kind,
                    family,
                    index,
                })
            })
        })
    }

    /// `kind.family.index`, as in verdicts.
    fn instance(&self) -> String {
        format!("{}.{}.{}", self.kind, self.family, self.index)
    }
}

/// Whose a line is: claim, instance, and what is unique to it.
pub(super) struct Owner<'l> {
    claim: Cow<'l, str>,
    instance: Cow<'l, str>,
    id: Option<Cow<'l, str>>,
}

pub(super) type OwnerOf = fn(&str) -> Result<Owner<'_>>;

/// Of a line of verdicts.jsonl.
pub(super) fn verdict(line: &str) -> Result<Owner<'_>> {
    #[derive(Deserialize)]
    struct Head<'l> {
        schema: u32,
        #[serde(borrow)]
        id: Cow<'l, str>,
        #[serde(borrow)]
        claim: Cow<'l, str>,
        #[serde(borrow)]
        instance: Instance<'l>,
    }
    #[derive(Deserialize)]
    struct Instance<'l> {
        #[serde(borrow)]
        id: Cow<'l, str>,
    }
    let head: Head<'_> = serde_json::from_str(line).map_err(|e| Error::input(e.to_string()))?;
    if head.schema != SCHEMA {
        let text = format!("format version {}, expected {SCHEMA}", head.schema);
        return Err(Error::input(text).in_field("schema"));
    }
    Ok(Owner {
        claim: head.claim,
        instance: head.instance.id,
        id: Some(head.id),
    })
}

/// Of a line of records.jsonl.
pub(super) fn record(line: &str) -> Result<Owner<'_>> {
    #[derive(Deserialize)]
    struct Head<'l> {
        #[serde(borrow)]
        origin: Origin<'l>,
    }
    #[derive(Deserialize)]
    struct Origin<'l> {
        #[serde(borrow)]
        claim: Cow<'l, str>,
        #[serde(borrow)]
        kind: Cow<'l, str>,
        family: usize,
        index: u64,
    }
    let head: Head<'_> = serde_json::from_str(line).map_err(|e| Error::input(e.to_string()))?;
    let o = head.origin;
    Ok(Owner {
        claim: o.claim,
        instance: format!("{}.{}.{}", o.kind, o.family, o.index).into(),
        id: None,
    })
}

/// A file of a shard, and where in it we are.
pub(super) struct Stream {
    lines: Lines,
    owner: OwnerOf,
    /// There is a line that was not taken.
    more: bool,
}

impl Stream {
    pub(super) fn open(path: &Path, owner: OwnerOf) -> Result<Self> {
        let mut lines = Lines::open(path, PIECE)?;
        let more = lines.advance()?;
        Ok(Self { lines, owner, more })
    }

    /// Gives the lines of a job to `put`; false where the next line is of another job.
    pub(super) fn copy(
        &mut self,
        job: &Job<'_>,
        mut put: impl FnMut(&str) -> Result<()>,
    ) -> Result<bool> {
        let instance = job.instance();
        let mut ids: BTreeSet<String> = BTreeSet::new();
        let mut any = false;
        while self.more {
            let line = self.lines.line()?;
            let owner = (self.owner)(line).map_err(|e| self.lines.blame(e))?;
            if owner.claim != job.claim || owner.instance != instance {
                break;
            }
            if let Some(id) = owner.id
                && !ids.insert(id.to_string())
            {
                let text = format!("{id:?} stands there twice");
                return Err(self.lines.blame(Error::input(text)));
            }
            put(line)?;
            any = true;
            self.more = self.lines.advance()?;
        }
        Ok(any)
    }

    /// Gives all lines to `put`, and the names of their claims to `claims`.
    pub(super) fn copy_all(
        &mut self,
        claims: &mut BTreeSet<String>,
        mut put: impl FnMut(&str) -> Result<()>,
    ) -> Result<()> {
        while self.more {
            let line = self.lines.line()?;
            let owner = (self.owner)(line).map_err(|e| self.lines.blame(e))?;
            if !claims.contains(owner.claim.as_ref()) {
                claims.insert(owner.claim.into_owned());
            }
            put(line)?;
            self.more = self.lines.advance()?;
        }
        Ok(())
    }

    /// The job has no line here.
    pub(super) fn lacks(&self, job: &Job<'_>) -> Error {
        let wanted = format!("{}/{}", job.claim, job.instance());
        if !self.more {
            let text = format!("ends before {wanted}, which is of this shard");
            return self.lines.blame(Error::input(text));
        }
        let found = self.lines.line().and_then(self.owner);
        let found = found.map_or(String::new(), |o| format!("{}/{}", o.claim, o.instance));
        let text = format!("expected verdicts of {wanted}, found {found}");
        self.lines.blame(Error::input(text))
    }

    /// After all jobs nothing is left, and what was read is what the shard wrote.
    pub(super) fn check_end(&self, wrote: &Extent) -> Result<()> {
        if !self.more {
            let checked = wrote.check(&self.lines.extent());
            return checked.map_err(|e| self.lines.blame(e));
        }
        let text = "is of no job of this shard, or stands there twice";
        Err(self.lines.blame(Error::input(text)))
    }
}

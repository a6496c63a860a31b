//! What a file of lines holds.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// How many lines a file has, blank ones aside, and the CRC-32 of its bytes: whether it is as it
/// was written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Extent {
    /// Lines that are not blank.
    pub lines: usize,
    /// CRC-32 (ISO-HDLC, as of gzip) of all bytes, eight hexadecimal digits.
    pub crc32: String,
}

impl Extent {
    /// Of a whole text.
    pub fn of(text: &str) -> Self {
        let mut tally = Tally::default();
        tally.bytes(text.as_bytes());
        tally.lines = text.lines().filter(|l| !l.trim_ascii().is_empty()).count();
        tally.extent()
    }

    /// Refuses a file that is not as its run wrote it.
    ///
    /// # Errors
    /// Says in what it differs.
    pub fn check(&self, found: &Self) -> Result<()> {
        let text = match (self.lines == found.lines, self == found) {
            (_, true) => return Ok(()),
            (false, _) => format!(
                "holds {} lines, and run.json counts {}",
                found.lines, self.lines
            ),
            (true, _) => format!(
                "is not as its run wrote it: its CRC-32 is {}, and run.json says {}",
                found.crc32, self.crc32
            ),
        };
        Err(Error::input(text))
    }
}

/// An extent that grows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    /// So far.
    pub(crate) lines: usize,
    sum: crc32fast::Hasher,
}

impl Tally {
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.sum.update(bytes);
    }

    pub(crate) fn extent(&self) -> Extent {
        Extent {
            lines: self.lines,
            crc32: format!("{:08x}", self.sum.clone().finalize()),
        }
    }
}

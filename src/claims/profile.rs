//! How many instances are drawn.

use crate::error::{Error, Result};

/// How many instances of a family a profile draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// `cargo test`.
    Test,
    /// Every CI run.
    Quick,
    /// Nightly.
    Full,
}

impl Profile {
    /// All profiles with their names.
    pub const NAMES: [(&'static str, Self); 3] = [
        ("test", Self::Test),
        ("quick", Self::Quick),
        ("full", Self::Full),
    ];

    /// The name in files and on the command line.
    pub fn name(self) -> &'static str {
        Self::NAMES
            .iter()
            .find(|(_, p)| *p == self)
            .map_or("", |(n, _)| n)
    }

    /// The profile of a name.
    ///
    /// # Errors
    /// An unknown name; the error lists those there are.
    pub fn from_name(name: &str) -> Result<Self> {
        Self::NAMES
            .iter()
            .find(|(n, _)| *n == name)
            .map(|(_, p)| *p)
            .ok_or_else(|| {
                Error::usage(format!(
                    "unknown profile {name:?}; one of test, quick, full"
                ))
            })
    }
}

//! How an instance is named in verdicts and records.

use std::fmt;

/// How the verdicts of an instance are named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Kind of instance by name.
    pub kind: String,
    /// Which family of the claim.
    pub family: usize,
    /// Which instance of the family.
    pub index: usize,
    /// Record the figures of this instance.
    pub plot: bool,
    /// Draws given up, because what is exact alone left a check undecided on them.
    pub redrawn: usize,
}

impl Label {
    /// A name for an instance from elsewhere.
    pub fn named(kind: impl Into<String>) -> Self {
        Self {
            kind: kind.into(),
            family: 0,
            index: 0,
            plot: false,
            redrawn: 0,
        }
    }

    /// The label of an instance id, as it stands in a verdict.
    pub fn parse(id: &str) -> Option<Self> {
        let mut parts = id.rsplitn(3, '.');
        let (index, family) = (parts.next()?, parts.next()?);
        Some(Self {
            kind: parts.next()?.into(),
            family: family.parse().ok()?,
            index: index.parse().ok()?,
            plot: false,
            redrawn: 0,
        })
    }
}

/// The instance id, unique within a claim: kind, family, index.
impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.kind, self.family, self.index)
    }
}

//! What other commands know of the claims of a run, shown beside it where it is at hand.
//!
//! Owns plain views: whoever measures power or compares with a baseline fills them in. Must not
//! know how either is done. Where a view is absent the page says so, and names the command.

use crate::baseline::Standing;

/// Optional parts of a page.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Extras {
    /// What planted faults the claims catch (`ratecert power`).
    pub power: Option<PowerView>,
    /// What changed against recorded rates (`ratecert baseline check`).
    pub drift: Option<DriftView>,
}

/// Planted faults: caught of those tried.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PowerView {
    /// Faults that some claim catches.
    pub caught: usize,
    /// Faults that were planted.
    pub tried: usize,
    /// Claim by claim.
    pub claims: Vec<Caught>,
}

/// Planted faults as one claim sees them.
#[derive(Clone, Debug, PartialEq)]
pub struct Caught {
    /// Claim by name.
    pub claim: String,
    /// Faults it catches, by name.
    pub caught: Vec<String>,
    /// Faults it was tried on, by name.
    pub tried: Vec<String>,
}

/// A run against its baseline.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DriftView {
    /// What it was compared with, for the reader: a file, a version, a commit.
    pub baseline: String,
    /// Claims that were compared.
    pub claims: usize,
    /// The result in a line.
    pub headline: String,
    /// Quantities compared, in any order: the page shows the worst first.
    pub rows: Vec<DriftRow>,
}

/// One quantity of one claim.
#[derive(Clone, Debug, PartialEq)]
pub struct DriftRow {
    /// Claim by name.
    pub claim: String,
    /// What is compared, in words: "decided share", "median slack, sharp".
    pub quantity: String,
    /// Its recorded value; none where it is new.
    pub baseline: Option<f64>,
    /// Its value in this run; none where it is gone.
    pub now: Option<f64>,
    /// Where it may lie; none where it is new, or only one value was recorded.
    pub interval: Option<[f64; 2]>,
    /// How the three numbers are written.
    pub scale: Scale,
    /// What became of it.
    pub verdict: Standing,
}

/// How a quantity is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    /// As a number.
    #[default]
    Number,
    /// In [0, 1], as a percentage.
    Share,
    /// As a factor, ×3.2.
    Factor,
}

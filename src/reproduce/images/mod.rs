//! Labelled images: what ships with the crate, what a user has, and what is made up.
//!
//! Owns the formats and their bounds. Must not know what is done with the images.

mod idx;
mod sources;

pub(super) use sources::Source;

/// Images as rows of numbers in [0, 1] with their labels.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Images {
    /// Row after row.
    pub(super) pixels: Vec<f64>,
    /// Pixels of an image.
    pub(super) width: usize,
    /// One label an image, below `classes`.
    pub(super) labels: Vec<usize>,
    /// Number of classes.
    pub(super) classes: usize,
}

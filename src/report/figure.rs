//! A drawn figure: plain data between drawing and the pages that show it.

/// A figure with what is written around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// File stem: lower-case letters, digits and dashes, unique among the figures of a run.
    pub name: String,
    /// Title, as in the figure.
    pub title: String,
    /// What is seen, in words.
    pub caption: String,
    /// The SVG document.
    pub svg: String,
}

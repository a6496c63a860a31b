//! A drawn figure: plain data between drawing and the pages that show it.

/// A figure with what is written around it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figure {
    /// File stem: lower-case letters, digits and dashes, unique among the figures of a run.
    pub name: String,
    /// Title, as in the figure.
    pub title: String,
    /// What to conclude, in a sentence with the numbers of the run.
    pub finding: String,
    /// How to read it.
    pub caption: String,
    /// The SVG document.
    pub svg: String,
    /// The same drawn for small screens; none where the one drawing serves both.
    pub narrow: Option<String>,
    /// The claims whose records are drawn, in the order they occur: they say beside which theorem a
    /// page shows the figure.
    pub claims: Vec<String>,
    /// What is drawn, as CSV with a header; empty where nothing was recorded.
    pub data: String,
}

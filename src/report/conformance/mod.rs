//! What an implementation in another process gets right, over one run or several: as a table of
//! methods × families × checks, on a terminal and as Markdown.
//!
//! Must not know files or mathematics.

mod grid;
mod markdown;
mod text;

pub use grid::{Grid, badge};
pub(super) use grid::{Row, cell, compared, facts, headline, maps, of_map};
pub use markdown::conformance_markdown;
pub use text::conformance_text;

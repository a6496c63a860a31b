//! Verdicts → text, Markdown, JSON, JUnit, HTML and SVG.
//!
//! Owns how a run looks and the files of its directory. Recomputes nothing and knows no
//! mathematics: what is shown was measured and judged above. Reads no clock, so that the same run
//! gives the same bytes.
#![forbid(unsafe_code)]

mod conformance;
mod drift;
mod facts;
mod figure;
#[cfg(feature = "plots")]
pub mod figures;
mod find;
mod folder;
mod format;
mod gather;
mod json;
mod junit;
mod lines;
mod markdown;
mod names;
mod order;
mod page;
mod panel;
mod replay;
mod run;
mod schema;
mod tally;
mod text;

pub use conformance::{Grid, badge, conformance_markdown, conformance_text};
pub use drift::{drift_changelog, drift_headline, drift_text, drift_view};
pub use figure::Figure;
pub use find::{Found, find};
pub use folder::{draw, redraw, redraw_with, run_tenant, write, write_with};
pub(crate) use format::{visible, wrapped};
pub use gather::{ClaimCount, Counted};
pub use json::json;
pub use junit::junit;
pub use lines::{parse_records, parse_verdicts, record_lines, verdict_lines};
pub use markdown::markdown;
pub use page::{
    Caught, DriftRow, DriftView, Extras, PowerView, Scale, conformance_html, html, html_with,
};
pub use panel::{Line, Panel, Trace};
pub use replay::command as replay_command;
pub use run::{ClaimInfo, FamilyInfo, LATEST, RUN_SCHEMA, Run, RunInfo, SubjectInfo, read_info};
pub use schema::result_schemas;
pub use tally::{Summary, Tally};
pub use text::{Shown, text};

#[cfg(test)]
mod tests;

//! Records → figures, as SVG.
//!
//! Owns what is drawn of a run. Must not know where figures go, nor how a record was computed.
//! Deterministic: the same records give the same bytes.

mod all;
mod axis;
mod bilevel;
mod bounds;
mod canvas;
mod csv;
mod detection;
mod experiment;
mod frame;
mod graph;
mod integrals;
mod kinks;
mod labels;
mod moduli;
mod moments;
mod name;
mod palette;
mod plateaus;
mod race;
mod rates;
mod replicates;
mod rows;
mod sets;
mod sheet;
mod shown;
mod slack;
mod stochastic;
mod strip;
mod violation;

pub use super::figure::Figure;
pub use all::draw;
pub use detection::{Detection, figure as detection};
pub use experiment::figure as experiment;
pub use violation::{spread, violation};

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_findings;
#[cfg(test)]
mod tests_samples;

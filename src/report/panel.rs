//! Panels of an experiment: plain data between what computes them and the figure.

use serde::Serialize;

/// What kind of line a series is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Line {
    /// Something measured, with its spread.
    Measured,
    /// A bound, or a predicted rate.
    Predicted,
}

/// One method of a panel.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Trace {
    /// Its name.
    pub label: String,
    /// Measured or predicted.
    pub line: Line,
    /// Steps or epochs.
    pub x: Vec<f64>,
    /// Medians over seeds.
    pub median: Vec<f64>,
    /// Smallest and largest values over seeds; empty where there is one only.
    pub spread: Vec<[f64; 2]>,
}

/// Errors against steps.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Panel {
    /// What distinguishes it.
    pub title: String,
    /// Title of the horizontal axis.
    pub x_title: String,
    /// Title of the vertical axis.
    pub y_title: String,
    /// The horizontal axis is logarithmic.
    pub log_x: bool,
    /// The methods.
    pub traces: Vec<Trace>,
    /// Where something happens on the horizontal axis, smallest to largest over seeds.
    pub mark: Option<(String, [f64; 2])>,
}

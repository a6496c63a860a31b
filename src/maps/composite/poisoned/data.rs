//! The rows with their labels: what is refused of them, and how they stand in files.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::linalg::Matrix;
use crate::linalg::rows::{Aligned, Rows};
use crate::numerals::numbers;

/// Most classes: d = p·c follows from this number alone, which a file may give.
const MOST_CLASSES: usize = 1000;

/// The rows with their labels.
#[derive(Debug, PartialEq)]
pub(super) struct Labelled {
    /// n×p, row after row.
    pub(super) x: Aligned,
    pub(super) width: usize,
    pub(super) labels: Vec<usize>,
    pub(super) classes: usize,
    /// The corrupted rows: row `corrupted[s]` carries row s of Γ.
    pub(super) corrupted: Vec<usize>,
    /// The inverse of that.
    pub(super) slot: Vec<u32>,
    /// 0..n.
    pub(super) all: Vec<usize>,
}

/// A poisoned regression as it stands in files.
#[derive(Serialize, Deserialize)]
pub(super) struct Form {
    #[serde(rename = "X", with = "numbers")]
    x: Matrix,
    labels: Vec<usize>,
    classes: usize,
    corrupted: Vec<usize>,
    #[serde(with = "numbers")]
    step: f64,
    #[serde(with = "numbers")]
    ridge: f64,
}

impl Form {
    /// The rows, η and ρ.
    pub(super) fn parts(self) -> Result<(Labelled, [f64; 2])> {
        let n = self.x.nrows();
        if self.labels.len() != n {
            let text = format!("expected {n} labels, got {}", self.labels.len());
            return Err(Error::input(text).in_field("labels"));
        }
        let x = self.x.transpose();
        let rows = Labelled::new(x.as_slice(), self.labels, self.classes, self.corrupted)?;
        Ok((rows, [self.step, self.ridge]))
    }

    pub(super) fn of(rows: &Labelled, [step, ridge]: [f64; 2]) -> Self {
        Self {
            x: Matrix::from_row_slice(rows.labels.len(), rows.width, &rows.x),
            labels: rows.labels.clone(),
            classes: rows.classes,
            corrupted: rows.corrupted.clone(),
            step,
            ridge,
        }
    }
}

impl Labelled {
    /// See [`super::Poisoned::new`].
    pub(super) fn new(
        x: &[f64],
        labels: Vec<usize>,
        classes: usize,
        corrupted: Vec<usize>,
    ) -> Result<Self> {
        let n = labels.len();
        let width = x.len() / n.max(1);
        if width == 0 || n * width != x.len() {
            let text = format!("expected {n} rows of equal length, got {} numbers", x.len());
            return Err(Error::input(text).in_field("X"));
        }
        if let Some(k) = x.iter().position(|v| !v.is_finite()) {
            let at = format!("[{}][{}]", k / width, k % width);
            return Err(Error::input("not finite").in_field(at).in_field("X"));
        }
        if !(2..=MOST_CLASSES).contains(&classes) {
            let text = format!("must be between 2 and {MOST_CLASSES}, got {classes}");
            return Err(Error::input(text).in_field("classes"));
        }
        if let Some(i) = labels.iter().position(|y| *y >= classes) {
            let text = format!("must be below {classes}, got {}", labels[i]);
            return Err(Error::input(text).in_field(format!("labels[{i}]")));
        }
        let mut slot = vec![Rows::NONE; n];
        for (s, i) in corrupted.iter().enumerate() {
            let fault = match slot.get_mut(*i) {
                None => format!("there are {n} rows, got row {i}"),
                Some(taken) if *taken != Rows::NONE => format!("row {i} stands there twice"),
                Some(own) => {
                    *own = s as u32;
                    continue;
                }
            };
            return Err(Error::input(fault).in_field(format!("corrupted[{s}]")));
        }
        Ok(Self {
            x: Aligned::copy_of(x),
            width,
            all: (0..n).collect(),
            labels,
            classes,
            corrupted,
            slot,
        })
    }
}

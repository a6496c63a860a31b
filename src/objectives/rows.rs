//! Which rows a mean is over, and what is refused of them.

use crate::error::{Error, Result};
use crate::linalg::Matrix;
use crate::tol::{OBJECTIVE_LEAST, OBJECTIVE_MOST};

/// The rows that a mean is over.
#[derive(Clone, Copy, Debug)]
pub enum Rows<'r> {
    /// Each once.
    All,
    /// A minibatch; repeats count as often as they occur.
    Of(&'r [usize]),
}

impl Rows<'_> {
    /// How many, of n.
    pub(super) fn count(self, n: usize) -> usize {
        match self {
            Self::All => n,
            Self::Of(list) => list.len(),
        }
    }

    /// Which, of n.
    pub(super) fn indices(self, n: usize) -> impl Iterator<Item = usize> {
        let (list, all) = match self {
            Self::All => (&[][..], n),
            Self::Of(list) => (list, 0),
        };
        (0..all).chain(list.iter().copied())
    }
}

/// The number of rows of a matrix of data, which must have `n` of them (any number but none), with
/// `columns` numbers each of a size that can be squared.
pub(super) fn check_size(
    name: &str,
    m: &Matrix,
    n: Option<usize>,
    columns: usize,
) -> Result<usize> {
    let (rows, got) = m.shape();
    let wanted = n.map_or(rows > 0, |n| rows == n);
    if !wanted || got != columns {
        let n = n.map_or("at least one row".into(), |n| format!("{n} rows"));
        let text = format!("expected {n} of {columns} numbers, got {rows}×{got}");
        return Err(Error::input(text).in_field(format!("objective.{name}")));
    }
    let bad = |v: &f64| !(v.abs() <= OBJECTIVE_MOST);
    if let Some(k) = m.iter().position(bad) {
        let (i, j) = (k % rows, k / rows);
        let entry = match name {
            "y" => format!("y[{i}]"),
            _ => format!("{name}[{i}][{j}]"),
        };
        let text = format!("must be a number of at most {OBJECTIVE_MOST:e}");
        return Err(Error::input(text).in_field(format!("objective.{entry}")));
    }
    let most = m.amax();
    if most > 0.0 && most < OBJECTIVE_LEAST {
        let text = format!("has no entry above {OBJECTIVE_LEAST:e}: scale it");
        return Err(Error::input(text).in_field(format!("objective.{name}")));
    }
    Ok(rows)
}

/// Refuses a ridge that is no weight.
pub(super) fn check_ridge(ridge: f64) -> Result<()> {
    if ridge >= 0.0 && ridge.is_finite() {
        return Ok(());
    }
    let text = format!("must be nonnegative and finite, got {ridge}");
    Err(Error::input(text).in_field("objective.ridge"))
}

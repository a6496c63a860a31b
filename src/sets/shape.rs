//! Refusals of matrices that do not fit, with the field that is wrong.

use std::ops::Range;

use nalgebra::DMatrix;

use crate::error::{Error, Result};

/// An error when two shapes differ.
pub(super) fn same_shape(
    what: &str,
    found: (usize, usize),
    expected: (usize, usize),
) -> Result<()> {
    if found == expected {
        return Ok(());
    }
    Err(Error::input(format!(
        "{what} must be {} x {}, got {} x {}",
        expected.0, expected.1, found.0, found.1
    ))
    .in_field("shape"))
}

/// An error when an entry is not finite.
pub(super) fn finite(m: &DMatrix<f64>) -> Result<()> {
    if m.iter().all(|v| v.is_finite()) {
        return Ok(());
    }
    Err(Error::input("every entry must be finite").in_field("matrix"))
}

/// `y` as a column, checked.
pub(super) fn cotangent_column(y: &[f64], rows: usize) -> Result<DMatrix<f64>> {
    same_shape("the cotangent", (y.len(), 1), (rows, 1)).map_err(|e| e.in_field("cotangent"))?;
    let y = DMatrix::from_column_slice(y.len(), 1, y);
    finite(&y).map_err(|e| e.in_field("cotangent"))?;
    Ok(y)
}

/// An error when a block is not inside `shape`.
pub(super) fn block_range(
    rows: &Range<usize>,
    cols: &Range<usize>,
    shape: (usize, usize),
) -> Result<()> {
    if rows.start <= rows.end
        && rows.end <= shape.0
        && cols.start <= cols.end
        && cols.end <= shape.1
    {
        return Ok(());
    }
    Err(Error::input(format!(
        "rows {rows:?} and columns {cols:?} do not lie within {} x {}",
        shape.0, shape.1
    ))
    .in_field("block"))
}

//! Refusals of data with wrong shapes or entries, naming the field.

use std::ops::Range;

use crate::error::{Error, Result};
use crate::linalg::{Matrix, Vector};

/// Refuses groups that are not consecutive, not empty and not all of 0..d, and weights that are not
/// positive.
pub(super) fn consecutive(groups: &[Range<usize>], weights: &[f64], d: usize) -> Result<()> {
    let mut end = 0;
    for g in groups {
        if g.start != end || g.end <= g.start {
            return Err(Error::input("groups must be consecutive and not empty").in_field("sizes"));
        }
        end = g.end;
    }
    if end != d {
        return Err(Error::input(format!("must have length {d}, has {end}")).in_field("sizes"));
    }
    if weights.len() != groups.len() || !weights.iter().all(|v| *v > 0.0 && v.is_finite()) {
        return Err(Error::input("one positive weight per group").in_field("weights"));
    }
    Ok(())
}

/// A (d×d), B (d×m) and c (d) of Aw + Bλ + c.
pub(super) fn affine(a: &Matrix, b: &Matrix, c: &Vector) -> Result<()> {
    let d = c.nrows();
    shape("c", d, 1, None, None)?;
    shape("A", a.nrows(), a.ncols(), Some(d), Some(d))?;
    shape("B", b.nrows(), b.ncols(), Some(d), None)?;
    finite("A", a.as_slice(), d)?;
    finite("B", b.as_slice(), d)?;
    finite_vector("c", c.as_slice())
}

/// X, y and η of a regression.
pub(super) fn regression(x: &Matrix, y: &Vector, step: f64) -> Result<()> {
    shape("y", y.nrows(), 1, None, None)?;
    shape("X", x.nrows(), x.ncols(), Some(y.nrows()), None)?;
    finite("X", x.as_slice(), x.nrows())?;
    finite_vector("y", y.as_slice())?;
    if !(step.is_finite() && step > 0.0) {
        return Err(
            Error::input(format!("must be positive and finite, got {step}")).in_field("step"),
        );
    }
    Ok(())
}

/// Refuses a shape that is not the wanted one; a side that is not given must be at least 1.
pub(super) fn shape(
    field: &str,
    rows: usize,
    cols: usize,
    want_rows: Option<usize>,
    want_cols: Option<usize>,
) -> Result<()> {
    let fits = |got: usize, want: Option<usize>| want.map_or(got > 0, |w| got == w);
    if fits(rows, want_rows) && fits(cols, want_cols) {
        return Ok(());
    }
    let say = |w: Option<usize>| w.map_or("≥1".to_string(), |w| w.to_string());
    Err(Error::input(format!(
        "expected {}×{} numbers, got {rows}×{cols}",
        say(want_rows),
        say(want_cols)
    ))
    .in_field(field))
}

/// The same of a vector.
pub(super) fn finite_vector(field: &str, entries: &[f64]) -> Result<()> {
    match entries.iter().position(|v| !v.is_finite()) {
        None => Ok(()),
        Some(i) => {
            let text = format!("must be finite, got {}", entries[i]);
            Err(Error::input(text).in_field(format!("{field}[{i}]")))
        }
    }
}

/// Refuses a lower bound that is not below its upper one, in files `lo` and `hi`.
pub(super) fn below(lo: &[f64], hi: &[f64], names: [&str; 2]) -> Result<()> {
    for (i, (l, h)) in lo.iter().zip(hi).enumerate() {
        if l.is_nan() {
            return Err(Error::input("must be a number").in_field(format!("{}[{i}]", names[0])));
        }
        if !(l < h) {
            let text = format!("must be above {}, got [{l}, {h}]", names[0]);
            return Err(Error::input(text).in_field(format!("{}[{i}]", names[1])));
        }
    }
    Ok(())
}

/// Refuses entries that are not finite; `entries` in column-major order with `rows` rows.
pub(super) fn finite(field: &str, entries: &[f64], rows: usize) -> Result<()> {
    match entries.iter().position(|v| !v.is_finite()) {
        None => Ok(()),
        Some(k) => Err(Error::input(format!("must be finite, got {}", entries[k]))
            .in_field(format!("{field}[{}][{}]", k % rows, k / rows))),
    }
}

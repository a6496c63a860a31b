//! Floats, rows and matrices as they stand in messages.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::{Error, Result};
use crate::linalg::{Matrix, Vector};
use crate::numerals::numbers;
use crate::numerals::schema::Float;

/// A float in messages: a shortest decimal that round-trips, or one of the strings "NaN",
/// "Infinity", "-Infinity". The field is the number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Number(pub f64);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, s: S) -> std::result::Result<S::Ok, S::Error> {
        numbers::serialize(&self.0, s)
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(d: D) -> std::result::Result<Self, D::Error> {
        numbers::deserialize(d).map(Self)
    }
}

impl JsonSchema for Number {
    fn schema_name() -> Cow<'static, str> {
        Float::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Float::json_schema(generator)
    }
}

/// A vector, as a list of numbers.
pub type Row = Vec<Number>;

/// A matrix as a list of its rows.
pub type Rows = Vec<Row>;

pub(crate) fn row(v: &[f64]) -> Row {
    v.iter().map(|x| Number(*x)).collect()
}

pub(super) fn floats(row: &[Number]) -> Vec<f64> {
    row.iter().map(|x| x.0).collect()
}

pub(super) fn vector(row: &[Number]) -> Vector {
    Vector::from_vec(floats(row))
}

pub(super) fn rows(m: &Matrix) -> Rows {
    let of = |r: usize| m.row(r).iter().map(|x| Number(*x)).collect();
    (0..m.nrows()).map(of).collect()
}

/// A matrix with rows of equal length.
pub(super) fn matrix(field: &str, rows: &[Row]) -> Result<Matrix> {
    let columns = rows.first().map_or(0, Vec::len);
    if let Some(i) = rows.iter().position(|r| r.len() != columns) {
        let text = format!(
            "expected {columns} numbers as in the first row, got {}",
            rows[i].len()
        );
        return Err(Error::input(text).in_field(format!("{field}[{i}]")));
    }
    let entries: Vec<f64> = rows.iter().flatten().map(|x| x.0).collect();
    Ok(Matrix::from_row_slice(rows.len(), columns, &entries))
}

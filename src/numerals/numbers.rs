//! Floats, vectors, matrices, and lists and options of them (serde `with`).

use std::fmt;

use serde::de::{DeserializeSeed, Error as _, SeqAccess, Visitor};
use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::linalg::{Matrix, Vector};

/// What has a form in files.
pub trait Numbers: Sized {
    /// Writes it.
    fn write<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error>;
    /// Reads it.
    fn read<'de, D: Deserializer<'de>>(d: D) -> Result<Self, D::Error>;
}

/// Writes numbers.
///
/// # Errors
/// Those of the serializer.
pub fn serialize<T: Numbers, S: Serializer>(x: &T, s: S) -> Result<S::Ok, S::Error> {
    x.write(s)
}

/// Reads numbers.
///
/// # Errors
/// What are no such numbers.
pub fn deserialize<'de, T: Numbers, D: Deserializer<'de>>(d: D) -> Result<T, D::Error> {
    T::read(d)
}

/// Numbers as a JSON value.
pub fn value<T: Numbers>(x: &T) -> Value {
    serde_json::to_value(Form(x)).unwrap_or(Value::Null)
}

/// A finite float as a number, NaN and infinities as the strings of the protocol.
pub fn number(x: f64) -> Value {
    value(&x)
}

/// Borrowed numbers in their form.
struct Form<'a, T>(&'a T);

impl<T: Numbers> Serialize for Form<'_, T> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        self.0.write(s)
    }
}

/// Numbers read from their form.
struct Read<T>(T);

impl<'de, T: Numbers> Deserialize<'de> for Read<T> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        T::read(d).map(Self)
    }
}

impl Numbers for f64 {
    fn write<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        if self.is_nan() {
            s.serialize_str("NaN")
        } else if self.is_infinite() {
            s.serialize_str(if *self > 0.0 { "Infinity" } else { "-Infinity" })
        } else {
            s.serialize_f64(*self)
        }
    }

    fn read<'de, D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Float;
        impl Visitor<'_> for Float {
            type Value = f64;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number")
            }
            fn visit_f64<E>(self, x: f64) -> Result<f64, E> {
                Ok(x)
            }
            fn visit_u64<E>(self, x: u64) -> Result<f64, E> {
                Ok(x as f64)
            }
            fn visit_i64<E>(self, x: i64) -> Result<f64, E> {
                Ok(x as f64)
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<f64, E> {
                match text {
                    "NaN" => Ok(f64::NAN),
                    "Infinity" => Ok(f64::INFINITY),
                    "-Infinity" => Ok(f64::NEG_INFINITY),
                    _ => Err(E::custom(format!("expected a number, got {text:?}"))),
                }
            }
        }
        d.deserialize_any(Float)
    }
}

impl<T: Numbers> Numbers for Vec<T> {
    fn write<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_seq(self.iter().map(Form))
    }

    fn read<'de, D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let items = Vec::<Read<T>>::deserialize(d)?;
        Ok(items.into_iter().map(|item| item.0).collect())
    }
}

impl<T: Numbers> Numbers for Option<T> {
    fn write<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        self.as_ref().map(Form).serialize(s)
    }

    fn read<'de, D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Ok(Option::<Read<T>>::deserialize(d)?.map(|item| item.0))
    }
}

impl Numbers for Vector {
    fn write<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_seq(self.iter().map(Form))
    }

    fn read<'de, D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Vec::read(d).map(Self::from_vec)
    }
}

impl Numbers for Matrix {
    fn write<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let mut rows = s.serialize_seq(Some(self.nrows()))?;
        for i in 0..self.nrows() {
            rows.serialize_element(&Form(&self.row(i).iter().copied().collect::<Vec<f64>>()))?;
        }
        rows.end()
    }

    fn read<'de, D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let (entries, columns) = by_rows(d)?;
        let rows = entries.len().checked_div(columns).unwrap_or(0);
        Ok(Self::from_row_slice(rows, columns, &entries))
    }
}

/// The entries of a list of rows, row by row, and how many each row has.
pub fn by_rows<'de, D: Deserializer<'de>>(d: D) -> Result<(Vec<f64>, usize), D::Error> {
    struct Rows;
    impl<'de> Visitor<'de> for Rows {
        type Value = (Vec<f64>, usize);
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list of rows")
        }
        fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<Self::Value, A::Error> {
            let (mut entries, mut columns) = (Vec::new(), None);
            while let Some(row) = rows.next_element_seed(Row(columns))? {
                columns = Some(row.len());
                entries.extend(row);
            }
            Ok((entries, columns.unwrap_or(0)))
        }
    }
    d.deserialize_seq(Rows)
}

/// A row as long as the first one.
struct Row(Option<usize>);

impl<'de> DeserializeSeed<'de> for Row {
    type Value = Vec<f64>;

    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<Vec<f64>, D::Error> {
        let row = Vec::<f64>::read(d)?;
        match self.0 {
            Some(columns) if columns != row.len() => Err(D::Error::custom(format!(
                "expected {columns} numbers as in the first row, got {}",
                row.len()
            ))),
            _ => Ok(row),
        }
    }
}

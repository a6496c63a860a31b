//! A list of floats (serde `with`).

use serde::{Deserialize, Deserializer, Serializer};
use serde_json::Value;

use super::float::{number, read};

/// Writes them.
///
/// # Errors
/// Those of the serializer.
pub fn serialize<S: Serializer>(x: &[f64], s: S) -> Result<S::Ok, S::Error> {
    s.collect_seq(x.iter().map(|v| number(*v)))
}

/// Reads them.
///
/// # Errors
/// What is no list of numbers.
pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<f64>, D::Error> {
    let values = Vec::<Value>::deserialize(d)?;
    let one = |v: &Value| {
        read(v).ok_or_else(|| serde::de::Error::custom(format!("expected a number, got {v}")))
    };
    values.iter().map(one).collect()
}

//! One float (serde `with`).

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// A finite float as a number, NaN and infinities as the strings of the protocol.
pub fn number(x: f64) -> Value {
    if x.is_nan() {
        "NaN".into()
    } else if x.is_infinite() {
        if x > 0.0 { "Infinity" } else { "-Infinity" }.into()
    } else {
        x.into()
    }
}

/// The float of such a value.
pub fn read(value: &Value) -> Option<f64> {
    match value.as_str() {
        None => value.as_f64(),
        Some("NaN") => Some(f64::NAN),
        Some("Infinity") => Some(f64::INFINITY),
        Some("-Infinity") => Some(f64::NEG_INFINITY),
        Some(_) => None,
    }
}

/// Writes it.
///
/// # Errors
/// Those of the serializer.
pub fn serialize<S: Serializer>(x: &f64, s: S) -> Result<S::Ok, S::Error> {
    number(*x).serialize(s)
}

/// Reads it.
///
/// # Errors
/// What is no number.
pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<f64, D::Error> {
    let value = Value::deserialize(d)?;
    read(&value).ok_or_else(|| serde::de::Error::custom(format!("expected a number, got {value}")))
}

//! Where in a JSON text an error lies, as a field path and a line.
//!
//! Owns how serde's errors become ours. Must not know what the text describes.

use std::collections::BTreeMap;

use serde::Deserializer;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;
use serde_path_to_error::{Path, Segment};

use crate::error::{Error, Result};
use crate::tol::{MOST_VALUES, VALUES_OF_OBJECT};

/// Reads a JSON text. In an error, the field is named; the line too if the text has several (of a
/// single line, only the caller knows its number).
///
/// # Errors
/// Malformed JSON; a missing, unknown or mistyped field; more values than are held.
pub(crate) fn located<T: DeserializeOwned>(text: &str) -> Result<T> {
    bounded(text)?;
    let mut json = serde_json::Deserializer::from_str(text);
    let read = serde_path_to_error::deserialize(&mut json).map_err(|e| {
        let path = dotted(e.path());
        (e.into_inner(), path)
    });
    let read = read.and_then(|value| match json.end() {
        Ok(()) => Ok(value),
        Err(e) => Err((e, String::new())),
    });
    read.map_err(|(e, path)| {
        let full = e.to_string();
        let at = full.rfind(" at line ").unwrap_or(full.len());
        let error = named(&full[..at], &path);
        if text.trim_end().contains('\n') {
            error.at_line(e.line().max(1))
        } else {
            error
        }
    })
}

/// Reads a JSON object as a whole, then what it says: an error of `read` that names a field gets
/// the line on which that field stands.
///
/// # Errors
/// Malformed JSON, more values than are held, and those of `read`.
pub(crate) fn parsed<T>(text: &str, read: impl FnOnce(Value) -> Result<T>) -> Result<T> {
    bounded(text)?;
    let value: Value = serde_json::from_str(text)
        .map_err(|e| Error::input(format!("not valid JSON: {e}")).at_line(e.line()))?;
    if !value.is_object() {
        return Err(Error::input("expected a JSON object"));
    }
    read(value).map_err(|e| match e.field().and_then(|f| line_of(text, f)) {
        Some(line) => e.at_line(line),
        None => e,
    })
}

/// Refuses a text of more values than are held.
fn bounded(text: &str) -> Result<()> {
    // No byte counts for more.
    if text.len() <= MOST_VALUES / VALUES_OF_OBJECT {
        return Ok(());
    }
    let values = text.bytes().map(|b| match b {
        b',' | b'[' => 1,
        b'{' => VALUES_OF_OBJECT,
        _ => 0,
    });
    let values: usize = values.sum();
    if values <= MOST_VALUES {
        return Ok(());
    }
    let text =
        format!("holds about as much as {values} values, and at most {MOST_VALUES} are read");
    Err(Error::input(text))
}

/// Reads from any deserializer; an error names the field.
///
/// # Errors
/// A missing or mistyped field.
pub(crate) fn read<'de, T, D>(from: D) -> Result<T>
where
    T: serde::Deserialize<'de>,
    D: Deserializer<'de>,
{
    serde_path_to_error::deserialize(from)
        .map_err(|e| named(&e.inner().to_string(), &dotted(e.path())))
}

/// Our error for what serde says of the value at `path`.
pub(crate) fn named(message: &str, path: &str) -> Error {
    let quoted = |prefix: &str| message.strip_prefix(prefix)?.split_once('`');
    let mut error = match (quoted("missing field `"), quoted("field `")) {
        // serde speaks of a missing field where its object ends.
        (Some((name, _)), _) => Error::input("is missing").in_field(name),
        // One of ours that went through serde: what it names lies inside the value at `path`.
        (_, Some((name, rest))) => {
            Error::input(rest.strip_prefix(": ").unwrap_or(rest)).in_field(name)
        }
        _ => Error::input(message),
    };
    if !path.is_empty() {
        error = error.in_field(path);
    }
    error
}

/// `instance.spec.lambda[2]`: the path without what a text cut short leaves unknown, and without
/// the variant that a whole value is.
pub(crate) fn dotted(path: &Path) -> String {
    let mut out = String::new();
    for (i, segment) in path.iter().enumerate() {
        match segment {
            Segment::Seq { index } => out += &format!("[{index}]"),
            Segment::Enum { .. } if i == 0 => {}
            Segment::Map { key: name } | Segment::Enum { variant: name } => {
                if !out.is_empty() {
                    out.push('.');
                }
                out += name;
            }
            Segment::Unknown => {}
        }
    }
    out
}

/// The line on which the value at a field path starts, or what is innermost of it where a key is
/// missing.
fn line_of(text: &str, field: &str) -> Option<usize> {
    let mut at: Option<&RawValue> = None;
    for part in field.split(['.', '[']).filter(|p| !p.is_empty()) {
        let inside = at.map_or(text, RawValue::get);
        let next = match part.strip_suffix(']') {
            Some(i) => {
                let items: Vec<&RawValue> = serde_json::from_str(inside).ok()?;
                i.parse().ok().and_then(|i: usize| items.get(i).copied())
            }
            None => {
                let fields: BTreeMap<String, &RawValue> = serde_json::from_str(inside).ok()?;
                fields.get(part).copied()
            }
        };
        let Some(next) = next else { break };
        at = Some(next);
    }
    let start = at?.get().as_ptr() as usize - text.as_ptr() as usize;
    Some(1 + text[..start].matches('\n').count())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    /// A text may be within its size, and what it is held as beyond all memory.
    #[test]
    fn a_text_of_too_many_values_is_refused_before_it_is_held() {
        let list = |n: usize| format!("[0{}]", ",0".repeat(n));
        assert_eq!(
            located::<Vec<u8>>(&list(MOST_VALUES - 1)).unwrap().len(),
            MOST_VALUES
        );
        let objects = |n: usize| format!("{{\"a\":{}", "{\"\":".repeat(n));
        let (brackets, objects) = ("[".repeat(MOST_VALUES + 1), objects(MOST_VALUES / 20));
        for text in [list(MOST_VALUES), brackets, objects] {
            for error in [
                located::<Vec<u8>>(&text)
                    .map(|_| ())
                    .unwrap_err()
                    .to_string(),
                parsed(&text, |_| Ok(())).unwrap_err().to_string(),
            ] {
                assert!(
                    error.starts_with("holds about as much as 200000"),
                    "{error}"
                );
            }
        }
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Inner {
        q: f64,
        list: Vec<u32>,
    }

    #[derive(Debug, Deserialize)]
    #[allow(dead_code)]
    struct Outer {
        name: String,
        inner: Inner,
        n: u64,
    }

    fn error(text: &str) -> String {
        located::<Outer>(text).unwrap_err().to_string()
    }

    #[test]
    fn errors_name_the_field_path() {
        for (text, expected) in [
            (
                r#"{"name":3,"inner":{"q":1,"list":[]},"n":1}"#,
                "field `name`: invalid type: integer `3`, expected a string",
            ),
            (
                r#"{"name":"a,{","inner":{"q":"x","list":[]},"n":1}"#,
                "field `inner.q`: invalid type: string \"x\", expected f64",
            ),
            (
                r#"{"name":"a","inner":{"q":1,"list":[1,2,-3]},"n":1}"#,
                "field `inner.list[2]`: invalid value: integer `-3`, expected u32",
            ),
            (
                r#"{"name":"a","inner":{"q":1},"n":1}"#,
                "field `inner.list`: is missing",
            ),
            (
                r#"{"name":"a\"b","inner":{"q":1,"list":[]}}"#,
                "field `n`: is missing",
            ),
            (
                r#"{"name":"a","inner":{"q":1,"list":[]},"n":{}}"#,
                "field `n`: invalid type: map, expected u64",
            ),
            (
                r#"{"name":"a","inner":{"q":1,"li"#,
                "field `inner`: EOF while parsing a string",
            ),
            (
                "[]",
                "invalid length 0, expected struct Outer with 3 elements",
            ),
            ("", "EOF while parsing a value"),
        ] {
            assert_eq!(error(text), expected, "{text}");
        }
        assert!(
            error(r#"{"name":"a","inner":{"q":1,"extra":2}}"#)
                .starts_with("field `inner.extra`: unknown field")
        );
    }

    #[test]
    fn the_line_is_named_in_a_text_of_several() {
        assert_eq!(
            error("{\n \"name\": \"a\",\n \"n\": -1\n}"),
            "line 3: field `n`: invalid value: integer `-1`, expected u64"
        );
    }

    #[test]
    fn truncated_and_foreign_texts_never_panic() {
        let text = r#"{"name":"ä\\\"","inner":{"q":1e5,"list":[1]},"n":1}"#;
        for (i, _) in text.char_indices() {
            assert!(located::<Outer>(&text[..i]).is_err());
        }
        assert!(located::<Outer>(text).is_ok());
    }
}

//! Where in a JSON text an error lies, as a field path.
//!
//! Owns how serde's errors become ours. Must not know what the text describes.

use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};

use crate::error::{Error, Result};

/// Reads a JSON text. In an error, the field is named; the line too if the text has several (of a
/// single line, only the caller knows its number).
///
/// # Errors
/// Malformed JSON; a missing, unknown or mistyped field.
pub(super) fn located<T: DeserializeOwned>(text: &str) -> Result<T> {
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
        let message = &full[..at];
        // serde speaks of a missing field where its object ends.
        let missing = message.strip_prefix("missing field `");
        let mut error = match missing.and_then(|m| m.strip_suffix('`')) {
            Some(name) => Error::input("is missing").in_field(name),
            None => Error::input(message),
        };
        if !path.is_empty() {
            error = error.in_field(path);
        }
        if text.trim_end().contains('\n') {
            error.at_line(e.line().max(1))
        } else {
            error
        }
    })
}

/// `instance.spec.lambda[2]`: the path without what a text cut short leaves unknown.
fn dotted(path: &Path) -> String {
    let mut out = String::new();
    for segment in path.iter() {
        match segment {
            Segment::Seq { index } => out += &format!("[{index}]"),
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

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

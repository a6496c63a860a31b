//! Where in a JSON text an error lies, as a field path.
//!
//! Owns turning serde's column into `instance.spec.q`. Must not know what the text describes.

use serde::de::DeserializeOwned;

use crate::error::{Error, Result};

/// Reads a JSON text. In an error, the field is named; the line too if the text has several (of a
/// single line, only the caller knows its number).
///
/// # Errors
/// Malformed JSON; a missing, unknown or mistyped field.
pub(super) fn located<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|e| {
        let full = e.to_string();
        let message = full
            .rfind(" at line ")
            .map_or(full.as_str(), |at| &full[..at]);
        let path = path_of(text, e.line(), e.column(), message);
        let missing = message
            .starts_with("missing field")
            .then(|| message.split('`').nth(1))
            .flatten();
        let mut error = match missing {
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

enum Frame {
    Object(Option<String>),
    Array(usize),
}

/// The path of the value that ends or is being read at (line, column), both counted from 1 in bytes.
fn path_of(text: &str, line: usize, column: usize, message: &str) -> String {
    let start: usize = text
        .split_inclusive('\n')
        .take(line.saturating_sub(1))
        .map(str::len)
        .sum();
    let end = start.saturating_add(column).min(text.len());
    let mut frames: Vec<Frame> = Vec::new();
    let mut last_closed = None;
    let bytes = &text.as_bytes()[..end];
    let mut i = 0;
    while i < bytes.len() {
        match bytes[i] {
            b'"' => {
                let open = i + 1;
                i = open;
                while i < bytes.len() && bytes[i] != b'"' {
                    i += if bytes[i] == b'\\' { 2 } else { 1 };
                }
                // A string is a key when the object has none yet: a comma clears it.
                if let Some(Frame::Object(key @ None)) = frames.last_mut() {
                    *key = text.get(open..i).map(str::to_owned);
                }
            }
            b'{' => frames.push(Frame::Object(None)),
            b'[' => frames.push(Frame::Array(0)),
            b'}' | b']' => last_closed = frames.pop(),
            b',' => match frames.last_mut() {
                Some(Frame::Object(key)) => *key = None,
                Some(Frame::Array(index)) => *index += 1,
                None => {}
            },
            _ => {}
        }
        i += 1;
    }
    // serde reports what a field's own reader rejects only after the object was closed, if that field is
    // its last; a missing or unknown field belongs to the object itself.
    let of_object = message.starts_with("missing field");
    if bytes.last() == Some(&b'}') && !of_object {
        frames.extend(last_closed);
    }
    let mut path = String::new();
    for frame in &frames {
        match frame {
            Frame::Object(Some(key)) => {
                if !path.is_empty() {
                    path.push('.');
                }
                path += key;
            }
            Frame::Object(None) => {}
            Frame::Array(index) => path += &format!("[{index}]"),
        }
    }
    path
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
                "field `inner.li`: EOF while parsing a string",
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

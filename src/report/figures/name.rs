//! What a figure's file is called.

/// A file stem: lower-case letters, digits and single dashes.
pub(super) fn stem(text: &str) -> String {
    let words = text
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|w| !w.is_empty());
    words
        .map(str::to_ascii_lowercase)
        .collect::<Vec<_>>()
        .join("-")
}

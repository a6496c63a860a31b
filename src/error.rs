//! The one public error of the crate.
//!
//! Owns how a failure is worded and classified. Must not know any domain: the
//! modules above build errors from their own private detail and only the text
//! and the class survive. Outcomes of a computation (divergence, a violated
//! claim, non-convergence) are data, never an `Error`.
//!
//! ```
//! use ratecert::linalg::{Matrix, Vector};
//! use ratecert::maps::{Affine, Map};
//!
//! let (a, b) = (Matrix::zeros(2, 3), Matrix::zeros(2, 1));
//! let error = Map::new(Affine { a, b, c: Vector::zeros(2) }).unwrap_err();
//! assert!(error.is_input());
//! assert_eq!(error.to_string(), "field `A`: expected 2×2 numbers, got 2×3");
//! ```
#![forbid(unsafe_code)]

use std::fmt;

/// Result of a fallible call, with the crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// Something the caller asked for cannot be done.
///
/// Opaque on purpose: ask it with the predicates, print it with `Display`.
/// The text names the file, the line and the field where there are any.
#[derive(Clone, PartialEq, Eq)]
pub struct Error(Box<Detail>);

#[derive(Clone, PartialEq, Eq)]
struct Detail {
    class: Class,
    message: String,
    field: Option<String>,
    line: Option<usize>,
    file: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Class {
    Usage,
    Input,
    Io,
    Interrupted,
}

impl Error {
    /// The command or the call is wrong.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Class::Usage, message)
    }

    /// The data given are wrong: shape, range, syntax.
    pub fn input(message: impl Into<String>) -> Self {
        Self::new(Class::Input, message)
    }

    /// The operating system refused to read or write `path`.
    pub fn io(path: impl AsRef<std::path::Path>, source: &std::io::Error) -> Self {
        Self::new(Class::Io, source.to_string()).in_file(path.as_ref().display().to_string())
    }

    /// The user interrupted the run; what was finished is saved.
    pub fn interrupted(message: impl Into<String>) -> Self {
        Self::new(Class::Interrupted, message)
    }

    fn new(class: Class, message: impl Into<String>) -> Self {
        Self(Box::new(Detail {
            class,
            message: shortened(message.into()),
            field: None,
            line: None,
            file: None,
        }))
    }

    /// Names the field at fault; an outer call prefixes (`checks[0]` then `level` reads
    /// `checks[0].level`).
    #[must_use]
    pub fn in_field(mut self, field: impl Into<String>) -> Self {
        let outer = shortened(field.into());
        self.0.field = Some(match self.0.field.take() {
            None => outer,
            Some(inner) if inner.starts_with('[') => outer + &inner,
            Some(inner) => outer + "." + &inner,
        });
        self
    }

    /// Names the line (from 1) at fault, unless an inner call already did.
    #[must_use]
    pub fn at_line(mut self, line: usize) -> Self {
        self.0.line.get_or_insert(line);
        self
    }

    /// Names the file at fault, unless an inner call already did.
    #[must_use]
    pub fn in_file(mut self, file: impl Into<String>) -> Self {
        self.0.file.get_or_insert(file.into());
        self
    }

    /// The command line or the call was wrong.
    pub fn is_usage(&self) -> bool {
        self.0.class == Class::Usage
    }

    /// The data were wrong.
    pub fn is_input(&self) -> bool {
        self.0.class == Class::Input
    }

    /// Reading or writing failed.
    pub fn is_io(&self) -> bool {
        self.0.class == Class::Io
    }

    /// The run was interrupted and can be resumed.
    pub fn is_interrupted(&self) -> bool {
        self.0.class == Class::Interrupted
    }

    /// The field at fault, as `outer.inner[2]`, where one is known.
    pub fn field(&self) -> Option<&str> {
        self.0.field.as_deref()
    }

    /// The line at fault, from 1, where one is known.
    pub fn line(&self) -> Option<usize> {
        self.0.line
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let d = &*self.0;
        if let Some(file) = &d.file {
            write!(f, "{file}")?;
            if let Some(line) = d.line {
                write!(f, ":{line}")?;
            }
            f.write_str(": ")?;
        } else if let Some(line) = d.line {
            write!(f, "line {line}: ")?;
        }
        if let Some(field) = &d.field {
            write!(f, "field `{field}`: ")?;
        }
        f.write_str(&d.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {self}", self.0.class)
    }
}

impl std::error::Error for Error {}

/// Bytes of a message or of a field's name: what is quoted of others' files may be of any length.
const LONGEST: usize = 1500;

/// Without its middle where it is too long.
fn shortened(text: String) -> String {
    if text.len() <= LONGEST {
        return text;
    }
    let boundary = |at: &usize| text.is_char_boundary(*at);
    // A character has four bytes at most.
    let begin = (0..=LONGEST / 2).rev().find(boundary).unwrap_or(0);
    let end = (text.len() - LONGEST / 4..text.len()).find(boundary);
    format!(
        "{} … {}",
        &text[..begin],
        &text[end.unwrap_or(text.len())..]
    )
}

/// A permitted range: one table row from which the error text derives.
#[derive(Clone, Copy, Debug)]
pub struct Bound {
    /// Field name as the user writes it.
    pub name: &'static str,
    /// What the number is.
    pub what: &'static str,
    /// Smallest permitted value, included.
    pub min: f64,
    /// Largest permitted value, included.
    pub max: f64,
}

impl Bound {
    /// `value` if min ≤ `value` ≤ max.
    ///
    /// # Errors
    /// An input error that names the field and both ends, for any other number and for NaN.
    pub fn check(&self, value: f64) -> Result<f64> {
        if value >= self.min && value <= self.max {
            Ok(value)
        } else {
            let [min, max, value] = [self.min, self.max, value].map(short);
            let text = format!("{} must be between {min} and {max}, got {value}", self.what);
            Err(Error::input(text).in_field(self.name))
        }
    }

    /// [`Bound::check`] of a count.
    ///
    /// # Errors
    /// As those of [`Bound::check`].
    pub fn check_count(&self, value: usize) -> Result<usize> {
        self.check(value as f64).map(|_| value)
    }
}

/// A number without hundreds of zeros.
fn short(x: f64) -> String {
    let plain = x.to_string();
    if plain.len() <= 24 {
        plain
    } else {
        format!("{x:e}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_names_file_line_and_field() {
        let e = Error::input("unknown level \"foo\"")
            .in_field("level")
            .in_field("checks[0]")
            .at_line(12)
            .in_file("a.toml");
        assert_eq!(
            e.to_string(),
            "a.toml:12: field `checks[0].level`: unknown level \"foo\""
        );
        assert!(e.is_input() && !e.is_usage() && !e.is_io());
        assert_eq!((e.field(), e.line()), (Some("checks[0].level"), Some(12)));
    }

    #[test]
    fn long_words_of_others_lose_their_middle() {
        let e = Error::input(format!("unknown kind \"{}\"", "ß".repeat(5000)))
            .in_field("é".repeat(5000));
        let text = e.to_string();
        assert!(
            text.len() < 2 * LONGEST && text.starts_with("field `é"),
            "{text}"
        );
        assert!(text.ends_with("ß\"") && text.contains(" … "), "{text}");
    }

    #[test]
    fn a_bound_refuses_nan_and_both_sides() {
        let b = Bound {
            name: "q",
            what: "contraction factor",
            min: 0.0,
            max: 1.0,
        };
        for bad in [f64::NAN, -1.0, 1.5, f64::INFINITY] {
            let e = b.check(bad).unwrap_err();
            assert_eq!(
                e.to_string(),
                format!("field `q`: contraction factor must be between 0 and 1, got {bad}")
            );
        }
        assert_eq!(b.check(0.5).unwrap(), 0.5);
    }
}
